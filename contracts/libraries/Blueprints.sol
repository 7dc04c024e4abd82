// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataDAOFactory} from "../interfaces/IDataDAOFactory.sol";
import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";

/// @notice Creation code kept on chain as ERC-5202 blueprints: `0xFE7100` and the code. The first byte ends every call,
/// so a blueprint can neither act nor change.
library Blueprints {
    /// @dev `0xFE71` is ERC-5202's mark, the third byte its version 0 with no data of its own.
    bytes3 private constant _PREAMBLE = 0xfe7100;

    /// @notice Reverts with `DataDAOFactory_NotABlueprint` unless the parts hold code as blueprints do.
    function validate(IDataDAOFactory.Blueprint memory blueprint) internal view {
        initcode(blueprint, "");
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
