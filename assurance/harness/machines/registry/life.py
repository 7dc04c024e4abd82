"""What all steps of a life of the registry use: their accounts and batches, and the events they emitted."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from assurance.harness.chain.handles import Event
from assurance.harness.dao.dao import Batch as Published
from assurance.harness.dao.system import Actor
from assurance.harness.machines.life import Life
from assurance.harness.models.registry.model import Registry
from assurance.harness.models.registry.records import Batch, Proof
from assurance.harness.models.token_splitter import Emitted, Token
from datadao.types import Leaf

MARKS = [f"mark {i}" for i in range(6)]
"""Fingerprints to choose from: so few that they meet again."""
picks = st.integers(0, 23)
small = st.integers(0, 3)
places = st.integers(0, 4)


class RegistryLife(Life):
    """`registry` is the model; the contract is that of `dao`."""

    registry: Registry
    token: Token
    members: list[Actor]
    contributors: list[str]
    stranger: Actor
    guardian: Actor
    founder: Actor

    def begin_registry(self) -> None:
        """A new life's notes."""
        self.batches: list[Published] = []
        self.history: list[Emitted] = []
        self.activated: dict[int, int] = {}
        self.set, self.votes = 0, 0

    def note_events(self, events: Sequence[Event]) -> None:
        super().note_events(events)
        for event in events:
            self.history.append((event.name, event.args))
            self.reached[event.name] += 1
            if event.name == "BatchActivated":
                self.activated[event.args["batchId"]] = self.now

    def somebody(self, item: Leaf, owner: int) -> Actor:
        """The leaf's holder (1), the contributor whether it was succeeded or not (2), or a stranger. The founder, who
        carries every vote, erases nothing of its own."""
        account = self.token.heirs.holder(item.contributor) if owner == 1 else item.contributor
        people = [*self.members, self.founder] if owner and item.contributor != self.founder.address else []
        return next((person for person in people if person.address == account), self.stranger)

    def some_batch(self, pick: int) -> tuple[int, Batch | None]:
        """One of the newest batches mostly; sometimes an old one or one that does not exist."""
        known = len(self.registry.batches)
        if pick == 23:
            return known + 1, None
        number = known - pick % min(known, 3) if pick < 16 else 1 + pick % known
        return number, self.registry.batches[number - 1]

    def some_active(self, pick: int) -> tuple[int, Batch | None]:
        """One with leaves to resolve mostly."""
        active = [batch for batch in self.registry.batches[1:] if batch.active]
        if pick < 19 and active:
            return active[-1 - pick % len(active)].id, active[-1 - pick % len(active)]
        return self.some_batch(pick)

    def some_leaf(self, pick: int, place: int, other: int) -> tuple[int, Leaf, Proof, list[bytes]]:
        """A leaf of a batch, with its proof if `other` is 0, and else with that of another leaf of any batch."""
        number, batch = self.some_active(pick)
        source = batch or self.registry.batches[0]
        item = source.leaves[place % len(source.leaves)]
        home = self.registry.batches[other * 7 % len(self.registry.batches)] if other == 3 else source
        at = (place + other) % len(home.leaves)
        if len(home.leaves) == len(source.leaves) == 1:
            home = source  # both proofs are empty
        return number, item, Proof(home.id, at), list(self.batches[home.id - 1].manifest.tree.proof(at))
