// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRevenueSplitter} from "../../interfaces/IRevenueSplitter.sol";
import {System} from "../../interfaces/ISystem.sol";
import {Accumulator} from "../../libraries/Accumulator.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice `RevenueSplitter` with one line wrong. Tests show that they notice each flaw, and nothing without a flaw.
/// @dev A copy, so that the real contract needs no hook for it. Guards and checks are those of the original.
contract TwinSplitter {
    using SafeERC20 for IERC20;

    enum Flaw {
        None,
        /// Takes shares away without crediting what they earned.
        RemovesUnsettled,
        /// Rounds what is owed up.
        RoundsUp,
        /// Accepts money for an empty pool and gives it to whoever comes next.
        PaysNextComer,
        /// Never pays.
        ClaimReverts,
        /// Gives shares to a holder without moving its index: they earn from the past.
        IgnoresEntry,
        /// Forgets the remainder of each division.
        DropsRemainder,
        /// Books what was asked, not what arrived.
        BooksFaceValue,
        /// Pays whoever calls.
        PaysTheCaller
    }

    struct Pool {
        uint256 acc;
        uint256 shares;
        uint256 received;
        uint256 carry;
    }

    struct Member {
        uint256 index;
        uint256 shares;
        uint256 credit;
    }

    uint256 public constant SCALE = Accumulator.SCALE;
    uint256 public constant MIN_POOL_SHARES = Accumulator.MIN_SHARES;
    uint256 public constant MAX_POOL_SHARES = Accumulator.MAX_SHARES;

    IERC20 private immutable _asset;
    System private _system;
    Flaw private immutable _flaw;

    mapping(uint256 poolId => Pool) public pool;
    mapping(uint256 poolId => mapping(address account => Member)) private _members;
    uint256 private _paid;
    uint256 private _poolCount;

    constructor(System memory system, address asset_, Flaw flaw) {
        _asset = IERC20(asset_);
        _system = system;
        _flaw = flaw;
    }

    modifier onlyRegistry() {
        if (msg.sender != _system.registry) revert IRevenueSplitter.RevenueSplitter_NotRegistry(msg.sender);
        _;
    }

    function deposit(uint256 poolId, uint256 amount) external {
        if (amount == 0) return;
        Pool storage p = pool[poolId];
        bool empty = p.shares < MIN_POOL_SHARES;
        if (empty && _flaw != Flaw.PaysNextComer) revert IRevenueSplitter.RevenueSplitter_NoShares(poolId);
        if (amount > Accumulator.MAX_DEPOSIT) {
            revert IRevenueSplitter.RevenueSplitter_AccumulatorFull(poolId, amount);
        }
        uint256 before = _asset.balanceOf(address(this));
        _asset.safeTransferFrom(msg.sender, address(this), amount);
        uint256 arrived = _asset.balanceOf(address(this)) - before;
        if (arrived != amount && _flaw != Flaw.BooksFaceValue) {
            revert IRevenueSplitter.RevenueSplitter_WrongAmountReceived(amount, arrived);
        }
        uint256 growth = 0;
        uint256 carry = p.carry + amount * SCALE;
        if (!empty) (growth, carry) = Accumulator.split(amount, p.carry, p.shares);
        if (p.acc + growth > Accumulator.MAX_ACC) {
            revert IRevenueSplitter.RevenueSplitter_AccumulatorFull(poolId, amount);
        }
        p.acc += growth;
        p.received += amount;
        p.carry = _flaw == Flaw.DropsRemainder ? 0 : carry;
        emit IRevenueSplitter.Deposited(poolId, msg.sender, amount, p.acc);
    }

    function claim(address account, uint256[] calldata poolIds) external returns (uint256) {
        return _claim(account, _flaw == Flaw.PaysTheCaller ? msg.sender : account, poolIds);
    }

    function claimTo(address recipient, uint256[] calldata poolIds) external returns (uint256) {
        if (recipient == address(0) || recipient == address(this)) {
            revert IRevenueSplitter.RevenueSplitter_InvalidRecipient(recipient);
        }
        return _claim(msg.sender, recipient, poolIds);
    }

    function addPendingShares(uint256 poolId, uint256 shares) external onlyRegistry returns (uint256) {
        Pool storage p = pool[poolId];
        uint256 total = p.shares + shares;
        if (total > MAX_POOL_SHARES) revert IRevenueSplitter.RevenueSplitter_TooManyShares(poolId, total);
        if (poolId >= _poolCount) _poolCount = poolId + 1;
        p.shares = total;
        emit IRevenueSplitter.PendingSharesAdded(poolId, shares, p.acc);
        return p.acc;
    }

    function vestShares(uint256 poolId, address account, uint256 shares, uint256 entryIndex) external onlyRegistry {
        uint256 width = Accumulator.MAX_ACC;
        if (entryIndex > width) {
            revert IRevenueSplitter.RevenueSplitter_InvalidEntryIndex(poolId, entryIndex, width);
        }
        uint256 total = _members[poolId][account].shares + shares;
        if (total > MAX_POOL_SHARES) revert IRevenueSplitter.RevenueSplitter_TooManyShares(poolId, total);
        _gain(poolId, account, shares, entryIndex);
    }

    function dropPendingShares(uint256 poolId, address account, uint256 shares, uint256 entryIndex)
        external
        onlyRegistry
    {
        _requirePending(poolId, account, shares, entryIndex);
        Pool storage p = pool[poolId];
        p.shares -= shares;
        uint256 credited = account == address(0) ? 0 : _earned(shares, p.acc, entryIndex);
        _members[poolId][account].credit += credited;
        emit IRevenueSplitter.PendingSharesDropped(poolId, account, shares, credited);
    }

    function removeShares(uint256 poolId, address account, uint256 shares) external onlyRegistry {
        _lose(poolId, account, shares);
        pool[poolId].shares -= shares;
        emit IRevenueSplitter.SharesRemoved(poolId, account, shares);
    }

    function moveShares(address from, address to, uint256 shares) external {
        if (msg.sender != _system.token) revert IRevenueSplitter.RevenueSplitter_NotToken(msg.sender);
        _lose(0, from, shares);
        _gain(0, to, shares, pool[0].acc);
        emit IRevenueSplitter.SharesMoved(from, to, shares);
    }

    function claimable(address account, uint256[] calldata poolIds) external view returns (uint256 amount) {
        for (uint256 i = 0; i < poolIds.length; ++i) {
            Member storage m = _members[poolIds[i]][account];
            amount += m.credit + _earned(m.shares, pool[poolIds[i]].acc, m.index);
        }
    }

    function acceptsDeposit(uint256 poolId, uint256 amount) external view returns (bool) {
        Pool storage p = pool[poolId];
        if (p.shares < MIN_POOL_SHARES || amount > Accumulator.MAX_DEPOSIT) return false;
        (uint256 growth,) = Accumulator.split(amount, p.carry, p.shares);
        return p.acc + growth <= Accumulator.MAX_ACC;
    }

    function sharesOf(uint256 poolId, address account) external view returns (uint256) {
        return _members[poolId][account].shares;
    }

    function conservation()
        external
        view
        returns (uint256 received, uint256 paid, uint256 owedUpperBound, uint256 carried)
    {
        for (uint256 i = 0; i < _poolCount; ++i) {
            received += pool[i].received;
            carried += pool[i].carry;
        }
        paid = _paid;
        owedUpperBound = (received * SCALE - carried) / SCALE - paid;
    }

    function _claim(address account, address recipient, uint256[] calldata poolIds) private returns (uint256 amount) {
        for (uint256 i = 0; i < poolIds.length; ++i) {
            Member storage m = _members[poolIds[i]][account];
            uint256 earned = _earned(m.shares, pool[poolIds[i]].acc, m.index);
            if (earned != 0) m.index += Accumulator.indexGrowth(earned, m.shares);
            amount += earned + m.credit;
            m.credit = 0;
        }
        if (amount == 0) return 0;
        // Any error will do: the original never refuses what it owes.
        if (_flaw == Flaw.ClaimReverts) revert IRevenueSplitter.RevenueSplitter_NoShares(0);
        _paid += amount;
        emit IRevenueSplitter.Claimed(account, recipient, amount);
        _asset.safeTransfer(recipient, amount);
    }

    function _gain(uint256 poolId, address account, uint256 shares, uint256 entryIndex) private {
        if (shares == 0) return;
        Member storage m = _members[poolId][account];
        if (_flaw != Flaw.IgnoresEntry) m.index = Accumulator.blend(m.shares, m.index, shares, entryIndex);
        m.shares += shares;
    }

    function _lose(uint256 poolId, address account, uint256 shares) private {
        Member storage m = _members[poolId][account];
        if (shares > m.shares) {
            revert IRevenueSplitter.RevenueSplitter_InsufficientShares(poolId, account, shares, m.shares);
        }
        uint256 acc = pool[poolId].acc;
        if (_flaw != Flaw.RemovesUnsettled) m.credit += _earned(m.shares, acc, m.index);
        m.index = acc;
        m.shares -= shares;
    }

    function _earned(uint256 shares, uint256 acc, uint256 index) private view returns (uint256) {
        if (_flaw != Flaw.RoundsUp) return Accumulator.earned(shares, acc, index);
        // Rounding up can move an index beyond the accumulator, by less than a unit.
        return acc > index ? Math.ceilDiv(shares * (acc - index), SCALE) : 0;
    }

    function _requirePending(uint256 poolId, address account, uint256 shares, uint256 entryIndex) private view {
        Pool storage p = pool[poolId];
        if (entryIndex > p.acc) {
            revert IRevenueSplitter.RevenueSplitter_InvalidEntryIndex(poolId, entryIndex, p.acc);
        }
        if (shares > p.shares) {
            revert IRevenueSplitter.RevenueSplitter_InsufficientShares(poolId, account, shares, p.shares);
        }
    }
}
