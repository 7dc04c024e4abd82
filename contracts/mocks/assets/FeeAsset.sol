// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestAsset} from "./TestAsset.sol";

/// @notice Keeps part of every transfer, a hundredth unless told otherwise: less arrives than was sent.
contract FeeAsset is TestAsset {
    uint256 public feeBps = 100;

    constructor(string memory name_, string memory symbol_, uint8 decimals_) TestAsset(name_, symbol_, decimals_) {}

    function setFee(uint256 newFeeBps) external {
        feeBps = newFeeBps;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from == address(0) || to == address(0) || value == 0 || feeBps == 0) return;
        uint256 fee = value * feeBps / 10_000;
        super._update(to, address(0), fee == 0 ? 1 : fee);
    }
}
