// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A list of at most eight ids in one word, newest first, without gaps. Ids are below 2**32 and not zero.
library NewestEight {
    uint256 internal constant MAX = 8;
    uint256 private constant _BITS = 32;

    /// @notice The id at `position`, 0 being the newest; zero behind the end of the list.
    function idAt(uint256 list, uint256 position) internal pure returns (uint256) {
        return uint32(list >> (position * _BITS));
    }

    function isFull(uint256 list) internal pure returns (bool) {
        return idAt(list, MAX - 1) != 0;
    }

    /// @notice Puts `id` in front. The oldest id of a full list falls off: remove another one first to keep it.
    function push(uint256 list, uint256 id) internal pure returns (uint256) {
        return list << _BITS | id;
    }

    /// @notice Takes out the id at `position` and closes the gap.
    function remove(uint256 list, uint256 position) internal pure returns (uint256) {
        uint256 newer = list & ((1 << (position * _BITS)) - 1);
        // Two shifts: one by (position + 1) * 32 bits would need a word of its own at the last position.
        uint256 older = list >> (position * _BITS) >> _BITS;
        return older << (position * _BITS) | newer;
    }
}
