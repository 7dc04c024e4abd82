// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title Revenue splitter
/// @notice Holds all money owed to contributors, in one asset. A pool shares each deposit among the shares it has at
/// that moment, at a cost that does not depend on how many members it has.
/// @dev Pool d belongs to dataset d; pool 0 is the commons, which every share of every dataset earns alike and of which
/// no account is a member: what an account earned of it is paid with what its dataset earned.
///
/// Each pool keeps an accumulator `acc`, the income of one share since the pool's creation, times `SCALE`. A deposit
/// satisfies `amount * SCALE + carry == (acc' - acc) * shares + carry'` with `0 <= carry' < shares`; the remainder is
/// carried into the next deposit. A member of pool d is owed `shares * (acc_d + acc_0 - index) / SCALE`, rounded down.
///
/// Rounding is always down, by less than one unit per settlement (a vest, a removal, a move, a claim). Accumulators and
/// indices count modulo 2**176, receipts and payouts modulo 2**128: no lifetime total is ever full, and what is owed is
/// exact as long as it is at most `MAX_OWED`, which every deposit keeps.
/// Tokens sent here by a plain transfer belong to no pool and change nothing.
interface IRevenueSplitter {
    /// @notice Thrown when a pool has fewer than `MIN_POOL_SHARES` shares, where income would go to later members.
    error RevenueSplitter_NoShares(uint256 poolId);

    /// @notice Thrown when a deposit of `amount` would make the splitter owe more than `max` = `MAX_OWED`. Claims lower
    /// what is owed.
    error RevenueSplitter_TooMuchOwed(uint256 owed, uint256 amount, uint256 max);

    /// @notice Thrown when a list of pools comes with a list of amounts of another length.
    error RevenueSplitter_LengthMismatch(uint256 pools, uint256 amounts);

    /// @notice Thrown when the asset delivered another amount than was asked (fee-on-transfer, rebase).
    error RevenueSplitter_WrongAmountReceived(uint256 expected, uint256 actual);

    /// @notice Thrown when all pools together, or an account in one, would hold more than `MAX_POOL_SHARES` shares.
    /// `poolId` is the account's, or that to which shares were to be added.
    error RevenueSplitter_TooManyShares(uint256 poolId, uint256 shares);

    /// @notice Thrown when more shares would be taken from an account, or from a pool, than it has.
    error RevenueSplitter_InsufficientShares(uint256 poolId, address account, uint256 shares, uint256 held);

    /// @notice Thrown when an entry index lies ahead of the pool's index, or is wider than an index.
    error RevenueSplitter_InvalidEntryIndex(uint256 poolId, uint256 entryIndex);

    /// @notice Thrown when a share change is asked for by anyone but the registry.
    error RevenueSplitter_NotRegistry(address caller);

    /// @notice Thrown when `moveMember` is called by anyone but the token.
    error RevenueSplitter_NotToken(address caller);

    /// @notice Thrown when `claimWithin` is called by anyone but the splitter itself.
    error RevenueSplitter_NotSelf(address caller);

    /// @notice Thrown when an account whose place an heir has taken directs a payout; `holder` is whose it is now.
    error RevenueSplitter_AccountSucceeded(address account, address holder);

    /// @notice Thrown when a payout is directed to the zero address or to the splitter itself.
    error RevenueSplitter_InvalidRecipient(address recipient);

    /// @notice Emitted when income enters a pool. `accumulator` is the value after the deposit.
    event Deposited(uint256 indexed poolId, address indexed payer, uint256 amount, uint256 accumulator);

    /// @notice Emitted for each pool in which an account was paid what it was owed, its part of the commons included.
    event Claimed(address indexed account, uint256 indexed poolId, address indexed recipient, uint256 amount);

    /// @notice Emitted when `claimFor` could not pay an account: the asset refused. Its claim is as it was.
    event ClaimSkipped(address indexed account);

    /// @notice Emitted when a batch's shares start to earn, before their owners turn up.
    event PendingSharesAdded(uint256 indexed poolId, uint256 shares, uint256 entryIndex);

    /// @notice Emitted when pending shares leave a pool. `account` was credited `earned`; zero account, no credit.
    event PendingSharesDropped(uint256 indexed poolId, address indexed account, uint256 shares, uint256 earned);

    /// @notice Emitted when an account's shares leave a pool; what they earned stays claimable.
    event SharesRemoved(uint256 indexed poolId, address indexed account, uint256 shares);

    /// @notice Emitted when the shares of one account in a pool, and `credit` asset units that it was owed for shares
    /// it no longer had, became another account's. From the first one on, of nothing too, the pool pays `from` nothing.
    event MemberMoved(uint256 indexed poolId, address indexed from, address indexed to, uint256 shares, uint256 credit);

    /// @notice Pulls `amount` of the asset from the caller and shares it among the pool's shares.
    /// @dev Requirements: `acceptsDeposit(poolId, amount)`; the caller approved `amount`. A zero amount does nothing.
    function deposit(uint256 poolId, uint256 amount) external;

    /// @notice Several deposits with one transfer of their sum; a pool may stand more than once.
    /// @dev Requirements as for `deposit`, of each; all or none.
    function depositMany(uint256[] calldata poolIds, uint256[] calldata amounts) external;

    /// @notice Pays `account` everything it is owed in `poolIds`, of the commons what its shares in these pools earned.
    /// Anyone may call; only `account` is paid. Pool 0 pays nothing of its own. A pool that was moved to an heir pays
    /// the account nothing any more: what came since waits for the next move.
    /// @return amount the sum paid, in asset units. Nothing owed is no error: it returns 0.
    function claim(address account, uint256[] calldata poolIds) external returns (uint256 amount);

    /// @notice Pays everything the caller is owed in `poolIds` to `recipient`. Not for an account whose place an heir
    /// has taken.
    function claimTo(address recipient, uint256[] calldata poolIds) external returns (uint256 amount);

    /// @notice Pays many accounts what each is owed in `poolIds`, each to itself; anyone may call.
    /// @dev An account that the asset refuses to pay is skipped and named by `ClaimSkipped`, its claim kept. There is
    /// no gas stipend: an asset whose hook burns all gas spoils the list, and never a single `claim`.
    /// @return amount the sum paid to all, in asset units
    function claimFor(address[] calldata accounts, uint256[] calldata poolIds) external returns (uint256 amount);

    /// @notice One payout of `claimFor`. Only the splitter itself.
    function claimWithin(address account, uint256[] calldata poolIds) external returns (uint256 amount);

    /// @notice Lets `shares` earn in the pool from now on, before they have an owner. Registry only.
    /// @return entryIndex the pool's accumulator and the commons' at this moment, added up modulo 2**176; to be given
    /// back at `vestShares` or `dropPendingShares`
    function addPendingShares(uint256 poolId, uint256 shares) external returns (uint256 entryIndex);

    /// @notice Gives pending shares to `account`, with everything they earned since `entryIndex`. Registry only.
    /// @dev That the shares are pending, and since `entryIndex`, is the registry's to know; the splitter checks what
    /// its books can hold. An entry ahead of the pool would stop this account's claims until the pool had caught up.
    ///
    /// No event of its own: the registry's `ContributionClaimed` names account and shares, its `BatchActivated`
    /// the entry index, and a second record of each claim would cost every contributor 2,000 gas.
    function vestShares(uint256 poolId, address account, uint256 shares, uint256 entryIndex) external;

    /// @notice Takes pending shares out of the pool; `account`, if not zero, is credited what they earned since
    /// `entryIndex`. Registry only.
    /// @dev With a zero account (leftovers) what those shares earned stays in the contract.
    function dropPendingShares(uint256 poolId, address account, uint256 shares, uint256 entryIndex) external;

    /// @notice Takes `shares` of `account` out of the pool; what they earned stays claimable. Registry only.
    function removeShares(uint256 poolId, address account, uint256 shares) external;

    /// @notice Makes all that `from` has in the pool, shares and what it is owed, `to`'s; from now on the pool pays
    /// `from` nothing, whatever comes to it. Token only.
    /// @return shares the shares that moved
    function moveMember(uint256 poolId, address from, address to) external returns (uint256 shares);

    /// @notice What `claim(account, poolIds)` would pay now. Repeating a pool does not count it twice in a claim, but
    /// does in this sum.
    function claimable(address account, uint256[] calldata poolIds) external view returns (uint256 amount);

    /// @notice Whether a deposit of `amount` into the pool would succeed, as far as the splitter decides. A refusal for
    /// any reason is a dead pool to callers.
    function acceptsDeposit(uint256 poolId, uint256 amount) external view returns (bool);

    /// @notice Shares of `account` in the pool.
    function sharesOf(uint256 poolId, address account) external view returns (uint256);

    /// @notice State of a pool; of pool 0, the commons, with the shares of all pools.
    /// @return accumulator income of one share since creation, times `SCALE`, modulo 2**176
    /// @return shares all shares, pending ones included
    /// @return received lifetime deposits, asset units, modulo 2**128
    /// @return carry remainder of the last deposit, in units of 1/SCALE
    function pool(uint256 poolId)
        external
        view
        returns (uint256 accumulator, uint256 shares, uint256 received, uint256 carry);

    /// @notice One more than the highest pool that ever had shares.
    function poolCount() external view returns (uint256);

    /// @notice The books of the pools from `fromPool` to before `toPool`; of all of them from 0 to `poolCount()`.
    /// @return received their lifetime deposits, asset units, modulo 2**128
    /// @return paid lifetime payouts of all pools, asset units, modulo 2**128
    /// @return owedUpperBound `floor((received * SCALE - carried) / SCALE) - paid`, modulo 2**128. Over all pools: the
    /// sum of all claimables, and of the income of shares not claimed yet, is at most this. Of a part of the pools it
    /// means nothing, since payouts are not kept apart: add up `received` and `carried` of the pages first.
    /// @return carried sum of their remainders, in units of 1/SCALE
    /// @dev Always `asset.balanceOf(this) >= received - paid` over all pools.
    function conservation(uint256 fromPool, uint256 toPool)
        external
        view
        returns (uint256 received, uint256 paid, uint256 owedUpperBound, uint256 carried);

    /// @notice The settlement asset.
    function asset() external view returns (address);

    /// @notice Fixed-point scale of accumulators and remainders, 2**64.
    function SCALE() external view returns (uint256);

    /// @notice A pool with fewer shares counts as empty.
    function MIN_POOL_SHARES() external view returns (uint256);

    /// @notice Most shares all pools together can have.
    function MAX_POOL_SHARES() external view returns (uint256);

    /// @notice Most the splitter ever owes, in asset units: 2**111 - 1.
    function MAX_OWED() external view returns (uint256);
}
