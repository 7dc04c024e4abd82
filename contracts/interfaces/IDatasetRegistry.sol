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

    /// @notice The part of a policy that concerns leases; the fields of `Policy`.
    struct LeasePolicy {
        uint256 purposes;
        uint256 minPricePerPeriod;
        uint256 minPeriod;
        uint256 maxPeriod;
        uint256 maxPeriods;
        uint256 minBond;
        uint16 commonsBps;
        uint16 treasuryBps;
    }

    /// @notice A member of the attestor set: scores data and signs batches.
    /// @param signer account that signs (EOA or ERC-1271)
    /// @param hpkeKey X25519 public key to which contributors seal what the attestor must read
    struct Attestor {
        address signer;
        bytes32 hpkeKey;
    }

    /// @notice A member of the committee: keeps one share of each file key.
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
    /// @param fingerprint identity of the content, unique in the DAO, also after erasure
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
    /// @param entryIndex index of the dataset's pool, the commons included, at activation
    struct BatchInfo {
        BatchStatus status;
        uint256 datasetId;
        uint256 sequence;
        bytes32 root;
        uint256 unresolvedShares;
        uint256 unresolvedCount;
        uint256 sharesPerUnit;
        uint256 minQuality;
        uint256 policyVersion;
        uint256 attestorSetVersion;
        uint48 since;
        uint256 entryIndex;
    }

    /// @notice Why a proven leaf cannot be claimed.
    enum ClaimFault {
        None,
        InvalidContributor,
        QualityOutOfRange,
        NoShares,
        FingerprintUsed,
        SharesExceedBatch
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

    /// @notice Constants and first members of a DAO, fixed at its creation but for attestors, custodians and policies.
    /// @param policies of the first datasets, in the order of their numbers
    /// @param challengePeriod time for a veto between publication and activation, 0 to 30 days
    /// @param claimPeriod time after activation until unclaimed tokens may leave supply, at least 365 days
    /// @param epochLength length of an issuance epoch, 2 to 366 days
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

    /// @notice Thrown when a function of the timelock is called by any other account.
    error DatasetRegistry_NotTimelock(address caller);

    /// @notice Thrown when a veto comes from an account that is not the guardian, or whose term is over.
    error DatasetRegistry_NotGuardian(address caller);

    /// @notice Thrown when no dataset has this number.
    error DatasetRegistry_UnknownDataset(uint256 datasetId);

    /// @notice Thrown when no batch has this number.
    error DatasetRegistry_UnknownBatch(uint256 batchId);

    /// @notice Thrown when no committee has this version.
    error DatasetRegistry_UnknownCommittee(uint256 version);

    /// @notice Thrown when the committee has no such slot; slots are counted from 0.
    error DatasetRegistry_UnknownSlot(uint256 version, uint256 slot);

    /// @notice Thrown when a dataset would exceed the numbers that batches can hold.
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

    /// @notice Thrown when a signed batch or erasure arrives after its deadline; Unix seconds.
    error DatasetRegistry_DeadlinePassed(uint48 deadline, uint48 nowTime);

    /// @notice Thrown when a batch's sequence does not exceed the last one published for its dataset.
    error DatasetRegistry_StaleSequence(uint256 datasetId, uint256 sequence, uint256 lastSequence);

    /// @notice Thrown when a batch was scored by a policy version that is neither current nor, within `POLICY_GRACE`,
    /// the one before.
    error DatasetRegistry_StalePolicy(uint256 datasetId, uint256 version, uint256 current);

    /// @notice Thrown when a batch was signed for an attestor set that is not the current one.
    error DatasetRegistry_StaleAttestorSet(uint256 version, uint256 current);

    /// @notice Thrown when a batch has a zero root, no shares or no leaves.
    error DatasetRegistry_EmptyBatch();

    /// @notice Thrown when a number of a batch does not fit the registry's storage.
    error DatasetRegistry_ValueTooLarge(bytes32 field, uint256 value, uint256 max);

    /// @notice Thrown when a batch has more shares than a whole epoch may issue: it could never be activated.
    error DatasetRegistry_BatchExceedsCap(uint256 shares, uint256 cap);

    /// @notice Thrown when fewer signatures are given than the threshold of the attestor set or committee.
    error DatasetRegistry_InsufficientSignatures(uint256 given, uint256 threshold);

    /// @notice Thrown when a signature is not of a member of attestor set or committee `version`. A signature that is
    /// not valid has the signer zero.
    error DatasetRegistry_NotSigner(address signer, uint256 version);

    /// @notice Thrown when a batch is not in the state that the call needs.
    error DatasetRegistry_WrongBatchStatus(uint256 batchId, BatchStatus actual);

    /// @notice Thrown when a batch is activated before its challenge period has ended.
    error DatasetRegistry_ChallengePeriod(uint256 batchId, uint48 endsAt);

    /// @notice Thrown when a veto comes after the challenge period.
    error DatasetRegistry_ChallengePeriodOver(uint256 batchId, uint48 endedAt);

    /// @notice Thrown when this epoch's issuance is used up; the batch can be activated in a later epoch.
    error DatasetRegistry_EpochCapReached(uint256 requested, uint256 remaining, uint48 nextEpochAt);

    /// @notice Thrown when the leaf, or the list that begins with it, is not in the tree of the batch.
    error DatasetRegistry_InvalidProof(uint256 batchId, bytes32 leaf);

    /// @notice Thrown when `claimMany` is called with an empty list.
    error DatasetRegistry_NothingToClaim();

    /// @notice Thrown when the contributor of a leaf is zero or a contract of the DAO.
    error DatasetRegistry_InvalidContributor(address contributor);

    /// @notice Thrown when the quality of a leaf is below the minimum of its policy or above 10,000; basis points.
    error DatasetRegistry_QualityOutOfRange(uint256 quality, uint256 min, uint256 max);

    /// @notice Thrown when units and quality of a leaf come to no share, or to more than any batch holds.
    error DatasetRegistry_NoShares(uint256 units, uint256 quality);

    /// @notice Thrown when a leaf has more shares than its batch has left: its tree does not add up to what was signed.
    error DatasetRegistry_SharesExceedBatch(uint256 batchId, uint256 shares, uint256 remaining);

    /// @notice Thrown when the fingerprint of a leaf was claimed or erased before.
    error DatasetRegistry_FingerprintUsed(bytes32 fingerprint);

    /// @notice Thrown when a contribution is erased a second time.
    error DatasetRegistry_AlreadyErased(bytes32 fingerprint);

    /// @notice Thrown when the fingerprint was first recorded by another leaf than the one given.
    error DatasetRegistry_RecordedElsewhere(bytes32 fingerprint, uint256 batchId, address contributor);

    /// @notice Thrown when an erasure is asked for by another account than the contributor, or than the holder of a
    /// succeeded one, who is named in its place.
    error DatasetRegistry_NotContributor(address caller, address contributor);

    /// @notice Thrown when an erasure is neither signed by the key of the contributor, or of a succeeded one's holder,
    /// nor accepted by its ERC-1271 check.
    error DatasetRegistry_InvalidSignature(address signer);

    /// @notice Thrown when a leaf is dropped whose fingerprint is not recorded, or recorded by this leaf itself.
    error DatasetRegistry_NotADuplicate(bytes32 fingerprint);

    /// @notice Thrown when a duplicate is dropped a second time.
    error DatasetRegistry_AlreadyDropped(bytes32 leaf);

    /// @notice Thrown when a batch is put to sleep before `claimPeriod` has passed since its activation.
    error DatasetRegistry_ClaimPeriod(uint256 batchId, uint48 endsAt);

    /// @notice Emitted when a dataset is opened; its first `PolicyUpdated` follows.
    event DatasetCreated(uint256 indexed datasetId);

    /// @notice Emitted when a dataset gets a policy, its first or a new version.
    event PolicyUpdated(uint256 indexed datasetId, uint256 indexed version, Policy policy);

    /// @notice Emitted when an attestor set becomes the current one.
    event AttestorsSet(uint256 indexed version, Attestor[] attestors, uint256 threshold);

    /// @notice Emitted when a custodian committee becomes the current one.
    event CommitteeSet(uint256 indexed version, Custodian[] custodians, uint256 threshold);

    /// @notice Emitted when a slot of a committee passes to a successor; `slot` is counted from 0.
    event CustodianReplaced(uint256 indexed version, uint256 indexed slot, Custodian custodian);

    /// @notice Emitted when a batch is registered.
    /// @dev Warning: `manifestURI` is not signed. Its bytes are chosen by whoever relays the transaction, need not be
    /// UTF-8 and may lead anywhere; `batch.manifestHash` is what attestors signed.
    event BatchPublished(uint256 indexed batchId, uint256 indexed datasetId, Batch batch, string manifestURI);

    /// @notice Emitted when a batch starts to earn: `shares` enter its pool at `entryIndex`, and as many tokens the
    /// supply.
    event BatchActivated(uint256 indexed batchId, uint256 shares, uint256 entryIndex);

    /// @notice Emitted when the guardian stops a batch.
    event BatchVetoed(uint256 indexed batchId, address indexed guardian);

    /// @notice Emitted when voters stop a batch that is not active yet.
    event BatchDiscarded(uint256 indexed batchId);

    /// @notice Emitted when a batch falls asleep: its unclaimed tokens, `burned`, leave supply and quorum.
    event BatchSlept(uint256 indexed batchId, uint256 burned);

    /// @notice Emitted when every leaf is resolved and what no leaf used leaves pools and supply.
    event BatchCompleted(uint256 indexed batchId, uint256 leftover);

    /// @notice Emitted for a leaf of a list that could not be recorded; the others were.
    event ContributionSkipped(
        uint256 indexed batchId, address indexed contributor, bytes32 indexed fingerprint, ClaimFault fault
    );

    /// @notice Emitted when a contribution is recorded and its shares and tokens go to its contributor.
    event ContributionClaimed(
        uint256 indexed batchId, address indexed contributor, bytes32 indexed fingerprint, uint256 shares
    );

    /// @notice Emitted when data is erased. `shares` are the leaf's own, and count as an erasure of the dataset unless
    /// they are 0. They left the dataset's pool, and the commons with it; of a leaf that was never claimed no more than
    /// its batch had left, as the splitter's `PendingSharesDropped` says just before. `burned` tokens left the supply:
    /// fewer where the contributor had sold tokens, or the batch sleeps.
    event ContributionErased(
        uint256 indexed batchId,
        address indexed contributor,
        bytes32 indexed fingerprint,
        uint256 shares,
        uint256 burned
    );

    /// @notice Emitted when a duplicate's pending `shares` leave the pool; what they earned is credited to its
    /// contributor.
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
    function setCommittee(Custodian[] calldata custodians, uint256 threshold) external returns (uint256 version);

    /// @notice Names the successor in one slot, for the files of that version. Timelock only.
    function replaceCustodian(uint256 version, uint256 slot, Custodian calldata custodian) external;

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

    /// @notice Stops a batch that is not active yet. Timelock only. A batch that is active, or was stopped or lapsed
    /// before, is left alone, and nothing reverts: a proposal must not fail because its batch changed meanwhile.
    function discard(uint256 batchId) external;

    /// @notice Hands a contribution's shares and tokens to its contributor. Anyone may call.
    function claim(uint256 batchId, Contribution calldata contribution, bytes32[] calldata proof) external;

    /// @notice The same for several contributions of one batch, of one or many contributors, with one Merkle
    /// multiproof.
    /// @dev A leaf that cannot be recorded, for whatever reason of its own, is skipped and named by
    /// `ContributionSkipped`; all skipped is no error. Only a wrong multiproof, a batch that is not active, or an empty
    /// list reverts. Leaves of one contributor cost least side by side: they are handed over together.
    /// @param contributions in the order of the multiproof
    function claimMany(
        uint256 batchId,
        Contribution[] calldata contributions,
        bytes32[] calldata proof,
        bool[] calldata proofFlags
    ) external;

    /// @notice Erases a contribution, claimed or not, at any time. Contributor only; once an heir has taken its place,
    /// the holder only (`IDataToken.holderOf`), who then has the shares and tokens of it, moved first if they still
    /// stand with the contributor. What was earned stays claimable.
    /// @dev Counted by `erasuresAt`, unless the leaf never had shares and so never was part of the dataset.
    /// @param proof not looked at when the contribution was claimed before
    function erase(uint256 batchId, Contribution calldata contribution, bytes32[] calldata proof) external;

    /// @notice The same with the signature of the contributor, or of a succeeded one's holder, over
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
    /// earning and can be claimed at any time.
    function sleep(uint256 batchId) external;

    /// @notice State of a dataset. Reverts for a number that does not exist.
    function dataset(uint256 datasetId) external view returns (DatasetInfo memory);

    /// @notice Number of datasets; they are numbered from 1.
    function datasetCount() external view returns (uint256);

    /// @notice The policy of that version; versions start at 1.
    function policy(uint256 datasetId, uint256 version) external view returns (Policy memory);

    /// @notice The policy that applies now. Reverts for a dataset that does not exist.
    function currentPolicy(uint256 datasetId) external view returns (Policy memory);

    /// @notice State of a batch. Reverts for a number that does not exist.
    function batch(uint256 batchId) external view returns (BatchInfo memory);

    /// @notice Number of batches; they are numbered from 1.
    function batchCount() external view returns (uint256);

    /// @notice What is recorded of a fingerprint; all zero for one that was neither claimed nor erased.
    function contribution(bytes32 fingerprint) external view returns (ContributionInfo memory);

    /// @notice Whether the leaf is part of the living dataset: activated, not erased, not a duplicate.
    function isIncluded(uint256 batchId, Contribution calldata contribution, bytes32[] calldata proof)
        external
        view
        returns (bool);

    /// @notice The hashed leaf of a contribution in a batch.
    function leafOf(uint256 batchId, Contribution calldata contribution) external view returns (bytes32);

    /// @notice An attestor set and its threshold; empty for a version that does not exist.
    function attestors(uint256 version) external view returns (Attestor[] memory members, uint256 threshold);

    /// @notice Version of the current attestor set, from 1.
    function attestorSetVersion() external view returns (uint256);

    /// @notice A committee in the order of its slots, and its threshold; empty for a version that does not exist.
    function committee(uint256 version) external view returns (Custodian[] memory custodians, uint256 threshold);

    /// @notice Version of the current committee, from 1.
    function committeeVersion() external view returns (uint256);

    /// @notice Reverts unless a threshold of a committee signed that the keys of a lease are ready to be released:
    /// `Readiness(uint256 leaseId,bytes32 releaseRoot,uint256 committeeVersion)` (EIP-712, domain of this contract).
    /// Signatures as in `publish`; a slot's successor signs in its place. Refuses a committee that does not exist.
    function requireReadiness(uint256 leaseId, bytes32 releaseRoot, uint256 version, bytes[] calldata signatures)
        external
        view;

    /// @notice Slot of `signer` in the committee, plus one; 0 when it has none. With the committee's threshold.
    function slotOf(uint256 version, address signer) external view returns (uint256 place, uint256 threshold);

    /// @notice What the dataset's policy of now asks of a lease.
    function leasePolicy(uint256 datasetId) external view returns (LeasePolicy memory);

    /// @notice What the approval of a lease takes, in one call: the purposes that the dataset's policy allows now, its
    /// erasures so far, and the version of the current committee. No purposes for a dataset that does not exist.
    function leaseBasis(uint256 datasetId)
        external
        view
        returns (uint256 purposes, uint256 erasures, uint256 currentCommittee);

    /// @notice Erasures of activated contributions in the dataset up to and including time `t`; now allowed.
    function erasuresAt(uint256 datasetId, uint48 t) external view returns (uint256);

    /// @notice Shares that may be activated in the epoch of now: in all, and still free; the epoch ends at
    /// `nextEpochAt`.
    function epochCap() external view returns (uint256 cap, uint256 remaining, uint48 nextEpochAt);

    /// @notice EIP-712 digest that attestors sign.
    function hashBatch(Batch calldata batch) external view returns (bytes32 digest);

    /// @notice Time for a veto between publication and activation, seconds.
    function challengePeriod() external view returns (uint48);

    /// @notice Time after activation until `sleep`, seconds.
    function claimPeriod() external view returns (uint48);

    /// @notice Length of an issuance epoch, seconds; epochs are counted from Unix time 0.
    function epochLength() external view returns (uint48);

    /// @notice Shares that may be activated per epoch whatever the supply.
    function epochFloor() external view returns (uint256);

    /// @notice The same as a part of the supply one second before the epoch, basis points, rounded down.
    function epochCapBps() external view returns (uint256);
}
