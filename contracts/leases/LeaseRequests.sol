// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../interfaces/IDataLeases.sol";
import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {Hex} from "../libraries/Hex.sol";
import {LeaseTerms, PackedTerms} from "../libraries/LeaseTerms.sol";
import {LeaseAdmission} from "./LeaseAdmission.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @notice Request, vote, approval. The fate of the money is the fate of one proposal, which this contract alone can
/// open and whose only action it rebuilds from the lease.
abstract contract LeaseRequests is LeaseAdmission {
    using Hex for address;
    using Hex for bytes32;
    using LeaseTerms for PackedTerms;
    using Strings for uint256;

    /// @dev Enough for a page of text, too little to make the proposal's event a burden.
    uint256 private constant _MAX_DESCRIPTION = 4096;

    /* LICENSEE */

    /// @inheritdoc IDataLeases
    function request(Terms calldata terms, bytes32 hpkeKey, string calldata description)
        external
        override
        nonReentrant
        returns (uint256 leaseId, uint256 proposalId)
    {
        _brake.requireReleased();
        if (hpkeKey == 0) revert DataLeases_ZeroKey();
        if (bytes(description).length > _MAX_DESCRIPTION) {
            revert DataLeases_DescriptionTooLong(bytes(description).length, _MAX_DESCRIPTION);
        }
        IDatasetRegistry.Policy memory policy = _registry.currentPolicy(terms.datasetId);
        LeaseTerms.validate(terms, policy, policy.minPricePerPeriod, policy.minBond);
        uint256 escrow = terms.pricePerPeriod * terms.periods + terms.bond;
        if (escrow < minRequestEscrow) revert DataLeases_EscrowTooSmall(escrow, minRequestEscrow);
        _pull(msg.sender, escrow);

        leaseId = ++_books.leases;
        Lease storage l = _leases[leaseId];
        l.licensee = msg.sender;
        l.status = Status.Pending;
        l.hpkeKey = hpkeKey;
        _requestTerms[leaseId] = LeaseTerms.pack(terms, policy.commonsBps, policy.treasuryBps);
        bytes32 termsHash = hashTerms(terms);
        bytes memory full = bytes.concat(
            "Lease ",
            bytes(leaseId.toString()),
            " terms ",
            termsHash.toHex(),
            " ",
            bytes(description),
            "#proposer=",
            address(this).toHex()
        );
        _descriptionHashes[leaseId] = keccak256(full);
        proposalId = _governor.proposeLease(leaseId, termsHash, msg.sender, string(full));
        emit LeaseRequested(leaseId, proposalId, msg.sender, terms, hpkeKey, policy.commonsBps, policy.treasuryBps);
    }

    /// @inheritdoc IDataLeases
    function withdraw(uint256 leaseId) external override nonReentrant {
        _requireLicensee(_inStatus(leaseId, Status.Pending));
        emit LeaseWithdrawn(leaseId);
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas, bytes32 descriptionHash) =
            proposalOf(leaseId);
        _governor.cancel(targets, values, calldatas, descriptionHash);
    }

    /* TIMELOCK */

    /// @inheritdoc IDataLeases
    function approve(uint256 leaseId, bytes32 termsHash) external override nonReentrant onlyTimelock {
        _brake.requireReleased();
        Lease storage l = _inStatus(leaseId, Status.Pending);
        bytes32 expected = _termsHash(leaseId);
        if (termsHash != expected) revert DataLeases_WrongTerms(leaseId, expected, termsHash);
        uint256 proposalId = _proposalId(leaseId);
        if (_governor.state(proposalId) != IGovernor.ProposalState.Executed) {
            revert DataLeases_NotExecuted(leaseId, proposalId);
        }
        _admit(leaseId, l, _requestTerms[leaseId]);
    }

    /* VIEWS */

    /// @inheritdoc IDataLeases
    function hashTerms(Terms calldata terms) public pure override returns (bytes32) {
        return keccak256(abi.encode(terms));
    }
}
