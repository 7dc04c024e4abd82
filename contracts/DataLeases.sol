// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "./interfaces/IDataLeases.sol";
import {System} from "./interfaces/ISystem.sol";
import {LeaseBase} from "./leases/LeaseBase.sol";
import {LeaseOffers} from "./leases/LeaseOffers.sol";
import {LeaseRequests} from "./leases/LeaseRequests.sol";
import {LeaseRun} from "./leases/LeaseRun.sol";
import {NewestEight} from "./libraries/NewestEight.sol";
import {LeaseTerms, PackedTerms} from "./types/LeaseTerms.sol";
import {Lease, LeaseClock, Offer} from "./types/LeaseTypes.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Data leases
/// @notice Escrow, vote, delivery, instalments, access. Documented on `IDataLeases`.
/// @dev The parts, side by side under `leases/`: `LeaseRequests`, `LeaseOffers` and `LeaseRun`, over `LeaseBase` (state
/// and transfers) and `LeaseAdmission` (the door that the first two share). This file adds what is only read.
///
///     None ─ request ─> Pending ─ approve ─> Approved ─ start, confirmDelivery ─> Active ─ end, terminate ─> Ended
///       └──── accept ────────────────────────>┘  │
///                          └──── refund ─────────┴─ end, terminate, refund ──> Refunded
///
/// The brake pauses request, accept and approve for 72 hours at a time, and nothing else. The contract is retired when
/// policies admit no more leases and the last bond has been paid out.
/// @custom:security-contact see SECURITY.md
contract DataLeases is LeaseRequests, LeaseOffers, LeaseRun {
    using LeaseClock for Lease;
    using LeaseTerms for PackedTerms;
    using NewestEight for uint256;

    constructor(System memory system, address asset_, LeaseParams memory params) LeaseBase(system, asset_, params) {}

    /* VIEWS: ACCESS */

    /// @inheritdoc IDataLeases
    function isAccessAllowed(uint256 datasetId, address licensee, uint256 purpose)
        external
        view
        override
        returns (bool)
    {
        if (purpose == 0) return false;
        for (uint256 list = _s.datasets[datasetId].lists[licensee]; list != 0; list = list.remove(0)) {
            Lease storage l = _s.leases[list.idAt(0)];
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
        Lease storage l = _s.leases[leaseId];
        PackedTerms storage terms = _termsOf(leaseId, l);
        return (_isOpen(l, terms), l.hpkeKey, terms.datasetId, terms.purposes, l.paidUntil);
    }

    /// @inheritdoc IDataLeases
    function isOverdue(uint256 leaseId) external view override returns (bool) {
        Lease storage l = _s.leases[leaseId];
        return _isOverdue(l, _termsOf(leaseId, l));
    }

    /// @inheritdoc IDataLeases
    function leasesOf(uint256 datasetId, address licensee) external view override returns (uint256[8] memory ids) {
        uint256 list = _s.datasets[datasetId].lists[licensee];
        for (uint256 i = 0; i < NewestEight.MAX; ++i) {
            ids[i] = list.idAt(i);
        }
    }

    /* VIEWS: STATE */

    /// @inheritdoc IDataLeases
    function lease(uint256 leaseId) external view override returns (LeaseInfo memory info) {
        Lease storage l = _s.leases[leaseId];
        PackedTerms storage terms = _termsOf(leaseId, l);
        info.status = l.status;
        info.licensee = l.licensee;
        info.hpkeKey = l.hpkeKey;
        info.offerId = l.offerId;
        info.committeeVersion = l.committeeVersion;
        info.paidPeriods = l.paidPeriods;
        info.startBy = l.startBy;
        info.paidUntil = l.paidUntil;
        info.acknowledged = l.acknowledged;
        info.slashed = l.slashed;
        bool over = l.status == Status.Ended || l.status == Status.Refunded;
        if (!over) info.escrow = terms.rentAfter(l.paidPeriods);
        if (l.status != Status.Refunded && !l.bondReleased) info.bond = terms.bond - l.slashed;
        info.returnable = _s.returnable[leaseId];
        info.live = l.isLive(terms);
    }

    /// @inheritdoc IDataLeases
    function leaseTerms(uint256 leaseId)
        external
        view
        override
        returns (Terms memory terms, uint256 commonsBps, uint256 treasuryBps)
    {
        PackedTerms storage packed = _termsOf(leaseId, _s.leases[leaseId]);
        return (packed.unpack(), packed.commonsBps, packed.treasuryBps);
    }

    /// @inheritdoc IDataLeases
    function leaseCount() external view override returns (uint256) {
        return _s.leaseCount;
    }

    /// @inheritdoc IDataLeases
    function offer(uint256 offerId) external view override returns (OfferInfo memory) {
        Offer storage o = _s.offers[offerId];
        return
            OfferInfo({licensee: o.licensee, capacity: o.capacity, taken: o.taken, expiry: o.expiry, closed: o.closed});
    }

    /// @inheritdoc IDataLeases
    function offerTerms(uint256 offerId)
        external
        view
        override
        returns (Terms memory terms, uint256 commonsBps, uint256 treasuryBps)
    {
        PackedTerms storage packed = _s.offerTerms[offerId];
        return (packed.unpack(), packed.commonsBps, packed.treasuryBps);
    }

    /// @inheritdoc IDataLeases
    function offerCount() external view override returns (uint256) {
        return _s.offerCount;
    }

    /// @inheritdoc IDataLeases
    function proposalOf(uint256 leaseId)
        external
        view
        override
        returns (address[] memory targets, uint256[] memory values, bytes[] memory calldatas, bytes32 descriptionHash)
    {
        Lease storage l = _s.leases[leaseId];
        if (l.licensee != address(0) && l.offerId == 0) (targets, values, calldatas) = _proposal(leaseId);
        descriptionHash = 0;
    }

    /* VIEWS: MONEY */

    /// @inheritdoc IDataLeases
    function solvency() external view override returns (uint256 balance, uint256 owed) {
        return (IERC20(asset).balanceOf(address(this)), _s.owed);
    }

    /// @inheritdoc IDataLeases
    function treasuryOwed() external view override returns (uint256) {
        return _s.treasuryOwed;
    }

    /* INTERNALS */

    /// @dev Paid and not overdue. A lease that never started has a paid end of zero.
    function _isOpen(Lease storage l, PackedTerms storage terms) private view returns (bool) {
        return _now() < l.paidUntil && !_isOverdue(l, terms);
    }
}
