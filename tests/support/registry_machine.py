"""Random lives of a whole DAO in front of the registry's model: the steps. What must hold between them is said in
`tests/invariant/test_registry_machine.py`.

Every step asks the model first: it succeeds with exactly these events, or reverts with exactly this error. Attestors
are hostile at times: they sign wrong totals, wrong counts, duplicates, worthless leaves and leaves of nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import currently_in_test_context, event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from datadao.types import Leaf
from tests.support.dao import Batch as Published
from tests.support.dao import Dao, leaf
from tests.support.evm import Revm
from tests.support.handles import Receipt, Reverted
from tests.support.model import NOBODY, Asset, Done, Splitter, Token, Told
from tests.support.registry import UNIT, ascending, executable, publish, signatures
from tests.support.registry_model import DAY, Batch, Message, Proof, Registry, Rules
from tests.support.system import Actor, config

POLICIES = [(UNIT, 5_000), (3 * UNIT, 1)]
MATURITY = 20 * UNIT
FLOOR = 500 * UNIT
CAP_BPS = 10_000
MARKS = [f"mark {i}" for i in range(6)]
SETS = [([f"attestor-{i}" for i in range(3)], 2), (["scorer-0", "scorer-1"], 1)]

picks = st.integers(0, 23)
small = st.integers(0, 3)
places = st.integers(0, 4)
leaf_lists = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 1, 2, 3, 3, 4, 5]),
        st.integers(0, len(MARKS) - 1),
        st.sampled_from([1, 2, 7, 20, 0]),
        st.sampled_from([10_000, 10_000, 7_777, 5_000, 4_999, 10_001]),
        st.sampled_from([0, 0, 0, 1]),
    ),
    min_size=2,
    max_size=5,
)
totals = st.sampled_from([{}] * 4 + [{"totalShares": n} for n in (-UNIT, 5)] + [{"count": n} for n in (-1, 1)])
distortions = st.sampled_from(
    [{}] * 8
    + [{"totalShares": n} for n in (-UNIT, UNIT, 5)]
    + [{"count": n} for n in (-1, 1)]
    + [{field: 1} for field in ("sequence", "policyVersion", "attestorSetVersion", "deadline", "root")]
    + [{"sequence": -1}, {"policyVersion": -1}, {"deadline": -DAY - 1}]
)


def settled(twins: dict[str, tuple[Any, ...]] | None = None) -> Dao:
    """A DAO of two datasets with small epochs, in which the founder carries any vote."""
    policy = dict(config().contracts["DatasetRegistry"]["params"]["policies"][0])
    names = ("sharesPerUnit", "minQuality")
    return Dao(
        config(
            DataToken__maturitySupply=MATURITY,
            DataGovernor__params__quorumBps=500,
            DatasetRegistry__params__policies=[policy | dict(zip(names, rates, strict=True)) for rates in POLICIES],
            DatasetRegistry__params__epochFloor=FLOOR,
            DatasetRegistry__params__epochCapBps=CAP_BPS,
        ),
        chain=Revm(code_limit=2**16 if twins else None),
        twins=twins,
    )


def asked(expect: Callable[[], Any]) -> tuple[Any, Reverted | None]:
    """What the model answers: a result or a refusal."""
    try:
        return expect(), None
    except Reverted as refusal:
        return None, refusal


class RegistryMachine(RuleBasedStateMachine):
    twins: ClassVar[dict[str, tuple[Any, ...]]] = {}
    reached: ClassVar[Counter[str]] = Counter()

    @initialize(first=leaf_lists, second=leaf_lists)
    def born(self, first: list[tuple[int, ...]], second: list[tuple[int, ...]]) -> None:
        self.dao = dao = settled(self.twins)
        registry = dao.registry
        self.members = [dao.who(f"member-{i}") for i in range(4)]
        self.contributors = [*(m.address for m in self.members), NOBODY, dao.addresses["token"]]
        self.stranger, self.guardian, self.founder = (dao.who(name) for name in ("stranger", "guardian", "founder"))
        rules = Rules(
            dao.id,
            registry.challengePeriod(),
            registry.claimPeriod(),
            registry.epochLength(),
            FLOOR,
            CAP_BPS,
            self.guardian.address,
            dao.brake.guardianUntil(),
            frozenset(dao.addresses.values()),
        )
        asset = Asset()
        splitter = Splitter(dao.addresses["splitter"], registry.address, dao.addresses["token"], asset)
        token = Token(dao.addresses["token"], registry.address, False, MATURITY, splitter)
        attestors = {dao.who(name).address for name in SETS[0][0]}, SETS[0][1]
        self.model = Registry(rules, splitter, token, lambda: dao.chain.timestamp, attestors, POLICIES)
        self.asset, self.splitter, self.token = asset, splitter, token
        self.batches: list[Published] = []
        self.history: list[Told] = []
        self.set, self.votes = 0, 0
        self.activated: dict[int, int] = {}
        self._publish(1, [leaf(self.founder, "founder", 300)], {}, "enough")
        self.wait(DAY)
        self.activate(0)
        self.claim(0, 0, 0)
        self.wait(1)
        # Two batches to begin with, so that lives are about something.
        self.accept(1, first, {})
        self.accept(2, second, {})

    def step(self, expect: Callable[[], Done], act: Callable[[], Receipt]) -> Receipt | None:
        done, refusal = asked(expect)
        if refusal:
            with pytest.raises(Reverted) as caught:
                act()
            assert caught.value == refusal
            self._reach(refusal.name)
            return None
        receipt = act()
        assert done is not None
        told = [(log.name, log.args) for log in receipt.events]
        assert told == done.events
        assert receipt.value == done.value
        self.history += told
        for name, args in told:
            self._reach(name)
            if name == "BatchActivated":
                self.activated[args["batchId"]] = self.dao.chain.timestamp
        return receipt

    def _reach(self, name: str) -> None:
        self.reached[name] += 1
        if currently_in_test_context():
            event(name)

    # Who and what

    def _batch(self, pick: int) -> tuple[int, Batch | None]:
        """One of the newest batches mostly; sometimes an old one or one that does not exist."""
        known = len(self.model.batches)
        if pick == 23:
            return known + 1, None
        number = known - pick % min(known, 3) if pick < 16 else 1 + pick % known
        return number, self.model.batches[number - 1]

    def _active(self, pick: int) -> tuple[int, Batch | None]:
        """One with leaves to resolve mostly."""
        active = [batch for batch in self.model.batches[1:] if batch.active]
        if pick < 19 and active:
            return active[-1 - pick % len(active)].id, active[-1 - pick % len(active)]
        return self._batch(pick)

    def _leaf(self, pick: int, place: int, other: int) -> tuple[int, Leaf, Proof, list[bytes]]:
        """A leaf of a batch, with its proof if `other` is 0, and else with that of another leaf of any batch."""
        number, batch = self._active(pick)
        source = batch or self.model.batches[0]
        item = source.leaves[place % len(source.leaves)]
        home = self.model.batches[other * 7 % len(self.model.batches)] if other == 3 else source
        at = (place + other) % len(home.leaves)
        if len(home.leaves) == len(source.leaves) == 1:
            home = source  # both proofs are empty
        return number, item, Proof(home.id, at), list(self.batches[home.id - 1].manifest.tree.proof(at))

    # Batches

    @precondition(lambda self: len(self.batches) < 9)
    @rule(dataset=st.sampled_from([1, 1, 2]), specs=leaf_lists, change=distortions, how=picks)
    def publish(self, dataset: int, specs: list[tuple[int, ...]], change: dict[str, int], how: int) -> None:
        leaves = []
        for who, mark, units, quality, variant in specs:
            template = leaf(self.founder, MARKS[mark], units, quality)
            file_hash = bytes([variant]) + template.file_hash[1:]
            leaves.append(template._replace(contributor=self.contributors[who], file_hash=file_hash))
        manner = {0: "too few", 1: "unsorted", 2: "twice", 3: "stranger", 4: "all"}.get(how, "enough")
        self._publish(dataset, leaves, change, manner)

    @precondition(lambda self: len(self.batches) < 9)
    @rule(dataset=st.sampled_from([1, 1, 2]), specs=leaf_lists, change=totals)
    def accept(self, dataset: int, specs: list[tuple[int, ...]], change: dict[str, int]) -> None:
        """All that must happen before data earns, in one step."""
        known = len(self.batches)
        self.publish(dataset, specs, change, len(specs) + 10)
        if len(self.batches) > known:
            self.wait(DAY)
            self.activate(0)

    def _publish(self, dataset: int, leaves: list[Leaf], change: dict[str, int], manner: str) -> None:
        message, manifest = self.dao.batch_message(leaves, dataset)
        fields = Message(*message)._asdict()
        for name, shift in change.items():
            fields[name] = bytes(32) if name == "root" else max(0, fields[name] + shift)
        message = Message(**fields)
        names, threshold = SETS[self.set]
        everybody = ascending(self.dao.who(name) for name in names)
        signers = {
            "enough": everybody[:threshold],
            "all": everybody,
            "too few": everybody[: threshold - 1],
            "unsorted": everybody[::-1],
            "twice": [everybody[0]] * max(2, threshold),
            "stranger": ascending([*everybody[1:], self.stranger]),
        }[manner]
        receipt = self.step(
            lambda: self.model.publish(message, leaves, [signer.address for signer in signers]),
            lambda: publish(self.dao, message, signatures(self.dao, message, *signers)),
        )
        if receipt:
            self.batches.append(Published(receipt.value, manifest, message))

    @rule(pick=picks)
    def activate(self, pick: int) -> None:
        number, _ = self._batch(pick)
        self._call("activate", number, expect=lambda: self.model.activate(number))

    @rule(pick=picks, later=st.booleans())
    def sleep(self, pick: int, later: bool) -> None:
        number, batch = self._active(pick)
        if later and batch and pick % 2:
            self.wait(self.model.rules.claim_period)
        self._call("sleep", number, expect=lambda: self.model.sleep(number))

    @rule(pick=picks, guardian=st.booleans())
    def veto(self, pick: int, guardian: bool) -> None:
        number, _ = self._batch(pick)
        who = self.guardian if guardian and pick % 3 == 0 else self.stranger
        self._call("veto", number, expect=lambda: self.model.veto(who.address, number), who=who)

    def _call(self, name: str, *args: Any, expect: Callable[[], Done], who: Actor | None = None) -> Receipt | None:
        sender = (who or self.stranger).address
        return self.step(expect, lambda: getattr(self.dao.registry, name)(*args, sender=sender))

    # Contributions

    @rule(pick=picks, place=places, other=st.sampled_from([0, 0, 0, 0, 1, 3]))
    def claim(self, pick: int, place: int, other: int) -> None:
        number, item, proof, nodes = self._leaf(pick, place, other)
        self._call("claim", number, tuple(item), nodes, expect=lambda: self.model.claim(number, item, proof))

    @rule(pick=picks, chosen=st.sets(places, max_size=4), whose=st.sampled_from([0, 0, 0, 1]))
    def claim_many(self, pick: int, chosen: set[int], whose: int) -> None:
        number, batch = self._active(pick)
        home = batch or self.model.batches[0]
        chosen = sorted({place % len(home.leaves) for place in chosen})
        if chosen and not whose:
            owner = home.leaves[chosen[0]].contributor
            chosen = [place for place in range(len(home.leaves)) if home.leaves[place].contributor == owner]
        items = [home.leaves[place] for place in chosen]
        tree = self.batches[home.id - 1].manifest.tree
        nodes, flags = tree.multiproof(chosen) if chosen else ((tree.root,), ())
        self._call(
            "claimMany",
            number,
            [tuple(item) for item in items],
            list(nodes),
            list(flags),
            expect=lambda: self.model.claim_many(number, items, proven=True),
        )

    @rule(pick=picks, place=places, other=st.sampled_from([0, 0, 0, 0, 1]), owner=st.sampled_from([1, 1, 1, 0]))
    def erase(self, pick: int, place: int, other: int, owner: int) -> None:
        number, item, proof, nodes = self._leaf(pick, place, other)
        who = next((m for m in self.members if owner and m.address == item.contributor), self.stranger)
        self._call(
            "erase",
            number,
            tuple(item),
            nodes,
            expect=lambda: self.model.erase(who.address, number, item, proof),
            who=who,
        )

    @rule(pick=picks, place=places, late=st.sampled_from([0, 0, -1]), owner=st.sampled_from([1, 1, 0]))
    def erase_by_sig(self, pick: int, place: int, late: int, owner: int) -> None:
        number, item, proof, nodes = self._leaf(pick, place, 0)
        deadline = self.dao.chain.timestamp + late
        who = next((m for m in self.members if owner and m.address == item.contributor), self.stranger)
        kind = "Erase(uint256 batchId,bytes32 fingerprint,uint48 deadline)"
        (signature,) = signatures(self.dao, (number, item.fingerprint, deadline), who, kind=kind)
        self._call(
            "eraseBySig",
            number,
            tuple(item),
            nodes,
            deadline,
            signature,
            expect=lambda: self.model.erase_by_sig(who.address, number, item, proof, deadline),
        )

    @rule(pick=picks, place=places, other=st.sampled_from([0, 0, 0, 0, 1]))
    def drop_duplicate(self, pick: int, place: int, other: int) -> None:
        number, item, proof, nodes = self._leaf(pick, place, other)
        self._drop(number, item, proof, nodes)

    @rule(pick=picks, way=st.sampled_from(["drop", "drop", "claim", "erase"]))
    def turn_to_a_duplicate(self, pick: int, way: str) -> None:
        """A leaf of a member whose fingerprint something else recorded before."""
        found = [
            (batch, place)
            for batch in self.model.batches
            for place, item in enumerate(batch.leaves if batch.active else ())
            if item.contributor in self.contributors[:4]
            and self.model.records[item.fingerprint][1:3] not in ((NOBODY, 0), (item.contributor, batch.id))
        ]
        if not found:
            return
        batch, place = found[-1 - pick % len(found)]
        number, item, proof = batch.id, batch.leaves[place], Proof(batch.id, place)
        nodes = list(self.batches[number - 1].manifest.tree.proof(place))
        if way == "drop":
            self._drop(number, item, proof, nodes)
        elif way == "claim":
            self._call("claim", number, tuple(item), nodes, expect=lambda: self.model.claim(number, item, proof))
        else:
            owner = next(m for m in self.members if m.address == item.contributor)
            asked_for = lambda: self.model.erase(owner.address, number, item, proof)  # noqa: E731
            self._call("erase", number, tuple(item), nodes, expect=asked_for, who=owner)

    def _drop(self, number: int, item: Leaf, proof: Proof, nodes: list[bytes]) -> None:
        asked_for = lambda: self.model.drop_duplicate(number, item, proof)  # noqa: E731
        self._call("dropDuplicate", number, tuple(item), nodes, expect=asked_for)

    # Money, time, power

    @rule(pool=small, amount=st.sampled_from([1, 7, 1_000_003]))
    def deposit(self, pool: int, amount: int) -> None:
        payer = self.dao.who("payer").address
        self.asset.balances[payer] += amount
        self.asset.approved.add((payer, self.splitter.address))
        self.step(lambda: self.splitter.deposit(payer, pool, amount), lambda: self.dao.deposit(pool, amount))

    @rule(who=small)
    def collect(self, who: int) -> None:
        account, by = self.members[who].address, self.stranger.address
        self.step(
            lambda: self.splitter.claim(by, account, [0, 1, 2]),
            lambda: self.dao.splitter.claim(account, [0, 1, 2], sender=by),
        )

    @rule(seconds=st.sampled_from([1, 1, DAY - 1, DAY, DAY, DAY, 3 * DAY, 8 * DAY, 365 * DAY]))
    def wait(self, seconds: int) -> None:
        self.dao.chain.warp(seconds)

    @rule(second=st.sampled_from([-1, 0]))
    def wait_for_the_epoch(self, second: int) -> None:
        self.dao.chain.warp(self.model.epoch_cap()[2] + second - self.dao.chain.timestamp)

    @rule(guardian=st.sampled_from([0, 0, 1]))
    def pull_the_brake(self, guardian: int) -> None:
        who = self.guardian.address if guardian else self.stranger.address
        self.step(lambda: self.model.pull(who), lambda: self.dao.brake.pull(sender=who))

    @precondition(lambda self: self.votes < 3)
    @rule(kind=st.sampled_from(["attestors", "policy", "discard"]), pick=picks, rate=st.sampled_from([1, 2]))
    def vote(self, kind: str, pick: int, rate: int) -> None:
        """Six days pass, then the timelock acts."""
        self.votes += 1
        if kind == "attestors":
            names, threshold = SETS[1 - self.set]
            keys = [(a.address, b"\1" * 32) for a in ascending(map(self.dao.who, names))]
            proposal = executable(self.dao, "setAttestors", keys, threshold)
            self.model.set_attestors({address for address, _ in keys}, threshold)
            self.set = 1 - self.set
        elif kind == "policy":
            policy = vars(self.dao.registry.currentPolicy(1)) | {"sharesPerUnit": rate * UNIT}
            proposal = executable(self.dao, "updatePolicy", 1, policy)
            self.model.update_policy(1, (rate * UNIT, policy["minQuality"]))
        else:
            number, _ = self._batch(pick)
            proposal = executable(self.dao, "discard", number)
            _, refusal = asked(lambda: self.model.discard(number))
            if refusal:
                with pytest.raises(Reverted) as caught:
                    self.dao.execute(proposal)
                assert caught.value == refusal
                return
        self.dao.execute(proposal)
        self._reach(f"vote: {kind}")

    @rule(who=st.sampled_from(["stranger", "guardian", "attestor-0", "member-0", "founder"]), what=small)
    def seize_power(self, who: str, what: int) -> None:
        caller = self.dao.who(who).address
        keys = [(caller, b"\1" * 32)]
        name, args = [
            ("setAttestors", (keys, 1)),
            ("discard", (1,)),
            ("setCommittee", ([(caller, b"\1" * 32, "")], 1)),
            ("updatePolicy", (1, vars(self.dao.registry.currentPolicy(1)))),
        ][what]
        with pytest.raises(Reverted) as caught:
            getattr(self.dao.registry, name)(*args, sender=caller)
        assert caught.value == Reverted("DatasetRegistry_NotTimelock", caller)
