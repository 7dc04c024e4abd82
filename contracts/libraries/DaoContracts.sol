// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataToken} from "../interfaces/IDataToken.sol";
import {IEmergencyBrake} from "../interfaces/IEmergencyBrake.sol";
import {IRevenueSplitter} from "../interfaces/IRevenueSplitter.sol";
import {System} from "../interfaces/ISystem.sol";

/// @notice The contracts of the DAO, for those that must not take one of them for a member.
abstract contract DaoContracts {
    /* IMMUTABLES */

    address internal immutable _timelock;
    IEmergencyBrake internal immutable _brake;
    IDataToken internal immutable _token;
    IRevenueSplitter internal immutable _splitter;
    address private immutable _governor;
    address private immutable _leases;
    address private immutable _models;
    address private immutable _registry;

    constructor(System memory system) {
        _timelock = system.timelock;
        _brake = IEmergencyBrake(system.brake);
        _token = IDataToken(system.token);
        _splitter = IRevenueSplitter(system.splitter);
        _governor = system.governor;
        _leases = system.leases;
        _models = system.models;
        _registry = system.registry;
    }

    /// @dev Shares of these could never be claimed from the splitter, and their tokens never vote.
    function _isDaoContract(address account) internal view returns (bool) {
        return account == _registry || account == address(_token) || account == address(_splitter)
            || account == _timelock || account == address(_brake) || account == _governor || account == _leases
            || account == _models;
    }
}
