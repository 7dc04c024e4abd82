// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice The arithmetic of a pool: income per share, scaled by 2**64, with the remainder carried.
/// @dev Pure, so that it can be proved and compared with a model apart from the contract that moves money.
///
/// Accumulators and indices count modulo 2**176, so that no lifetime total ever fills them: whoever owns a small pool
/// can send the same money round without end. What matters is the growth since an index, and growth costs money that is
/// still there: shares that saw the accumulator grow by `g` are owed at least `g / SCALE` units. What the splitter owes
/// stays below `MAX_OWED` = 2**111 units (an asset of 24 decimals: 2.6e9 tokens), so `g` stays below 2**175, and the
/// difference of two indices has a sign.
///
/// Shares fit 63 bits (`MAX_SHARES`), more than 9e9 units of data at 1e9 shares each. With `SCALE` above the largest
/// pool, what the carried remainder withholds from an account is below one asset unit.
library Accumulator {
    uint256 internal constant SCALE = 1 << 64;
    uint256 internal constant MIN_SHARES = 1e9;
    uint256 internal constant MAX_SHARES = type(uint64).max >> 1;
    uint256 internal constant MAX_INDEX = type(uint176).max;
    /// @dev Growths below this are forwards, from it on backwards.
    uint256 internal constant MAX_GROWTH = (1 << 175) - 1;
    uint256 internal constant MAX_OWED = (1 << 111) - 1;

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

    /// @notice `index` moved on by `growth`, modulo 2**176.
    function advance(uint256 index, uint256 growth) internal pure returns (uint256) {
        // Both are far below 2**256.
        unchecked {
            return (index + growth) & MAX_INDEX;
        }
    }

    /// @notice How far an accumulator has moved on from `index` to `acc`.
    function growthSince(uint256 acc, uint256 index) internal pure returns (uint256) {
        unchecked {
            return (acc - index) & MAX_INDEX;
        }
    }

    /// @notice What `shares` earned since `index`, in asset units, rounded down.
    /// @dev 63 + 176 bits cannot overflow.
    function earned(uint256 shares, uint256 acc, uint256 index) internal pure returns (uint256) {
        return (shares * growthSince(acc, index)) / SCALE;
    }

    /// @notice The index at which `sharesA + sharesB` have earned what both earned apart, rounded up.
    /// @dev From `(a + b)(acc - i) = a(acc - ia) + b(acc - ib)`: `i = ia + b(ib - ia) / (a + b)`, whatever `acc` is. It
    /// saves a stored credit at each claim of a contribution; rounding up costs the account less than
    /// `(a + b) / SCALE`, less than one asset unit.
    function blend(uint256 sharesA, uint256 indexA, uint256 sharesB, uint256 indexB) internal pure returns (uint256) {
        uint256 step = growthSince(indexB, indexA);
        if (step <= MAX_GROWTH) return advance(indexA, Math.ceilDiv(sharesB * step, sharesA + sharesB));
        // B entered before A: the step goes backwards, and rounding up is rounding it down.
        step = growthSince(indexA, indexB);
        return growthSince(indexA, sharesB * step / (sharesA + sharesB));
    }

    /// @notice How far the index of `shares` moves for `amount` units paid out, rounded up: at most to `acc`, since
    /// `amount` was rounded down.
    /// @dev An amount that was earned is what is left of 239 bits without the lowest 64.
    function indexGrowth(uint256 amount, uint256 shares) internal pure returns (uint256) {
        unchecked {
            return Math.ceilDiv(amount * SCALE, shares);
        }
    }
}
