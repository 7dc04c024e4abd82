// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEmergencyBrake} from "./interfaces/IEmergencyBrake.sol";
import {System} from "./interfaces/ISystem.sol";
import {Wiring} from "./libraries/Wiring.sol";

/// @title Emergency brake
/// @notice Gives voters time when something goes wrong: one guardian can keep new data and new leases out for 72 hours.
/// @dev A pause that could be renewed at once, or whose owner chose its length, would be a veto over the DAO. So the
/// length is fixed, a cool-down of a week follows, and neither a new guardian nor a new term shortens it. What is asked
/// to stop is decided by the callers of `requireReleased`: publish, activate, request, accept and approve, nothing
/// else. Way out, income, votes and paid access go on.
///
/// It is retired by appointing the zero address, or by letting the guardian's term run out.
/// @custom:security-contact see SECURITY.md
contract EmergencyBrake is IEmergencyBrake {
    /* CONSTANTS */

    /// @inheritdoc IEmergencyBrake
    /// @dev Enough to find out what happened across time zones; far less than what expires while it lasts.
    uint48 public constant override PAUSE = 72 hours;
    /// @inheritdoc IEmergencyBrake
    uint48 public constant override COOL_DOWN = 7 days;
    /// @inheritdoc IEmergencyBrake
    /// @dev A guardian that voters forgot about ends within a year.
    uint48 public constant override MAX_TERM = 365 days;

    /* IMMUTABLES */

    /// @inheritdoc IEmergencyBrake
    address public immutable override timelock;

    /* STORAGE: ONE SLOT */

    /// @inheritdoc IEmergencyBrake
    address public override guardian;
    /// @inheritdoc IEmergencyBrake
    uint48 public override guardianUntil;
    /// @inheritdoc IEmergencyBrake
    uint48 public override pulledUntil;

    constructor(System memory system, address guardian_, uint48 guardianUntil_) {
        Wiring.requireSelf(system.brake);
        Wiring.requireCode(system.timelock);
        timelock = system.timelock;
        _setGuardian(guardian_, guardianUntil_);
    }

    /* ACTIONS: GUARDIAN */

    /// @inheritdoc IEmergencyBrake
    function pull() external override {
        if (!isGuardian(msg.sender)) revert EmergencyBrake_NotGuardian(msg.sender);
        uint48 available = availableAt();
        if (block.timestamp < available) revert EmergencyBrake_CoolingDown(available);
        pulledUntil = uint48(block.timestamp) + PAUSE;
        emit Pulled(msg.sender, pulledUntil);
    }

    /* ACTIONS: TIMELOCK */

    /// @inheritdoc IEmergencyBrake
    function setGuardian(address newGuardian, uint48 until) external override {
        if (msg.sender != timelock) revert EmergencyBrake_NotTimelock(msg.sender);
        _setGuardian(newGuardian, until);
    }

    /* VIEWS */

    /// @inheritdoc IEmergencyBrake
    function requireReleased() external view override {
        if (isPulled()) revert EmergencyBrake_Pulled(pulledUntil);
    }

    /// @inheritdoc IEmergencyBrake
    function isPulled() public view override returns (bool) {
        return block.timestamp < pulledUntil;
    }

    /// @inheritdoc IEmergencyBrake
    function isGuardian(address account) public view override returns (bool) {
        return account != address(0) && account == guardian && block.timestamp < guardianUntil;
    }

    /// @inheritdoc IEmergencyBrake
    function availableAt() public view override returns (uint48) {
        return pulledUntil == 0 ? 0 : pulledUntil + COOL_DOWN;
    }

    /* INTERNALS */

    function _setGuardian(address newGuardian, uint48 until) private {
        uint48 current = uint48(block.timestamp);
        bool over = newGuardian != address(0) && until <= current;
        if (over || until > current + MAX_TERM) {
            revert EmergencyBrake_InvalidTerm(until, current + 1, current + MAX_TERM);
        }
        guardian = newGuardian;
        guardianUntil = until;
        emit GuardianAppointed(newGuardian, until);
    }
}
