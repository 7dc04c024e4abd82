// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataGovernor} from "../interfaces/IDataGovernor.sol";
import {IDataLeases} from "../interfaces/IDataLeases.sol";
import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {IEmergencyBrake} from "../interfaces/IEmergencyBrake.sol";
import {IRevenueSplitter} from "../interfaces/IRevenueSplitter.sol";
import {System} from "../interfaces/ISystem.sol";
import {LeaseTerms, PackedTerms} from "../libraries/LeaseTerms.sol";
import {Wiring} from "../libraries/Wiring.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @notice Parameters, counterparts and the state of a lease, and the checks that depend on time.
/// @dev Every external function that changes state is guarded against re-entry, even without a transfer: the asset may
/// call any contract during one.
abstract contract LeaseStore is IDataLeases, ReentrancyGuardTransient {
    using LeaseTerms for PackedTerms;

    /// @dev Three slots. Times are uint40 in storage (until the year 36812) and uint48 elsewhere. Rent still escrowed
    /// is not stored: it is the price of the periods not yet paid, until the lease is over.
    struct Lease {
        address licensee;
        Status status;
        /// @dev The offer whose terms it has; 0: its own terms.
        uint32 offerId;
        uint24 committeeEpoch;
        uint16 paidPeriods;
        /// @dev Whether it is part of the dataset's counter of live leases.
        bool counted;
        bool bondReleased;
        bytes32 hpkeKey;
        uint40 startBy;
        uint40 paidUntil;
        /// @dev Time of the last slash for a missed acknowledgement.
        uint40 ackSlashedAt;
        uint40 acknowledged;
        uint96 slashed;
    }

    /* CONSTANTS */

    /// @dev The longest governance cycle that voters may set is well below it; a bond is not kept longer than a year.
    uint256 private constant _MAX_BOND_DELAY = 366 days;
    /// @dev Time beyond the cycle to notice a breach and write a proposal.
    uint256 private constant _NOTICE = 7 days;
    /// @dev An hour is the least in which an account can react; half a year bounds how long escrow and erasure wait.
    uint256 private constant _MIN_WINDOW = 1 hours;
    uint256 private constant _MAX_WINDOW = 180 days;

    /* IMMUTABLES */

    /// @inheritdoc IDataLeases
    address public immutable override asset;
    /// @inheritdoc IDataLeases
    uint256 public immutable override minRequestEscrow;
    /// @inheritdoc IDataLeases
    uint48 public immutable override startWindow;
    /// @inheritdoc IDataLeases
    uint48 public immutable override ackWindow;
    /// @inheritdoc IDataLeases
    uint256 public immutable override ackSlashBps;
    /// @inheritdoc IDataLeases
    uint256 public immutable override maxSlashBps;
    /// @inheritdoc IDataLeases
    uint48 public immutable override bondDelay;

    address internal immutable _timelock;
    IEmergencyBrake internal immutable _brake;
    IRevenueSplitter internal immutable _splitter;
    IDataGovernor internal immutable _governor;
    IDatasetRegistry internal immutable _registry;

    /* STORAGE */

    mapping(uint256 leaseId => Lease) internal _leases;
    /// @dev Terms of the leases that were requested.
    mapping(uint256 leaseId => PackedTerms) internal _requestTerms;
    mapping(uint256 offerId => PackedTerms) internal _offerTerms;

    constructor(System memory system, address asset_, LeaseParams memory params) {
        Wiring.requireSelf(system.leases);
        Wiring.requireCode(system.timelock);
        Wiring.requireCode(system.brake);
        Wiring.requireCode(system.splitter);
        Wiring.requireCode(system.governor);
        Wiring.requireCode(asset_);
        _timelock = system.timelock;
        _brake = IEmergencyBrake(system.brake);
        _splitter = IRevenueSplitter(system.splitter);
        _governor = IDataGovernor(system.governor);
        _registry = IDatasetRegistry(system.registry);

        uint256 paidInto = uint160(_splitter.asset());
        _requireRange("asset", uint160(asset_), paidInto, paidInto);
        asset = asset_;
        _requireRange("minRequestEscrow", params.minRequestEscrow, 1, type(uint96).max);
        minRequestEscrow = params.minRequestEscrow;
        _requireRange("startWindow", params.startWindow, _MIN_WINDOW, _MAX_WINDOW);
        startWindow = params.startWindow;
        _requireRange("ackWindow", params.ackWindow, _MIN_WINDOW, _MAX_WINDOW);
        ackWindow = params.ackWindow;
        _requireRange("maxSlashBps", params.maxSlashBps, 0, LeaseTerms.BPS);
        maxSlashBps = params.maxSlashBps;
        _requireRange("ackSlashBps", params.ackSlashBps, 0, params.maxSlashBps);
        ackSlashBps = params.ackSlashBps;
        _requireRange("bondDelay", params.bondDelay, _governanceCycle() + _NOTICE + 1, _MAX_BOND_DELAY);
        bondDelay = params.bondDelay;
    }

    modifier onlyTimelock() {
        if (msg.sender != _timelock) revert DataLeases_NotTimelock(msg.sender);
        _;
    }

    /* LOOKUPS */

    function _known(uint256 leaseId) internal view returns (Lease storage l) {
        l = _leases[leaseId];
        if (l.status == Status.None) revert DataLeases_UnknownLease(leaseId);
    }

    function _inStatus(uint256 leaseId, Status status) internal view returns (Lease storage l) {
        l = _known(leaseId);
        if (l.status != status) revert DataLeases_WrongStatus(leaseId, l.status);
    }

    function _requireLicensee(Lease storage l) internal view {
        if (msg.sender != l.licensee) revert DataLeases_NotLicensee(msg.sender, l.licensee);
    }

    function _termsOf(uint256 leaseId, Lease storage l) internal view returns (PackedTerms storage) {
        return l.offerId == 0 ? _requestTerms[leaseId] : _offerTerms[l.offerId];
    }

    /* TIME */

    function _now() internal view returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @dev Once false for an approved lease, false for ever: what is not live can neither start nor be prolonged.
    function _isLive(Lease storage l, PackedTerms storage terms) internal view returns (bool) {
        if (l.status == Status.Approved) return _now() < l.startBy;
        if (l.status == Status.Active) return _now() < l.paidUntil + terms.tolerance();
        return l.status == Status.Ended && _now() < l.paidUntil;
    }

    /// @dev Erasures that were known for a whole `ackWindow`.
    function _requiredErasures(uint256 datasetId) internal view returns (uint256) {
        return _registry.erasuresAt(datasetId, _now() > ackWindow ? _now() - ackWindow : 0);
    }

    /// @dev A lease that was terminated before its start has nothing to erase.
    function _isOverdue(Lease storage l, PackedTerms storage terms) internal view returns (bool) {
        if (l.status != Status.Approved && l.paidUntil == 0) return false;
        return l.acknowledged < _requiredErasures(terms.datasetId);
    }

    function _requireUpToDate(uint256 leaseId, Lease storage l, PackedTerms storage terms) internal view {
        uint256 required = _requiredErasures(terms.datasetId);
        if (l.acknowledged < required) revert DataLeases_Overdue(leaseId, l.acknowledged, required);
    }

    /// @dev From then on the bond is due to the licensee, even if `end` was not called. Slashes stop here, before the
    /// call of `releaseBond`: no account can take what is due.
    function _bondDueAt(Lease storage l, PackedTerms storage terms) internal view returns (uint48) {
        uint48 delay = bondDelay;
        if (l.status == Status.Active && l.paidPeriods < terms.periods) {
            uint48 tolerance = terms.tolerance();
            if (tolerance > delay) delay = tolerance;
        }
        return l.paidUntil + delay;
    }

    /* CONSTRUCTION */

    /// @dev Longest way from a proposal to its execution with today's settings: delay, vote, extension, then all the
    /// time there is to queue, the timelock, and all the time there is to execute. A breach that shows on the last
    /// paid day can still be answered before the bond leaves.
    function _governanceCycle() private view returns (uint256) {
        return _governor.votingDelay() + _governor.votingPeriod() + _governor.lateQuorumVoteExtension()
            + _governor.EXPIRY() + TimelockController(payable(_timelock)).getMinDelay() + _governor.EXPIRY();
    }

    function _requireRange(string memory name, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert DataLeases_InvalidParameter(name, value, min, max);
    }
}
