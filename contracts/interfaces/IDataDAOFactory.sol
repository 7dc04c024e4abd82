// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GovernorParams} from "./IDataGovernor.sol";
import {IDataLeases} from "./IDataLeases.sol";
import {IDatasetRegistry} from "./IDatasetRegistry.sol";
import {System} from "./ISystem.sol";

/// @title Data DAO factory
/// @notice Creates whole Data DAOs, wired by itself: each contract is what its constructor makes it, no proxy stands in
/// front of it, and at no moment does anyone but the new timelock hold a power over it.
/// @dev Two transactions. The code of a DAO is 92 KB, which costs 18.4 million gas to store; a transaction takes at most
/// 16,777,216 (EIP-7825). `begin` creates all contracts but the registry, `complete` the registry, which mints and
/// without which none of the others does anything. Both derive the same addresses from the same parameters, so whoever
/// completes a DAO can complete it only as its creator began it.
interface IDataDAOFactory {
    /// @param minDelay of the timelock, seconds
    /// @param guardianUntil Unix time at which the guardian's term ends
    /// @param maturitySupply see `DataToken`
    /// @param governorName name of the governor's EIP-712 domain
    struct DaoParams {
        address asset;
        uint256 minDelay;
        address guardian;
        uint48 guardianUntil;
        string name;
        string symbol;
        bool transferable;
        uint256 maturitySupply;
        string governorName;
        GovernorParams governor;
        IDataLeases.LeaseParams leases;
        IDatasetRegistry.RegistryParams registry;
    }

    /// @notice Code that creates one contract, as ERC-5202 blueprints. `tail` is zero unless the code is longer than the
    /// 24,576 bytes that one account holds.
    struct Blueprint {
        address head;
        address tail;
    }

    /// @notice Thrown when an account that should hold a blueprint does not begin with ERC-5202's `0xFE7100`.
    error DataDAOFactory_NotABlueprint(address account);

    /// @notice Emitted when all contracts of a DAO but the registry exist.
    /// @param id what `predict`, `begin` and `complete` derive the addresses from
    event DataDAOBegun(bytes32 indexed id, address indexed creator, System system);

    /// @notice Emitted when a DAO is complete and can be used.
    event DataDAOCompleted(bytes32 indexed id, address indexed creator, System system);

    /// @notice Creates all contracts of a DAO but the registry.
    /// @dev Requirements: what the constructors require; the caller has not begun the same DAO with the same salt before.
    /// Simulate `complete` on top of it before sending: a registry that refuses its parameters leaves seven contracts
    /// that nobody can use, and a new attempt takes another salt.
    function begin(DaoParams calldata params, bytes32 salt) external returns (System memory system);

    /// @notice Creates the registry of a DAO that `creator` began with the same parameters and salt. Anyone may.
    /// @dev Reverts with `System_NoCode` if it was not begun so.
    function complete(address creator, DaoParams calldata params, bytes32 salt) external returns (System memory system);

    /// @notice Where the DAO of these parameters will be, or is.
    function predict(address creator, DaoParams calldata params, bytes32 salt)
        external
        view
        returns (bytes32 id, System memory system);

    /// @notice The code of each contract, in the order of the fields of `System`.
    function blueprints() external view returns (Blueprint[8] memory);
}
