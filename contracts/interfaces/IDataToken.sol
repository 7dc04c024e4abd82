// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {ISuccession} from "./ISuccession.sol";
import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Data DAO membership token
/// @notice One token unit is one share of accepted data (9 decimals). Holders vote from the moment of receipt,
/// without a `delegate` call. The registry holds what is accepted but not yet claimed; it never votes.
/// @dev Notes:
/// - `transferable() == false`: only the registry moves tokens, so votes are earned with data and never bought.
/// - `transferable() == true`: a token carries votes and nothing else. A seller keeps the income of its data, and a
///   buyer keeps its votes after the seller erased its data.
/// - A member that lost its key has an heir, if it named one before: `ISuccession`.
/// - Timestamps are the clock (ERC-6372).
interface IDataToken is IERC20, IERC5805, ISuccession {
    /// @notice Votes from a second on; fields named as in the ABI of OpenZeppelin's `ERC20Votes`.
    /// @param _key the second
    /// @param _value the votes
    struct Checkpoint {
        uint48 _key;
        uint208 _value;
    }

    /// @notice Thrown when a function of the registry is called by another account.
    error DataToken_NotRegistry(address caller);

    /// @notice Thrown when tokens would move between members of a DAO whose tokens cannot be transferred.
    error DataToken_NotTransferable(address from, address to);

    /// @notice Thrown when tokens would be sent to the registry or to the token contract itself.
    error DataToken_InvalidRecipient(address to);

    /// @notice Thrown when votes would be delegated to the registry or to the token, which cannot vote.
    error DataToken_InvalidDelegate(address delegatee);

    /// @notice Thrown by the constructor when the supply at which the DAO counts as mature is none, or more than supply
    /// can ever be: its quorum floor would bind until `floorUntil`, whatever it grows to.
    error DataToken_InvalidMaturitySupply(uint256 supply, uint256 min, uint256 max);

    /// @notice Thrown when an account has used up its nonces (24 bits), or the DAO its member numbers (32 bits).
    error DataToken_FieldFull(uint256 bits);

    /// @notice Thrown when supply would exceed what fits; as in OpenZeppelin's `ERC20Votes`.
    error ERC20ExceededSafeSupply(uint256 increasedSupply, uint256 cap);

    /// @notice Thrown when votes or supply are asked for at a time that is not past; as in OpenZeppelin's `Votes`.
    error ERC5805FutureLookup(uint256 timepoint, uint48 clock);

    /// @notice Emitted once, when supply first reaches `maturitySupply`.
    event Matured(uint256 supply);

    /// @notice Creates `amount` units for `to`: for the registry when a batch activates, for the contributor when a
    /// sleeping contribution is claimed. Registry only.
    function mint(address to, uint256 amount) external;

    /// @notice Destroys `amount` units of `from`. Registry only: erasure, leftovers, duplicates and sleep.
    function burn(address from, uint256 amount) external;

    /// @notice Votes of `account` at `timepoint`, as `getPastVotes`, and its member number now, 0 if it has none.
    function ballotOf(address account, uint256 timepoint) external view returns (uint256 votes, uint256 number);

    /// @notice Number of the account among all that ever held a token or received a delegation of more than nothing,
    /// from 1 in the order of that; 0 for any other. It never changes and is never given again.
    function memberNumber(address account) external view returns (uint256);

    /// @notice The highest member number.
    function memberCount() external view returns (uint256);

    /// @notice Number of checkpoints of an account's votes; as in OpenZeppelin's `ERC20Votes`.
    function numCheckpoints(address account) external view returns (uint32);

    /// @notice The checkpoint after `pos` others; as in OpenZeppelin's `ERC20Votes`.
    function checkpoints(address account, uint32 pos) external view returns (Checkpoint memory);

    /// @notice Whether members may transfer tokens to one another. Fixed at creation.
    function transferable() external view returns (bool);

    /// @notice Supply at which the governor's quorum floor ends.
    function maturitySupply() external view returns (uint256);

    /// @notice Time at which supply first reached `maturitySupply`, 0 before.
    function matureSince() external view returns (uint48);

    /// @notice The registry, sole minter and burner.
    function registry() external view returns (address);
}
