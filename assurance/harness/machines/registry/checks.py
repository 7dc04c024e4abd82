"""What is looked at after every step of a life of the registry: every view of it and of the pools and tokens it moves
against the models, and what must hold on the chain's words and events alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property, partial

from assurance.harness.chain.reader import Answers, View, Views, number_of
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
        self._sum_up()
        views: Views = {
            (dao.token, "totalSupply", ()): [self.token.supply],
            (dao.splitter, "conservation", ALL_POOLS): list(self.splitter.conservation()),
            (dao.registry, "epochCap", ()): list(model.epoch_cap()),
            (dao.registry, "batchCount", ()): [len(model.batches)],
            (dao.registry, "attestorSetVersion", ()): [len(model.sets)],
        }
        for epoch in self.sums.issued:
            before = self._before(epoch)
            views[dao.token, "getPastTotalSupply", (before,)] = [model.supply_at(before)]
        balances, shares = self.token.balances, self.splitter.sharesOf
        for balance, account in self._balances:
            views[balance] = [balances[account]]
        for share, (pool, account) in self._shares:
            views[share] = [shares(pool, account)]
        for pool in POOLS:
            views[dao.splitter, "pool", (pool,)] = list(self.splitter.pool(pool))
        for i, policies in enumerate(model.policies):
            erased, dataset = len(model.erasures[i + 1]), i + 1
            views[dao.registry, "dataset", (dataset,)] = [len(policies), model.sequences[i], erased, model.updated[i]]
        for batch in model.batches:
            views[dao.registry, "batch", (batch.id,)] = self._batch_words(batch)
        for mark in self.marks:
            record = model.records[mark]
            words = [record.status, number_of(record.contributor), record.batch, record.shares]
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

    @cached_property
    def _balances(self) -> list[tuple[View, str]]:
        return [((self.dao.token, "balanceOf", (account,)), account) for account in self.accounts]

    @cached_property
    def _shares(self) -> list[tuple[View, tuple[int, str]]]:
        places = [(pool, account) for account in self.accounts for pool in POOLS]
        return [((self.dao.splitter, "sharesOf", place), place) for place in places]

    def _before(self, epoch: int) -> int:
        """The second whose supply an epoch's cap is made of."""
        return epoch * self.registry.rules.epoch_length - 1

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
        tokens = {account: chain[token, "balanceOf", account][0] for account in self.accounts}
        shares = {account: [chain["sharesOf", pool, account][0] for pool in POOLS] for account in self.accounts}
        assert sum(tokens.values()) == chain["totalSupply",][0], "T-1"
        assert tokens[registry] == pending[2].total(), "T-1, R-12: asleep is not in supply"
        for pool in POOLS:
            # Every share of every dataset is one of the commons, of which no account is a member.
            mine = POOLS[1:] if pool == 0 else (pool,)
            own = sum([held[p] for held in shares.values() for p in mine])
            waiting = sum((p[pool] if pool else p.total()) for p in pending.values())
            assert chain["pool", pool][1] == own + waiting, "shares of a pool are those of members and of open batches"
        for account in self.accounts[:-1]:
            commons, *own_shares = shares[account]
            assert commons == 0, "no account is a member of the commons"
            same = tokens[account] == sum(own_shares)
            assert self.transferable or same, "T-1, T-6: a token is a share of a dataset"
        for epoch, issued in self.sums.issued.items():
            supply = chain["getPastTotalSupply", self._before(epoch)][0]
            cap = max(self.registry.rules.floor, supply * self.registry.rules.cap_bps // BPS)
            assert issued <= cap, "T-5, R-11"

    @cached_property
    def sums(self) -> Sums:
        return Sums()

    @invariant()
    def history_obeys_the_rules_that_need_no_model(self) -> None:
        self._sum_up()
        sums = self.sums
        assert all(n == 1 for n in (*sums.claimed.values(), *sums.gone.values())), "R-6"
        assert all(used <= sums.totals[number] for number, used in sums.used.items()), "R-4"

    def _sum_up(self) -> None:
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
