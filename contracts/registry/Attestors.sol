// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Signers} from "../libraries/Signers.sol";
import {RegistryCore} from "./RegistryCore.sol";

/// @notice Versions of the attestor set, and the m-of-n check over a digest.
abstract contract Attestors is RegistryCore {
    /// @notice Most attestors of one set.
    uint256 public constant MAX_ATTESTORS = 32;

    struct AttestorSet {
        uint256 threshold;
        Attestor[] members;
        mapping(address signer => bool) isMember;
    }

    /* STORAGE */

    uint256 public override attestorSetVersion;
    mapping(uint256 version => AttestorSet) private _sets;

    /* TIMELOCK */

    function setAttestors(Attestor[] calldata members, uint256 threshold)
        external
        override
        onlyTimelock
        returns (uint256 version)
    {
        return _setAttestors(members, threshold);
    }

    /* VIEWS */

    function attestors(uint256 version) external view override returns (Attestor[] memory members, uint256 threshold) {
        AttestorSet storage set = _sets[version];
        return (set.members, set.threshold);
    }

    /* INTERNALS */

    function _setAttestors(Attestor[] memory members, uint256 threshold) internal returns (uint256 version) {
        _requireThreshold(threshold, members.length, MAX_ATTESTORS);
        version = ++attestorSetVersion;
        // Batches keep the version in 24 bits.
        _requireRange("attestorSetVersion", version, 1, type(uint24).max);
        AttestorSet storage set = _sets[version];
        set.threshold = threshold;
        address previous = address(0);
        for (uint256 i = 0; i < members.length; ++i) {
            address signer = members[i].signer;
            if (signer <= previous) revert DatasetRegistry_SignersNotAscending(previous, signer);
            if (members[i].hpkeKey == 0) revert DatasetRegistry_ZeroKey(signer);
            set.members.push(members[i]);
            set.isMember[signer] = true;
            previous = signer;
        }
        emit AttestorsSet(version, members, threshold);
    }

    /// @dev Strictly ascending signers make distinctness a comparison and leave one valid order, so a relayer cannot
    /// make variants. Surplus signatures must be valid too.
    function _requireAttested(uint256 version, bytes32 digest, bytes[] calldata signatures) internal view {
        AttestorSet storage set = _sets[version];
        if (signatures.length < set.threshold) {
            revert DatasetRegistry_InsufficientSignatures(signatures.length, set.threshold);
        }
        address previous = address(0);
        for (uint256 i = 0; i < signatures.length; ++i) {
            address signer = Signers.recover(digest, signatures[i]);
            if (!set.isMember[signer]) revert DatasetRegistry_NotAttestor(signer, version);
            if (signer <= previous) revert DatasetRegistry_SignersNotAscending(previous, signer);
            previous = signer;
        }
    }
}
