// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title Data leases
/// @notice An AI company requests a lease and escrows rent and a bond; holders vote; after approval, and once keys are
/// ready, rent is paid per period and access lasts exactly as long as it is paid. Otherwise the money is refunded.
/// @dev Money leaves only by its owner's withdrawal: no call pays a third party, so no account can block another's.
/// All intervals are half-open; times are Unix seconds; amounts are asset units; `bps` are basis points.
interface IDataLeases {
    /// @notice What is voted on.
    /// @param datasetId dataset that is leased
    /// @param purposes non-empty mask inside the policy's
    /// @param pricePerPeriod rent of one period
    /// @param periodLength 1 to 366 days, in seconds
    /// @param periods number of periods, at least 1
    /// @param bond returned after the lease unless slashed
    /// @param royaltyBps part of a model's payments owed to the dataset
    /// @param exclusive no other lease of the dataset is live at the same time
    /// @param agreementHash hash of the human-readable agreement
    struct Terms {
        uint256 datasetId;
        uint256 purposes;
        uint256 pricePerPeriod;
        uint256 periodLength;
        uint256 periods;
        uint256 bond;
        uint256 royaltyBps;
        bool exclusive;
        bytes32 agreementHash;
    }

    /// @notice `Refunded` and `Ended` are final.
    enum Status {
        None,
        Pending,
        Approved,
        Active,
        Ended,
        Refunded
    }

    /// @notice State of a lease.
    /// @param paidPeriods instalments paid so far
    /// @param startBy an approved lease that has not started by then is refundable
    /// @param paidUntil end of paid access (exclusive)
    /// @param acknowledged erasures of the dataset that the licensee confirmed to have carried out
    /// @param bond what is left of the bond
    /// @param slashed sum of all slashes
    /// @param escrow rent not yet paid out
    /// @param returnable money the licensee can pull now
    struct LeaseInfo {
        Status status;
        address licensee;
        bytes32 hpkeKey;
        uint256 offerId;
        uint256 proposalId;
        uint256 committeeEpoch;
        uint256 paidPeriods;
        uint48 startBy;
        uint48 paidUntil;
        uint256 acknowledged;
        uint256 bond;
        uint256 slashed;
        uint256 escrow;
        uint256 returnable;
        bool live;
    }

    /// @notice State of a standing offer. `licensee` zero means anyone.
    struct OfferInfo {
        address licensee;
        uint256 seats;
        uint256 seatsTaken;
        uint48 expiry;
        bool closed;
    }

    /// @notice Constants of one DAO, fixed at deployment.
    /// @param minRequestEscrow least rent and bond of a request together, above 0: the price of spam
    /// @param startWindow time from approval until an unstarted lease is refundable, 1 hour to 180 days
    /// @param ackWindow time a licensee has to acknowledge an erasure, 1 hour to 180 days
    /// @param ackSlashBps part of the bond taken for one missed acknowledgement, at most `maxSlashBps`
    /// @param maxSlashBps all slashes of a lease together never exceed this part of the bond
    /// @param bondDelay time from the end of access to the release of the bond; longer than a governance cycle and
    /// 7 days, at most 366 days
    struct LeaseParams {
        uint256 minRequestEscrow;
        uint48 startWindow;
        uint48 ackWindow;
        uint256 ackSlashBps;
        uint256 maxSlashBps;
        uint48 bondDelay;
    }

    error DataLeases_NotTimelock(address caller);
    error DataLeases_NotGuardian(address caller);
    error DataLeases_NotLicensee(address caller, address licensee);
    error DataLeases_UnknownLease(uint256 leaseId);
    error DataLeases_UnknownOffer(uint256 offerId);

    /// @notice Thrown when a term is out of range; `field` is its name.
    error DataLeases_InvalidTerms(string field, uint256 value, uint256 min, uint256 max);
    error DataLeases_PurposeNotAllowed(uint256 purposes, uint256 allowed);
    error DataLeases_ZeroKey();
    error DataLeases_EscrowTooSmall(uint256 escrow, uint256 min);
    error DataLeases_DescriptionTooLong(uint256 length, uint256 max);
    error DataLeases_WrongAmountReceived(uint256 expected, uint256 actual);
    error DataLeases_WrongStatus(uint256 leaseId, Status actual);

    /// @notice Thrown when a lease would be approved by another proposal than its own, executed one.
    error DataLeases_NotExecuted(uint256 leaseId, uint256 proposalId);
    error DataLeases_WrongTerms(uint256 leaseId, bytes32 expected, bytes32 actual);
    error DataLeases_NotRefundable(uint256 leaseId);
    error DataLeases_NothingToWithdraw(uint256 leaseId);
    error DataLeases_InvalidRecipient(address recipient);
    error DataLeases_InvalidOffer(string field, uint256 value, uint256 min, uint256 max);
    error DataLeases_OfferClosed(uint256 offerId);
    error DataLeases_OfferExpired(uint256 offerId, uint48 expiry);
    error DataLeases_NoSeats(uint256 offerId, uint256 seats);
    error DataLeases_NotAddressee(uint256 offerId, address licensee);
    error DataLeases_CostAboveMax(uint256 cost, uint256 maxCost);
    error DataLeases_TooLateToStart(uint256 leaseId, uint48 startBy);
    error DataLeases_InsufficientSignatures(uint256 given, uint256 threshold);
    error DataLeases_NotCustodian(address signer, uint256 epoch);
    error DataLeases_SignersNotAscending(address previous, address next);

    /// @notice Thrown when an instalment is offered outside `[opensAt, closesAt)`.
    error DataLeases_OutsideWindow(uint256 leaseId, uint48 opensAt, uint48 closesAt);
    error DataLeases_NoPeriodsLeft(uint256 leaseId);
    error DataLeases_Overdue(uint256 leaseId, uint256 acknowledged, uint256 required);
    error DataLeases_NotOverdue(uint256 leaseId);
    error DataLeases_DeadPool(uint256 datasetId);
    error DataLeases_NotOver(uint256 leaseId);

    /// @notice Thrown when a termination would slash more than `maxSlashBps`, or when earlier slashes left nothing to
    /// take for a missed acknowledgement.
    error DataLeases_SlashTooLarge(uint256 leaseId, uint256 requestedBps, uint256 remainingBps);
    error DataLeases_AlreadySlashed(uint256 leaseId, uint48 nextAt);
    error DataLeases_BondLocked(uint256 leaseId, uint48 until);

    /// @notice Thrown when a slash comes after the bond became the licensee's, released or not.
    error DataLeases_BondDue(uint256 leaseId, uint48 since);
    error DataLeases_Exclusive(uint256 datasetId, uint256 leaseId);
    error DataLeases_LiveLeases(uint256 datasetId, uint256 live);
    error DataLeases_StillLive(uint256 leaseId);
    error DataLeases_NotReservable(uint256 leaseId);
    error DataLeases_TooManyLeases(address licensee, uint256 datasetId, uint256 max);

    /// @notice Thrown by the constructor when a DAO parameter is out of range; `name` says which.
    error DataLeases_InvalidParameter(string name, uint256 value, uint256 min, uint256 max);

    event LeaseRequested(
        uint256 indexed leaseId,
        uint256 indexed proposalId,
        address indexed licensee,
        Terms terms,
        bytes32 hpkeKey,
        uint256 commonsBps,
        uint256 treasuryBps
    );
    event LeaseWithdrawn(uint256 indexed leaseId);

    /// @notice Emitted when a lease becomes approved, by vote (`offerId` 0) or by acceptance of an offer.
    event LeaseApproved(uint256 indexed leaseId, uint256 indexed offerId, uint256 committeeEpoch, uint48 startBy);
    event LeaseRefunded(uint256 indexed leaseId, uint256 amount);
    event OfferCreated(
        uint256 indexed offerId,
        address indexed licensee,
        Terms terms,
        uint256 seats,
        uint48 expiry,
        uint256 commonsBps,
        uint256 treasuryBps
    );
    event OfferClosed(uint256 indexed offerId, address indexed by);
    event OfferAccepted(
        uint256 indexed offerId, uint256 indexed leaseId, address indexed licensee, bytes32 hpkeKey, uint256 cost
    );

    /// @notice Emitted when custodians declare that the keys of a lease are ready to be released.
    event DeliveryConfirmed(uint256 indexed leaseId, bytes32 releaseRoot, uint256 committeeEpoch);

    /// @notice Emitted when an instalment was paid: `toDataset`, `toCommons` to the pools, `toTreasury` credited.
    event InstalmentPaid(
        uint256 indexed leaseId,
        uint256 indexed period,
        uint256 toDataset,
        uint256 toCommons,
        uint256 toTreasury,
        uint48 paidUntil
    );

    /// @notice Emitted when no further period will be paid; `returned` became returnable.
    event LeaseEnded(uint256 indexed leaseId, uint256 returned, uint48 accessUntil);
    event LeaseTerminated(uint256 indexed leaseId, uint256 slashBps);

    /// @notice Emitted when part of a bond was taken: into the dataset's pool, or to the treasury if that is dead.
    event BondSlashed(uint256 indexed leaseId, uint256 amount, bool toTreasury);
    event BondReleased(uint256 indexed leaseId, uint256 amount);
    event ErasuresAcknowledged(uint256 indexed leaseId, uint256 erasures);
    event KeyRotated(uint256 indexed leaseId, bytes32 hpkeKey);
    event LeaseSettled(uint256 indexed leaseId);
    event DatasetReserved(uint256 indexed datasetId, uint256 indexed leaseId);
    event ReturnablePaid(uint256 indexed leaseId, address indexed recipient, uint256 amount);
    event TreasuryPaid(uint256 amount);

    /// @notice Escrows all rent and the bond and opens the vote, in one transaction.
    /// @param hpkeKey X25519 public key to which custodians will seal the keys
    /// @param description the licensee's own text, at most 4 KiB. The proposal's description is
    /// `Lease <id> terms <termsHash> ` + description + `#proposer=<this contract>`
    function request(Terms calldata terms, bytes32 hpkeKey, string calldata description)
        external
        returns (uint256 leaseId, uint256 proposalId);

    /// @notice Cancels the proposal of a request before its vote begins. Licensee only. The money is refundable from
    /// the snapshot on.
    function withdraw(uint256 leaseId) external;

    /// @notice Approves a lease. Only by the execution of the lease's own proposal.
    function approve(uint256 leaseId, bytes32 termsHash) external;

    /// @notice Makes the escrow and bond of a failed request returnable, exactly once. Anyone.
    /// @dev When the proposal is Defeated, Canceled (from its snapshot on) or Expired, or `startBy` has passed
    /// unstarted.
    function refund(uint256 leaseId) external;

    /// @notice Pays the licensee what is returnable. Anyone may call; only the licensee is paid. Refunds first if due.
    function claimRefund(uint256 leaseId) external returns (uint256 amount);

    /// @notice Pays what is returnable to another address. Licensee only.
    function refundTo(uint256 leaseId, address recipient) external returns (uint256 amount);

    /// @notice Opens terms to one licensee, or to anyone (`licensee` zero), for `seats` leases. Timelock only.
    /// @dev May go below the policy's minima of price and bond, never outside its purposes.
    function createOffer(Terms calldata terms, address licensee, uint256 seats, uint48 expiry)
        external
        returns (uint256 offerId);

    /// @notice Closes an offer to further acceptance. Timelock or guardian.
    function closeOffer(uint256 offerId) external;

    /// @notice Accepts an offer: escrows and is approved at once.
    /// @param maxCost most that may be pulled, all rent and bond together
    function accept(uint256 offerId, bytes32 hpkeKey, uint256 maxCost) external returns (uint256 leaseId);

    /// @notice Starts an approved lease when a threshold of its committee signed
    /// `Readiness(uint256 leaseId,bytes32 releaseRoot,uint256 committeeEpoch)` (EIP-712, domain `DataLeases`
    /// version `1`). Pays the first instalment. Anyone relays; signatures as in `IDatasetRegistry.publish`.
    function confirmDelivery(uint256 leaseId, bytes32 releaseRoot, bytes[] calldata signatures) external;

    /// @notice Starts an approved lease without waiting for custodians. Licensee only. Pays the first instalment.
    function start(uint256 leaseId) external;

    /// @notice Pays the next instalment, from a tenth of a period before `paidUntil` to a tenth after. Anyone.
    function startPeriod(uint256 leaseId) external;

    /// @notice Ends a lease: by the licensee at any time; by anyone once its last period or its window is over, or its
    /// pool is dead. Never shortens paid access.
    function end(uint256 leaseId) external;

    /// @notice Ends a lease and slashes `slashBps` of the original bond. Timelock only, also after the end, until the
    /// bond can be released. Paid access runs on to `paidUntil`.
    /// @dev Notes:
    /// - Takes what earlier slashes left of `maxSlashBps` when that is less, so that a licensee cannot make a vote fail
    /// by letting itself be slashed for a missed acknowledgement.
    /// - An approved lease that has not started cannot start any more; all its money but the slash is returnable at
    /// once. Not from `startBy` on, when all of it is refundable.
    function terminate(uint256 leaseId, uint256 slashBps) external;

    /// @notice Makes the bond returnable, `bondDelay` after the end of access. Anyone.
    function releaseBond(uint256 leaseId) external;

    /// @notice Declares that the licensee carried out all erasures so far. Licensee only.
    function acknowledge(uint256 leaseId) external;

    /// @notice Slashes `ackSlashBps` of the original bond of an overdue lease, at most once per `ackWindow`. Anyone,
    /// from the start until the bond can be released.
    function slashUnacknowledged(uint256 leaseId) external;

    /// @notice Changes the key for later releases. Licensee only.
    function rotateKey(uint256 leaseId, bytes32 hpkeKey) external;

    /// @notice Takes a lease that is no longer live off its dataset's counter. Anyone; a second time does nothing.
    function settle(uint256 leaseId) external;

    /// @notice Holds the dataset for an exclusive lease whose proposal is Queued, as long as it stays so. Anyone.
    function reserve(uint256 leaseId) external;

    /// @notice Pays the treasury (the timelock) what it is owed. Anyone; with nothing owed it returns 0, so that
    /// a proposal that calls it cannot be made to fail.
    function withdrawTreasury() external returns (uint256 amount);

    /// @notice Whether the licensee may use the dataset for `purpose` now. Never reverts; false in every doubt.
    /// @param purpose mask; all its bits must be leased, and it must not be empty
    function isAccessAllowed(uint256 datasetId, address licensee, uint256 purpose) external view returns (bool);

    /// @notice Whether the lease opens its dataset now, and what custodians need to serve it. Never reverts.
    /// @return allowed started, paid, and not overdue
    /// @return hpkeKey where keys are sealed to
    /// @return datasetId dataset it opens
    /// @return purposes mask of leased purposes
    /// @return until end of paid access (exclusive)
    function leaseAccess(uint256 leaseId)
        external
        view
        returns (bool allowed, bytes32 hpkeKey, uint256 datasetId, uint256 purposes, uint48 until);

    function lease(uint256 leaseId) external view returns (LeaseInfo memory);

    /// @notice The terms of a lease, its own or its offer's, with the cuts frozen at request or offer.
    function leaseTerms(uint256 leaseId)
        external
        view
        returns (Terms memory terms, uint256 commonsBps, uint256 treasuryBps);
    function leaseCount() external view returns (uint256);
    function offer(uint256 offerId) external view returns (OfferInfo memory);
    function offerTerms(uint256 offerId)
        external
        view
        returns (Terms memory terms, uint256 commonsBps, uint256 treasuryBps);
    function offerCount() external view returns (uint256);

    /// @notice Hash of the encoded terms, as named in a proposal.
    function hashTerms(Terms calldata terms) external pure returns (bytes32);

    /// @notice The one action of a lease's proposal, rebuilt from the lease, and the hash of its description: what
    /// `DataGovernor.queue`, `execute` and `cancel` take.
    function proposalOf(uint256 leaseId)
        external
        view
        returns (address[] memory targets, uint256[] memory values, bytes[] memory calldatas, bytes32 descriptionHash);
    function isOverdue(uint256 leaseId) external view returns (bool);

    /// @notice Live leases of a dataset as counted, the exclusive one among them, and the lease it is reserved for.
    function datasetLeases(uint256 datasetId)
        external
        view
        returns (uint256 live, uint256 exclusiveLease, uint256 reservedFor);

    /// @notice The newest eight leases of the licensee for the dataset, zero where there are fewer.
    function leasesOf(uint256 datasetId, address licensee) external view returns (uint256[8] memory);

    /// @notice Asset balance, and the sum of escrows, bonds, returnable money and treasury credit. `balance >= owed`.
    function solvency() external view returns (uint256 balance, uint256 owed);
    function treasuryOwed() external view returns (uint256);
    function asset() external view returns (address);
    function minRequestEscrow() external view returns (uint256);
    function startWindow() external view returns (uint48);
    function ackWindow() external view returns (uint48);
    function ackSlashBps() external view returns (uint256);
    function maxSlashBps() external view returns (uint256);
    function bondDelay() external view returns (uint48);
}
