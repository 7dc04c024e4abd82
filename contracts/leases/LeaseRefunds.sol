// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../interfaces/IDataLeases.sol";
import {LeaseTerms, PackedTerms} from "../libraries/LeaseTerms.sol";
import {LeaseOffers} from "./LeaseOffers.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

/// @notice What returns to the licensee: all of a request that came to nothing, and the bond after a lease.
/// @dev Nothing here asks the brake, the voters or any third party. Money becomes returnable by one call and is pulled
/// by another, so an asset that refuses the licensee changes nobody's state; `refundTo` names another address.
abstract contract LeaseRefunds is LeaseOffers {
    using LeaseTerms for PackedTerms;

    /* ANYONE */

    /// @inheritdoc IDataLeases
    function refund(uint256 leaseId) external override nonReentrant {
        Lease storage l = _known(leaseId);
        if (l.status != Status.Pending && l.status != Status.Approved) {
            revert DataLeases_WrongStatus(leaseId, l.status);
        }
        if (!_isRefundable(leaseId, l)) revert DataLeases_NotRefundable(leaseId);
        _refund(leaseId, l);
    }

    /// @inheritdoc IDataLeases
    function claimRefund(uint256 leaseId) external override nonReentrant returns (uint256 amount) {
        Lease storage l = _known(leaseId);
        return _payReturnable(leaseId, l, l.licensee);
    }

    /// @inheritdoc IDataLeases
    function releaseBond(uint256 leaseId) external override nonReentrant {
        Lease storage l = _inStatus(leaseId, Status.Ended);
        if (l.bondReleased) revert DataLeases_NothingToWithdraw(leaseId);
        PackedTerms storage terms = _termsOf(leaseId, l);
        uint48 dueAt = _bondDueAt(l, terms);
        if (_now() < dueAt) revert DataLeases_BondLocked(leaseId, dueAt);
        _releaseBond(leaseId, l, terms);
    }

    /* LICENSEE */

    /// @inheritdoc IDataLeases
    function refundTo(uint256 leaseId, address recipient) external override nonReentrant returns (uint256 amount) {
        Lease storage l = _known(leaseId);
        _requireLicensee(l);
        if (recipient == address(0) || recipient == address(this)) revert DataLeases_InvalidRecipient(recipient);
        return _payReturnable(leaseId, l, recipient);
    }

    /* INTERNALS */

    function _releaseBond(uint256 leaseId, Lease storage l, PackedTerms storage terms) internal {
        uint256 amount = terms.bond - l.slashed;
        l.bondReleased = true;
        _returnable[leaseId] += amount;
        emit BondReleased(leaseId, amount);
    }

    function _payReturnable(uint256 leaseId, Lease storage l, address recipient) private returns (uint256 amount) {
        if (_isRefundable(leaseId, l)) _refund(leaseId, l);
        amount = _returnable[leaseId];
        if (amount == 0) revert DataLeases_NothingToWithdraw(leaseId);
        _returnable[leaseId] = 0;
        emit ReturnablePaid(leaseId, recipient, amount);
        _push(recipient, amount);
    }

    function _refund(uint256 leaseId, Lease storage l) private {
        PackedTerms storage terms = _termsOf(leaseId, l);
        if (l.offerId != 0) _offers[l.offerId].seatsTaken -= 1;
        _uncount(leaseId, l, terms);
        l.status = Status.Refunded;
        uint256 amount = terms.cost();
        _returnable[leaseId] = amount;
        emit LeaseRefunded(leaseId, amount);
    }

    /// @dev A canceled request waits for its snapshot, so that spam costs its escrow for at least that long. Canceled
    /// is also what the governor says of a proposal whose timelock operation is gone.
    function _isRefundable(uint256 leaseId, Lease storage l) private view returns (bool) {
        if (l.status == Status.Approved) return _now() >= l.startBy;
        if (l.status != Status.Pending) return false;
        uint256 proposalId = _proposalId(leaseId);
        IGovernor.ProposalState state = _governor.state(proposalId);
        if (state == IGovernor.ProposalState.Canceled) return _now() >= _governor.proposalSnapshot(proposalId);
        return state == IGovernor.ProposalState.Defeated || state == IGovernor.ProposalState.Expired;
    }
}
