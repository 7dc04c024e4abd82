// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DatasetRegistry} from "../../DatasetRegistry.sol";
import {System} from "../../interfaces/ISystem.sol";
import {Signers} from "../../libraries/Signers.sol";

/// @notice `DatasetRegistry` with one line wrong at a time. Tests show that they notice each flaw, and nothing without.
/// @dev Larger than a chain allows; it lives in process only.
contract TwinRegistry is DatasetRegistry {
    enum Flaw {
        None,
        /// A claim does not record its fingerprint.
        ForgetsFingerprints,
        /// Leaves are hashed once.
        LeafHashedOnce,
        /// A batch activates although its attestors were replaced.
        IgnoresAttestorSet,
        /// The cap follows the supply of now.
        CapFromCurrentSupply,
        /// The leaf that made the record passes for a duplicate of itself.
        DropsTheRecorded,
        /// One attestor signs as often as it takes.
        SignersRepeat,
        /// The brake traps who wants to leave.
        ErasureAsksTheBrake,
        /// A vetoed batch is one that waits.
        RevivesVetoed
    }

    Flaw private immutable _flaw;

    constructor(System memory system, RegistryParams memory params, Flaw flaw_) DatasetRegistry(system, params) {
        _flaw = flaw_;
    }

    function _write(uint256 batchId, Contribution calldata c, uint256 shares, ContributionStatus status)
        internal
        override
    {
        if (_flaw == Flaw.ForgetsFingerprints && status == ContributionStatus.Claimed) return;
        super._write(batchId, c, shares, status);
    }

    function _leaf(BatchState storage b, Contribution calldata c) internal view override returns (bytes32) {
        if (_flaw != Flaw.LeafHashedOnce) return super._leaf(b, c);
        return keccak256(abi.encode(block.chainid, address(this), b.datasetId, b.sequence, c));
    }

    function _status(BatchState storage b) internal view override returns (BatchStatus) {
        bool stale = b.attestorSetVersion != attestorSetVersion;
        bool late = block.timestamp >= uint256(b.since) + challengePeriod + 2 * uint256(epochLength);
        if (_flaw == Flaw.IgnoresAttestorSet && stale && !late) return b.status;
        if (_flaw == Flaw.RevivesVetoed && b.status == BatchStatus.Vetoed && !late) return BatchStatus.Published;
        return super._status(b);
    }

    function _current() internal view override returns (Epoch memory epoch) {
        epoch = super._current();
        if (_flaw != Flaw.CapFromCurrentSupply) return epoch;
        uint256 cap = epochCapBps * _token.totalSupply() / _BPS;
        epoch.cap = uint64(cap > epochFloor ? cap : epochFloor);
    }

    function _isRecorded(Record storage r, uint256 batchId, Contribution calldata c, uint256 shares)
        internal
        view
        override
        returns (bool)
    {
        return _flaw != Flaw.DropsTheRecorded && super._isRecorded(r, batchId, c, shares);
    }

    function _requireAttested(uint256 version, bytes32 digest, bytes[] calldata signatures) internal view override {
        if (_flaw != Flaw.SignersRepeat) return super._requireAttested(version, digest, signatures);
        AttestorSet storage set = _sets[version];
        if (signatures.length < set.threshold) {
            revert DatasetRegistry_InsufficientSignatures(signatures.length, set.threshold);
        }
        for (uint256 i = 0; i < signatures.length; ++i) {
            address signer = Signers.recover(digest, signatures[i]);
            if (!set.isMember[signer]) revert DatasetRegistry_NotAttestor(signer, version);
        }
    }

    function _erase(uint256 batchId, Contribution calldata c, bytes32[] calldata proof) internal override {
        if (_flaw == Flaw.ErasureAsksTheBrake) _brake.requireReleased();
        super._erase(batchId, c, proof);
    }
}
