// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetRegistry} from "./interfaces/IDatasetRegistry.sol";
import {System} from "./interfaces/ISystem.sol";
import {Wiring} from "./libraries/Wiring.sol";
import {Batches} from "./registry/Batches.sol";
import {Committees} from "./registry/Committees.sol";
import {Contributions} from "./registry/Contributions.sol";
import {Issuance} from "./registry/Issuance.sol";
import {RegistryCore} from "./registry/RegistryCore.sol";

/// @title Dataset registry
/// @notice Datasets and policies, attestors, custodians, batches and contributions. Documented on `IDatasetRegistry`.
/// @dev Complete from its creation: attestors, committee and datasets are constructor arguments, so no role exists to
/// set them up. It is the last contract of a DAO to be deployed and checks that all others are there; without it none
/// of them works.
///
/// The brake stops publication and activation for 72 hours at a time; claims and erasure never ask it. The registry
/// retires when its attestors are replaced by accounts that sign no more.
/// @custom:security-contact see SECURITY.md
contract DatasetRegistry is Contributions, Committees {
    constructor(System memory system, RegistryParams memory params)
        RegistryCore(system)
        Issuance(params)
        Batches(params)
    {
        Wiring.requireSelf(system.registry);
        Wiring.requireCode(system.timelock);
        Wiring.requireCode(system.brake);
        Wiring.requireCode(system.token);
        Wiring.requireCode(system.splitter);
        Wiring.requireCode(system.governor);
        Wiring.requireCode(system.leases);
        Wiring.requireCode(system.models);
        _setAttestors(params.attestors, params.attestorThreshold);
        _setCommittee(params.custodians, params.custodianThreshold);
        for (uint256 i = 0; i < params.policies.length; ++i) {
            _createDataset(params.policies[i]);
        }
    }

    /* VIEWS */

    /// @inheritdoc IDatasetRegistry
    function leaseBasis(uint256 datasetId)
        external
        view
        override
        returns (uint256 purposes, uint256 erasures, uint256 currentCommittee)
    {
        (purposes, erasures) = _standing(datasetId);
        return (purposes, erasures, committeeVersion);
    }
}
