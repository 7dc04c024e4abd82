// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GovernorBounds} from "./governance/GovernorBounds.sol";
import {GovernorCore} from "./governance/GovernorCore.sol";
import {GovernorQuorum} from "./governance/GovernorQuorum.sol";
import {GovernorTally} from "./governance/GovernorTally.sol";
import {GovernorTimelock} from "./governance/GovernorTimelock.sol";
import {GovernorParams, IDataGovernor} from "./interfaces/IDataGovernor.sol";
import {IDataLeases} from "./interfaces/IDataLeases.sol";
import {IEmergencyBrake} from "./interfaces/IEmergencyBrake.sol";
import {System} from "./interfaces/ISystem.sol";
import {GovernanceLimits} from "./libraries/GovernanceLimits.sol";
import {Hex} from "./libraries/Hex.sol";
import {Wiring} from "./libraries/Wiring.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @title Data DAO governor
/// @notice Holders decide here; the timelock carries it out. A lease request is a proposal like any other, except that
/// `DataLeases` opens it, its only action is the approval of that lease, and its fate is the fate of the escrow.
/// @dev OpenZeppelin's Governor with its timelock module. What is ours:
/// - `GovernorTally`: counting, late quorum and the licensee's abstention, in one slot per proposal;
/// - `GovernorQuorum`: two checkpointed fractions and the floor of a young DAO;
/// - `GovernorBounds`: settings that no vote can push out of range;
/// - here: lease proposals, expiry, the guardian's cancellation.
///
/// Every proposal ends by time alone: not voted it is Defeated, not queued or executed it is Expired. A guardian can
/// cancel what has not ended, but not a proposal that only concerns the brake: it cannot prevent its own replacement.
/// There is no pause, and no way to move the governor to another timelock; a DAO retires by erasing its data.
/// @custom:security-contact see SECURITY.md
contract DataGovernor is GovernorTally {
    using Hex for address;
    using Hex for bytes32;
    using Strings for uint256;

    /// @inheritdoc IDataGovernor
    uint48 public constant override EXPIRY = GovernanceLimits.EXPIRY;

    /// @inheritdoc IDataGovernor
    address public immutable override leases;
    /// @inheritdoc IDataGovernor
    address public immutable override brake;

    constructor(System memory system, string memory name_, GovernorParams memory params)
        GovernorCore(system, name_, params)
        GovernorTimelock(system.timelock)
        GovernorBounds(params.lateQuorumExtension)
        GovernorQuorum(system.token, params.quorumBps, params.leaseQuorumBps, params.floorPeriod)
    {
        Wiring.requireSelf(system.governor);
        Wiring.requireCode(system.timelock);
        Wiring.requireCode(system.brake);
        leases = system.leases;
        brake = system.brake;
    }

    /* ACTIONS: PROPOSALS */

    /// @inheritdoc IGovernor
    /// @dev Refuses the approval of a lease: that takes the lease's own proposal, and a second one with the same action
    /// could mislead voters or squat its id.
    function propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description
    ) public override(Governor, IGovernor) returns (uint256) {
        uint256 actions = calldatas.length < targets.length ? calldatas.length : targets.length;
        for (uint256 i = 0; i < actions; ++i) {
            bool approvesLease = targets[i] == leases && bytes4(calldatas[i]) == IDataLeases.approve.selector;
            if (approvesLease) revert DataGovernor_ReservedAction(i);
        }
        return super.propose(targets, values, calldatas, description);
    }

    /// @inheritdoc IDataGovernor
    /// @dev The description is not checked for its proposer: no one else can propose this action.
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

        bytes memory full = bytes.concat(
            "Lease ",
            bytes(leaseId.toString()),
            " terms ",
            termsHash.toHex(),
            " ",
            bytes(description),
            "#proposer=",
            leases.toHex()
        );
        proposalId = _propose(targets, new uint256[](1), calldatas, string(full), msg.sender);
        _markLease(proposalId, leaseId, licensee);
        emit LeaseProposed(proposalId, leaseId, licensee);
    }

    /// @inheritdoc IGovernor
    /// @dev By the proposer while pending, as usual; by the guardian until the proposal has ended. A proposal that was
    /// defeated has ended, unlike in the original.
    function cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) public override(Governor, IGovernor) returns (uint256) {
        if (!IEmergencyBrake(brake).isGuardian(msg.sender) || _concernsBrakeOnly(targets)) {
            return super.cancel(targets, values, calldatas, descriptionHash);
        }
        _validateStateBitmap(
            getProposalId(targets, values, calldatas, descriptionHash),
            _encodeStateBitmap(ProposalState.Pending) | _encodeStateBitmap(ProposalState.Active)
                | _encodeStateBitmap(ProposalState.Succeeded) | _encodeStateBitmap(ProposalState.Queued)
        );
        return _cancel(targets, values, calldatas, descriptionHash);
    }

    /* VIEWS */

    /// @inheritdoc IGovernor
    /// @dev A lease's proposal is known by its action alone, which names the lease and its terms and which no other
    /// proposal can have; so `DataLeases` finds it again without keeping the hash of what the licensee wrote.
    function getProposalId(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) public view override(Governor, IGovernor) returns (uint256) {
        bool isLease = targets.length == 1 && calldatas.length == 1 && targets[0] == leases
            && bytes4(calldatas[0]) == IDataLeases.approve.selector;
        return hashProposal(targets, values, calldatas, isLease ? bytes32(0) : descriptionHash);
    }

    /// @inheritdoc IGovernor
    /// @dev An expired operation stays in the timelock, where only this contract could execute it, and does not.
    function state(uint256 proposalId) public view override(Governor, IGovernor) returns (ProposalState) {
        ProposalState current = super.state(proposalId);
        if (current == ProposalState.Succeeded) {
            if (clock() >= proposalDeadline(proposalId) + EXPIRY) return ProposalState.Expired;
        } else if (current == ProposalState.Queued) {
            if (clock() >= proposalEta(proposalId) + EXPIRY) return ProposalState.Expired;
        }
        return current;
    }

    /* INTERNALS */

    function _licenseeOf(uint256 leaseId) internal view override returns (address) {
        return IDataLeases(leases).lease(leaseId).licensee;
    }

    function _concernsBrakeOnly(address[] memory targets) private view returns (bool) {
        for (uint256 i = 0; i < targets.length; ++i) {
            if (targets[i] != brake) return false;
        }
        return true;
    }
}
