// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestAsset} from "./TestAsset.sol";

/// @notice Amounts have 96 bits, as in COMP and UNI: larger ones revert, but an approval of everything is taken.
contract Uint96Asset is TestAsset {
    /// @notice Thrown when an amount has more than 96 bits.
    error Uint96Asset_TooLarge(uint256 amount);

    constructor(string memory name_, string memory symbol_, uint8 decimals_) TestAsset(name_, symbol_, decimals_) {}

    function _approve(address owner, address spender, uint256 value, bool emitEvent) internal override {
        if (value != type(uint256).max && value > type(uint96).max) revert Uint96Asset_TooLarge(value);
        super._approve(owner, spender, value, emitEvent);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (value > type(uint96).max) revert Uint96Asset_TooLarge(value);
        super._update(from, to, value);
    }
}
