// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../interfaces/IDataLeases.sol";

/// @notice Terms as `DataLeases` keeps them: three slots, written once and never changed. All leases of an offer share
/// the offer's. The first slot is what money needs, the second is only hashed, the third is what access needs.
/// @dev The widths bind at `LeaseTerms.validate`: 2**96 units of an asset with 18 decimals are 79 billion whole ones, and
/// all rent of a lease together stays below 2**112.
struct PackedTerms {
    uint96 pricePerPeriod;
    uint96 bond;
    uint32 periodLength;
    uint16 periods;
    uint16 royaltyBps;
    bytes32 agreementHash;
    uint64 datasetId;
    uint64 purposes;
    uint64 minShares;
    bool exclusive;
    uint16 commonsBps;
    uint16 treasuryBps;
}

/// @notice Three slots, the last of them written by the approval. Times are uint40 in storage (until the year 36812) and
/// uint48 elsewhere. Rent still escrowed is not stored: it is the price of the periods not yet paid, until the lease is
/// over.
/// @param offerId whose terms it has; 0: its own
/// @param counted whether it is part of its dataset's count of live leases
/// @param ackSlashedAt when it was last slashed for want of acknowledgement
struct Lease {
    address licensee;
    IDataLeases.Status status;
    uint32 offerId;
    uint24 committeeVersion;
    uint16 paidPeriods;
    bool counted;
    bool bondReleased;
    bytes32 hpkeKey;
    uint40 startBy;
    uint40 paidUntil;
    uint40 ackSlashedAt;
    uint40 acknowledged;
    uint96 slashed;
}

/// @notice One slot. `licensee` zero means anyone.
struct Offer {
    address licensee;
    uint48 expiry;
    uint16 capacity;
    uint16 taken;
    bool closed;
}

/// @notice One slot, and each licensee's newest leases. While exclusive leases live, all of them are one licensee's.
/// @param reservedFor the exclusive request that the dataset is held for
struct DatasetLeases {
    uint32 live;
    uint32 exclusives;
    address exclusiveLicensee;
    uint32 reservedFor;
    mapping(address licensee => uint256 newestEight) lists;
}

/// @notice All that `DataLeases` stores.
/// @param owed every unit exactly once: as escrowed rent, as bond, as returnable, or as the treasury's. It rises after
/// money arrived and falls before money leaves, so `solvency` holds inside the asset's hooks too. uint128 holds 65,536
/// leases of the largest size the terms can express.
struct LeaseState {
    uint128 owed;
    uint32 leaseCount;
    uint32 offerCount;
    uint256 treasuryOwed;
    mapping(uint256 leaseId => Lease) leases;
    mapping(uint256 leaseId => PackedTerms) requestTerms;
    mapping(uint256 leaseId => uint256) returnable;
    mapping(uint256 offerId => Offer) offers;
    mapping(uint256 offerId => PackedTerms) offerTerms;
    mapping(uint256 datasetId => DatasetLeases) datasets;
}
