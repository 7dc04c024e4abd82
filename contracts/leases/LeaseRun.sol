// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "../interfaces/IDataLeases.sol";
import {LeaseTerms, PackedTerms} from "../libraries/LeaseTerms.sol";
import {Signers} from "../libraries/Signers.sol";
import {LeaseRefunds} from "./LeaseRefunds.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice A lease from its start to its end: delivery, instalments, acknowledgement of erasures, termination.
/// @dev Nobody can shorten access that was paid: `paidUntil` only ever grows.
abstract contract LeaseRun is LeaseRefunds, EIP712 {
    using LeaseTerms for PackedTerms;
    using SafeCast for uint256;

    bytes32 private constant _READINESS_TYPEHASH =
        keccak256("Readiness(uint256 leaseId,bytes32 releaseRoot,uint256 committeeEpoch)");

    /* START */

    /// @inheritdoc IDataLeases
    function confirmDelivery(uint256 leaseId, bytes32 releaseRoot, bytes[] calldata signatures)
        external
        override
        nonReentrant
    {
        Lease storage l = _inStatus(leaseId, Status.Approved);
        uint256 epoch = l.committeeEpoch;
        _requireCustodians(
            epoch, _hashTypedDataV4(keccak256(abi.encode(_READINESS_TYPEHASH, leaseId, releaseRoot, epoch))), signatures
        );
        emit DeliveryConfirmed(leaseId, releaseRoot, epoch);
        _start(leaseId, l);
    }

    /// @inheritdoc IDataLeases
    function start(uint256 leaseId) external override nonReentrant {
        Lease storage l = _inStatus(leaseId, Status.Approved);
        _requireLicensee(l);
        _start(leaseId, l);
    }

    /* INSTALMENTS */

    /// @inheritdoc IDataLeases
    function startPeriod(uint256 leaseId) external override nonReentrant {
        Lease storage l = _inStatus(leaseId, Status.Active);
        PackedTerms storage terms = _termsOf(leaseId, l);
        if (l.paidPeriods == terms.periods) revert DataLeases_NoPeriodsLeft(leaseId);
        uint48 paidUntil = l.paidUntil;
        _requireInWindow(leaseId, paidUntil, terms.tolerance());
        _requireUpToDate(leaseId, l, terms);
        uint48 from = paidUntil > _now() ? paidUntil : _now();
        _payInstalment(leaseId, l, terms, from + terms.periodLength);
    }

    /* END */

    /// @inheritdoc IDataLeases
    function end(uint256 leaseId) external override nonReentrant {
        Lease storage l = _inStatus(leaseId, Status.Active);
        PackedTerms storage terms = _termsOf(leaseId, l);
        if (msg.sender != l.licensee) {
            uint48 overAt = l.paidPeriods == terms.periods ? l.paidUntil : l.paidUntil + terms.tolerance();
            if (_now() < overAt && !_hasDeadPool(terms)) revert DataLeases_NotOver(leaseId);
        }
        _end(leaseId, l, terms);
    }

    /// @inheritdoc IDataLeases
    function terminate(uint256 leaseId, uint256 slashBps) external override nonReentrant onlyTimelock {
        if (slashBps > maxSlashBps) revert DataLeases_SlashTooLarge(leaseId, slashBps, maxSlashBps);
        Lease storage l = _known(leaseId);
        PackedTerms storage terms = _termsOf(leaseId, l);
        if (l.status == Status.Approved) {
            // From then on all of it is refundable, whatever anybody votes.
            if (_now() >= l.startBy) revert DataLeases_TooLateToStart(leaseId, l.startBy);
            emit LeaseTerminated(leaseId, slashBps);
            _end(leaseId, l, terms);
            // No access was paid that the rest of the bond would have to vouch for. What is slashed leaves the bond
            // before the remainder becomes returnable.
            _slash(leaseId, l, terms, slashBps);
            _releaseBond(leaseId, l, terms);
        } else {
            if (l.status != Status.Active && l.status != Status.Ended) {
                revert DataLeases_WrongStatus(leaseId, l.status);
            }
            _requireBondHeld(leaseId, l, terms);
            emit LeaseTerminated(leaseId, slashBps);
            if (l.status == Status.Active) _end(leaseId, l, terms);
            _slash(leaseId, l, terms, slashBps);
        }
    }

    /* ERASURE */

    /// @inheritdoc IDataLeases
    function acknowledge(uint256 leaseId) external override nonReentrant {
        Lease storage l = _known(leaseId);
        _requireLicensee(l);
        if (l.status == Status.Pending || l.status == Status.Refunded) {
            revert DataLeases_WrongStatus(leaseId, l.status);
        }
        uint256 erasures = _registry.erasuresAt(_termsOf(leaseId, l).datasetId, _now());
        l.acknowledged = erasures.toUint40();
        emit ErasuresAcknowledged(leaseId, erasures);
    }

    /// @inheritdoc IDataLeases
    function slashUnacknowledged(uint256 leaseId) external override nonReentrant {
        Lease storage l = _known(leaseId);
        if (l.paidUntil == 0) revert DataLeases_WrongStatus(leaseId, l.status);
        PackedTerms storage terms = _termsOf(leaseId, l);
        _requireBondHeld(leaseId, l, terms);
        if (!_isOverdue(l, terms)) revert DataLeases_NotOverdue(leaseId);
        uint48 nextAt = l.ackSlashedAt + ackWindow;
        if (l.ackSlashedAt != 0 && _now() < nextAt) revert DataLeases_AlreadySlashed(leaseId, nextAt);
        l.ackSlashedAt = uint256(_now()).toUint40();
        if (_slash(leaseId, l, terms, ackSlashBps) == 0) revert DataLeases_SlashTooLarge(leaseId, ackSlashBps, 0);
    }

    /* KEYS */

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

    /* INTERNALS */

    /// @dev The licensee's part is the same with and without custodians: it pays, and the clock runs.
    function _start(uint256 leaseId, Lease storage l) private {
        if (_now() >= l.startBy) revert DataLeases_TooLateToStart(leaseId, l.startBy);
        PackedTerms storage terms = _termsOf(leaseId, l);
        _requireUpToDate(leaseId, l, terms);
        l.status = Status.Active;
        _payInstalment(leaseId, l, terms, _now() + terms.periodLength);
    }

    function _end(uint256 leaseId, Lease storage l, PackedTerms storage terms) private {
        l.status = Status.Ended;
        uint256 returned = terms.rentAfter(l.paidPeriods);
        _returnable[leaseId] += returned;
        if (_now() >= l.paidUntil) _uncount(leaseId, l, terms);
        emit LeaseEnded(leaseId, returned, l.paidUntil);
    }

    function _requireInWindow(uint256 leaseId, uint48 paidUntil, uint48 tolerance) private view {
        if (_now() < paidUntil - tolerance || _now() >= paidUntil + tolerance) {
            revert DataLeases_OutsideWindow(leaseId, paidUntil - tolerance, paidUntil + tolerance);
        }
    }

    function _requireBondHeld(uint256 leaseId, Lease storage l, PackedTerms storage terms) private view {
        uint48 dueAt = _bondDueAt(l, terms);
        if (l.bondReleased || _now() >= dueAt) revert DataLeases_BondDue(leaseId, dueAt);
    }

    /// @dev Seats are those of the committee that was current at approval; a seat's successor signs in its place.
    function _requireCustodians(uint256 epoch, bytes32 digest, bytes[] calldata signatures) private view {
        address previous = address(0);
        for (uint256 i = 0; i < signatures.length; ++i) {
            address signer = Signers.recover(digest, signatures[i]);
            // A signature that is not valid recovers to zero and ends here as well.
            if (signer <= previous) revert DataLeases_SignersNotAscending(previous, signer);
            (uint256 seat,) = _registry.seatOf(epoch, signer);
            if (seat == 0) revert DataLeases_NotCustodian(signer, epoch);
            previous = signer;
        }
        (, uint256 threshold) = _registry.seatOf(epoch, previous);
        if (signatures.length < threshold) revert DataLeases_InsufficientSignatures(signatures.length, threshold);
    }
}
