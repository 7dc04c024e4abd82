// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../interfaces/IDataLeases.sol";
import {LeaseTerms, PackedTerms} from "../libraries/LeaseTerms.sol";
import {NewestEight} from "../libraries/NewestEight.sol";
import {LeaseMoney} from "./LeaseMoney.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice Which leases of a dataset live side by side: the counter, exclusivity, reservations, and the list of each
/// licensee's newest leases that the access view looks through.
/// @dev A lease stops being live by time alone, its place in the counter is given back by whoever cares: `settle`.
/// What blocks others is checked live where one lease is named (an exclusive one, a reservation), and through the
/// counter where there may be many.
abstract contract LeaseAdmission is LeaseMoney {
    using LeaseTerms for PackedTerms;
    using NewestEight for uint256;
    using SafeCast for uint256;

    /// @dev One slot.
    struct DatasetState {
        uint32 live;
        uint32 exclusiveLease;
        uint32 reservedFor;
    }

    /* STORAGE */

    mapping(uint256 datasetId => DatasetState) private _datasets;
    mapping(uint256 datasetId => mapping(address licensee => uint256 newestEight)) internal _lists;
    /// @dev Of the proposals of requested leases.
    mapping(uint256 leaseId => bytes32) internal _descriptionHashes;

    /* ANYONE */

    /// @inheritdoc IDataLeases
    function settle(uint256 leaseId) external override nonReentrant {
        Lease storage l = _known(leaseId);
        PackedTerms storage terms = _termsOf(leaseId, l);
        if (_isLive(l, terms)) revert DataLeases_StillLive(leaseId);
        _uncount(leaseId, l, terms);
    }

    /// @inheritdoc IDataLeases
    function reserve(uint256 leaseId) external override nonReentrant {
        PackedTerms storage terms = _termsOf(leaseId, _inStatus(leaseId, Status.Pending));
        if (!terms.exclusive || !_isQueued(leaseId)) revert DataLeases_NotReservable(leaseId);
        DatasetState storage d = _datasets[terms.datasetId];
        uint256 holder = d.reservedFor;
        if (holder != 0 && holder != leaseId && _isQueued(holder)) {
            revert DataLeases_Exclusive(terms.datasetId, holder);
        }
        d.reservedFor = uint32(leaseId);
        emit DatasetReserved(terms.datasetId, leaseId);
    }

    /* VIEWS */

    /// @inheritdoc IDataLeases
    function datasetLeases(uint256 datasetId)
        external
        view
        override
        returns (uint256 live, uint256 exclusiveLease, uint256 reservedFor)
    {
        DatasetState storage d = _datasets[datasetId];
        (live, exclusiveLease, reservedFor) = (d.live, d.exclusiveLease, d.reservedFor);
        if (reservedFor != 0 && !_isQueued(reservedFor)) reservedFor = 0;
    }

    /// @inheritdoc IDataLeases
    function proposalOf(uint256 leaseId)
        public
        view
        override
        returns (address[] memory targets, uint256[] memory values, bytes[] memory calldatas, bytes32 descriptionHash)
    {
        descriptionHash = _descriptionHashes[leaseId];
        if (descriptionHash == 0) return (targets, values, calldatas, descriptionHash);
        targets = new address[](1);
        values = new uint256[](1);
        calldatas = new bytes[](1);
        targets[0] = address(this);
        calldatas[0] = abi.encodeCall(IDataLeases.approve, (leaseId, _termsHash(leaseId)));
    }

    /* INTERNALS */

    /// @dev Makes a lease approved: from now to `startBy` it lives, holds its place, and opens nothing.
    function _admit(uint256 leaseId, Lease storage l, PackedTerms storage terms) internal {
        uint256 datasetId = terms.datasetId;
        _enlist(leaseId, datasetId, l.licensee);
        _count(leaseId, datasetId, terms.exclusive);

        uint256 epoch = _registry.committeeEpoch();
        uint48 startBy = _now() + startWindow;
        l.status = Status.Approved;
        l.committeeEpoch = epoch.toUint24();
        l.counted = true;
        l.startBy = uint256(startBy).toUint40();
        l.acknowledged = _registry.erasuresAt(datasetId, _now()).toUint40();
        emit LeaseApproved(leaseId, l.offerId, epoch, startBy);
    }

    /// @dev Idempotent, because a lease can be settled before it is refunded or ended.
    function _uncount(uint256 leaseId, Lease storage l, PackedTerms storage terms) internal {
        if (!l.counted) return;
        l.counted = false;
        DatasetState storage d = _datasets[terms.datasetId];
        d.live -= 1;
        if (d.exclusiveLease == leaseId) d.exclusiveLease = 0;
        emit LeaseSettled(leaseId);
    }

    function _termsHash(uint256 leaseId) internal view returns (bytes32) {
        return keccak256(abi.encode(_requestTerms[leaseId].unpack()));
    }

    function _proposalId(uint256 leaseId) internal view returns (uint256) {
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas, bytes32 descriptionHash) =
            proposalOf(leaseId);
        return _governor.hashProposal(targets, values, calldatas, descriptionHash);
    }

    function _isQueued(uint256 leaseId) private view returns (bool) {
        return _leases[leaseId].status == Status.Pending
            && _governor.state(_proposalId(leaseId)) == IGovernor.ProposalState.Queued;
    }

    function _count(uint256 leaseId, uint256 datasetId, bool exclusive) private {
        _settleIfOver(_datasets[datasetId].exclusiveLease);

        DatasetState memory d = _datasets[datasetId];
        if (d.exclusiveLease != 0) revert DataLeases_Exclusive(datasetId, d.exclusiveLease);
        if (d.reservedFor != 0) {
            if (d.reservedFor != leaseId && _isQueued(d.reservedFor)) {
                revert DataLeases_Exclusive(datasetId, d.reservedFor);
            }
            d.reservedFor = 0;
        }
        if (exclusive) {
            if (d.live != 0) revert DataLeases_LiveLeases(datasetId, d.live);
            d.exclusiveLease = uint32(leaseId);
        }
        d.live += 1;
        _datasets[datasetId] = d;
    }

    /// @dev Access is looked for among eight leases, so a live one must never fall off the list.
    function _enlist(uint256 leaseId, uint256 datasetId, address licensee) private {
        uint256 list = _lists[datasetId][licensee];
        if (list.isFull()) {
            uint256 position = NewestEight.MAX;
            while (!_settleIfOver(list.idAt(position - 1))) {
                if (--position == 0) revert DataLeases_TooManyLeases(licensee, datasetId, NewestEight.MAX);
            }
            list = list.remove(position - 1);
        }
        _lists[datasetId][licensee] = list.push(leaseId);
    }

    /// @return over whether the lease is no longer live
    function _settleIfOver(uint256 leaseId) private returns (bool over) {
        if (leaseId == 0) return false;
        Lease storage l = _leases[leaseId];
        PackedTerms storage terms = _termsOf(leaseId, l);
        over = !_isLive(l, terms);
        if (over) _uncount(leaseId, l, terms);
    }
}
