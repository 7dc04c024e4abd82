// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../../contracts/interfaces/IDatasetRegistry.sol";
import {AnyRegistry} from "./AnyRegistry.sol";
import {SVM, VM} from "./Vm.sol";

/// @notice What attestors sign and what leaves say: nothing that counts is left out of a hash.
contract RegistryMessageProofs is AnyRegistry {
    /// @notice Two messages with one digest are one message.
    function check_R2_digest_binds_every_field() external {
        IDatasetRegistry.Batch memory a = anyMessage();
        IDatasetRegistry.Batch memory b = anyMessage();
        if (registry.hashBatch(a) != registry.hashBatch(b)) return;
        // One comparison for all fields: each `assert` would be a path of its own.
        uint256 difference = (a.datasetId ^ b.datasetId) | (a.sequence ^ b.sequence) | uint256(a.root ^ b.root)
            | (a.totalShares ^ b.totalShares) | (a.count ^ b.count) | uint256(a.manifestHash ^ b.manifestHash)
            | (a.policyVersion ^ b.policyVersion) | (a.attestorSetVersion ^ b.attestorSetVersion)
            | (a.deadline ^ b.deadline);
        assert(difference == 0);
    }

    /// @notice No message has the same digest on another chain, wherever the registry was born.
    function check_R2_digest_binds_its_chain() external {
        anyChain();
        registry = newRegistry();
        uint256 chain = anyChain();
        bytes32 digest = registry.hashBatch(anyMessage());
        uint256 otherChain = anyChain();
        assert(registry.hashBatch(anyMessage()) != digest || chain == otherChain);
    }

    /// @notice No message has the same digest in two registries.
    function check_R2_digest_binds_its_registry() external {
        IDatasetRegistry other = newRegistry();
        anyChain();
        assert(registry.hashBatch(anyMessage()) != other.hashBatch(anyMessage()));
    }

    /// @notice Two contributions with one leaf are one contribution, of one place in one dataset on one chain.
    function check_R5_leaves_are_injective() external {
        IDatasetRegistry.Contribution memory a = anyContribution();
        IDatasetRegistry.Contribution memory b = anyContribution();
        (uint256 datasetA, uint256 sequenceA) = anyPublished(1);
        (uint256 datasetB, uint256 sequenceB) = anyPublished(2);
        uint256 chainA = anyChain();
        bytes32 leaf = registry.leafOf(1, a);
        uint256 chainB = anyChain();
        if (registry.leafOf(2, b) != leaf) return;
        uint256 difference = (chainA ^ chainB) | (datasetA ^ datasetB) | (sequenceA ^ sequenceB)
            | uint256(uint160(a.contributor) ^ uint160(b.contributor)) | uint256(a.fingerprint ^ b.fingerprint)
            | uint256(a.fileHash ^ b.fileHash) | uint256(a.envelopeHash ^ b.envelopeHash) | (a.units ^ b.units)
            | (a.quality ^ b.quality);
        assert(difference == 0);
    }

    /// @notice No contribution has the same leaf in two registries.
    function check_R5_leaves_bind_their_registry() external {
        anyPublished(1);
        bytes32 leaf = registry.leafOf(1, anyContribution());
        registry = newRegistry();
        anyPublished(1);
        assert(registry.leafOf(1, anyContribution()) != leaf);
    }

    /// @notice An inner node, the hash of two others, is no contribution's leaf, and neither is the zero root.
    function check_R5_inner_nodes_are_no_leaves() external {
        anyPublished(1);
        bytes32 leaf = registry.leafOf(1, anyContribution());
        assert(leaf != keccak256(abi.encode(SVM.createBytes32("left"), SVM.createBytes32("right"))));
        assert(leaf != 0);
    }

    function anyChain() private returns (uint256 chain) {
        chain = SVM.createUint(64, "chain");
        VM.chainId(chain);
    }

    /// @dev A batch in any state but none.
    function anyPublished(uint256 batchId) private returns (uint256 datasetId, uint256 sequence) {
        uint256 word = anyBatch(batchId, 1, 6);
        return (uint16(word >> 8), uint40(word >> 112));
    }
}
