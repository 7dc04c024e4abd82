"""A slot changes hands: the leaver reseals its shares of the committee's files to the successor that the chain names.

After `replaceCustodian` is final the leaver runs `hand_over`, the successor `take_over`, in any order and as often as
they like: what lies in storage is not sent again, what was kept is not asked for again. Files that were sealed before
the vote may be accepted after it; so the leaver keeps its key, and runs now and then, until everything it sent is
confirmed and no such file can come any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from datadao.crypto.seal import seal
from datadao.custodian.custodian import Custodian
from datadao.custodian.key_shares import Refused, grouped
from datadao.errors import CommitmentMismatch, DataDAOError, NotIncluded, SignatureRefused, StoreUnavailable
from datadao.messages.handover import Handover, handover_info, takeover
from datadao.messages.submission import MAX_FILES
from datadao.storage.store import Store
from datadao.types import Contribution, Dao, Party


@dataclass(frozen=True)
class HandedOver:
    """`sent` files lie in storage for the `successor`, which confirmed `confirmed` of them, all runs together.

    `refused` do not open with the leaver's key; those sealed to the successor are among them.
    """

    successor: Party
    sent: int
    confirmed: int
    refused: Refused


@dataclass(frozen=True)
class HandoverFault:
    """A record that gave less than it says. `culprit` signed it as the slot's former holder; None if no one is at fault
    or any account may have made it up. `ids` are the contributions concerned, none for the whole record."""

    name: str
    culprit: str | None
    ids: tuple[bytes, ...]
    reason: DataDAOError


@dataclass(frozen=True)
class TakenOver:
    """`kept` shares were taken over, all runs together; `missing` are files of this committee that it cannot serve."""

    kept: int
    missing: Refused
    faults: list[HandoverFault]


def hand_over(leaver: Custodian, contributions: Sequence[Contribution]) -> HandedOver:
    """Reseals the shares of a slot that the leaver held to its present holder.

    `contributions` are all leaves of all active batches, as for `Custodian.prepare`. Raises `SlotMismatch` while the
    slot is the leaver's own or its successor not final; `ChainUnavailable`, `NotIncluded`, `StoreUnavailable`.
    """
    me, successor = leaver.checks.succession(leaver.committee_version, leaver.slot, leaver.key_shares.public_key)
    active = leaver.checks.active(contributions)
    exchange = Exchange(leaver.dao, leaver.committee_version, leaver.slot, leaver.store)
    sent, confirmed = _sent(leaver, me, successor, exchange)
    due = {name: entry for name, entry in active.items() if name not in sent}
    gone = leaver.checks.gone({name: item for name, (_, item) in due.items()}, "latest")
    opened, refused = leaver.key_shares.shares(
        {i: (dataset, c.leaf) for i, (dataset, c) in due.items() if i not in gone}
    )
    for ids, shares in grouped(opened, MAX_FILES):
        info = handover_info(leaver.dao, leaver.committee_version, leaver.slot, ids)
        sealed = seal(shares, successor.hpke_key, info)
        draft = Handover(leaver.committee_version, leaver.slot, successor.hpke_key, ids, sealed, b"")
        record = draft.signed(leaver.dao, partial(leaver.signed_as, me))
        leaver.state.record("handing over", successor=successor.signer, ids=[i.hex() for i in ids])
        exchange.put(record.encode())
        sent.update(ids)
    return HandedOver(successor, len(sent), len(confirmed), refused)


def take_over(heir: Custodian, contributions: Sequence[Contribution]) -> TakenOver:
    """Checks and keeps what former holders of a slot handed over, and confirms each record that is good throughout.

    Takes the same list as `hand_over`. Raises `SlotMismatch` unless the slot is finally the heir's; `ChainUnavailable`,
    `NotIncluded`, `StoreUnavailable`.
    """
    heir.holder()
    leavers = [party.signer for party in heir.checks.predecessors(heir.committee_version, heir.slot)]
    active = heir.checks.active(contributions)
    exchange = Exchange(heir.dao, heir.committee_version, heir.slot, heir.store)
    faults: list[HandoverFault] = []
    for name, data, record in exchange.records():
        if record.hpke_key != heir.key_shares.public_key:
            continue  # of an earlier change of this slot
        culprit = _signer(heir, record, leavers)
        if culprit is None:
            reason: DataDAOError = SignatureRefused("not signed by a former holder of this slot; ignore it")
            faults.append(HandoverFault(name, None, (), reason))
            continue
        try:
            shares = record.open(heir.dao, heir.private_key)
        except DataDAOError as error:
            faults.append(HandoverFault(name, culprit, (), error))
            continue
        found = _keep(heir, name, culprit, data, shares, active)
        faults += found
        if not found and exchange.receipt(name) is None:
            exchange.confirm(
                name, heir.signed_as(heir.holder(), takeover(heir.dao, heir.committee_version, heir.slot, data))
            )
    gone = heir.checks.gone({name: item for name, (_, item) in active.items()}, "latest")
    wanted = {name: (dataset, item.leaf) for name, (dataset, item) in active.items() if name not in gone}
    return TakenOver(len(heir.key_shares.inherited), heir.key_shares.shares(wanted)[1], faults)


def _keep(
    heir: Custodian,
    name: str,
    culprit: str,
    data: bytes,
    shares: dict[bytes, bytes],
    active: dict[bytes, tuple[int, Contribution]],
) -> list[HandoverFault]:
    """Keeps the good shares of a record; says what is wrong with the others."""
    good: dict[bytes, bytes] = {}
    wrong: list[bytes] = []
    open_: list[bytes] = []
    for contribution, share in shares.items():
        try:
            if contribution not in active:
                raise NotIncluded(f"{contribution.hex()} is not final here")
            dataset_id, item = active[contribution]
            heir.key_shares.check(dataset_id, item.leaf, share)
            good[contribution] = share
        except StoreUnavailable:
            raise
        except CommitmentMismatch:
            wrong.append(contribution)
        except DataDAOError:
            open_.append(contribution)
    if good.keys() - heir.key_shares.inherited.keys():
        heir.state.inherit(data, good)
        heir.key_shares.inherited.update(good)
    faults = []
    if wrong:
        faults.append(HandoverFault(name, culprit, tuple(wrong), CommitmentMismatch(heir.slot)))
    if open_:
        reason = NotIncluded(f"{len(open_)} contributions are not final here or lack their envelope; take over again")
        faults.append(HandoverFault(name, None, tuple(open_), reason))
    return faults


def _sent(leaver: Custodian, me: Party, successor: Party, exchange: Exchange) -> tuple[set[bytes], set[bytes]]:
    """Ids in the leaver's own records to the successor, and those that the successor confirmed."""
    sent: set[bytes] = set()
    confirmed: set[bytes] = set()
    for name, data, record in exchange.records():
        mine = record.hpke_key == successor.hpke_key
        if not mine or not leaver.check(me.signer, record.typed(leaver.dao), record.signature):
            continue
        sent.update(record.ids)
        receipt = exchange.receipt(name)
        message = takeover(leaver.dao, leaver.committee_version, leaver.slot, data)
        if receipt is not None and leaver.check(successor.signer, message, receipt):
            confirmed.update(record.ids)
    return sent, confirmed


def _signer(heir: Custodian, record: Handover, leavers: Sequence[str]) -> str | None:
    message = record.typed(heir.dao)
    return next((signer for signer in leavers if heir.check(signer, message, record.signature)), None)


_RECEIPT = ".taken"


class Exchange:
    """The folder in storage through which one slot is handed over."""

    def __init__(self, dao: Dao, version: int, slot: int, store: Store) -> None:
        self._folder = f"handovers/{dao.chain_id}/{dao.registry.lower()}/{version}-{slot}"
        self._place, self._store = (version, slot), store

    def put(self, data: bytes) -> None:
        """Stores an encoded record under its own hash."""
        self._store.put(f"{self._folder}/{hashlib.sha256(data).hexdigest()}", data)

    def records(self) -> Iterator[tuple[str, bytes, Handover]]:
        """Name, encoding and content of the slot's records; whoever can write to the storage may have made them."""
        for name in self._store.names(self._folder):
            try:
                data = self._store.get(name, Handover.LIMIT)
                record = Handover.decode(data)
            except StoreUnavailable:
                raise
            except DataDAOError:
                continue  # a receipt, or junk
            if (record.committee_version, record.slot) == self._place and name.endswith(
                hashlib.sha256(data).hexdigest()
            ):
                yield name, data, record

    def confirm(self, name: str, signature: bytes) -> None:
        """Stores the receipt for the record of this name."""
        self._store.put(f"{name}{_RECEIPT}", signature)

    def receipt(self, name: str) -> bytes | None:
        """The receipt for the record of this name, unchecked."""
        name = f"{name}{_RECEIPT}"
        return self._store.get(name, Handover.LIMIT) if self._store.has(name) else None
