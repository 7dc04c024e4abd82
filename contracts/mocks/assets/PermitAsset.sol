// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestAsset} from "./TestAsset.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @notice Takes approvals by signature (ERC-2612), as USDC does.
contract PermitAsset is TestAsset, ERC20Permit {
    constructor(string memory name_, string memory symbol_, uint8 decimals_)
        TestAsset(name_, symbol_, decimals_)
        ERC20Permit(name_)
    {}

    function decimals() public view override(TestAsset, ERC20) returns (uint8) {
        return super.decimals();
    }
}
