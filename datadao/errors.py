"""Every refusal of the client, one class each. A message names what was refused and what to do next.

Catch `DataDAOError` for refusals; any other exception is a defect of the client.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from typing import Any

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class DataDAOError(Exception):
    """Base of all refusals."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions travel by calling their class with `args`, the message, which is not what these are made from.
        return Exception.__new__, (type(self), *self.args), self.__dict__


class InvalidArgument(DataDAOError, ValueError):
    """A caller passed a value no chain or file could have produced (wrong length, not an address, out of range)."""


class Malformed(DataDAOError):
    """Stored or received bytes are not the canonical encoding of the record they claim to be."""


class SignatureRefused(DataDAOError):
    """A signature is absent, malformed, or of another account than required."""


class PackageMissing(DataDAOError):
    """A package that only some uses of the client need is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"this needs the package {package}; pip install 'datadao[{extra}]'")


class ProfileRefused(DataDAOError):
    """A role's configuration is missing, or an entry is not what was expected."""


class NetworkRefused(DataDAOError):
    """No such network, no node's address for it, or a node that does not answer or is of another chain."""


class AccountRefused(DataDAOError):
    """No such account, or its owner did not open it."""


class IndexUnusable(DataDAOError):
    """The local read model cannot be opened, read or written, or is of another DAO."""


class NothingToDo(DataDAOError):
    """What was asked for is done already, or there is nothing that it could be done to. No failure: exit code 0."""


# Files and keys


class KeyFileRefused(DataDAOError):
    """A file of a secret is missing, readable by others, damaged, or would be overwritten."""


class HashMismatch(DataDAOError):
    """Content is not what its name or the chain says it is."""

    def __init__(self, what: str, expected: bytes, actual: bytes, function: str = "sha256") -> None:
        super().__init__(
            f"{what}: {function} is {actual.hex()}, expected {expected.hex()}; fetch it again, or from another copy"
        )
        self.expected, self.actual = expected, actual


class HeaderRefused(DataDAOError):
    """Not an age file, or its header is longer than a one-recipient header can be (a long one costs minutes to try)."""


class DecryptionFailed(DataDAOError):
    """The age payload is damaged, cut short, or made for another key. Nothing was left at the destination."""


class UnsealFailed(DataDAOError):
    """An HPKE seal does not open: another key or context (chain, dataset, committee, file, slot, contributor)."""


class CommitmentMismatch(DataDAOError):
    """A share opened but is not the one its envelope commits to. `slot` is its custodian's."""

    def __init__(self, slot: int) -> None:
        super().__init__(
            f"the share of custodian slot {slot} is not the committed one; ask another custodian, and report it"
        )
        self.slot = slot


class SharesInconsistent(DataDAOError):
    """The shares do not all lie on one polynomial through the file key: some t custodians would recover another key."""


class NotEnoughShares(DataDAOError):
    """Fewer good shares than the threshold. `culprits` are the slots of invalid ones."""

    def __init__(self, have: int, need: int, culprits: tuple[int, ...] = ()) -> None:
        bad = f"; slots {list(culprits)} gave invalid shares" if culprits else ""
        super().__init__(f"{have} valid shares of {need} needed{bad}; wait for further custodians")
        self.have, self.need, self.culprits = have, need, culprits


# Storage


class StoreError(DataDAOError):
    """Base of storage refusals."""


class NameRefused(StoreError):
    """An object name or storage address outside the allowed forms. No I/O was done."""


class ObjectMissing(StoreError):
    """No such object. It may not be uploaded yet, or storage lost it."""


class ObjectTaken(StoreError):
    """The name exists with other content. Objects are write-once and nothing was changed."""


class ObjectTooLarge(StoreError):
    """The object exceeds the size allowed for its kind; reading was stopped."""


class StoreUnavailable(StoreError):
    """Storage failed or timed out. Nothing half-written is visible; run the same call again."""


class DiskUnavailable(StoreUnavailable):
    """This machine's own disk is full, over a quota, read-only or failing. Nothing half-written is visible."""

    def __init__(self, what: str, number: int) -> None:
        remedy = "make room" if number in _NO_ROOM else "check that disk"
        super().__init__(f"{what} cannot be written: {os.strerror(number)}; {remedy}, then run the same again")
        self.errno = number


class StoreUnfit(StoreError):
    """Storage is reachable but not usable: no such bucket or folder, refused credentials, or no conditional writes."""


# Attestors


class SubmissionRefused(DataDAOError):
    """A submission contradicts its envelope, its committee or its dataset. The contributor has to make a new one."""


class NotReadable(DataDAOError):
    """Too few custodians confirmed that they can open their share; files that cannot be opened are not paid for."""

    def __init__(self, have: int, need: int) -> None:
        super().__init__(f"{have} custodians opened their share, {need} must; wait for the others, or refuse the file")
        self.have, self.need = have, need


class ScoreRefused(DataDAOError):
    """The file holds nothing to score, or attestors disagree on what it holds."""


class ClusterUnavailable(DataDAOError):
    """The Dask cluster that should score does not answer or has no workers. Nothing was lost; run the same again."""


class BatchRefused(DataDAOError):
    """Leaves that the registry would refuse: none, duplicate, below the policy's minimum, out of range."""


class NothingToDraft(BatchRefused, NothingToDo):
    """No contribution is new, scored alike by enough attestors, and worth paying for."""


class DraftRefused(DataDAOError):
    """A batch that another attestor drafted is not one this attestor may sign."""


class LeavesUnknown(DataDAOError):
    """The part of a manifest that tells an account's leaves in a batch is lost or wrong: it may have some or none."""


class NotEnoughSignatures(DataDAOError):
    """Fewer attestors signed a batch than the registry asks for."""

    def __init__(self, have: int, need: int) -> None:
        super().__init__(f"no draft has the {need} signatures it needs, the best has {have}; others have to sign first")
        self.have, self.need = have, need


# Custodians


class ChainUnavailable(DataDAOError):
    """The chain could not be read, or its answers contradict each other. Nothing was released; try again later."""


class SlotMismatch(DataDAOError):
    """This custodian's key, signer, slot or committee is not the one the chain names."""


class NotIncluded(DataDAOError):
    """A contribution is not an activated leaf of the leased dataset."""


class ContributionErased(DataDAOError):
    """The contributor withdrew this contribution; its key is never released again."""


class LeaseRefused(DataDAOError):
    """Base: the lease gives no right to keys now."""


class LeaseNotApproved(LeaseRefused):
    """The lease is not approved at the finalized block."""


class LeaseNotStarted(LeaseRefused):
    """The first instalment is not paid at that block. Payment comes before keys."""


class LeaseEnded(LeaseRefused):
    """The lease was ended or terminated."""


class LeaseLapsed(LeaseRefused):
    """Paid access has run out; a new instalment opens it again."""


class LeaseOverdue(LeaseRefused):
    """The licensee has not acknowledged erasures in time; `acknowledge` makes the lease run again."""


class ComputeLease(LeaseRefused):
    """No key of a file ever goes to the licensee of a compute lease: its program goes to the attestors."""


class LicenseeKeyChanged(LeaseRefused):
    """The lease's key is not the one the bundle is sealed to. Prepare again once the new key is final."""


class NotReady(DataDAOError):
    """Too few custodians confirmed that their keys for a lease are ready."""

    def __init__(self, lease_id: int, have: int, need: int) -> None:
        super().__init__(f"lease {lease_id}: {have} custodians are ready, {need} must be; wait for them")
        self.lease_id, self.have, self.need = lease_id, have, need


class NothingToRelease(DataDAOError):
    """No covered file, or none that this custodian can open although it should."""


class JournalCorrupt(DataDAOError):
    """The custodian's log was altered. Stop, keep it as evidence, restore from a copy."""


class JournalBusy(DataDAOError):
    """Another process holds the custodian's log. Two writers could release twice."""


# Programs


class ProgramRefused(DataDAOError):
    """It is no program that an attestor would run: it does not compile, imports what it may not, or has no entry."""


class EngineMismatch(DataDAOError):
    """The engine here is not the one that was agreed, so that fuel and outcome would not be those of the others."""

    def __init__(self, agreed: str, here: str) -> None:
        super().__init__(f"{agreed} is agreed and {here} is installed; install the agreed version of this extra")
        self.agreed, self.here = agreed, here


class ResultsDisagree(DataDAOError):
    """Too few attestors signed one and the same result of a run, or what they agree on is no output."""


class OutputMissing(DataDAOError):
    """An attestor has no output of the run that it was asked about."""


# Licensee


class BundleRefused(DataDAOError):
    """A release bundle is forged, replayed, or sealed to another key."""


# The chain


class TransactionFailed(DataDAOError):
    """A transaction of a series reverted. Those before it stand; read the chain before sending the rest again."""


class PartlyDone(DataDAOError):
    """Several steps were asked for, and some of them are done. The message says which."""


class NotMined(PartlyDone):
    """Transactions were sent and are not mined in time; none is known to have failed, each may still be mined.

    `transactions` are their hashes.
    """

    def __init__(self, message: str, transactions: Sequence[str]) -> None:
        super().__init__(message)
        self.transactions = tuple(transactions)


class Reverted(DataDAOError):
    """A contract refuses a call, which was therefore not sent. `data` is what it returned."""

    def __init__(self, what: str, reason: str, data: bytes) -> None:
        super().__init__(f"{what}: {reason}")
        self.reason, self.data = reason, data


class NodeRefused(DataDAOError):
    """The node answered a request with an error. The message, `code` and `data` are the node's."""

    def __init__(self, message: str, code: Any = None, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.data = code, data


class StatePruned(NodeRefused):
    """The node no longer has the state of the block that was asked for. Name one that keeps it for longer."""
