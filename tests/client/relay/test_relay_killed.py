"""A relay that is killed, at any point between signing and recording, sends nothing twice and forgets nothing.

given a relay with ballots to send
  when it dies before or after the broadcast, or after the block       the next run should finish that transaction
  when its transaction is lost, or dear gas holds it up                the same nonce should be used again
  when another transaction takes its nonce                             the requests should go anew, each once
given a process of its own                                             kill -9 in the middle of the broadcast the same
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from assurance import ROOT
from assurance.harness.chain.proxy import Answer, Fault, Proxy, Request
from assurance.harness.clock import Clock
from datadao.chain import connection, transactions
from datadao.relay.journal import DONE, WAITING, Journal

from .conftest import RelayWorld


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LAG", 0.5)


def before(act: Callable[..., Any]) -> Callable[..., Any]:
    def killed(*args: Any, **options: Any) -> Any:
        raise Killed

    return killed


def after(act: Callable[..., Any]) -> Callable[..., Any]:
    def killed(*args: Any, **options: Any) -> Any:
        act(*args, **options)
        raise Killed

    return killed


POINTS = {
    "before it is written down": (Journal, "begin", before),
    "after it is written down": (Journal, "begin", after),
    "after the broadcast": (transactions, "broadcast", after),
    "after the block": (transactions, "wait", after),
    "before the result is written down": (Journal, "settle", before),
    "after the result is written down": (Journal, "settle", after),
}


@pytest.mark.parametrize(("owner", "name", "kill"), POINTS.values(), ids=POINTS)
def test_killed__anywhere__the_next_run_finishes_and_nothing_is_sent_twice_K10(
    relaying: RelayWorld, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, kill: Callable[..., Any]
) -> None:
    relaying.to_vote()
    ballots = [relaying.ballot(who) for who in relaying.members]
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, kill(getattr(owner, name)))
        with pytest.raises(Killed):
            relaying.relay().round()
    relaying.relay().round()
    assert relaying.nonce == 1 and len(relaying.journal.batches()) == 1
    assert [relaying.state(item) for item in ballots] == [(DONE, "")] * 5
    weight = relaying.handle.read("token", "balanceOf", relaying.members[0].address)
    assert relaying.votes == (0, 5 * weight, 0) and relaying.journal.open() == []


def test_transaction__that_the_node_lost__is_given_to_it_again(
    relaying: RelayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    relaying.to_vote()
    ballot = relaying.ballot(relaying.members[0])
    with monkeypatch.context() as patch:
        patch.setattr(transactions, "broadcast", lambda *_: None)
        patch.setattr(transactions, "_AGAIN", 99.0)
        assert "is not mined after" in relaying.relay().round().stopped
    (batch,) = relaying.journal.open()
    assert relaying.state(ballot)[0] == "sent" and relaying.nonce == 0
    (done,) = relaying.relay().round().sent
    assert done.attempts == batch.attempts and done.state == "mined" and relaying.nonce == 1
    assert relaying.state(ballot) == (DONE, "")


def test_transaction__that_pends_as_gas_gets_dear__takes_its_own_place(relaying: RelayWorld) -> None:
    relaying.to_vote()
    relaying.ballot(relaying.members[0])
    relaying.rpc("evm_setAutomine", False)
    try:
        assert "is not mined after" in relaying.relay().round().stopped
        assert "is not mined yet" in relaying.relay().round().stopped
        (batch,) = relaying.journal.open()
        relaying.rpc("anvil_setNextBlockBaseFeePerGas", hex(2 * batch.attempts[0].max_fee))
        relaying.rpc("evm_mine")
        assert relaying.nonce == 0, "the block was too dear for it"
        assert "is not mined after" in relaying.relay().round().stopped
        (raised,) = relaying.journal.open()
        first, second = raised.attempts
        assert (first,) == batch.attempts and second.nonce == first.nonce and second.max_fee > first.max_fee
        assert raised.wei > batch.wei
    finally:
        relaying.rpc("evm_setAutomine", True)
        relaying.rpc("evm_mine")
    (done,) = relaying.relay().round().sent
    assert done.state == "mined" and relaying.nonce == 1


def test_nonce__that_another_transaction_took__the_requests_go_anew_K10(
    relaying: RelayWorld, monkeypatch: pytest.MonkeyPatch, hasty: Clock
) -> None:
    hasty.hasty = False
    relaying.to_vote()
    ballot = relaying.ballot(relaying.members[0])
    with monkeypatch.context() as patch:
        patch.setattr(transactions, "broadcast", after(lambda *_: None))
        with pytest.raises(Killed):
            relaying.relay().round()
    elsewhere = {"to": relaying.account.address, "value": 0, "nonce": 0, "gas": 21_000, "gasPrice": 10**10,
                 "chainId": relaying.handle.id.chain_id}  # fmt: skip
    relaying.handle.web3.eth.send_raw_transaction(relaying.account.sign_transaction(elsewhere).raw_transaction)
    done = relaying.relay().round()
    assert [batch.state for batch in done.sent] == ["void", "mined"] and relaying.nonce == 2
    assert relaying.state(ballot) == (DONE, "") and done.sent[0].wei == 0


def test_list__that_fails_in_its_block__is_paid_once_and_its_requests_go_alone_K10(
    relaying: RelayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    relaying.to_vote()
    ballots = [relaying.ballot(who) for who in relaying.members[:2]]
    relay, sign = relaying.relay(), transactions.sign
    with monkeypatch.context() as patch:  # as if others made it dearer than any limit
        patch.setattr(transactions, "sign", lambda *args, **given: sign(*args, **given | {"gas": 60_000}))
        (failed,) = relay.round().sent
    assert failed.state == "failed" and failed.gas > 0 and relaying.votes == (0, 0, 0)
    assert [relaying.state(item)[0] for item in ballots] == [WAITING] * 2
    assert [batch.kind for batch in relay.round().sent] == ["alone", "alone"] and relaying.nonce == 3


PROGRAM = """
import json
import sys
from pathlib import Path
from eth_account import Account
from eth_utils import keccak
from datadao.batches import Catalog
from datadao.chain.patience import connect
from datadao.chain.signatures import checker
from datadao.client import DataDAO
from datadao.relay.journal import Journal
from datadao.relay.relay import Relay
from datadao.storage.board import Board
from datadao.storage.store import Store
from tests.client.relay.conftest import LIMITS

url, addresses, store, folder = json.loads(sys.argv[1])
dao, store = DataDAO(addresses, connect(url)), Store(store)
account = Account.from_key(keccak(text="the relay"))
board, journal = Board(dao.id, store), Journal(Path(folder), "the test's")
Relay(dao, board, Catalog(dao, store), journal, LIMITS, account, checker(dao.web3), patience=2.0).round()
"""


class Killer(Fault):
    """Kills the process that sends a transaction, once it reached the node and before the answer does."""

    methods = frozenset({"eth_sendRawTransaction"})
    process: subprocess.Popen[bytes]

    def alter(self, request: Request, answer: Answer) -> Answer:
        if request["method"] in self.methods:
            self.process.kill()
        return answer


def test_process__killed_with_signal_9_as_it_sends__has_sent_once_K10(relaying: RelayWorld) -> None:
    relaying.to_vote()
    ballots = [relaying.ballot(who) for who in relaying.members]
    fault = Killer()
    with Proxy(relaying.world.url, [fault]) as proxy:
        given = [proxy.url, relaying.handle.addresses, (relaying.world.home / "store").as_uri(), str(relaying.folder)]
        fault.process = subprocess.Popen([sys.executable, "-c", PROGRAM, json.dumps(given)], cwd=ROOT)
        assert fault.process.wait(60) == -signal.SIGKILL
    assert len(relaying.journal.open()) == 1
    relaying.relay().round()
    assert relaying.nonce == 1 and [relaying.state(item) for item in ballots] == [(DONE, "")] * 5
