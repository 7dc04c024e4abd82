"""A custodian's rounds: new submissions are opened, every lease is served, and one that fails stops no other."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence

import pytest

from assurance.harness.dao.parties import (
    COMMITTEE_VERSION,
    DAO,
    LEASE,
    Wallet,
    World,
    contributions,
    hpke_key,
    published,
)
from datadao.agreements import Agreed
from datadao.chain.view import LeaseState, Tag
from datadao.custodian.service import Service
from datadao.errors import ChainUnavailable, NodeRefused, StoreUnavailable, UnsealFailed
from datadao.storage.board import Board
from datadao.storage.store import Store
from datadao.types import Contribution


@pytest.fixture
def board(world: World) -> Board:
    return Board(DAO, world.store)


@pytest.fixture
def service(world: World, board: Board, listed: list[Contribution]) -> Service:
    return Service(world.custodian(0), board)


def test_round__new_submissions__are_opened_once_and_said_so(
    world: World, service: Service, board: Board, alice: Wallet
) -> None:
    first = board.submit(world.contribute(b"first", alice))
    assert service.round().tested == 1
    second = board.submit(world.contribute(b"second", alice))
    found = service.round()
    assert (found.tested, found.refused) == (1, {})
    assert service.round().tested == 0
    said = [witness.submissions for witness in board.witnesses(COMMITTEE_VERSION, 0)]
    assert sorted(said) == sorted([(first,), (second,)])
    service.custodian.close()
    assert Service(world.custodian(0), board).round().tested == 0  # also not after a restart


def test_round__submission_that_does_not_open__is_reported_once_and_stops_nothing(
    world: World, service: Service, board: Board, alice: Wallet, caplog: pytest.LogCaptureFixture
) -> None:
    parties = list(world.committee.custodians)
    parties[0] = dataclasses.replace(parties[0], hpke_key=hpke_key("other").public_key().public_bytes_raw())
    noise = world.contribute(b"x", alice, committee=dataclasses.replace(world.committee, custodians=tuple(parties)))
    name = board.submit(noise)
    first, second = service.round(), service.round()
    assert {i: type(why) for i, why in first.refused.items()} == {name: UnsealFailed}
    assert (first.metrics["refused"], second.metrics["refused"]) == (1, 0)
    assert first.leases[LEASE].released == 5
    assert caplog.text.count(name.hex()) == 1
    assert list(board.witnesses(COMMITTEE_VERSION, 0)) == []


def test_round__slot_of_an_earlier_committee__opens_no_submissions_and_serves_its_leases(
    world: World, service: Service, board: Board, alice: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    board.submit(world.contribute(b"first", alice))
    counts = world.view.counts
    monkeypatch.setattr(world.view, "counts", lambda: counts()._replace(committees=COMMITTEE_VERSION + 1))
    found = service.round()
    assert (found.tested, found.leases[LEASE].released) == (0, 5)


def test_round__inbox_fails__leases_are_served_all_the_same(
    world: World, board: Board, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = Store("memory://")

    def down(*_: object) -> object:
        raise StoreUnavailable("down")

    monkeypatch.setattr(inbox, "names", down)
    found = Service(world.custodian(0), Board(DAO, world.store, inbox)).round()
    assert isinstance(found.error, StoreUnavailable)
    assert found.leases[LEASE].released == 5
    assert found.metrics["stopped"] == 1


def test_round__one_lease_fails__the_others_are_served(world: World, service: Service) -> None:
    other = dataclasses.replace(world.view.leases["latest"][LEASE], lease_id=LEASE - 1, hpke_key=bytes(31))
    for leases in world.view.leases.values():
        leases[LEASE - 1] = other
    found = service.round()
    assert isinstance(found.leases[LEASE - 1].error, ChainUnavailable)
    assert (found.leases[LEASE].released, found.leases[LEASE].error) == (5, None)
    assert (found.metrics["leases"], found.metrics["stopped"], found.metrics["released"]) == (2, 1, 5)


def too_many(lease_ids: Sequence[int], tag: Tag) -> list[LeaseState]:
    """All leases in one question are more than the node's limit."""
    raise NodeRefused("too many requests")


def test_round__node_that_answers_for_two_leases_at_a_time__serves_them_all_in_turn(
    world: World, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit of requests: a round that began at the first lease each time would never reach the last ones."""
    one = world.view.leases["latest"][LEASE]
    count = 7
    for leases in world.view.leases.values():
        leases.clear()
        leases.update({i: dataclasses.replace(one, lease_id=i, approved_at=0) for i in range(1, count + 1)})
    read, asked = world.view.lease, []

    def limited(lease_id: int, tag: Tag) -> LeaseState:
        asked.append(lease_id)
        if len(set(asked)) > 2:
            raise NodeRefused("too many requests")
        return read(lease_id, tag)

    monkeypatch.setattr(world.view, "lease", limited)
    monkeypatch.setattr(world.view, "lease_states", too_many)
    turns = []
    for _ in range(5):
        asked.clear()
        failed = [i for i, found in service.round().leases.items() if isinstance(found.error, ChainUnavailable)]
        assert len(failed) == count - 2
        turns.append(sorted(set(range(1, count + 1)) - set(failed)))
    assert turns == [[1, 2], [3, 4], [5, 6], [1, 7], [2, 3]]


def test_round__after_one_that_served_all__begins_at_the_first_lease(
    world: World, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = world.view.leases["latest"][LEASE]
    for leases in world.view.leases.values():
        leases.update({i: dataclasses.replace(one, lease_id=i, approved_at=0) for i in (1, 2, 3)})
    read, asked, down = world.view.lease, [], {2, 3}

    def failing(lease_id: int, tag: Tag) -> LeaseState:
        asked.append(lease_id)
        if lease_id in down:
            raise NodeRefused("too many requests")
        return read(lease_id, tag)

    monkeypatch.setattr(world.view, "lease", failing)
    monkeypatch.setattr(world.view, "lease_states", too_many)
    firsts = []
    for now_down in ({2, 3}, set(), set()):
        asked.clear()
        down.clear()
        down.update(now_down)
        service.round()
        firsts.append(asked[0])
    assert firsts == [1, 2, 1]


def test_round__no_chain__raises_and_reports_it_once(
    world: World, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    def silent(what: str, _: str) -> None:
        if what == "counts":
            raise TimeoutError("no answer")

    world.view.fault = silent
    for _ in range(3):
        with pytest.raises(ChainUnavailable):
            service.round()
    assert len(caplog.records) == 1
    assert published(world) == []


def test_round__lease_over__held_back_bundles_are_destroyed(world: World, service: Service) -> None:
    world.view.set_lease(started=False, paid_until=0)
    assert service.round().leases[LEASE].held == 5
    world.view.set_lease(ended=True)
    assert service.round().leases == {}
    assert list((world.home / "custodian-0").glob("*.bundle")) == []
    asked = len(world.view.asked)
    service.round()
    assert ("lease", "finalized") not in world.view.asked[asked:]  # it never lives again


def test_round__nothing_new__asks_little_and_says_nothing(
    world: World, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "datadao.custodian")
    service.round()
    shown, asked = len(caplog.records), len(world.view.asked)
    assert shown == 2  # the nodes answer, the lease is served
    service.round()
    assert len(caplog.records) == shown
    assert "standing" not in {what for what, _ in world.view.asked[asked:]}


def test_round__agreement_of_a_lease__is_said_once_and_where_it_cannot_be_read_stops_nothing(
    world: World, board: Board, listed: list[Contribution], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "datadao.custodian")
    asked, silent = [], True

    def agreed(lease_id: int) -> Agreed:
        asked.append(lease_id)
        if silent:
            raise TimeoutError("no answer")
        return Agreed(b"\1" * 32, problem="it is not in storage")

    service = Service(world.custodian(0), board, agreed=agreed)
    for expected in (1, 2):
        assert service.round().leases[LEASE].released == 5
        assert len(asked) == expected, "until it is known"
    silent = False
    for _ in range(2):
        assert service.round().leases[LEASE].released == 5
    assert asked == [LEASE] * 3
    said = [(record.levelname, record.getMessage()) for record in caplog.records if "agreement" in record.getMessage()]
    assert said == [
        ("WARNING", f"slot 2-0: lease {LEASE}: its agreement cannot be read: TimeoutError: no answer"),
        (
            "WARNING",
            f"slot 2-0: lease {LEASE}: agreement keccak256 0x{'01' * 32}, not shown: it is not in storage; in words: "
            f"`datadao lease show {LEASE}`",
        ),
    ]


def test_round__later_batch_and_new_key__are_prepared_anew(world: World, service: Service) -> None:
    service.round()
    later = world.activate(world.members(b"later"), batch_id=9, sequence=2, at=1_001)
    assert len(contributions(later, batch_id=9)) == 1
    assert service.round().leases[LEASE].released == 6
    world.view.set_lease(hpke_key=hpke_key("rotated").public_key().public_bytes_raw())
    world.activate(world.members(b"still later"), batch_id=10, sequence=3, at=1_002)
    assert service.round().leases[LEASE].released == 7
