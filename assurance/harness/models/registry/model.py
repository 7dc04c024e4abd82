"""What the registry must do, said a second time: plain Python over the models of token and splitter.

Functions are those of `DatasetRegistry`. Each returns `Done(value, events)` or raises `Reverted` with the very error
and arguments of the contract, and then has changed nothing. A proof is not a list of nodes here but a fact: whether
the leaf given is the one at that place of that batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.registry import ASLEEP, DISCARDED, LIVE, PUBLISHED, VETOED
from assurance.harness.models.registry.contributions import Contributions
from assurance.harness.models.registry.records import COOL_DOWN, GRACE, MAX_STEP, PAUSE, Batch, Message, stop
from assurance.harness.models.token_splitter import Done, Emitted
from datadao.types import Leaf


class Registry(Contributions):
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
        if m.sequence > last + MAX_STEP:
            stop("ValueTooLarge", b"sequence".ljust(32, b"\0"), m.sequence, last + MAX_STEP)
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
        previous: str = ADDRESS_ZERO
        for signer in signers:
            if signer not in members:
                stop("NotAttestor", signer, len(self.sets))
            if int(signer, 16) <= int(previous, 16):
                stop("SignersNotAscending", previous, signer)
            previous = signer
        self.sequences[m.datasetId - 1] = m.sequence
        batch = Batch(len(self.batches) + 1, m, tuple(leaves), PUBLISHED, self.now, m.totalShares, m.count)
        self.batches.append(batch)
        fields = {
            "batchId": batch.id,
            "datasetId": m.datasetId,
            "batch": SimpleNamespace(**m._asdict()),
            "manifestURI": "",
        }
        return Done(batch.id, [("BatchPublished", fields)])

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
        fields = {
            "batchId": batch_id,
            "shares": batch.left,
            "entryIndex": batch.entry,
            "commonsEntryIndex": batch.commons_entry,
        }
        events = [event for done in entered for event in done.events] + [("BatchActivated", fields)]
        return Done(None, events + self._mint(self.address, batch.left))

    def sleep(self, batch_id: int) -> Done:
        batch = self._batch(batch_id)
        if batch.status != LIVE:
            stop("WrongBatchStatus", batch_id, self.status(batch))
        if self.now < batch.since + self.rules.claim_period:
            stop("ClaimPeriod", batch_id, batch.since + self.rules.claim_period)
        batch.status = ASLEEP
        slept: Emitted = ("BatchSlept", {"batchId": batch_id, "burned": batch.left})
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
