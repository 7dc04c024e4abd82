// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestAsset} from "./TestAsset.sol";

/// @notice Refuses to move nothing.
contract ZeroRevertAsset is TestAsset {
    /// @notice Thrown by a transfer of zero.
    error ZeroRevertAsset_ZeroAmount();

    constructor(string memory name_, string memory symbol_, uint8 decimals_) TestAsset(name_, symbol_, decimals_) {}

    function _update(address from, address to, uint256 value) internal override {
        if (value == 0) revert ZeroRevertAsset_ZeroAmount();
        super._update(from, to, value);
    }
}
