"""The part of the model of `DatasetRegistry` that the rest of it asks: batches, records, caps, supply, and what the
contract's internal functions do to pools and tokens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.registry import ASLEEP, CLAIMED, LAPSED, PUBLISHED, UNCLAIMED
from assurance.harness.models.registry.records import BPS, Batch, Proof, Record, Rules, stop
from assurance.harness.models.token_splitter import Emitted, Splitter, Token
from datadao.crypto.merkle import leaf_hash
from datadao.types import Leaf


class Books:
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
        self.policies: list[list[tuple[int, int]]] = [[policy] for policy in policies]
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

    # Questions

    @property
    def epoch(self) -> int:
        return self.now // self.rules.epoch_length

    def cap(self, epoch: int) -> int:
        supply = self.supply_at(epoch * self.rules.epoch_length - 1)
        return max(self.rules.floor, supply * self.rules.cap_bps // BPS)

    def supply_at(self, time: int) -> int:
        return next(supply for changed, supply in reversed(self.supplies) if changed <= time)

    def epoch_cap(self) -> tuple[int, int, int]:
        cap = self.cap(self.epoch)
        return cap, cap - self.issued[self.epoch], (self.epoch + 1) * self.rules.epoch_length

    def status(self, batch: Batch) -> int:
        late = self.now >= batch.since + self.rules.challenge + 2 * self.rules.epoch_length
        stale = batch.message.attestorSetVersion != len(self.sets)
        return LAPSED if batch.status == PUBLISHED and (late or stale) else batch.status

    def rates(self, batch: Batch) -> tuple[int, int]:
        """Shares of a unit and lowest quality, by the policy that the attestors signed."""
        rates: tuple[int, int] = self.policies[batch.message.datasetId - 1][batch.message.policyVersion - 1]
        return rates

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

    # Requirements

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

    # Pools and supply

    def _resolve(self, batch: Batch, shares: int, count: int = 1) -> int:
        taken = min(shares, batch.left)
        batch.left -= taken
        batch.count = max(0, batch.count - count)
        return taken

    def _drop_pending(self, batch: Batch, account: str, shares: int) -> tuple[int, list[Emitted]]:
        if shares == 0:
            return 0, []
        dataset = batch.message.datasetId
        events = self.splitter.dropPendingShares(self.address, dataset, account, shares, batch.entry).events
        if batch.status == ASLEEP:
            return 0, events
        return shares, events + self._burn(self.address, shares)

    def _complete(self, batch: Batch) -> list[Emitted]:
        if batch.count or not batch.left:
            return []
        leftover = self._resolve(batch, batch.left, 0)
        fields: Emitted = ("BatchCompleted", {"batchId": batch.id, "leftover": leftover})
        return [fields, *self._drop_pending(batch, ADDRESS_ZERO, leftover)[1]]

    def _mint(self, to: str, amount: int) -> list[Emitted]:
        self.token.now = self.now
        events = self.token.mint(self.address, to, amount).events
        self.supplies.append((self.now, self.token.supply))
        return events

    def _burn(self, holder: str, amount: int) -> list[Emitted]:
        events = self.token.burn(self.address, holder, amount).events
        self.supplies.append((self.now, self.token.supply))
        return events
