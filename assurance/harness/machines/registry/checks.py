"""What is looked at after every step of a life of the registry: every view of it and of the pools and tokens it moves
against the models, and what must hold on the chain's words and events alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property, partial

from assurance.harness.chain.reader import Answers, Views
from assurance.harness.dao.dao import leaf
from assurance.harness.dao.registry import ERASED, UNCLAIMED
from assurance.harness.machines.base import invariant
from assurance.harness.machines.life import ALL_POOLS
from assurance.harness.machines.registry.life import MARKS, RegistryLife
from assurance.harness.models.registry.records import BPS, Batch, Proof
from assurance.harness.models.token_splitter import Splitter, Token

POOLS = (0, 1, 2)


@dataclass
class Sums:
    """What so many events of a life's history come to: by dataset, batch, epoch or fingerprint."""

    events: int = 0
    last: Counter[int] = field(default_factory=Counter)
    totals: dict[int, int] = field(default_factory=dict)
    issued: Counter[int] = field(default_factory=Counter)
    used: Counter[int] = field(default_factory=Counter)
    claimed: Counter[bytes] = field(default_factory=Counter)
    gone: Counter[bytes] = field(default_factory=Counter)


class RegistryChecks(RegistryLife):
    splitter: Splitter
    token: Token

    def views(self) -> Views:
        return super().views() | self.registry_views()

    def registry_views(self) -> Views:
        dao, model = self.dao, self.registry
        views: Views = {
            (dao.token, "totalSupply", ()): [self.token.supply],
            (dao.splitter, "conservation", ALL_POOLS): list(self.splitter.conservation()),
            (dao.registry, "epochCap", ()): list(model.epoch_cap()),
            (dao.registry, "batchCount", ()): [len(model.batches)],
            (dao.registry, "attestorSetVersion", ()): [len(model.sets)],
        }
        for account in self.accounts:
            views[dao.token, "balanceOf", (account,)] = [self.token.balances[account]]
            for pool in POOLS:
                views[dao.splitter, "sharesOf", (pool, account)] = [self.splitter.sharesOf(pool, account)]
        for pool in POOLS:
            views[dao.splitter, "pool", (pool,)] = list(self.splitter.pool(pool))
        for i, policies in enumerate(model.policies):
            erased, dataset = len(model.erasures[i + 1]), i + 1
            views[dao.registry, "dataset", (dataset,)] = [len(policies), model.sequences[i], erased, model.updated[i]]
        for batch in model.batches:
            views[dao.registry, "batch", (batch.id,)] = self._batch_words(batch)
        for mark in self.marks:
            record = model.records[mark]
            words = [record.status, int(record.contributor, 16), record.batch, record.shares]
            views[dao.registry, "contribution", (mark,)] = words
        return views

    def _batch_words(self, batch: Batch) -> list[int]:
        m, (rate, least) = batch.message, self.registry.rates(batch)
        return [
            *(self.registry.status(batch), m.datasetId, m.sequence, int.from_bytes(m.root, "big")),
            *(batch.left, batch.count, rate, least, m.policyVersion, m.attestorSetVersion),
            *(batch.since, batch.entry),
        ]

    @cached_property
    def accounts(self) -> list[str]:
        people = [*self.members, self.founder, self.stranger, self.dao.who("relayer")]
        return [*(person.address for person in people), self.dao.registry.address]

    @cached_property
    def marks(self) -> list[bytes]:
        return [leaf(self.founder, name).fingerprint for name in (*MARKS, "founder")]

    # Properties

    def properties(self, answers: Answers) -> None:
        super().properties(answers)
        self.registry_adds_up(answers)

    def registry_adds_up(self, chain: Answers) -> None:
        registry, token = self.dao.registry.address, self.dao.token.address
        batches = [chain["batch", n] for n in range(1, chain["batchCount",][0] + 1)]
        pending = {2: Counter[int](), 3: Counter[int]()}
        for status, dataset, _, _, left, *_ in batches:
            if status in pending:
                pending[status][dataset] += left
        held = sum(chain[token, "balanceOf", account][0] for account in self.accounts)
        assert held == chain["totalSupply",][0], "T-1"
        assert chain[token, "balanceOf", registry][0] == pending[2].total(), "T-1, R-12: asleep is not in supply"
        for pool in POOLS:
            # Every share of every dataset is one of the commons, of which no account is a member.
            mine = POOLS[1:] if pool == 0 else (pool,)
            own = sum(chain["sharesOf", p, account][0] for account in self.accounts for p in mine)
            waiting = sum((p[pool] if pool else p.total()) for p in pending.values())
            assert chain["pool", pool][1] == own + waiting, "shares of a pool are those of members and of open batches"
        for account in self.accounts[:-1]:
            shares = [chain["sharesOf", pool, account][0] for pool in POOLS]
            assert shares[0] == 0, "no account is a member of the commons"
            tokens = chain[token, "balanceOf", account][0]
            assert self.transferable or tokens == shares[1] + shares[2], "T-1, T-6: a token is a share of a dataset"

    @cached_property
    def sums(self) -> Sums:
        return Sums()

    @invariant()
    def history_obeys_the_rules_that_need_no_model(self) -> None:
        sums = self.sums
        # A duplicate and a leftover are named before their pool loses shares, an erasure after.
        announced, dropped = 0, 0
        for name, fields in self.history[sums.events :]:
            number: int = fields.get("batchId", 0)
            if name == "BatchPublished":
                message = fields["batch"]
                assert message.sequence > sums.last[message.datasetId], "R-1"
                sums.last[message.datasetId] = message.sequence
                sums.totals[number] = message.totalShares
            elif name == "BatchActivated":
                sums.issued[self.activated[number] // self.registry.rules.epoch_length] += fields["shares"]
                assert fields["shares"] == sums.totals[number], "R-4"
            elif name == "ContributionClaimed":
                sums.claimed[fields["fingerprint"]] += 1
                sums.used[number] += fields["shares"]
            elif name == "ContributionErased":
                sums.gone[fields["fingerprint"]] += 1
                sums.used[number] += 0 if sums.claimed[fields["fingerprint"]] else dropped
                dropped = 0
            elif name == "PendingSharesDropped":
                announced, dropped = 0, 0 if announced else fields["shares"]
            elif name in ("DuplicateDropped", "BatchCompleted"):
                announced = fields.get("shares", 0) + fields.get("leftover", 0)
                sums.used[number] += announced
        sums.events = len(self.history)
        assert all(n == 1 for n in (*sums.claimed.values(), *sums.gone.values())), "R-6"
        assert all(used <= sums.totals[number] for number, used in sums.used.items()), "R-4"
        for epoch, shares in sums.issued.items():
            supply = self.dao.token.getPastTotalSupply(epoch * self.registry.rules.epoch_length - 1)
            cap = max(self.registry.rules.floor, supply * self.registry.rules.cap_bps // BPS)
            assert shares <= cap, "T-5, R-11"

    def inclusion(self) -> None:
        for batch, published in zip(self.registry.batches, self.batches, strict=True):
            for place, item in enumerate(batch.leaves):
                proof = list(published.manifest.tree.proof(place))
                answer = self.dao.registry.isIncluded(batch.id, tuple(item), proof)
                assert answer == self.registry.is_included(batch.id, item, Proof(batch.id, place))

    def everybody_leaves(self) -> None:
        """R-8: whoever has data in an active batch erases it, now; then nothing of it is left anywhere."""
        people = {person.address: person for person in (*self.members, self.founder)}
        for batch in self.registry.batches:
            for place, item in enumerate(batch.leaves if batch.active else ()):
                record = self.registry.records[item.fingerprint]
                mine = (record.batch, record.contributor) == (batch.id, item.contributor)
                if item.contributor in people and (record.status == UNCLAIMED or (mine and record.status != ERASED)):
                    proof = list(self.batches[batch.id - 1].manifest.tree.proof(place))
                    holder = self.token.heirs.holder(item.contributor)
                    by, expected = people[holder], (holder, batch.id, item, Proof(batch.id, place))
                    expect = partial(self.registry.erase, *expected)
                    erased = self.send("registry", "erase", batch.id, tuple(item), proof, expect=expect, by=by)
                    assert erased is not None
        self.the_chain_is_as_the_model_says_and_adds_up()
        for account in () if self.transferable else self.accounts[:-1]:
            assert self.dao.token.balanceOf(account) == 0
        for batch, published in zip(self.registry.batches, self.batches, strict=True):
            for place, item in enumerate(batch.leaves):
                if item.contributor in people:
                    proof = list(published.manifest.tree.proof(place))
                    assert not self.dao.registry.isIncluded(batch.id, tuple(item), proof)
