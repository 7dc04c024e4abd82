// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDataDAOFactory} from "./interfaces/IDataDAOFactory.sol";
import {System} from "./interfaces/ISystem.sol";
import {Blueprints} from "./libraries/Blueprints.sol";
import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";

/// @title Data DAO factory
/// @notice Creates whole Data DAOs. Documented on `IDataDAOFactory`.
/// @dev Addresses must be known before the code, since each constructor takes all of them: CREATE3 makes them depend
/// on a salt only. The salt commits to creator and parameters, so no one can take the address of another's contract,
/// or put another contract there; nothing is trusted between the two transactions, and nothing needs a guard against
/// reentrance.
///
/// The factory keeps nothing of the DAOs it made and has no owner and no switch. The contracts never hear of it: their
/// constructors are called by CREATE3's one-use accounts, and no constructor gives its caller anything.
/// @custom:security-contact see SECURITY.md
contract DataDAOFactory is IDataDAOFactory {
    using Blueprints for Blueprint;

    /// @dev In the order of `System`, which is that of creation.
    enum Part {
        Timelock,
        Brake,
        Token,
        Splitter,
        Governor,
        Leases,
        Models,
        Registry
    }

    /* STORAGE */

    /// @dev By `Part`; written once.
    Blueprint[8] private _blueprints;

    constructor(Blueprint[8] memory blueprints_) {
        for (uint256 i = 0; i < blueprints_.length; ++i) {
            blueprints_[i].validate();
            _blueprints[i] = blueprints_[i];
        }
    }

    /* ACTIONS */

    /// @inheritdoc IDataDAOFactory
    function begin(DaoParams calldata params, bytes32 salt) external override returns (System memory system) {
        bytes32 id;
        (id, system) = predict(msg.sender, params, salt);
        _create(id, Part.Timelock, abi.encode(system, params.minDelay));
        _create(id, Part.Brake, abi.encode(system, params.guardian, params.guardianUntil));
        _create(
            id, Part.Token, abi.encode(system, params.name, params.symbol, params.transferable, params.maturitySupply)
        );
        _create(id, Part.Splitter, abi.encode(system, params.asset));
        _create(id, Part.Governor, abi.encode(system, params.governorName, params.governor));
        _create(id, Part.Leases, abi.encode(system, params.asset, params.leases));
        emit DataDAOBegun(id, msg.sender, system);
    }

    /// @inheritdoc IDataDAOFactory
    function complete(address creator, DaoParams calldata params, bytes32 salt)
        external
        override
        returns (System memory system)
    {
        bytes32 id;
        (id, system) = predict(creator, params, salt);
        _create(id, Part.Models, abi.encode(system, params.asset));
        _create(id, Part.Registry, abi.encode(system, params.registry));
        emit DataDAOCompleted(id, creator, system);
    }

    /* VIEWS */

    /// @inheritdoc IDataDAOFactory
    function predict(address creator, DaoParams calldata params, bytes32 salt)
        public
        view
        override
        returns (bytes32 id, System memory system)
    {
        id = keccak256(abi.encode(creator, params, salt));
        system = System({
            timelock: _address(id, Part.Timelock),
            brake: _address(id, Part.Brake),
            token: _address(id, Part.Token),
            splitter: _address(id, Part.Splitter),
            governor: _address(id, Part.Governor),
            leases: _address(id, Part.Leases),
            models: _address(id, Part.Models),
            registry: _address(id, Part.Registry)
        });
    }

    /// @inheritdoc IDataDAOFactory
    function blueprints() external view override returns (Blueprint[8] memory) {
        return _blueprints;
    }

    /* INTERNALS */

    function _create(bytes32 id, Part part, bytes memory arguments) private {
        Blueprint memory blueprint = _blueprints[uint8(part)];
        Create3.deploy(0, _salt(id, part), blueprint.initcode(arguments));
    }

    function _address(bytes32 id, Part part) private view returns (address) {
        return Create3.computeAddress(_salt(id, part));
    }

    function _salt(bytes32 id, Part part) private pure returns (bytes32) {
        return keccak256(abi.encode(id, part));
    }
}
