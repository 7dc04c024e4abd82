// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataToken} from "../interfaces/IDataToken.sol";

/// @dev An account in one word, lowest bits first:
/// balance 63 · votes 63 · time of the votes 40 · older checkpoints 32 · member number 32 · nonce 24 · delegated 1 ·
/// succeeded 1.
type Account is uint256;

using Accounts for Account global;

/// @notice Reads and writes the fields of an `Account`.
/// @dev A struct of the same fields is written field by field; here each change of an account is one store.
///
/// Supply has 63 bits, and so has every balance and every sum of votes. 40 bits of seconds last for 34,000 years; an
/// account has at most one checkpoint a second. 24 bits of nonce are 16 million permits and delegations signed by one
/// key; 32 bits of numbers are four billion members. A number or nonce that does not fit reverts.
library Accounts {
    uint256 private constant _VOTES_AT = 63;
    uint256 private constant _TIME_AT = 126;
    uint256 private constant _OLDER_AT = 166;
    uint256 private constant _NUMBER_AT = 198;
    uint256 private constant _NONCE_AT = 230;
    uint256 private constant _DELEGATED = 1 << 254;
    uint256 private constant _SUCCEEDED = 1 << 255;
    uint256 private constant _FLAGS_AT = 254;

    uint256 private constant _AMOUNT = (1 << 63) - 1;
    uint256 private constant _TIME = (1 << 40) - 1;
    uint256 private constant _COUNT = (1 << 32) - 1;
    uint256 private constant _NONCE = (1 << 24) - 1;
    uint256 private constant _CHECKPOINT = ((1 << (_NUMBER_AT - _VOTES_AT)) - 1) << _VOTES_AT;

    /* READING */

    function balance(Account a) internal pure returns (uint256) {
        return Account.unwrap(a) & _AMOUNT;
    }

    function votes(Account a) internal pure returns (uint256) {
        return (Account.unwrap(a) >> _VOTES_AT) & _AMOUNT;
    }

    /// @notice Second since which the votes are what they are; 0 for an account that never had any.
    function time(Account a) internal pure returns (uint256) {
        return (Account.unwrap(a) >> _TIME_AT) & _TIME;
    }

    /// @notice Checkpoints before the one that is in the word.
    function older(Account a) internal pure returns (uint256) {
        return (Account.unwrap(a) >> _OLDER_AT) & _COUNT;
    }

    function number(Account a) internal pure returns (uint256) {
        return (Account.unwrap(a) >> _NUMBER_AT) & _COUNT;
    }

    function nonce(Account a) internal pure returns (uint256) {
        return (Account.unwrap(a) >> _NONCE_AT) & _NONCE;
    }

    /// @notice Whether another account was named as its delegate.
    function isDelegated(Account a) internal pure returns (bool) {
        return Account.unwrap(a) & _DELEGATED != 0;
    }

    /// @notice Whether an heir has taken its place.
    function isSucceeded(Account a) internal pure returns (bool) {
        return Account.unwrap(a) & _SUCCEEDED != 0;
    }

    /// @notice Whether its votes are its own: neither delegated nor an heir's.
    function isOwn(Account a) internal pure returns (bool) {
        return Account.unwrap(a) >> _FLAGS_AT == 0;
    }

    /* WRITING */

    /// @dev The caller keeps every balance within the supply, so nothing is carried into the next field.
    function credit(Account a, uint256 amount) internal pure returns (Account) {
        unchecked {
            return Account.wrap(Account.unwrap(a) + amount);
        }
    }

    /// @dev The caller has seen that the balance holds `amount`.
    function debit(Account a, uint256 amount) internal pure returns (Account) {
        unchecked {
            return Account.wrap(Account.unwrap(a) - amount);
        }
    }

    function withVotes(Account a, uint256 votes_, uint256 time_, uint256 older_) internal pure returns (Account) {
        uint256 rest = Account.unwrap(a) & ~_CHECKPOINT;
        return Account.wrap(rest | votes_ << _VOTES_AT | time_ << _TIME_AT | older_ << _OLDER_AT);
    }

    /// @dev For the count of members.
    function withNextNumber(Account a) internal pure returns (Account) {
        if (a.number() == _COUNT) revert IDataToken.DataToken_FieldFull(32);
        unchecked {
            return Account.wrap(Account.unwrap(a) + (1 << _NUMBER_AT));
        }
    }

    /// @dev Of an account that has none.
    function withNumber(Account a, uint256 number_) internal pure returns (Account) {
        return Account.wrap(Account.unwrap(a) | number_ << _NUMBER_AT);
    }

    function withNextNonce(Account a) internal pure returns (Account) {
        if (a.nonce() == _NONCE) revert IDataToken.DataToken_FieldFull(24);
        unchecked {
            return Account.wrap(Account.unwrap(a) + (1 << _NONCE_AT));
        }
    }

    function withDelegated(Account a, bool delegated) internal pure returns (Account) {
        uint256 rest = Account.unwrap(a) & ~_DELEGATED;
        return Account.wrap(delegated ? rest | _DELEGATED : rest);
    }

    /// @dev Never taken back.
    function withSucceeded(Account a) internal pure returns (Account) {
        return Account.wrap(Account.unwrap(a) | _SUCCEEDED);
    }
}
