// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

/// @notice Initial settings of a governor; all but the floor can be changed by vote, within `GovernanceLimits`.
/// @param votingDelay from proposal to snapshot, seconds
/// @param votingPeriod from snapshot to deadline, seconds
/// @param lateQuorumExtension voting time that is left at least after quorum is reached, seconds
/// @param proposalThreshold votes needed to propose; never more than 1 % of supply is asked
/// @param quorumBps quorum fraction of ordinary proposals, basis points
/// @param leaseQuorumBps quorum fraction of lease proposals, basis points
struct GovernorParams {
    uint48 votingDelay;
    uint32 votingPeriod;
    uint48 lateQuorumExtension;
    uint256 proposalThreshold;
    uint256 quorumBps;
    uint256 leaseQuorumBps;
}

/// @title Data governor
/// @notice OpenZeppelin Governor with what a Data DAO adds to it. Standard ABI, events, `COUNTING_MODE`, `CLOCK_MODE`.
/// @dev Additions: lease proposals opened by `DataLeases`; a quorum fraction of their own; a quorum floor that binds
/// until supply first reached twice the floor; proposals that expire; a guardian that may cancel until its end date.
interface IDataGovernor is IGovernor {
    /// @notice Thrown when `proposeLease` is called by anyone but `DataLeases`.
    error DataGovernor_NotLeases(address caller);

    /// @notice Thrown when an ordinary proposal contains `DataLeases.approve`.
    error DataGovernor_ReservedAction(uint256 index);

    /// @notice Thrown when the licensee's address votes on its own request. By address: good manners, not a defence.
    error DataGovernor_LicenseeCannotVote(uint256 proposalId, address licensee);

    /// @notice Thrown when a setting is out of range; `name` says which.
    error DataGovernor_SettingOutOfRange(string name, uint256 value, uint256 min, uint256 max);

    /// @notice Thrown by functions of the standard governor that this one does not have.
    error DataGovernor_Disabled();

    /// @notice Emitted when the quorum fraction of ordinary, or of lease, proposals changes.
    event QuorumBpsSet(uint256 oldQuorumBps, uint256 newQuorumBps);
    event LeaseQuorumBpsSet(uint256 oldQuorumBps, uint256 newQuorumBps);

    /// @notice Emitted when quorum came so late that the deadline moved. As in OpenZeppelin's late-quorum module.
    event ProposalExtended(uint256 indexed proposalId, uint64 extendedDeadline);

    /// @notice Emitted when the extension for later proposals changes. As in OpenZeppelin's late-quorum module.
    event LateQuorumVoteExtensionSet(uint64 oldVoteExtension, uint64 newVoteExtension);

    /// @notice Emitted next to `ProposalCreated` for a lease request.
    event LeaseProposed(uint256 indexed proposalId, uint256 indexed leaseId, address indexed licensee);

    /// @notice Opens the vote on a lease request. `DataLeases` only; needs no tokens.
    /// @param termsHash hash of the terms that `DataLeases.approve` will be called with
    function proposeLease(uint256 leaseId, bytes32 termsHash, address licensee, string calldata description)
        external
        returns (uint256 proposalId);

    /// @notice Votes (for and abstain together) that the proposal needs, from its snapshot on.
    /// @dev `max(bps * pastTotalSupply / 10_000, floor, 1)`; the floor only while supply had not yet reached twice the
    /// floor at the snapshot. Reverts until the snapshot has passed, like `quorum`.
    function proposalQuorum(uint256 proposalId) external view returns (uint256);

    /// @notice The licensee of a lease proposal, zero for an ordinary one.
    function proposalLicensee(uint256 proposalId) external view returns (address);

    /// @notice Votes counted so far.
    function proposalVotes(uint256 proposalId)
        external
        view
        returns (uint256 againstVotes, uint256 forVotes, uint256 abstainVotes);

    /// @notice Quorum fraction of ordinary and of lease proposals now, basis points of past supply.
    function quorumBps() external view returns (uint256);
    function leaseQuorumBps() external view returns (uint256);

    /// @notice Votes that any proposal of a young DAO needs at least.
    function quorumFloor() external view returns (uint256);

    /// @notice Voting time that is left at least after quorum is reached, for proposals made from now on.
    function lateQuorumVoteExtension() external view returns (uint48);

    /// @notice Changes that time; at most the voting period. Timelock only. Existing proposals keep theirs.
    function setLateQuorumVoteExtension(uint48 newVoteExtension) external;

    /// @notice Changes a quorum fraction; 100 to 2000. Timelock only. Proposals whose snapshot has passed keep theirs.
    function setQuorumBps(uint256 newQuorumBps) external;
    function setLeaseQuorumBps(uint256 newQuorumBps) external;

    /// @notice A succeeded proposal expires this long after its deadline, a queued one this long after its eta.
    function EXPIRY() external view returns (uint48);

    /// @notice The one contract that may open lease proposals.
    function leases() external view returns (address);

    /// @notice The contract that knows the guardian.
    function brake() external view returns (address);
}
