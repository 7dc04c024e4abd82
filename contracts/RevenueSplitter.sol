// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataToken} from "./interfaces/IDataToken.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {System} from "./interfaces/ISystem.sol";
import {Accumulator} from "./libraries/Accumulator.sol";
import {ExactTransfer} from "./libraries/ExactTransfer.sol";
import {Protocol} from "./libraries/Protocol.sol";
import {Wiring} from "./libraries/Wiring.sol";
import {Member, Members} from "./types/Members.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Revenue splitter
/// @notice One accumulator per dataset pool and one for the commons: a deposit touches two slots whatever the number of
/// members, a claim of income two more.
/// @dev The contract keeps state and moves money; `Accumulator` holds the arithmetic and the widths.
///
/// Every share of every dataset earns the commons alike, so no account is a member of pool 0: a member of pool d has
/// one index over `acc_d + acc_0`. Every change of an account's shares goes through `_gain` or `_lose`, and both keep
/// what it earned before: a gain by moving the account's index to the average weighted by shares, a loss by putting the
/// earnings into a credit.
///
/// There is no switch: no account can pause, redirect or sweep; the contract retires when nothing is owed.
/// @custom:security-contact see SECURITY.md
contract RevenueSplitter is IRevenueSplitter, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev Two slots: the first is all that a claim reads, the second only deposits touch.
    struct Pool {
        uint176 acc;
        uint64 shares;
        uint128 received;
        uint64 carry;
    }

    /// @dev The first slot is what every claim reads and writes: the commons' accumulator, and the low part of all that
    /// was ever paid. The high part changes once in 2**80 units. `shares` are those of all pools.
    struct Commons {
        uint176 acc;
        uint80 paidLow;
        uint64 shares;
        uint64 carry;
        uint128 received;
        uint48 paidHigh;
        uint32 poolCount;
    }

    /* CONSTANTS */

    /// @inheritdoc IRevenueSplitter
    uint256 public constant override SCALE = Accumulator.SCALE;
    /// @inheritdoc IRevenueSplitter
    uint256 public constant override MIN_POOL_SHARES = Accumulator.MIN_SHARES;
    /// @inheritdoc IRevenueSplitter
    uint256 public constant override MAX_POOL_SHARES = Accumulator.MAX_SHARES;
    /// @inheritdoc IRevenueSplitter
    uint256 public constant override MAX_OWED = Accumulator.MAX_OWED;

    /* IMMUTABLES */

    IERC20 private immutable _asset;
    address private immutable _registry;
    address private immutable _token;

    /* STORAGE */

    Commons private _commons;
    mapping(uint256 poolId => Pool) private _pools;
    mapping(uint256 poolId => mapping(address account => Member)) private _members;
    /// @dev Earnings, in asset units, of shares that the account no longer has. Those of an account without any shares
    /// stand in its member word, in place of an index: whoever leaves opens no slot.
    mapping(uint256 poolId => mapping(address account => uint256)) private _credits;

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

    /* ACTIONS: MONEY IN */

    /// @inheritdoc IRevenueSplitter
    function deposit(uint256 poolId, uint256 amount) external override nonReentrant {
        if (amount == 0) return;
        _requireShares(poolId, _sharesIn(poolId));
        _pull(amount);
        _enter(poolId, amount);
    }

    /// @inheritdoc IRevenueSplitter
    function depositMany(uint256[] calldata poolIds, uint256[] calldata amounts) external override nonReentrant {
        if (poolIds.length != amounts.length) {
            revert RevenueSplitter_LengthMismatch(poolIds.length, amounts.length);
        }
        uint256 total = 0;
        for (uint256 i = 0; i < amounts.length; ++i) {
            if (amounts[i] != 0) _requireShares(poolIds[i], _sharesIn(poolIds[i]));
            total += amounts[i];
        }
        _pull(total);
        for (uint256 i = 0; i < poolIds.length; ++i) {
            _enter(poolIds[i], amounts[i]);
        }
    }

    /* ACTIONS: MONEY OUT */

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
        // Where its pools were moved nothing is left to pay; of the others only the token knows.
        (address holder,) = IDataToken(_token).holderOf(msg.sender);
        if (holder != msg.sender) revert RevenueSplitter_AccountSucceeded(msg.sender, holder);
        return _claim(msg.sender, recipient, poolIds);
    }

    /// @inheritdoc IRevenueSplitter
    function claimFor(address[] calldata accounts, uint256[] calldata poolIds)
        external
        override
        nonReentrant
        returns (uint256 amount)
    {
        for (uint256 i = 0; i < accounts.length; ++i) {
            // A call of its own, so that a payout that fails takes its books back with it.
            try this.claimWithin(accounts[i], poolIds) returns (uint256 paid) {
                amount += paid;
            } catch {
                emit ClaimSkipped(accounts[i]);
            }
        }
    }

    /// @inheritdoc IRevenueSplitter
    function claimWithin(address account, uint256[] calldata poolIds) external override returns (uint256 amount) {
        if (msg.sender != address(this)) revert RevenueSplitter_NotSelf(msg.sender);
        return _claim(account, account, poolIds);
    }

    /* ACTIONS: SHARES */

    /// @inheritdoc IRevenueSplitter
    function addPendingShares(uint256 poolId, uint256 shares)
        external
        override
        onlyRegistry
        returns (uint256 entryIndex)
    {
        Pool storage p = _pools[poolId];
        // The casts hold: all shares are those of every pool together.
        uint256 all = _commons.shares + shares;
        if (all > MAX_POOL_SHARES) revert RevenueSplitter_TooManyShares(poolId, all);
        _commons.shares = uint64(all);
        if (poolId >= _commons.poolCount) _commons.poolCount = uint32(poolId + 1);
        p.shares += uint64(shares);
        entryIndex = _index(p);
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
        if (entryIndex > Accumulator.MAX_INDEX) revert RevenueSplitter_InvalidEntryIndex(poolId, entryIndex);
        _gain(poolId, account, shares, entryIndex);
    }

    /// @inheritdoc IRevenueSplitter
    function dropPendingShares(uint256 poolId, address account, uint256 shares, uint256 entryIndex)
        external
        override
        onlyRegistry
    {
        Pool storage p = _pools[poolId];
        uint256 index = _index(p);
        if (entryIndex > Accumulator.MAX_INDEX || Accumulator.growthSince(index, entryIndex) > Accumulator.MAX_GROWTH) {
            revert RevenueSplitter_InvalidEntryIndex(poolId, entryIndex);
        }
        if (shares > p.shares) revert RevenueSplitter_InsufficientShares(poolId, account, shares, p.shares);
        _takeOut(p, shares);
        uint256 credited;
        if (account != address(0)) {
            credited = Accumulator.earned(shares, index, entryIndex);
            _addCredit(poolId, account, credited);
        }
        emit PendingSharesDropped(poolId, account, shares, credited);
    }

    /// @inheritdoc IRevenueSplitter
    function removeShares(uint256 poolId, address account, uint256 shares) external override onlyRegistry {
        _lose(poolId, account, shares);
        _takeOut(_pools[poolId], shares);
        emit SharesRemoved(poolId, account, shares);
    }

    /// @inheritdoc IRevenueSplitter
    function moveMember(uint256 poolId, address from, address to) external override returns (uint256 shares) {
        if (msg.sender != _token) revert RevenueSplitter_NotToken(msg.sender);
        uint256 index;
        uint256 flags;
        (index, shares, flags) = _members[poolId][from].unpack();
        if (from == to) return shares;
        uint256 credit = _creditOf(poolId, from, index, shares, flags);
        if (credit != 0 && shares != 0) delete _credits[poolId][from];
        _members[poolId][from] = Members.pack(0, 0, Members.MOVED);
        _gain(poolId, to, shares, index);
        _addCredit(poolId, to, credit);
        if (shares != 0 || credit != 0 || flags & Members.MOVED == 0) {
            emit MemberMoved(poolId, from, to, shares, credit);
        }
    }

    /* VIEWS */

    /// @inheritdoc IRevenueSplitter
    function claimable(address account, uint256[] calldata poolIds) external view override returns (uint256 amount) {
        for (uint256 i = 0; i < poolIds.length; ++i) {
            (uint256 index, uint256 shares, uint256 flags) = _members[poolIds[i]][account].unpack();
            if (flags & Members.MOVED != 0) continue;
            amount += Accumulator.earned(shares, _index(_pools[poolIds[i]]), index);
            amount += _creditOf(poolIds[i], account, index, shares, flags);
        }
    }

    /// @inheritdoc IRevenueSplitter
    function acceptsDeposit(uint256 poolId, uint256 amount) external view override returns (bool) {
        return _sharesIn(poolId) >= MIN_POOL_SHARES && _canOwe(amount, _asset.balanceOf(address(this)));
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
        Commons storage c = _commons;
        if (poolId == Protocol.COMMONS) return (c.acc, c.shares, c.received, c.carry);
        Pool storage p = _pools[poolId];
        return (p.acc, p.shares, p.received, p.carry);
    }

    /// @inheritdoc IRevenueSplitter
    function poolCount() external view override returns (uint256) {
        return _commons.poolCount;
    }

    /// @inheritdoc IRevenueSplitter
    function conservation(uint256 fromPool, uint256 toPool)
        external
        view
        override
        returns (uint256 received, uint256 paid, uint256 owedUpperBound, uint256 carried)
    {
        (received, paid, carried) = (_received(fromPool, toPool), _paid(), _carried(fromPool, toPool));
        unchecked {
            owedUpperBound = uint128(received - paid - Math.ceilDiv(carried, SCALE));
        }
    }

    /// @inheritdoc IRevenueSplitter
    function asset() external view override returns (address) {
        return address(_asset);
    }

    /* INTERNALS: MONEY */

    /// @dev Money first, books second: whoever looks at the books from inside a transfer hook never sees more owed than
    /// is there. The guard keeps other deposits and claims out.
    function _pull(uint256 amount) private {
        if (amount == 0) return;
        (uint256 held, uint256 arrived) = ExactTransfer.pull(_asset, msg.sender, amount);
        if (arrived != amount) revert RevenueSplitter_WrongAmountReceived(amount, arrived);
        if (!_canOwe(amount, held)) revert RevenueSplitter_TooMuchOwed(_owed(), amount, MAX_OWED);
    }

    function _sharesIn(uint256 poolId) private view returns (uint256) {
        return poolId == Protocol.COMMONS ? _commons.shares : _pools[poolId].shares;
    }

    function _requireShares(uint256 poolId, uint256 shares) private pure {
        if (shares < MIN_POOL_SHARES) revert RevenueSplitter_NoShares(poolId);
    }

    /// @dev Shares are read again after the transfer, whose hook may have changed them.
    function _enter(uint256 poolId, uint256 amount) private {
        if (amount == 0) return;
        uint256 acc;
        uint256 carry;
        // Receipts count modulo 2**128, as payouts do: with less than 2**111 owed, their difference is exact.
        unchecked {
            if (poolId == Protocol.COMMONS) {
                Commons storage c = _commons;
                (acc, carry) = _advance(poolId, amount, c.acc, c.carry, c.shares);
                c.acc = uint176(acc);
                (c.carry, c.received) = (uint64(carry), c.received + uint128(amount));
            } else {
                Pool storage p = _pools[poolId];
                (acc, carry) = _advance(poolId, amount, p.acc, p.carry, p.shares);
                p.acc = uint176(acc);
                (p.carry, p.received) = (uint64(carry), p.received + uint128(amount));
            }
        }
        emit Deposited(poolId, msg.sender, amount, acc);
    }

    function _advance(uint256 poolId, uint256 amount, uint256 acc, uint256 carry, uint256 shares)
        private
        pure
        returns (uint256, uint256)
    {
        _requireShares(poolId, shares);
        uint256 growth;
        (growth, carry) = Accumulator.split(amount, carry, shares);
        return (Accumulator.advance(acc, growth), carry);
    }

    function _claim(address account, address recipient, uint256[] calldata poolIds) private returns (uint256 amount) {
        for (uint256 i = 0; i < poolIds.length; ++i) {
            uint256 part = _collect(poolIds[i], account);
            if (part == 0) continue;
            amount += part;
            emit Claimed(account, poolIds[i], recipient, part);
        }
        if (amount == 0) return 0;
        uint256 low = _commons.paidLow + amount;
        _commons.paidLow = uint80(low);
        unchecked {
            if (low >> 80 != 0) _commons.paidHigh += uint48(low >> 80);
        }
        _asset.safeTransfer(recipient, amount);
    }

    /// @dev Takes what the account is owed in the pool off the books. The index moves by what whole units stand for and
    /// no further, so that claims made often, by anyone, do not cost the account its fractions.
    function _collect(uint256 poolId, address account) private returns (uint256 amount) {
        (uint256 index, uint256 shares, uint256 flags) = _members[poolId][account].unpack();
        amount = Accumulator.earned(shares, _index(_pools[poolId]), index);
        if (amount != 0) index = Accumulator.advance(index, Accumulator.indexGrowth(amount, shares));
        if (flags != 0) {
            if (flags & Members.MOVED != 0) {
                amount = 0; // what came after an heir is the heir's; no `return`, which would keep this from inlining
            } else {
                amount += _creditOf(poolId, account, index, shares, flags);
                if (shares != 0) delete _credits[poolId][account];
            }
        }
        if (amount != 0) _members[poolId][account] = Members.pack(index, shares, 0);
    }

    /// @dev What the splitter holds bounds what it owes; only where a donor has raised it beyond any use are the books
    /// themselves summed.
    function _canOwe(uint256 amount, uint256 held) private view returns (bool) {
        if (amount > MAX_OWED) return false;
        return held <= MAX_OWED - amount || _owed() <= MAX_OWED - amount;
    }

    function _owed() private view returns (uint256) {
        unchecked {
            return uint128(_received(0, _commons.poolCount) - _paid());
        }
    }

    function _paid() private view returns (uint256) {
        return uint256(_commons.paidHigh) << 80 | _commons.paidLow;
    }

    function _received(uint256 fromPool, uint256 toPool) private view returns (uint256 sum) {
        for (uint256 i = fromPool; i < toPool; ++i) {
            sum += i == Protocol.COMMONS ? _commons.received : _pools[i].received;
        }
        return uint128(sum);
    }

    function _carried(uint256 fromPool, uint256 toPool) private view returns (uint256 sum) {
        for (uint256 i = fromPool; i < toPool; ++i) {
            sum += i == Protocol.COMMONS ? _commons.carry : _pools[i].carry;
        }
    }

    /* INTERNALS: SHARES */

    /// @dev Income of one share of the pool since its beginning, the commons included, modulo 2**176.
    function _index(Pool storage p) private view returns (uint256) {
        return Accumulator.advance(p.acc, _commons.acc);
    }

    /// @dev Adds shares that have earned since `entryIndex`.
    function _gain(uint256 poolId, address account, uint256 shares, uint256 entryIndex) private {
        if (shares == 0) return;
        (uint256 index, uint256 held, uint256 flags) = _members[poolId][account].unpack();
        if (flags & Members.CREDIT != 0 && held == 0) _credits[poolId][account] = index; // an index takes its place
        uint256 total = held + shares;
        if (total > MAX_POOL_SHARES) revert RevenueSplitter_TooManyShares(poolId, total);
        index = Accumulator.blend(held, index, shares, entryIndex);
        _members[poolId][account] = Members.pack(index, total, flags);
    }

    /// @dev Takes shares away and keeps what they, and the remaining ones, earned so far as a credit.
    function _lose(uint256 poolId, address account, uint256 shares) private {
        (uint256 index, uint256 held, uint256 flags) = _members[poolId][account].unpack();
        if (shares > held) revert RevenueSplitter_InsufficientShares(poolId, account, shares, held);
        uint256 now_ = _index(_pools[poolId]);
        uint256 earned = Accumulator.earned(held, now_, index);
        uint256 left = held - shares;
        if (left == 0) {
            earned += _creditOf(poolId, account, index, held, flags);
            if (flags & Members.CREDIT != 0) delete _credits[poolId][account];
            flags = earned == 0 ? flags & Members.MOVED : flags | Members.CREDIT;
            _members[poolId][account] = Members.pack(earned == 0 ? now_ : earned, 0, flags);
            return;
        }
        if (earned != 0) _credits[poolId][account] += earned;
        _members[poolId][account] = Members.pack(now_, left, earned == 0 ? flags : flags | Members.CREDIT);
    }

    /// @dev What is kept for the account as an amount.
    function _creditOf(uint256 poolId, address account, uint256 index, uint256 shares, uint256 flags)
        private
        view
        returns (uint256)
    {
        if (flags & Members.CREDIT == 0) return 0;
        return shares == 0 ? index : _credits[poolId][account];
    }

    function _takeOut(Pool storage p, uint256 shares) private {
        // The casts hold: the caller has seen that the pool, or a member of it, has them.
        p.shares -= uint64(shares);
        _commons.shares -= uint64(shares);
    }

    /// @dev For earnings of shares that never were the account's own.
    function _addCredit(uint256 poolId, address account, uint256 amount) private {
        if (amount == 0) return;
        (uint256 index, uint256 shares, uint256 flags) = _members[poolId][account].unpack();
        if (shares == 0) {
            index = _creditOf(poolId, account, index, 0, flags) + amount;
        } else {
            _credits[poolId][account] += amount;
        }
        _members[poolId][account] = Members.pack(index, shares, flags | Members.CREDIT);
    }
}
