"""K-9 on cached events: what is known from them never lets a key go that the chain, asked for each file, would not.

given contributions that are claimed, unclaimed, erased, and recorded in another batch first
  what events say            should be what the registry answers, at both blocks, in a few calls
given a node that hides an erasure or a claim from its events
  they                       should not be believed
a view that believes what it has cached   lets the key go
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from eth_utils import keccak
from web3 import HTTPProvider, Web3

from assurance.harness.dao.parties import DAO, DATASET, LEASE, World
from datadao.chain.events import topic
from datadao.chain.node import NodeView
from datadao.chain.view import Standing
from datadao.custodian.service import Service
from datadao.index.view import IndexedView
from datadao.storage.board import Board
from datadao.types import Contribution, Leaf
from tests.client.chain_world import ChainWorld


class Believing(IndexedView):
    """The twin: cached events are believed, whatever the contracts count."""

    def _agrees(self, *_: Any) -> bool:
        return True


class Hiding(HTTPProvider):
    """A node that gives no events of some kinds; counts what is asked."""

    def __init__(self, url: str, *hidden: str) -> None:
        super().__init__(url)
        self.hide(*hidden)
        self.asked: Counter[str] = Counter()
        self.requests = 0

    def hide(self, *names: str) -> None:
        self._hidden = {"0x" + topic("DatasetRegistry", name).hex() for name in names}

    def make_request(self, method: Any, params: Any) -> Any:
        self.requests += 1
        return self._answer(method, super().make_request(method, params))

    def make_batch_request(self, requests: Any) -> Any:
        self.requests += 1
        answers = super().make_batch_request(requests)
        return [self._answer(method, answer) for (method, _), answer in zip(requests, answers, strict=True)]

    def _answer(self, method: str, answer: Any) -> Any:
        self.asked[method] += 1
        if method == "eth_getLogs" and isinstance(answer.get("result"), list):
            answer["result"] = [log for log in answer["result"] if log["topics"][0] not in self._hidden]
        return answer


Open = Callable[..., tuple[IndexedView, Hiding]]


@pytest.fixture
def open_(leased: ChainWorld) -> Open:
    def opened(*hidden: str, kind: type[IndexedView] = IndexedView) -> tuple[IndexedView, Hiding]:
        node = Hiding(leased.url, *hidden)
        where = leased.home / f"{kind.__name__}-{'-'.join(hidden)}.sqlite"
        return kind(Web3(node), leased.dao.addresses, where), node

    return opened


def standings(view: Any, items: list[Contribution]) -> list[list[Standing]]:
    return [list(view.standing(items, tag)) for tag in ("finalized", "latest")]


def new_of(items: Sequence[Contribution]) -> Leaf:
    """The leaf that only the second batch has."""
    return next(item.leaf for item in items if item.leaf.fingerprint == keccak(b"new"))


def unclaimed(world: ChainWorld) -> list[Contribution]:
    """A batch that repeats a leaf of the first one, beside a new one; nothing of it is claimed."""
    new = world.encrypt(world.members[1], b"new")
    again = world.manifest.leaves[2]._replace(contributor=world.members[1].address)
    world.publish([new, again])
    world.finalize()
    return world.contributions()


def test_what_events_say__is_what_the_registry_answers_K9(leased: ChainWorld, open_: Open) -> None:
    items, (view, node) = unclaimed(leased), open_()
    asked = NodeView(leased.handle.web3, leased.dao.addresses)
    assert standings(view, items) == standings(asked, items)
    assert Standing.DUPLICATE in view.standing(items, "latest")
    leased.dao.erase(leased.batches[0], leased.manifest.leaves[3])
    leased.dao.erase(leased.batches[1], new_of(items))
    leased.mine(1)
    wanted = standings(asked, items)
    assert wanted[0] != wanted[1]
    node.asked.clear()
    assert standings(view, items) == wanted
    assert node.asked["eth_call"] <= 8 and node.asked["eth_getLogs"] <= 2
    leased.finalize()
    assert standings(view, items) == standings(asked, items)
    until = leased.dao.chain.web3.eth.block_number
    passed = list(asked.standing(items, until))
    leased.dao.erase(leased.batches[0], leased.manifest.leaves[1])
    leased.mine(1)
    assert list(view.standing(items, until)) == passed != list(view.standing(items, "latest")), "as it was at a block"
    leased.reorg(3)
    assert standings(view, items) == standings(asked, items)


def test_claim_of_a_file_that_was_unclaimed__is_seen_K9(leased: ChainWorld, open_: Open) -> None:
    items, (view, _) = unclaimed(leased), open_()
    before = standings(view, items)
    leased.dao.claim(leased.batches[1], new_of(items))
    assert standings(view, items) == before == standings(NodeView(leased.handle.web3, leased.dao.addresses), items)


@pytest.mark.parametrize("kind", [IndexedView, Believing], ids=["view", "twin"])
def test_erasure_that_a_node_hides__keeps_the_key_K9(leased: ChainWorld, open_: Open, kind: type[IndexedView]) -> None:
    view, _ = open_("ContributionErased", kind=kind)
    items = leased.contributions()
    leased.finalize()
    assert set(view.standing(items, "latest")) == {Standing.INCLUDED}
    leased.dao.erase(leased.batches[0], items[3].leaf)
    leased.finalize()
    found = [view.standing(items, tag)[3] for tag in ("finalized", "latest")]
    assert found == [Standing.ERASED if kind is IndexedView else Standing.INCLUDED] * 2


@pytest.mark.parametrize("kind", [IndexedView, Believing], ids=["view", "twin"])
def test_claim_elsewhere_that_a_node_hides__keeps_the_key_K9(
    leased: ChainWorld, open_: Open, kind: type[IndexedView]
) -> None:
    leaf = leased.encrypt(leased.members[1], b"new")
    first = leased.publish([leaf])
    leased.publish([leaf._replace(contributor=leased.members[2].address)])
    leased.finalize()
    items = leased.contributions()[-1:]
    view, _ = open_("ContributionClaimed", kind=kind)
    view.standing(items, "latest")
    leased.dao.claim(first, leaf)
    expected = Standing.DUPLICATE if kind is IndexedView else Standing.INCLUDED
    assert view.standing(items, "latest") == [expected]


def test_hidden_claim_that_a_hidden_activation_makes_up_for__keeps_the_key_K9(leased: ChainWorld, open_: Open) -> None:
    leaf = leased.encrypt(leased.members[1], b"new")
    first = leased.publish([leaf])
    leased.publish([leaf._replace(contributor=leased.members[2].address)])
    leased.finalize()
    items, (view, node) = leased.contributions()[-1:], open_()
    assert view.standing(items, "latest") == [Standing.INCLUDED]
    node.hide("ContributionClaimed", "BatchActivated")
    leased.dao.claim(first, leaf)
    leased.publish([leased.encrypt(leased.members[1], b"as much as was claimed")])
    assert view.standing(items, "latest") == [Standing.DUPLICATE]


# What it costs


def test_second_lease_over_the_same_files__fetches_and_opens_nothing_again(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    custodian = world.custodian(0)
    first = custodian.prepare(LEASE, listed)
    second = custodian.view.leases["finalized"][LEASE]  # type: ignore[attr-defined]
    for tag in ("finalized", "latest"):
        world.view.leases[tag][LEASE + 1] = type(second)(**{**vars(second), "lease_id": LEASE + 1})
    read = world.store.get
    fetched: list[Any] = []
    monkeypatch.setattr(type(world.store), "get", lambda self, *a: (fetched.append(a[0]), read(*a))[1])
    assert custodian.prepare(LEASE + 1, listed).held == first.held == 5
    assert not fetched
    custodian.close()
    again = world.custodian(0)  # nor after a restart
    monkeypatch.setattr(again.key_shares, "share", None)
    assert (
        again.key_shares.shares({i: (DATASET, c.leaf) for i, c in again.checks.members(second, listed)[0].items()})[1]
        == {}
    )
    assert not fetched


def test_kept_shares_that_are_damaged_or_another_keys__are_opened_again(
    world: World, listed: list[Contribution]
) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    items = {
        i: (DATASET, c.leaf) for i, c in custodian.checks.members(world.view.leases["latest"][LEASE], listed)[0].items()
    }
    wanted, _ = custodian.key_shares.shares(items)
    custodian.close()
    (path,) = custodian.home.glob("*.shares")
    assert all(share not in path.read_bytes() for share in wanted.values())
    data = bytearray(path.read_bytes())
    data[-64] ^= 1
    path.write_bytes(data)
    again = world.custodian(0)
    assert again.key_shares._kept == {}
    assert again.key_shares.shares(items) == (wanted, {})


def test_idle_round__asks_the_same_of_one_lease_and_of_forty(world: World, listed: list[Contribution]) -> None:
    service = Service(world.custodian(0), Board(DAO, world.store))
    service.round()
    asked = []
    for count in (1, 40):
        for tag in ("finalized", "latest"):
            state = world.view.leases[tag][LEASE]
            for number in range(LEASE + 1, LEASE + count):
                world.view.leases[tag][number] = type(state)(**{**vars(state), "lease_id": number})
        service.round()
        world.view.asked.clear()
        service.round()
        asked.append(list(world.view.asked))
    assert asked[0] == asked[1]
    assert len(asked[1]) <= 4, "a question to the chain is at most three requests"


def test_lease_that_was_asked_for_before_it_was_there__is_read_again_K9(leased: ChainWorld, open_: Open) -> None:
    leased.finalize()
    view, _ = open_()
    assert view.lease(leased.lease + 1, "finalized").dataset_id == 0
    lease = leased.approved()
    leased.finalize()
    assert view.lease(lease, "finalized") == NodeView(leased.handle.web3, leased.dao.addresses).lease(
        lease, "finalized"
    )
    assert view.lease(lease, "finalized").dataset_id == 1
