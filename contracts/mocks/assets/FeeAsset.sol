// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestAsset} from "./TestAsset.sol";

/// @notice Keeps a hundredth of every transfer, and one unit at least: less arrives than was sent.
contract FeeAsset is TestAsset {
    constructor(string memory name_, string memory symbol_, uint8 decimals_) TestAsset(name_, symbol_, decimals_) {}

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from == address(0) || to == address(0) || value == 0) return;
        super._update(to, address(0), value < 100 ? 1 : value / 100);
    }
}
