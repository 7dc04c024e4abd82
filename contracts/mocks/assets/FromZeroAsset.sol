// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestAsset} from "./TestAsset.sol";

/// @notice Changes an allowance only from zero or to zero, as USDT does on the main network.
contract FromZeroAsset is TestAsset {
    /// @notice Thrown by an approval of more than nothing while another one stands.
    error FromZeroAsset_AllowanceStands(address spender, uint256 allowance);

    constructor(string memory name_, string memory symbol_, uint8 decimals_) TestAsset(name_, symbol_, decimals_) {}

    function approve(address spender, uint256 value) public override returns (bool) {
        uint256 standing = allowance(msg.sender, spender);
        if (value != 0 && standing != 0) revert FromZeroAsset_AllowanceStands(spender, standing);
        return super.approve(spender, value);
    }
}
