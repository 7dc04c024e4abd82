// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../interfaces/IDataLeases.sol";
import {LeaseTerms, PackedTerms} from "./LeaseTerms.sol";

/// @notice Three slots; an instalment writes the first alone, the approval the last. Times are uint40 in storage (until
/// the year 36812) and uint48 elsewhere. Rent still escrowed is not stored: it is the price of the periods not yet
/// paid, until the lease is over.
/// @param offerId whose terms it has; 0: its own
/// @param counted whether it is part of its dataset's count of live leases
/// @param committeeVersion 16 bits: a vote makes one, and two days of timelock pass for each; 65,536 take 359 years
/// @param ackSlashedAt when it was last slashed for want of acknowledgement
struct Lease {
    address licensee;
    IDataLeases.Status status;
    bool counted;
    bool bondReleased;
    uint16 paidPeriods;
    uint40 paidUntil;
    uint16 committeeVersion;
    bytes32 hpkeKey;
    uint32 offerId;
    uint40 startBy;
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
/// leases of the largest size the terms can express; what the treasury is owed is paid out by anyone before it fills
/// 96 bits.
struct LeaseState {
    uint128 owed;
    uint96 treasuryOwed;
    uint32 leaseCount;
    uint32 offerCount;
    mapping(uint256 leaseId => Lease) leases;
    mapping(uint256 leaseId => PackedTerms) requestTerms;
    mapping(uint256 leaseId => uint256) returnable;
    mapping(uint256 offerId => Offer) offers;
    mapping(uint256 offerId => PackedTerms) offerTerms;
    mapping(uint256 datasetId => DatasetLeases) datasets;
}

/// @notice What a lease is at a given second.
library LeaseClock {
    using LeaseTerms for PackedTerms;

    /// @notice Whether the lease holds its place in the dataset. Once false for an approved lease, it stays false: what
    /// is not live can neither start nor be prolonged.
    function isLive(Lease storage l, PackedTerms storage terms) internal view returns (bool) {
        if (l.status == IDataLeases.Status.Approved) return block.timestamp < l.startBy;
        if (l.status == IDataLeases.Status.Active) return block.timestamp < l.paidUntil + terms.tolerance();
        return l.status == IDataLeases.Status.Ended && block.timestamp < l.paidUntil;
    }

    /// @notice The last second whose erasures the licensee must have acknowledged by now: known for a whole `window`,
    /// and, once access is over, from before its end.
    function erasuresUntil(Lease storage l, uint48 window) internal view returns (uint48) {
        uint48 known = knownUntil(window);
        uint48 paidUntil = l.paidUntil;
        return paidUntil != 0 && known >= paidUntil ? paidUntil - 1 : known;
    }

    /// @notice The last second whose erasures were known for a whole `window`.
    function knownUntil(uint48 window) internal view returns (uint48) {
        return block.timestamp > window ? uint48(block.timestamp) - window : 0;
    }

    /// @notice From then on the bond is the licensee's: releasable, or it would be after a call of `end`. Slashes
    /// stop here and not at the call of `releaseBond`, so that no one can take what is already due.
    function bondDueAt(Lease storage l, PackedTerms storage terms, uint48 delay) internal view returns (uint48) {
        if (l.status == IDataLeases.Status.Active && l.paidPeriods < terms.periods) {
            uint48 tolerance = terms.tolerance();
            if (tolerance > delay) delay = tolerance;
        }
        return l.paidUntil + delay;
    }
}
