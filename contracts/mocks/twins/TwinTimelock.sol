// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataTimelock} from "../../interfaces/IDataTimelock.sol";
import {System} from "../../interfaces/ISystem.sol";
import {GovernanceLimits} from "../../libraries/GovernanceLimits.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice `DataTimelock` with one line wrong. Tests show that they notice each flaw, and nothing without a flaw.
/// @dev A copy, so that the real contract needs no hook for it.
contract TwinTimelock is TimelockController {
    enum Flaw {
        None,
        /// Roles can be granted by vote.
        RolesThaw,
        /// The delay has no bounds.
        DelayUnbounded
    }

    uint256 public constant MIN_DELAY = GovernanceLimits.MIN_TIMELOCK_DELAY;
    uint256 public constant MAX_DELAY = GovernanceLimits.MAX_TIMELOCK_DELAY;
    Flaw private immutable _flaw;

    constructor(System memory system, uint256 minDelay, Flaw flaw)
        TimelockController(minDelay, _only(system.governor), _only(system.governor), address(0))
    {
        _flaw = flaw;
    }

    function updateDelay(uint256 newDelay) public override {
        bool outside = newDelay < MIN_DELAY || newDelay > MAX_DELAY;
        if (msg.sender == address(this) && outside && _flaw != Flaw.DelayUnbounded) {
            revert IDataTimelock.DataTimelock_DelayOutOfRange(newDelay, MIN_DELAY, MAX_DELAY);
        }
        super.updateDelay(newDelay);
    }

    function grantRole(bytes32 role, address account) public override {
        if (_flaw != Flaw.RolesThaw) revert IDataTimelock.DataTimelock_RolesFrozen();
        super.grantRole(role, account);
    }

    function revokeRole(bytes32, address) public pure override {
        revert IDataTimelock.DataTimelock_RolesFrozen();
    }

    function renounceRole(bytes32, address) public pure override {
        revert IDataTimelock.DataTimelock_RolesFrozen();
    }

    function _only(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
