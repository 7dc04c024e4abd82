// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataGovernor} from "../interfaces/IDataGovernor.sol";
import {IDataLeases} from "../interfaces/IDataLeases.sol";
import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {IEmergencyBrake} from "../interfaces/IEmergencyBrake.sol";
import {IRevenueSplitter} from "../interfaces/IRevenueSplitter.sol";
import {System} from "../interfaces/ISystem.sol";
import {ExactTransfer} from "../libraries/ExactTransfer.sol";
import {Protocol} from "../libraries/Protocol.sol";
import {Wiring} from "../libraries/Wiring.sol";
import {LeaseTerms, PackedTerms} from "../types/LeaseTerms.sol";
import {Lease, LeaseClock, LeaseState} from "../types/LeaseTypes.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice What requests, offers and running leases share: parameters, counterparts, the state, and all transfers.
/// @dev Every external function that changes state is guarded against re-entry, also those that move no money: the
/// asset may call anybody while it is transferred.
abstract contract LeaseBase is IDataLeases, ReentrancyGuardTransient {
    using LeaseClock for Lease;
    using LeaseTerms for PackedTerms;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

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

    LeaseState internal _s;

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

        if (asset_ != _splitter.asset()) revert DataLeases_WrongAsset(_splitter.asset(), asset_);
        asset = asset_;
        _requireRange("minRequestEscrow", params.minRequestEscrow, 1, type(uint96).max);
        minRequestEscrow = params.minRequestEscrow;
        _requireRange("startWindow", params.startWindow, _MIN_WINDOW, _MAX_WINDOW);
        startWindow = params.startWindow;
        _requireRange("ackWindow", params.ackWindow, _MIN_WINDOW, _MAX_WINDOW);
        ackWindow = params.ackWindow;
        _requireRange("maxSlashBps", params.maxSlashBps, 0, Protocol.BPS);
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

    /* INTERNALS: LOOKUPS */

    function _now() internal view returns (uint48) {
        return uint48(block.timestamp);
    }

    function _known(uint256 leaseId) internal view returns (Lease storage l) {
        l = _s.leases[leaseId];
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
        return l.offerId == 0 ? _s.requestTerms[leaseId] : _s.offerTerms[l.offerId];
    }

    /// @dev The one action of a lease's proposal. The governor knows the proposal by it.
    function _proposal(uint256 leaseId)
        internal
        view
        returns (address[] memory targets, uint256[] memory values, bytes[] memory calldatas)
    {
        targets = new address[](1);
        values = new uint256[](1);
        calldatas = new bytes[](1);
        targets[0] = address(this);
        calldatas[0] = abi.encodeCall(IDataLeases.approve, (leaseId, _s.requestTerms[leaseId].hash()));
    }

    function _proposalId(uint256 leaseId) internal view returns (uint256) {
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas) = _proposal(leaseId);
        return _governor.getProposalId(targets, values, calldatas, 0);
    }

    /* INTERNALS: MONEY */

    /// @dev Another sender may have used the permit, and then the allowance is there; if it is not, the transfer fails.
    function _permit(uint256 amount, Permit calldata p) internal {
        try IERC20Permit(asset).permit(msg.sender, address(this), amount, p.deadline, p.v, p.r, p.s) {} catch {}
    }

    /// @dev Money first, books second; the guard keeps others out meanwhile.
    function _pull(address from, uint256 amount) internal {
        if (amount == 0) return;
        (, uint256 arrived) = ExactTransfer.pull(IERC20(asset), from, amount);
        if (arrived != amount) revert DataLeases_WrongAmountReceived(amount, arrived);
        _s.owed += amount.toUint128();
    }

    function _push(address to, uint256 amount) internal {
        _s.owed -= amount.toUint128();
        IERC20(asset).safeTransfer(to, amount);
    }

    /// @dev Into the splitter, which is allowed exactly what it will pull: a standing allowance some assets refuse,
    /// count down or cap. An amount of zero is no deposit. The caller has lowered `owed`.
    function _deposit(uint256 datasetId, uint256 toDataset, uint256 toCommons) internal {
        uint256[] memory pools = new uint256[](2);
        uint256[] memory amounts = new uint256[](2);
        (pools[0], amounts[0]) = (datasetId, toDataset);
        (pools[1], amounts[1]) = (Protocol.COMMONS, toCommons);
        uint256 total = toDataset + toCommons;
        IERC20(asset).forceApprove(address(_splitter), total);
        try _splitter.depositMany(pools, amounts) {}
        catch (bytes memory reason) {
            // Asked only now: most deposits are taken, and the question costs as much as half of one.
            if (_isDead(datasetId, total)) revert DataLeases_DeadPool(datasetId);
            Address.verifyCallResult(false, reason);
        }
    }

    function _isDead(uint256 poolId, uint256 amount) internal view returns (bool) {
        return amount != 0 && !_splitter.acceptsDeposit(poolId, amount);
    }

    /* INTERNALS: CONSTRUCTION */

    /// @dev Longest way from a proposal to its execution with today's settings: delay, vote, extension, then all the
    /// time there is to queue, the timelock, and all the time there is to execute. A breach that shows on the last
    /// paid day can still be answered before the bond leaves.
    function _governanceCycle() private view returns (uint256) {
        return _governor.votingDelay() + _governor.votingPeriod() + _governor.lateQuorumVoteExtension()
            + _governor.EXPIRY() + TimelockController(payable(_timelock)).getMinDelay() + _governor.EXPIRY();
    }

    function _requireRange(bytes32 name, uint256 value, uint256 min, uint256 max) private pure {
        if (Protocol.isOutside(value, min, max)) revert DataLeases_InvalidParameter(name, value, min, max);
    }
}
