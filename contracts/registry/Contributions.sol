// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PolicyRules} from "../libraries/PolicyRules.sol";
import {Signers} from "../libraries/Signers.sol";
import {Batches} from "./Batches.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @notice Contributions of activated batches: claimed once, erased at any time, counted once.
/// @dev A fingerprint is recorded by the first of its leaves that is claimed or erased. Two leaves of one batch that
/// agree in fingerprint, contributor and shares cannot be told apart afterwards; attestors must not sign such a tree
/// (the client refuses to build it), and the second can be neither claimed nor dropped.
abstract contract Contributions is Batches {
    bytes32 private constant _ERASE_TYPEHASH = keccak256("Erase(uint256 batchId,bytes32 fingerprint,uint48 deadline)");

    /// @dev One slot.
    struct Record {
        ContributionStatus status;
        address contributor;
        uint64 shares;
        uint24 batchId;
    }

    /* STORAGE */

    mapping(bytes32 fingerprint => Record) private _records;
    mapping(bytes32 leaf => bool) private _dropped;

    /* CLAIM */

    function claim(uint256 batchId, Contribution calldata c, bytes32[] calldata proof) external override {
        BatchState storage b = _requireActivated(batchId);
        _requireProof(batchId, b, c, proof);
        uint256 shares = _record(batchId, b, c, b.unresolvedShares);
        _deliver(batchId, b, c.contributor, shares, 1);
    }

    function claimMany(
        uint256 batchId,
        Contribution[] calldata list,
        bytes32[] calldata proof,
        bool[] calldata proofFlags
    ) external override {
        if (list.length == 0) revert DatasetRegistry_NothingToClaim();
        BatchState storage b = _requireActivated(batchId);
        bytes32[] memory leaves = new bytes32[](list.length);
        for (uint256 i = 0; i < list.length; ++i) {
            leaves[i] = _leaf(b, list[i]);
        }
        if (!MerkleProof.multiProofVerifyCalldata(proof, proofFlags, b.root, leaves)) {
            revert DatasetRegistry_InvalidProof(batchId, leaves[0]);
        }
        address contributor = list[0].contributor;
        uint256 remaining = b.unresolvedShares;
        uint256 total = 0;
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i].contributor != contributor) {
                revert DatasetRegistry_MixedContributors(contributor, list[i].contributor);
            }
            total += _record(batchId, b, list[i], remaining - total);
        }
        _deliver(batchId, b, contributor, total, list.length);
    }

    /* ERASE */

    function erase(uint256 batchId, Contribution calldata c, bytes32[] calldata proof) external override {
        if (msg.sender != c.contributor) revert DatasetRegistry_NotContributor(msg.sender, c.contributor);
        _erase(batchId, c, proof);
    }

    function eraseBySig(
        uint256 batchId,
        Contribution calldata c,
        bytes32[] calldata proof,
        uint48 deadline,
        bytes calldata signature
    ) external override {
        if (block.timestamp > deadline) revert DatasetRegistry_DeadlinePassed(deadline, _now());
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(_ERASE_TYPEHASH, batchId, c.fingerprint, deadline)));
        if (!Signers.isValid(c.contributor, digest, signature)) revert DatasetRegistry_InvalidSignature(c.contributor);
        _erase(batchId, c, proof);
    }

    function dropDuplicate(uint256 batchId, Contribution calldata c, bytes32[] calldata proof) external override {
        BatchState storage b = _requireActivated(batchId);
        bytes32 leaf = _requireProof(batchId, b, c, proof);
        uint256 shares = _sharesOf(b, c);
        Record storage r = _records[c.fingerprint];
        if (r.status == ContributionStatus.None || _isRecorded(r, batchId, c, shares)) {
            revert DatasetRegistry_NotADuplicate(c.fingerprint);
        }
        if (_dropped[leaf]) revert DatasetRegistry_AlreadyDropped(leaf);
        _dropped[leaf] = true;
        shares = _resolve(b, shares, 1);
        emit DuplicateDropped(batchId, c.fingerprint, leaf, shares);
        // What was earned stays: whoever brings about a rival record takes nothing that had accrued.
        _dropPending(b, c.contributor, shares);
        _complete(batchId, b);
    }

    /* VIEWS */

    function contribution(bytes32 fingerprint) external view override returns (ContributionInfo memory) {
        Record storage r = _records[fingerprint];
        return ContributionInfo({status: r.status, contributor: r.contributor, batchId: r.batchId, shares: r.shares});
    }

    function isIncluded(uint256 batchId, Contribution calldata c, bytes32[] calldata proof)
        external
        view
        override
        returns (bool)
    {
        BatchState storage b = _batches[batchId];
        uint256 shares = _sharesOf(b, c);
        if (!_isActivated(b) || shares == 0) return false;
        if (!MerkleProof.verifyCalldata(proof, b.root, _leaf(b, c))) return false;
        Record storage r = _records[c.fingerprint];
        if (r.status == ContributionStatus.None) return true;
        return r.status == ContributionStatus.Claimed && _isRecorded(r, batchId, c, shares);
    }

    function leafOf(uint256 batchId, Contribution calldata c) external view override returns (bytes32) {
        return _leaf(_requireBatch(batchId), c);
    }

    /* INTERNALS: LEAVES */

    function _isActivated(BatchState storage b) private view returns (bool) {
        BatchStatus status = b.status;
        return status == BatchStatus.Active || status == BatchStatus.Asleep;
    }

    function _requireActivated(uint256 batchId) private view returns (BatchState storage b) {
        b = _batches[batchId];
        if (_isActivated(b)) return b;
        revert DatasetRegistry_WrongBatchStatus(batchId, _status(_requireBatch(batchId)));
    }

    /// @dev Hashed twice, so that no inner node, which is the hash of 64 bytes, can be presented as a leaf.
    function _leaf(BatchState storage b, Contribution calldata c) private view returns (bytes32) {
        bytes memory encoded = abi.encode(block.chainid, address(this), b.datasetId, b.sequence, c);
        return keccak256(bytes.concat(keccak256(encoded)));
    }

    function _requireProof(uint256 batchId, BatchState storage b, Contribution calldata c, bytes32[] calldata proof)
        private
        view
        returns (bytes32 leaf)
    {
        leaf = _leaf(b, c);
        if (!MerkleProof.verifyCalldata(proof, b.root, leaf)) revert DatasetRegistry_InvalidProof(batchId, leaf);
    }

    function _sharesOf(BatchState storage b, Contribution calldata c) private view returns (uint256) {
        return PolicyRules.shares(c.units, c.quality, b.minQuality, b.sharesPerUnit);
    }

    /// @dev Whether the record was made by this leaf.
    function _isRecorded(Record storage r, uint256 batchId, Contribution calldata c, uint256 shares)
        private
        view
        returns (bool)
    {
        return r.batchId == batchId && r.contributor == c.contributor && r.shares == shares;
    }

    /* INTERNALS: STATE */

    /// @dev Checks a proven leaf and records its fingerprint as claimed.
    function _record(uint256 batchId, BatchState storage b, Contribution calldata c, uint256 remaining)
        private
        returns (uint256 shares)
    {
        if (c.contributor == address(0) || _isDaoContract(c.contributor)) {
            revert DatasetRegistry_InvalidContributor(c.contributor);
        }
        uint256 minQuality = b.minQuality;
        if (c.quality < minQuality || c.quality > _BPS) {
            revert DatasetRegistry_QualityOutOfRange(c.quality, minQuality, _BPS);
        }
        shares = PolicyRules.shares(c.units, c.quality, minQuality, b.sharesPerUnit);
        if (shares == 0) revert DatasetRegistry_NoShares(c.units, c.quality);
        if (_records[c.fingerprint].status != ContributionStatus.None) {
            revert DatasetRegistry_FingerprintUsed(c.fingerprint);
        }
        if (shares > remaining) revert DatasetRegistry_SharesExceedBatch(batchId, shares, remaining);
        _write(batchId, c, shares, ContributionStatus.Claimed);
        emit ContributionClaimed(batchId, c.contributor, c.fingerprint, shares);
    }

    function _write(uint256 batchId, Contribution calldata c, uint256 shares, ContributionStatus status) private {
        // The casts hold: publication bounds both. In the deployed code this is two stores of one word.
        Record storage r = _records[c.fingerprint];
        address contributor = c.contributor;
        r.status = status;
        r.contributor = contributor;
        r.shares = uint64(shares);
        r.batchId = uint24(batchId);
    }

    /// @dev Takes leaves off the batch. A tree whose leaves exceed the signed totals gives only what is left.
    function _resolve(BatchState storage b, uint256 shares, uint256 count) private returns (uint256 taken) {
        uint256 remaining = b.unresolvedShares;
        uint256 remainingCount = b.unresolvedCount;
        taken = shares < remaining ? shares : remaining;
        remaining -= taken;
        remainingCount -= count < remainingCount ? count : remainingCount;
        // Two stores of one word in the deployed code.
        b.unresolvedShares = uint64(remaining);
        b.unresolvedCount = uint32(remainingCount);
    }

    /// @dev Hands resolved shares over: income since activation, then the tokens.
    function _deliver(uint256 batchId, BatchState storage b, address contributor, uint256 shares, uint256 count)
        private
    {
        _resolve(b, shares, count);
        _splitter.vestShares(b.datasetId, contributor, shares, b.entryIndex);
        _splitter.vestShares(_COMMONS, contributor, shares, b.commonsEntryIndex);
        if (b.status == BatchStatus.Asleep) {
            _token.mint(contributor, shares);
        } else {
            // The token is the DAO's own and reverts when it fails.
            _token.transfer(contributor, shares);
        }
        _complete(batchId, b);
    }

    function _erase(uint256 batchId, Contribution calldata c, bytes32[] calldata proof) private {
        Record storage r = _records[c.fingerprint];
        BatchState storage b = _requireActivated(batchId);
        uint256 burned = 0;
        uint256 shares = 0;
        if (r.status == ContributionStatus.None) {
            _requireProof(batchId, b, c, proof);
            shares = _resolve(b, _sharesOf(b, c), 1);
            _write(batchId, c, shares, ContributionStatus.Erased);
            burned = _dropPending(b, c.contributor, shares);
        } else {
            if (r.status == ContributionStatus.Erased) revert DatasetRegistry_AlreadyErased(c.fingerprint);
            if (r.batchId != batchId || r.contributor != c.contributor) {
                revert DatasetRegistry_RecordedElsewhere(c.fingerprint, r.batchId, r.contributor);
            }
            shares = r.shares;
            r.status = ContributionStatus.Erased;
            burned = _takeBack(b.datasetId, c.contributor, shares);
        }
        _countErasure(b.datasetId);
        emit ContributionErased(batchId, c.contributor, c.fingerprint, shares, burned);
        _complete(batchId, b);
    }

    /// @dev Commons shares equal the balance, so they go with the tokens: all of them where tokens cannot be sold,
    /// what is left of them where they can.
    function _takeBack(uint256 datasetId, address contributor, uint256 shares) private returns (uint256 burned) {
        uint256 balance = _token.balanceOf(contributor);
        burned = shares < balance ? shares : balance;
        _splitter.removeShares(datasetId, contributor, shares);
        _splitter.removeShares(_COMMONS, contributor, burned);
        _token.burn(contributor, burned);
    }

    /// @dev Ends the earning of shares that nobody claimed; tokens of a sleeping batch are gone already.
    function _dropPending(BatchState storage b, address account, uint256 shares) private returns (uint256 burned) {
        if (shares == 0) return 0;
        _splitter.dropPendingShares(b.datasetId, account, shares, b.entryIndex);
        _splitter.dropPendingShares(_COMMONS, account, shares, b.commonsEntryIndex);
        if (b.status == BatchStatus.Asleep) return 0;
        _token.burn(address(this), shares);
        return shares;
    }

    /// @dev When the last leaf is resolved, shares that no leaf used leave pools and supply.
    function _complete(uint256 batchId, BatchState storage b) private {
        if (b.unresolvedCount != 0) return;
        uint256 leftover = _resolve(b, b.unresolvedShares, 0);
        if (leftover == 0) return;
        emit BatchCompleted(batchId, leftover);
        _dropPending(b, address(0), leftover);
    }
}
