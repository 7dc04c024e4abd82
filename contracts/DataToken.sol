// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataToken} from "./interfaces/IDataToken.sol";
import {ISuccession} from "./interfaces/ISuccession.sol";
import {System} from "./interfaces/ISystem.sol";
import {DaoContracts} from "./libraries/DaoContracts.sol";
import {History} from "./libraries/History.sol";
import {Wiring} from "./libraries/Wiring.sol";
import {Succession} from "./token/Succession.sol";
import {Account} from "./types/Accounts.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Panic} from "@openzeppelin/contracts/utils/Panic.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @title Data DAO membership token
/// @notice ERC-20 with permit and votes, where holding is enough to vote: an account without a delegate is its own.
/// @dev A contributor sends one transaction in its life, or none; a vote that needs a `delegate` call first would be
/// a vote of the organised only. The zero address as a delegate means "self" for the same reason: elsewhere it burns
/// votes.
///
/// **One word per account.** ABI, events and errors are those of OpenZeppelin's `ERC20Votes`, its storage is not: what
/// it keeps in a balance, a delegate, a nonce and two arrays of checkpoints is one word here, with a history that is
/// written only when votes change at a later second, two checkpoints to a slot. A new slot is the dearest thing a chain
/// sells. The supply is such a word too: its balance is what is not claimed yet, its votes are the supply, its number
/// counts members.
///
/// **An account may have an heir** (`Succession`). One bit of its word says that the heir has taken its place; its own
/// tokens then vote for the heir without a slot that says so, and for another delegate of the heir's by `_delegates`.
///
/// There is no switch to stop or replace the token; a DAO retires by erasing its data, which burns it.
/// @custom:security-contact see SECURITY.md
contract DataToken is ERC20, ERC20Permit, Succession, IDataToken {
    using History for mapping(uint256 word => uint256);

    /// @dev Supply is at most what a pool's share field holds: `RevenueSplitter.MAX_POOL_SHARES`.
    uint256 private constant _MAX_SUPPLY = type(uint64).max >> 1;
    bytes32 private constant _DELEGATION_TYPEHASH =
        keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)");

    /* IMMUTABLES */

    /// @inheritdoc IDataToken
    address public immutable override registry;
    /// @inheritdoc IDataToken
    bool public immutable override transferable;
    /// @inheritdoc IDataToken
    uint256 public immutable override maturitySupply;

    /* STORAGE */

    /// @dev Of the supply; `isDelegated` says that it has matured, so that a mint need not look at `matureSince`.
    Account private _supply;
    /// @inheritdoc IDataToken
    uint48 public override matureSince;
    mapping(address account => Account) private _accounts;
    /// @dev Read only where the account says so. Never cleared: a slot that is filled again costs as much as a new one.
    mapping(address account => address) private _delegates;
    mapping(address account => mapping(uint256 word => uint256)) private _voteHistory;
    mapping(uint256 word => uint256) private _supplyHistory;

    constructor(
        System memory system,
        string memory name_,
        string memory symbol_,
        bool transferable_,
        uint256 maturitySupply_
    ) ERC20(name_, symbol_) ERC20Permit(name_) DaoContracts(system) {
        Wiring.requireSelf(system.token);
        if (maturitySupply_ == 0 || maturitySupply_ > _MAX_SUPPLY) {
            revert DataToken_InvalidMaturitySupply(maturitySupply_, 1, _MAX_SUPPLY);
        }
        registry = system.registry;
        transferable = transferable_;
        maturitySupply = maturitySupply_;
    }

    modifier onlyRegistry() {
        if (msg.sender != registry) revert DataToken_NotRegistry(msg.sender);
        _;
    }

    /* ACTIONS: REGISTRY */

    /// @inheritdoc IDataToken
    function mint(address to, uint256 amount) external override onlyRegistry {
        _mint(to, amount);
        Account supply = _supply;
        if (!supply.isDelegated() && supply.votes() >= maturitySupply) {
            _supply = supply.withDelegated(true);
            matureSince = clock();
            emit Matured(supply.votes());
        }
    }

    /// @inheritdoc IDataToken
    function burn(address from, uint256 amount) external override onlyRegistry {
        _burn(from, amount);
    }

    /* ACTIONS: DELEGATION */

    /// @inheritdoc IVotes
    function delegate(address delegatee) external override {
        _delegate(msg.sender, delegatee);
    }

    /// @inheritdoc IVotes
    function delegateBySig(address delegatee, uint256 nonce, uint256 expiry, uint8 v, bytes32 r, bytes32 s)
        external
        override
    {
        if (block.timestamp > expiry) revert VotesExpiredSignature(expiry);
        bytes32 structHash = keccak256(abi.encode(_DELEGATION_TYPEHASH, delegatee, nonce, expiry));
        address signer = ECDSA.recover(_hashTypedDataV4(structHash), v, r, s);
        _useCheckedNonce(signer, nonce);
        _delegate(signer, delegatee);
    }

    /* ACTIONS: SUCCESSION */

    /// @inheritdoc ISuccession
    function succeed(address account, uint256[] calldata poolIds) external override {
        Account a = _accounts[account];
        if (!a.isSucceeded()) {
            address heir = _requireDue(account);
            _redelegate(account, a.withSucceeded(), _delegateOf(account, a), delegates(heir));
            emit AccountSucceeded(account, heir);
        }
        (address holder, uint256 steps) = _follow(account, 0);
        for (address from = account; from != holder; from = _bindings[from].heir) {
            _passOn(from, holder, poolIds);
        }
        if (steps == _MAX_STEPS) _shorten(account, holder);
    }

    /* VIEWS: TOKENS */

    /// @notice One unit of top-quality data at the lowest rate is one token.
    function decimals() public pure override returns (uint8) {
        return 9;
    }

    /// @inheritdoc IERC20
    function totalSupply() public view override(ERC20, IERC20) returns (uint256) {
        return _supply.votes();
    }

    /// @inheritdoc IERC20
    function balanceOf(address account) public view override(ERC20, IERC20) returns (uint256) {
        return account == registry ? _supply.balance() : _accounts[account].balance();
    }

    /// @notice Next nonce of `owner` for permits and delegations by signature.
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return _accounts[owner].nonce();
    }

    /// @inheritdoc ISuccession
    function holderOf(address account) external view override returns (address holder, uint256 balance) {
        (holder,) = _follow(account, 0);
        return (holder, _accounts[holder].balance());
    }

    /* VIEWS: VOTES */

    /// @notice The account `account`'s votes count for: its delegate, or itself. Zero for the registry, which holds
    /// what is not claimed yet and never votes.
    function delegates(address account) public view override returns (address) {
        return account == registry ? address(0) : _delegateOf(account, _accounts[account]);
    }

    /// @inheritdoc IVotes
    function getVotes(address account) external view override returns (uint256) {
        return _accounts[account].votes();
    }

    /// @inheritdoc IVotes
    function getPastVotes(address account, uint256 timepoint) external view override returns (uint256) {
        return _votesAt(account, _accounts[account], timepoint);
    }

    /// @inheritdoc IVotes
    function getPastTotalSupply(uint256 timepoint) external view override returns (uint256) {
        _requirePast(timepoint);
        Account supply = _supply;
        return timepoint >= supply.time() ? supply.votes() : _supplyHistory.lookup(supply.older(), timepoint);
    }

    /// @inheritdoc IDataToken
    function ballotOf(address account, uint256 timepoint)
        external
        view
        override
        returns (uint256 votes, uint256 number)
    {
        Account a = _accounts[account];
        return (_votesAt(account, a, timepoint), a.number());
    }

    /// @inheritdoc IDataToken
    function memberNumber(address account) external view override returns (uint256) {
        return _accounts[account].number();
    }

    /// @inheritdoc IDataToken
    function memberCount() external view override returns (uint256) {
        return _supply.number();
    }

    /// @inheritdoc IDataToken
    function numCheckpoints(address account) public view override returns (uint32) {
        Account a = _accounts[account];
        return a.time() == 0 ? 0 : uint32(a.older() + 1);
    }

    /// @inheritdoc IDataToken
    function checkpoints(address account, uint32 pos) external view override returns (Checkpoint memory) {
        if (pos >= numCheckpoints(account)) {
            Panic.panic(Panic.ARRAY_OUT_OF_BOUNDS);
        }
        Account a = _accounts[account];
        (uint256 time, uint256 value) = pos == a.older() ? (a.time(), a.votes()) : _voteHistory[account].get(pos);
        return Checkpoint(uint48(time), uint208(value));
    }

    /// @inheritdoc IERC6372
    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    /// @inheritdoc IERC6372
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /* INTERNALS: TOKENS */

    /// @dev Mints, burns and the registry's hand-overs always pass. Order of events and checks as in the original.
    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0)) {
            _raiseSupply(to, value);
        } else if (to == address(0)) {
            _lowerSupply(from, value);
        } else if (from == registry) {
            Account supply = _supply;
            if (supply.balance() < value) revert ERC20InsufficientBalance(from, supply.balance(), value);
            emit Transfer(from, to, value);
            if (to == from) value = 0; // it keeps them, and has no votes
            _supply = supply.debit(value);
            _credit(to, value);
        } else {
            _move(from, to, value);
        }
    }

    function _move(address from, address to, uint256 value) private {
        if (!transferable) revert DataToken_NotTransferable(from, to);
        if (to == registry || to == address(this)) revert DataToken_InvalidRecipient(to);
        Account a = _accounts[from];
        if (a.isSucceeded()) revert DataToken_AccountSucceeded(from);
        if (a.balance() < value) revert ERC20InsufficientBalance(from, a.balance(), value);
        emit Transfer(from, to, value);
        if (from == to || value == 0) return;
        // Votes that stay with one delegate do not change, and so leave no checkpoint.
        if (_delegateOf(from, a) == delegates(to)) {
            _accounts[from] = a.debit(value);
            _accounts[to] = _numbered(_accounts[to]).credit(value);
        } else {
            _debit(from, a, value);
            _credit(to, value);
        }
    }

    function _raiseSupply(address to, uint256 value) private {
        uint256 supply = _supply.votes() + value;
        if (supply > _MAX_SUPPLY) revert ERC20ExceededSafeSupply(supply, _MAX_SUPPLY);
        emit Transfer(address(0), to, value);
        Account changed = _withSupply(supply, value);
        _supply = to == registry ? changed.credit(value) : changed;
        if (to != registry) _credit(to, value);
    }

    function _lowerSupply(address from, uint256 value) private {
        bool unclaimed = from == registry;
        Account a = unclaimed ? _supply : _accounts[from];
        if (a.balance() < value) revert ERC20InsufficientBalance(from, a.balance(), value);
        emit Transfer(from, address(0), value);
        Account changed = _withSupply(_supply.votes() - value, value);
        _supply = unclaimed ? changed.debit(value) : changed;
        if (!unclaimed) _debit(from, a, value);
    }

    /// @dev The supply's word with another supply, after its last value of an earlier second went to the history.
    function _withSupply(uint256 supply, uint256 change) private returns (Account) {
        Account old = _supply;
        uint256 older = old.older();
        if (change == 0) return old;
        if (old.time() != 0 && old.time() != block.timestamp) _supplyHistory.push(older++, old.time(), old.votes());
        return old.withVotes(supply, block.timestamp, older);
    }

    function _credit(address to, uint256 value) private {
        if (value == 0) return;
        Account a = _numbered(_accounts[to]).credit(value);
        if (a.isOwn()) {
            _accounts[to] = _withVotes(to, a, a.votes() + value);
            return;
        }
        _accounts[to] = a;
        _addVotes(_delegateOf(to, a), value);
    }

    function _debit(address from, Account a, uint256 value) private {
        a = a.debit(value);
        if (a.isOwn()) {
            _accounts[from] = _withVotes(from, a, a.votes() - value);
            return;
        }
        _accounts[from] = a;
        _takeVotes(_delegateOf(from, a), value);
    }

    /* INTERNALS: VOTES */

    /// @dev Both `delegate` and `delegateBySig` come through here, so the zero-address trap is closed once for both.
    function _delegate(address account, address delegatee) private {
        if (delegatee == registry || delegatee == address(this)) revert DataToken_InvalidDelegate(delegatee);
        if (delegatee == address(0)) delegatee = account;
        Account a = _accounts[account];
        if (a.isSucceeded()) revert DataToken_AccountSucceeded(account);
        address old = _delegateOf(account, a);
        if (old == delegatee) emit DelegateChanged(account, old, delegatee);
        else _redelegate(account, a, old, delegatee);
    }

    /// @dev Stores the account with another delegate, which may be the old one in another writing.
    function _redelegate(address account, Account a, address old, address delegatee) private {
        if (old != delegatee) emit DelegateChanged(account, old, delegatee);
        address usual = a.isSucceeded() ? _bindings[account].heir : account;
        if (delegatee != usual) _delegates[account] = delegatee;
        a = a.withDelegated(delegatee != usual);
        uint256 votes = old == delegatee ? 0 : a.balance();
        if (old == account) a = _withVotes(account, a, a.votes() - votes);
        else _takeVotes(old, votes);
        if (delegatee == account) a = _withVotes(account, a, a.votes() + votes);
        _accounts[account] = a;
        if (delegatee != account) _addVotes(delegatee, votes);
    }

    function _delegateOf(address account, Account a) private view returns (address) {
        if (a.isOwn()) return account;
        return a.isDelegated() ? _delegates[account] : _bindings[account].heir;
    }

    function _addVotes(address account, uint256 votes) private {
        if (votes == 0) return;
        Account a = _numbered(_accounts[account]);
        _accounts[account] = _withVotes(account, a, a.votes() + votes);
    }

    function _takeVotes(address account, uint256 votes) private {
        if (votes == 0) return;
        Account a = _accounts[account];
        _accounts[account] = _withVotes(account, a, a.votes() - votes);
    }

    /// @dev The account with other votes, after its votes of an earlier second went to the history. Votes that are what
    /// they were leave no trace, as in the original.
    function _withVotes(address account, Account a, uint256 votes) private returns (Account) {
        if (votes == a.votes()) return a;
        uint256 time = a.time();
        uint256 older = a.older();
        if (time != 0 && time != block.timestamp) _voteHistory[account].push(older++, time, a.votes());
        emit DelegateVotesChanged(account, a.votes(), votes);
        return a.withVotes(votes, block.timestamp, older);
    }

    /// @dev The account with a member number: given once, never again to another.
    function _numbered(Account a) private returns (Account) {
        if (a.number() != 0) return a;
        uint256 number = _supply.number() + 1;
        _supply = _supply.withNextNumber();
        return a.withNumber(number);
    }

    function _votesAt(address account, Account a, uint256 timepoint) private view returns (uint256) {
        _requirePast(timepoint);
        return timepoint >= a.time() ? a.votes() : _voteHistory[account].lookup(a.older(), timepoint);
    }

    function _requirePast(uint256 timepoint) private view {
        if (timepoint >= block.timestamp) revert ERC5805FutureLookup(timepoint, clock());
    }

    /// @dev All that an account signs for the token comes through here, but a veto, which a succeeded account has not.
    function _useNonce(address owner) internal override returns (uint256) {
        Account a = _accounts[owner];
        if (a.isSucceeded()) revert DataToken_AccountSucceeded(owner);
        _accounts[owner] = a.withNextNonce();
        return a.nonce();
    }

    /* INTERNALS: SUCCESSION */

    /// @dev Moves what a succeeded account has to the end of its chain. Its votes go first, so that its tokens stay
    /// with one delegate. As many tokens as shares, which it has: only where they can be sold may it have others.
    function _passOn(address from, address to, uint256[] calldata poolIds) private {
        Account a = _accounts[from];
        address old = _delegateOf(from, a);
        address delegatee = delegates(to);
        if (old != delegatee) _redelegate(from, a, old, delegatee);
        uint256 amount = 0;
        for (uint256 i = 0; i < poolIds.length; ++i) {
            amount += _splitter.moveMember(poolIds[i], from, to);
        }
        a = _accounts[from];
        if (transferable || amount > a.balance()) amount = a.balance();
        if (amount == 0) return;
        emit Transfer(from, to, amount);
        _accounts[from] = a.debit(amount);
        _accounts[to] = _numbered(_accounts[to]).credit(amount);
    }

    /// @dev Makes one step of a chain that is as long as chains are followed. The delegate is what it was.
    function _shorten(address account, address holder) private {
        Account a = _accounts[account];
        address delegatee = _delegateOf(account, a);
        _bindings[account].heir = holder;
        _redelegate(account, a, delegatee, delegatee);
        emit AccountSucceeded(account, holder);
    }

    function _isSucceeded(address account) internal view override returns (bool) {
        return _accounts[account].isSucceeded();
    }
}
