"""What is estimated in the second of an account's last change: there it writes over checkpoints, for which it opens
slots a second later, where the transaction is mined.

given an account that does again what it just did           its limit should hold in the next second
given many calls of one account                             so should each of theirs
given rules that price state apart                          the same
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from eth_account import Account

from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.door import Door
from assurance.harness.chain.node import Node
from assurance.harness.chain.proxy import Proxy, Request
from assurance.harness.dao.dao import Dao, leaf
from datadao.chain.patience import connect
from datadao.client import DataDAO
from datadao.types import Contribution

FILES = 5
"""Of a member who erases them one after another: two checkpoints share a slot, so every other change opens one."""


@pytest.fixture(
    scope="module",
    params=[(Node, 16_000_000), (Door, 100_000_000), (lambda: Door("osaka"), 16_000_000)],
    ids=["anvil", "amsterdam", "osaka"],
)
def life(request: pytest.FixtureRequest) -> Iterator[Dao]:
    make, creation = request.param
    node = make()
    yield Dao(chain=Anvil(node.web3, gas_limit=creation))
    node.stop()


@pytest.fixture
def dao(life: Dao) -> Iterator[Dao]:
    before = life.chain.snapshot()
    yield life
    life.chain.revert(before)


@pytest.fixture
def handle(dao: Dao) -> Iterator[DataDAO]:
    """At a node whose blocks come a second after what was estimated for them, on the last one and at its time."""
    with Proxy(dao.chain.web3.provider.endpoint_uri) as node:

        def passing(request: Request) -> Request:
            if request["method"] == "eth_sendRawTransaction":
                dao.chain.timestamp += 1
                dao.chain._rpc("evm_setNextBlockTimestamp", dao.chain.timestamp)
            return request

        node.ask = passing
        yield DataDAO(dao.addresses, connect(node.url))


@pytest.fixture
def member(dao: Dao) -> Any:
    who = dao.who("member")
    dao.chain._rpc("anvil_setBalance", who.address, hex(10**20))
    return Account.from_key(who.key)


@pytest.fixture
def files(dao: Dao) -> list[Contribution]:
    """Of an active batch, claimed."""
    owner = dao.who("member")
    batch = dao.publish([leaf(owner, f"file {number}", units=100) for number in range(FILES)])
    dao.activate(batch)
    for item in batch.manifest.leaves:
        dao.claim(batch, item)
    dao.chain.warp(1)
    return batch.manifest.contributions(batch.id)


def test_send__the_same_again__holds_in_the_next_second(
    handle: DataDAO, member: Any, files: list[Contribution]
) -> None:
    for item in files:
        handle.erase(item, member)
    others = [Account.create().address for _ in range(4)]
    for other in (*others, *others):
        handle.send("token", "delegate", other, sender=member)


def test_send_many__the_same_again__each_holds_in_the_next_second(
    handle: DataDAO, member: Any, files: list[Contribution]
) -> None:
    handle.erase(files.pop(), member)
    calls = [handle.call("registry", "erase", item.batch_id, tuple(item.leaf), list(item.proof)) for item in files]
    assert len(handle.send_many(calls, member)) == len(calls)
