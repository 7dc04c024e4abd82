"""`--sign`: what a member without ether signs, a relay sends; the command itself sends nothing.

given a member with votes and no ether
  when it votes, erases, claims, or names,
  removes or refuses an heir with --sign        the board should hold what it signed, and its nonce stay
  when the relay runs                           each should have its effect, paid by the relay, and be reported
  when a desk is named                          it should be handed to the desk, and its refusal be shown
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import ape
import pytest
from eth_utils import keccak

from assurance.harness.chain.node import until
from assurance.harness.forked import program
from datadao.chain import wallet
from datadao.client import DataDAO
from datadao.messages.eip712 import signed_by
from datadao.messages.manifest import build_batch
from datadao.messages.requests import Request
from datadao.relay.judge import domains_of
from datadao.storage.board import WEEK, Board
from datadao.storage.manifests import store_manifest
from datadao.storage.store import Store, content_name
from datadao.types import ContributionStatus, Leaf
from tests.cli.conftest import FreshDao
from tests.cli.test_heir import Parties

MEMBER, RELAY, HEIR = 10, 12, 5
DAY = 86_400


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

    def heir(self, *words: str) -> Any:
        """A step of the member's and its relaying."""
        self.run(self.member, "heir", *words, "--sign", "--yes")
        self.relayed()

    def relayed(self) -> Any:
        return self.run(self.relay, "relay", "once")["batches"]

    def wait(self, seconds: int) -> None:
        self.live.node.rpc("evm_increaseTime", seconds)
        self.live.node.rpc("evm_mine")

    @property
    def dao(self) -> DataDAO:
        return DataDAO(self.live.addresses, self.live.node.web3)

    @property
    def store(self) -> Store:
        return Store(f"file://{self.live.folder}/storage")

    def on_board(self, *ballots_of: int) -> list[Request]:
        """What lies there for a relay: of this week, and on these proposals."""
        dao, board = self.dao, Board(self.dao.id, self.store)
        week = int(dao.web3.eth.get_block("latest")["timestamp"]) // WEEK
        found = [request for _, request in board.requests(week)]
        return [*found, *(ballot for proposal in ballots_of for _, ballot in board.ballots(proposal))]


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


Case = Iterator[tuple[tuple[str, ...], str, tuple[int, ...]]]
"""Yields a command, the kind of what it signs and the proposals it is about; goes on when that is relayed."""


def vote(signing: Signing) -> Case:
    live, dao = signing.live, signing.dao
    give(live, MEMBER)
    signing.wait(2)  # who proposes had its votes the second before
    live.node.rpc("anvil_setBalance", account(MEMBER), hex(10**18))
    words = ("propose", "asset.transfer", account(HEIR), "1", "--description", "one for the heir", "--untried")
    proposal = int(signing.run(signing.member, *words, "--yes")["proposal"])
    live.node.rpc("anvil_setBalance", account(MEMBER), "0x0")
    signing.wait(DAY + 1)
    assert dao.read("governor", "proposalVotes", proposal)[1] == 0
    yield ("vote", str(proposal), "for", "--reason", "a good heir"), "ballot", (proposal,)
    assert dao.read("governor", "hasVoted", proposal, account(MEMBER))
    assert dao.read("governor", "proposalVotes", proposal)[1] == dao.read("token", "balanceOf", account(MEMBER)) > 0


def erase(signing: Signing) -> Case:
    leaf = accepted(signing)
    assert signing.dao.read("registry", "contribution", leaf.fingerprint).status == ContributionStatus.NONE
    yield ("erase", leaf.file_hash.hex()), "erasure", ()
    assert signing.dao.read("registry", "contribution", leaf.fingerprint).status == ContributionStatus.ERASED


def heir_unbind(signing: Signing) -> Case:
    give(signing.live, MEMBER)
    signing.heir("bind", account(HEIR), "--delay", "30")
    assert signing.dao.read("token", "succession", account(MEMBER))[0] == account(HEIR)
    yield ("heir", "unbind"), "heir-unbind", ()
    assert signing.run(signing.member, "heir", "show")["heir"] is None


def heir_veto(signing: Signing) -> Case:
    give(signing.live, MEMBER)
    signing.heir("bind", account(HEIR), "--delay", "30")
    heir = signing.live.home("heir", f"TEST::{HEIR}")
    signing.run(heir, "heir", "open", account(MEMBER), "--yes")
    assert signing.run(signing.member, "heir", "show")["openedAt"]
    yield ("heir", "veto"), "heir-veto", ()
    shown = signing.run(signing.member, "heir", "show")
    assert (shown["openedAt"], shown["heir"]) == (None, account(HEIR))


def accepted(signing: Signing) -> Leaf:
    """The member's one contribution in an active batch, which nobody claimed."""
    with ape.networks.parse_network_choice(signing.live.node.url):
        dao, now = signing.dao, signing.live.node.web3.eth.get_block("latest")["timestamp"]
        hashes = (keccak(text=part) for part in ("fingerprint", "file", "envelope"))
        leaf = Leaf(account(MEMBER), *hashes, units=5, quality=10_000)
        made, manifest = build_batch(dao.id, 1, 1, [leaf], dao.policy(1), attestor_set_version=1, deadline=now + DAY)
        assert store_manifest(signing.store, manifest) == made.manifest_hash
        attestors = sorted((wallet.find(f"TEST::{n}") for n in (2, 3)), key=lambda found: int(found.address, 16))
        signatures = [wallet.signer(found)(made.typed(dao.id)) for found in attestors]
        payer = wallet.ApeAccount(wallet.find("TEST::4"))
        message = tuple(vars(made).values()), signatures, content_name(made.manifest_hash)
        dao.send("registry", "publish", *message, sender=payer)
        signing.wait(DAY)
        dao.send("registry", "activate", 1, sender=payer)
    return leaf


@pytest.mark.parametrize("case", [vote, erase, heir_unbind, heir_veto])
def test_signed__lies_on_the_board__is_relayed_and_the_member_pays_nothing(
    signing: Signing, case: Callable[[Signing], Case]
) -> None:
    steps = case(signing)
    words, kind, proposals = next(steps)
    before, lay = signing.live.nonce(MEMBER), signing.on_board(*proposals)
    done = signing.run(signing.member, *words, "--sign", "--yes")
    (request,) = [request for request in signing.on_board(*proposals) if request not in lay]
    assert done["desk"] is None
    assert done["signed"] == [{"kind": kind, "id": "0x" + request.id.hex(), "signer": account(MEMBER)}]
    assert kind == request.KIND
    assert signed_by(account(MEMBER), request.typed(domains_of(signing.dao)), request.signature)

    assert [(batch["state"], batch["requests"]) for batch in signing.relayed()] == [("mined", 1)]
    assert next(steps, None) is None
    assert signing.live.nonce(MEMBER) == before
    assert signing.live.node.web3.eth.get_balance(account(MEMBER)) == 0


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


@contextmanager
def real_desk(signing: Signing) -> Iterator[str]:
    """`datadao desk` in a process of its own, beside the relay's folder; its address."""
    log = signing.live.folder / "desk.log"
    words = ("desk", "--port", "0", "--home", str(signing.relay))
    with log.open("wb") as err:
        process = subprocess.Popen([program("datadao", *words), *words], stdout=subprocess.DEVNULL, stderr=err)
    try:
        until(lambda: "/api describes it" in log.read_text(), 30)
        yield next(word for word in log.read_text().split() if word.startswith("http")).rstrip(";,")
    finally:
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(30) == 0, log.read_text()


def test_desk__that_takes_it__has_it_on_the_board_and_the_relay_sends_it(signing: Signing) -> None:
    give(signing.live, MEMBER)
    with real_desk(signing) as url:
        bind = ("heir", "bind", account(HEIR), "--delay", "45", "--sign", "--yes")
        done = signing.run(signing.member, *bind, "--desk", url)
    (request,) = signing.on_board()
    assert (done["desk"], [item["id"] for item in done["signed"]]) == (url, ["0x" + request.id.hex()])
    assert [batch["state"] for batch in signing.relayed()] == ["mined"]
    assert signing.run(signing.member, "heir", "show")["heir"] == account(HEIR)
    assert signing.live.node.web3.eth.get_balance(account(MEMBER)) == 0


def test_desk__without_sign_or_sign_for_another__is_a_wrong_use(signing: Signing) -> None:
    assert signing.live.run(signing.member, "claim", "--desk", "http://x").code == 2
    assert signing.live.run(signing.member, "claim", "--sign", "--for", account(HEIR)).code == 2
