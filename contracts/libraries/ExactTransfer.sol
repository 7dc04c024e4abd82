// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice A transfer into this contract, measured by its balance.
library ExactTransfer {
    using SafeERC20 for IERC20;

    /// @notice Pulls `amount` from `from`. An asset that charges a fee, or rebases meanwhile, delivers another amount:
    /// the caller refuses `arrived != amount`.
    /// @return before the balance before the transfer
    /// @return arrived by how much the balance rose; 0 if it fell
    function pull(IERC20 asset, address from, uint256 amount) internal returns (uint256 before, uint256 arrived) {
        before = asset.balanceOf(address(this));
        asset.safeTransferFrom(from, address(this), amount);
        arrived = Math.saturatingSub(asset.balanceOf(address(this)), before);
    }
}
