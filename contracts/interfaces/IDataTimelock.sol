// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title Data timelock
/// @notice What a Data DAO adds to OpenZeppelin's TimelockController: a delay that stays within bounds, and roles that
/// cannot be changed.
interface IDataTimelock {
    /// @notice Thrown when the delay would be out of bounds.
    error DataTimelock_DelayOutOfRange(uint256 delay, uint256 min, uint256 max);

    /// @notice Thrown by every attempt to grant, revoke or renounce a role.
    error DataTimelock_RolesFrozen();

    /// @notice Bounds of the delay between a decision and its execution; seconds.
    function MIN_DELAY() external view returns (uint256);
    function MAX_DELAY() external view returns (uint256);
}
