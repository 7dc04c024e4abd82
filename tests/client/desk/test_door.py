"""The relay's door, over HTTP: what members sign is on the board, and nothing else is.

given a signed request of each kind
  when it is handed in                         the board should hold the very record, and a relay beside it say the rest
  when it is forged, stale, too late,
  of another shape or once too often           nothing should be on the board, and the refusal say why
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_utils import keccak

from assurance.harness.dao.dao import DAY
from assurance.harness.dao.system import Actor
from datadao.batches import Catalog
from datadao.chain.signatures import checker
from datadao.desk.document import validator
from datadao.messages.requests import (
    ClaimRequest,
    ErasureRequest,
    HeirBinding,
    HeirOpening,
    HeirUnbinding,
    HeirVeto,
    Request,
    SignedBallot,
)
from datadao.relay.journal import Journal
from datadao.relay.judge import domains_of
from datadao.relay.relay import Relay
from datadao.storage.board import WEEK, Board
from tests.client.relay.conftest import LIMITS as SPENDS

from .conftest import DeskWorld, hexed, refused


def signed(desk: DeskWorld, request: Request, by: Actor) -> Any:
    return replace(request, signature=by.sign(request.typed(domains_of(desk.world.handle))))  # type: ignore[call-arg]


def post(desk: DeskWorld, request: Request, **changes: Any) -> Any:
    return desk.served.ask("POST", f"v1/requests/{request.KIND}", json=request.document | changes)


def found(desk: DeskWorld) -> set[bytes]:
    board, now = Board(desk.world.dao.id, desk.world.store), desk.world.chain.timestamp
    return {key for week in (now // WEEK, now // WEEK + 1) for key, _ in board.requests(week)}


def of_every_kind(desk: DeskWorld) -> list[Request]:
    member, heir = desk.world.members[0], desk.world.dao.who("heir")
    until = desk.world.chain.timestamp + DAY
    return [
        signed(desk, request, by)
        for request, by in (
            (ClaimRequest(member.address, until, b""), member),
            (ErasureRequest(member.address, 1, b"\x01" * 32, until, b""), member),
            (HeirBinding(member.address, heir.address, 30, 0, until, b""), member),
            (HeirUnbinding(member.address, 1, until, b""), member),
            (HeirOpening(member.address, heir.address, 0, until, b""), heir),
            (HeirVeto(member.address, 1_800_000_000, b""), member),
        )
    ]  # fmt: skip


@pytest.fixture
def ballot(desk: DeskWorld) -> SignedBallot:
    dao, member = desk.world.dao, desk.world.members[0]
    proposal = dao.propose(member, (dao.brake, "pull", ()), text="a proposal")
    dao.to_vote(proposal.id)
    made: SignedBallot = signed(desk, SignedBallot(proposal.id, 1, member.address, "", b""), member)
    return made


def test_requests__of_every_kind__are_on_the_board_as_they_were_signed(desk: DeskWorld) -> None:
    made = of_every_kind(desk)[:5]
    for request in made:
        answer = post(desk, request)
        assert answer.status_code == 202, answer.text
        validator("Request").validate(answer.json())
        assert answer.json() == {"id": hexed(request.id), "kind": request.KIND, "state": "posted"}
        assert desk.served.get(f"v1/requests/{hexed(request.id)}").json() == answer.json()
    assert found(desk) == {request.id for request in made}


def test_veto__has_no_deadline_and_is_taken(desk: DeskWorld) -> None:
    veto = of_every_kind(desk)[5]
    assert post(desk, veto).status_code == 202 and found(desk) == {veto.id}


def test_ballot__handed_in_and_relayed__says_what_became_of_it(
    desk: DeskWorld, ballot: SignedBallot, tmp_path: Path
) -> None:
    desk.journal = Journal(tmp_path / "relay", "the test's")
    assert post(desk, ballot).json()["state"] == "waiting"
    handle, store = desk.world.handle, desk.world.store
    account = Account.from_key(keccak(text="the relay"))
    desk.world.chain._rpc("anvil_setBalance", account.address, hex(10**18))
    board, catalog = Board(handle.id, store), Catalog(handle, store)
    Relay(handle, board, catalog, desk.journal, SPENDS, account, checker(handle.web3), patience=2.0).round()
    done = desk.served.get(f"v1/requests/{hexed(ballot.id)}").json()
    validator("Request").validate(done)
    assert done["state"] == "done" and handle.read("governor", "hasVoted", ballot.proposal_id, ballot.voter)
    again = replace(ballot, support=0)
    again = signed(desk, again, desk.world.members[0])
    assert refused(post(desk, again), 400, "RequestRefused", f"{ballot.voter} has voted on the proposal")


def test_ballot__forged_of_a_stranger_or_of_no_proposal__is_refused_K11(desk: DeskWorld, ballot: SignedBallot) -> None:
    assert refused(post(desk, ballot, support=0), 403, "SignatureRefused", f"not signed by {ballot.voter}")
    assert refused(post(desk, ballot, signature="0x00"), 403, "SignatureRefused")
    assert refused(post(desk, ballot, proposalId="1"), 403, "SignatureRefused")
    stranger = desk.world.dao.who("stranger")
    weightless = signed(desk, replace(ballot, voter=stranger.address), stranger)
    assert refused(post(desk, weightless), 400, "RequestRefused", "had no votes when the proposal opened")
    nothing = signed(desk, replace(ballot, proposal_id=7), desk.world.members[0])
    assert refused(post(desk, nothing), 400, "RequestRefused", "there is no such proposal")
    assert list(Board(desk.world.dao.id, desk.world.store).ballots(ballot.proposal_id)) == []


@pytest.mark.parametrize("ahead", [-1, 3 * WEEK], ids=["past", "far"])
def test_claim__whose_deadline_is_past_or_far__is_refused(desk: DeskWorld, ahead: int) -> None:
    member = desk.world.members[0]
    late = signed(desk, ClaimRequest(member.address, desk.world.chain.timestamp + ahead, b""), member)
    assert refused(post(desk, late), 400, "InvalidArgument", "expected one from") and found(desk) == set()


def test_requests__once_too_often_in_a_day__are_refused_and_the_same_again_is_not(desk: DeskWorld) -> None:
    member, now = desk.world.members[0], desk.world.chain.timestamp
    made = [signed(desk, ClaimRequest(member.address, now + DAY + n, b""), member) for n in range(6)]
    assert [post(desk, request).status_code for request in made] == [202] * 5 + [429]
    assert post(desk, made[0]).status_code == 202 and len(found(desk)) == 5


def test_request__of_another_shape_or_unknown__is_refused(desk: DeskWorld) -> None:
    claim = of_every_kind(desk)[0]
    assert refused(post(desk, claim, deadline="soon"), 400, "InvalidArgument", "/deadline: 'soon' is not of type")
    assert refused(post(desk, claim, account="0x" + "aB" * 20), 400, "InvalidArgument", "checksum")
    assert refused(desk.served.ask("POST", "v1/requests/claim", data=b"x" * 300_000), 413, "ObjectTooLarge")
    assert refused(desk.served.get("v1/requests/0x" + "00" * 32), 404, "NotFound", "was handed in here")
