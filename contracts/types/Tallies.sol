// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @dev One proposal's count, in one slot, lowest bits first:
/// against 63 · for 63 · abstain 63 · deadline 36 · extension 22 · lease 1 · canceled 1 · licensee's tag 7.
/// Zero only for a proposal that does not exist.
type Tally is uint256;

/// @notice Reads and writes the fields of a `Tally`.
/// @dev Supply, and so every sum of votes, is below 2**63. 36 bits of seconds last until the year 4147; 22 bits are 48
/// days, and a late quorum adds at most the longest voting period, 30. A value that does not fit reverts.
library Tallies {
    uint256 private constant _VOTES_BITS = 63;
    uint256 private constant _DEADLINE_BITS = 36;
    uint256 private constant _EXTENSION_BITS = 22;
    uint256 private constant _TAG_BITS = 7;

    uint256 private constant _DEADLINE_AT = 189;
    uint256 private constant _EXTENSION_AT = 225;
    uint256 private constant _LEASE = 1 << 247;
    uint256 private constant _CANCELED = 1 << 248;
    uint256 private constant _TAG_AT = 249;

    uint256 private constant _VOTES = (1 << _VOTES_BITS) - 1;
    uint256 private constant _DEADLINE = (1 << _DEADLINE_BITS) - 1;
    uint256 private constant _EXTENSION = (1 << _EXTENSION_BITS) - 1;
    uint256 private constant _TAG = (1 << _TAG_BITS) - 1;

    /* WRITING */

    /// @notice The tally of a new proposal.
    /// @param end last second of the vote
    /// @param seconds_ voting time that must be left when quorum is reached
    function open(uint256 end, uint256 seconds_) internal pure returns (Tally) {
        _fit(end, _DEADLINE_BITS);
        _fit(seconds_, _EXTENSION_BITS);
        return Tally.wrap((end << _DEADLINE_AT) | (seconds_ << _EXTENSION_AT));
    }

    /// @notice Marks a lease proposal. The tag is the end of the licensee's address: 127 of 128 voters learn from it
    /// that they are not the licensee, without a look at the whole address.
    function ofLease(Tally tally, address licensee) internal pure returns (Tally) {
        return Tally.wrap(Tally.unwrap(tally) | _LEASE | (_tag(licensee) << _TAG_AT));
    }

    function canceled(Tally tally) internal pure returns (Tally) {
        return Tally.wrap(Tally.unwrap(tally) | _CANCELED);
    }

    /// @param support 0 against, 1 for, 2 abstain
    function add(Tally tally, uint8 support, uint256 weight) internal pure returns (Tally) {
        // A sum that fits its field carries nothing into the next one.
        unchecked {
            if (weight > _VOTES - votes(tally, support)) {
                revert SafeCast.SafeCastOverflowedUintDowncast(uint8(_VOTES_BITS), weight);
            }
            return Tally.wrap(Tally.unwrap(tally) + (weight << (_VOTES_BITS * support)));
        }
    }

    /// @notice Ends the watch for a late quorum, at `end` as the last second of the vote.
    function settled(Tally tally, uint256 end) internal pure returns (Tally) {
        _fit(end, _DEADLINE_BITS);
        uint256 rest = Tally.unwrap(tally) & ~((_DEADLINE << _DEADLINE_AT) | (_EXTENSION << _EXTENSION_AT));
        return Tally.wrap(rest | (end << _DEADLINE_AT));
    }

    /* READING */

    /// @param support 0 against, 1 for, 2 abstain
    function votes(Tally tally, uint8 support) internal pure returns (uint256) {
        unchecked {
            return (Tally.unwrap(tally) >> (_VOTES_BITS * support)) & _VOTES;
        }
    }

    /// @notice What counts towards the quorum: for and abstain.
    function turnout(Tally tally) internal pure returns (uint256) {
        return votes(tally, 1) + votes(tally, 2);
    }

    /// @notice Last second of the vote.
    function deadline(Tally tally) internal pure returns (uint256) {
        return (Tally.unwrap(tally) >> _DEADLINE_AT) & _DEADLINE;
    }

    /// @notice Voting time that must be left when quorum is reached; 0 once that is settled.
    function extension(Tally tally) internal pure returns (uint256) {
        return (Tally.unwrap(tally) >> _EXTENSION_AT) & _EXTENSION;
    }

    /// @notice Whether quorum, if reached at `time`, would leave less than the extension. Never once that is settled.
    function isLate(Tally tally, uint256 time) internal pure returns (bool) {
        uint256 watched = extension(tally);
        return watched != 0 && watched + time > deadline(tally);
    }

    function isLease(Tally tally) internal pure returns (bool) {
        return Tally.unwrap(tally) & _LEASE != 0;
    }

    function isCanceled(Tally tally) internal pure returns (bool) {
        return Tally.unwrap(tally) & _CANCELED != 0;
    }

    /// @notice False for every account that is certainly not the licensee.
    function mayBeLicensee(Tally tally, address account) internal pure returns (bool) {
        return isLease(tally) && Tally.unwrap(tally) >> _TAG_AT == _tag(account);
    }

    function _tag(address account) private pure returns (uint256) {
        return uint160(account) & _TAG;
    }

    function _fit(uint256 value, uint256 bits) private pure {
        if (value >> bits != 0) revert SafeCast.SafeCastOverflowedUintDowncast(uint8(bits), value);
    }
}
