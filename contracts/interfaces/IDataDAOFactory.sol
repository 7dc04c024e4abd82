// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {GovernorParams} from "./IDataGovernor.sol";
import {IDataLeases} from "./IDataLeases.sol";
import {IDatasetRegistry} from "./IDatasetRegistry.sol";
import {System} from "./ISystem.sol";

/// @title Data DAO factory
/// @notice Creates whole Data DAOs: no proxies, no set-up calls, and no account but the new timelock has a role at any
/// block.
/// @dev Two transactions. The code of a DAO is 102 KB, which costs 20.4 million gas to store; a transaction takes at
/// most 16,777,216 (EIP-7825). `begin` creates all contracts but the two registries, `complete` these: without that of
/// datasets, which mints, none of the others does anything. Both derive the same addresses from the same creator,
/// parameters and salt, so a DAO can be completed only with the parameters it was begun with.
interface IDataDAOFactory {
    /// @notice What the eight constructors take besides each other's addresses.
    /// @param asset settlement asset of splitter, leases and models
    /// @param minDelay of the timelock, seconds
    /// @param guardian see `IEmergencyBrake`
    /// @param guardianUntil Unix time at which the guardian's term ends
    /// @param name of the token
    /// @param symbol of the token
    /// @param transferable see `IDataToken`
    /// @param maturitySupply see `IDataToken`
    /// @param governorName name of the governor's EIP-712 domain
    /// @param governor see `GovernorParams`
    /// @param leases see `IDataLeases.LeaseParams`
    /// @param registry see `IDatasetRegistry.RegistryParams`
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

    /// @notice Code that creates one contract, as ERC-5202 blueprints.
    /// @param head the code, or its beginning
    /// @param tail its end, if it is longer than the 24,573 bytes that one blueprint holds; else zero
    struct Blueprint {
        address head;
        address tail;
    }

    /// @notice Thrown when an account that should hold a blueprint does not begin with ERC-5202's `0xFE7100`, or ends
    /// there.
    error DataDAOFactory_NotABlueprint(address account);

    /// @notice Emitted when all contracts of a DAO but the two registries exist.
    /// @param id what all addresses of the DAO are derived from, see `predict`
    event DataDAOBegun(bytes32 indexed id, address indexed creator, System system);

    /// @notice Emitted when a DAO is complete and can be used.
    /// @param creator who began it, not who completed it
    event DataDAOCompleted(bytes32 indexed id, address indexed creator, System system);

    /// @notice Creates all contracts of a DAO but the two registries. Measured at 15.7 million gas, whatever the
    /// parameters.
    /// @dev Requirements: what the constructors require, in their words; the caller has not begun a DAO of the same
    /// parameters and salt before, or it reverts with `FailedDeployment`.
    ///
    /// Simulate `complete` on top of it before sending: where the registry refuses its parameters, or has so many that
    /// `complete` exceeds the gas of a transaction, six unusable contracts remain.
    function begin(DaoParams calldata params, bytes32 salt) external returns (System memory system);

    /// @notice Creates the two registries of a DAO that `creator` began with the same parameters and salt. Anyone may.
    /// @dev Reverts with `System_NoCode(timelock)` if it was not begun so, with `FailedDeployment` if it is complete.
    function complete(address creator, DaoParams calldata params, bytes32 salt) external returns (System memory system);

    /// @notice Where the DAO of these parameters will be, or is.
    /// @return id `keccak256(abi.encode(creator, params, salt))`; each contract is at the CREATE3 address of this
    /// factory with the salt `keccak256(abi.encode(id, n))`, n its place in `System`
    function predict(address creator, DaoParams calldata params, bytes32 salt)
        external
        view
        returns (bytes32 id, System memory system);

    /// @notice The code of each contract, in the order of the fields of `System`.
    function blueprints() external view returns (Blueprint[8] memory);
}
