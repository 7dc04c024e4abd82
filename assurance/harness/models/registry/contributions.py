"""The part of the model of `DatasetRegistry` about single contributions: claimed, erased, dropped."""

from __future__ import annotations

from collections.abc import Sequence

from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.registry import (
    ASLEEP,
    CLAIMED,
    ERASED,
    FINGERPRINT_USED,
    INVALID_CONTRIBUTOR,
    NO_SHARES,
    QUALITY_OUT_OF_RANGE,
    SHARES_EXCEED_BATCH,
    UNCLAIMED,
)
from assurance.harness.models.registry.books import Books
from assurance.harness.models.registry.records import BPS, Batch, Proof, Record, stop
from assurance.harness.models.token_splitter import Done, Emitted
from datadao.types import Leaf

FAULTS = {
    "InvalidContributor": INVALID_CONTRIBUTOR,
    "QualityOutOfRange": QUALITY_OUT_OF_RANGE,
    "NoShares": NO_SHARES,
    "FingerprintUsed": FINGERPRINT_USED,
    "SharesExceedBatch": SHARES_EXCEED_BATCH,
}


class Contributions(Books):
    def claim(self, batch_id: int, item: Leaf, proof: Proof) -> Done:
        batch = self._active(batch_id)
        self._require_proof(batch, item, proof)
        shares = self._claimable(batch, item, batch.left)
        events = [self._record(batch, item, shares), *self._deliver(batch, item.contributor, shares)]
        return Done(None, events + self._complete(batch))

    def claim_many(self, batch_id: int, items: Sequence[Leaf], *, proven: bool) -> Done:
        if not items:
            stop("NothingToClaim")
        batch = self._active(batch_id)
        if not proven:
            stop("InvalidProof", batch_id, self.leaf_of(batch, items[0]))
        events: list[Emitted] = []
        run = 0
        for place, item in enumerate(items):
            try:
                shares = self._claimable(batch, item, batch.left)
            except Reverted as refusal:
                fields = {"batchId": batch_id, "contributor": item.contributor, "fingerprint": item.fingerprint}
                fault = FAULTS[refusal.name.removeprefix("DatasetRegistry_")]
                events.append(("ContributionSkipped", fields | {"fault": fault}))
            else:
                events.append(self._record(batch, item, shares))
                run += shares
            if place + 1 == len(items) or items[place + 1].contributor != item.contributor:
                events += self._deliver(batch, item.contributor, run) if run else []
                run = 0
        return Done(None, events + self._complete(batch))

    def erase(self, caller: str, batch_id: int, item: Leaf, proof: Proof) -> Done:
        if caller != (holder := self.token.heirs.holder(item.contributor)):
            stop("NotContributor", caller, holder)
        return self._erase(batch_id, item, proof)

    def erase_by_sig(self, signer: str, batch_id: int, item: Leaf, proof: Proof, deadline: int) -> Done:
        if self.now > deadline:
            stop("DeadlinePassed", deadline, self.now)
        if signer != (holder := self.token.heirs.holder(item.contributor)):
            stop("InvalidSignature", holder)
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
        fields = {
            "batchId": batch_id,
            "fingerprint": item.fingerprint,
            "leaf": self.leaf_of(batch, item),
            "shares": shares,
        }
        events = [("DuplicateDropped", fields), *self._drop_pending(batch, item.contributor, shares)[1]]
        return Done(None, events + self._complete(batch))

    # Internals

    def _claimable(self, batch: Batch, item: Leaf, left: int) -> int:
        """The leaf's shares, or why it cannot be claimed."""
        if item.contributor == ADDRESS_ZERO or item.contributor in self.rules.contracts:
            stop("InvalidContributor", item.contributor)
        least = self.rates(batch)[1]
        if not least <= item.quality <= BPS:
            stop("QualityOutOfRange", item.quality, least, BPS)
        shares = self.shares_of(batch, item)
        if shares == 0:
            stop("NoShares", item.units, item.quality)
        if self.records[item.fingerprint].status != UNCLAIMED:
            stop("FingerprintUsed", item.fingerprint)
        if shares > left:
            stop("SharesExceedBatch", batch.id, shares, left)
        return shares

    def _record(self, batch: Batch, item: Leaf, shares: int) -> Emitted:
        self.records[item.fingerprint] = Record(CLAIMED, item.contributor, batch.id, shares)
        self._resolve(batch, shares)
        fields = {"batchId": batch.id, "contributor": item.contributor, "fingerprint": item.fingerprint}
        return "ContributionClaimed", fields | {"shares": shares}

    def _deliver(self, batch: Batch, owner: str, shares: int) -> list[Emitted]:
        self.splitter.vestShares(self.address, batch.message.datasetId, owner, shares, batch.entry)
        if batch.status == ASLEEP:
            return self._mint(owner, shares)
        return self.token.transfer(self.address, owner, shares).events

    def _erase(self, batch_id: int, item: Leaf, proof: Proof) -> Done:
        """By the holder: the contributor, or who took its place."""
        batch, record, owner = self._active(batch_id), self.records[item.fingerprint], item.contributor
        holder, dataset = self.token.heirs.holder(owner), batch.message.datasetId
        if record.status == UNCLAIMED:
            self._require_proof(batch, item, proof)
            shares = self.shares_of(batch, item)
            taken = self._resolve(batch, shares)
            record = Record(ERASED, owner, batch_id, taken)
            burned, events = self._drop_pending(batch, holder, taken)
        else:
            if record.status == ERASED:
                stop("AlreadyErased", item.fingerprint)
            if (record.batch, record.contributor) != (batch_id, owner):
                stop("RecordedElsewhere", item.fingerprint, record.batch, record.contributor)
            shares = record.shares
            events = [] if holder == owner else self.token.succeed(self.address, owner, [dataset]).events
            burned = min(shares, self.token.balances[holder])
            record = record._replace(status=ERASED)
            events += self.splitter.removeShares(self.address, dataset, holder, shares).events
            events += self._burn(holder, burned)
        self.records[item.fingerprint] = record
        if shares:
            self.erasures[batch.message.datasetId].append(self.now)
        fields = {"batchId": batch_id, "contributor": owner, "fingerprint": item.fingerprint}
        events.append(("ContributionErased", fields | {"shares": shares, "burned": burned}))
        return Done(None, events + self._complete(batch))
