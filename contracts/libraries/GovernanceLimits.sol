// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataGovernor} from "../interfaces/IDataGovernor.sol";
import {Protocol} from "./Protocol.sol";

/// @notice What no vote can go beyond. One file, so that governor, timelock and leases agree on it, and so that a test
/// network can build with a shorter clock.
library GovernanceLimits {
    /// @notice Long enough to notice a proposal and to gather votes or erase before the snapshot; short enough that a
    /// vote is about the present.
    uint256 internal constant MIN_VOTING_DELAY = 1 days;
    uint256 internal constant MAX_VOTING_DELAY = 14 days;

    /// @notice The lower bound survives a weekend; the upper one bounds how long a licensee's escrow is held.
    uint256 internal constant MIN_VOTING_PERIOD = 2 days;
    uint256 internal constant MAX_VOTING_PERIOD = 30 days;

    /// @notice A fifth of supply is more than most DAOs ever turn out. A hundredth is what a single proposer may be
    /// asked to hold: below it the quorum would ask for no one besides.
    uint256 internal constant MIN_QUORUM_BPS = 100;
    uint256 internal constant MAX_QUORUM_BPS = 2000;

    /// @notice How long the whole quorum floor binds a DAO that does not mature, and what is left of it then: long
    /// enough to gather members, short enough that a floor set too high does not freeze the treasury, and never so
    /// little that one unit of supply decides.
    uint256 internal constant MIN_FLOOR_PERIOD = 180 days;
    uint256 internal constant MAX_FLOOR_PERIOD = 3 * 365 days;
    uint256 internal constant FLOOR_DIVISOR = 10;

    /// @notice Most that a proposer may be asked to hold, of supply.
    uint256 internal constant MAX_PROPOSAL_THRESHOLD_BPS = 100;

    /// @notice The timelock's delay is the exit window: any member can erase and leave before a change takes effect.
    uint256 internal constant MIN_TIMELOCK_DELAY = 2 days;
    uint256 internal constant MAX_TIMELOCK_DELAY = 30 days;

    /// @notice A decision that is not carried out lapses: from the deadline until it is queued, and from its eta on.
    /// Longer than the brake's pause and cool-down together, so that the guardian cannot run out a proposal's clock.
    uint48 internal constant EXPIRY = 14 days;

    /// @notice Refuses a setting outside `[min, max]`.
    function check(string memory name, uint256 value, uint256 min, uint256 max) internal pure {
        if (Protocol.isOutside(value, min, max)) {
            revert IDataGovernor.DataGovernor_SettingOutOfRange(name, value, min, max);
        }
    }
}
