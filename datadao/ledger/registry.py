"""`DatasetRegistry`: datasets, batches, contributions and issuance; what a claim vests and an erasure takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from datadao.ledger.base import BPS, ZERO, Accounts, Book, Fields, History, Known, Unexplained, View, view
from datadao.ledger.governor import BrakeBook
from datadao.ledger.splitter import SplitterBook, earned_since
from datadao.ledger.token import TokenBook
from datadao.types import BatchStatus, ContributionStatus

_, CLAIMED, ERASED = ContributionStatus
"""`IDatasetRegistry.ContributionStatus`."""


@dataclass
class Dataset:
    policies: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    updated_at: int = 0
    last_sequence: int = 0
    erasures: History = field(default_factory=History)


@dataclass
class Batch:
    """`shares` and `leaves` are those not yet claimed, erased or dropped; `entry` is the pool's index at activation."""

    dataset_id: int
    sequence: int
    root: bytes
    total: int
    leaves: int
    policy_version: int
    set_version: int
    since: int
    status: int = BatchStatus.PUBLISHED
    entry: int = 0

    def __post_init__(self) -> None:
        self.shares = self.total

    def resolve(self, shares: int) -> int:
        """Takes a leaf off, whose signed totals may leave it fewer shares than are its own."""
        taken = min(shares, self.shares)
        self.shares -= taken
        self.leaves = max(0, self.leaves - 1)
        return taken


class Record(NamedTuple):
    """As `IDatasetRegistry.ContributionInfo`."""

    status: int
    contributor: str
    batch_id: int
    shares: int


class RegistryBook(Book):
    """Contributions vest when their tokens arrive, and leave when splitter and token report it too."""

    def __init__(self, accounts: Accounts, brake: BrakeBook, token: TokenBook, splitter: SplitterBook) -> None:
        super().__init__(accounts)
        self._brake = brake
        self._token = token
        self._splitter = splitter
        self.datasets, self.batches = Known("dataset"), Known("batch")
        self.records: dict[bytes, Record] = {}
        self.committees = Known("committee")
        self._sets: dict[int, Any] = {}
        self._issued: Counter[int] = Counter()
        self._claim: tuple[int, str, int] | None = None
        # The splitter reports a drop before an erasure and after a duplicate: whichever side is first waits here.
        self._drops_reported: list[tuple[int, str, int, int]] = []
        self._drops_due: list[tuple[int, str | None, int, int]] = []

    def enter(self, name: str, e: Fields) -> None:
        match name:
            case "DatasetCreated":
                self.datasets[e["datasetId"]] = Dataset()
            case "PolicyUpdated":
                dataset = self.datasets[e["datasetId"]]
                dataset.policies[e["version"]] = e["policy"]
                dataset.updated_at = self.accounts.now
            case "AttestorsSet":
                self._sets[e["version"]] = (e["attestors"], e["threshold"])
            case "CommitteeSet":
                self.committees[e["version"]] = (e["custodians"], e["threshold"])
            case "CustodianReplaced":
                slots, threshold = self.committees[e["version"]]
                slots = tuple(e["custodian"] if place == e["slot"] else slot for place, slot in enumerate(slots))
                self.committees[e["version"]] = (slots, threshold)
            case "ContributionClaimed":
                self._claimed(e["batchId"], e["contributor"], e["fingerprint"], e["shares"])
            case "ContributionErased":
                self._erased(e["batchId"], e["contributor"], e["fingerprint"], e["shares"], e["burned"])
            case "TokensReceived":  # posted by the token
                self._received(e["to"], e["value"], minted=e["minted"])
            case "PendingSharesDropped":  # posted by the splitter
                self._drops_reported.append((e["poolId"], e["account"], e["shares"], e["earned"]))
                self._match_drops()
            case "BatchPublished":
                self._published(e["batchId"], e["datasetId"], e["batch"])
            case _:
                self._batch_event(name, self.batches[e["batchId"]], e)

    def _batch_event(self, name: str, batch: Batch, e: Fields) -> None:
        accounts = self.accounts
        match name:
            case "BatchActivated":
                accounts.expect(f"shares of batch {e['batchId']}", batch.total, e["shares"])
                batch.status, batch.since = BatchStatus.ACTIVE, accounts.now
                batch.entry = e["entryIndex"]
                self._issued[accounts.now // accounts.rules.epoch_length] += e["shares"]
                accounts.debit("mint of", e["shares"])
                accounts.debit("entry of", e["shares"], "shares into pool", batch.dataset_id, "at", batch.entry)
            case "BatchVetoed":
                self._brake.expect_guardian(e["guardian"])
                batch.status = BatchStatus.VETOED
            case "BatchDiscarded":
                batch.status = BatchStatus.DISCARDED
            case "BatchSlept":
                accounts.expect(f"unclaimed shares of batch {e['batchId']}", batch.shares, e["burned"])
                self._owe_burn(e["burned"])
                batch.status = BatchStatus.ASLEEP
            case "DuplicateDropped":
                accounts.expect("a record that the duplicate repeats", True, e["fingerprint"] in self.records)
                batch.resolve(e["shares"])
                self._due(batch, None, e["shares"])
            case "BatchCompleted":
                accounts.expect(f"leftover of batch {e['batchId']}", (batch.shares, 0), (e["leftover"], batch.leaves))
                batch.shares -= e["leftover"]
                self._due(batch, ZERO, e["leftover"])

    def _received(self, account: str, value: int, *, minted: bool) -> None:
        """Tokens reach a contributor: all it claimed in this call vests at once, as rounding depends on it."""
        if self._claim is None:
            raise Unexplained(f"{value} tokens for {account}, which claimed nothing")
        (batch_id, contributor, shares), self._claim = self._claim, None
        batch = self.batches[batch_id]
        self.accounts.expect(
            "tokens for a claim", (contributor, shares, batch.status == BatchStatus.ASLEEP), (account, value, minted)
        )
        vested = {"poolId": batch.dataset_id, "account": contributor, "shares": shares, "entry": batch.entry}
        self.accounts.post("splitter", "SharesVested", **vested)

    def close(self) -> None:
        if self._claim is not None:
            self.accounts.note("tokens for a claim", self._claim, "never transferred")
        for reported in self._drops_reported:
            self.accounts.note("pending shares dropped (pool, account, shares, earned)", "no reason", reported)
        for due in self._drops_due:
            self.accounts.note("pending shares dropped (pool, account, shares, entry)", due, "never")

    def facts(self) -> Iterator[View]:
        yield view("registry", "datasetCount", is_=len(self.datasets))
        for number, dataset in self.datasets.items():
            state = (len(dataset.policies), dataset.last_sequence, dataset.erasures.latest, dataset.updated_at)
            yield view("registry", "dataset", number, is_=state)
            for version, policy in dataset.policies.items():
                yield view("registry", "policy", number, version, is_=policy)
        for newest, list_view, sets in (
            ("attestorSetVersion", "attestors", self._sets),
            ("committeeVersion", "committee", self.committees),
        ):
            yield view("registry", newest, is_=len(sets))
            for version, members in sets.items():
                yield view("registry", list_view, version, is_=members)
        yield view("registry", "batchCount", is_=len(self.batches))
        for number, batch in self.batches.items():
            yield view("registry", "batch", number, is_=self._info(batch))
        for fingerprint, record in self.records.items():
            yield view("registry", "contribution", fingerprint, is_=tuple(record))
        yield view("registry", "epochCap", is_=self._epoch_cap())

    def _published(self, batch_id: int, dataset_id: int, message: tuple[Any, ...]) -> None:
        _, sequence, root, total, leaves, _, policy_version, set_version, _ = message
        self.accounts.expect(f"dataset of batch {batch_id}", message[0], dataset_id)
        self.datasets[dataset_id].last_sequence = sequence
        self.batches[batch_id] = Batch(
            dataset_id, sequence, root, total, leaves, policy_version, set_version, self.accounts.now
        )

    def _claimed(self, batch_id: int, contributor: str, fingerprint: bytes, shares: int) -> None:
        batch = self.batches[batch_id]
        batch.resolve(shares)
        self.records[fingerprint] = Record(CLAIMED, contributor, batch_id, shares)
        before = 0
        if self._claim is not None:
            if self._claim[:2] != (batch_id, contributor):
                self.accounts.note("tokens for a claim", self._claim, "not transferred before the next claim")
            else:
                before = self._claim[2]
        self._claim = (batch_id, contributor, before + shares)

    def _erased(self, batch_id: int, contributor: str, fingerprint: bytes, shares: int, burned: int) -> None:
        batch, record, accounts = self.batches[batch_id], self.records.get(fingerprint), self.accounts
        taken = shares if record else batch.resolve(shares)
        self.records[fingerprint] = Record(ERASED, contributor, batch_id, taken)
        if shares:
            self.datasets[batch.dataset_id].erasures.add(accounts.now, 1)
        holder = self._token.holder(contributor)
        if record is None:
            accounts.expect("tokens burned", 0 if batch.status == BatchStatus.ASLEEP else taken, burned)
            self._due(batch, holder, taken)
            return
        accounts.expect("the erased contribution", record, Record(CLAIMED, contributor, batch_id, shares))
        accounts.debit("removal of", shares, "shares of", holder, "from pool", batch.dataset_id)
        accounts.debit("burn of", burned, "from", holder)

    def _due(self, batch: Batch, account: str | None, shares: int) -> None:
        """Pending shares of the batch must leave its pool, and supply unless they left it asleep. An account of None
        is one that the event does not name."""
        if not shares:
            return
        self._drops_due.append((batch.dataset_id, account, shares, batch.entry))
        self._match_drops()
        if batch.status != BatchStatus.ASLEEP:
            self._owe_burn(shares)

    def _owe_burn(self, shares: int) -> None:
        self.accounts.debit("burn of", shares, "from", self.accounts.addresses["registry"])

    def _match_drops(self) -> None:
        while self._drops_reported and self._drops_due:
            pool, account, shares, earned = self._drops_reported.pop(0)
            due_pool, due_account, due_shares, entry = self._drops_due.pop(0)
            owner = account if due_account is None else due_account
            credit = 0 if owner == ZERO else earned_since(due_shares, self._splitter.index(due_pool), entry)
            self.accounts.expect(
                "pending shares dropped (pool, account, shares, earned)",
                (due_pool, owner, due_shares, credit),
                (pool, account, shares, earned),
            )

    def _status(self, batch: Batch) -> int:
        rules = self.accounts.rules
        late = self.accounts.now >= batch.since + rules.challenge_period + 2 * rules.epoch_length
        lapsed = batch.status == BatchStatus.PUBLISHED and (late or batch.set_version != len(self._sets))
        return BatchStatus.LAPSED if lapsed else batch.status

    def _info(self, batch: Batch) -> tuple[Any, ...]:
        """As `IDatasetRegistry.BatchInfo`."""
        rate, least = self.datasets[batch.dataset_id].policies.get(batch.policy_version, (0, 0))[:2]
        return (
            *(self._status(batch), batch.dataset_id, batch.sequence, batch.root, batch.shares, batch.leaves),
            *(rate, least, batch.policy_version, batch.set_version, batch.since, batch.entry),
        )

    def _epoch_cap(self) -> tuple[int, int, int]:
        rules = self.accounts.rules
        epoch = self.accounts.now // rules.epoch_length
        supply = self._token.supply.at(epoch * rules.epoch_length - 1)
        cap = max(rules.epoch_floor, rules.epoch_cap_bps * supply // BPS)
        return cap, cap - self._issued[epoch], (epoch + 1) * rules.epoch_length
