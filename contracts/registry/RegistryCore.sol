// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataToken} from "../interfaces/IDataToken.sol";
import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {IEmergencyBrake} from "../interfaces/IEmergencyBrake.sol";
import {IRevenueSplitter} from "../interfaces/IRevenueSplitter.sol";
import {System} from "../interfaces/ISystem.sol";
import {Protocol} from "../libraries/Protocol.sol";

/// @notice What all parts of the registry share: the counterparts and the caller checks.
abstract contract RegistryCore is IDatasetRegistry {
    /* IMMUTABLES */

    address internal immutable _timelock;
    IEmergencyBrake internal immutable _brake;
    IDataToken internal immutable _token;
    IRevenueSplitter internal immutable _splitter;
    address private immutable _governor;
    address private immutable _leases;
    address private immutable _models;

    constructor(System memory system) {
        _timelock = system.timelock;
        _brake = IEmergencyBrake(system.brake);
        _token = IDataToken(system.token);
        _splitter = IRevenueSplitter(system.splitter);
        _governor = system.governor;
        _leases = system.leases;
        _models = system.models;
    }

    modifier onlyTimelock() {
        _requireTimelock();
        _;
    }

    /// @dev Not in the modifier, whose body is copied into each function.
    function _requireTimelock() private view {
        if (msg.sender != _timelock) revert DatasetRegistry_NotTimelock(msg.sender);
    }

    /// @dev Shares of these could never be claimed from the splitter, and their tokens never vote.
    function _isDaoContract(address account) internal view returns (bool) {
        return account == address(this) || account == address(_token) || account == address(_splitter)
            || account == _timelock || account == address(_brake) || account == _governor || account == _leases
            || account == _models;
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
