// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../../contracts/interfaces/IDatasetRegistry.sol";
import {AnyRegistry} from "./AnyRegistry.sol";
import {SVM, VM} from "./Vm.sol";

/// @notice What the registry takes in: batches that attestors signed, in order, within the cap.
contract RegistryBatchProofs is AnyRegistry {
    /// @notice A batch that is taken is signed in time by as many members of its set as it takes, none of them twice.
    function check_R3_accepted_means_signed() external {
        uint256 threshold = SVM.createUint(2, "threshold");
        _store(uint256(keccak256(abi.encode(1, 5))), threshold);
        IDatasetRegistry.Batch memory b = anyMessage();
        bytes[] memory signatures = anySignatures(2);
        uint256 time = anyTime();
        registry.publish(b, signatures, "");
        bytes32 digest = registry.hashBatch(b);
        assert(threshold <= 2);
        // The set has two members, so that ascending means these.
        assert(signer(digest, signatures[0]) == ATTESTOR_A);
        assert(signer(digest, signatures[1]) == ATTESTOR_B);
        assert(b.attestorSetVersion == 1);
        assert(time <= b.deadline);
    }

    /// @notice A batch that is taken has a higher sequence than all before it in its dataset, so that no message, whose
    /// digest binds its sequence, is taken twice.
    function check_R1_sequences_strictly_increase() external {
        _store(uint256(keccak256(abi.encode(1, 1))), SVM.createUint(256, "dataset"));
        uint256 last = registry.dataset(1).lastSequence;
        // What it takes 2**24 batches to reach, each 2**16 further on.
        VM.assume(last <= type(uint40).max - (1 << 16));
        IDatasetRegistry.Batch memory b = anyMessage();
        b.datasetId = 1;
        anyTime();
        registry.publish(b, anySignatures(1), "");
        assert(b.sequence > last);
        assert(b.sequence == registry.dataset(1).lastSequence);
    }

    /// @notice A batch that was vetoed, discarded or has lapsed stays so, whatever is tried with it, and whenever.
    function check_R1_stopped_batches_never_come_back() external {
        uint256 word = anyBatch(1, 1, 6);
        uint256 time = anyTime();
        uint256 set = anyAttestorSet(uint24(word >> 48));
        IDatasetRegistry.BatchStatus status = registry.batch(1).status;
        // By what was written when it was stopped, or by time and set when nobody stopped it.
        bool stopped = uint8(word) > uint256(IDatasetRegistry.BatchStatus.Asleep);
        if (!stopped && status != IDatasetRegistry.BatchStatus.Lapsed) return;

        VM.assume(anyTime() >= time);
        anyAttestorSet(set);
        uint256 action = SVM.createUint(2, "action");
        bytes memory call = action == 0
            ? abi.encodeCall(registry.activate, 1)
            : action == 1
                ? abi.encodeCall(registry.veto, 1)
                : action == 2 ? abi.encodeCall(registry.discard, 1) : abi.encodeCall(registry.sleep, 1);
        (bool done,) = address(registry).call(call);
        assert(!done || action == 2); // a vote that comes too late finds nothing to do
        assert(registry.batch(1).status == status);
    }

    /// @notice With every activation, what an epoch has issued stays within its cap, which is the one it began with or,
    /// in a new epoch, follows from the supply before it; and exactly the batch's shares are minted.
    function check_T5_activations_stay_within_the_cap() external {
        uint256 cap = SVM.createUint(64, "cap");
        uint256 issued = SVM.createUint(64, "issued");
        uint256 number = SVM.createUint(64, "number");
        VM.assume(issued <= cap);
        _store(6, number | cap << 64 | issued << 128);
        pastSupply = SVM.createUint(63, "pastSupply");
        uint256 shares = anyBatch(1, 1, 6) >> 152 & type(uint64).max;
        uint256 epoch = anyTime() / EPOCH;
        registry.activate(1);
        assert(minted == shares);
        if (epoch != number) {
            uint256 relative = pastSupply * EPOCH_CAP_BPS / BPS;
            (cap, issued) = (relative > EPOCH_FLOOR ? relative : EPOCH_FLOOR, 0);
        }
        assert(issued + minted <= cap);
        assert(_load(6) == (epoch | cap << 64 | (issued + minted) << 128));
    }

    /// @dev The version of the attestors' set moves on from `since`, or not.
    function anyAttestorSet(uint256 since) private returns (uint256 version) {
        version = SVM.createUint(24, "attestorSet");
        VM.assume(version >= since);
        _store(4, version);
    }

    function signer(bytes32 digest, bytes memory signature) private pure returns (address) {
        (bytes32 r, bytes32 s, uint8 v) = (0, 0, uint8(signature[64]));
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
        }
        return ecrecover(digest, v, r, s);
    }
}
