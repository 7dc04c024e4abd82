// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A member of a pool in one word: index (176 bits), shares (64), and two flags: whether there is a credit,
/// which spares most claims the read of one that is not there, and whether an heir has the account's place in the pool.
/// An account without shares has its credit where the index was.
/// @dev A struct of the same fields is read and written field by field, at 100 gas and a mask each.
type Member is uint256;

using Members for Member global;

library Members {
    uint256 private constant _SHARES_AT = 176;
    uint256 private constant _FLAGS_AT = 240;

    uint256 internal constant CREDIT = 1;
    uint256 internal constant MOVED = 2;

    /// @dev Callers keep `index` below 2**176 (an accumulator, or a credit) and `shares` below 2**64 (a pool's).
    function pack(uint256 index, uint256 shares_, uint256 flags) internal pure returns (Member) {
        return Member.wrap(index | shares_ << _SHARES_AT | flags << _FLAGS_AT);
    }

    function unpack(Member member) internal pure returns (uint256 index, uint256 shares_, uint256 flags) {
        uint256 word = Member.unwrap(member);
        return (uint176(word), uint64(word >> _SHARES_AT), word >> _FLAGS_AT);
    }

    function shares(Member member) internal pure returns (uint256) {
        return uint64(Member.unwrap(member) >> _SHARES_AT);
    }
}
