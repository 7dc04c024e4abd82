"""Single faults of nodes, to their exact words."""

from __future__ import annotations

import re

import pytest

from assurance.harness.chain.faults import NO_TIMES, CappedLogs, LogTimes, StateForgotten, faulty
from assurance.harness.chain.proxy import Answer, Fault, Request
from assurance.harness.clock import Clock
from datadao.chain.codec import CONTRACTS
from datadao.chain.events import topic
from datadao.chain.patience import connect
from datadao.chain.rpc import Block, Call, Log, logs_then_block, read_block, read_logs, read_many, try_many
from datadao.errors import ChainUnavailable, NodeRefused, Reverted, StatePruned

from .world import World


class Keeps(StateForgotten):
    """Only states as far back as a node of a rollup keeps them: nearer than its finalized block."""

    KEPT, FINAL = 20, False

    def respond(self, body: object) -> None:
        return None


SHORT = r"^the node's events show {}, the contracts {} at block \d+: the node cuts its answers short"


def forget(world: World) -> None:
    """What was read from an honest node before is read anew."""
    for path in world.home("member").glob("index.sqlite*"):
        path.unlink()


def unknown_batch(world: World) -> Call:
    return Call(world.dao.addresses["registry"], CONTRACTS["registry"], "isIncluded", (99, LEAF, []))


LEAF = ("0x" + "11" * 20, bytes(32), bytes(32), bytes(32), 1, 1)


@pytest.mark.parametrize("value", NO_TIMES, ids=repr)
def test_logs__with_a_time_that_is_none__have_their_blocks(world: World, value: object) -> None:
    fault = LogTimes(value)
    with faulty(world.node.url) as proxy:
        proxy.faults = [fault]
        honest, web3 = connect(world.node.url), connect(proxy.url)
        last = read_block(web3, "latest")
        wanted = read_logs(honest, [world.dao.addresses["governor"]], 0, last)
        assert read_logs(web3, [world.dao.addresses["governor"]], 0, last) == wanted
    assert fault.hits == len(wanted) > 10
    assert {log.timestamp for log in wanted} == {
        world.node.web3.eth.get_block(int(log.where.split()[1].rstrip(",")))["timestamp"] for log in wanted
    }


def test_custodian__at_a_node_that_pruned_the_finalized_state__reads_what_a_node_must_keep(
    world: World, hasty: Clock
) -> None:
    fault = Keeps()
    fault.node = world.node.url
    with faulty(world.node.url) as proxy:
        proxy.faults = [fault]
        ran = world.run("custodian-0", "custodian", "once", "--json", network=proxy.url)
    assert ran.code == 1 and fault.hits
    message = ran.document["error"]["message"]
    final = world.node.web3.eth.get_block("finalized")["number"]
    assert f"this node no longer has the state of block {final}" in message
    assert "back to its finalized block for custodians (docs/operating.md)" in message


def test_state__that_a_node_forgets_while_it_gives_events__is_asked_of_a_later_block(world: World) -> None:
    with faulty(world.node.url, "state forgotten") as proxy:
        web3, count = connect(proxy.url), Call(world.dao.addresses["registry"], CONTRACTS["registry"], "batchCount", ())

        def read(first: int, last: Block) -> list[Log]:
            return [
                log
                for key in ("registry", "leases")
                for log in read_logs(web3, [world.dao.addresses[key]], first, last)
            ]

        before = read_block(web3, "latest")
        logs, after = logs_then_block(web3, "latest", 0, read)
        assert after.number > before.number and len(logs) > 10
        assert read_many(web3, [count], after.number) == [3]
        with pytest.raises(StatePruned, match=f"no longer has the state of block {before.number}"):
            read_many(web3, [count], before.number)


@pytest.mark.parametrize("fault", ["loud errors", "wrapped errors"])
def test_refusal__whose_words_are_noise__has_its_name_and_arguments(world: World, fault: str) -> None:
    reported = "DatasetRegistry_UnknownBatch(batchId=99)"
    with faulty(world.node.url, fault) as proxy:
        refused = world.run("member", "activate", "99", "--yes", network=proxy.url)
        assert refused.code == 1 and refused.err == f"Refused: activate batch 99: {reported}\n"
        web3 = connect(proxy.url)
        block = read_block(web3, "latest").number
        call = Call(world.dao.addresses["registry"], CONTRACTS["registry"], "batch", (99,), "batch 99")
        with pytest.raises(Reverted, match="batch 99: DatasetRegistry_UnknownBatch") as error:
            read_many(web3, [call], block)
        assert error.value.data[:4] != b"" and str(error.value).isprintable()
        (inside,) = try_many(web3, [call], block)
        assert isinstance(inside, Reverted) and inside.data == error.value.data


class Mute(Fault):
    """Refuses every question, with noise for a reason."""

    def refuse(self, request: object) -> dict[str, object]:
        self.hit()
        return {"code": -32000, "message": "\x1b[2Jno\x07", "data": "0x"}


def test_words_of_a_node__are_not_taken_for_a_contracts(world: World) -> None:
    with faulty(world.node.url) as proxy:
        proxy.faults = [Mute()]
        web3 = connect(proxy.url)
        with pytest.raises(NodeRefused, match=r"^eth_call: \[2Jno$") as reported:
            try_many(web3, [unknown_batch(world)], 1)
        assert not isinstance(reported.value, StatePruned) and reported.value.code == -32000


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("no finalized tag", r"no finalized block \(eth_getBlockByNumber: invalid block tag\)"),
        ("no finalized block", r"no finalized block \(it answers with no block\)"),
    ],
)
def test_finality__that_a_node_does_not_know__is_said(world: World, fault: str, said: str) -> None:
    with faulty(world.node.url, fault) as proxy, pytest.raises(ChainUnavailable, match=said):
        read_block(connect(proxy.url), "finalized")


def test_custodian__on_a_chain_younger_than_its_finality__has_to_wait(world: World) -> None:
    with faulty(world.node.url, "young chain") as proxy:
        ran = world.run("custodian-0", "custodian", "once", "--json", network=proxy.url)
    assert ran.code == 1
    said = f"at block 0 of this node there is no contract at {world.dao.addresses['registry']} yet; wait for finality"
    assert said in ran.document["error"]["message"]


@pytest.mark.parametrize(
    ("fault", "command", "said"),
    [
        (
            "capped logs",
            "proposals",
            SHORT.format(r"(\d+ proposals of leases|0 deployments)", r"\d+"),
        ),
        (
            "pruned logs",
            "proposals",
            SHORT.format(r"(\d+ proposals of leases|0 deployments)", r"\d+"),
        ),
        (
            "capped logs",
            "contributions",
            SHORT.format("0 batches", "3"),
        ),
        ("capped logs", "audit", r"was not deployed in blocks|^the node's events are not complete: "),
        ("pruned logs", "audit", r"was not deployed in blocks \d+ to \d+, or the node no longer has the events"),
        ("logs behind", "proposals", r"^the node that gives events does not have block \d+ yet; try again$"),
        ("logs behind", "audit", r"^the node that gives events does not have block \d+ yet; try again$"),
    ],
)
def test_events__that_a_node_does_not_give__are_missed(
    world: World, fault: str, command: str, said: str, hasty: Clock
) -> None:
    forget(world)
    with faulty(world.node.url, fault) as proxy:
        ran = world.run("member", command, "--json", network=proxy.url)
    assert ran.code == 1 and re.search(said, ran.document["error"]["message"]), ran


class ForgetsVotes(Fault):
    """Gives no votes where it is asked for many blocks: events that nothing counts."""

    def alter(self, request: Request, answer: Answer) -> Answer:
        if request["method"] == "eth_getLogs" and request["params"][0].get("fromBlock") == "0x0":
            blocks = int(request["params"][0]["toBlock"], 16)
            cast = "0x" + topic("DataGovernor", "VoteCast").hex()
            if blocks > int(self.rpc("eth_blockNumber"), 16) // 2:
                kept = [log for log in answer["result"] if log["topics"][0] != cast]
                self.hit(len(kept) < len(answer["result"]))
                answer["result"] = kept
        return answer


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            CappedLogs(40),
            r"^the node's events are not complete: \w+\.\w+ is \d+, they account for \d+; it cuts its answers",
        ),
        (ForgetsVotes(), r"^the node gives other events when it is asked again; try again, or name another$"),
    ],
)
def test_audit__difference_that_the_node_made__is_none(world: World, fault: Fault, said: str) -> None:
    forget(world)
    fault.node = world.node.url
    with faulty(world.node.url) as proxy:
        proxy.faults = [fault]
        ran = world.run("member", "audit", "--json", network=proxy.url)
    assert ran.code == 1 and fault.hits
    assert re.search(said, ran.document["error"]["message"]), ran


def test_block__that_is_not_there_yet__try_again(world: World) -> None:
    with pytest.raises(ChainUnavailable, match="does not have block 99999999; its back ends may lag: try again"):
        read_block(connect(world.node.url), 99_999_999)
