"""Steps: contributions claimed, erased, and dropped as duplicates, each with its proof or with another's."""

from __future__ import annotations

from hypothesis import strategies as st
from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.registry import signatures
from assurance.harness.machines.base import rule
from assurance.harness.machines.registry.life import RegistryLife, picks, places
from assurance.harness.models.registry.records import Proof
from datadao.types import Leaf


class Contributing(RegistryLife):
    @rule(pick=picks, place=places, other=st.sampled_from([0, 0, 0, 0, 1, 3]))
    def claim(self, pick: int, place: int, other: int) -> None:
        number, item, proof, nodes = self.some_leaf(pick, place, other)
        self._claim(number, item, proof, nodes)

    @rule(pick=picks)
    def claim_everything(self, pick: int) -> None:
        """Leaf by leaf: what the signed totals leave over goes with the last one."""
        number, batch = self.some_active(pick)
        for place, item in enumerate(batch.leaves if batch else ()):
            nodes = list(self.batches[number - 1].manifest.tree.proof(place))
            self._claim(number, item, Proof(number, place), nodes)

    @rule(pick=picks, chosen=st.sets(places, max_size=4), whose=st.sampled_from([0, 0, 1]))
    def claim_many(self, pick: int, chosen: set[int], whose: int) -> None:
        number, batch = self.some_active(pick)
        home = batch or self.registry.batches[0]
        taken = sorted({place % len(home.leaves) for place in chosen})
        if taken and whose:
            owner = home.leaves[taken[0]].contributor
            taken = [place for place in range(len(home.leaves)) if home.leaves[place].contributor == owner]
        items = [home.leaves[place] for place in taken]
        tree = self.batches[home.id - 1].manifest.tree
        nodes, flags = tree.multiproof(taken) if taken else ((tree.root,), ())
        self.send(
            "registry",
            "claimMany",
            number,
            [tuple(item) for item in items],
            list(nodes),
            list(flags),
            expect=lambda: self.registry.claim_many(number, items, proven=True),
        )

    @rule(pick=picks, place=places, other=st.sampled_from([0, 0, 0, 0, 1]), owner=st.sampled_from([1, 1, 1, 2, 0]))
    def erase(self, pick: int, place: int, other: int, owner: int) -> None:
        number, item, proof, nodes = self.some_leaf(pick, place, other)
        who = self.somebody(item, owner)
        self.send(
            "registry",
            "erase",
            number,
            tuple(item),
            nodes,
            expect=lambda: self.registry.erase(who.address, number, item, proof),
            by=who,
        )

    @rule(pick=picks, place=places, late=st.sampled_from([0, 0, -1]), owner=st.sampled_from([1, 1, 2, 0]))
    def erase_by_sig(self, pick: int, place: int, late: int, owner: int) -> None:
        number, item, proof, nodes = self.some_leaf(pick, place, 0)
        deadline = self.dao.chain.timestamp + late
        who = self.somebody(item, owner)
        kind = "Erase(uint256 batchId,bytes32 fingerprint,uint48 deadline)"
        (signature,) = signatures(self.dao, (number, item.fingerprint, deadline), who, kind=kind)
        self.send(
            "registry",
            "eraseBySig",
            number,
            tuple(item),
            nodes,
            deadline,
            signature,
            expect=lambda: self.registry.erase_by_sig(who.address, number, item, proof, deadline),
        )

    @rule(pick=picks, place=places, other=st.sampled_from([0, 0, 0, 0, 1]))
    def drop_duplicate(self, pick: int, place: int, other: int) -> None:
        number, item, proof, nodes = self.some_leaf(pick, place, other)
        self._drop(number, item, proof, nodes)

    @rule(pick=picks, way=st.sampled_from(["drop", "drop", "claim", "erase"]))
    def turn_to_a_duplicate(self, pick: int, way: str) -> None:
        """A leaf of a member whose fingerprint something else recorded before."""
        found = [
            (batch, place)
            for batch in self.registry.batches
            for place, item in enumerate(batch.leaves if batch.active else ())
            if item.contributor in self.contributors[:4]
            and self.registry.records[item.fingerprint][1:3] not in ((ADDRESS_ZERO, 0), (item.contributor, batch.id))
        ]
        if not found:
            return
        batch, place = found[-1 - pick % len(found)]
        number, item, proof = batch.id, batch.leaves[place], Proof(batch.id, place)
        nodes = list(self.batches[number - 1].manifest.tree.proof(place))
        if way == "drop":
            self._drop(number, item, proof, nodes)
        elif way == "claim":
            self._claim(number, item, proof, nodes)
        else:
            owner = self.somebody(item, 1)
            asked_for = lambda: self.registry.erase(owner.address, number, item, proof)  # noqa: E731
            self.send("registry", "erase", number, tuple(item), nodes, expect=asked_for, by=owner)

    def _claim(self, number: int, item: Leaf, proof: Proof, nodes: list[bytes]) -> None:
        asked_for = lambda: self.registry.claim(number, item, proof)  # noqa: E731
        self.send("registry", "claim", number, tuple(item), nodes, expect=asked_for)

    def _drop(self, number: int, item: Leaf, proof: Proof, nodes: list[bytes]) -> None:
        asked_for = lambda: self.registry.drop_duplicate(number, item, proof)  # noqa: E731
        self.send("registry", "dropDuplicate", number, tuple(item), nodes, expect=asked_for)
