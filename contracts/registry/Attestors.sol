// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {Signers} from "../libraries/Signers.sol";
import {RegistryCore} from "./RegistryCore.sol";

/// @notice Versions of the attestor set.
abstract contract Attestors is RegistryCore {
    /// @notice Most attestors of one set.
    uint256 public constant MAX_ATTESTORS = 32;

    struct AttestorSet {
        Signers.Set signers;
        Attestor[] members;
    }

    /* STORAGE */

    /// @inheritdoc IDatasetRegistry
    uint256 public override attestorSetVersion;
    mapping(uint256 version => AttestorSet) internal _sets;

    /* ACTIONS: TIMELOCK */

    /// @inheritdoc IDatasetRegistry
    function setAttestors(Attestor[] calldata members, uint256 threshold)
        external
        override
        onlyTimelock
        returns (uint256 version)
    {
        return _setAttestors(members, threshold);
    }

    /* VIEWS */

    /// @inheritdoc IDatasetRegistry
    function attestors(uint256 version) external view override returns (Attestor[] memory members, uint256 threshold) {
        AttestorSet storage set = _sets[version];
        return (set.members, set.signers.threshold);
    }

    /* INTERNALS */

    function _setAttestors(Attestor[] memory members, uint256 threshold) internal returns (uint256 version) {
        _requireThreshold(threshold, members.length, MAX_ATTESTORS);
        version = ++attestorSetVersion;
        // Batches keep the version in 24 bits.
        _requireRange("attestorSetVersion", version, 1, type(uint24).max);
        AttestorSet storage set = _sets[version];
        set.signers.threshold = threshold;
        address previous = address(0);
        for (uint256 i = 0; i < members.length; ++i) {
            address signer = members[i].signer;
            if (signer <= previous) revert DatasetRegistry_SignersNotAscending(previous, signer);
            if (members[i].hpkeKey == 0) revert DatasetRegistry_ZeroKey(signer);
            set.members.push(members[i]);
            set.signers.places[signer] = i + 1;
            previous = signer;
        }
        emit AttestorsSet(version, members, threshold);
    }
}
