// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DataTimelock} from "../../DataTimelock.sol";
import {System} from "../../interfaces/ISystem.sol";

/// @notice A timelock whose maker kept a role for somebody: what `ape run verify` must find.
contract RoleKeepingTimelock is DataTimelock {
    constructor(System memory system, uint256 minDelay, bytes32 role, address holder) DataTimelock(system, minDelay) {
        _grantRole(role, holder);
    }
}
