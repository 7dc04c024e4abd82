// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../interfaces/IDataLeases.sol";
import {Admission} from "../libraries/Admission.sol";
import {Protocol} from "../libraries/Protocol.sol";
import {LeaseTerms, PackedTerms} from "../types/LeaseTerms.sol";
import {Lease, LeaseClock, LeaseState} from "../types/LeaseTypes.sol";
import {LeaseBase} from "./LeaseBase.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice A lease from its start to its end, and what returns to its licensee: delivery, instalments, acknowledgement
/// of erasures, termination, refunds, the bond.
/// @dev No one can shorten access that was paid: `paidUntil` only ever grows.
///
/// What returns asks neither the brake, the voters nor any third party. Money becomes returnable by one call and is
/// pulled by another, so an asset that refuses the licensee changes no state; `claimRefundTo` names another address.
abstract contract LeaseRun is LeaseBase {
    using Admission for LeaseState;
    using LeaseClock for Lease;
    using LeaseTerms for PackedTerms;
    using SafeCast for uint256;

    /* ACTIONS: START */

    /// @inheritdoc IDataLeases
    function confirmDelivery(uint256 leaseId, bytes32 releaseRoot, bytes[] calldata signatures)
        external
        override
        nonReentrant
    {
        Lease storage l = _inStatus(leaseId, Status.Approved);
        uint256 version = l.committeeVersion;
        _registry.requireReadiness(leaseId, releaseRoot, version, signatures);
        emit DeliveryConfirmed(leaseId, releaseRoot, version);
        _start(leaseId, l);
    }

    /// @inheritdoc IDataLeases
    function start(uint256 leaseId) external override nonReentrant {
        Lease storage l = _inStatus(leaseId, Status.Approved);
        _requireLicensee(l);
        _start(leaseId, l);
    }

    /* ACTIONS: INSTALMENTS */

    /// @inheritdoc IDataLeases
    function payInstalment(uint256 leaseId) external override nonReentrant {
        Lease storage l = _inStatus(leaseId, Status.Active);
        PackedTerms storage terms = _termsOf(leaseId, l);
        uint16 paidPeriods = l.paidPeriods;
        if (paidPeriods == terms.periods) revert DataLeases_NoPeriodsLeft(leaseId);
        uint48 paidUntil = l.paidUntil;
        uint48 tolerance = terms.tolerance();
        if (_now() < paidUntil - tolerance || _now() >= paidUntil + tolerance) {
            revert DataLeases_OutsideWindow(leaseId, paidUntil - tolerance, paidUntil + tolerance);
        }
        _payInstalment(leaseId, l, terms, paidPeriods + 1, paidUntil > _now() ? paidUntil : _now());
    }

    /* ACTIONS: END */

    /// @inheritdoc IDataLeases
    function end(uint256 leaseId) external override nonReentrant {
        Lease storage l = _known(leaseId);
        PackedTerms storage terms = _termsOf(leaseId, l);
        if (l.status == Status.Approved) {
            _requireLicensee(l);
            _refund(leaseId, l, terms);
            return;
        }
        if (l.status != Status.Active) revert DataLeases_WrongStatus(leaseId, l.status);
        if (msg.sender != l.licensee) {
            uint48 overAt = l.paidPeriods == terms.periods ? l.paidUntil : l.paidUntil + terms.tolerance();
            (uint256 toDataset, uint256 toCommons,) = terms.cuts();
            if (_now() < overAt && !_isDead(terms.datasetId, toDataset + toCommons)) {
                revert DataLeases_NotOver(leaseId);
            }
        }
        _end(leaseId, l, terms);
    }

    /// @inheritdoc IDataLeases
    function terminate(uint256 leaseId, uint48 startBy, uint256 slashBps) external override nonReentrant onlyTimelock {
        if (slashBps > maxSlashBps) revert DataLeases_SlashTooLarge(leaseId, slashBps, maxSlashBps);
        Lease storage l = _known(leaseId);
        PackedTerms storage terms = _termsOf(leaseId, l);
        if (l.status == Status.Pending) revert DataLeases_WrongStatus(leaseId, l.status);
        if (startBy != l.startBy) revert DataLeases_WrongStartBy(leaseId, l.startBy, startBy);
        if (l.status == Status.Approved) {
            emit LeaseTerminated(leaseId, 0);
            _refund(leaseId, l, terms);
        } else if (l.status != Status.Refunded && !l.bondReleased && _now() < l.bondDueAt(terms, bondDelay)) {
            emit LeaseTerminated(leaseId, slashBps);
            if (l.status == Status.Active) _end(leaseId, l, terms);
            _slash(leaseId, l, terms, slashBps);
        }
    }

    /* ACTIONS: ERASURE */

    /// @inheritdoc IDataLeases
    function acknowledge(uint256 leaseId) external override nonReentrant {
        Lease storage l = _known(leaseId);
        _requireLicensee(l);
        if (l.status == Status.Pending || l.status == Status.Refunded) {
            revert DataLeases_WrongStatus(leaseId, l.status);
        }
        uint256 erasures = _registry.erasuresAt(_termsOf(leaseId, l).datasetId, _now());
        l.acknowledged = uint40(erasures);
        emit ErasuresAcknowledged(leaseId, erasures);
    }

    /// @inheritdoc IDataLeases
    function slashUnacknowledged(uint256 leaseId) external override nonReentrant {
        Lease storage l = _known(leaseId);
        if (l.paidUntil == 0) revert DataLeases_WrongStatus(leaseId, l.status);
        PackedTerms storage terms = _termsOf(leaseId, l);
        uint48 dueAt = l.bondDueAt(terms, bondDelay);
        if (l.bondReleased || _now() >= dueAt) revert DataLeases_BondDue(leaseId, dueAt);
        if (!_isOverdue(l, terms)) revert DataLeases_NotOverdue(leaseId);
        uint48 nextAt = l.ackSlashedAt + ackWindow;
        if (l.ackSlashedAt != 0 && _now() < nextAt) revert DataLeases_AlreadySlashed(leaseId, nextAt);
        l.ackSlashedAt = uint40(_now());
        if (_slash(leaseId, l, terms, ackSlashBps) == 0) revert DataLeases_NothingToSlash(leaseId);
    }

    /* ACTIONS: KEYS */

    /// @inheritdoc IDataLeases
    function rotateKey(uint256 leaseId, bytes32 hpkeKey) external override nonReentrant {
        Lease storage l = _known(leaseId);
        _requireLicensee(l);
        if (l.status == Status.Refunded || (l.status == Status.Ended && _now() >= l.paidUntil)) {
            revert DataLeases_WrongStatus(leaseId, l.status);
        }
        if (hpkeKey == 0) revert DataLeases_ZeroKey();
        l.hpkeKey = hpkeKey;
        emit KeyRotated(leaseId, hpkeKey);
    }

    /* ACTIONS: REFUNDS */

    /// @inheritdoc IDataLeases
    function refund(uint256 leaseId) external override nonReentrant {
        Lease storage l = _known(leaseId);
        if (l.status != Status.Pending && l.status != Status.Approved) {
            revert DataLeases_WrongStatus(leaseId, l.status);
        }
        if (!_isRefundable(leaseId, l)) revert DataLeases_NotRefundable(leaseId);
        _refund(leaseId, l, _termsOf(leaseId, l));
    }

    /// @inheritdoc IDataLeases
    function claimRefund(uint256 leaseId) external override nonReentrant returns (uint256 amount) {
        Lease storage l = _known(leaseId);
        return _payReturnable(leaseId, l, l.licensee);
    }

    /// @inheritdoc IDataLeases
    function claimRefundTo(uint256 leaseId, address recipient) external override nonReentrant returns (uint256 amount) {
        Lease storage l = _known(leaseId);
        _requireLicensee(l);
        if (recipient == address(0) || recipient == address(this)) revert DataLeases_InvalidRecipient(recipient);
        return _payReturnable(leaseId, l, recipient);
    }

    /// @inheritdoc IDataLeases
    function releaseBond(uint256 leaseId) external override nonReentrant {
        Lease storage l = _inStatus(leaseId, Status.Ended);
        if (l.bondReleased) return;
        PackedTerms storage terms = _termsOf(leaseId, l);
        uint48 dueAt = l.bondDueAt(terms, bondDelay);
        if (_now() < dueAt) revert DataLeases_BondLocked(leaseId, dueAt);
        l.bondReleased = true;
        uint256 amount = terms.bond - l.slashed;
        _s.returnable[leaseId] += amount;
        emit BondReleased(leaseId, amount);
    }

    /// @inheritdoc IDataLeases
    function withdrawTreasury() external override nonReentrant returns (uint256 amount) {
        amount = _s.treasuryOwed;
        if (amount == 0) return 0;
        _s.treasuryOwed = 0;
        emit TreasuryPaid(amount);
        _push(_timelock, amount);
    }

    /* INTERNALS: THE RUN */

    /// @dev The licensee's part is the same with and without custodians: it pays, and the clock runs.
    function _start(uint256 leaseId, Lease storage l) private {
        if (_now() >= l.startBy) revert DataLeases_TooLateToStart(leaseId, l.startBy);
        l.status = Status.Active;
        _payInstalment(leaseId, l, _termsOf(leaseId, l), l.paidPeriods + 1, _now());
    }

    function _end(uint256 leaseId, Lease storage l, PackedTerms storage terms) private {
        l.status = Status.Ended;
        uint256 returned = terms.rentAfter(l.paidPeriods);
        _s.returnable[leaseId] += returned;
        if (_now() >= l.paidUntil) _s.remove(leaseId, l, terms);
        emit LeaseEnded(leaseId, returned, l.paidUntil);
    }

    function _isOverdue(Lease storage l, PackedTerms storage terms) internal view returns (bool) {
        if (l.status != Status.Approved && l.paidUntil == 0) return false;
        return l.acknowledged < _registry.erasuresAt(terms.datasetId, l.erasuresUntil(ackWindow));
    }

    /* INTERNALS: MONEY */

    /// @dev Pays one instalment and moves the end of paid access. The dataset's pool must take it: without
    /// contributors no one is owed rent, and the licensee keeps its money.
    function _payInstalment(uint256 leaseId, Lease storage l, PackedTerms storage terms, uint16 period, uint48 from)
        private
    {
        (uint256 datasetId, uint256 minShares) = (terms.datasetId, terms.minShares);
        uint256 required = _registry.erasuresAt(datasetId, LeaseClock.knownUntil(ackWindow));
        if (l.acknowledged < required) revert DataLeases_Overdue(leaseId, l.acknowledged, required);
        // A dataset's shares are among those of the commons, and what may be owed is asked for both together: the
        // commons takes its part whenever the dataset does, and where that is dead the deposit refuses.
        (uint256 toDataset, uint256 toCommons, uint256 toTreasury) = terms.cuts();

        uint48 paidUntil = from + terms.periodLength;
        l.paidPeriods = period;
        l.paidUntil = uint40(paidUntil);
        emit InstalmentPaid(leaseId, period, toDataset, toCommons, toTreasury, paidUntil);
        if (toDataset != 0) {
            // else a grant: without rent there are no cuts
            _s.owed -= uint128(toDataset + toCommons); // both at most the price
            _s.treasuryOwed += uint96(toTreasury);
            _deposit(datasetId, toDataset, toCommons);
        }
        // Asked after the transfer, in which the asset may have called anybody.
        if (minShares != 0) {
            (, uint256 shares,,) = _splitter.pool(datasetId);
            if (shares < minShares) revert DataLeases_TooFewShares(datasetId, shares, minShares);
        }
    }

    /// @dev Takes `bps` of the original bond, or what earlier slashes left of the maximum.
    function _slash(uint256 leaseId, Lease storage l, PackedTerms storage terms, uint256 bps)
        private
        returns (uint256 amount)
    {
        uint256 left = uint256(terms.bond) * maxSlashBps / Protocol.BPS - l.slashed;
        amount = Math.min(uint256(terms.bond) * bps / Protocol.BPS, left);
        if (amount == 0) return 0;
        l.slashed += uint96(amount); // below the bond
        uint256 datasetId = terms.datasetId;
        bool toTreasury = _isDead(datasetId, amount);
        emit BondSlashed(leaseId, amount, toTreasury);
        if (toTreasury) {
            _s.treasuryOwed += amount.toUint96();
        } else {
            _s.owed -= uint128(amount); // at most the bond
            _deposit(datasetId, amount, 0);
        }
    }

    function _refund(uint256 leaseId, Lease storage l, PackedTerms storage terms) private {
        if (l.offerId != 0) _s.offers[l.offerId].taken -= 1;
        _s.remove(leaseId, l, terms);
        l.status = Status.Refunded;
        uint256 amount = terms.cost();
        _s.returnable[leaseId] = amount;
        emit LeaseRefunded(leaseId, amount);
    }

    function _payReturnable(uint256 leaseId, Lease storage l, address recipient) private returns (uint256 amount) {
        if (_isRefundable(leaseId, l)) _refund(leaseId, l, _termsOf(leaseId, l));
        amount = _s.returnable[leaseId];
        if (amount == 0) return 0;
        _s.returnable[leaseId] = 0;
        emit ReturnablePaid(leaseId, recipient, amount);
        _push(recipient, amount);
    }

    /// @dev A canceled request waits for its snapshot, so that spam costs its escrow for at least that long.
    function _isRefundable(uint256 leaseId, Lease storage l) private view returns (bool) {
        if (l.status == Status.Approved) return _now() >= l.startBy;
        if (l.status != Status.Pending) return false;
        uint256 proposalId = _proposalId(leaseId);
        IGovernor.ProposalState state = _governor.state(proposalId);
        if (state == IGovernor.ProposalState.Canceled) return _now() >= _governor.proposalSnapshot(proposalId);
        return state == IGovernor.ProposalState.Defeated || state == IGovernor.ProposalState.Expired;
    }
}
