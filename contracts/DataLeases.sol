// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "./interfaces/IDataLeases.sol";
import {System} from "./interfaces/ISystem.sol";
import {LeaseRequests} from "./leases/LeaseRequests.sol";
import {LeaseRun} from "./leases/LeaseRun.sol";
import {LeaseStore} from "./leases/LeaseStore.sol";
import {LeaseTerms, PackedTerms} from "./libraries/LeaseTerms.sol";
import {NewestEight} from "./libraries/NewestEight.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title Data leases
/// @notice Escrow, vote, delivery, instalments, access. Documented on `IDataLeases`.
/// @dev Parts, one file each under `leases/`: `LeaseStore` (state, time), `LeaseMoney` (accounting, transfers),
/// `LeaseAdmission` (exclusivity), `LeaseRequests`, `LeaseOffers`, `LeaseRefunds`, `LeaseRun`. This file has the views.
///
///     None ─ request ─> Pending ─ approve ─> Approved ─ start, confirmDelivery ─> Active ─ end, terminate ─> Ended
///       └──── accept ────────────────────────>┘  │ └───────── terminate ─────────────────────────────────────>┘
///                          └──── refund ──> Refunded
///
/// The brake pauses request, accept and approve for 72 hours at a time, and nothing else. The contract is retired when
/// policies admit no more leases and the last bond has been paid out.
/// @custom:security-contact see SECURITY.md
contract DataLeases is LeaseRequests, LeaseRun {
    using LeaseTerms for PackedTerms;
    using NewestEight for uint256;

    constructor(System memory system, address asset_, LeaseParams memory params)
        LeaseStore(system, asset_, params)
        EIP712("DataLeases", "1")
    {}

    /* ACCESS */

    /// @inheritdoc IDataLeases
    function isAccessAllowed(uint256 datasetId, address licensee, uint256 purpose)
        external
        view
        override
        returns (bool)
    {
        if (purpose == 0) return false;
        for (uint256 list = _lists[datasetId][licensee]; list != 0; list = list.remove(0)) {
            Lease storage l = _leases[list.idAt(0)];
            PackedTerms storage terms = _termsOf(list.idAt(0), l);
            if (purpose & ~uint256(terms.purposes) == 0 && _isOpen(l, terms)) return true;
        }
        return false;
    }

    /// @inheritdoc IDataLeases
    function leaseAccess(uint256 leaseId)
        external
        view
        override
        returns (bool allowed, bytes32 hpkeKey, uint256 datasetId, uint256 purposes, uint48 until)
    {
        Lease storage l = _leases[leaseId];
        PackedTerms storage terms = _termsOf(leaseId, l);
        return (_isOpen(l, terms), l.hpkeKey, terms.datasetId, terms.purposes, l.paidUntil);
    }

    /// @inheritdoc IDataLeases
    function isOverdue(uint256 leaseId) external view override returns (bool) {
        Lease storage l = _leases[leaseId];
        return _isOverdue(l, _termsOf(leaseId, l));
    }

    /// @inheritdoc IDataLeases
    function leasesOf(uint256 datasetId, address licensee) external view override returns (uint256[8] memory ids) {
        uint256 list = _lists[datasetId][licensee];
        for (uint256 i = 0; i < NewestEight.MAX; ++i) {
            ids[i] = list.idAt(i);
        }
    }

    /* STATE */

    /// @inheritdoc IDataLeases
    function lease(uint256 leaseId) external view override returns (LeaseInfo memory info) {
        Lease storage l = _leases[leaseId];
        PackedTerms storage terms = _termsOf(leaseId, l);
        info.status = l.status;
        info.licensee = l.licensee;
        info.hpkeKey = l.hpkeKey;
        info.offerId = l.offerId;
        if (_descriptionHashes[leaseId] != 0) info.proposalId = _proposalId(leaseId);
        info.committeeEpoch = l.committeeEpoch;
        info.paidPeriods = l.paidPeriods;
        info.startBy = l.startBy;
        info.paidUntil = l.paidUntil;
        info.acknowledged = l.acknowledged;
        info.slashed = l.slashed;
        bool over = l.status == Status.Ended || l.status == Status.Refunded;
        if (!over) info.escrow = terms.rentAfter(l.paidPeriods);
        if (l.status != Status.Refunded && !l.bondReleased) info.bond = terms.bond - l.slashed;
        info.returnable = _returnable[leaseId];
        info.live = _isLive(l, terms);
    }

    /// @inheritdoc IDataLeases
    function leaseTerms(uint256 leaseId)
        external
        view
        override
        returns (Terms memory terms, uint256 commonsBps, uint256 treasuryBps)
    {
        PackedTerms storage packed = _termsOf(leaseId, _leases[leaseId]);
        return (packed.unpack(), packed.commonsBps, packed.treasuryBps);
    }

    /// @inheritdoc IDataLeases
    function leaseCount() external view override returns (uint256) {
        return _books.leases;
    }

    /// @inheritdoc IDataLeases
    function offer(uint256 offerId) external view override returns (OfferInfo memory) {
        Offer storage o = _offers[offerId];
        return
            OfferInfo({
                licensee: o.licensee, seats: o.seats, seatsTaken: o.seatsTaken, expiry: o.expiry, closed: o.closed
            });
    }

    /// @inheritdoc IDataLeases
    function offerTerms(uint256 offerId)
        external
        view
        override
        returns (Terms memory terms, uint256 commonsBps, uint256 treasuryBps)
    {
        PackedTerms storage packed = _offerTerms[offerId];
        return (packed.unpack(), packed.commonsBps, packed.treasuryBps);
    }

    /// @inheritdoc IDataLeases
    function offerCount() external view override returns (uint256) {
        return _books.offers;
    }

    /* INTERNALS */

    /// @dev Paid and not overdue. A lease that never started has a paid end of zero.
    function _isOpen(Lease storage l, PackedTerms storage terms) private view returns (bool) {
        return _now() < l.paidUntil && !_isOverdue(l, terms);
    }
}
