// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {Signers} from "../libraries/Signers.sol";
import {Attestors} from "./Attestors.sol";
import {Datasets} from "./Datasets.sol";
import {Issuance} from "./Issuance.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @notice Batches from publication to sleep.
abstract contract Batches is Datasets, Attestors, Issuance, EIP712 {
    using Signers for Signers.Set;

    bytes32 private constant _BATCH_TYPEHASH = keccak256(
        "Batch(uint256 datasetId,uint256 sequence,bytes32 root,uint256 totalShares,uint256 count,bytes32 manifestHash,"
        "uint256 policyVersion,uint256 attestorSetVersion,uint48 deadline)"
    );
    /// @dev What numbers a batch may skip. With at most 2**24 batches no sequence reaches 2**40.
    uint256 private constant _MAX_SEQUENCE_STEP = 1 << 16;
    uint256 private constant _MAX_CHALLENGE = 30 days;
    uint256 private constant _MIN_CLAIM_PERIOD = 365 days;
    uint256 private constant _MAX_CLAIM_PERIOD = 36_500 days;

    /// @dev Three slots. Publication writes the first and the last, activation the one between; a claim reads all and
    /// writes the last. Rates are copied at activation, so a claim never looks at a policy. What is not resolved yet is
    /// one field, `count << 64 | shares`, so that a claim writes it with one store.
    struct BatchState {
        bytes32 root;
        uint176 entryIndex;
        uint64 sharesPerUnit;
        uint16 minQuality;
        BatchStatus status;
        uint16 datasetId;
        uint24 policyVersion;
        uint24 attestorSetVersion;
        uint40 since;
        uint40 sequence;
        uint96 unresolved;
    }

    /* IMMUTABLES */

    /// @inheritdoc IDatasetRegistry
    uint48 public immutable override challengePeriod;
    /// @inheritdoc IDatasetRegistry
    uint48 public immutable override claimPeriod;

    /* STORAGE */

    /// @inheritdoc IDatasetRegistry
    uint256 public override batchCount;
    mapping(uint256 batchId => BatchState) internal _batches;

    constructor(RegistryParams memory params) EIP712("DatasetRegistry", "1") {
        _requireRange("challengePeriod", params.challengePeriod, 0, _MAX_CHALLENGE);
        _requireRange("claimPeriod", params.claimPeriod, _MIN_CLAIM_PERIOD, _MAX_CLAIM_PERIOD);
        challengePeriod = params.challengePeriod;
        claimPeriod = params.claimPeriod;
    }

    /* ACTIONS: ANYONE */

    /// @inheritdoc IDatasetRegistry
    function publish(Batch calldata batch_, bytes[] calldata signatures, string calldata manifestURI)
        external
        override
        returns (uint256 batchId)
    {
        _brake.requireReleased();
        if (block.timestamp > batch_.deadline) revert DatasetRegistry_DeadlinePassed(batch_.deadline, _now());
        if (batch_.root == 0 || batch_.totalShares == 0 || batch_.count == 0) revert DatasetRegistry_EmptyBatch();
        _requireFits("count", batch_.count, type(uint32).max);
        Dataset storage d = _requireDataset(batch_.datasetId);
        if (batch_.sequence <= d.lastSequence) {
            revert DatasetRegistry_StaleSequence(batch_.datasetId, batch_.sequence, d.lastSequence);
        }
        _requireFits("sequence", batch_.sequence, d.lastSequence + _MAX_SEQUENCE_STEP);
        _requireSignable(batch_.datasetId, d, batch_.policyVersion);
        if (batch_.attestorSetVersion != attestorSetVersion) {
            revert DatasetRegistry_StaleAttestorSet(batch_.attestorSetVersion, attestorSetVersion);
        }
        _requireWithinCap(batch_.totalShares);
        _sets[batch_.attestorSetVersion].signers
            .requireThreshold(batch_.attestorSetVersion, hashBatch(batch_), signatures);

        d.lastSequence = uint40(batch_.sequence);
        batchId = ++batchCount;
        _requireFits("batchId", batchId, type(uint24).max);
        BatchState storage b = _batches[batchId];
        b.root = batch_.root;
        // The casts hold: the cap bounds shares, the number of batches sequences, the checks above the rest.
        b.status = BatchStatus.Published;
        b.datasetId = uint16(batch_.datasetId);
        b.policyVersion = uint24(batch_.policyVersion);
        b.attestorSetVersion = uint24(batch_.attestorSetVersion);
        b.since = uint40(block.timestamp);
        b.sequence = uint40(batch_.sequence);
        _setUnresolved(b, batch_.totalShares, batch_.count);
        emit BatchPublished(batchId, batch_.datasetId, batch_, manifestURI);
    }

    /// @inheritdoc IDatasetRegistry
    function activate(uint256 batchId) external override {
        _brake.requireReleased();
        BatchState storage b = _requirePublished(batchId);
        uint48 endsAt = uint48(b.since) + challengePeriod;
        if (block.timestamp < endsAt) revert DatasetRegistry_ChallengePeriod(batchId, endsAt);
        (uint256 shares,) = _unresolved(b);
        _issue(shares);

        b.status = BatchStatus.Active;
        b.since = uint40(block.timestamp);
        (b.sharesPerUnit, b.minQuality) = _rates(b.datasetId, b.policyVersion);
        uint256 entryIndex = _splitter.addPendingShares(b.datasetId, shares);
        b.entryIndex = uint176(entryIndex); // an index has 176 bits
        emit BatchActivated(batchId, shares, entryIndex);
        _token.mint(address(this), shares);
    }

    /// @inheritdoc IDatasetRegistry
    function sleep(uint256 batchId) external override {
        BatchState storage b = _requireBatch(batchId);
        if (b.status != BatchStatus.Active) revert DatasetRegistry_WrongBatchStatus(batchId, _status(b));
        uint48 endsAt = uint48(b.since) + claimPeriod;
        if (block.timestamp < endsAt) revert DatasetRegistry_ClaimPeriod(batchId, endsAt);
        b.status = BatchStatus.Asleep;
        (uint256 shares,) = _unresolved(b);
        emit BatchSlept(batchId, shares);
        _token.burn(address(this), shares);
    }

    /* ACTIONS: GUARDIAN AND TIMELOCK */

    /// @inheritdoc IDatasetRegistry
    function veto(uint256 batchId) external override {
        if (!_brake.isGuardian(msg.sender)) revert DatasetRegistry_NotGuardian(msg.sender);
        BatchState storage b = _requirePublished(batchId);
        uint48 endsAt = uint48(b.since) + challengePeriod;
        if (block.timestamp >= endsAt) revert DatasetRegistry_ChallengePeriodOver(batchId, endsAt);
        b.status = BatchStatus.Vetoed;
        emit BatchVetoed(batchId, msg.sender);
    }

    /// @inheritdoc IDatasetRegistry
    function discard(uint256 batchId) external override onlyTimelock {
        // Active, stopped or lapsed meanwhile: nothing is left to do, and a proposal must not fail for it.
        BatchState storage b = _requireBatch(batchId);
        if (_status(b) != BatchStatus.Published) return;
        b.status = BatchStatus.Discarded;
        emit BatchDiscarded(batchId);
    }

    /* VIEWS */

    /// @inheritdoc IDatasetRegistry
    function batch(uint256 batchId) external view override returns (BatchInfo memory) {
        BatchState storage b = _requireBatch(batchId);
        (uint256 unresolvedShares, uint256 unresolvedCount) = _unresolved(b);
        (uint256 sharesPerUnit, uint256 minQuality) = _rates(b.datasetId, b.policyVersion);
        return BatchInfo({
            status: _status(b),
            datasetId: b.datasetId,
            sequence: b.sequence,
            root: b.root,
            unresolvedShares: unresolvedShares,
            unresolvedCount: unresolvedCount,
            sharesPerUnit: sharesPerUnit,
            minQuality: minQuality,
            policyVersion: b.policyVersion,
            attestorSetVersion: b.attestorSetVersion,
            since: b.since,
            entryIndex: b.entryIndex
        });
    }

    /// @inheritdoc IDatasetRegistry
    function hashBatch(Batch calldata batch_) public view override returns (bytes32 digest) {
        // All fields are static, so the struct encodes as the list of its members, as EIP-712 asks.
        return _hashTypedDataV4(keccak256(abi.encode(_BATCH_TYPEHASH, batch_)));
    }

    /* INTERNALS */

    function _requireBatch(uint256 batchId) internal view returns (BatchState storage b) {
        b = _batches[batchId];
        if (b.status == BatchStatus.None) revert DatasetRegistry_UnknownBatch(batchId);
    }

    /// @dev Published and not lapsed.
    function _requirePublished(uint256 batchId) private view returns (BatchState storage b) {
        b = _requireBatch(batchId);
        BatchStatus status = _status(b);
        if (status != BatchStatus.Published) revert DatasetRegistry_WrongBatchStatus(batchId, status);
    }

    /// @dev A batch that was not activated in time, or whose attestors were replaced, has lapsed and never comes back:
    /// the attestor set only ever moves on, and time does too.
    function _status(BatchState storage b) internal view returns (BatchStatus) {
        if (b.status != BatchStatus.Published) return b.status;
        bool late = block.timestamp >= uint256(b.since) + challengePeriod + 2 * uint256(epochLength);
        return late || b.attestorSetVersion != attestorSetVersion ? BatchStatus.Lapsed : BatchStatus.Published;
    }

    function _unresolved(BatchState storage b) internal view returns (uint256 shares, uint256 count) {
        uint256 both = b.unresolved;
        return (uint64(both), both >> 64);
    }

    /// @dev The casts hold: publication bounds both.
    function _setUnresolved(BatchState storage b, uint256 shares, uint256 count) internal {
        b.unresolved = uint96(count << 64 | shares);
    }

    function _requireFits(bytes32 field, uint256 value, uint256 max) private pure {
        if (value > max) revert DatasetRegistry_ValueTooLarge(field, value, max);
    }
}
