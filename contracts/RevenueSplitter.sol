// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {System} from "./interfaces/ISystem.sol";
import {Accumulator} from "./libraries/Accumulator.sol";
import {Member, Members} from "./libraries/Members.sol";
import {Wiring} from "./libraries/Wiring.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title Revenue splitter
/// @notice One accumulator per pool: a deposit touches two slots whatever the number of members, a claim two more.
/// @dev The contract keeps state and moves money; `Accumulator` holds the arithmetic and the widths.
///
/// Every change of an account's shares goes through `_gain` or `_lose`, and both keep what it earned before: a gain by
/// moving the account's index to the average weighted by shares, a loss by putting the earnings into a credit.
///
/// There is no switch: nobody can pause, redirect or sweep; the contract retires when nothing is owed.
/// @custom:security-contact see SECURITY.md
contract RevenueSplitter is IRevenueSplitter, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev Two slots: the first is all that a claim reads, the second only deposits touch.
    struct Pool {
        uint176 acc;
        uint64 shares;
        uint192 received;
        uint64 carry;
    }

    /* CONSTANTS */

    /// @inheritdoc IRevenueSplitter
    uint256 public constant override SCALE = Accumulator.SCALE;
    /// @inheritdoc IRevenueSplitter
    uint256 public constant override MIN_POOL_SHARES = Accumulator.MIN_SHARES;
    /// @inheritdoc IRevenueSplitter
    uint256 public constant override MAX_POOL_SHARES = Accumulator.MAX_SHARES;
    uint256 private constant _COMMONS = 0;

    /* IMMUTABLES */

    IERC20 private immutable _asset;
    address private immutable _registry;
    address private immutable _token;

    /* STORAGE */

    mapping(uint256 poolId => Pool) private _pools;
    mapping(uint256 poolId => mapping(address account => Member)) private _members;
    /// @dev Earnings, in asset units, of shares that the account no longer has.
    mapping(uint256 poolId => mapping(address account => uint256)) private _credits;
    uint256 private _paid;
    /// @dev One more than the highest pool that ever had shares; bounds the sum in `conservation`.
    uint256 private _poolCount;

    constructor(System memory system, address asset_) {
        Wiring.requireSelf(system.splitter);
        Wiring.requireCode(system.token);
        Wiring.requireCode(asset_);
        _asset = IERC20(asset_);
        _registry = system.registry;
        _token = system.token;
    }

    modifier onlyRegistry() {
        if (msg.sender != _registry) revert RevenueSplitter_NotRegistry(msg.sender);
        _;
    }

    /* MONEY IN */

    /// @inheritdoc IRevenueSplitter
    function deposit(uint256 poolId, uint256 amount) external override nonReentrant {
        if (amount == 0) return;
        Pool storage p = _pools[poolId];
        if (p.shares < MIN_POOL_SHARES) revert RevenueSplitter_NoShares(poolId);
        if (amount > Accumulator.MAX_DEPOSIT) revert RevenueSplitter_AccumulatorFull(poolId, amount);

        // Money first, books second: whoever looks at the books from inside a transfer hook never sees more owed than
        // is there. The guard keeps other deposits and claims out; shares are read after the hook.
        uint256 before = _asset.balanceOf(address(this));
        _asset.safeTransferFrom(msg.sender, address(this), amount);
        uint256 arrived = _asset.balanceOf(address(this)) - before;
        if (arrived != amount) revert RevenueSplitter_WrongAmountReceived(amount, arrived);

        if (p.shares < MIN_POOL_SHARES) revert RevenueSplitter_NoShares(poolId);
        (uint256 growth, uint256 carry) = Accumulator.split(amount, p.carry, p.shares);
        uint256 acc = p.acc + growth;
        if (acc > Accumulator.MAX_ACC) revert RevenueSplitter_AccumulatorFull(poolId, amount);
        // The casts hold: acc was checked, carry < shares, and received fills later than acc (see Accumulator).
        p.acc = uint176(acc);
        p.received += uint192(amount);
        p.carry = uint64(carry);
        emit Deposited(poolId, msg.sender, amount, acc);
    }

    /* MONEY OUT */

    /// @inheritdoc IRevenueSplitter
    function claim(address account, uint256[] calldata poolIds)
        external
        override
        nonReentrant
        returns (uint256 amount)
    {
        return _claim(account, account, poolIds);
    }

    /// @inheritdoc IRevenueSplitter
    function claimTo(address recipient, uint256[] calldata poolIds)
        external
        override
        nonReentrant
        returns (uint256 amount)
    {
        if (recipient == address(0) || recipient == address(this)) {
            revert RevenueSplitter_InvalidRecipient(recipient);
        }
        return _claim(msg.sender, recipient, poolIds);
    }

    /* SHARES */

    /// @inheritdoc IRevenueSplitter
    function addPendingShares(uint256 poolId, uint256 shares)
        external
        override
        onlyRegistry
        returns (uint256 entryIndex)
    {
        Pool storage p = _pools[poolId];
        uint256 total = p.shares + shares;
        if (total > MAX_POOL_SHARES) revert RevenueSplitter_TooManyShares(poolId, total);
        if (poolId >= _poolCount) _poolCount = poolId + 1;
        p.shares = uint64(total);
        entryIndex = p.acc;
        emit PendingSharesAdded(poolId, shares, entryIndex);
    }

    /// @inheritdoc IRevenueSplitter
    function vestShares(uint256 poolId, address account, uint256 shares, uint256 entryIndex)
        external
        override
        onlyRegistry
    {
        // Only what the packed member can hold. Reading the pool again would cost each claim of a contribution 4,200
        // gas and could not tell a wrong entry from a right one.
        if (entryIndex > Accumulator.MAX_ACC) {
            revert RevenueSplitter_InvalidEntryIndex(poolId, entryIndex, Accumulator.MAX_ACC);
        }
        uint256 total = _members[poolId][account].shares() + shares;
        if (total > MAX_POOL_SHARES) revert RevenueSplitter_TooManyShares(poolId, total);
        _gain(poolId, account, shares, entryIndex);
    }

    /// @inheritdoc IRevenueSplitter
    function dropPendingShares(uint256 poolId, address account, uint256 shares, uint256 entryIndex)
        external
        override
        onlyRegistry
    {
        Pool storage p = _pools[poolId];
        uint256 acc = p.acc;
        _requireEntered(poolId, acc, entryIndex);
        if (shares > p.shares) revert RevenueSplitter_InsufficientShares(poolId, account, shares, p.shares);
        p.shares -= uint64(shares);
        uint256 credited;
        if (account != address(0)) {
            credited = Accumulator.earned(shares, acc, entryIndex);
            _addCredit(poolId, account, credited);
        }
        emit PendingSharesDropped(poolId, account, shares, credited);
    }

    /// @inheritdoc IRevenueSplitter
    function removeShares(uint256 poolId, address account, uint256 shares) external override onlyRegistry {
        _lose(poolId, account, shares);
        _pools[poolId].shares -= uint64(shares);
        emit SharesRemoved(poolId, account, shares);
    }

    /// @inheritdoc IRevenueSplitter
    function moveShares(address from, address to, uint256 shares) external override {
        if (msg.sender != _token) revert RevenueSplitter_NotToken(msg.sender);
        _lose(_COMMONS, from, shares);
        _gain(_COMMONS, to, shares, _pools[_COMMONS].acc);
        emit SharesMoved(from, to, shares);
    }

    /* VIEWS */

    /// @inheritdoc IRevenueSplitter
    function claimable(address account, uint256[] calldata poolIds) external view override returns (uint256 amount) {
        for (uint256 i = 0; i < poolIds.length; ++i) {
            amount += _owed(poolIds[i], account);
        }
    }

    /// @inheritdoc IRevenueSplitter
    function acceptsDeposit(uint256 poolId, uint256 amount) external view override returns (bool) {
        Pool storage p = _pools[poolId];
        if (p.shares < MIN_POOL_SHARES || amount > Accumulator.MAX_DEPOSIT) return false;
        (uint256 growth,) = Accumulator.split(amount, p.carry, p.shares);
        return p.acc + growth <= Accumulator.MAX_ACC;
    }

    /// @inheritdoc IRevenueSplitter
    function sharesOf(uint256 poolId, address account) external view override returns (uint256) {
        return _members[poolId][account].shares();
    }

    /// @inheritdoc IRevenueSplitter
    function pool(uint256 poolId)
        external
        view
        override
        returns (uint256 accumulator, uint256 shares, uint256 received, uint256 carry)
    {
        Pool storage p = _pools[poolId];
        return (p.acc, p.shares, p.received, p.carry);
    }

    /// @inheritdoc IRevenueSplitter
    function conservation()
        external
        view
        override
        returns (uint256 received, uint256 paid, uint256 owedUpperBound, uint256 carried)
    {
        uint256 count = _poolCount;
        for (uint256 i = 0; i < count; ++i) {
            received += _pools[i].received;
            carried += _pools[i].carry;
        }
        paid = _paid;
        owedUpperBound = (received * SCALE - carried) / SCALE - paid;
    }

    /// @inheritdoc IRevenueSplitter
    function asset() external view override returns (address) {
        return address(_asset);
    }

    /* INTERNALS */

    function _claim(address account, address recipient, uint256[] calldata poolIds) private returns (uint256 amount) {
        for (uint256 i = 0; i < poolIds.length; ++i) {
            amount += _collect(poolIds[i], account);
        }
        if (amount == 0) return 0;
        _paid += amount;
        emit Claimed(account, recipient, amount);
        _asset.safeTransfer(recipient, amount);
    }

    /// @dev Takes what the account is owed in the pool off the books. The index moves by what whole units stand for and
    /// no further, so that claims made often, by anyone, do not cost the account its fractions.
    function _collect(uint256 poolId, address account) private returns (uint256 amount) {
        Member m = _members[poolId][account];
        (uint256 index, uint256 shares, bool hasCredit) = m.unpack();
        amount = Accumulator.earned(shares, _pools[poolId].acc, index);
        if (amount != 0) index += Accumulator.indexGrowth(amount, shares);
        if (hasCredit) {
            amount += _credits[poolId][account];
            delete _credits[poolId][account];
        }
        if (amount != 0) _members[poolId][account] = Members.pack(index, shares, false);
    }

    function _owed(uint256 poolId, address account) private view returns (uint256 amount) {
        (uint256 index, uint256 shares, bool hasCredit) = _members[poolId][account].unpack();
        amount = Accumulator.earned(shares, _pools[poolId].acc, index);
        if (hasCredit) amount += _credits[poolId][account];
    }

    /// @dev Adds shares that have earned since `entryIndex`.
    function _gain(uint256 poolId, address account, uint256 shares, uint256 entryIndex) private {
        if (shares == 0) return;
        (uint256 index, uint256 held, bool hasCredit) = _members[poolId][account].unpack();
        index = Accumulator.blend(held, index, shares, entryIndex);
        _members[poolId][account] = Members.pack(index, held + shares, hasCredit);
    }

    /// @dev Takes shares away and keeps what they, and the remaining ones, earned so far as a credit.
    function _lose(uint256 poolId, address account, uint256 shares) private {
        (uint256 index, uint256 held, bool hasCredit) = _members[poolId][account].unpack();
        if (shares > held) revert RevenueSplitter_InsufficientShares(poolId, account, shares, held);
        uint256 acc = _pools[poolId].acc;
        uint256 earned = Accumulator.earned(held, acc, index);
        if (earned != 0) _credits[poolId][account] += earned;
        _members[poolId][account] = Members.pack(acc, held - shares, hasCredit || earned != 0);
    }

    /// @dev For earnings of shares that never were the account's own.
    function _addCredit(uint256 poolId, address account, uint256 amount) private {
        if (amount == 0) return;
        (uint256 index, uint256 shares,) = _members[poolId][account].unpack();
        _credits[poolId][account] += amount;
        _members[poolId][account] = Members.pack(index, shares, true);
    }

    function _requireEntered(uint256 poolId, uint256 acc, uint256 entryIndex) private pure {
        if (entryIndex > acc) revert RevenueSplitter_InvalidEntryIndex(poolId, entryIndex, acc);
    }
}
