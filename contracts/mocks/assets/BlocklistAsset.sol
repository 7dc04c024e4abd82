// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestAsset} from "./TestAsset.sol";

/// @notice Refuses transfers from and to blocked accounts, as USDC and USDT do. Anyone may block anyone.
contract BlocklistAsset is TestAsset {
    /// @notice Thrown when a blocked account is a side of a transfer.
    error BlocklistAsset_Blocked(address account);

    mapping(address account => bool) public isBlocked;

    constructor(string memory name_, string memory symbol_, uint8 decimals_) TestAsset(name_, symbol_, decimals_) {}

    function setBlocked(address account, bool newBlocked) external {
        isBlocked[account] = newBlocked;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (isBlocked[from]) revert BlocklistAsset_Blocked(from);
        if (isBlocked[to]) revert BlocklistAsset_Blocked(to);
        super._update(from, to, value);
    }
}
