// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataGovernor} from "../interfaces/IDataGovernor.sol";
import {Tallies, Tally} from "../types/Tallies.sol";
import {GovernorQuorum} from "./GovernorQuorum.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Tally
/// @notice Counts votes like OpenZeppelin's GovernorCountingSimple and extends a vote like its
/// GovernorPreventLateQuorum, with the same ABI and events, in one storage slot per proposal.
/// @dev **One slot.** It is made non-zero with the proposal, so the first vote on a side costs what a later one costs,
/// and it holds all that a vote must know except the snapshot.
///
/// **Active.** A vote is open iff not canceled and `snapshot < now <= deadline`. That is the original's answer without
/// asking it: what is executed was queued, and so is past a deadline that only a vote could have moved; and whatever is
/// canceled went through `_cancel`. When the short answer is no, the original is asked, which knows the right error.
///
/// **Late quorum.** Quorum is reached by the one vote with `turnout - weight < quorum <= turnout`: turnout never falls,
/// the quorum of a snapshot never changes and is never 0, a vote against is no turnout. OpenZeppelin's module looks for
/// that vote after every vote, and then sets the deadline to `max(deadline, now + extension)`, once. As long as
/// `now + extension <= deadline` that maximum is the deadline itself, so nothing is lost by not looking: the quorum is
/// worked out only for votes cast later than that. If such a vote reaches it, the deadline moves as there. If it turns
/// out to be older, nothing moves, as there, and the watch ends. With a zero extension neither can move a deadline,
/// since no vote comes after it. One difference is intended: the extension is the one in force when the proposal was
/// made, not when quorum is reached, so that no other decision can move this one's end.
///
/// **Receipts** are bits: one slot holds those of 256 members, by member number, and the proposal opens the first slot,
/// which begins with the number of its lease and holds 224. An account that had no votes at the snapshot may have no
/// number yet, and may get one before it votes again: its receipt stands under its address, whatever its number is by
/// then.
///
/// **Ballots by signature** keep the standard type, with a nonce that is always 0: an account votes once per proposal,
/// so a counter would guard nothing and cost a slot of each voter.
abstract contract GovernorTally is GovernorQuorum {
    using Tallies for Tally;

    /// @dev Order of Governor Bravo.
    enum VoteType {
        Against,
        For,
        Abstain
    }

    struct Poll {
        Tally tally;
        mapping(uint256 word => uint256) receipts;
        mapping(address voter => bool) receiptsWithoutVotes;
    }

    /// @dev A vote before it is counted.
    struct Voter {
        address account;
        uint256 weight;
        uint256 place;
    }

    uint256 private constant _BALLOT_NONCE = 0;
    /// @dev Where the first member's receipt stands; before it the number of the lease, or 1.
    uint256 private constant _FIRST_PLACE = 32;

    mapping(uint256 proposalId => Poll) private _polls;

    /* VIEWS */

    /// @inheritdoc IGovernor
    // solhint-disable-next-line func-name-mixedcase
    function COUNTING_MODE() public pure override returns (string memory) {
        return "support=bravo&quorum=for,abstain";
    }

    /// @inheritdoc IGovernor
    function hasVoted(uint256 proposalId, address account) public view override returns (bool) {
        uint256 snapshot = proposalSnapshot(proposalId);
        if (snapshot == 0 || snapshot >= block.timestamp) return false;
        return _hasVoted(_polls[proposalId], _voter(account, snapshot));
    }

    /// @notice Always 0: see `IDataGovernor`.
    function nonces(address) public pure override returns (uint256) {
        return _BALLOT_NONCE;
    }

    /// @inheritdoc IDataGovernor
    function proposalVotes(uint256 proposalId)
        public
        view
        override
        returns (uint256 againstVotes, uint256 forVotes, uint256 abstainVotes)
    {
        Tally tally = _polls[proposalId].tally;
        againstVotes = tally.votes(uint8(VoteType.Against));
        forVotes = tally.votes(uint8(VoteType.For));
        abstainVotes = tally.votes(uint8(VoteType.Abstain));
    }

    /// @notice Last second of the vote, which a late quorum may have moved.
    function proposalDeadline(uint256 proposalId) public view override(Governor, IGovernor) returns (uint256) {
        return _polls[proposalId].tally.deadline();
    }

    /// @inheritdoc IDataGovernor
    function proposalLicensee(uint256 proposalId) public view override returns (address) {
        Poll storage poll = _polls[proposalId];
        return poll.tally.isLease() ? _licenseeOf(uint32(poll.receipts[0])) : address(0);
    }

    /// @inheritdoc IDataGovernor
    function proposalQuorum(uint256 proposalId) public view override returns (uint256) {
        uint256 snapshot = proposalSnapshot(proposalId);
        if (snapshot == 0) revert GovernorNonexistentProposal(proposalId);
        return _quorumOf(_polls[proposalId].tally, snapshot);
    }

    /* INTERNALS: PROPOSING */

    function _propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        address proposer
    ) internal override returns (uint256 proposalId) {
        proposalId = super._propose(targets, values, calldatas, description, proposer);
        Poll storage poll = _polls[proposalId];
        poll.tally = Tallies.open(super.proposalDeadline(proposalId), lateQuorumVoteExtension());
        poll.receipts[0] = 1;
    }

    function _markLease(uint256 proposalId, uint256 leaseId, address licensee) internal {
        Poll storage poll = _polls[proposalId];
        poll.tally = poll.tally.ofLease(licensee);
        poll.receipts[0] = uint32(leaseId);
    }

    function _licenseeOf(uint256 leaseId) internal view virtual returns (address);

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override returns (uint256 proposalId) {
        proposalId = super._cancel(targets, values, calldatas, descriptionHash);
        Poll storage poll = _polls[proposalId];
        poll.tally = poll.tally.canceled();
    }

    /* ACTIONS: VOTING */

    /// @inheritdoc IGovernor
    function castVote(uint256 proposalId, uint8 support) public override(Governor, IGovernor) returns (uint256) {
        return _castPlainVote(proposalId, msg.sender, support);
    }

    /// @inheritdoc IGovernor
    function castVoteBySig(uint256 proposalId, uint8 support, address voter, bytes memory signature)
        public
        override(Governor, IGovernor)
        returns (uint256)
    {
        if (!_validateVoteSig(proposalId, support, voter, signature)) revert GovernorInvalidSignature(voter);
        return _castPlainVote(proposalId, voter, support);
    }

    /// @dev The same as with an empty reason, at a lower price.
    function _castPlainVote(uint256 proposalId, address account, uint8 support) private returns (uint256) {
        (uint256 weight, uint256 extendedDeadline) = _vote(proposalId, account, support);
        emit VoteCast(account, proposalId, support, weight, "");
        if (extendedDeadline != 0) emit ProposalExtended(proposalId, uint64(extendedDeadline));
        return weight;
    }

    function _castVote(uint256 proposalId, address account, uint8 support, string memory reason)
        internal
        override
        returns (uint256)
    {
        (uint256 weight, uint256 extendedDeadline) = _vote(proposalId, account, support);
        emit VoteCast(account, proposalId, support, weight, reason);
        if (extendedDeadline != 0) emit ProposalExtended(proposalId, uint64(extendedDeadline));
        return weight;
    }

    /// @dev Parameters are recorded, and mean nothing, as in the original.
    function _castVote(uint256 proposalId, address account, uint8 support, string memory reason, bytes memory params)
        internal
        override
        returns (uint256)
    {
        if (params.length == 0) return _castVote(proposalId, account, support, reason);
        (uint256 weight, uint256 extendedDeadline) = _vote(proposalId, account, support);
        emit VoteCastWithParams(account, proposalId, support, weight, reason, params);
        if (extendedDeadline != 0) emit ProposalExtended(proposalId, uint64(extendedDeadline));
        return weight;
    }

    /// @dev Not used: `_castVote` counts.
    function _countVote(uint256, address, uint8, uint256, bytes memory) internal pure override returns (uint256) {
        revert DataGovernor_Disabled();
    }

    /// @dev All ways to vote alone end here. The token is asked by a static call, so nothing happens in between.
    function _vote(uint256 proposalId, address account, uint8 support)
        private
        returns (uint256 weight, uint256 extendedDeadline)
    {
        Poll storage poll = _polls[proposalId];
        Tally tally = poll.tally;
        uint256 snapshot = proposalSnapshot(proposalId);
        _requireActive(proposalId, tally, snapshot);
        if (_isLicensee(poll, tally, account)) revert DataGovernor_LicenseeCannotVote(proposalId, account);
        Voter memory voter = _voter(account, snapshot);
        weight = voter.weight;
        uint256 bit = 1 << (voter.place & 0xff);
        uint256 word = weight == 0 ? 0 : poll.receipts[voter.place >> 8];
        if (weight == 0 ? poll.receiptsWithoutVotes[account] : word & bit != 0) {
            revert GovernorAlreadyCastVote(account);
        }
        if (support > uint8(VoteType.Abstain)) revert GovernorInvalidVoteType();
        if (weight == 0) poll.receiptsWithoutVotes[account] = true;
        else poll.receipts[voter.place >> 8] = word | bit;
        (poll.tally, extendedDeadline) = _count(tally, snapshot, support, weight);
    }

    /// @inheritdoc IDataGovernor
    function castVotesBySig(uint256 proposalId, SignedBallot[] calldata ballots) external override {
        Poll storage poll = _polls[proposalId];
        Tally tally = poll.tally;
        uint256 snapshot = proposalSnapshot(proposalId);
        _requireActive(proposalId, tally, snapshot);
        // The receipts of the voter before are kept at hand: neighbours by number share them.
        uint256 current = 0;
        uint256 word = poll.receipts[0];
        bytes32 domain = _domainSeparatorV4();
        for (uint256 i = 0; i < ballots.length; ++i) {
            SignedBallot calldata ballot = ballots[i];
            {
                (bool counts, BallotFault fault) = _isSound(domain, proposalId, poll, tally, ballot);
                if (!counts) {
                    emit BallotSkipped(proposalId, ballot.voter, fault);
                    continue;
                }
            }
            Voter memory voter = _voter(ballot.voter, snapshot);
            if (voter.place >> 8 != current && voter.weight != 0) {
                poll.receipts[current] = word;
                current = voter.place >> 8;
                word = poll.receipts[current];
            }
            uint256 bit = 1 << (voter.place & 0xff);
            if (voter.weight == 0 ? poll.receiptsWithoutVotes[voter.account] : word & bit != 0) {
                emit BallotSkipped(proposalId, voter.account, BallotFault.AlreadyVoted);
                continue;
            }
            if (voter.weight == 0) poll.receiptsWithoutVotes[voter.account] = true;
            else word |= bit;
            tally = _countListed(proposalId, tally, snapshot, ballot.support, voter);
        }
        poll.receipts[current] = word;
        poll.tally = tally;
    }

    function _countListed(uint256 proposalId, Tally tally, uint256 snapshot, uint8 support, Voter memory voter)
        private
        returns (Tally counted)
    {
        uint256 extendedDeadline;
        (counted, extendedDeadline) = _count(tally, snapshot, support, voter.weight);
        emit VoteCast(voter.account, proposalId, support, voter.weight, "");
        if (extendedDeadline != 0) emit ProposalExtended(proposalId, uint64(extendedDeadline));
    }

    /// @dev Order of checks as for a single ballot: signature, licensee, then what `_vote` asks.
    function _isSound(bytes32 domain, uint256 proposalId, Poll storage poll, Tally tally, SignedBallot calldata ballot)
        private
        view
        returns (bool, BallotFault)
    {
        bytes32 message = _ballotHash(proposalId, ballot.support, ballot.voter);
        bytes32 digest = MessageHashUtils.toTypedDataHash(domain, message);
        (address recovered,,) = ECDSA.tryRecover(digest, ballot.r, ballot.vs);
        if (recovered == address(0) || recovered != ballot.voter) return (false, BallotFault.InvalidSignature);
        if (_isLicensee(poll, tally, ballot.voter)) return (false, BallotFault.Licensee);
        if (ballot.support > uint8(VoteType.Abstain)) return (false, BallotFault.InvalidSupport);
        return (true, BallotFault.InvalidSignature);
    }

    function _requireActive(uint256 proposalId, Tally tally, uint256 snapshot) private view {
        if (tally.isCanceled() || block.timestamp <= snapshot || block.timestamp > tally.deadline()) {
            _validateStateBitmap(proposalId, _encodeStateBitmap(ProposalState.Active));
        }
    }

    function _isLicensee(Poll storage poll, Tally tally, address account) private view returns (bool) {
        return tally.mayBeLicensee(account) && _licenseeOf(uint32(poll.receipts[0])) == account;
    }

    function _voter(address account, uint256 snapshot) private view returns (Voter memory voter) {
        voter.account = account;
        (voter.weight, voter.place) = _dataToken().ballotOf(account, snapshot);
        unchecked {
            voter.place += _FIRST_PLACE - 1; // members are numbered from 1, with 32 bits
        }
    }

    function _hasVoted(Poll storage poll, Voter memory voter) private view returns (bool) {
        if (voter.weight == 0) return poll.receiptsWithoutVotes[voter.account];
        return poll.receipts[voter.place >> 8] >> (voter.place & 0xff) & 1 != 0;
    }

    function _count(Tally tally, uint256 snapshot, uint8 support, uint256 weight)
        private
        view
        returns (Tally, uint256 extendedDeadline)
    {
        tally = tally.add(support, weight);
        bool watched = support != uint8(VoteType.Against) && tally.isLate(block.timestamp);
        return watched ? _settle(tally, snapshot, weight) : (tally, 0);
    }

    /// @dev Ends the watch if quorum is reached, and extends the vote if `weight` was what reached it.
    function _settle(Tally tally, uint256 snapshot, uint256 weight)
        private
        view
        returns (Tally, uint256 extendedDeadline)
    {
        uint256 needed = _quorumOf(tally, snapshot);
        uint256 turnout = tally.turnout();
        if (turnout < needed) return (tally, 0);
        if (turnout - weight >= needed) return (tally.settled(tally.deadline()), 0);
        extendedDeadline = block.timestamp + tally.extension();
        return (tally.settled(extendedDeadline), extendedDeadline);
    }

    function _quorumReached(uint256 proposalId) internal view override returns (bool) {
        Tally tally = _polls[proposalId].tally;
        return tally.turnout() >= _quorumOf(tally, proposalSnapshot(proposalId));
    }

    function _voteSucceeded(uint256 proposalId) internal view override returns (bool) {
        Tally tally = _polls[proposalId].tally;
        return tally.votes(uint8(VoteType.For)) > tally.votes(uint8(VoteType.Against));
    }

    function _quorumOf(Tally tally, uint256 snapshot) private view returns (uint256) {
        return tally.isLease() ? _leaseQuorum(snapshot) : quorum(snapshot);
    }

    /* INTERNALS: SIGNATURES */

    /// @dev Key first, ERC-1271 second: an account with delegated code (EIP-7702) keeps its signature, and an ordinary
    /// one does not pay for a look at its code.
    function _validateVoteSig(uint256 proposalId, uint8 support, address voter, bytes memory signature)
        internal
        view
        override
        returns (bool)
    {
        return _isSignedBy(voter, _hashTypedDataV4(_ballotHash(proposalId, support, voter)), signature);
    }

    function _ballotHash(uint256 proposalId, uint8 support, address voter) private pure returns (bytes32) {
        return keccak256(abi.encode(BALLOT_TYPEHASH, proposalId, support, voter, _BALLOT_NONCE));
    }

    function _validateExtendedVoteSig(
        uint256 proposalId,
        uint8 support,
        address voter,
        string memory reason,
        bytes memory params,
        bytes memory signature
    ) internal view override returns (bool) {
        bytes32 ballot = keccak256(
            abi.encode(
                EXTENDED_BALLOT_TYPEHASH,
                proposalId,
                support,
                voter,
                _BALLOT_NONCE,
                keccak256(bytes(reason)),
                keccak256(params)
            )
        );
        return _isSignedBy(voter, _hashTypedDataV4(ballot), signature);
    }

    function _isSignedBy(address voter, bytes32 digest, bytes memory signature) private view returns (bool) {
        (address recovered, ECDSA.RecoverError err,) = ECDSA.tryRecover(digest, signature);
        if (err == ECDSA.RecoverError.NoError && recovered == voter) return true;
        return SignatureChecker.isValidERC1271SignatureNow(voter, digest, signature);
    }
}
