// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Lower-case hexadecimal of fixed-size values, all digits of a word at once.
/// @dev OpenZeppelin's `Strings.toHexString` goes digit by digit: 23,000 gas more for the two values that every lease
/// request writes out.
library Hex {
    /// @notice `0x` and the 64 digits of `value`.
    function toHex(bytes32 value) internal pure returns (bytes memory) {
        return bytes.concat("0x", _digits(uint128(bytes16(value))), _digits(uint128(uint256(value))));
    }

    /// @notice `0x` and the 40 digits of `account`, without a checksum.
    function toHex(address account) internal pure returns (bytes memory) {
        bytes20 value = bytes20(account);
        return bytes.concat("0x", _digits(uint128(bytes16(value))), bytes8(_digits(uint128(bytes16(value << 128)))));
    }

    /// @dev Spreads the 32 half-bytes of `value` over the 32 bytes of a word, then turns each into its digit: '0' + n,
    /// and 39 more from ten on ('a' - '0' - 10). No sum leaves its byte: the largest is 'f', 102.
    function _digits(uint128 value) private pure returns (bytes32) {
        uint256 w = value;
        w = (w | w << 64) & 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff;
        w = (w | w << 32) & 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
        w = (w | w << 16) & 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;
        w = (w | w << 8) & 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
        w = (w | w << 4) & 0x0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f;
        uint256 letters = ((w + 0x0606060606060606060606060606060606060606060606060606060606060606) >> 4)
            & 0x0101010101010101010101010101010101010101010101010101010101010101;
        return bytes32(w + 0x3030303030303030303030303030303030303030303030303030303030303030 + letters * 39);
    }
}
