// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {Accumulator} from "./Accumulator.sol";
import {Protocol} from "./Protocol.sol";

/// @notice What a policy may say, and the shares that follow from it.
library PolicyRules {
    /// @dev Commons and treasury together never take more than this of the rent.
    uint256 internal constant MAX_CUTS_BPS = 3_000;

    /// @notice Reverts with `DatasetRegistry_InvalidPolicy` at the first field out of range.
    /// @dev Empty purposes or no periods are legal: such a dataset is not for lease.
    function validate(IDatasetRegistry.Policy memory p) internal pure {
        _require("sharesPerUnit", p.sharesPerUnit, Accumulator.MIN_SHARES, Accumulator.MAX_SHARES);
        _require("minQuality", p.minQuality, 1, Protocol.BPS);
        _require("maxPeriod", p.maxPeriod, p.minPeriod, type(uint32).max);
        _require("commonsBps + treasuryBps", uint256(p.commonsBps) + p.treasuryBps, 0, MAX_CUTS_BPS);
    }

    /// @notice Shares of a contribution, rounded down; 0 for a quality that earns none.
    /// @dev A product beyond 256 bits counts as 0 too: no batch can hold it.
    function shares(uint256 units, uint256 quality, uint256 minQuality, uint256 sharesPerUnit)
        internal
        pure
        returns (uint256)
    {
        if (quality < minQuality || quality > Protocol.BPS || units > type(uint128).max) return 0;
        return units * quality * sharesPerUnit / Protocol.BPS;
    }

    function _require(bytes32 field, uint256 value, uint256 min, uint256 max) private pure {
        if (Protocol.isOutside(value, min, max)) {
            revert IDatasetRegistry.DatasetRegistry_InvalidPolicy(field, value, min, max);
        }
    }
}
