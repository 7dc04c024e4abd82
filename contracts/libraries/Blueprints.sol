// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataDAOFactory} from "../interfaces/IDataDAOFactory.sol";
import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";

/// @notice Creation code kept on chain as ERC-5202 blueprints: `0xFE7100`, which no call can run, and the code.
library Blueprints {
    bytes3 private constant _PREAMBLE = 0xfe7100;

    /// @notice Reverts with `DataDAOFactory_NotABlueprint` unless both parts, or the head alone, are blueprints.
    function validate(IDataDAOFactory.Blueprint memory blueprint) internal view {
        _part(blueprint.head);
        if (blueprint.tail != address(0)) _part(blueprint.tail);
    }

    /// @notice What to create a contract with.
    function initcode(IDataDAOFactory.Blueprint memory blueprint, bytes memory arguments)
        internal
        view
        returns (bytes memory)
    {
        bytes memory head = _part(blueprint.head);
        if (blueprint.tail == address(0)) return bytes.concat(head, arguments);
        return bytes.concat(head, _part(blueprint.tail), arguments);
    }

    function _part(address account) private view returns (bytes memory code) {
        code = account.code;
        if (code.length <= 3 || bytes3(code) != _PREAMBLE) {
            revert IDataDAOFactory.DataDAOFactory_NotABlueprint(account);
        }
        return Bytes.splice(code, 3);
    }
}
