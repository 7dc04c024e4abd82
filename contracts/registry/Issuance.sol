// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Accumulator} from "../libraries/Accumulator.sol";
import {RegistryCore} from "./RegistryCore.sol";

/// @notice How many shares may come to life per epoch.
/// @dev The cap of an epoch follows from the supply one second before it began, so nothing that happens inside the
/// epoch moves it, and burns give nothing back. Worst case: hostile attestors use up the cap of one epoch at its end
/// and of the next at its start, two caps across one boundary, before a vote can remove them.
abstract contract Issuance is RegistryCore {
    uint256 private constant _MIN_EPOCH = 1 days;
    uint256 private constant _MAX_EPOCH = 366 days;

    /* IMMUTABLES */

    uint48 public immutable override epochLength;
    uint256 public immutable override epochFloor;
    uint256 public immutable override epochCapBps;

    /* STORAGE */

    /// @dev Epoch of the last issuance and what it issued.
    uint64 private _epoch;
    uint64 private _issued;

    constructor(RegistryParams memory params) {
        _requireRange("epochLength", params.epochLength, _MIN_EPOCH, _MAX_EPOCH);
        // A floor below one contribution would keep a newborn DAO from ever being born.
        _requireRange("epochFloor", params.epochFloor, Accumulator.MIN_SHARES, Accumulator.MAX_SHARES);
        _requireRange("epochCapBps", params.epochCapBps, 0, _BPS);
        epochLength = params.epochLength;
        epochFloor = params.epochFloor;
        epochCapBps = params.epochCapBps;
    }

    function epochCap() external view override returns (uint256 cap, uint256 remaining, uint48 nextEpochAt) {
        uint256 epoch = block.timestamp / epochLength;
        cap = _cap(epoch);
        remaining = cap - (_epoch == epoch ? _issued : 0);
        nextEpochAt = uint48((epoch + 1) * epochLength);
    }

    /// @dev Books `shares` on this epoch, or refuses.
    function _issue(uint256 shares) internal {
        uint256 epoch = block.timestamp / epochLength;
        uint256 issued = _epoch == epoch ? _issued : 0;
        uint256 remaining = _cap(epoch) - issued;
        if (shares > remaining) {
            revert DatasetRegistry_EpochCapReached(shares, remaining, uint48((epoch + 1) * epochLength));
        }
        // The cast holds: a cap is at most the largest supply.
        (_epoch, _issued) = (uint64(epoch), uint64(issued + shares));
    }

    /// @dev Refuses what could not even be issued in a whole epoch.
    function _requireWithinCap(uint256 shares) internal view {
        uint256 cap = _cap(block.timestamp / epochLength);
        if (shares > cap) revert DatasetRegistry_BatchExceedsCap(shares, cap);
    }

    function _cap(uint256 epoch) private view returns (uint256) {
        uint256 relative = epochCapBps * _token.getPastTotalSupply(epoch * epochLength - 1) / _BPS;
        return relative > epochFloor ? relative : epochFloor;
    }
}
