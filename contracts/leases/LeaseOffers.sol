// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../interfaces/IDataLeases.sol";
import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {Protocol} from "../libraries/Protocol.sol";
import {LeaseTerms, PackedTerms} from "../types/LeaseTerms.sol";
import {Lease, Offer} from "../types/LeaseTypes.sol";
import {LeaseAdmission} from "./LeaseAdmission.sol";

/// @notice Standing offers: holders vote once, many lease. An acceptance is one transaction and is approved at once.
abstract contract LeaseOffers is LeaseAdmission {
    using LeaseTerms for PackedTerms;

    /* ACTIONS: TIMELOCK AND GUARDIAN */

    /// @inheritdoc IDataLeases
    function createOffer(Terms memory terms, address licensee, uint256 capacity, uint48 expiry)
        external
        override
        nonReentrant
        onlyTimelock
        returns (uint256 offerId)
    {
        IDatasetRegistry.LeasePolicy memory policy = _registry.leasePolicy(terms.datasetId);
        LeaseTerms.validate(terms, policy, 0, 0);
        _requireInOffer("capacity", capacity, 1, type(uint16).max);
        _requireInOffer("expiry", expiry, uint256(_now()) + 1, type(uint48).max);
        // An exclusive offer to anyone would be a lock that costs nothing. And whoever accepts must not pay for a
        // dataset that has lost half of what was offered.
        _requireInOffer("exclusive", terms.exclusive && licensee == address(0) ? 1 : 0, 0, 0);
        (, uint256 shares,,) = _splitter.pool(terms.datasetId);
        _requireInOffer("minShares", terms.minShares, (shares + 1) / 2, type(uint64).max);

        offerId = ++_s.offerCount;
        _s.offerTerms[offerId] = LeaseTerms.pack(terms, policy.commonsBps, policy.treasuryBps);
        _s.offers[offerId] =
            Offer({licensee: licensee, expiry: expiry, capacity: uint16(capacity), taken: 0, closed: false});
        emit OfferCreated(offerId, licensee, terms, capacity, expiry, policy.commonsBps, policy.treasuryBps);
    }

    /// @inheritdoc IDataLeases
    function closeOffer(uint256 offerId) external override nonReentrant {
        if (msg.sender != _timelock && !_brake.isGuardian(msg.sender)) revert DataLeases_NotGuardian(msg.sender);
        Offer storage o = _knownOffer(offerId);
        // Closed meanwhile: nothing is left to do, and a proposal must not fail for it.
        if (o.closed) return;
        o.closed = true;
        emit OfferClosed(offerId, msg.sender);
    }

    /* ACTIONS: LICENSEE */

    /// @inheritdoc IDataLeases
    function accept(uint256 offerId, bytes32 termsHash, bytes32 hpkeKey, uint256 maxCost)
        external
        override
        nonReentrant
        returns (uint256 leaseId)
    {
        return _accept(offerId, termsHash, hpkeKey, maxCost);
    }

    /// @inheritdoc IDataLeases
    function acceptWithPermit(
        uint256 offerId,
        bytes32 termsHash,
        bytes32 hpkeKey,
        uint256 maxCost,
        Permit calldata permit
    ) external override nonReentrant returns (uint256 leaseId) {
        _permit(maxCost, permit);
        return _accept(offerId, termsHash, hpkeKey, maxCost);
    }

    /* INTERNALS */

    function _accept(uint256 offerId, bytes32 termsHash, bytes32 hpkeKey, uint256 maxCost)
        private
        returns (uint256 leaseId)
    {
        _brake.requireReleased();
        if (hpkeKey == 0) revert DataLeases_ZeroKey();
        Offer storage o = _knownOffer(offerId);
        if (o.closed) revert DataLeases_OfferClosed(offerId);
        if (_now() >= o.expiry) revert DataLeases_OfferExpired(offerId, o.expiry);
        if (o.licensee != address(0) && o.licensee != msg.sender) {
            revert DataLeases_NotAddressee(offerId, o.licensee);
        }
        if (o.taken == o.capacity) revert DataLeases_OfferFull(offerId, o.capacity);
        PackedTerms storage terms = _s.offerTerms[offerId];
        bytes32 expected = terms.hash();
        if (termsHash != expected) revert DataLeases_WrongOfferTerms(offerId, expected, termsHash);
        uint256 cost = terms.cost();
        if (cost > maxCost) revert DataLeases_CostAboveMax(cost, maxCost);
        _pull(msg.sender, cost);
        // Asked after the transfer, in which the asset may have called anybody.
        (uint256 allowed, uint256 erasures, uint256 version) = _registry.leaseBasis(terms.datasetId);
        if (terms.purposes & ~allowed != 0) revert DataLeases_PurposeNotAllowed(terms.purposes, allowed);

        o.taken += 1;
        leaseId = ++_s.leaseCount;
        Lease storage l = _s.leases[leaseId];
        l.licensee = msg.sender;
        l.offerId = uint32(offerId); // counted by a uint32
        l.hpkeKey = hpkeKey;
        emit OfferAccepted(offerId, leaseId, msg.sender, hpkeKey, cost);
        _admit(leaseId, l, terms, erasures, version);
    }

    function _knownOffer(uint256 offerId) private view returns (Offer storage o) {
        o = _s.offers[offerId];
        if (o.capacity == 0) revert DataLeases_UnknownOffer(offerId);
    }

    function _requireInOffer(bytes32 field, uint256 value, uint256 min, uint256 max) private pure {
        if (Protocol.isOutside(value, min, max)) revert DataLeases_InvalidOffer(field, value, min, max);
    }
}
