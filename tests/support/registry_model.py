"""What the registry must do, said a second time: plain Python over the models of token and splitter.

Functions are those of `DatasetRegistry`. Each returns `Done(value, events)` or raises `Reverted` with the very error
and arguments of the contract, and then has changed nothing. A proof is not a list of nodes here but a fact: whether
the leaf given is the one at that place of that batch.
"""

from __future__ import annotations

from collections import defaultdict, namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import NamedTuple, NoReturn

from datadao.merkle import leaf_hash
from datadao.types import Dao as DaoId
from datadao.types import Leaf
from tests.support.handles import Reverted
from tests.support.model import NOBODY, Done, Splitter, Token, Told
from tests.support.registry import ASLEEP, CLAIMED, DISCARDED, ERASED, LAPSED, LIVE, PUBLISHED, UNCLAIMED, VETOED

DAY = 86_400
PAUSE, COOL_DOWN, GRACE = 3 * DAY, 7 * DAY, 7 * DAY
BPS = 10_000


Message = namedtuple(
    "Message",
    "datasetId sequence root totalShares count manifestHash policyVersion attestorSetVersion deadline",
)
"""What attestors sign, by its ABI names."""


@dataclass(frozen=True)
class Rules:
    """What a DAO is born with."""

    id: DaoId
    challenge: int
    claim_period: int
    epoch_length: int
    floor: int
    cap_bps: int
    guardian: str
    guardian_until: int
    contracts: frozenset[str]


@dataclass
class Batch:
    id: int
    message: Message
    leaves: tuple[Leaf, ...]
    status: int
    since: int
    left: int
    count: int
    entry: int = 0
    commons_entry: int = 0
    dropped: set[Leaf] = field(default_factory=set)

    @property
    def active(self) -> bool:
        return self.status in (LIVE, ASLEEP)


class Record(NamedTuple):
    status: int = UNCLAIMED
    contributor: str = NOBODY
    batch: int = 0
    shares: int = 0


class Proof(NamedTuple):
    """A leaf offered with the proof of the leaf at `place` of batch `batch`."""

    batch: int
    place: int


def stop(error: str, *args: object) -> NoReturn:
    raise Reverted("DatasetRegistry_" + error, *args)


class Registry:
    def __init__(
        self,
        rules: Rules,
        splitter: Splitter,
        token: Token,
        clock: Callable[[], int],
        attestors: tuple[set[str], int],
        policies: Sequence[tuple[int, int]],
    ) -> None:
        """Policies are `(sharesPerUnit, minQuality)`, one for each dataset."""
        self.rules, self.splitter, self.token, self._clock = rules, splitter, token, clock
        self.address = rules.id.registry
        self.sets = [attestors]
        self.policies = [[policy] for policy in policies]
        self.updated = [clock() for _ in policies]
        self.sequences = [0 for _ in policies]
        self.erasures: defaultdict[int, list[int]] = defaultdict(list)
        self.batches: list[Batch] = []
        self.records: defaultdict[bytes, Record] = defaultdict(Record)
        self.issued: defaultdict[int, int] = defaultdict(int)
        self.supplies = [(0, 0)]
        self.pulled_until = 0

    @property
    def now(self) -> int:
        return self._clock()

    # Batches

    def publish(self, message: Message, leaves: Sequence[Leaf], signers: Sequence[str]) -> Done:
        """`signers` are the accounts whose keys made the signatures, in their order."""
        self._require_released()
        m = message
        if self.now > m.deadline:
            stop("DeadlinePassed", m.deadline, self.now)
        if m.root == bytes(32) or m.totalShares == 0 or m.count == 0:
            stop("EmptyBatch")
        if not 1 <= m.datasetId <= len(self.policies):
            stop("UnknownDataset", m.datasetId)
        last = self.sequences[m.datasetId - 1]
        if m.sequence <= last:
            stop("StaleSequence", m.datasetId, m.sequence, last)
        current = len(self.policies[m.datasetId - 1])
        graced = m.policyVersion == current - 1 > 0 and self.now < self.updated[m.datasetId - 1] + GRACE
        if m.policyVersion != current and not graced:
            stop("StalePolicy", m.datasetId, m.policyVersion, current)
        if m.attestorSetVersion != len(self.sets):
            stop("StaleAttestorSet", m.attestorSetVersion, len(self.sets))
        if m.totalShares > self.cap(self.epoch):
            stop("BatchExceedsCap", m.totalShares, self.cap(self.epoch))
        members, threshold = self.sets[-1]
        if len(signers) < threshold:
            stop("InsufficientSignatures", len(signers), threshold)
        previous = NOBODY
        for signer in signers:
            if signer not in members:
                stop("NotAttestor", signer, len(self.sets))
            if int(signer, 16) <= int(previous, 16):
                stop("SignersNotAscending", previous, signer)
            previous = signer
        self.sequences[m.datasetId - 1] = m.sequence
        batch = Batch(len(self.batches) + 1, m, tuple(leaves), PUBLISHED, self.now, m.totalShares, m.count)
        self.batches.append(batch)
        told = {
            "batchId": batch.id,
            "datasetId": m.datasetId,
            "batch": SimpleNamespace(**m._asdict()),
            "manifestURI": "",
        }
        return Done(batch.id, [("BatchPublished", told)])

    def activate(self, batch_id: int) -> Done:
        self._require_released()
        batch = self._published(batch_id)
        if self.now < batch.since + self.rules.challenge:
            stop("ChallengePeriod", batch_id, batch.since + self.rules.challenge)
        remaining = self.cap(self.epoch) - self.issued[self.epoch]
        if batch.left > remaining:
            stop("EpochCapReached", batch.left, remaining, (self.epoch + 1) * self.rules.epoch_length)
        self.issued[self.epoch] += batch.left
        batch.status, batch.since = LIVE, self.now
        entered = [self.splitter.addPendingShares(self.address, pool, batch.left) for pool in self._pools(batch)]
        batch.entry, batch.commons_entry = (done.value for done in entered)
        told = {
            "batchId": batch_id,
            "shares": batch.left,
            "entryIndex": batch.entry,
            "commonsEntryIndex": batch.commons_entry,
        }
        events = [event for done in entered for event in done.events] + [("BatchActivated", told)]
        return Done(None, events + self._mint(self.address, batch.left))

    def sleep(self, batch_id: int) -> Done:
        batch = self._batch(batch_id)
        if batch.status != LIVE:
            stop("WrongBatchStatus", batch_id, self.status(batch))
        if self.now < batch.since + self.rules.claim_period:
            stop("ClaimPeriod", batch_id, batch.since + self.rules.claim_period)
        batch.status = ASLEEP
        slept: Told = ("BatchSlept", {"batchId": batch_id, "burned": batch.left})
        return Done(None, [slept, *self._burn(self.address, batch.left)])

    def veto(self, caller: str, batch_id: int) -> Done:
        self._require_guardian(caller, "DatasetRegistry")
        batch = self._published(batch_id)
        if self.now >= batch.since + self.rules.challenge:
            stop("ChallengePeriodOver", batch_id, batch.since + self.rules.challenge)
        batch.status = VETOED
        return Done(None, [("BatchVetoed", {"batchId": batch_id, "guardian": caller})])

    def discard(self, batch_id: int) -> None:
        self._published(batch_id).status = DISCARDED

    # What the vote may set

    def set_attestors(self, members: set[str], threshold: int) -> None:
        self.sets.append((members, threshold))

    def update_policy(self, dataset: int, policy: tuple[int, int]) -> None:
        self.policies[dataset - 1].append(policy)
        self.updated[dataset - 1] = self.now

    # The brake

    def pull(self, caller: str) -> Done:
        self._require_guardian(caller, "EmergencyBrake")
        if self.pulled_until and self.now < self.pulled_until + COOL_DOWN:
            raise Reverted("EmergencyBrake_CoolingDown", self.pulled_until + COOL_DOWN)
        self.pulled_until = self.now + PAUSE
        return Done(None, [("Pulled", {"guardian": caller, "until": self.pulled_until})])

    # Contributions

    def claim(self, batch_id: int, item: Leaf, proof: Proof) -> Done:
        batch = self._active(batch_id)
        self._require_proof(batch, item, proof)
        shares = self._claimable(batch, item, batch.left)
        return self._deliver(batch, [(item, shares)])

    def claim_many(self, batch_id: int, items: Sequence[Leaf], *, proven: bool) -> Done:
        if not items:
            stop("NothingToClaim")
        batch = self._active(batch_id)
        if not proven:
            stop("InvalidProof", batch_id, self.leaf_of(batch, items[0]))
        owner, taken, seen = items[0].contributor, 0, set()
        claims = []
        for item in items:
            if item.contributor != owner:
                stop("MixedContributors", owner, item.contributor)
            shares = self._claimable(batch, item, batch.left - taken, seen)
            seen.add(item.fingerprint)
            taken += shares
            claims.append((item, shares))
        return self._deliver(batch, claims)

    def erase(self, caller: str, batch_id: int, item: Leaf, proof: Proof) -> Done:
        if caller != item.contributor:
            stop("NotContributor", caller, item.contributor)
        return self._erase(batch_id, item, proof)

    def erase_by_sig(self, signer: str, batch_id: int, item: Leaf, proof: Proof, deadline: int) -> Done:
        if self.now > deadline:
            stop("DeadlinePassed", deadline, self.now)
        if signer != item.contributor:
            stop("InvalidSignature", item.contributor)
        return self._erase(batch_id, item, proof)

    def drop_duplicate(self, batch_id: int, item: Leaf, proof: Proof) -> Done:
        batch = self._active(batch_id)
        self._require_proof(batch, item, proof)
        record, shares = self.records[item.fingerprint], self.shares_of(batch, item)
        if record.status == UNCLAIMED or record[1:] == (item.contributor, batch_id, shares):
            stop("NotADuplicate", item.fingerprint)
        if item in batch.dropped:
            stop("AlreadyDropped", self.leaf_of(batch, item))
        batch.dropped.add(item)
        shares = self._resolve(batch, shares)
        told = {
            "batchId": batch_id,
            "fingerprint": item.fingerprint,
            "leaf": self.leaf_of(batch, item),
            "shares": shares,
        }
        events = [("DuplicateDropped", told), *self._drop_pending(batch, item.contributor, shares)[1]]
        return Done(None, events + self._complete(batch))

    # Views

    @property
    def epoch(self) -> int:
        return self.now // self.rules.epoch_length

    def cap(self, epoch: int) -> int:
        before = epoch * self.rules.epoch_length - 1
        supply = next(supply for time, supply in reversed(self.supplies) if time <= before)
        return max(self.rules.floor, supply * self.rules.cap_bps // BPS)

    def epoch_cap(self) -> tuple[int, int, int]:
        cap = self.cap(self.epoch)
        return cap, cap - self.issued[self.epoch], (self.epoch + 1) * self.rules.epoch_length

    def status(self, batch: Batch) -> int:
        late = self.now >= batch.since + self.rules.challenge + 2 * self.rules.epoch_length
        stale = batch.message.attestorSetVersion != len(self.sets)
        return LAPSED if batch.status == PUBLISHED and (late or stale) else batch.status

    def rates(self, batch: Batch) -> tuple[int, int]:
        """Shares of a unit and lowest quality, by the policy that the attestors signed."""
        return self.policies[batch.message.datasetId - 1][batch.message.policyVersion - 1]

    def shares_of(self, batch: Batch, item: Leaf) -> int:
        rate, least = self.rates(batch)
        return item.units * item.quality * rate // BPS if least <= item.quality <= BPS else 0

    def leaf_of(self, batch: Batch, item: Leaf) -> bytes:
        return leaf_hash(self.rules.id, batch.message.datasetId, batch.message.sequence, item)

    def proves(self, batch: Batch, item: Leaf, proof: Proof) -> bool:
        return proof.batch == batch.id and batch.leaves[proof.place] == item

    def is_included(self, batch_id: int, item: Leaf, proof: Proof) -> bool:
        batch = self.batches[batch_id - 1]
        shares, record = self.shares_of(batch, item), self.records[item.fingerprint]
        if not (batch.active and shares and self.proves(batch, item, proof)):
            return False
        return record.status == UNCLAIMED or record == Record(CLAIMED, item.contributor, batch_id, shares)

    # Internals

    def _pools(self, batch: Batch) -> tuple[int, int]:
        return batch.message.datasetId, 0

    def _require_released(self) -> None:
        if self.now < self.pulled_until:
            raise Reverted("EmergencyBrake_Pulled", self.pulled_until)

    def _require_guardian(self, caller: str, contract: str) -> None:
        if caller != self.rules.guardian or self.now >= self.rules.guardian_until:
            raise Reverted(f"{contract}_NotGuardian", caller)

    def _batch(self, batch_id: int) -> Batch:
        if not 1 <= batch_id <= len(self.batches):
            stop("UnknownBatch", batch_id)
        return self.batches[batch_id - 1]

    def _published(self, batch_id: int) -> Batch:
        batch = self._batch(batch_id)
        if self.status(batch) != PUBLISHED:
            stop("WrongBatchStatus", batch_id, self.status(batch))
        return batch

    def _active(self, batch_id: int) -> Batch:
        batch = self._batch(batch_id)
        if not batch.active:
            stop("WrongBatchStatus", batch_id, self.status(batch))
        return batch

    def _require_proof(self, batch: Batch, item: Leaf, proof: Proof) -> None:
        if not self.proves(batch, item, proof):
            stop("InvalidProof", batch.id, self.leaf_of(batch, item))

    def _claimable(
        self, batch: Batch, item: Leaf, left: int, taken: frozenset[bytes] | set[bytes] = frozenset()
    ) -> int:
        """The leaf's shares; `taken` are fingerprints recorded earlier in the same call."""
        if item.contributor == NOBODY or item.contributor in self.rules.contracts:
            stop("InvalidContributor", item.contributor)
        least = self.rates(batch)[1]
        if not least <= item.quality <= BPS:
            stop("QualityOutOfRange", item.quality, least, BPS)
        shares = self.shares_of(batch, item)
        if shares == 0:
            stop("NoShares", item.units, item.quality)
        if item.fingerprint in taken or self.records[item.fingerprint].status != UNCLAIMED:
            stop("FingerprintUsed", item.fingerprint)
        if shares > left:
            stop("SharesExceedBatch", batch.id, shares, left)
        return shares

    def _resolve(self, batch: Batch, shares: int, count: int = 1) -> int:
        taken = min(shares, batch.left)
        batch.left -= taken
        batch.count = max(0, batch.count - count)
        return taken

    def _deliver(self, batch: Batch, claims: list[tuple[Leaf, int]]) -> Done:
        events: list[Told] = []
        for item, shares in claims:
            self.records[item.fingerprint] = Record(CLAIMED, item.contributor, batch.id, shares)
            told = {"batchId": batch.id, "contributor": item.contributor, "fingerprint": item.fingerprint}
            events.append(("ContributionClaimed", told | {"shares": shares}))
        owner, total = claims[0][0].contributor, sum(shares for _, shares in claims)
        self._resolve(batch, total, len(claims))
        for pool, entry in zip(self._pools(batch), (batch.entry, batch.commons_entry), strict=True):
            self.splitter.vestShares(self.address, pool, owner, total, entry)
        if batch.status == ASLEEP:
            events += self._mint(owner, total)
        else:
            events += self.token.transfer(self.address, owner, total).events
        return Done(None, events + self._complete(batch))

    def _erase(self, batch_id: int, item: Leaf, proof: Proof) -> Done:
        batch, record, owner = self._active(batch_id), self.records[item.fingerprint], item.contributor
        if record.status == UNCLAIMED:
            self._require_proof(batch, item, proof)
            shares = self._resolve(batch, self.shares_of(batch, item))
            record = Record(ERASED, owner, batch_id, shares)
            burned, events = self._drop_pending(batch, owner, shares)
        else:
            if record.status == ERASED:
                stop("AlreadyErased", item.fingerprint)
            if (record.batch, record.contributor) != (batch_id, owner):
                stop("RecordedElsewhere", item.fingerprint, record.batch, record.contributor)
            shares = burned = record.shares
            record = record._replace(status=ERASED)
            events = [
                e for p in self._pools(batch) for e in self.splitter.removeShares(self.address, p, owner, shares).events
            ]
            events += self._burn(owner, shares)
        self.records[item.fingerprint] = record
        self.erasures[batch.message.datasetId].append(self.now)
        told = {"batchId": batch_id, "contributor": owner, "fingerprint": item.fingerprint}
        events.append(("ContributionErased", told | {"shares": shares, "burned": burned}))
        return Done(None, events + self._complete(batch))

    def _drop_pending(self, batch: Batch, account: str, shares: int) -> tuple[int, list[Told]]:
        if shares == 0:
            return 0, []
        events: list[Told] = []
        for pool, entry in zip(self._pools(batch), (batch.entry, batch.commons_entry), strict=True):
            events += self.splitter.dropPendingShares(self.address, pool, account, shares, entry).events
        if batch.status == ASLEEP:
            return 0, events
        return shares, events + self._burn(self.address, shares)

    def _complete(self, batch: Batch) -> list[Told]:
        if batch.count or not batch.left:
            return []
        leftover = self._resolve(batch, batch.left, 0)
        told: Told = ("BatchCompleted", {"batchId": batch.id, "leftover": leftover})
        return [told, *self._drop_pending(batch, NOBODY, leftover)[1]]

    def _mint(self, to: str, amount: int) -> list[Told]:
        self.token.now = self.now
        events = self.token.mint(self.address, to, amount).events
        self.supplies.append((self.now, self.token.supply))
        return events

    def _burn(self, holder: str, amount: int) -> list[Told]:
        events = self.token.burn(self.address, holder, amount).events
        self.supplies.append((self.now, self.token.supply))
        return events
