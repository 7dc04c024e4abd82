// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../interfaces/IDataLeases.sol";
import {PackedTerms} from "../types/LeaseTerms.sol";
import {DatasetLeases, Lease, LeaseClock, LeaseState} from "../types/LeaseTypes.sol";
import {NewestEight} from "./NewestEight.sol";

/// @notice Which leases of a dataset live side by side: the count, exclusivity, and the list of each licensee's newest
/// leases that the access view looks through.
/// @dev A lease stops being live by time alone, and its place in the count is given back by whoever cares. What stands
/// in the way of an admission is looked at live where it is one licensee's (exclusive leases), and through the count
/// where there may be many.
library Admission {
    using LeaseClock for Lease;
    using NewestEight for uint256;

    /// @notice Gives the lease its place, or refuses. The caller has seen to reservations.
    function admit(LeaseState storage s, uint256 leaseId, Lease storage l, PackedTerms storage terms) internal {
        DatasetLeases storage d = s.datasets[terms.datasetId];
        uint256 list = d.lists[l.licensee];
        d.lists[l.licensee] = (list.isFull() ? _makeRoom(s, list, terms.datasetId, l.licensee) : list).push(leaseId);

        if (d.exclusives != 0 && d.exclusiveLicensee != l.licensee) _expireExclusives(s, d, terms.datasetId);
        if (terms.exclusive) {
            // Beside an exclusive lease of its own, all others that live are its own too.
            if (d.exclusives == 0 && d.live != 0) revert IDataLeases.DataLeases_LiveLeases(terms.datasetId, d.live);
            d.exclusives += 1;
            d.exclusiveLicensee = l.licensee;
        }
        d.live += 1;
        l.counted = true;
    }

    /// @notice Gives the place back. Idempotent, because a lease can have expired before it is refunded or ended.
    function remove(LeaseState storage s, uint256 leaseId, Lease storage l, PackedTerms storage terms) internal {
        if (!l.counted) return;
        l.counted = false;
        DatasetLeases storage d = s.datasets[terms.datasetId];
        d.live -= 1;
        if (terms.exclusive) d.exclusives -= 1;
        emit IDataLeases.LeaseExpired(leaseId);
    }

    /// @dev Exclusive leases of another licensee, each looked at: only those that live stand in the way. They are on
    /// its list, from which no live lease ever falls.
    function _expireExclusives(LeaseState storage s, DatasetLeases storage d, uint256 datasetId) private {
        for (uint256 list = d.lists[d.exclusiveLicensee]; list != 0; list = list.remove(0)) {
            uint256 leaseId = list.idAt(0);
            if (!_expired(s, leaseId) && _termsOf(s, leaseId).exclusive) {
                revert IDataLeases.DataLeases_Exclusive(datasetId, leaseId);
            }
        }
    }

    /// @dev Access is looked for among eight leases, so a live one must never fall off the list.
    function _makeRoom(LeaseState storage s, uint256 list, uint256 datasetId, address licensee)
        private
        returns (uint256)
    {
        for (uint256 position = NewestEight.MAX; position != 0; --position) {
            if (_expired(s, list.idAt(position - 1))) return list.remove(position - 1);
        }
        revert IDataLeases.DataLeases_TooManyLeases(licensee, datasetId, NewestEight.MAX);
    }

    /// @return over whether the lease is no longer live; its place is then given back
    function _expired(LeaseState storage s, uint256 leaseId) private returns (bool over) {
        Lease storage l = s.leases[leaseId];
        PackedTerms storage terms = _termsOf(s, leaseId);
        over = !l.isLive(terms);
        if (over) remove(s, leaseId, l, terms);
    }

    function _termsOf(LeaseState storage s, uint256 leaseId) private view returns (PackedTerms storage) {
        uint256 offerId = s.leases[leaseId].offerId;
        return offerId == 0 ? s.requestTerms[leaseId] : s.offerTerms[offerId];
    }
}
