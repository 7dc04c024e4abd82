// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice The arithmetic of a pool: income per share, scaled by 2**64, with the remainder carried.
/// @dev Pure, so that it can be proved and compared with a model apart from the contract that moves money.
///
/// Widths. Shares fit 63 bits (`MAX_SHARES`), more than 9e9 units of data at 1e9 shares each. With `SCALE` above the
/// largest pool, what the carried remainder withholds from an account is below one asset unit. `acc` has 176 bits: a
/// deposit adds at most `amount * SCALE / MIN_SHARES`, so it fills up after deposits of
/// `2**176 / 2**64 * 1e9 > 2**141` units. An asset with 2**96 units in existence (79 billion tokens of 18 decimals)
/// would have to go round more than 2**45 times through a pool of the smallest size; a single member who tries to
/// brick a pool by depositing to itself cannot. `received` has 192 bits and cannot fill before `acc`.
library Accumulator {
    uint256 internal constant SCALE = 1 << 64;
    uint256 internal constant MIN_SHARES = 1e9;
    uint256 internal constant MAX_SHARES = type(uint64).max >> 1;
    uint256 internal constant MAX_ACC = type(uint176).max;
    /// @dev Keeps `amount * SCALE + carry` within 256 bits with room to spare; no asset comes near.
    uint256 internal constant MAX_DEPOSIT = type(uint176).max;

    /// @notice Shares out `amount`: `amount * SCALE + carry == growth * shares + newCarry`, `newCarry < shares`.
    function split(uint256 amount, uint256 carry, uint256 shares)
        internal
        pure
        returns (uint256 growth, uint256 newCarry)
    {
        uint256 scaled = amount * SCALE + carry;
        growth = scaled / shares;
        newCarry = scaled % shares;
    }

    /// @notice What `shares` earned since `index`, in asset units, rounded down.
    /// @dev 63 + 176 bits cannot overflow.
    function earned(uint256 shares, uint256 acc, uint256 index) internal pure returns (uint256) {
        return (shares * (acc - index)) / SCALE;
    }

    /// @notice The index at which `sharesA + sharesB` have earned what both earned apart, rounded up.
    /// @dev From `(a + b)(acc - i) = a(acc - ia) + b(acc - ib)`. It saves a stored credit at each claim of a
    /// contribution; rounding up costs the account less than `(a + b) / SCALE`, less than one asset unit.
    function blend(uint256 sharesA, uint256 indexA, uint256 sharesB, uint256 indexB) internal pure returns (uint256) {
        return Math.ceilDiv(sharesA * indexA + sharesB * indexB, sharesA + sharesB);
    }

    /// @notice How far the index of `shares` moves for `amount` units paid out, rounded up: at most to `acc`, since
    /// `amount` was rounded down.
    function indexGrowth(uint256 amount, uint256 shares) internal pure returns (uint256) {
        return Math.ceilDiv(amount * SCALE, shares);
    }
}
