// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title Emergency brake
/// @notice One guardian with an end date may block new entries (publish, activate, request, accept, approve) for
/// 72 hours. Claims, refunds, erasure, votes and paid access never ask the brake, so it cannot trap anyone.
/// @dev Switch-off: the pause ends by itself; the guardian's powers end at `guardianUntil` unless voters renew them.
interface IEmergencyBrake {
    /// @notice Thrown when a guarded function is called while the brake is pulled. `until` is when it releases.
    error EmergencyBrake_Pulled(uint48 until);

    /// @notice Thrown when `pull` is called by anyone but a guardian whose term runs.
    error EmergencyBrake_NotGuardian(address caller);

    /// @notice Thrown when the brake is pulled again before `availableAt`.
    error EmergencyBrake_CoolingDown(uint48 availableAt);

    /// @notice Thrown when a guardian is appointed by anyone but the timelock.
    error EmergencyBrake_NotTimelock(address caller);

    /// @notice Thrown when a guardian's term would be longer than `MAX_TERM` or already over.
    error EmergencyBrake_InvalidTerm(uint48 until, uint48 earliest, uint48 latest);

    /// @notice Emitted when entries are blocked until `until`.
    event Pulled(address indexed guardian, uint48 until);

    /// @notice Emitted when the guardian or its term changes. A zero guardian retires the brake.
    event GuardianAppointed(address indexed guardian, uint48 until);

    /// @notice Blocks new entries for `PAUSE`. Guardian only; not again until `COOL_DOWN` after it ended.
    function pull() external;

    /// @notice Appoints `guardian` until `until`; replaces the present one. Timelock only. A cool-down is inherited.
    /// @param until at most `MAX_TERM` from now; must be later than now unless `guardian` is zero
    function setGuardian(address guardian, uint48 until) external;

    /// @notice Whether entries are blocked now.
    function isPulled() external view returns (bool);

    /// @notice Reverts with `EmergencyBrake_Pulled` while entries are blocked.
    function requireReleased() external view;

    /// @notice Whether `account` is the guardian and its term runs.
    function isGuardian(address account) external view returns (bool);

    /// @notice The appointed guardian, term over or not.
    function guardian() external view returns (address);

    /// @notice End of the guardian's term (exclusive).
    function guardianUntil() external view returns (uint48);

    /// @notice End of the last pause (exclusive), 0 if never pulled.
    function pulledUntil() external view returns (uint48);

    /// @notice Earliest time of the next pull, 0 if never pulled.
    function availableAt() external view returns (uint48);

    /// @notice The one account that appoints guardians.
    function timelock() external view returns (address);

    /// @notice Length of a pause, seconds.
    function PAUSE() external view returns (uint48);

    /// @notice Length of the cool-down after a pause, seconds.
    function COOL_DOWN() external view returns (uint48);

    /// @notice Length of a guardian's longest term, seconds.
    function MAX_TERM() external view returns (uint48);
}
