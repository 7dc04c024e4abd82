// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {PolicyRules} from "../libraries/PolicyRules.sol";
import {Protocol} from "../libraries/Protocol.sol";
import {Signers} from "../libraries/Signers.sol";
import {Record, Records} from "../types/Records.sol";
import {Batches} from "./Batches.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @notice Contributions of activated batches: claimed once, erased at any time, counted once.
/// @dev A fingerprint is recorded by the first of its leaves that is claimed or erased. Two leaves of one batch that
/// agree in fingerprint, contributor and shares cannot be distinguished afterwards; attestors must not sign such a tree
/// (the client refuses to build it), and the second can be neither claimed nor dropped.
abstract contract Contributions is Batches {
    bytes32 private constant _ERASE_TYPEHASH = keccak256("Erase(uint256 batchId,bytes32 fingerprint,uint48 deadline)");

    /* STORAGE */

    mapping(bytes32 fingerprint => Record) private _records;
    mapping(bytes32 leaf => bool) private _dropped;

    /* ACTIONS: CLAIM */

    /// @inheritdoc IDatasetRegistry
    function claim(uint256 batchId, Contribution calldata c, bytes32[] calldata proof) external override {
        BatchState storage b = _requireActivated(batchId);
        _requireProof(batchId, b, c, proof);
        (uint256 remaining, uint256 count) = _unresolved(b);
        (ClaimFault fault, uint256 shares) = _faultOf(b, c, remaining);
        if (fault != ClaimFault.None) _refuse(fault, batchId, b, c, shares, remaining);
        _record(batchId, c, shares);
        _setUnresolved(b, remaining - shares, count == 0 ? 0 : count - 1);
        _deliver(b, c.contributor, shares);
        _complete(batchId, b);
    }

    /// @inheritdoc IDatasetRegistry
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
        _claimListed(batchId, b, list);
        _complete(batchId, b);
    }

    /* ACTIONS: ERASE */

    /// @inheritdoc IDatasetRegistry
    function erase(uint256 batchId, Contribution calldata c, bytes32[] calldata proof) external override {
        (address holder, uint256 balance) = _token.holderOf(c.contributor);
        if (msg.sender != holder) revert DatasetRegistry_NotContributor(msg.sender, holder);
        _erase(batchId, c, proof, holder, balance);
    }

    /// @inheritdoc IDatasetRegistry
    function eraseBySig(
        uint256 batchId,
        Contribution calldata c,
        bytes32[] calldata proof,
        uint48 deadline,
        bytes calldata signature
    ) external override {
        if (block.timestamp > deadline) revert DatasetRegistry_DeadlinePassed(deadline, _now());
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(_ERASE_TYPEHASH, batchId, c.fingerprint, deadline)));
        (address holder, uint256 balance) = _token.holderOf(c.contributor);
        if (!Signers.isValid(holder, digest, signature)) revert DatasetRegistry_InvalidSignature(holder);
        _erase(batchId, c, proof, holder, balance);
    }

    /// @inheritdoc IDatasetRegistry
    function dropDuplicate(uint256 batchId, Contribution calldata c, bytes32[] calldata proof) external override {
        BatchState storage b = _requireActivated(batchId);
        bytes32 leaf = _requireProof(batchId, b, c, proof);
        uint256 shares = _sharesOf(b, c);
        Record r = _records[c.fingerprint];
        if (r.isNone() || _isRecorded(r, batchId, c, shares)) {
            revert DatasetRegistry_NotADuplicate(c.fingerprint);
        }
        if (_dropped[leaf]) revert DatasetRegistry_AlreadyDropped(leaf);
        _dropped[leaf] = true;
        shares = _resolve(b, shares);
        emit DuplicateDropped(batchId, c.fingerprint, leaf, shares);
        // What was earned stays: whoever brings about a rival record takes nothing that had accrued.
        _dropPending(b, c.contributor, shares);
        _complete(batchId, b);
    }

    /* VIEWS */

    /// @inheritdoc IDatasetRegistry
    function contribution(bytes32 fingerprint) external view override returns (ContributionInfo memory) {
        Record r = _records[fingerprint];
        return
            ContributionInfo({
                status: r.status(), contributor: r.contributor(), batchId: r.batchId(), shares: r.shares()
            });
    }

    /// @inheritdoc IDatasetRegistry
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
        Record r = _records[c.fingerprint];
        if (r.isNone()) return true;
        return r.status() == ContributionStatus.Claimed && _isRecorded(r, batchId, c, shares);
    }

    /// @inheritdoc IDatasetRegistry
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
    function _isRecorded(Record r, uint256 batchId, Contribution calldata c, uint256 shares)
        private
        pure
        returns (bool)
    {
        return r.batchId() == batchId && r.contributor() == c.contributor && r.shares() == shares;
    }

    /* INTERNALS: STATE */

    /// @dev What keeps a proven leaf from being claimed, with `remaining` shares left in its batch; and its shares.
    function _faultOf(BatchState storage b, Contribution calldata c, uint256 remaining)
        private
        view
        returns (ClaimFault, uint256 shares)
    {
        if (c.contributor == address(0) || _isDaoContract(c.contributor)) {
            return (ClaimFault.InvalidContributor, 0);
        }
        if (c.quality < b.minQuality || c.quality > Protocol.BPS) return (ClaimFault.QualityOutOfRange, 0);
        shares = _sharesOf(b, c);
        if (shares == 0) return (ClaimFault.NoShares, 0);
        if (!_records[c.fingerprint].isNone()) return (ClaimFault.FingerprintUsed, shares);
        return (shares > remaining ? ClaimFault.SharesExceedBatch : ClaimFault.None, shares);
    }

    function _refuse(
        ClaimFault fault,
        uint256 batchId,
        BatchState storage b,
        Contribution calldata c,
        uint256 shares,
        uint256 remaining
    ) private view {
        if (fault == ClaimFault.InvalidContributor) {
            revert DatasetRegistry_InvalidContributor(c.contributor);
        }
        if (fault == ClaimFault.QualityOutOfRange) {
            revert DatasetRegistry_QualityOutOfRange(c.quality, b.minQuality, Protocol.BPS);
        }
        if (fault == ClaimFault.NoShares) revert DatasetRegistry_NoShares(c.units, c.quality);
        if (fault == ClaimFault.FingerprintUsed) revert DatasetRegistry_FingerprintUsed(c.fingerprint);
        revert DatasetRegistry_SharesExceedBatch(batchId, shares, remaining);
    }

    function _record(uint256 batchId, Contribution calldata c, uint256 shares) private {
        _records[c.fingerprint] = Records.pack(ContributionStatus.Claimed, c.contributor, shares, batchId);
        emit ContributionClaimed(batchId, c.contributor, c.fingerprint, shares);
    }

    /// @dev Of leaves that are proven. What was claimed or erased meanwhile, or never could be, stops no other.
    function _claimListed(uint256 batchId, BatchState storage b, Contribution[] calldata list) private {
        (uint256 remaining, uint256 count) = _unresolved(b);
        uint256 run = 0; // shares of neighbours with one contributor, which are handed over together
        for (uint256 i = 0; i < list.length; ++i) {
            (ClaimFault fault, uint256 shares) = _faultOf(b, list[i], remaining);
            if (fault == ClaimFault.None) {
                _record(batchId, list[i], shares);
                // Neither passes what the batch has: `_faultOf` saw to it.
                unchecked {
                    remaining -= shares;
                    run += shares;
                }
                if (count != 0) --count;
            } else {
                emit ContributionSkipped(batchId, list[i].contributor, list[i].fingerprint, fault);
            }
            if (i + 1 < list.length && list[i + 1].contributor == list[i].contributor) continue;
            if (run != 0) _deliver(b, list[i].contributor, run);
            run = 0;
        }
        _setUnresolved(b, remaining, count);
    }

    /// @dev Takes a leaf off the batch. A tree whose leaves exceed the signed totals gives only what is left.
    function _resolve(BatchState storage b, uint256 shares) private returns (uint256 taken) {
        (uint256 remaining, uint256 count) = _unresolved(b);
        taken = shares < remaining ? shares : remaining;
        _setUnresolved(b, remaining - taken, count == 0 ? 0 : count - 1);
    }

    /// @dev Hands resolved shares over: income since activation, then the tokens.
    function _deliver(BatchState storage b, address contributor, uint256 shares) private {
        _splitter.vestShares(b.datasetId, contributor, shares, b.entryIndex);
        if (b.status == BatchStatus.Asleep) {
            _token.mint(contributor, shares);
        } else {
            // The token is the DAO's own and reverts when it fails.
            _token.transfer(contributor, shares);
        }
    }

    /// @param holder the contributor, or who took its place; it has `balance` tokens
    function _erase(uint256 batchId, Contribution calldata c, bytes32[] calldata proof, address holder, uint256 balance)
        private
    {
        Record r = _records[c.fingerprint];
        BatchState storage b = _requireActivated(batchId);
        uint256 burned = 0;
        uint256 shares = 0;
        uint256 taken = 0;
        if (r.isNone()) {
            _requireProof(batchId, b, c, proof);
            shares = _sharesOf(b, c);
            taken = _resolve(b, shares);
            burned = _dropPending(b, holder, taken);
        } else {
            if (r.status() == ContributionStatus.Erased) revert DatasetRegistry_AlreadyErased(c.fingerprint);
            if (r.batchId() != batchId || r.contributor() != c.contributor) {
                revert DatasetRegistry_RecordedElsewhere(c.fingerprint, r.batchId(), r.contributor());
            }
            taken = shares = r.shares();
            if (holder != c.contributor) balance = _moveFirst(b.datasetId, c.contributor, holder);
            burned = shares < balance ? shares : balance;
            _splitter.removeShares(b.datasetId, holder, shares);
            // As many tokens as the account still has: where they can be sold it may have fewer than shares.
            _token.burn(holder, burned);
        }
        _records[c.fingerprint] = Records.pack(ContributionStatus.Erased, c.contributor, taken, batchId);
        // A leaf without shares was no part of the dataset: no licensee has anything to erase.
        if (shares != 0) _countErasure(b.datasetId);
        emit ContributionErased(batchId, c.contributor, c.fingerprint, shares, burned);
        _complete(batchId, b);
    }

    /// @dev Moves what still stands with a succeeded contributor; its holder's tokens then.
    function _moveFirst(uint256 datasetId, address contributor, address holder) private returns (uint256 balance) {
        uint256[] memory pools = new uint256[](1);
        pools[0] = datasetId;
        _token.succeed(contributor, pools);
        return _token.balanceOf(holder);
    }

    /// @dev Ends the earning of shares that were not claimed; tokens of a sleeping batch are gone already.
    function _dropPending(BatchState storage b, address account, uint256 shares) private returns (uint256 burned) {
        if (shares == 0) return 0;
        _splitter.dropPendingShares(b.datasetId, account, shares, b.entryIndex);
        if (b.status == BatchStatus.Asleep) return 0;
        _token.burn(address(this), shares);
        return shares;
    }

    /// @dev When the last leaf is resolved, shares that no leaf used leave pools and supply.
    function _complete(uint256 batchId, BatchState storage b) private {
        (uint256 leftover, uint256 count) = _unresolved(b);
        if (count != 0 || leftover == 0) return;
        _setUnresolved(b, 0, 0);
        emit BatchCompleted(batchId, leftover);
        _dropPending(b, address(0), leftover);
    }
}
