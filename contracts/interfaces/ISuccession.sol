// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title Succession of members
/// @notice A member that lost its key is not lost: an heir that it named before takes its place, after a delay in which
/// the key, if it is still there, can say no.
/// @dev What this is not:
/// - No help against a thief. Whoever has the key vetoes every opening, binds another heir and, after that heir's
///   delay, moves to it. A member whose key may be stolen erases or moves before the thief does.
/// - No will. The heir is not asked and learns nothing of a death; without a call nothing moves.
/// - No way to buy votes that a contract wallet would not be: a key, or the place of a bound heir, can be sold.
/// - No move of leases, refunds, model credits or allowances, of votes cast, or of what other accounts delegated.
///
/// A succession works as a transfer from the account to its heir, pool by pool: shares, what they earned, credits, and
/// as many tokens; where tokens can be transferred, the whole balance. It has no privileged caller: the account binds,
/// unbinds and vetoes, the heir opens, and after the delay any account executes. No proposal can do any of it for a
/// member. Intervals are half-open: a veto counts before the delay is over, an execution from then on.
///
/// From the first `succeed` on the account is *succeeded*, which has no end: its key can neither delegate, transfer,
/// permit, erase nor direct a payout, and what comes to it later (a late claim) votes for its heir's delegate and waits
/// for the next `succeed`. An heir that is succeeded itself passes on what it gets, so a chain of accounts has one end,
/// its *holder*. Chains are followed for at most eight steps.
interface ISuccession {
    /// @notice Thrown when an heir is zero or the account itself, or when one of both is a contract of the DAO.
    error DataToken_InvalidHeir(address account, address heir);

    /// @notice Thrown when the delay of a binding is outside its bounds.
    error DataToken_InvalidDelay(uint256 delayDays, uint256 min, uint256 max);

    /// @notice Thrown when an account without an heir is to be opened or succeeded.
    error DataToken_NoHeir(address account);

    /// @notice Thrown when a succession is opened by another account than the heir, or than the holder of an heir that
    /// was succeeded.
    error DataToken_NotHeir(address caller, address heir);

    /// @notice Thrown when a succession is opened a second time.
    error DataToken_AlreadyOpen(address account, uint48 openedAt);

    /// @notice Thrown when a veto finds no open succession, or, signed, not the one opened at `openedAt`.
    error DataToken_NotOpen(address account, uint48 openedAt);

    /// @notice Thrown when a succession is opened within one delay after a veto, or executed before `from`.
    error DataToken_TooEarly(address account, uint48 from);

    /// @notice Thrown when an account binds, unbinds or vetoes after the delay of its open succession, at `since`.
    error DataToken_TooLate(address account, uint48 since);

    /// @notice Thrown when a succeeded account would act, or be bound.
    error DataToken_AccountSucceeded(address account);

    /// @notice Thrown when the heir of an account, or whoever succeeded it, was succeeded by the account itself.
    error DataToken_SuccessionCircle(address account);

    /// @notice Thrown when an account's holder is more than `max` steps away. `succeed` of an account exactly so many
    /// steps away shortens the chain for those before it.
    error DataToken_ChainTooLong(address account, uint256 max);

    /// @notice Thrown when a message is neither signed by the account's key nor accepted by its ERC-1271 check.
    error DataToken_InvalidSignature(address account);

    /// @notice Thrown when a signed message comes after its deadline.
    error DataToken_DeadlinePassed(uint48 deadline, uint48 timestamp);

    /// @notice Emitted when an account names its heir. Any earlier heir, and its opening, is void.
    event HeirBound(address indexed account, address indexed heir, uint256 delayDays);

    /// @notice Emitted when an account has no heir any more.
    event HeirUnbound(address indexed account, address indexed heir);

    /// @notice Emitted when a succession is opened: `account` can veto before `until`, any account can execute from
    /// then on. `heir` is who would get everything as things stand.
    event SuccessionOpened(address indexed account, address indexed heir, uint48 until);

    /// @notice Emitted when an open succession is ended by the account; it cannot be opened again before `until`.
    event SuccessionVetoed(address indexed account, address indexed heir, uint48 until);

    /// @notice Emitted when an account is succeeded; again when its chain is shortened. `heir` is its holder then.
    event AccountSucceeded(address indexed account, address indexed heir);

    /// @notice Binds `heir` to the caller: it can open the succession, from now on, and take the caller's place
    /// `delayDays` days later unless the caller says no. Replaces any earlier heir and ends its opening.
    /// @dev Requirements: 30 to 365 days; the heir is any account, contract wallets included, but zero, the caller, a
    /// succeeded account and the DAO's contracts; no opening of the caller's is past its delay.
    /// Warning: the heir needs nobody's consent but the caller's silence. Choose a delay longer than any absence.
    function bindHeir(address heir, uint256 delayDays) external;

    /// @notice The same with the account's signature over
    /// `BindHeir(address account,address heir,uint256 delayDays,uint256 nonce,uint48 deadline)`.
    /// @param nonce the account's next one, as for permits and delegations
    /// @param signature 65 bytes `r,s,v` of its key, or what its ERC-1271 check expects
    function bindHeirBySig(
        address account,
        address heir,
        uint256 delayDays,
        uint256 nonce,
        uint48 deadline,
        bytes calldata signature
    ) external;

    /// @notice Ends the caller's binding, and with it an opening that is not past its delay. Without an heir nothing
    /// happens.
    function unbindHeir() external;

    /// @notice The same with the account's signature over `UnbindHeir(address account,uint256 nonce,uint48 deadline)`.
    function unbindHeirBySig(address account, uint256 nonce, uint48 deadline, bytes calldata signature) external;

    /// @notice Opens the succession of `account`. Its heir only, or the holder of an heir that was succeeded.
    function openSuccession(address account) external;

    /// @notice The same with the signature of that heir or holder over
    /// `OpenSuccession(address account,address heir,uint256 nonce,uint48 deadline)`, whose nonce is the heir's.
    function openSuccessionBySig(address account, uint256 nonce, uint48 deadline, bytes calldata signature) external;

    /// @notice Ends the open succession of the caller. It cannot be opened again for one delay.
    function vetoSuccession() external;

    /// @notice The same with the account's signature over `VetoSuccession(address account,uint48 openedAt)`, which
    /// names the second of the opening: it needs neither nonce nor deadline, and ends no other opening.
    function vetoSuccessionBySig(address account, uint48 openedAt, bytes calldata signature) external;

    /// @notice Moves what `account` has in `poolIds` to its holder; at the first time the account is succeeded. Any
    /// account may call, as often as something new has arrived.
    /// @dev Requirements for the first time: opened, and the delay over; or called by the account itself, whose heir
    /// has been bound for a whole delay, counted anew from the end of the wait after a veto.
    ///
    /// What stands with the accounts between both moves along. The account's own tokens count for the holder's delegate
    /// as of this call; a later delegation of the holder's reaches what still waits with the next call, which may
    /// name no pool. Name every pool at the first time: from then on nothing of a named pool is paid to the account,
    /// while `RevenueSplitter.claim` pays what waits in others to the address whose key is lost.
    function succeed(address account, uint256[] calldata poolIds) external;

    /// @notice Who answers for `account`: itself, or the end of its chain of heirs; and that account's tokens.
    function holderOf(address account) external view returns (address holder, uint256 balance);

    /// @notice The heir bound to `account`; all zero if there is none.
    /// @return heir as it was bound
    /// @return delayDays days in which an opening can be vetoed
    /// @return since when it was bound, or when the wait after the last veto ends: no opening before
    /// @return openedAt when the succession was opened, 0 if it is not open
    /// @return isSucceeded whether it was executed
    function succession(address account)
        external
        view
        returns (address heir, uint256 delayDays, uint48 since, uint48 openedAt, bool isSucceeded);
}
