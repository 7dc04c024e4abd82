// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @notice Addresses of the eight contracts of one DAO, predicted before the first is deployed.
/// @dev Every constructor takes the same value and refuses to live at any address but its own entry, so eight
/// contracts that exist agree on each other without a set-up transaction and without a temporary role.
struct System {
    address timelock;
    address brake;
    address token;
    address splitter;
    address governor;
    address leases;
    address models;
    address registry;
}

/// @notice Errors of the wiring checks that all constructors share.
interface ISystem {
    /// @notice Thrown when a contract would be deployed at another address than the one its counterparts expect.
    error System_WrongAddress(address expected, address actual);

    /// @notice Thrown when a counterpart that must exist already has no code.
    error System_NoCode(address counterpart);
}
