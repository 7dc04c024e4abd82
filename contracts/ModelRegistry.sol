// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataLeases} from "./interfaces/IDataLeases.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {System} from "./interfaces/ISystem.sol";
import {ExactTransfer} from "./libraries/ExactTransfer.sol";
import {Protocol} from "./libraries/Protocol.sol";
import {Wiring} from "./libraries/Wiring.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title Model registry
/// @notice Binds models to the leases they were trained under and splits what they earn. Documented on
/// `IModelRegistry`.
/// @dev A payment goes to the pools at once, because pools are the DAO's own and refuse no money for spite; the
/// beneficiary and the treasury are credited and pull.
///
/// There is no switch: no account can pause, redirect or sweep. A model cannot be changed; the contract retires when no
/// one pays and the credits are withdrawn.
/// @custom:security-contact see SECURITY.md
contract ModelRegistry is IModelRegistry, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev One slot: what a payment needs of a lease, whose terms never change.
    struct Royalty {
        uint64 leaseId;
        uint64 datasetId;
        uint16 bps;
    }

    struct Model {
        address owner;
        address beneficiary;
        bool openSource;
        bytes32 modelHash;
        string uri;
        uint256 received;
        Royalty[] royalties;
    }

    /* CONSTANTS */

    /// @dev Bounds the loop of a payment.
    uint256 private constant _MAX_LEASES = 8;

    /* IMMUTABLES */

    /// @inheritdoc IModelRegistry
    address public immutable override asset;
    address private immutable _timelock;
    IRevenueSplitter private immutable _splitter;
    IDataLeases private immutable _leases;

    /* STORAGE */

    /// @inheritdoc IModelRegistry
    uint256 public override modelCount;
    mapping(uint256 modelId => Model) private _models;
    /// @inheritdoc IModelRegistry
    mapping(address account => uint256) public override creditOf;
    /// @dev Sum of all credits, and of what no part of a payment has reached yet.
    uint256 private _owed;

    constructor(System memory system, address asset_) {
        Wiring.requireSelf(system.models);
        Wiring.requireCode(system.timelock);
        Wiring.requireCode(system.splitter);
        Wiring.requireCode(system.leases);
        _timelock = system.timelock;
        _splitter = IRevenueSplitter(system.splitter);
        _leases = IDataLeases(system.leases);
        address paidInto = _splitter.asset();
        if (asset_ != paidInto) revert ModelRegistry_WrongAsset(paidInto, asset_);
        asset = asset_;
    }

    /* ACTIONS: LICENSEE */

    /// @inheritdoc IModelRegistry
    function register(
        uint256[] calldata leaseIds,
        bytes32 modelHash,
        string calldata uri,
        bool openSource,
        address beneficiary
    ) external override nonReentrant returns (uint256 modelId) {
        if (leaseIds.length == 0 || leaseIds.length > _MAX_LEASES) {
            revert ModelRegistry_InvalidLeaseCount(leaseIds.length, 1, _MAX_LEASES);
        }
        if (beneficiary == address(0) || beneficiary == address(this)) {
            revert ModelRegistry_InvalidBeneficiary(beneficiary);
        }
        modelId = ++modelCount;
        Model storage m = _models[modelId];
        m.owner = msg.sender;
        m.beneficiary = beneficiary;
        m.openSource = openSource;
        m.modelHash = modelHash;
        m.uri = uri;
        uint256 sum = 0;
        for (uint256 i = 0; i < leaseIds.length; ++i) {
            if (i != 0 && leaseIds[i] <= leaseIds[i - 1]) {
                revert ModelRegistry_LeasesNotAscending(leaseIds[i - 1], leaseIds[i]);
            }
            Royalty memory royalty = _royaltyOf(leaseIds[i]);
            sum += royalty.bps;
            m.royalties.push(royalty);
        }
        if (sum > Protocol.BPS) revert ModelRegistry_RoyaltiesTooHigh(sum, Protocol.BPS);
        emit ModelRegistered(modelId, msg.sender, leaseIds, modelHash, uri, openSource, beneficiary);
    }

    /* ACTIONS: ANYONE */

    /// @inheritdoc IModelRegistry
    function pay(uint256 modelId, address owner, bytes32 modelHash, uint256 amount) external override nonReentrant {
        Model storage m = _models[modelId];
        if (m.owner == address(0)) revert ModelRegistry_UnknownModel(modelId);
        if (owner != m.owner || modelHash != m.modelHash) {
            revert ModelRegistry_OtherModel(modelId, m.owner, m.modelHash);
        }
        _pull(amount);
        uint256 before = m.received;
        uint256 received = before + amount;
        m.received = received;

        // Each pool is asked right before its deposit: an earlier one may have filled it. What stays here is booked
        // last, when the deposits have left, so that what is owed never exceeds what is there.
        uint256 free = amount;
        uint256 toTreasury = 0;
        uint256 rest = Protocol.BPS;
        uint256 count = m.royalties.length;
        for (uint256 i = 0; i < count; ++i) {
            Royalty memory royalty = m.royalties[i];
            rest -= royalty.bps;
            uint256 part = _part(before, received, royalty.bps);
            if (part == 0) continue;
            bool dead = !_splitter.acceptsDeposit(royalty.datasetId, part);
            if (dead) {
                toTreasury += part;
            } else {
                // A part may take a unit more than there is of this payment: one that waited.
                if (part > free) _owed -= part - free;
                free -= part < free ? part : free;
                IERC20(asset).forceApprove(address(_splitter), part);
                _splitter.deposit(royalty.datasetId, part);
            }
            emit RoyaltyPaid(modelId, royalty.leaseId, part, dead);
        }
        uint256 toBeneficiary = _part(before, received, rest);
        _owed += free;
        creditOf[_timelock] += toTreasury;
        creditOf[m.beneficiary] += toBeneficiary;
        emit ModelPaid(modelId, msg.sender, amount, toBeneficiary);
    }

    /// @inheritdoc IModelRegistry
    function withdraw(address account) external override nonReentrant returns (uint256 amount) {
        return _withdraw(account, account);
    }

    /// @inheritdoc IModelRegistry
    function withdrawTo(address recipient) external override nonReentrant returns (uint256 amount) {
        if (recipient == address(0) || recipient == address(this)) revert ModelRegistry_InvalidRecipient(recipient);
        return _withdraw(msg.sender, recipient);
    }

    /* VIEWS */

    /// @inheritdoc IModelRegistry
    function model(uint256 modelId) external view override returns (ModelInfo memory info) {
        Model storage m = _models[modelId];
        info.owner = m.owner;
        info.beneficiary = m.beneficiary;
        info.modelHash = m.modelHash;
        info.openSource = m.openSource;
        info.uri = m.uri;
        info.received = m.received;
        info.leaseIds = new uint256[](m.royalties.length);
        for (uint256 i = 0; i < info.leaseIds.length; ++i) {
            info.leaseIds[i] = m.royalties[i].leaseId;
            info.royaltyBps += m.royalties[i].bps;
        }
    }

    /// @inheritdoc IModelRegistry
    function solvency() external view override returns (uint256 balance, uint256 owed) {
        return (IERC20(asset).balanceOf(address(this)), _owed);
    }

    /* INTERNALS */

    /// @dev A lease counts as started once an instalment was paid, also after its end: what was trained stays trained.
    function _royaltyOf(uint256 leaseId) private view returns (Royalty memory) {
        IDataLeases.LeaseInfo memory l = _leases.lease(leaseId);
        if (l.licensee != msg.sender) revert ModelRegistry_NotLicensee(leaseId, msg.sender, l.licensee);
        if (l.paidUntil == 0) revert ModelRegistry_NotStarted(leaseId);
        (IDataLeases.Terms memory terms,,) = _leases.leaseTerms(leaseId);
        // The casts hold: `DataLeases` keeps these in narrower or equal fields.
        return Royalty(uint64(leaseId), uint64(terms.datasetId), uint16(terms.royaltyBps));
    }

    function _pull(uint256 amount) private {
        if (amount == 0) return;
        (, uint256 arrived) = ExactTransfer.pull(IERC20(asset), msg.sender, amount);
        if (arrived != amount) revert ModelRegistry_WrongAmountReceived(amount, arrived);
    }

    /// @dev What `bps` of all payments come to after one of them, less before. The parts of one payment may add up to
    /// less than it, never to more than it and what waited.
    function _part(uint256 before, uint256 received, uint256 bps) private pure returns (uint256) {
        return received * bps / Protocol.BPS - before * bps / Protocol.BPS;
    }

    function _withdraw(address account, address recipient) private returns (uint256 amount) {
        amount = creditOf[account];
        if (amount == 0) return 0;
        creditOf[account] = 0;
        _owed -= amount;
        emit Withdrawn(account, recipient, amount);
        IERC20(asset).safeTransfer(recipient, amount);
    }
}
