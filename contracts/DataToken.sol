// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataToken} from "./interfaces/IDataToken.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {System} from "./interfaces/ISystem.sol";
import {Wiring} from "./libraries/Wiring.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @title Data DAO membership token
/// @notice ERC-20 with permit and votes, where holding is enough to vote: an account without a delegate is its own.
/// @dev A contributor sends one transaction in its life, or none; a vote that needs a `delegate` call first would be
/// a vote of the organised only. The zero address as a delegate means "self" for the same reason: elsewhere it burns
/// votes.
///
/// There is no switch to stop or replace the token; a DAO retires by erasing its data, which burns it.
/// @custom:security-contact see SECURITY.md
contract DataToken is ERC20, ERC20Permit, ERC20Votes, IDataToken {
    /// @dev Supply is at most what a pool's share field holds: `RevenueSplitter.MAX_POOL_SHARES`.
    uint256 private constant _MAX_SUPPLY = type(uint64).max >> 1;

    /* IMMUTABLES */

    /// @inheritdoc IDataToken
    address public immutable override registry;
    /// @inheritdoc IDataToken
    bool public immutable override transferable;
    /// @inheritdoc IDataToken
    uint256 public immutable override maturitySupply;
    IRevenueSplitter private immutable _splitter;

    /* STORAGE */

    /// @inheritdoc IDataToken
    uint48 public override matureSince;

    constructor(
        System memory system,
        string memory name_,
        string memory symbol_,
        bool transferable_,
        uint256 maturitySupply_
    ) ERC20(name_, symbol_) ERC20Permit(name_) {
        Wiring.requireSelf(system.token);
        if (maturitySupply_ == 0) revert DataToken_ZeroMaturitySupply();
        registry = system.registry;
        _splitter = IRevenueSplitter(system.splitter);
        transferable = transferable_;
        maturitySupply = maturitySupply_;
    }

    modifier onlyRegistry() {
        if (msg.sender != registry) revert DataToken_NotRegistry(msg.sender);
        _;
    }

    /* REGISTRY */

    /// @inheritdoc IDataToken
    function mint(address to, uint256 amount) external override onlyRegistry {
        _mint(to, amount);
        uint256 supply = totalSupply();
        if (matureSince == 0 && supply >= maturitySupply) {
            matureSince = clock();
            emit Matured(supply);
        }
    }

    /// @inheritdoc IDataToken
    function burn(address from, uint256 amount) external override onlyRegistry {
        _burn(from, amount);
    }

    /* VIEWS */

    /// @notice One unit of top-quality data at the lowest rate is one token.
    function decimals() public pure override returns (uint8) {
        return 9;
    }

    /// @notice The account `account`'s votes count for: its delegate, or itself. Zero for the registry, which holds
    /// what nobody claimed yet and never votes.
    function delegates(address account) public view override(IVotes, Votes) returns (address) {
        if (account == registry) return address(0);
        address delegatee = super.delegates(account);
        return delegatee == address(0) ? account : delegatee;
    }

    /// @inheritdoc IERC6372
    function clock() public view override(IERC6372, Votes) returns (uint48) {
        return Time.timestamp();
    }

    /// @inheritdoc IERC6372
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override(IERC6372, Votes) returns (string memory) {
        return "mode=timestamp";
    }

    /// @notice Next nonce of `owner` for permits and delegations by signature.
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    /* INTERNALS */

    /// @dev Both `delegate` and `delegateBySig` come through here, so the zero-address trap is closed once for both.
    function _delegate(address account, address delegatee) internal override {
        if (delegatee == registry || delegatee == address(this)) revert DataToken_InvalidDelegate(delegatee);
        super._delegate(account, delegatee == address(0) ? account : delegatee);
    }

    /// @dev Mints, burns and the registry's hand-overs always pass. Commons shares are settled before balances change;
    /// where the registry is a side it settles them itself.
    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        bool betweenMembers = from != address(0) && to != address(0) && from != registry;
        if (betweenMembers) {
            if (!transferable) revert DataToken_NotTransferable(from, to);
            if (to == registry || to == address(this)) revert DataToken_InvalidRecipient(to);
            if (value > balanceOf(from)) revert ERC20InsufficientBalance(from, balanceOf(from), value);
            if (from != to && value != 0) _splitter.moveShares(from, to, value);
        }
        super._update(from, to, value);
    }

    function _maxSupply() internal pure override returns (uint256) {
        return _MAX_SUPPLY;
    }
}
