"""Two nodes, one of which lies, lags or is silent: nothing is released that the honest one alone would not allow.

given a custodian that asks the real node and a proxy before it
  when the proxy lies                        a custodian that asked it alone would be fooled; this one refuses
  when the proxy is silent or gone           it should refuse, say which node, and go on when it is back
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import eth_abi
import pytest

from assurance.harness.chain.proxy import Proxy, Request, at_block
from datadao.chain.nodes import NodesView
from datadao.chain.view import View
from datadao.custodian.service import Service
from datadao.errors import ChainUnavailable, InvalidArgument, LeaseLapsed
from datadao.storage.board import Board
from tests.client.chain_world import ChainWorld


@pytest.fixture
def proxy(leased: ChainWorld) -> Iterator[Proxy]:
    with Proxy(leased.url) as proxy:
        yield proxy


def both(world: ChainWorld, proxy: Proxy) -> NodesView:
    return NodesView({"node 1": world.view(), "node 2": world.view(proxy.url, timeout=1.0)})


def publish(world: ChainWorld, view: View, home: str) -> int:
    """Tries a whole release by slot 0 over this view; returns how many files came out."""
    custodian = world.custodian(0, view, home=world.home / home)
    before = sum(len(bundle.ids) for bundle in world.published())
    try:
        custodian.prepare(world.lease, world.contributions())
        custodian.publish(world.lease, world.contributions())
    finally:
        custodian.close()
        after = sum(len(bundle.ids) for bundle in world.published())
    return after - before


def started_is_final(world: ChainWorld, proxy: Proxy) -> str:
    """The lease was started a moment ago; the liar calls the latest block final."""
    world.start()
    proxy.ask = at_block("finalized", "latest")
    return "disagree about lease .* finalized blocks: node 1 says {'started': False.*node 2 says {'started': True"


def never_ended(world: ChainWorld, proxy: Proxy) -> str:
    """The lease was ended; the liar replays what it answered before."""
    world.start()
    world.finalize()
    proxy.ask = at_block("latest", world.chain.web3.eth.block_number)
    world.dao.leases.end(world.lease, sender=world.licensee_account.address)
    return "disagree about lease .* latest blocks: node 1 says {'ended': True.*node 2 says {'ended': False"


def not_yet_expired(world: ChainWorld, proxy: Proxy) -> str:
    """Paid time is over; the liar shows an old block."""
    world.start()
    world.finalize()
    proxy.ask = at_block("latest", world.chain.web3.eth.block_number)
    world.chain.warp(world.dao.leases.lease(world.lease).paidUntil - world.chain.timestamp)
    return "disagree .* latest blocks: node 1 says {'paid access': False}; node 2 says {'paid access': True}"


def not_erased(world: ChainWorld, proxy: Proxy) -> str:
    """A member left; the liar shows the block before, with neither the event nor the count."""
    world.start()
    world.finalize()
    proxy.ask = at_block("latest", world.chain.web3.eth.block_number)
    world.dao.erase(world.batches[0], world.manifest.leaves[2])
    return "disagree about contributions at their latest blocks"


LIES = [started_is_final, never_ended, not_yet_expired, not_erased]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
@pytest.mark.parametrize("liar_first", [False, True])
def test_k3__one_of_two_nodes_lies__nothing_is_released(
    leased: ChainWorld, proxy: Proxy, lie: Callable[[ChainWorld, Proxy], str], liar_first: bool
) -> None:
    leased.finalize()
    said = lie(leased, proxy)
    assert publish(leased, leased.view(proxy.url), "fooled") == 5  # alone it would be believed
    for name in leased.store.names("bundles"):
        (leased.home / "store" / name).unlink()
    views = {"node 1": leased.view(), "node 2": leased.view(proxy.url)}
    view = NodesView(dict(reversed(views.items())) if liar_first else views)
    pattern = said if not liar_first else "the nodes disagree about"
    with pytest.raises(ChainUnavailable, match=pattern):
        publish(leased, view, "careful")
    assert leased.published() == []


def test_release__two_honest_nodes__agree(leased: ChainWorld, proxy: Proxy) -> None:
    leased.finalize()
    leased.start()
    leased.finalize()
    assert publish(leased, both(leased, proxy), "careful") == 5
    assert proxy.asked > 10


def test_k3__all_nodes_say_that_time_is_up__says_so_by_its_name(leased: ChainWorld, proxy: Proxy) -> None:
    leased.finalize()
    leased.start()
    leased.finalize()
    leased.chain.warp(leased.dao.leases.lease(leased.lease).paidUntil - leased.chain.timestamp)
    with pytest.raises(LeaseLapsed, match="latest"):
        publish(leased, both(leased, proxy), "careful")


def test_service__second_node_lies_then_is_silent_then_gone_then_back__reported_once_each_and_released_in_the_end(
    leased: ChainWorld, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    leased.finalize()
    leased.start()
    leased.finalize()
    custodian = leased.custodian(0, both(leased, proxy))
    service = Service(custodian, Board(leased.dao.id, leased.store))
    caplog.set_level(logging.INFO, "datadao.custodian")

    def rounds(said: str) -> None:
        caplog.clear()
        for _ in range(2):
            with pytest.raises(ChainUnavailable, match=said):
                service.round()
        assert leased.published() == []
        assert len(caplog.records) == 1
        assert "SECRET" not in caplog.text

    two = "0x" + (2).to_bytes(32, "big").hex()
    proxy.alter = lambda request, answer: {**answer, "result": two} if request["method"] == "eth_call" else answer
    rounds("the nodes disagree about the number of leases and batches at their finalized blocks")
    proxy.alter = lambda _, answer: answer
    proxy.silent = True
    rounds("node 2, asked for the number of leases and batches at its finalized block: .*no answer in time")
    proxy.silent = False
    proxy.alter = lambda _, answer: {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32000, "message": "busy"}}
    rounds("node 2, asked for .*busy")
    proxy.alter = lambda _, answer: answer
    caplog.clear()
    assert service.round().leases[leased.lease].released == 5
    assert [record.message for record in caplog.records] == [
        "slot 1-0: the nodes answer",
        f"slot 1-0: lease {leased.lease}: 5 files released, 0 held back",
    ]


def test_k3__unreachable_node__refused_without_its_address(leased: ChainWorld, proxy: Proxy) -> None:
    leased.finalize()
    view = both(leased, proxy)
    proxy.stop()
    with pytest.raises(ChainUnavailable, match=r"node 2, .*: cannot be reached") as raised:
        publish(leased, view, "careful")
    assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize("status", [401, 429, 503])
@pytest.mark.parametrize("method", ["eth_getBlockByNumber", "eth_getLogs"])
def test_k3__node_refuses_over_http__says_so_without_its_address(
    leased: ChainWorld, proxy: Proxy, status: int, method: str
) -> None:
    leased.finalize()
    view = both(leased, proxy)

    def ask(request: Request) -> Request:
        proxy.status = status if request["method"] == method else 200
        return request

    proxy.ask = ask
    with pytest.raises(ChainUnavailable, match=f"node 2, .*HTTP status {status}") as raised:
        view.manifest(1)
    assert "SECRET" not in str(raised.value)


def test_quorum__of_no_node__refused() -> None:
    with pytest.raises(InvalidArgument):
        NodesView({})


def test_gate__answer_that_is_no_answer__is_a_refusal(leased: ChainWorld, proxy: Proxy) -> None:
    """A liar may also send nonsense: whatever it is, it ends as a refusal and not as a traceback."""
    leased.finalize()
    for result in (None, "0x", "0x00", 7, [], {"a": 1}, "0x" + "ff" * 4096, eth_abi.encode(["uint256[]"], [[1]]).hex()):
        proxy.alter = lambda _, answer, result=result: {**answer, "result": result}
        with pytest.raises(ChainUnavailable):
            publish(leased, both(leased, proxy), "careful")
    assert leased.published() == []
