// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DataLeases} from "../../DataLeases.sol";
import {System} from "../../interfaces/ISystem.sol";
import {LeaseTerms, PackedTerms} from "../../libraries/LeaseTerms.sol";

/// @notice `DataLeases` with one line wrong, chosen after it was deployed. Tests show that they notice each flaw, and
/// nothing without a flaw.
/// @dev Every override is a copy of the original or a way around it; the functions are virtual for its sake.
contract TwinLeases is DataLeases {
    using LeaseTerms for PackedTerms;

    enum Flaw {
        None,
        /// Refunds what was refunded.
        RefundsTwice,
        /// Pays the licensee in passing.
        PushesRefunds,
        /// Takes an instalment at any time.
        IgnoresWindow,
        /// Opens what was paid once for ever.
        IgnoresPaidUntil,
        /// Never overdue.
        ForgetsErasures,
        /// Takes whatever is asked from a bond.
        SlashesWithoutMaximum,
        /// Does not see who lives in a dataset.
        CountsNobodyLive
    }

    Flaw private _flaw;

    constructor(System memory system, address asset_, LeaseParams memory params) DataLeases(system, asset_, params) {}

    function setFlaw(Flaw flaw) external {
        _flaw = flaw;
    }

    function _isRefundable(uint256 leaseId, Lease storage l) internal view override returns (bool) {
        if (_flaw == Flaw.RefundsTwice && l.status == Status.Refunded && _returnable[leaseId] == 0) return true;
        return super._isRefundable(leaseId, l);
    }

    function _refund(uint256 leaseId, Lease storage l) internal override {
        super._refund(leaseId, l);
        if (_flaw != Flaw.PushesRefunds) return;
        uint256 amount = _returnable[leaseId];
        _returnable[leaseId] = 0;
        _push(l.licensee, amount);
    }

    function _requireInWindow(uint256 leaseId, uint48 paidUntil, uint48 tolerance) internal view override {
        if (_flaw != Flaw.IgnoresWindow) super._requireInWindow(leaseId, paidUntil, tolerance);
    }

    function _isOpen(Lease storage l, PackedTerms storage terms) internal view override returns (bool) {
        if (_flaw == Flaw.IgnoresPaidUntil) return l.paidUntil != 0 && !_isOverdue(l, terms);
        return super._isOpen(l, terms);
    }

    function _isOverdue(Lease storage l, PackedTerms storage terms) internal view override returns (bool) {
        return _flaw != Flaw.ForgetsErasures && super._isOverdue(l, terms);
    }

    function _slash(uint256 leaseId, Lease storage l, PackedTerms storage terms, uint256 bps)
        internal
        override
        returns (uint256 amount)
    {
        if (_flaw != Flaw.SlashesWithoutMaximum) return super._slash(leaseId, l, terms, bps);
        amount = uint256(terms.bond) * bps / LeaseTerms.BPS;
        if (amount > terms.bond - l.slashed) amount = terms.bond - l.slashed;
        if (amount == 0) return 0;
        l.slashed += uint96(amount);
        treasuryOwed += amount;
        emit BondSlashed(leaseId, amount, true);
    }

    function _isLive(Lease storage l, PackedTerms storage terms) internal view override returns (bool) {
        return _flaw != Flaw.CountsNobodyLive && super._isLive(l, terms);
    }
}
