// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../interfaces/IDataLeases.sol";
import {Lease, PackedTerms} from "../types/LeaseTypes.sol";
import {LeaseTerms} from "./LeaseTerms.sol";

/// @notice What a lease is at a given second.
library LeaseClock {
    using LeaseTerms for PackedTerms;

    /// @notice Whether the lease holds its place in the dataset. Once false for an approved lease, it stays false: what is
    /// not live can neither start nor be prolonged.
    function isLive(Lease storage l, PackedTerms storage terms) internal view returns (bool) {
        if (l.status == IDataLeases.Status.Approved) return block.timestamp < l.startBy;
        if (l.status == IDataLeases.Status.Active) return block.timestamp < l.paidUntil + terms.tolerance();
        return l.status == IDataLeases.Status.Ended && block.timestamp < l.paidUntil;
    }

    /// @notice The last second whose erasures the licensee must have acknowledged by now: known for a whole `window`, and,
    /// once access is over, from before its end.
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
