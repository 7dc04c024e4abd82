// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @notice OpenZeppelin's own `ERC20Votes` under the rules of `DataToken`: what one-word accounts are compared with.
contract StockVotes is ERC20, ERC20Permit, ERC20Votes {
    address private immutable _registry;
    bool private immutable _transferable;

    error DataToken_NotRegistry(address caller);
    error DataToken_NotTransferable(address from, address to);
    error DataToken_InvalidRecipient(address to);
    error DataToken_InvalidDelegate(address delegatee);

    constructor(address registry, string memory name_, string memory symbol_, bool transferable)
        ERC20(name_, symbol_)
        ERC20Permit(name_)
    {
        _registry = registry;
        _transferable = transferable;
    }

    modifier onlyRegistry() {
        if (msg.sender != _registry) revert DataToken_NotRegistry(msg.sender);
        _;
    }

    function mint(address to, uint256 amount) external onlyRegistry {
        _mint(to, amount);
    }

    function burn(address from, uint256 amount) external onlyRegistry {
        _burn(from, amount);
    }

    function decimals() public pure override returns (uint8) {
        return 9;
    }

    function delegates(address account) public view override returns (address) {
        if (account == _registry) return address(0);
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
        if (delegatee == _registry || delegatee == address(this)) revert DataToken_InvalidDelegate(delegatee);
        super._delegate(account, delegatee == address(0) ? account : delegatee);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        if (from != address(0) && to != address(0) && from != _registry) {
            if (!_transferable) revert DataToken_NotTransferable(from, to);
            if (to == _registry || to == address(this)) revert DataToken_InvalidRecipient(to);
            if (value > balanceOf(from)) revert ERC20InsufficientBalance(from, balanceOf(from), value);
        }
        super._update(from, to, value);
    }

    function _maxSupply() internal pure override returns (uint256) {
        return type(uint64).max >> 1;
    }
}
