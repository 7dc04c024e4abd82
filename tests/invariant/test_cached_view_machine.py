"""K-9 over random lives of the registry: what a view knows from events never lets a key go that the contracts, asked
for each file at that moment, would not.

Now and then a custodian looks, at a node that answers calls well and hides events: none, those of a kind, or all from
some block on, as one does that cuts its answers short. What it hid once is missing in the read model from then on.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st

from assurance.harness.chain.handles import Reverted
from assurance.harness.chain.log_node import LogNode
from assurance.harness.machines.base import rule
from assurance.harness.machines.depth import DEPTH
from assurance.harness.machines.driver import lives, run
from assurance.harness.machines.reaching import NOTICING, live_until_met
from assurance.harness.machines.registry.life import picks, places
from assurance.harness.machines.registry.machine import RegistryMachine
from datadao.chain.events import topic
from datadao.chain.node import NodeView
from datadao.chain.view import Standing
from datadao.index.rows import ZERO
from datadao.index.view import IndexedView
from datadao.types import Contribution

EVENTS = ("ContributionClaimed", "ContributionErased", "DuplicateDropped", "BatchActivated", "BatchSlept")
LIVES = lives(12 * DEPTH, 40)


class Believing(IndexedView):
    """The twin: cached events are believed, whatever the contracts count."""

    def _agrees(self, *_: Any) -> bool:
        return True


class LifeNode(LogNode):
    """The node of a chain in process: its newest state, and its events without the `hidden` ones from `since` on."""

    def __init__(self, chain: Any) -> None:
        super().__init__()
        self.chain, self.times = chain, list[int]()
        self.hidden, self.since = set[str](), 0

    def advance(self) -> None:
        """Makes blocks of what happened, one for each second."""
        self.times = sorted(set(self.chain.log_times))
        places = {time: number for number, time in enumerate(self.times, 1)}
        self.logs = []
        for log, time in zip(self.chain.logs, self.chain.log_times, strict=True):
            self.add(places[time], log, time)
        self.head = self.final = len(self.times)

    def _answer(self, method: str, params: Any) -> Any:
        if method != "eth_call":
            return super()._answer(method, params)
        call = params[0]
        try:  # not the code that asks for many at once, which is no contract's
            output = self.chain.call(ZERO, call["to"], bytes.fromhex(call["data"][2:])) if "to" in call else b""
        except Reverted:
            output = b""
        return {"jsonrpc": "2.0", "id": 1, "result": "0x" + output.hex()}

    def _block(self, name: str) -> Any:
        found = super()._block(name)
        number = int(found["number"], 16)
        return found | {"timestamp": hex(self.times[number - 1] if number else 0)}

    def _events(self, wanted: Any) -> Any:
        return [
            log
            for log in super()._events(wanted)
            if log["topics"][0] not in self.hidden or int(log["blockNumber"], 16) < self.since
        ]


class Looked(RegistryMachine):
    worlds: ClassVar[dict[Any, Any]] = {}
    reached: ClassVar[Counter[str]] = Counter()
    kind: ClassVar[type[IndexedView]] = IndexedView

    @cached_property
    def view(self) -> IndexedView:
        self.folder = tempfile.TemporaryDirectory()
        self.node = LifeNode(self.dao.chain)
        return self.opened()

    def opened(self) -> IndexedView:
        return self.kind(self.node.web3, self.dao.addresses, Path(self.folder.name, "index"))

    @rule(names=st.sampled_from([(), *((name,) for name in EVENTS), EVENTS]), back=st.integers(0, 9))
    def hide(self, names: tuple[str, ...], back: int) -> None:
        self.view.close()  # and a custodian that starts anew reads on
        self.view = self.opened()
        self.node.hidden = {"0x" + topic("DatasetRegistry", name).hex() for name in names}
        self.node.since = self.node.head - back

    @rule(erased=st.booleans(), pick=picks, place=places)
    def happen_unseen(self, erased: bool, pick: int, place: int) -> None:
        self.hide((EVENTS[erased],), 0)
        if erased:
            self.erase(pick, place, 0, 1)
        else:
            self.claim_everything(pick)

    def verify(self) -> None:
        """A custodian looks, after some steps. What the models say is compared elsewhere."""
        if len(self.steps) % 4:
            return
        self.dao.chain.warp(1)  # what follows is in other blocks
        view, items = self.view, self.items()
        self.node.advance()
        known = Counter(answer is not None for answer in view._known(items, "latest"))
        found, asked = view.standing(items, "latest"), NodeView.standing(view, items, "latest")
        for one, other in zip(found, asked, strict=True):
            assert one == other or one is not Standing.INCLUDED, f"K-9: a key goes of what is {other.name}"
        self.reached["known" if known[True] else "asked"] += bool(items)
        self.reached.update(standing.name for standing in found)

    def items(self) -> list[Contribution]:
        """Of batches that are active, whose leaves prove themselves."""
        batches = zip(self.registry.batches, (batch.manifest for batch in self.batches), strict=True)
        honest = [(b.id, m) for b, m in batches if b.active and b.message.root == m.tree.root]
        return [item for number, manifest in honest for item in manifest.contributions(number)]

    def teardown(self) -> None:
        if "view" in self.__dict__:
            self.view.close()
            self.folder.cleanup()


def test_cached_view__over_random_lives__lets_no_key_go_that_the_contracts_would_not_K9() -> None:
    reached: Counter[str] = Counter()
    machine = type("Machine", (Looked,), {"reached": reached})
    live_until_met(lambda: run(machine, LIVES), reached, {"known", "asked", "INCLUDED", "ERASED", "DUPLICATE"})


def test_cached_view__that_believes_what_it_has__lets_keys_go_K9() -> None:
    with pytest.raises(AssertionError, match="K-9: a key goes of what is"):
        run(type("Machine", (Looked,), {"reached": Counter(), "kind": Believing}), NOTICING)
