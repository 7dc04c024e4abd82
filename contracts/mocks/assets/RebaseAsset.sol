// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestAsset} from "./TestAsset.sol";

/// @notice All balances are multiplied by a factor that anyone may change; transfers round down on the way.
contract RebaseAsset is TestAsset {
    uint256 private constant _ONE = 1e18;

    uint256 public factor = _ONE;

    constructor(string memory name_, string memory symbol_, uint8 decimals_) TestAsset(name_, symbol_, decimals_) {}

    function setFactor(uint256 newFactor) external {
        factor = newFactor;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return super.balanceOf(account) * factor / _ONE;
    }

    function totalSupply() public view override returns (uint256) {
        return super.totalSupply() * factor / _ONE;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value * _ONE / factor);
    }
}
