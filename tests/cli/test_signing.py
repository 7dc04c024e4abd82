"""`--sign`: what a member without ether signs, a relay sends; the command itself sends nothing.

given a member with votes and no ether
  when it votes, claims, binds with --sign      the board should hold what it signed, and its nonce stay
  when the relay runs                           each should have its effect, paid by the relay, and be reported
  when the desk is named                        it should be handed to the desk, and its refusal be shown
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import ape
import pytest

from tests.cli.conftest import FreshDao
from tests.cli.test_heir import Parties

MEMBER, RELAY, HEIR = 10, 12, 5


def account(number: int) -> str:
    return str(ape.accounts.test_accounts[number].address)


@dataclass
class Signing:
    live: FreshDao
    member: Path
    relay: Path

    def run(self, home: Path, *words: str) -> Any:
        ran = self.live.run(home, *words, "--json")
        assert ran.code == 0, (ran.out, ran.err)
        return ran.document


@pytest.fixture
def signing(live: FreshDao) -> Signing:
    live.node.rpc("anvil_setBalance", account(MEMBER), "0x0")
    spends = {"day": "0.5", "member": "0.1", "price": "3000"}
    return Signing(live, live.home("member", f"TEST::{MEMBER}"), live.home("relay", f"TEST::{RELAY}", relay=spends))


def give(live: FreshDao, owner: int) -> None:
    """An accepted, claimed contribution: shares, tokens, votes."""
    Parties(live).give(owner)


def test_heir_bind__signed__is_relayed_and_the_member_pays_nothing(signing: Signing) -> None:
    give(signing.live, MEMBER)
    before = signing.live.nonce(MEMBER)
    done = signing.run(signing.member, "heir", "bind", account(HEIR), "--delay", "45", "--sign", "--yes")
    (signed,) = done["signed"]
    assert (signed["kind"], signed["signer"], done["desk"]) == ("heir-bind", account(MEMBER), None)
    relayed = signing.run(signing.relay, "relay", "once")
    assert [(b["kind"], b["state"], b["requests"]) for b in relayed["batches"]] == [("alone", "mined", 1)]
    assert signing.run(signing.member, "heir", "show")["heir"] == account(HEIR)
    assert signing.live.nonce(MEMBER) == before
    report = signing.run(signing.relay, "relay", "report")
    assert report["batches"] == relayed["batches"] and int(report["spentToday"]) == int(report["batches"][0]["wei"])


def test_heir_succeed__signed_by_the_heir__is_relayed_and_the_heir_pays_nothing(signing: Signing) -> None:
    give(signing.live, MEMBER)
    node = signing.live.node
    node.rpc("anvil_setBalance", account(HEIR), "0x0")
    heir = signing.live.home("heir", f"TEST::{HEIR}")
    signing.run(signing.member, "heir", "bind", account(HEIR), "--delay", "30", "--sign", "--yes")
    signing.run(signing.relay, "relay", "once")
    for step, after in (("open", 30 * 86_400), ("succeed", 1)):
        signing.run(heir, "heir", step, account(MEMBER), "--sign", "--yes")
        assert len(signing.run(signing.relay, "relay", "once")["batches"]) == 1
        node.rpc("evm_increaseTime", after)
        node.rpc("evm_mine")
    shown = signing.run(heir, "heir", "show", account(MEMBER))
    assert (shown["succeeded"], shown["holder"]) == (True, account(HEIR))
    assert signing.run(heir, "status")["me"]["tokens"] != "0"


def test_claim__signed_by_who_has_nothing__is_dropped_with_the_reason(signing: Signing) -> None:
    signing.run(signing.member, "claim", "--sign", "--yes")
    assert signing.run(signing.relay, "relay", "once")["dropped"] == 1
    (dropped,) = signing.run(signing.relay, "relay", "report")["dropped"]
    assert dropped["reason"] == f"{account(MEMBER)} has no accepted contribution"
    assert "has no accepted contribution" in signing.live.run(signing.relay, "relay", "report").out


def test_relay__without_budgets__does_not_begin(signing: Signing) -> None:
    bare = signing.live.home("bare", f"TEST::{RELAY}")
    assert "has no `relay`" in signing.live.run(bare, "relay", "once").refusal
    wrong = signing.live.home("wrong", f"TEST::{RELAY}", relay={"day": "much", "membr": "1"})
    ran = signing.live.run(wrong, "relay", "once")
    assert ran.code == 1
    assert "unknown membr; did you mean member?" in ran.err and "missing member: what may be spent, in ether" in ran.err
    assert "day: expected a number with at most 18 decimals, got 'much'" in ran.err


@pytest.fixture
def refusing() -> Iterator[str]:
    """A desk that refuses everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(429)
            self.end_headers()
            self.wfile.write(b'{"error": {"kind": "TooMuch", "message": "come back tomorrow"}}')

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_desk__that_refuses_or_is_none__is_shown_and_nothing_is_on_the_board(signing: Signing, refusing: str) -> None:
    claim = ("claim", "--sign", "--yes", "--desk")
    assert "come back tomorrow" in signing.live.run(signing.member, *claim, refusing).refusal
    assert "does not answer as a desk" in signing.live.run(signing.member, *claim, "http://127.0.0.1:9").refusal
    assert "expected an address" in signing.live.run(signing.member, *claim, "desk").refusal
    assert not [path for path in signing.live.objects if "requests" in str(path)]


def test_desk__without_sign_or_sign_for_another__is_a_wrong_use(signing: Signing) -> None:
    assert signing.live.run(signing.member, "claim", "--desk", "http://x").code == 2
    assert signing.live.run(signing.member, "claim", "--sign", "--for", account(HEIR)).code == 2
