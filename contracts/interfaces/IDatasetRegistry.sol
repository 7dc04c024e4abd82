// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title Dataset registry
/// @notice Datasets and their policies, the attestors who score data, the custodians who keep its keys, the batches of
/// accepted contributions, and erasure. The only minter of the DAO's token.
/// @dev A batch is a Merkle tree of contributions that a threshold of attestors signed. It is published, may be vetoed
/// during the challenge period, is activated (its shares start to earn and its tokens are minted to the registry) and
/// then claimed leaf by leaf, by anyone, for the contributor. All intervals are half-open; times are Unix seconds.
interface IDatasetRegistry {
    /// @notice Rules of a dataset. A change applies to what is published, requested or offered afterwards.
    /// @param sharesPerUnit shares for one unit of top quality, at least the splitter's `MIN_POOL_SHARES`
    /// @param minQuality lowest quality that earns shares, basis points
    /// @param purposes mask of purposes the data may ever be leased for
    /// @param minPricePerPeriod lowest rent of a request, asset units per period
    /// @param minPeriod shortest period of a request, seconds
    /// @param maxPeriod longest period, seconds
    /// @param maxPeriods most periods of one lease
    /// @param minBond lowest bond of a request, asset units
    /// @param commonsBps part of the rent that goes to all members (pool 0), basis points
    /// @param treasuryBps part of the rent that goes to the treasury, basis points
    /// @param schemaHash hash of the JSON Schema that the data follows
    /// @param uri where schema and description are found
    struct Policy {
        uint64 sharesPerUnit;
        uint16 minQuality;
        uint64 purposes;
        uint96 minPricePerPeriod;
        uint32 minPeriod;
        uint32 maxPeriod;
        uint16 maxPeriods;
        uint96 minBond;
        uint16 commonsBps;
        uint16 treasuryBps;
        bytes32 schemaHash;
        string uri;
    }

    /// @notice Someone who scores data and signs batches.
    /// @param signer account that signs (EOA or ERC-1271)
    /// @param hpkeKey X25519 public key to which contributors seal what the attestor must read
    struct Attestor {
        address signer;
        bytes32 hpkeKey;
    }

    /// @notice Someone who keeps one share of each file key.
    /// @param signer account that signs readiness (EOA or ERC-1271)
    /// @param hpkeKey X25519 public key to which shares are sealed
    /// @param uri where the custodian publishes
    struct Custodian {
        address signer;
        bytes32 hpkeKey;
        string uri;
    }

    /// @notice What attestors sign (EIP-712, domain `DatasetRegistry` version `1`).
    /// @param datasetId dataset it belongs to
    /// @param sequence number that must exceed the dataset's last published one; never re-used
    /// @param root root of the contribution tree (OpenZeppelin standard-merkle-tree, leaves not sorted)
    /// @param totalShares shares of all leaves together
    /// @param count number of leaves
    /// @param manifestHash hash of the published list of leaves
    /// @param policyVersion version of the dataset's policy that the shares follow
    /// @param attestorSetVersion version of the attestor set that signs
    /// @param deadline last second at which it can be published
    struct Batch {
        uint256 datasetId;
        uint256 sequence;
        bytes32 root;
        uint256 totalShares;
        uint256 count;
        bytes32 manifestHash;
        uint256 policyVersion;
        uint256 attestorSetVersion;
        uint48 deadline;
    }

    /// @notice One leaf of a batch. The hashed leaf is
    /// `(chainId, registry, datasetId, sequence, contributor, fingerprint, fileHash, envelopeHash, units, quality)`;
    /// the first four are filled in by the contract.
    /// @param contributor account that owns the shares
    /// @param fingerprint identity of the content, unique in the DAO for ever
    /// @param fileHash sha256 of the encrypted file
    /// @param envelopeHash sha256 of the envelope with the sealed key shares
    /// @param units amount of data
    /// @param quality score in basis points
    struct Contribution {
        address contributor;
        bytes32 fingerprint;
        bytes32 fileHash;
        bytes32 envelopeHash;
        uint256 units;
        uint256 quality;
    }

    /// @notice Life of a batch. `Lapsed` is derived from time and attestor set, never stored.
    enum BatchStatus {
        None,
        Published,
        Active,
        Asleep,
        Vetoed,
        Discarded,
        Lapsed
    }

    /// @notice Life of a contribution, by fingerprint.
    enum ContributionStatus {
        None,
        Claimed,
        Erased
    }

    /// @notice State of a batch as the registry keeps it.
    /// @param unresolvedShares shares neither claimed, erased nor dropped
    /// @param unresolvedCount leaves neither claimed, erased nor dropped
    /// @param since time of publication; once active, of activation
    /// @param entryIndex accumulator of the dataset's pool at activation
    /// @param commonsEntryIndex accumulator of the commons at activation
    struct BatchInfo {
        BatchStatus status;
        uint256 datasetId;
        uint256 sequence;
        bytes32 root;
        uint256 totalShares;
        uint256 unresolvedShares;
        uint256 unresolvedCount;
        uint256 sharesPerUnit;
        uint256 minQuality;
        uint256 policyVersion;
        uint256 attestorSetVersion;
        uint48 since;
        uint256 entryIndex;
        uint256 commonsEntryIndex;
    }

    /// @notice Record of a claimed or erased fingerprint.
    struct ContributionInfo {
        ContributionStatus status;
        address contributor;
        uint256 batchId;
        uint256 shares;
    }

    /// @notice State of a dataset.
    struct DatasetInfo {
        uint256 policyVersion;
        uint256 lastSequence;
        uint256 erasures;
        uint48 policyUpdatedAt;
    }

    /// @notice Initial state of a DAO.
    /// @param policies of the first datasets, in the order of their numbers
    /// @param challengePeriod time for a veto between publication and activation, 0 to 30 days
    /// @param claimPeriod time after activation until unclaimed tokens may leave supply, at least 365 days
    /// @param epochLength length of an issuance epoch, 1 to 366 days
    /// @param epochFloor shares that may be activated per epoch whatever the supply
    /// @param epochCapBps the same as a part of the supply before the epoch, basis points
    struct RegistryParams {
        Attestor[] attestors;
        uint256 attestorThreshold;
        Custodian[] custodians;
        uint256 custodianThreshold;
        Policy[] policies;
        uint48 challengePeriod;
        uint48 claimPeriod;
        uint48 epochLength;
        uint256 epochFloor;
        uint256 epochCapBps;
    }

    error DatasetRegistry_NotTimelock(address caller);
    error DatasetRegistry_NotGuardian(address caller);
    error DatasetRegistry_UnknownDataset(uint256 datasetId);
    error DatasetRegistry_UnknownBatch(uint256 batchId);
    error DatasetRegistry_UnknownEpoch(uint256 epoch);
    error DatasetRegistry_UnknownSlot(uint256 epoch, uint256 slot);
    error DatasetRegistry_TooManyDatasets(uint256 max);

    /// @notice Thrown when a field of a policy is out of range; `field` is its name in ASCII.
    error DatasetRegistry_InvalidPolicy(bytes32 field, uint256 value, uint256 min, uint256 max);

    /// @notice Thrown when an attestor set or committee is empty, too large, or its threshold does not fit.
    error DatasetRegistry_InvalidThreshold(uint256 threshold, uint256 members, uint256 maxMembers);

    /// @notice Thrown when signers are not strictly ascending (which also excludes zero and repetition).
    error DatasetRegistry_SignersNotAscending(address previous, address next);

    /// @notice Thrown when a member has no encryption key.
    error DatasetRegistry_ZeroKey(address signer);

    /// @notice Thrown when a custodian appears twice in a committee, or is zero.
    error DatasetRegistry_InvalidCustodian(address signer);

    /// @notice Thrown by the constructor when a DAO parameter is out of range; `name` says which.
    error DatasetRegistry_InvalidParameter(bytes32 name, uint256 value, uint256 min, uint256 max);

    error DatasetRegistry_DeadlinePassed(uint48 deadline, uint48 nowTime);
    error DatasetRegistry_StaleSequence(uint256 datasetId, uint256 sequence, uint256 lastSequence);
    error DatasetRegistry_StalePolicy(uint256 datasetId, uint256 version, uint256 current);
    error DatasetRegistry_StaleAttestorSet(uint256 version, uint256 current);
    error DatasetRegistry_EmptyBatch();

    /// @notice Thrown when a number of a batch does not fit the registry's storage.
    error DatasetRegistry_ValueTooLarge(bytes32 field, uint256 value, uint256 max);
    error DatasetRegistry_BatchExceedsCap(uint256 shares, uint256 cap);
    error DatasetRegistry_InsufficientSignatures(uint256 given, uint256 threshold);
    error DatasetRegistry_NotAttestor(address signer, uint256 version);

    /// @notice Thrown when a batch is not in the state that the call needs.
    error DatasetRegistry_WrongBatchStatus(uint256 batchId, BatchStatus actual);
    error DatasetRegistry_ChallengePeriod(uint256 batchId, uint48 endsAt);
    error DatasetRegistry_ChallengePeriodOver(uint256 batchId, uint48 endedAt);

    /// @notice Thrown when this epoch's issuance is used up; the batch can be activated in a later epoch.
    error DatasetRegistry_EpochCapReached(uint256 requested, uint256 remaining, uint48 nextEpochAt);
    error DatasetRegistry_InvalidProof(uint256 batchId, bytes32 leaf);
    error DatasetRegistry_NothingToClaim();
    error DatasetRegistry_MixedContributors(address expected, address actual);
    error DatasetRegistry_InvalidContributor(address contributor);
    error DatasetRegistry_QualityOutOfRange(uint256 quality, uint256 min, uint256 max);
    error DatasetRegistry_NoShares(uint256 units, uint256 quality);
    error DatasetRegistry_SharesExceedBatch(uint256 batchId, uint256 shares, uint256 remaining);
    error DatasetRegistry_FingerprintUsed(bytes32 fingerprint);
    error DatasetRegistry_AlreadyErased(bytes32 fingerprint);

    /// @notice Thrown when the fingerprint was first recorded by another leaf than the one given.
    error DatasetRegistry_RecordedElsewhere(bytes32 fingerprint, uint256 batchId, address contributor);
    error DatasetRegistry_NotContributor(address caller, address contributor);
    error DatasetRegistry_InvalidSignature(address signer);
    error DatasetRegistry_NotADuplicate(bytes32 fingerprint);
    error DatasetRegistry_AlreadyDropped(bytes32 leaf);
    error DatasetRegistry_ClaimPeriod(uint256 batchId, uint48 endsAt);

    event DatasetCreated(uint256 indexed datasetId);
    event PolicyUpdated(uint256 indexed datasetId, uint256 indexed version, Policy policy);
    event AttestorsSet(uint256 indexed version, Attestor[] attestors, uint256 threshold);
    event CommitteeSet(uint256 indexed epoch, Custodian[] custodians, uint256 threshold);
    event CustodianReplaced(uint256 indexed epoch, uint256 indexed slot, Custodian custodian);
    /// @dev Warning: `manifestURI` is not signed. The sender of the transaction chose its bytes, which need not be
    /// UTF-8 and may point anywhere; `batch.manifestHash` is what attestors signed.
    event BatchPublished(uint256 indexed batchId, uint256 indexed datasetId, Batch batch, string manifestURI);
    event BatchActivated(uint256 indexed batchId, uint256 shares, uint256 entryIndex, uint256 commonsEntryIndex);
    event BatchVetoed(uint256 indexed batchId, address indexed guardian);
    event BatchDiscarded(uint256 indexed batchId);

    /// @notice Emitted when a batch falls asleep: its unclaimed tokens, `burned`, leave supply and quorum.
    event BatchSlept(uint256 indexed batchId, uint256 burned);

    /// @notice Emitted when every leaf is resolved and what no leaf used leaves pools and supply.
    event BatchCompleted(uint256 indexed batchId, uint256 leftover);
    event ContributionClaimed(
        uint256 indexed batchId, address indexed contributor, bytes32 indexed fingerprint, uint256 shares
    );

    /// @notice Emitted when data is erased. `shares` left the dataset's pool and `burned` tokens supply. The commons
    /// lost `shares` if they were unclaimed, otherwise `burned`: less where the contributor had sold tokens.
    event ContributionErased(
        uint256 indexed batchId,
        address indexed contributor,
        bytes32 indexed fingerprint,
        uint256 shares,
        uint256 burned
    );
    event DuplicateDropped(uint256 indexed batchId, bytes32 indexed fingerprint, bytes32 leaf, uint256 shares);

    /// @notice Opens a dataset. Timelock only. Datasets are numbered from 1, like their pools.
    function createDataset(Policy calldata policy) external returns (uint256 datasetId);

    /// @notice Replaces a dataset's policy. Timelock only. The version it replaces stays signable for `POLICY_GRACE`.
    function updatePolicy(uint256 datasetId, Policy calldata policy) external returns (uint256 version);

    /// @notice Replaces the attestor set. Timelock only. Batches signed by the former set can no longer be published
    /// or activated.
    /// @param attestors strictly ascending by signer, 1 to 32
    function setAttestors(Attestor[] calldata attestors, uint256 threshold) external returns (uint256 version);

    /// @notice Appoints a custodian committee for data sealed from now on. Timelock only.
    function setCommittee(Custodian[] calldata custodians, uint256 threshold) external returns (uint256 epoch);

    /// @notice Names the successor of one seat, for the files of that epoch. Timelock only.
    function replaceCustodian(uint256 epoch, uint256 slot, Custodian calldata custodian) external;

    /// @notice Registers a batch that a threshold of the current attestors signed. Anyone relays. Its sequence exceeds
    /// the dataset's last one, by at most 65,536: no single batch can use up the numbers.
    /// @param signatures of distinct attestors, ascending by signer: 65 bytes `r,s,v` of an EOA, or 20 bytes of the
    /// signer's address followed by what its ERC-1271 check expects
    /// @param manifestURI where its relayer says that the list of leaves is found. Warning: unauthenticated. Attestors
    /// do not sign it, and it may be any bytes; hold what it leads to against `batch.manifestHash`
    function publish(Batch calldata batch, bytes[] calldata signatures, string calldata manifestURI)
        external
        returns (uint256 batchId);

    /// @notice Lets a batch earn and mints its tokens to the registry. Anyone, after the challenge period, in any
    /// order, while its attestor set is current and it has not lapsed, within the epoch's issuance cap.
    function activate(uint256 batchId) external;

    /// @notice Stops a batch during its challenge period. Guardian only.
    function veto(uint256 batchId) external;

    /// @notice Stops a batch that is not active yet. Timelock only.
    function discard(uint256 batchId) external;

    /// @notice Hands a contribution's shares and tokens to its contributor. Anyone may call.
    function claim(uint256 batchId, Contribution calldata contribution, bytes32[] calldata proof) external;

    /// @notice The same for several contributions of one batch and one contributor, with one Merkle multiproof.
    /// @param contributions in the order of the multiproof
    function claimMany(
        uint256 batchId,
        Contribution[] calldata contributions,
        bytes32[] calldata proof,
        bool[] calldata proofFlags
    ) external;

    /// @notice Erases a contribution, claimed or not, at any time. Contributor only. What was earned stays claimable.
    /// @param proof not looked at when the contribution was claimed before
    function erase(uint256 batchId, Contribution calldata contribution, bytes32[] calldata proof) external;

    /// @notice The same with the contributor's signature over
    /// `Erase(uint256 batchId,bytes32 fingerprint,uint48 deadline)`. Anyone relays.
    function eraseBySig(
        uint256 batchId,
        Contribution calldata contribution,
        bytes32[] calldata proof,
        uint48 deadline,
        bytes calldata signature
    ) external;

    /// @notice Removes the pending shares of a leaf whose fingerprint another leaf recorded first. Anyone, once. What
    /// they earned until now stays claimable by the leaf's contributor.
    function dropDuplicate(uint256 batchId, Contribution calldata contribution, bytes32[] calldata proof) external;

    /// @notice Takes a batch's unclaimed tokens out of supply, `claimPeriod` after activation. Anyone. Its shares go on
    /// earning and can be claimed for ever.
    function sleep(uint256 batchId) external;

    function dataset(uint256 datasetId) external view returns (DatasetInfo memory);
    function datasetCount() external view returns (uint256);

    /// @notice The policy of that version; versions start at 1.
    function policy(uint256 datasetId, uint256 version) external view returns (Policy memory);
    function currentPolicy(uint256 datasetId) external view returns (Policy memory);
    function batch(uint256 batchId) external view returns (BatchInfo memory);
    function batchCount() external view returns (uint256);
    function contribution(bytes32 fingerprint) external view returns (ContributionInfo memory);

    /// @notice Whether the leaf is part of the living dataset: activated, not erased, not a duplicate.
    function isIncluded(uint256 batchId, Contribution calldata contribution, bytes32[] calldata proof)
        external
        view
        returns (bool);
    function leafOf(uint256 batchId, Contribution calldata contribution) external view returns (bytes32);
    function attestors(uint256 version) external view returns (Attestor[] memory members, uint256 threshold);
    function attestorSetVersion() external view returns (uint256);
    function committee(uint256 epoch) external view returns (Custodian[] memory custodians, uint256 threshold);
    function committeeEpoch() external view returns (uint256);

    /// @notice Seat of `signer` in the committee, plus one; 0 when it has none. With the committee's threshold.
    function seatOf(uint256 epoch, address signer) external view returns (uint256 seat, uint256 threshold);

    /// @notice Erasures of activated contributions in the dataset up to and including time `t`; now allowed.
    function erasuresAt(uint256 datasetId, uint48 t) external view returns (uint256);

    /// @notice Shares that may be activated in the epoch of now: in all, and still free.
    function epochCap() external view returns (uint256 cap, uint256 remaining, uint48 nextEpochAt);
    function hashBatch(Batch calldata batch) external view returns (bytes32 digest);
    function challengePeriod() external view returns (uint48);
    function claimPeriod() external view returns (uint48);
    function epochLength() external view returns (uint48);
    function epochFloor() external view returns (uint256);
    function epochCapBps() external view returns (uint256);
}
