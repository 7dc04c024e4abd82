// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Probe} from "./Probe.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice Lends tokens for the length of one transaction.
contract FlashLender {
    /// @notice Thrown when the loan did not come back.
    error FlashLender_NotRepaid(uint256 missing);

    /// @notice Hands `amount` to `borrower`, lets it make its calls, and wants the tokens back.
    function lend(IERC20 token, uint256 amount, Probe borrower, address[] calldata targets, bytes[] calldata data)
        external
    {
        uint256 before = token.balanceOf(address(this));
        require(token.transfer(address(borrower), amount), "not lent");
        borrower.run(targets, data);
        uint256 left = token.balanceOf(address(this));
        if (left < before) revert FlashLender_NotRepaid(before - left);
    }
}
