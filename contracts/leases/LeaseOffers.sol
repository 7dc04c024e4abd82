// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../interfaces/IDataLeases.sol";
import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {LeaseTerms, PackedTerms} from "../libraries/LeaseTerms.sol";
import {LeaseAdmission} from "./LeaseAdmission.sol";

/// @notice Standing offers: holders vote once, many lease. An acceptance is one transaction and is approved at once.
abstract contract LeaseOffers is LeaseAdmission {
    using LeaseTerms for PackedTerms;

    /// @dev One slot. `licensee` zero means anyone.
    struct Offer {
        address licensee;
        uint48 expiry;
        uint16 seats;
        uint16 seatsTaken;
        bool closed;
    }

    /* STORAGE */

    mapping(uint256 offerId => Offer) internal _offers;

    /* TIMELOCK AND GUARDIAN */

    /// @inheritdoc IDataLeases
    function createOffer(Terms calldata terms, address licensee, uint256 seats, uint48 expiry)
        external
        override
        nonReentrant
        onlyTimelock
        returns (uint256 offerId)
    {
        IDatasetRegistry.Policy memory policy = _registry.currentPolicy(terms.datasetId);
        LeaseTerms.validate(terms, policy, 0, 0);
        _requireInOffer("seats", seats, 1, type(uint16).max);
        _requireInOffer("expiry", expiry, uint256(_now()) + 1, type(uint48).max);

        offerId = ++_books.offers;
        _offerTerms[offerId] = LeaseTerms.pack(terms, policy.commonsBps, policy.treasuryBps);
        _offers[offerId] =
            Offer({licensee: licensee, expiry: expiry, seats: uint16(seats), seatsTaken: 0, closed: false});
        emit OfferCreated(offerId, licensee, terms, seats, expiry, policy.commonsBps, policy.treasuryBps);
    }

    /// @inheritdoc IDataLeases
    function closeOffer(uint256 offerId) external override nonReentrant {
        if (msg.sender != _timelock && !_brake.isGuardian(msg.sender)) revert DataLeases_NotGuardian(msg.sender);
        Offer storage o = _knownOffer(offerId);
        if (o.closed) revert DataLeases_OfferClosed(offerId);
        o.closed = true;
        emit OfferClosed(offerId, msg.sender);
    }

    /* LICENSEE */

    /// @inheritdoc IDataLeases
    function accept(uint256 offerId, bytes32 hpkeKey, uint256 maxCost)
        external
        override
        nonReentrant
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
        if (o.seatsTaken == o.seats) revert DataLeases_NoSeats(offerId, o.seats);
        PackedTerms storage terms = _offerTerms[offerId];
        uint256 cost = terms.cost();
        if (cost > maxCost) revert DataLeases_CostAboveMax(cost, maxCost);
        _pull(msg.sender, cost);

        o.seatsTaken += 1;
        leaseId = ++_books.leases;
        Lease storage l = _leases[leaseId];
        l.licensee = msg.sender;
        // Counted by a uint32.
        l.offerId = uint32(offerId);
        l.hpkeKey = hpkeKey;
        emit OfferAccepted(offerId, leaseId, msg.sender, hpkeKey, cost);
        _admit(leaseId, l, terms);
    }

    /* INTERNALS */

    function _knownOffer(uint256 offerId) private view returns (Offer storage o) {
        o = _offers[offerId];
        if (o.seats == 0) revert DataLeases_UnknownOffer(offerId);
    }

    function _requireInOffer(string memory field, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert DataLeases_InvalidOffer(field, value, min, max);
    }
}
