// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {Accumulator} from "../libraries/Accumulator.sol";
import {Protocol} from "../libraries/Protocol.sol";
import {RegistryCore} from "./RegistryCore.sol";

/// @notice How many shares may come to life per epoch.
/// @dev The cap of an epoch follows from the supply one second before it began, so nothing that happens inside the
/// epoch moves it, and burns give nothing back. Worst case: hostile attestors use up the cap of one epoch at its end
/// and of the next at its start, two caps across one boundary, before a vote can remove them.
abstract contract Issuance is RegistryCore {
    /// @dev Two of them exceed the brake's pause by a day: no pause can lapse a batch after its veto window.
    uint256 private constant _MIN_EPOCH = 2 days;
    uint256 private constant _MAX_EPOCH = 366 days;

    /* IMMUTABLES */

    /// @inheritdoc IDatasetRegistry
    uint48 public immutable override epochLength;
    /// @inheritdoc IDatasetRegistry
    uint256 public immutable override epochFloor;
    /// @inheritdoc IDatasetRegistry
    uint256 public immutable override epochCapBps;

    /* STORAGE */

    /// @dev The epoch of the last issuance, its cap and what it issued. The cap is a function of the past; it is kept
    /// because looking it up costs the more the longer the history of supply.
    struct Epoch {
        uint64 number;
        uint64 cap;
        uint64 issued;
    }

    Epoch private _last;

    constructor(RegistryParams memory params) {
        _requireRange("epochLength", params.epochLength, _MIN_EPOCH, _MAX_EPOCH);
        // A floor below one contribution would keep a new DAO from ever issuing a share.
        _requireRange("epochFloor", params.epochFloor, Accumulator.MIN_SHARES, Accumulator.MAX_SHARES);
        _requireRange("epochCapBps", params.epochCapBps, 0, Protocol.BPS);
        epochLength = params.epochLength;
        epochFloor = params.epochFloor;
        epochCapBps = params.epochCapBps;
    }

    /// @inheritdoc IDatasetRegistry
    function epochCap() external view override returns (uint256 cap, uint256 remaining, uint48 nextEpochAt) {
        Epoch memory epoch = _current();
        return (epoch.cap, epoch.cap - epoch.issued, _end(epoch));
    }

    /// @dev Books `shares` on this epoch, or refuses.
    function _issue(uint256 shares) internal {
        Epoch memory epoch = _current();
        uint256 remaining = epoch.cap - epoch.issued;
        if (shares > remaining) revert DatasetRegistry_EpochCapReached(shares, remaining, _end(epoch));
        epoch.issued += uint64(shares);
        _last = epoch;
    }

    /// @dev Refuses what could not even be issued in a whole epoch.
    function _requireWithinCap(uint256 shares) internal view {
        uint256 cap = _current().cap;
        if (shares > cap) revert DatasetRegistry_BatchExceedsCap(shares, cap);
    }

    function _current() private view returns (Epoch memory epoch) {
        epoch = _last;
        uint256 number = block.timestamp / epochLength;
        if (epoch.number == number) return epoch;
        uint256 relative = epochCapBps * _token.getPastTotalSupply(number * epochLength - 1) / Protocol.BPS;
        // The casts hold: a cap is at most the largest supply.
        return Epoch(uint64(number), uint64(relative > epochFloor ? relative : epochFloor), 0);
    }

    function _end(Epoch memory epoch) private view returns (uint48) {
        return (uint48(epoch.number) + 1) * epochLength;
    }
}
