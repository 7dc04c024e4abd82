// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestAsset} from "./TestAsset.sol";

/// @notice Moves nothing while paused. Anyone may pause it.
contract PausableAsset is TestAsset {
    /// @notice Thrown by every transfer while paused.
    error PausableAsset_Paused();

    bool public paused;

    constructor(string memory name_, string memory symbol_, uint8 decimals_) TestAsset(name_, symbol_, decimals_) {}

    function setPaused(bool newPaused) external {
        paused = newPaused;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (paused) revert PausableAsset_Paused();
        super._update(from, to, value);
    }
}
