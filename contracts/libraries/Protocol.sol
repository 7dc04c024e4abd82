// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Numbers and checks that several contracts share.
library Protocol {
    /// @notice Basis points of the whole.
    uint256 internal constant BPS = 10_000;
    /// @notice Pool of the splitter that every share of every dataset earns.
    uint256 internal constant COMMONS = 0;

    function isOutside(uint256 value, uint256 min, uint256 max) internal pure returns (bool) {
        return value < min || value > max;
    }
}
