// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {System} from "../interfaces/ISystem.sol";
import {DaoContracts} from "../libraries/DaoContracts.sol";
import {Protocol} from "../libraries/Protocol.sol";

/// @notice What all parts of the registry share: the counterparts and the caller checks.
abstract contract RegistryCore is IDatasetRegistry, DaoContracts {
    constructor(System memory system) DaoContracts(system) {}

    modifier onlyTimelock() {
        _requireTimelock();
        _;
    }

    /// @dev Not in the modifier, whose body is copied into each function.
    function _requireTimelock() private view {
        if (msg.sender != _timelock) revert DatasetRegistry_NotTimelock(msg.sender);
    }

    function _now() internal view returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @dev Refuses a parameter outside `[min, max]`, by name.
    function _requireRange(bytes32 name, uint256 value, uint256 min, uint256 max) internal pure {
        if (Protocol.isOutside(value, min, max)) revert DatasetRegistry_InvalidParameter(name, value, min, max);
    }

    function _requireThreshold(uint256 threshold, uint256 members, uint256 maxMembers) internal pure {
        if (threshold == 0 || threshold > members || members > maxMembers) {
            revert DatasetRegistry_InvalidThreshold(threshold, members, maxMembers);
        }
    }
}
