// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISystem} from "../interfaces/ISystem.sol";

/// @notice Checks that constructors make of the addresses predicted for a DAO.
library Wiring {
    /// @notice Refuses to construct at any address but the one the counterparts were given.
    function requireSelf(address expected) internal view {
        if (expected != address(this)) revert ISystem.System_WrongAddress(expected, address(this));
    }

    /// @notice Refuses a counterpart that should exist by now and does not.
    function requireCode(address counterpart) internal view {
        if (counterpart.code.length == 0) revert ISystem.System_NoCode(counterpart);
    }
}
