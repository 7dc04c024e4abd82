// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataGovernor} from "../interfaces/IDataGovernor.sol";
import {GovernanceLimits} from "../libraries/GovernanceLimits.sol";
import {Protocol} from "../libraries/Protocol.sol";
import {GovernorTimelock} from "./GovernorTimelock.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Bounded governor settings
/// @notice OpenZeppelin's settings and the late-quorum extension, each within constant bounds: a majority of one day
/// must not be able to take the vote away from the majority of the next.
/// @dev A setting applies to proposals made after it changed; a proposal keeps what applied at its creation.
abstract contract GovernorBounds is GovernorTimelock {
    uint48 private _voteExtension;

    constructor(uint48 extension) {
        _setVoteExtension(extension);
    }

    /* ACTIONS: TIMELOCK */

    /// @inheritdoc IDataGovernor
    function setLateQuorumVoteExtension(uint48 newVoteExtension) external override onlyGovernance {
        _setVoteExtension(newVoteExtension);
    }

    /// @notice Changes the votes needed to propose; at most 1 % of present supply. Timelock only.
    /// @dev Not checked at creation, when there is no supply: `proposalThreshold` caps what is asked anyway.
    function setProposalThreshold(uint256 newProposalThreshold) public override onlyGovernance {
        GovernanceLimits.check("proposalThreshold", newProposalThreshold, 0, _maxProposalThreshold());
        _setProposalThreshold(newProposalThreshold);
    }

    /* VIEWS */

    /// @notice Votes needed to propose, as of the second before.
    /// @dev Never more than 1 % of supply, so that a DAO that shrank can still be governed; never zero where a
    /// threshold is set, so that a DAO without supply does not collect proposals of strangers.
    function proposalThreshold() public view override returns (uint256) {
        uint256 threshold = super.proposalThreshold();
        return threshold == 0 ? 0 : Math.max(1, Math.min(threshold, _maxProposalThreshold()));
    }

    /// @inheritdoc IDataGovernor
    function lateQuorumVoteExtension() public view override returns (uint48) {
        return _voteExtension;
    }

    /* INTERNALS */

    function _setVotingDelay(uint48 newVotingDelay) internal override {
        GovernanceLimits.check(
            "votingDelay", newVotingDelay, GovernanceLimits.MIN_VOTING_DELAY, GovernanceLimits.MAX_VOTING_DELAY
        );
        super._setVotingDelay(newVotingDelay);
    }

    /// @dev Not below the extension either, which could otherwise exceed the period by lowering the period.
    function _setVotingPeriod(uint32 newVotingPeriod) internal override {
        GovernanceLimits.check(
            "votingPeriod",
            newVotingPeriod,
            Math.max(GovernanceLimits.MIN_VOTING_PERIOD, _voteExtension),
            GovernanceLimits.MAX_VOTING_PERIOD
        );
        super._setVotingPeriod(newVotingPeriod);
    }

    function _setVoteExtension(uint48 newVoteExtension) private {
        GovernanceLimits.check("lateQuorumVoteExtension", newVoteExtension, 0, votingPeriod());
        emit LateQuorumVoteExtensionSet(_voteExtension, newVoteExtension);
        _voteExtension = newVoteExtension;
    }

    function _maxProposalThreshold() private view returns (uint256) {
        uint256 supply = _dataToken().totalSupply();
        return supply * GovernanceLimits.MAX_PROPOSAL_THRESHOLD_BPS / Protocol.BPS;
    }
}
