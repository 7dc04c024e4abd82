// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../interfaces/IDataLeases.sol";
import {Admission} from "../libraries/Admission.sol";
import {PackedTerms} from "../types/LeaseTerms.sol";
import {DatasetLeases, Lease, LeaseClock, LeaseState} from "../types/LeaseTypes.sol";
import {LeaseBase} from "./LeaseBase.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice The door that requests and offers share, and reservations: a dataset held for an exclusive request that was
/// agreed to and waits for its time.
abstract contract LeaseAdmission is LeaseBase {
    using Admission for LeaseState;
    using LeaseClock for Lease;
    using SafeCast for uint256;

    /* ACTIONS: ANYONE */

    /// @inheritdoc IDataLeases
    function expire(uint256 leaseId) external override nonReentrant {
        Lease storage l = _known(leaseId);
        PackedTerms storage terms = _termsOf(leaseId, l);
        if (l.isLive(terms)) revert DataLeases_StillLive(leaseId);
        _s.remove(leaseId, l, terms);
    }

    /// @inheritdoc IDataLeases
    function reserve(uint256 leaseId) external override nonReentrant {
        PackedTerms storage terms = _termsOf(leaseId, _inStatus(leaseId, Status.Pending));
        if (!terms.exclusive || _queuedUntil(leaseId) == 0) revert DataLeases_NotReservable(leaseId);
        DatasetLeases storage d = _s.datasets[terms.datasetId];
        uint256 holder = d.reservedFor;
        if (holder != leaseId && _queuedUntil(holder) != 0) revert DataLeases_Exclusive(terms.datasetId, holder);
        d.reservedFor = uint32(leaseId);
        emit DatasetReserved(terms.datasetId, leaseId);
    }

    /* VIEWS */

    /// @inheritdoc IDataLeases
    function datasetLeases(uint256 datasetId)
        external
        view
        override
        returns (uint256 live, uint256 exclusives, address exclusiveLicensee, uint256 reservedFor)
    {
        DatasetLeases storage d = _s.datasets[datasetId];
        (live, exclusives, reservedFor) = (d.live, d.exclusives, d.reservedFor);
        if (exclusives != 0) exclusiveLicensee = d.exclusiveLicensee;
        if (_queuedUntil(reservedFor) == 0) reservedFor = 0;
    }

    /* INTERNALS */

    /// @dev Makes a lease approved: from now to `startBy` it lives, holds its place, and opens nothing. `erasures` and
    /// `version` are the registry's `leaseBasis` of this transaction.
    function _admit(uint256 leaseId, Lease storage l, PackedTerms storage terms, uint256 erasures, uint256 version)
        internal
    {
        _requireUnreserved(terms.datasetId, leaseId, l);
        _s.admit(leaseId, l, terms);

        uint48 startBy = _now() + startWindow;
        l.status = Status.Approved;
        l.committeeVersion = version.toUint16();
        l.startBy = uint40(startBy);
        l.acknowledged = uint40(erasures);
        emit LeaseApproved(leaseId, l.offerId, version, startBy);
    }

    /// @dev A reservation holds out what came later: every acceptance, and requests whose time comes after.
    function _requireUnreserved(uint256 datasetId, uint256 leaseId, Lease storage l) private {
        uint256 holder = _s.datasets[datasetId].reservedFor;
        if (holder == 0) return;
        uint256 heldFrom = holder == leaseId ? 0 : _queuedUntil(holder);
        if (heldFrom == 0) {
            _s.datasets[datasetId].reservedFor = 0;
        } else if (l.offerId != 0 || _governor.proposalEta(_proposalId(leaseId)) >= heldFrom) {
            revert DataLeases_Exclusive(datasetId, holder);
        }
    }

    /// @dev The eta of a request's queued proposal; 0 if it is not queued, or no request.
    function _queuedUntil(uint256 leaseId) private view returns (uint256) {
        if (_s.leases[leaseId].status != Status.Pending) return 0;
        uint256 proposalId = _proposalId(leaseId);
        if (_governor.state(proposalId) != IGovernor.ProposalState.Queued) return 0;
        return _governor.proposalEta(proposalId);
    }
}
