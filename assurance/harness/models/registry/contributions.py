"""The part of the model of `DatasetRegistry` about single contributions: claimed, erased, dropped."""

from __future__ import annotations

from collections.abc import Sequence

from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.registry import ASLEEP, CLAIMED, ERASED, UNCLAIMED
from assurance.harness.models.registry.books import Books
from assurance.harness.models.registry.records import BPS, Batch, Proof, Record, stop
from assurance.harness.models.token_splitter import Done, Emitted
from datadao.types import Leaf


class Contributions(Books):
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
        owner, taken, seen = items[0].contributor, 0, set[bytes]()
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
        fields = {
            "batchId": batch_id,
            "fingerprint": item.fingerprint,
            "leaf": self.leaf_of(batch, item),
            "shares": shares,
        }
        events = [("DuplicateDropped", fields), *self._drop_pending(batch, item.contributor, shares)[1]]
        return Done(None, events + self._complete(batch))

    # Internals

    def _claimable(
        self, batch: Batch, item: Leaf, left: int, taken: frozenset[bytes] | set[bytes] = frozenset()
    ) -> int:
        """The leaf's shares; `taken` are fingerprints recorded earlier in the same call."""
        if item.contributor == ADDRESS_ZERO or item.contributor in self.rules.contracts:
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

    def _deliver(self, batch: Batch, claims: list[tuple[Leaf, int]]) -> Done:
        events: list[Emitted] = []
        for item, shares in claims:
            self.records[item.fingerprint] = Record(CLAIMED, item.contributor, batch.id, shares)
            fields = {"batchId": batch.id, "contributor": item.contributor, "fingerprint": item.fingerprint}
            events.append(("ContributionClaimed", fields | {"shares": shares}))
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
            shares = record.shares
            burned = min(shares, self.token.balances[owner])
            record = record._replace(status=ERASED)
            events = [
                event
                for pool, count in zip(self._pools(batch), (shares, burned), strict=True)
                for event in self.splitter.removeShares(self.address, pool, owner, count).events
            ]
            events += self._burn(owner, burned)
        self.records[item.fingerprint] = record
        self.erasures[batch.message.datasetId].append(self.now)
        fields = {"batchId": batch_id, "contributor": owner, "fingerprint": item.fingerprint}
        events.append(("ContributionErased", fields | {"shares": shares, "burned": burned}))
        return Done(None, events + self._complete(batch))
