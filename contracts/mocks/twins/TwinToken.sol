// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataToken} from "../../interfaces/IDataToken.sol";
import {IRevenueSplitter} from "../../interfaces/IRevenueSplitter.sol";
import {System} from "../../interfaces/ISystem.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @notice `DataToken` with one line wrong. Tests show that they notice each flaw, and nothing without a flaw.
/// @dev A copy, so that the real contract needs no hook for it.
contract TwinToken is ERC20, ERC20Permit, ERC20Votes {
    enum Flaw {
        None,
        /// Delegating to zero puts the votes out of use, as in the library.
        ZeroDelegationBurns,
        /// What nobody claimed yet votes through the registry.
        RegistryVotes,
        /// A transfer leaves the income of the past to the buyer.
        MovesWithoutSettling,
        /// Members of a DAO without transfers transfer.
        IgnoresTransferability,
        /// What a leaver has is taken from those who have not claimed yet.
        BurnsTheUnclaimed,
        /// Who named a delegate is bound to it.
        DelegatesOnce
    }

    System private _system;
    bool private immutable _transferable;
    Flaw private immutable _flaw;
    uint48 public matureSince;

    constructor(System memory system, string memory name_, string memory symbol_, bool transferable_, Flaw flaw)
        ERC20(name_, symbol_)
        ERC20Permit(name_)
    {
        _system = system;
        _transferable = transferable_;
        _flaw = flaw;
    }

    modifier onlyRegistry() {
        if (msg.sender != _system.registry) revert IDataToken.DataToken_NotRegistry(msg.sender);
        _;
    }

    function mint(address to, uint256 amount) external onlyRegistry {
        _mint(to, amount);
    }

    function burn(address from, uint256 amount) external onlyRegistry {
        bool misses = _flaw == Flaw.BurnsTheUnclaimed && amount <= balanceOf(_system.registry);
        _burn(misses ? _system.registry : from, amount);
    }

    function delegates(address account) public view override returns (address) {
        if (account == _system.registry && _flaw != Flaw.RegistryVotes) return address(0);
        address delegatee = super.delegates(account);
        return delegatee == address(0) ? account : delegatee;
    }

    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _delegate(address account, address delegatee) internal override {
        if (delegatee == _system.registry || delegatee == address(this)) {
            revert IDataToken.DataToken_InvalidDelegate(delegatee);
        }
        if (_flaw == Flaw.DelegatesOnce && super.delegates(account) != address(0)) {
            revert IDataToken.DataToken_InvalidDelegate(delegatee);
        }
        bool burns = _flaw == Flaw.ZeroDelegationBurns;
        super._delegate(account, delegatee == address(0) && !burns ? account : delegatee);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        if (from != address(0) && to != address(0) && from != _system.registry) {
            if (!_transferable && _flaw != Flaw.IgnoresTransferability) {
                revert IDataToken.DataToken_NotTransferable(from, to);
            }
            if (to == _system.registry || to == address(this)) revert IDataToken.DataToken_InvalidRecipient(to);
            if (value > balanceOf(from)) revert ERC20InsufficientBalance(from, balanceOf(from), value);
            bool settles = _flaw != Flaw.MovesWithoutSettling;
            if (from != to && value != 0 && settles) IRevenueSplitter(_system.splitter).moveShares(from, to, value);
        }
        super._update(from, to, value);
    }

    function _maxSupply() internal pure override returns (uint256) {
        return type(uint64).max >> 1;
    }
}
