// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";

/// @dev What is recorded of a fingerprint, in one word: status 8 · contributor 160 · shares 64 · batch 24.
type Record is uint256;

using Records for Record global;

/// @notice Reads and writes the fields of a `Record`.
/// @dev By hand, since the compiler does not merge the four stores of a struct once another function writes one of its
/// fields: a claim would pay for a second one.
library Records {
    uint256 private constant _CONTRIBUTOR_AT = 8;
    uint256 private constant _SHARES_AT = 168;
    uint256 private constant _BATCH_AT = 232;

    /// @dev Callers keep `shares` below 2**64 and `batchId` below 2**24: publication bounds both.
    function pack(IDatasetRegistry.ContributionStatus status_, address contributor_, uint256 shares_, uint256 batchId_)
        internal
        pure
        returns (Record)
    {
        return Record.wrap(
            uint256(status_) | uint256(uint160(contributor_)) << _CONTRIBUTOR_AT | shares_ << _SHARES_AT | batchId_
                << _BATCH_AT
        );
    }

    function isNone(Record r) internal pure returns (bool) {
        return Record.unwrap(r) == 0;
    }

    function status(Record r) internal pure returns (IDatasetRegistry.ContributionStatus) {
        return IDatasetRegistry.ContributionStatus(uint8(Record.unwrap(r)));
    }

    function contributor(Record r) internal pure returns (address) {
        return address(uint160(Record.unwrap(r) >> _CONTRIBUTOR_AT));
    }

    function shares(Record r) internal pure returns (uint256) {
        return uint64(Record.unwrap(r) >> _SHARES_AT);
    }

    function batchId(Record r) internal pure returns (uint256) {
        return Record.unwrap(r) >> _BATCH_AT;
    }
}
