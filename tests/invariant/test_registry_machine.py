"""The registry in a whole DAO, against a model, over random lives (T-1, T-5, R-1, R-4, R-6 to R-9, R-11, R-12).

After every step the whole state is compared to the model's, to the unit, and what must hold in any state is checked on
what the chain alone says. Every life ends with everybody leaving. `DATADAO_DEPTH` lengthens the runs.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from tests.support.dao import leaf
from tests.support.depth import DEPTH
from tests.support.reader import Reader, View
from tests.support.registry import ERASED, UNCLAIMED
from tests.support.registry_machine import MARKS, RegistryMachine
from tests.support.registry_model import BPS, Batch, Proof

POOLS = (0, 1, 2)


class CheckedMachine(RegistryMachine):
    """`RegistryMachine`, looked at after every step."""

    _reader: tuple[int, Reader] | None = None

    def expected(self) -> dict[View, list[int]]:
        """Every view of interest and the words the model says it returns."""
        dao, model = self.dao, self.model
        views: dict[Any, list[int]] = {
            (dao.token, "totalSupply", ()): [self.token.supply],
            (dao.splitter, "conservation", ()): list(self.splitter.conservation()),
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
            words = [len(policies), model.sequences[i], erased, model.updated[i]]
            views[dao.registry, "dataset", (dataset,)] = words
        for batch in model.batches:
            views[dao.registry, "batch", (batch.id,)] = self._words(batch)
        for mark in self.marks:
            record = model.records[mark]
            words = [record.status, int(record.contributor, 16), record.batch, record.shares]
            views[dao.registry, "contribution", (mark,)] = words
        return views

    def _words(self, batch: Batch) -> list[int]:
        m, (rate, least) = batch.message, self.model.rates(batch)
        return [
            *(self.model.status(batch), m.datasetId, m.sequence, int.from_bytes(m.root, "big")),
            *(m.totalShares, batch.left, batch.count, rate, least, m.policyVersion, m.attestorSetVersion),
            *(batch.since, batch.entry, batch.commons_entry),
        ]

    @property
    def accounts(self) -> list[str]:
        people = [*self.members, self.founder, self.stranger, self.dao.who("relayer")]
        return [*(person.address for person in people), self.dao.registry.address]

    @property
    def marks(self) -> list[bytes]:
        return [leaf(self.founder, name).fingerprint for name in (*MARKS, "founder")]

    @invariant()
    def the_chain_is_as_the_model_says_and_adds_up(self) -> None:
        expected = self.expected()
        if self._reader is None or self._reader[0] != len(expected):
            self._reader = len(expected), Reader(self.dao.chain, list(expected))
        words = iter(self._reader[1].words())
        actual = {view: [next(words) for _ in told] for view, told in expected.items()}
        assert next(words, None) is None
        for view, told in expected.items():
            assert actual[view] == told, f"{view[1]}{view[2]}"
        self._adds_up({(view[1], *view[2]): told for view, told in actual.items()})

    def _adds_up(self, chain: dict[Any, list[int]]) -> None:
        registry = self.dao.registry.address
        batches = [chain["batch", n] for n in range(1, chain["batchCount",][0] + 1)]
        pending = {2: Counter[int](), 3: Counter[int]()}
        for status, dataset, _, _, _, left, *_ in batches:
            if status in pending:
                pending[status][dataset] += left
        held = sum(chain["balanceOf", account][0] for account in self.accounts)
        assert held == chain["totalSupply",][0], "T-1"
        assert chain["balanceOf", registry][0] == pending[2].total(), "T-1, R-12: asleep is not in supply"
        for pool in POOLS:
            own = sum(chain["sharesOf", pool, account][0] for account in self.accounts)
            waiting = sum((p[pool] if pool else p.total()) for p in pending.values())
            assert chain["pool", pool][1] == own + waiting, "shares of a pool are those of members and of open batches"
        for account in self.accounts[:-1]:
            shares = [chain["sharesOf", pool, account][0] for pool in POOLS]
            assert chain["balanceOf", account][0] == shares[0] == shares[1] + shares[2], "a token is a share"

    @invariant()
    def history_obeys_the_rules_that_need_no_model(self) -> None:
        last: Counter[int] = Counter()
        issued: Counter[int] = Counter()
        used: Counter[int] = Counter()
        claimed, gone = Counter[bytes](), Counter[bytes]()
        totals: dict[int, int] = {}
        for name, told in self.history:
            number = told.get("batchId")
            if name == "BatchPublished":
                message = told["batch"]
                assert message.sequence > last[message.datasetId], "R-1"
                last[message.datasetId] = message.sequence
                totals[number] = message.totalShares
            elif name == "BatchActivated":
                issued[self.activated[number] // self.model.rules.epoch_length] += told["shares"]
                assert told["shares"] == totals[number], "R-4"
            elif name == "ContributionClaimed":
                claimed[told["fingerprint"]] += 1
                used[number] += told["shares"]
            elif name == "ContributionErased":
                gone[told["fingerprint"]] += 1
                used[number] += 0 if claimed[told["fingerprint"]] else told["shares"]
            elif name in ("DuplicateDropped", "BatchCompleted"):
                used[number] += told.get("shares", 0) + told.get("leftover", 0)
        assert all(n == 1 for n in (*claimed.values(), *gone.values())), "R-6"
        assert all(used[number] <= totals[number] for number in used), "R-4"
        for epoch, shares in issued.items():
            supply = self.dao.token.getPastTotalSupply(epoch * self.model.rules.epoch_length - 1)
            cap = max(self.model.rules.floor, supply * self.model.rules.cap_bps // BPS)
            assert shares <= cap, "T-5, R-11"

    def teardown(self) -> None:
        if hasattr(self, "dao"):
            self._inclusion()
            self._everybody_leaves()

    def _inclusion(self) -> None:
        for batch, published in zip(self.model.batches, self.batches, strict=True):
            for place, item in enumerate(batch.leaves):
                proof = list(published.manifest.tree.proof(place))
                told = self.dao.registry.isIncluded(batch.id, tuple(item), proof)
                assert told == self.model.is_included(batch.id, item, Proof(batch.id, place))

    def _everybody_leaves(self) -> None:
        """R-8: whoever has data in an active batch erases it, now; then nothing of it is left anywhere."""
        people = {person.address: person for person in (*self.members, self.founder)}
        for batch in self.model.batches:
            for place, item in enumerate(batch.leaves if batch.active else ()):
                record = self.model.records[item.fingerprint]
                mine = (record.batch, record.contributor) == (batch.id, item.contributor)
                if item.contributor in people and (record.status == UNCLAIMED or (mine and record.status != ERASED)):
                    proof = list(self.batches[batch.id - 1].manifest.tree.proof(place))
                    erased = self._call(
                        "erase",
                        batch.id,
                        tuple(item),
                        proof,
                        expect=lambda b=batch, i=item, p=place: self.model.erase(
                            i.contributor, b.id, i, Proof(b.id, p)
                        ),
                        who=people[item.contributor],
                    )
                    assert erased is not None
        self.the_chain_is_as_the_model_says_and_adds_up()
        for account in self.accounts[:-1]:
            assert self.dao.token.balanceOf(account) == 0
        for batch, published in zip(self.model.batches, self.batches, strict=True):
            for place, item in enumerate(batch.leaves):
                if item.contributor in people:
                    proof = list(published.manifest.tree.proof(place))
                    assert not self.dao.registry.isIncluded(batch.id, tuple(item), proof)


LIFE = settings(
    max_examples=60 * DEPTH,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
REACHED = {
    *("BatchPublished", "BatchActivated", "BatchSlept", "BatchCompleted"),
    *("ContributionClaimed", "ContributionErased", "DuplicateDropped"),
    *("DatasetRegistry_FingerprintUsed", "DatasetRegistry_InvalidProof", "DatasetRegistry_WrongBatchStatus"),
    *("DatasetRegistry_NotADuplicate", "DatasetRegistry_AlreadyErased", "DatasetRegistry_InvalidSignature"),
}


def test_registry__over_random_lives__is_as_the_model_says_and_keeps_its_invariants() -> None:
    RegistryMachine.reached.clear()
    run_state_machine_as_test(CheckedMachine, settings=LIFE)
    print(*(f"{count:7} {name}" for name, count in RegistryMachine.reached.most_common()), sep="\n")
    assert RegistryMachine.reached.keys() >= REACHED, "random lives that never get there prove nothing about it"
