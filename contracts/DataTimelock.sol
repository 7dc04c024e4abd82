// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataTimelock} from "./interfaces/IDataTimelock.sol";
import {System} from "./interfaces/ISystem.sol";
import {GovernanceLimits} from "./libraries/GovernanceLimits.sol";
import {Protocol} from "./libraries/Protocol.sol";
import {Wiring} from "./libraries/Wiring.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Data DAO timelock and treasury
/// @notice Carries out what holders decided, after a delay in which whoever disagrees can erase and leave. Holds the
/// treasury, and is the only admin of everything.
/// @dev OpenZeppelin's TimelockController with three differences: the delay has a floor and a ceiling, roles are fixed
/// at creation, and no admin ever existed. The governor alone proposes, cancels and executes, so neither a proposal nor
/// a former deployer can put a second one beside it or take its place.
///
/// There is no switch to stop it; without proposals it does nothing, and a proposal that is not executed expires in
/// the governor.
/// @custom:security-contact see SECURITY.md
contract DataTimelock is TimelockController, IDataTimelock {
    /// @inheritdoc IDataTimelock
    uint256 public constant override MIN_DELAY = GovernanceLimits.MIN_TIMELOCK_DELAY;
    /// @inheritdoc IDataTimelock
    uint256 public constant override MAX_DELAY = GovernanceLimits.MAX_TIMELOCK_DELAY;

    constructor(System memory system, uint256 minDelay)
        TimelockController(minDelay, _only(system.governor), _only(system.governor), address(0))
    {
        Wiring.requireSelf(system.timelock);
        _checkDelay(minDelay);
    }

    /* ACTIONS: DELAY */

    /// @notice Seconds between the queueing of a proposal and its execution, at least.
    function getMinDelay() public view override returns (uint256) {
        return Math.max(super.getMinDelay(), MIN_DELAY);
    }

    /// @notice Changes the delay for later operations, within bounds. Timelock itself only.
    function updateDelay(uint256 newDelay) public override {
        if (msg.sender == address(this)) _checkDelay(newDelay);
        super.updateDelay(newDelay);
    }

    /* ACTIONS: ROLES */

    /// @notice Always reverts: roles are fixed at creation.
    function grantRole(bytes32, address) public override {
        revert DataTimelock_RolesFrozen();
    }

    /// @notice Always reverts: roles are fixed at creation.
    function revokeRole(bytes32, address) public override {
        revert DataTimelock_RolesFrozen();
    }

    /// @notice Always reverts: roles are fixed at creation.
    function renounceRole(bytes32, address) public override {
        revert DataTimelock_RolesFrozen();
    }

    /* INTERNALS */

    function _checkDelay(uint256 delay) private pure {
        if (Protocol.isOutside(delay, MIN_DELAY, MAX_DELAY)) {
            revert DataTimelock_DelayOutOfRange(delay, MIN_DELAY, MAX_DELAY);
        }
    }

    function _only(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
