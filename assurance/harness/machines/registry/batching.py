"""Steps: batches published, activated, put to sleep, vetoed. Attestors are hostile at times: they sign wrong totals,
wrong counts, duplicates, worthless leaves and leaves of the zero address."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from assurance.harness.dao.dao import Batch as Published
from assurance.harness.dao.dao import leaf
from assurance.harness.dao.registry import UNIT, ascending, publish, signatures
from assurance.harness.machines.base import rule
from assurance.harness.machines.registry.life import MARKS, RegistryLife, picks
from assurance.harness.machines.registry.world import SETS
from assurance.harness.models.registry.records import DAY, Message
from datadao.types import Leaf

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
    + [{"sequence": -1}, {"sequence": 2**16 - 1}, {"sequence": 2**16}, {"policyVersion": -1}, {"deadline": -DAY - 1}]
)


class Batching(RegistryLife):
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
    def accept_data(self, dataset: int, specs: list[tuple[int, ...]], change: dict[str, int]) -> None:
        """All that must happen before data earns, in one step."""
        known = len(self.batches)
        self.publish(dataset, specs, change, len(specs) + 10)
        if len(self.batches) > known:
            self.jump(self.now + DAY)
            self.activate(0)

    def _publish(self, dataset: int, leaves: list[Leaf], change: dict[str, int], manner: str) -> None:
        message, manifest = self.dao.batch_message(leaves, dataset)
        if shift := change.get("sequence", 0):
            # Leaves hash their batch's sequence: a gap is legal, and its tree another one.
            sequence = max(0, Message(*message).sequence + shift)
            message, manifest = self.dao.batch_message(leaves, dataset, sequence=sequence)
        fields = Message(*message)._asdict()
        for name, shift in change.items():
            if name == "sequence":
                continue
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
            lambda: self.registry.publish(message, leaves, [signer.address for signer in signers]),
            lambda: publish(self.dao, message, signatures(self.dao, message, *signers)),
        )
        if receipt:
            self.batches.append(Published(receipt.value, manifest, message))

    @rule(pick=picks)
    def activate(self, pick: int) -> None:
        number, _ = self.some_batch(pick)
        self.send("registry", "activate", number, expect=lambda: self.registry.activate(number))

    @rule(pick=picks, later=st.booleans())
    def sleep(self, pick: int, later: bool) -> None:
        number, batch = self.some_active(pick)
        if later and batch and pick % 2:
            self.jump(self.now + self.registry.rules.claim_period)
        self.send("registry", "sleep", number, expect=lambda: self.registry.sleep(number))

    @rule(pick=picks, guardian=st.booleans())
    def veto_batch(self, pick: int, guardian: bool) -> None:
        number, _ = self.some_batch(pick)
        who = self.guardian if guardian and pick % 3 == 0 else self.stranger
        self.send("registry", "veto", number, expect=lambda: self.registry.veto(who.address, number), by=who)
