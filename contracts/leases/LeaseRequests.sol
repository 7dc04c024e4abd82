// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../interfaces/IDataLeases.sol";
import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {LeaseTerms, PackedTerms} from "../types/LeaseTerms.sol";
import {Lease} from "../types/LeaseTypes.sol";
import {LeaseAdmission} from "./LeaseAdmission.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

/// @notice Request, vote, approval. The fate of the money is the fate of one proposal, which this contract alone can
/// open and whose only action it rebuilds from the lease.
abstract contract LeaseRequests is LeaseAdmission {
    using LeaseTerms for PackedTerms;

    /// @dev Enough for a page of text, too little to make the proposal's event a burden.
    uint256 private constant _MAX_DESCRIPTION = 4096;

    /* ACTIONS: LICENSEE */

    /// @inheritdoc IDataLeases
    function request(Terms memory terms, bytes32 hpkeKey, string calldata description)
        external
        override
        nonReentrant
        returns (uint256 leaseId, uint256 proposalId)
    {
        return _request(terms, hpkeKey, description);
    }

    /// @inheritdoc IDataLeases
    function requestWithPermit(Terms memory terms, bytes32 hpkeKey, string calldata description, Permit calldata permit)
        external
        override
        nonReentrant
        returns (uint256 leaseId, uint256 proposalId)
    {
        // Terms are validated after it: a cost that wraps around is refused there, by the name of the term.
        unchecked {
            _permit(terms.pricePerPeriod * terms.periods + terms.bond, permit);
        }
        return _request(terms, hpkeKey, description);
    }

    /// @inheritdoc IDataLeases
    function cancelRequest(uint256 leaseId) external override nonReentrant {
        _requireLicensee(_inStatus(leaseId, Status.Pending));
        emit RequestCanceled(leaseId);
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas) = _proposal(leaseId);
        _governor.cancel(targets, values, calldatas, 0);
    }

    /* ACTIONS: TIMELOCK */

    /// @inheritdoc IDataLeases
    function approve(uint256 leaseId, bytes32 termsHash) external override nonReentrant onlyTimelock {
        _brake.requireReleased();
        Lease storage l = _inStatus(leaseId, Status.Pending);
        bytes32 expected = _s.requestTerms[leaseId].hash();
        if (termsHash != expected) revert DataLeases_WrongTerms(leaseId, expected, termsHash);
        uint256 proposalId = _proposalId(leaseId);
        if (_governor.state(proposalId) != IGovernor.ProposalState.Executed) {
            revert DataLeases_NotExecuted(leaseId, proposalId);
        }
        PackedTerms storage terms = _s.requestTerms[leaseId];
        (, uint256 erasures, uint256 version) = _registry.leaseBasis(terms.datasetId);
        _admit(leaseId, l, terms, erasures, version);
    }

    /* VIEWS */

    /// @inheritdoc IDataLeases
    function hashTerms(Terms memory terms) public pure override returns (bytes32) {
        return keccak256(abi.encode(terms));
    }

    /* INTERNALS */

    function _request(Terms memory terms, bytes32 hpkeKey, string calldata description)
        private
        returns (uint256 leaseId, uint256 proposalId)
    {
        _brake.requireReleased();
        if (hpkeKey == 0) revert DataLeases_ZeroKey();
        if (bytes(description).length > _MAX_DESCRIPTION) {
            revert DataLeases_DescriptionTooLong(bytes(description).length, _MAX_DESCRIPTION);
        }
        IDatasetRegistry.LeasePolicy memory policy = _registry.leasePolicy(terms.datasetId);
        LeaseTerms.validate(terms, policy, policy.minPricePerPeriod, policy.minBond);
        uint256 escrow = terms.pricePerPeriod * terms.periods + terms.bond;
        if (escrow < minRequestEscrow) revert DataLeases_EscrowTooSmall(escrow, minRequestEscrow);
        _pull(msg.sender, escrow);

        leaseId = ++_s.leaseCount;
        Lease storage l = _s.leases[leaseId];
        l.licensee = msg.sender;
        l.status = Status.Pending;
        l.hpkeKey = hpkeKey;
        _s.requestTerms[leaseId] = LeaseTerms.pack(terms, policy.commonsBps, policy.treasuryBps);
        bytes32 termsHash = hashTerms(terms);
        proposalId = _governor.proposeLease(leaseId, termsHash, msg.sender, description);
        emit LeaseRequested(leaseId, proposalId, msg.sender, terms, hpkeKey, policy.commonsBps, policy.treasuryBps);
    }
}
