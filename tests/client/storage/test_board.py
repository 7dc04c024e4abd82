"""The board: every party finds what was posted, and rubbish among it misleads and stops none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from assurance.harness.dao.parties import COMMITTEE_VERSION, DAO, DATASET, LEASE, Wallet, World
from datadao.errors import ObjectTaken
from datadao.messages.bundle import Readiness
from datadao.messages.score import Signed
from datadao.messages.submission import Submission
from datadao.storage.board import Board
from datadao.storage.store import Store
from tests.client.attestor.test_agreement import Bench


@pytest.fixture
def board(world: World) -> Board:
    return Board(DAO, world.store)


def place(kind: str, *rest: object) -> str:
    return "/".join(map(str, (kind, DAO.chain_id, DAO.registry.lower(), *rest)))


def test_board__every_kind_of_record__is_found_as_it_was_posted(world: World, board: Board) -> None:
    bench = Bench(world)
    witness = world.witnesses(list(bench.submissions.values()), [2])[0]
    draft, _ = bench.draft(bench.agreement())
    digest = draft.batch.digest(DAO)
    signed = Signed(draft.drafter, draft.signature)
    ready = Readiness(LEASE, bytes(32), COMMITTEE_VERSION, draft.drafter, b"signature")
    for _ in range(2):  # a second time changes nothing
        for item in bench.submissions.values():
            board.submit(item)
        board.witness(witness)
        board.post_score(bench.score(0, "a"))
        board.draft(draft)
        board.sign(digest, signed)
        board.ready(ready)
    assert dict(board.submissions(DATASET)) == bench.submissions
    assert list(board.witnesses(COMMITTEE_VERSION)) == list(board.witnesses(COMMITTEE_VERSION, 2)) == [witness]
    assert list(board.scores(DATASET)) == [bench.score(0, "a")]
    assert list(board.drafts(DATASET)) == [draft]
    assert list(board.signatures(digest)) == [signed]
    assert list(board.readiness(LEASE)) == [ready]


def test_board__elsewhere__shows_nothing(world: World, board: Board) -> None:
    bench = Bench(world)
    for item in bench.submissions.values():
        board.submit(item)
    board.post_score(bench.score(0, "a"))
    other = Board(replace(DAO, chain_id=1), world.store)
    assert not list(other.submissions(DATASET)) and not list(other.scores(DATASET))
    assert not list(board.submissions(DATASET + 1)) and not list(board.witnesses(COMMITTEE_VERSION, 0))


def test_submissions__known_ones__are_not_read_again(world: World, board: Board) -> None:
    bench = Bench(world)
    for item in bench.submissions.values():
        board.submit(item)
    first, second = sorted(bench.submissions)
    assert [name for name, _ in board.submissions(DATASET, {first})] == [second]


@pytest.mark.parametrize(
    "rubbish",
    [
        lambda item: b"",
        lambda item: item.encode() + b"\0",
        lambda item: b"\xff" * (Submission.LIMIT + 1),
        lambda item: replace(item, file_hash=bytes(32)).encode(),
        lambda item: replace(item, dataset_id=DATASET + 1).encode(),
    ],
    ids=["empty", "trailing byte", "too long", "another submission", "another dataset"],
)
def test_submissions__rubbish_among_them__is_passed_over(
    world: World, board: Board, rubbish: Callable[[Submission], bytes]
) -> None:
    good, bad = (world.contribute(data, Wallet("alice")) for data in (b"good", b"bad"))
    board.submit(good)
    world.store.put(place("submissions", DATASET, bad.id(DAO).hex()), rubbish(bad))
    world.store.put(place("submissions", DATASET, "not-a-hash"), b"x")
    assert list(board.submissions(DATASET)) == [(good.id(DAO), good)]


def test_draft__whose_number_is_taken__says_so(world: World, board: Board) -> None:
    bench = Bench(world)
    draft, _ = bench.draft(bench.agreement())
    board.draft(draft)
    with pytest.raises(ObjectTaken):
        board.draft(bench.draft(bench.agreement(), slot=1)[0])


def test_inbox__holds_submissions_and_nothing_else(world: World) -> None:
    inbox = Store("memory://")
    board, bench = Board(DAO, world.store, inbox), Bench(world)
    for item in bench.submissions.values():
        board.submit(item)
    board.post_score(bench.score(0, "a"))
    assert len(list(inbox.names("submissions"))) == 2 and not list(world.store.names("submissions"))
    assert list(world.store.names("scores")) and not list(inbox.names("scores"))
    assert dict(board.submissions(DATASET)) == bench.submissions


def test_witness__in_a_name_that_a_stranger_took__is_still_posted(world: World, board: Board) -> None:
    bench = Bench(world)
    witness = world.witnesses(list(bench.submissions.values()), [0])[0]
    stranger = replace(witness, signature=bytes(65))
    board.witness(stranger)
    board.witness(witness)
    assert {hashlib.sha256(w.encode()).digest() for w in board.witnesses(COMMITTEE_VERSION, 0)} == {
        hashlib.sha256(w.encode()).digest() for w in (witness, stranger)
    }
