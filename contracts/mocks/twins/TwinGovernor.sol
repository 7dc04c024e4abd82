// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GovernorBounds} from "../../governance/GovernorBounds.sol";
import {GovernorCore} from "../../governance/GovernorCore.sol";
import {GovernorParams} from "../../interfaces/IDataGovernor.sol";
import {IDataLeases} from "../../interfaces/IDataLeases.sol";
import {IEmergencyBrake} from "../../interfaces/IEmergencyBrake.sol";
import {System} from "../../interfaces/ISystem.sol";
import {GovernanceLimits} from "../../libraries/GovernanceLimits.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @notice `DataGovernor` written the plain way, in one mapping per fact, with one line wrong. Tests show that they
/// notice each flaw, and nothing without a flaw.
contract TwinGovernor is GovernorBounds {
    using Checkpoints for Checkpoints.Trace208;

    enum Flaw {
        None,
        /// An account may vote again.
        CountsTwice,
        /// A young DAO's quorum is the fraction alone.
        IgnoresFloor,
        /// A late quorum leaves nobody time to answer.
        NeverExtends,
        /// A decision nobody carries out stays alive.
        NeverExpires,
        /// The guardian stops its own replacement.
        CancelsReplacement,
        /// The licensee votes on its own request.
        LicenseeVotes,
        /// An ordinary proposal approves a lease.
        ApprovesAnywhere,
        /// A ballot does not use up its number.
        KeepsNonces,
        /// The quorum is that of today's settings.
        QuorumOfToday
    }

    Flaw private immutable _flaw;
    address public immutable override leases;
    address public immutable override brake;
    uint256 public immutable override quorumFloor;
    uint48 public constant override EXPIRY = GovernanceLimits.EXPIRY;

    Checkpoints.Trace208[2] private _bps;
    mapping(uint256 proposalId => uint256[3]) private _votes;
    mapping(uint256 proposalId => mapping(address voter => bool)) public override hasVoted;
    mapping(uint256 proposalId => address) public override proposalLicensee;
    mapping(uint256 proposalId => uint256) private _deadline;
    mapping(uint256 proposalId => uint256) private _extension;
    mapping(uint256 proposalId => bool) private _quorate;

    constructor(System memory system, string memory name_, GovernorParams memory params, Flaw flaw)
        GovernorCore(system, name_, params)
        GovernorBounds(params.lateQuorumExtension)
    {
        _flaw = flaw;
        leases = system.leases;
        brake = system.brake;
        quorumFloor = _dataToken().maturitySupply() / 2;
        _bps[0].push(clock(), uint208(params.quorumBps));
        _bps[1].push(clock(), uint208(params.leaseQuorumBps));
    }

    /* PROPOSALS */

    function propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description
    ) public override(Governor, IGovernor) returns (uint256) {
        for (uint256 i = 0; i < Math.min(targets.length, calldatas.length); ++i) {
            bool approves = targets[i] == leases && bytes4(calldatas[i]) == IDataLeases.approve.selector;
            if (approves && _flaw != Flaw.ApprovesAnywhere) revert DataGovernor_ReservedAction(i);
        }
        return super.propose(targets, values, calldatas, description);
    }

    function proposeLease(uint256 leaseId, bytes32 termsHash, address licensee, string calldata description)
        external
        override
        returns (uint256 proposalId)
    {
        if (msg.sender != leases) revert DataGovernor_NotLeases(msg.sender);
        address[] memory targets = new address[](1);
        bytes[] memory calldatas = new bytes[](1);
        targets[0] = leases;
        calldatas[0] = abi.encodeCall(IDataLeases.approve, (leaseId, termsHash));
        proposalId = _propose(targets, new uint256[](1), calldatas, description, msg.sender);
        proposalLicensee[proposalId] = licensee;
        emit LeaseProposed(proposalId, leaseId, licensee);
    }

    function cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) public override(Governor, IGovernor) returns (uint256) {
        bool brakeOnly = _flaw != Flaw.CancelsReplacement;
        for (uint256 i = 0; i < targets.length; ++i) {
            brakeOnly = brakeOnly && targets[i] == brake;
        }
        if (!IEmergencyBrake(brake).isGuardian(msg.sender) || brakeOnly) {
            return super.cancel(targets, values, calldatas, descriptionHash);
        }
        // Pending, Active, Succeeded, Queued.
        _validateStateBitmap(getProposalId(targets, values, calldatas, descriptionHash), bytes32(uint256(0x33)));
        return _cancel(targets, values, calldatas, descriptionHash);
    }

    function state(uint256 proposalId) public view override returns (ProposalState current) {
        current = super.state(proposalId);
        if (_flaw == Flaw.NeverExpires) return current;
        bool unqueued = current == ProposalState.Succeeded && clock() >= proposalDeadline(proposalId) + EXPIRY;
        bool unexecuted = current == ProposalState.Queued && clock() >= proposalEta(proposalId) + EXPIRY;
        if (unqueued || unexecuted) return ProposalState.Expired;
    }

    function proposalDeadline(uint256 proposalId) public view override(Governor, IGovernor) returns (uint256) {
        return _deadline[proposalId];
    }

    function _propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        address proposer
    ) internal override returns (uint256 proposalId) {
        proposalId = super._propose(targets, values, calldatas, description, proposer);
        _deadline[proposalId] = super.proposalDeadline(proposalId);
        _extension[proposalId] = lateQuorumVoteExtension();
    }

    /* VOTES */

    // solhint-disable-next-line func-name-mixedcase
    function COUNTING_MODE() public pure override returns (string memory) {
        return "support=bravo&quorum=for,abstain";
    }

    function proposalVotes(uint256 proposalId) public view override returns (uint256, uint256, uint256) {
        uint256[3] storage votes = _votes[proposalId];
        return (votes[0], votes[1], votes[2]);
    }

    function _countVote(uint256 proposalId, address account, uint8 support, uint256 weight, bytes memory)
        internal
        override
        returns (uint256)
    {
        if (account == proposalLicensee[proposalId] && _flaw != Flaw.LicenseeVotes) {
            revert DataGovernor_LicenseeCannotVote(proposalId, account);
        }
        if (hasVoted[proposalId][account] && _flaw != Flaw.CountsTwice) revert GovernorAlreadyCastVote(account);
        if (support > 2) revert GovernorInvalidVoteType();
        hasVoted[proposalId][account] = true;
        _votes[proposalId][support] += weight;
        return weight;
    }

    function _tallyUpdated(uint256 proposalId) internal override {
        if (_quorate[proposalId] || !_quorumReached(proposalId)) return;
        _quorate[proposalId] = true;
        uint256 end = clock() + _extension[proposalId];
        if (end <= _deadline[proposalId] || _flaw == Flaw.NeverExtends) return;
        _deadline[proposalId] = end;
        emit ProposalExtended(proposalId, uint64(end));
    }

    function _quorumReached(uint256 proposalId) internal view override returns (bool) {
        uint256[3] storage votes = _votes[proposalId];
        return votes[1] + votes[2] >= proposalQuorum(proposalId);
    }

    function _voteSucceeded(uint256 proposalId) internal view override returns (bool) {
        return _votes[proposalId][1] > _votes[proposalId][0];
    }

    function _useNonce(address owner) internal override returns (uint256) {
        return _flaw == Flaw.KeepsNonces ? nonces(owner) : super._useNonce(owner);
    }

    /* QUORUM */

    function quorum(uint256 timepoint) public view override(Governor, IGovernor) returns (uint256) {
        return _quorumAt(0, timepoint);
    }

    function proposalQuorum(uint256 proposalId) public view override returns (uint256) {
        uint256 snapshot = proposalSnapshot(proposalId);
        if (snapshot == 0) revert GovernorNonexistentProposal(proposalId);
        return _quorumAt(proposalLicensee[proposalId] == address(0) ? 0 : 1, snapshot);
    }

    function quorumBps() external view override returns (uint256) {
        return _bps[0].latest();
    }

    function leaseQuorumBps() external view override returns (uint256) {
        return _bps[1].latest();
    }

    function setQuorumBps(uint256 newQuorumBps) external override onlyGovernance {
        GovernanceLimits.check("quorumBps", newQuorumBps, 100, 2000);
        (uint208 old,) = _bps[0].push(clock(), uint208(newQuorumBps));
        emit QuorumBpsSet(old, newQuorumBps);
    }

    function setLeaseQuorumBps(uint256 newQuorumBps) external override onlyGovernance {
        GovernanceLimits.check("leaseQuorumBps", newQuorumBps, 100, 2000);
        (uint208 old,) = _bps[1].push(clock(), uint208(newQuorumBps));
        emit LeaseQuorumBpsSet(old, newQuorumBps);
    }

    function _quorumAt(uint256 kind, uint256 timepoint) private view returns (uint256 needed) {
        uint256 supply = _dataToken().getPastTotalSupply(timepoint);
        bool today = _flaw == Flaw.QuorumOfToday;
        uint256 bps = today ? _bps[kind].latest() : _bps[kind].upperLookup(uint48(timepoint));
        needed = Math.max(1, supply * bps / 10_000);
        uint256 matureSince = _dataToken().matureSince();
        bool young = matureSince == 0 || timepoint < matureSince;
        if (young && _flaw != Flaw.IgnoresFloor) needed = Math.max(needed, quorumFloor);
    }
}
