"""A node whose back ends do not all have the last block yet turns no success into a refusal.

given a node of which every second answer lacks the block that a transaction was just mined in
  when calls that depend on each other are sent   it should send them all
  when a result is read after a transaction       it should be that of its block
  when the next command follows at once           it should take the next nonce
given a node that shows a receipt once and then not  it should be done
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assurance.harness.chain.proxy import Answer, Proxy, Request
from assurance.harness.clock import Clock
from datadao.chain import connection
from tests.cli.conftest import FreshDao
from tests.cli.lagging import Lagging
from tests.cli.licensee import ESCROW, Licensee
from tests.cli.test_rehearsal import accept, offer, words


@pytest.fixture
def lagging(live: FreshDao) -> Iterator[Lagging]:
    with Lagging(live.node.url) as proxy:
        yield proxy


@pytest.fixture
def licensee(live: FreshDao, lagging: Lagging, hasty: Clock) -> Licensee:
    made = Licensee(live)
    config = made.home / "config.yaml"
    config.write_text(config.read_text().replace(live.node.url, lagging.url))
    return made


def test_request__approval_not_seen_by_every_back_end__is_made(licensee: Licensee, lagging: Lagging) -> None:
    done = licensee.run(*words())
    assert done.code == 0, done.err
    assert done.document["lease"] == 1
    assert lagging.late["eth_estimateGas"] and lagging.late["eth_getTransactionReceipt"]
    assert (licensee.leases, licensee.escrowed, licensee.allowance, licensee.kept) == (1, ESCROW, 0, [])


def test_accept__approval_not_seen_by_every_back_end__is_made(licensee: Licensee, lagging: Lagging) -> None:
    done = licensee.run(*accept(offer(licensee)))
    assert done.code == 0, done.err
    assert done.document["lease"] == 1
    assert lagging.late["eth_estimateGas"]
    assert (licensee.leases, licensee.escrowed, licensee.kept) == (1, ESCROW, [])


def test_lease__changed_a_moment_ago__is_shown_as_it_is_now(licensee: Licensee, lagging: Lagging) -> None:
    # A DAO without data has no pool for rent: this one asks for none.
    accepted = licensee.run(*accept(offer(licensee, price=0)))
    assert accepted.code == 0, accepted.err
    lagging.left.clear()
    lagging.late.clear()
    started = licensee.run("lease", "start", "1", "--without-keys", "--yes", "--json")
    assert started.code == 0, started.err
    assert (started.document["status"], started.document["paidPeriods"]) == ("Active", 1)
    assert lagging.late["eth_call"] and lagging.late["eth_blockNumber"]


def test_send__one_command_after_another__takes_the_next_nonce(licensee: Licensee, lagging: Lagging) -> None:
    before = licensee.nonce
    lagging.times = 30
    for amount in range(1, 5):
        done = licensee.run("send", "asset.approve", "leases", str(amount), "--yes")
        assert done.code == 0, done.err
    assert lagging.late["eth_getTransactionCount"] and (licensee.nonce, licensee.allowance) == (before + 4, 4)


def test_send__nonce_from_before__is_signed_anew_once_the_node_knows_better(live: FreshDao) -> None:
    licensee = Licensee(live)
    licensee.allow(1)
    before, asked = licensee.nonce, []
    with Proxy(live.node.url) as proxy:

        def ask(request: Request) -> Request:
            if request["method"] == "eth_getTransactionCount" and len(asked) < 4:
                asked.append(request)
                return request | {"params": [request["params"][0], hex(live.node.web3.eth.block_number - 1)]}
            return request

        proxy.ask = ask
        done = licensee.run("send", "asset.approve", "leases", "2", "--yes", "--network", proxy.url)
    assert done.code == 0, done.err
    assert (licensee.nonce, licensee.allowance, licensee.kept) == (before + 1, 2, [])


@pytest.mark.parametrize("at", [1, 2], ids=["at once", "asked again"])
def test_request__receipt_shown_once_and_then_not__is_done(live: FreshDao, at: int) -> None:
    licensee = Licensee(live)
    licensee.allow()
    shown: list[str] = []
    with Proxy(live.node.url) as proxy:

        def alter(request: Request, answer: Answer) -> Answer:
            if request["method"] != "eth_getTransactionReceipt" or not answer.get("result"):
                return answer
            shown.append(request["params"][0])
            return answer if len(shown) == at else answer | {"result": None}

        proxy.alter = alter
        done = licensee.run(*words(), "--network", proxy.url)
    assert done.code == 0, done
    assert (done.code, done.document["lease"], licensee.escrowed) == (0, 1, ESCROW), done.err


def test_lease__mined_and_then_the_node_says_nothing__is_no_refusal(
    live: FreshDao, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LAG", 0.3)
    licensee = Licensee(live)
    assert licensee.run(*words()).code == 0
    sent: list[str] = []
    with Proxy(live.node.url) as proxy:

        def alter(request: Request, answer: Answer) -> Answer:
            if request["method"] == "eth_sendRawTransaction":
                sent.append(answer["result"])
            if sent and request["method"] in ("eth_call", "eth_blockNumber"):
                return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32000, "message": "overloaded"}}
            return answer

        proxy.alter = alter
        done = licensee.run("lease", "cancel", "1", "--yes", "--json", "--network", proxy.url)
    assert (done.code, done.document["error"]["kind"]) == (3, "PartlyDone"), done.err
    assert done.document["error"]["message"].startswith(f"{sent[0]} is mined; what it changed cannot be read now: ")
    proposal = licensee.view("governor", "getProposalId", *licensee.view("leases", "proposalOf", 1))
    assert licensee.view("governor", "state", proposal) == 2, "it is canceled"
