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
    /// @param exclusive no lease of another licensee on the dataset lives at the same time
    /// @param minShares least shares the dataset's pool must have for an instalment to be paid, at any price: no
    /// licensee pays a year's rent for what is left after an exit
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
        uint256 minShares;
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
        uint256 committeeVersion;
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

    /// @notice A signature of EIP-2612.
    struct Permit {
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice State of a standing offer. `licensee` zero means anyone.
    struct OfferInfo {
        address licensee;
        uint256 capacity;
        uint256 taken;
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

    /// @notice Thrown when a function of the timelock is called by any other account.
    error DataLeases_NotTimelock(address caller);

    /// @notice Thrown when an offer is closed by an account that is neither the timelock nor the guardian.
    error DataLeases_NotGuardian(address caller);

    /// @notice Thrown when a function of a lease's licensee is called by any other account.
    error DataLeases_NotLicensee(address caller, address licensee);

    /// @notice Thrown when no lease has this number.
    error DataLeases_UnknownLease(uint256 leaseId);

    /// @notice Thrown when no offer has this number.
    error DataLeases_UnknownOffer(uint256 offerId);

    /// @notice Thrown when a term is out of range; `field` is its name.
    error DataLeases_InvalidTerms(bytes32 field, uint256 value, uint256 min, uint256 max);

    /// @notice Thrown when purposes are none, or go beyond those of the dataset's policy of now.
    error DataLeases_PurposeNotAllowed(uint256 purposes, uint256 allowed);

    /// @notice Thrown when the key to which the licensee wants keys to be sealed is zero.
    error DataLeases_ZeroKey();

    /// @notice Thrown when a request's rent and bond together are less than `minRequestEscrow`; asset units.
    error DataLeases_EscrowTooSmall(uint256 escrow, uint256 min);

    /// @notice Thrown when the licensee's text is longer than 4 KiB; bytes.
    error DataLeases_DescriptionTooLong(uint256 length, uint256 max);

    /// @notice Thrown when the asset delivered another amount than was asked (fee-on-transfer, rebase); asset units.
    error DataLeases_WrongAmountReceived(uint256 expected, uint256 actual);

    /// @notice Thrown when a lease is not in the state that the call needs.
    error DataLeases_WrongStatus(uint256 leaseId, Status actual);

    /// @notice Thrown when a lease would be approved by another proposal than its own, executed one.
    error DataLeases_NotExecuted(uint256 leaseId, uint256 proposalId);

    /// @notice Thrown when an approval names other terms than the lease has.
    error DataLeases_WrongTerms(uint256 leaseId, bytes32 expected, bytes32 actual);

    /// @notice Thrown when an acceptance names other terms than the offer has.
    error DataLeases_WrongOfferTerms(uint256 offerId, bytes32 expected, bytes32 actual);

    /// @notice Thrown when the proposal of a request has not failed, or is canceled and its snapshot still to come, or
    /// when an approved lease can still start.
    error DataLeases_NotRefundable(uint256 leaseId);

    /// @notice Thrown when money is directed to the zero address or to this contract.
    error DataLeases_InvalidRecipient(address recipient);

    /// @notice Thrown when a field of an offer that is no term is out of range; `field` is its name.
    error DataLeases_InvalidOffer(bytes32 field, uint256 value, uint256 min, uint256 max);

    /// @notice Thrown when a closed offer is accepted.
    error DataLeases_OfferClosed(uint256 offerId);

    /// @notice Thrown when an offer is accepted at or after its expiry.
    error DataLeases_OfferExpired(uint256 offerId, uint48 expiry);

    /// @notice Thrown when all places of an offer are taken.
    error DataLeases_OfferFull(uint256 offerId, uint256 capacity);

    /// @notice Thrown when an offer to one licensee is accepted by another.
    error DataLeases_NotAddressee(uint256 offerId, address licensee);

    /// @notice Thrown when rent and bond of an offer are more than the licensee wants to pay; asset units.
    error DataLeases_CostAboveMax(uint256 cost, uint256 maxCost);

    /// @notice Thrown when an approved lease is started at or after `startBy`.
    error DataLeases_TooLateToStart(uint256 leaseId, uint48 startBy);

    /// @notice Thrown when an instalment is offered outside `[opensAt, closesAt)`.
    error DataLeases_OutsideWindow(uint256 leaseId, uint48 opensAt, uint48 closesAt);

    /// @notice Thrown when all periods of a lease are paid.
    error DataLeases_NoPeriodsLeft(uint256 leaseId);

    /// @notice Thrown when an instalment is offered while erasures of longer than `ackWindow` ago are not acknowledged.
    error DataLeases_Overdue(uint256 leaseId, uint256 acknowledged, uint256 required);

    /// @notice Thrown when a lease is slashed for want of acknowledgement and nothing is overdue.
    error DataLeases_NotOverdue(uint256 leaseId);

    /// @notice Thrown when the dataset's pool takes no deposit: it has too few shares to owe rent to.
    error DataLeases_DeadPool(uint256 datasetId);

    /// @notice Thrown when the dataset's pool has fewer shares than the terms ask for an instalment.
    error DataLeases_TooFewShares(uint256 datasetId, uint256 shares, uint256 minShares);

    /// @notice Thrown when a lease is ended by another account than its licensee while it can still go on.
    error DataLeases_NotOver(uint256 leaseId);

    /// @notice Thrown when a termination would slash more than `maxSlashBps`.
    error DataLeases_SlashTooLarge(uint256 leaseId, uint256 slashBps, uint256 maxSlashBps);

    /// @notice Thrown when nothing is left to take for a missed acknowledgement: earlier slashes reached `maxSlashBps`,
    /// or the part of this bond rounds to nothing.
    error DataLeases_NothingToSlash(uint256 leaseId);

    /// @notice Thrown when a lease was slashed for want of acknowledgement less than `ackWindow` ago.
    error DataLeases_AlreadySlashed(uint256 leaseId, uint48 nextAt);

    /// @notice Thrown when a bond is released before `bondDelay` has passed since the end of access.
    error DataLeases_BondLocked(uint256 leaseId, uint48 until);

    /// @notice Thrown when a slash comes after the bond became the licensee's, released or not.
    error DataLeases_BondDue(uint256 leaseId, uint48 since);

    /// @notice Thrown when the dataset is leased exclusively to another licensee by `leaseId`, or reserved for it.
    error DataLeases_Exclusive(uint256 datasetId, uint256 leaseId);

    /// @notice Thrown when an exclusive lease would begin while other leases of the dataset are counted as live.
    error DataLeases_LiveLeases(uint256 datasetId, uint256 live);

    /// @notice Thrown when a termination names another `startBy` than the lease's: nothing can be decided about a lease
    /// that does not exist yet.
    error DataLeases_WrongStartBy(uint256 leaseId, uint48 expected, uint48 actual);

    /// @notice Thrown when a lease that still holds its place is to be expired.
    error DataLeases_StillLive(uint256 leaseId);

    /// @notice Thrown when the dataset is to be held for a lease that is not exclusive, or whose proposal is not
    /// queued.
    error DataLeases_NotReservable(uint256 leaseId);

    /// @notice Thrown when a licensee would have a ninth live lease of one dataset.
    error DataLeases_TooManyLeases(address licensee, uint256 datasetId, uint256 max);

    /// @notice Thrown by the constructor when the asset is not the one that the splitter pays.
    error DataLeases_WrongAsset(address expected, address actual);

    /// @notice Thrown by the constructor when a DAO parameter is out of range; `name` says which.
    error DataLeases_InvalidParameter(bytes32 name, uint256 value, uint256 min, uint256 max);

    /// @notice Emitted when rent and bond of a request are escrowed and its vote is opened. The cuts are frozen.
    event LeaseRequested(
        uint256 indexed leaseId,
        uint256 indexed proposalId,
        address indexed licensee,
        Terms terms,
        bytes32 hpkeKey,
        uint256 commonsBps,
        uint256 treasuryBps
    );

    /// @notice Emitted when the licensee cancels the proposal of its request.
    event RequestCanceled(uint256 indexed leaseId);

    /// @notice Emitted when a lease becomes approved, by vote (`offerId` 0) or by acceptance of an offer.
    event LeaseApproved(uint256 indexed leaseId, uint256 indexed offerId, uint256 committeeVersion, uint48 startBy);

    /// @notice Emitted when all rent and the bond of a lease that did not start become returnable.
    event LeaseRefunded(uint256 indexed leaseId, uint256 amount);

    /// @notice Emitted when voters open terms to one licensee, or to anyone. The cuts are frozen.
    event OfferCreated(
        uint256 indexed offerId,
        address indexed licensee,
        Terms terms,
        uint256 capacity,
        uint48 expiry,
        uint256 commonsBps,
        uint256 treasuryBps
    );

    /// @notice Emitted when an offer is closed, by the timelock or the guardian.
    event OfferClosed(uint256 indexed offerId, address indexed by);

    /// @notice Emitted when a licensee escrows `cost` and takes a place of an offer; `LeaseApproved` follows.
    event OfferAccepted(
        uint256 indexed offerId, uint256 indexed leaseId, address indexed licensee, bytes32 hpkeKey, uint256 cost
    );

    /// @notice Emitted when custodians declare that the keys of a lease are ready to be released.
    event DeliveryConfirmed(uint256 indexed leaseId, bytes32 releaseRoot, uint256 committeeVersion);

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

    /// @notice Emitted when voters end a lease, or slash one that ended.
    event LeaseTerminated(uint256 indexed leaseId, uint256 slashBps);

    /// @notice Emitted when part of a bond was taken: into the dataset's pool, or to the treasury if that is dead.
    event BondSlashed(uint256 indexed leaseId, uint256 amount, bool toTreasury);

    /// @notice Emitted when what is left of a bond becomes returnable.
    event BondReleased(uint256 indexed leaseId, uint256 amount);

    /// @notice Emitted when a licensee declares that it carried out the first `erasures` erasures of the dataset.
    event ErasuresAcknowledged(uint256 indexed leaseId, uint256 erasures);

    /// @notice Emitted when a licensee changes the key for later releases.
    event KeyRotated(uint256 indexed leaseId, bytes32 hpkeKey);

    /// @notice Emitted when a lease gives its place in the dataset back.
    event LeaseExpired(uint256 indexed leaseId);

    /// @notice Emitted when a dataset is held for an exclusive request that is queued.
    event DatasetReserved(uint256 indexed datasetId, uint256 indexed leaseId);

    /// @notice Emitted when returnable money leaves, to the licensee or where it names.
    event ReturnablePaid(uint256 indexed leaseId, address indexed recipient, uint256 amount);

    /// @notice Emitted when the treasury is paid what it was owed.
    event TreasuryPaid(uint256 amount);

    /// @notice Escrows all rent and the bond and opens the vote, in one transaction.
    /// @param hpkeKey X25519 public key to which custodians will seal the keys
    /// @param description the licensee's own text, at most 4 KiB. The proposal's description is
    /// `Lease <id> terms <termsHash> ` + description + `#proposer=<this contract>`
    function request(Terms calldata terms, bytes32 hpkeKey, string calldata description)
        external
        returns (uint256 leaseId, uint256 proposalId);

    /// @notice `request` with a permit (EIP-2612) for exactly its escrow. A permit that fails is ignored.
    function requestWithPermit(
        Terms calldata terms,
        bytes32 hpkeKey,
        string calldata description,
        Permit calldata permit
    ) external returns (uint256 leaseId, uint256 proposalId);

    /// @notice Cancels the proposal of a request before its vote begins. Licensee only. The money is refundable from
    /// the snapshot on.
    function cancelRequest(uint256 leaseId) external;

    /// @notice Approves a lease. Only by the execution of the lease's own proposal.
    /// @param termsHash `hashTerms` of its terms
    function approve(uint256 leaseId, bytes32 termsHash) external;

    /// @notice Makes the escrow and bond of a failed request returnable, exactly once. Anyone.
    /// @dev When the proposal is Defeated, Canceled (from its snapshot on) or Expired, or `startBy` has passed
    /// unstarted.
    function refund(uint256 leaseId) external;

    /// @notice Pays the licensee what is returnable. Anyone may call; only the licensee is paid. Refunds first if due.
    /// @return amount paid, asset units. Nothing returnable is no error: it returns 0.
    function claimRefund(uint256 leaseId) external returns (uint256 amount);

    /// @notice The same to another address of the licensee's choice. Licensee only.
    function claimRefundTo(uint256 leaseId, address recipient) external returns (uint256 amount);

    /// @notice Opens terms to one licensee, or to anyone (`licensee` zero), for `capacity` leases. Timelock only.
    /// @dev Requirements: terms inside the policy's purposes and periods (they may go below its minima of price and
    /// bond); `minShares` at least half of what the dataset's pool has now, rounded up; an exclusive offer names its
    /// licensee; valid while `now < expiry`. The pool may grow while the vote runs, by a batch that anyone activates:
    /// ask for more than half of what it has when the proposal is written.
    function createOffer(Terms calldata terms, address licensee, uint256 capacity, uint48 expiry)
        external
        returns (uint256 offerId);

    /// @notice Closes an offer to further acceptance. Timelock or guardian. A second time does nothing.
    function closeOffer(uint256 offerId) external;

    /// @notice Takes a place of an offer: escrows and is approved at once.
    /// @dev Refuses purposes that the dataset's policy of this moment no longer allows: a vote that narrows purposes
    /// closes older offers too.
    /// @param termsHash `hashTerms` of the offer's terms: a block that is put together otherwise must not sell other
    /// terms
    /// @param maxCost most that may be pulled, all rent and bond together
    function accept(uint256 offerId, bytes32 termsHash, bytes32 hpkeKey, uint256 maxCost)
        external
        returns (uint256 leaseId);

    /// @notice `accept` with a permit (EIP-2612) for `maxCost`. A permit that fails is ignored: whoever used it first
    /// has left the allowance it was for.
    function acceptWithPermit(
        uint256 offerId,
        bytes32 termsHash,
        bytes32 hpkeKey,
        uint256 maxCost,
        Permit calldata permit
    ) external returns (uint256 leaseId);

    /// @notice Starts an approved lease when a threshold of its committee signed that its keys are ready:
    /// `DatasetRegistry.requireReadiness`. Pays the first instalment. Anyone relays.
    function confirmDelivery(uint256 leaseId, bytes32 releaseRoot, bytes[] calldata signatures) external;

    /// @notice Starts an approved lease without waiting for custodians. Licensee only. Pays the first instalment.
    function start(uint256 leaseId) external;

    /// @notice Pays the next instalment, from a tenth of a period before `paidUntil` to a tenth after. Anyone.
    function payInstalment(uint256 leaseId) external;

    /// @notice Ends a lease: by the licensee at any time; by anyone once its last period or its window is over, or its
    /// pool is dead. Never shortens paid access. An approved lease that has not started is refunded instead, by the
    /// licensee alone. Fewer shares than `minShares` are a reason for the licensee alone.
    function end(uint256 leaseId) external;

    /// @notice Ends a lease and slashes `slashBps` of the original bond. Timelock only, also after the end, until the
    /// bond can be released. Paid access runs on to `paidUntil`.
    /// @dev Notes:
    /// - Takes what earlier slashes left of `maxSlashBps` when that is less, so that a licensee cannot make a vote fail
    /// by letting itself be slashed for a missed acknowledgement.
    /// - An approved lease that has not started is refunded whole: nothing is slashed before the start.
    /// - A lease that is over, its bond due or released, is left alone, and nothing reverts.
    /// @param startBy that of the lease, which is not known before its approval
    function terminate(uint256 leaseId, uint48 startBy, uint256 slashBps) external;

    /// @notice Makes the bond returnable, `bondDelay` after the end of access. Anyone; a second time does nothing.
    function releaseBond(uint256 leaseId) external;

    /// @notice Declares that the licensee carried out all erasures so far. Licensee only.
    function acknowledge(uint256 leaseId) external;

    /// @notice Slashes `ackSlashBps` of the original bond of an overdue lease, at most once per `ackWindow`. Anyone,
    /// from the start until the bond can be released.
    function slashUnacknowledged(uint256 leaseId) external;

    /// @notice Changes the key for later releases. Licensee only.
    function rotateKey(uint256 leaseId, bytes32 hpkeKey) external;

    /// @notice Takes a lease that is no longer live off its dataset's counter. Anyone; a second time does nothing.
    function expire(uint256 leaseId) external;

    /// @notice Holds the dataset for an exclusive lease whose proposal is Queued, as long as it stays so. Anyone.
    /// @dev Holds out every acceptance, and requests whose eta is not earlier. Requests with an earlier eta are
    /// approved.
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

    /// @notice State of a lease; all zero for a number that does not exist.
    function lease(uint256 leaseId) external view returns (LeaseInfo memory);

    /// @notice The terms of a lease, its own or its offer's, with the cuts frozen at request or offer.
    function leaseTerms(uint256 leaseId)
        external
        view
        returns (Terms memory terms, uint256 commonsBps, uint256 treasuryBps);

    /// @notice Number of leases; they are numbered from 1.
    function leaseCount() external view returns (uint256);

    /// @notice State of an offer; all zero for a number that does not exist.
    function offer(uint256 offerId) external view returns (OfferInfo memory);

    /// @notice The terms of an offer, with the cuts frozen at its creation, basis points.
    function offerTerms(uint256 offerId)
        external
        view
        returns (Terms memory terms, uint256 commonsBps, uint256 treasuryBps);

    /// @notice Number of offers; they are numbered from 1.
    function offerCount() external view returns (uint256);

    /// @notice Hash of the encoded terms, as named in a proposal.
    function hashTerms(Terms calldata terms) external pure returns (bytes32);

    /// @notice What `DataGovernor.queue`, `execute` and `cancel` take for the proposal of a lease: its one action,
    /// rebuilt from the lease. The governor knows a lease's proposal by its action; any description hash will do, also
    /// this 0.
    function proposalOf(uint256 leaseId)
        external
        view
        returns (address[] memory targets, uint256[] memory values, bytes[] memory calldatas, bytes32 descriptionHash);

    /// @notice Whether erasures are not acknowledged that were known for a whole `ackWindow`. After the end of access
    /// only those from before it count.
    function isOverdue(uint256 leaseId) external view returns (bool);

    /// @notice Live leases of a dataset as counted, the exclusive ones among them, the one licensee that these are of,
    /// and the lease it is reserved for.
    function datasetLeases(uint256 datasetId)
        external
        view
        returns (uint256 live, uint256 exclusives, address exclusiveLicensee, uint256 reservedFor);

    /// @notice The newest eight leases of the licensee for the dataset, zero where there are fewer.
    function leasesOf(uint256 datasetId, address licensee) external view returns (uint256[8] memory);

    /// @notice Asset balance, and the sum of escrows, bonds, returnable money and treasury credit. `balance >= owed`.
    function solvency() external view returns (uint256 balance, uint256 owed);

    /// @notice What `withdrawTreasury` would pay now, asset units.
    function treasuryOwed() external view returns (uint256);

    /// @notice The settlement asset, the same as the splitter's.
    function asset() external view returns (address);

    /// @notice Least rent and bond of a request together, asset units.
    function minRequestEscrow() external view returns (uint256);

    /// @notice Time from approval until an unstarted lease is refundable, seconds.
    function startWindow() external view returns (uint48);

    /// @notice Time a licensee has to acknowledge an erasure, seconds.
    function ackWindow() external view returns (uint48);

    /// @notice Part of the original bond taken for one missed acknowledgement, basis points.
    function ackSlashBps() external view returns (uint256);

    /// @notice All slashes of a lease together never exceed this part of its original bond, basis points.
    function maxSlashBps() external view returns (uint256);

    /// @notice Time from the end of access to the release of the bond, seconds.
    function bondDelay() external view returns (uint48);
}
