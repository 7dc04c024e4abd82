// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title Revenue splitter
/// @notice Holds all money owed to contributors, in one asset. A pool shares each deposit among the shares it has at
/// that moment, at a cost that does not depend on how many members it has.
/// @dev Pool 0 is the commons (all shares of the DAO), pool d belongs to dataset d.
///
/// Each pool keeps an accumulator `acc`, the income of one share since the pool's creation, times `SCALE`. A deposit
/// satisfies `amount * SCALE + carry == (acc' - acc) * shares + carry'` with `0 <= carry' < shares`; the remainder
/// is carried into the next deposit. An account is owed `shares * (acc - index) / SCALE`, rounded down.
///
/// Rounding is always down, by less than one unit per settlement (a vest, a removal, a transfer, a claim).
/// Tokens sent here by a plain transfer belong to no pool and change nothing.
interface IRevenueSplitter {
    /// @notice Thrown when a pool has fewer than `MIN_POOL_SHARES` shares, where income would go to later members.
    error RevenueSplitter_NoShares(uint256 poolId);

    /// @notice Thrown when a deposit would take the pool's accumulator beyond its width.
    error RevenueSplitter_AccumulatorFull(uint256 poolId, uint256 amount);

    /// @notice Thrown when the asset delivered another amount than was asked (fee-on-transfer, rebase).
    error RevenueSplitter_WrongAmountReceived(uint256 expected, uint256 actual);

    /// @notice Thrown when a pool, or an account in it, would hold more than `MAX_POOL_SHARES` shares.
    error RevenueSplitter_TooManyShares(uint256 poolId, uint256 shares);

    /// @notice Thrown when more shares would be taken from an account, or from a pool, than it has.
    error RevenueSplitter_InsufficientShares(uint256 poolId, address account, uint256 shares, uint256 held);

    /// @notice Thrown when an entry index lies ahead of the pool's accumulator, or of what any accumulator can reach.
    error RevenueSplitter_InvalidEntryIndex(uint256 poolId, uint256 entryIndex, uint256 accumulator);

    /// @notice Thrown when a share change is asked for by anyone but the registry.
    error RevenueSplitter_NotRegistry(address caller);

    /// @notice Thrown when `moveShares` is called by anyone but a transferable token.
    error RevenueSplitter_NotToken(address caller);

    /// @notice Thrown when a payout is directed to the zero address or to the splitter itself.
    error RevenueSplitter_InvalidRecipient(address recipient);

    /// @notice Emitted when income enters a pool. `accumulator` is the value after the deposit.
    event Deposited(uint256 indexed poolId, address indexed payer, uint256 amount, uint256 accumulator);

    /// @notice Emitted when an account was paid what it was owed in one or more pools.
    event Claimed(address indexed account, address indexed recipient, uint256 amount);

    /// @notice Emitted when a batch's shares start to earn, before their owners turn up.
    event PendingSharesAdded(uint256 indexed poolId, uint256 shares, uint256 entryIndex);

    /// @notice Emitted when pending shares leave a pool. `account` was credited `earned`; zero account, no credit.
    event PendingSharesDropped(uint256 indexed poolId, address indexed account, uint256 shares, uint256 earned);

    /// @notice Emitted when an account's shares leave a pool; what they earned stays claimable.
    event SharesRemoved(uint256 indexed poolId, address indexed account, uint256 shares);

    /// @notice Emitted when commons shares follow a token transfer.
    event SharesMoved(address indexed from, address indexed to, uint256 shares);

    /// @notice Pulls `amount` of the asset from the caller and shares it among the pool's shares.
    /// @dev Requirements: `acceptsDeposit(poolId, amount)`; the caller approved `amount`. A zero amount does nothing.
    function deposit(uint256 poolId, uint256 amount) external;

    /// @notice Pays `account` everything it is owed in `poolIds`. Anyone may call; only `account` is paid.
    /// @return amount the sum paid, in asset units. Nothing owed is no error: it returns 0.
    function claim(address account, uint256[] calldata poolIds) external returns (uint256 amount);

    /// @notice Pays everything the caller is owed in `poolIds` to `recipient`.
    function claimTo(address recipient, uint256[] calldata poolIds) external returns (uint256 amount);

    /// @notice Lets `shares` earn in the pool from now on, before they have an owner. Registry only.
    /// @return entryIndex the accumulator at this moment, to be given back at `vestShares` or `dropPendingShares`.
    function addPendingShares(uint256 poolId, uint256 shares) external returns (uint256 entryIndex);

    /// @notice Gives pending shares to `account`, with everything they earned since `entryIndex`. Registry only.
    /// @dev That the shares are pending, and since `entryIndex`, is the registry's to know; the splitter checks what
    /// its books can hold. An entry ahead of the pool would stop this account's claims until the pool had caught up.
    ///
    /// No event of its own: the registry's `ContributionClaimed` names account and shares, its `BatchActivated`
    /// both entry indices, and a second record of each claim would cost every contributor 4,000 gas.
    function vestShares(uint256 poolId, address account, uint256 shares, uint256 entryIndex) external;

    /// @notice Takes pending shares out of the pool; `account`, if not zero, is credited what they earned since
    /// `entryIndex`. Registry only.
    /// @dev With a zero account (leftovers) what those shares earned stays in the contract.
    function dropPendingShares(uint256 poolId, address account, uint256 shares, uint256 entryIndex) external;

    /// @notice Takes `shares` of `account` out of the pool; what they earned stays claimable. Registry only.
    function removeShares(uint256 poolId, address account, uint256 shares) external;

    /// @notice Moves commons shares along with tokens. Only the token, only when it is transferable.
    function moveShares(address from, address to, uint256 shares) external;

    /// @notice What `claim(account, poolIds)` would pay now. Repeating a pool does not count it twice in a claim, but
    /// does in this sum.
    function claimable(address account, uint256[] calldata poolIds) external view returns (uint256 amount);

    /// @notice Whether a deposit of `amount` into the pool would succeed, as far as the splitter decides. A refusal for
    /// any reason is a dead pool to callers.
    function acceptsDeposit(uint256 poolId, uint256 amount) external view returns (bool);

    /// @notice Shares of `account` in the pool.
    function sharesOf(uint256 poolId, address account) external view returns (uint256);

    /// @notice State of a pool.
    /// @return accumulator income of one share since creation, times `SCALE`
    /// @return shares all shares, pending ones included
    /// @return received lifetime deposits, asset units
    /// @return carry remainder of the last deposit, in units of 1/SCALE
    function pool(uint256 poolId)
        external
        view
        returns (uint256 accumulator, uint256 shares, uint256 received, uint256 carry);

    /// @notice The books, summed over all pools.
    /// @return received lifetime deposits, asset units
    /// @return paid lifetime payouts, asset units
    /// @return owedUpperBound `floor((received * SCALE - carried) / SCALE) - paid`: the sum of all claimables, and of
    /// the income of shares never claimed, is at most this
    /// @return carried sum of the pools' remainders, in units of 1/SCALE
    /// @dev Always `asset.balanceOf(this) >= received - paid`.
    function conservation()
        external
        view
        returns (uint256 received, uint256 paid, uint256 owedUpperBound, uint256 carried);

    /// @notice The settlement asset.
    function asset() external view returns (address);

    /// @notice Fixed-point scale of accumulators and remainders, 2**64.
    function SCALE() external view returns (uint256);

    /// @notice A pool with fewer shares counts as empty.
    function MIN_POOL_SHARES() external view returns (uint256);

    /// @notice Most shares a pool, and so the DAO, can have.
    function MAX_POOL_SHARES() external view returns (uint256);
}
