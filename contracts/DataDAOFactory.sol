// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataDAOFactory} from "./interfaces/IDataDAOFactory.sol";
import {System} from "./interfaces/ISystem.sol";
import {Blueprints} from "./libraries/Blueprints.sol";
import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";

/// @title Data DAO factory
/// @notice Creates whole Data DAOs. Documented on `IDataDAOFactory`.
/// @dev Addresses must be known before the code, since each contract's constructor takes all of them: CREATE3 makes them
/// depend on a salt only. The salt commits to creator and parameters, so nobody can take the address of another's
/// contract, or put another contract there.
///
/// It keeps nothing of the DAOs it made and has no owner and no switch.
/// @custom:security-contact see SECURITY.md
contract DataDAOFactory is IDataDAOFactory {
    using Blueprints for Blueprint;

    uint256 private constant _COUNT = 8;
    uint256 private constant _REGISTRY = 7;

    /* STORAGE */

    /// @dev In the order of `System`; written once.
    Blueprint[_COUNT] private _blueprints;

    constructor(Blueprint[_COUNT] memory blueprints_) {
        for (uint256 i = 0; i < _COUNT; ++i) {
            blueprints_[i].validate();
            _blueprints[i] = blueprints_[i];
        }
    }

    /* ACTIONS */

    /// @inheritdoc IDataDAOFactory
    function begin(DaoParams calldata params, bytes32 salt) external override returns (System memory system) {
        bytes32 id = _id(msg.sender, params, salt);
        system = _system(id);
        for (uint256 i = 0; i < _REGISTRY; ++i) {
            _create(id, i, _arguments(i, system, params));
        }
        emit DataDAOBegun(id, msg.sender, system);
    }

    /// @inheritdoc IDataDAOFactory
    function complete(address creator, DaoParams calldata params, bytes32 salt)
        external
        override
        returns (System memory system)
    {
        bytes32 id = _id(creator, params, salt);
        system = _system(id);
        _create(id, _REGISTRY, abi.encode(system, params.registry));
        emit DataDAOCompleted(id, creator, system);
    }

    /* VIEWS */

    /// @inheritdoc IDataDAOFactory
    function predict(address creator, DaoParams calldata params, bytes32 salt)
        external
        view
        override
        returns (bytes32 id, System memory system)
    {
        id = _id(creator, params, salt);
        system = _system(id);
    }

    /// @inheritdoc IDataDAOFactory
    function blueprints() external view override returns (Blueprint[_COUNT] memory) {
        return _blueprints;
    }

    /* INTERNALS */

    function _id(address creator, DaoParams calldata params, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(creator, salt, params));
    }

    function _salt(bytes32 id, uint256 index) private pure returns (bytes32) {
        return keccak256(abi.encode(id, index));
    }

    function _system(bytes32 id) private view returns (System memory) {
        return System({
            timelock: Create3.computeAddress(_salt(id, 0)),
            brake: Create3.computeAddress(_salt(id, 1)),
            token: Create3.computeAddress(_salt(id, 2)),
            splitter: Create3.computeAddress(_salt(id, 3)),
            governor: Create3.computeAddress(_salt(id, 4)),
            leases: Create3.computeAddress(_salt(id, 5)),
            models: Create3.computeAddress(_salt(id, 6)),
            registry: Create3.computeAddress(_salt(id, 7))
        });
    }

    function _create(bytes32 id, uint256 index, bytes memory arguments) private {
        Blueprint memory blueprint = _blueprints[index];
        Create3.deploy(0, _salt(id, index), blueprint.initcode(arguments));
    }

    /// @dev What the constructors take, in the order of `System`; the registry's stand in `complete`.
    function _arguments(uint256 index, System memory system, DaoParams calldata p) private pure returns (bytes memory) {
        if (index == 0) return abi.encode(system, p.minDelay);
        if (index == 1) return abi.encode(system, p.guardian, p.guardianUntil);
        if (index == 2) return abi.encode(system, p.name, p.symbol, p.transferable, p.maturitySupply);
        if (index == 4) return abi.encode(system, p.governorName, p.governor);
        if (index == 5) return abi.encode(system, p.asset, p.leases);
        // Splitter and models.
        return abi.encode(system, p.asset);
    }
}
