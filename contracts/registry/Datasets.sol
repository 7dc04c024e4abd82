// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../interfaces/IDatasetRegistry.sol";
import {History} from "../libraries/History.sol";
import {PolicyRules} from "../libraries/PolicyRules.sol";
import {RegistryCore} from "./RegistryCore.sol";

/// @notice Datasets, the versions of their policies, and the count of their erasures over time.
abstract contract Datasets is RegistryCore {
    using History for mapping(uint256 word => uint256);

    /// @dev One slot, read and written by each publication.
    struct Dataset {
        uint24 policyVersion;
        uint40 policyUpdatedAt;
        uint40 lastSequence;
    }

    /// @dev The count of now and its second in one slot, and those before it; beside them what else the approval of a
    /// lease asks: the purposes of the current policy.
    struct Erasures {
        uint40 since;
        uint64 count;
        uint64 older;
        uint64 purposes;
        mapping(uint256 word => uint256) history;
    }

    /// @notice How long the version that a policy update replaces stays signable: signatures on their way arrive.
    uint48 public constant POLICY_GRACE = 7 days;

    /* STORAGE */

    /// @inheritdoc IDatasetRegistry
    uint256 public override datasetCount;
    mapping(uint256 datasetId => Dataset) internal _datasets;
    mapping(uint256 datasetId => mapping(uint256 version => Policy)) private _policies;
    mapping(uint256 datasetId => Erasures) private _erasures;

    /* ACTIONS: TIMELOCK */

    /// @inheritdoc IDatasetRegistry
    function createDataset(Policy calldata policy_) external override onlyTimelock returns (uint256 datasetId) {
        return _createDataset(policy_);
    }

    /// @inheritdoc IDatasetRegistry
    function updatePolicy(uint256 datasetId, Policy calldata policy_)
        external
        override
        onlyTimelock
        returns (uint256 version)
    {
        _requireDataset(datasetId);
        return _setPolicy(datasetId, policy_);
    }

    /* VIEWS */

    /// @inheritdoc IDatasetRegistry
    function dataset(uint256 datasetId) external view override returns (DatasetInfo memory) {
        Dataset storage d = _requireDataset(datasetId);
        return DatasetInfo({
            policyVersion: d.policyVersion,
            lastSequence: d.lastSequence,
            erasures: _erasures[datasetId].count,
            policyUpdatedAt: d.policyUpdatedAt
        });
    }

    /// @inheritdoc IDatasetRegistry
    function policy(uint256 datasetId, uint256 version) external view override returns (Policy memory) {
        return _policies[datasetId][version];
    }

    /// @inheritdoc IDatasetRegistry
    function currentPolicy(uint256 datasetId) external view override returns (Policy memory) {
        return _policies[datasetId][_requireDataset(datasetId).policyVersion];
    }

    /// @inheritdoc IDatasetRegistry
    function leasePolicy(uint256 datasetId) external view override returns (LeasePolicy memory) {
        Policy storage p = _policies[datasetId][_requireDataset(datasetId).policyVersion];
        return LeasePolicy({
            purposes: p.purposes,
            minPricePerPeriod: p.minPricePerPeriod,
            minPeriod: p.minPeriod,
            maxPeriod: p.maxPeriod,
            maxPeriods: p.maxPeriods,
            minBond: p.minBond,
            commonsBps: p.commonsBps,
            treasuryBps: p.treasuryBps
        });
    }

    /// @inheritdoc IDatasetRegistry
    function erasuresAt(uint256 datasetId, uint48 t) external view override returns (uint256) {
        Erasures storage e = _erasures[datasetId];
        return t >= e.since ? e.count : e.history.lookup(e.older, t);
    }

    /* INTERNALS */

    function _standing(uint256 datasetId) internal view returns (uint256 purposes, uint256 erasures) {
        Erasures storage e = _erasures[datasetId];
        return (e.purposes, e.count);
    }

    function _createDataset(Policy memory policy_) internal returns (uint256 datasetId) {
        datasetId = ++datasetCount;
        // Batches keep their dataset's number in 16 bits.
        if (datasetId > type(uint16).max) revert DatasetRegistry_TooManyDatasets(type(uint16).max);
        emit DatasetCreated(datasetId);
        _setPolicy(datasetId, policy_);
    }

    /// @dev A dataset has a policy from its first moment on.
    function _requireDataset(uint256 datasetId) internal view returns (Dataset storage d) {
        d = _datasets[datasetId];
        if (d.policyVersion == 0) revert DatasetRegistry_UnknownDataset(datasetId);
    }

    /// @dev The current version, or the one it replaced while that is in grace.
    function _requireSignable(uint256 datasetId, Dataset storage d, uint256 version) internal view {
        uint256 current = d.policyVersion;
        if (version == current) return;
        bool inGrace = version != 0 && version + 1 == current && block.timestamp < d.policyUpdatedAt + POLICY_GRACE;
        if (!inGrace) revert DatasetRegistry_StalePolicy(datasetId, version, current);
    }

    /// @dev What a batch needs of its policy.
    function _rates(uint256 datasetId, uint256 version)
        internal
        view
        returns (uint64 sharesPerUnit, uint16 minQuality)
    {
        Policy storage p = _policies[datasetId][version];
        return (p.sharesPerUnit, p.minQuality);
    }

    function _countErasure(uint256 datasetId) internal {
        Erasures storage e = _erasures[datasetId];
        (uint256 since, uint64 count, uint64 older) = (e.since, e.count, e.older);
        if (count != 0 && since != block.timestamp) {
            e.history.push(older, since, count);
            e.older = older + 1;
        }
        e.since = uint40(block.timestamp);
        e.count = count + 1;
    }

    function _setPolicy(uint256 datasetId, Policy memory policy_) private returns (uint256 version) {
        PolicyRules.validate(policy_);
        Dataset storage d = _datasets[datasetId];
        version = d.policyVersion + 1;
        d.policyVersion = uint24(version);
        d.policyUpdatedAt = uint40(block.timestamp);
        _policies[datasetId][version] = policy_;
        _erasures[datasetId].purposes = policy_.purposes;
        emit PolicyUpdated(datasetId, version, policy_);
    }
}
