// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Data DAO membership token
/// @notice One token unit is one share of accepted data (9 decimals). Holders vote from the moment of receipt,
/// without a `delegate` call. The registry holds what is accepted but not yet claimed; it never votes.
/// @dev Notes:
/// - `transferable() == false`: only the registry moves tokens, so votes are earned with data and never bought.
/// - `transferable() == true`: a seller keeps the income of its datasets, a buyer keeps its votes after the seller
///   erased its data, and commons income (pool 0) can be bought just before an instalment.
/// - Timestamps are the clock (ERC-6372).
interface IDataToken is IERC20, IERC5805 {
    /// @notice Thrown when a function of the registry is called by another account.
    error DataToken_NotRegistry(address caller);

    /// @notice Thrown when tokens would move between members of a DAO whose tokens cannot be transferred.
    error DataToken_NotTransferable(address from, address to);

    /// @notice Thrown when tokens would be sent to the registry or to the token contract itself.
    error DataToken_InvalidRecipient(address to);

    /// @notice Thrown when votes would be delegated to the registry or to the token, which cannot vote.
    error DataToken_InvalidDelegate(address delegatee);

    /// @notice Thrown by the constructor when the supply at which the quorum floor lifts is zero.
    error DataToken_ZeroMaturitySupply();

    /// @notice Emitted once, when supply first reaches `maturitySupply`.
    event Matured(uint256 supply);

    /// @notice Creates `amount` units for `to`: for the registry when a batch activates, for the contributor when a
    /// sleeping contribution is claimed. Registry only.
    function mint(address to, uint256 amount) external;

    /// @notice Destroys `amount` units of `from`. Registry only: erasure, leftovers, duplicates and sleep.
    function burn(address from, uint256 amount) external;

    /// @notice Whether members may transfer tokens to one another. Fixed at deployment.
    function transferable() external view returns (bool);

    /// @notice Supply at which the governor's quorum floor lifts permanently.
    function maturitySupply() external view returns (uint256);

    /// @notice Time at which supply first reached `maturitySupply`, 0 before.
    function matureSince() external view returns (uint48);

    /// @notice The registry, sole minter and burner.
    function registry() external view returns (address);
}
