// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title Model registry
/// @notice Models trained under leases. Every payment to a model is split: each lease's royalty goes to its dataset's
/// contributors, the remainder to the model's beneficiary. Zero-price leases with a royalty are how the DAO funds open
/// models and shares in their returns.
interface IModelRegistry {
    /// @notice State of a model.
    /// @param owner licensee that registered the model
    /// @param beneficiary who withdraws the remainder of payments
    /// @param modelHash hash of the model's published description
    /// @param openSource whether weights are public, as stated by the owner
    /// @param royaltyBps sum of the leases' royalties
    /// @param received all that the model was ever paid, asset units
    struct ModelInfo {
        address owner;
        address beneficiary;
        bytes32 modelHash;
        bool openSource;
        uint256 royaltyBps;
        uint256 received;
        uint256[] leaseIds;
        string uri;
    }

    /// @notice Thrown when a model is registered under no lease, or more than `max`.
    error ModelRegistry_InvalidLeaseCount(uint256 given, uint256 min, uint256 max);

    /// @notice Thrown when lease numbers are not strictly ascending.
    error ModelRegistry_LeasesNotAscending(uint256 previous, uint256 next);

    /// @notice Thrown when a model is registered under a lease of another licensee.
    error ModelRegistry_NotLicensee(uint256 leaseId, address caller, address licensee);

    /// @notice Thrown when a model is registered under a lease that never started.
    error ModelRegistry_NotStarted(uint256 leaseId);

    /// @notice Thrown when the royalties of all leases together exceed the whole; basis points.
    error ModelRegistry_RoyaltiesTooHigh(uint256 royaltyBps, uint256 max);

    /// @notice Thrown when no model has this number.
    error ModelRegistry_UnknownModel(uint256 modelId);

    /// @notice Thrown when a payment names another owner or hash than the model's.
    error ModelRegistry_OtherModel(uint256 modelId, address owner, bytes32 modelHash);

    /// @notice Thrown when the beneficiary is the zero address or this contract.
    error ModelRegistry_InvalidBeneficiary(address beneficiary);

    /// @notice Thrown when the asset delivered another amount than was asked (fee-on-transfer, rebase); asset units.
    error ModelRegistry_WrongAmountReceived(uint256 expected, uint256 actual);

    /// @notice Thrown when a credit is directed to the zero address or to this contract.
    error ModelRegistry_InvalidRecipient(address recipient);

    /// @notice Thrown by the constructor when the splitter's asset is another one.
    error ModelRegistry_WrongAsset(address expected, address actual);

    /// @notice Emitted when a licensee registers a model.
    event ModelRegistered(
        uint256 indexed modelId,
        address indexed owner,
        uint256[] leaseIds,
        bytes32 modelHash,
        string uri,
        bool openSource,
        address beneficiary
    );

    /// @notice Emitted when a model is paid `amount`; `toBeneficiary` of what was paid so far became its beneficiary's.
    event ModelPaid(uint256 indexed modelId, address indexed payer, uint256 amount, uint256 toBeneficiary);

    /// @notice Emitted per lease of a paid model: into the dataset's pool, or to the treasury if that is dead; not
    /// for a part that rounds to nothing this time.
    event RoyaltyPaid(uint256 indexed modelId, uint256 indexed leaseId, uint256 amount, bool toTreasury);

    /// @notice Emitted when a credit leaves.
    event Withdrawn(address indexed account, address indexed recipient, uint256 amount);

    /// @notice Registers a model trained under leases of the caller.
    /// @param leaseIds 1 to 8, strictly ascending, all started, all the caller's; royalties together at most 100 %
    function register(
        uint256[] calldata leaseIds,
        bytes32 modelHash,
        string calldata uri,
        bool openSource,
        address beneficiary
    ) external returns (uint256 modelId);

    /// @notice Pays a model: each lease's royalty to its dataset's pool, the rest to the beneficiary's credit.
    /// @dev A part is the floor of its share of all that the model was ever paid, less what it got before: payments
    /// however small lose nothing. What no part has reached yet, less than one unit for each of them, waits for the
    /// next payment.
    /// @param owner of the model: whom one pays
    /// @param modelHash of the model: for what
    function pay(uint256 modelId, address owner, bytes32 modelHash, uint256 amount) external;

    /// @notice Pays the caller's credit to `recipient`. With nothing owed it returns 0.
    function withdrawTo(address recipient) external returns (uint256 amount);

    /// @notice Pays `account` its credit. Anyone may call; only `account` is paid. With nothing owed it returns 0, so
    /// that a proposal that calls it for the treasury cannot be made to fail.
    function withdraw(address account) external returns (uint256 amount);

    /// @notice State of a model; all zero for a number that does not exist.
    function model(uint256 modelId) external view returns (ModelInfo memory);

    /// @notice Number of models; they are numbered from 1.
    function modelCount() external view returns (uint256);

    /// @notice What `account` can withdraw: a beneficiary, or the treasury (the timelock).
    function creditOf(address account) external view returns (uint256);

    /// @notice Asset balance, and the sum of all credits and of what no part has reached yet. `balance >= owed`.
    function solvency() external view returns (uint256 balance, uint256 owed);

    /// @notice The settlement asset, the same as the splitter's.
    function asset() external view returns (address);
}
