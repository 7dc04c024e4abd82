"""What the work of the data plane costs: questions to the node, operations of the storage, processor seconds.

Each function is one situation with figures of its own, counted at the provider and at the storage. The tests assert
them at small sizes. `make ratios` runs this file in this checkout and in that of the first edition, whose modules have
other names: `python tests/client/measured.py NAME SIZE...` prints the figures as JSON.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import obstore
import requests
from requests.adapters import HTTPAdapter

STORE = ("put", "get", "head", "list", "delete")
"""Operations of obstore's; a listing of any length is one."""


class Counted:
    """What was asked while it was counted: `http` requests, `calls` in them by method, `store` operations by kind; the
    most of these at once; seconds."""

    def __init__(self) -> None:
        self.http = 0
        self.calls = Counter[str]()
        self.store = Counter[str]()
        self.names: list[str] = []
        self.under_way = self.most = 0
        self.wall = self.cpu = 0.0
        self.lock = threading.Lock()

    @property
    def figures(self) -> dict[str, float]:
        return {
            "http": self.http, "calls": self.calls.total(), "eth_call": self.calls["eth_call"],
            "store": self.store.total(), "fetched": self.store["get"], "most": self.most, "wall": self.wall,
            "cpu": self.cpu,
        }  # fmt: skip


@contextmanager
def counting(delay: float = 0.0, limit: int = 0) -> Iterator[Counted]:
    """Counts all of this process. Each operation of the storage takes `delay` seconds more; the node refuses questions
    for events of more than `limit` blocks, if given."""
    counted, send = Counted(), HTTPAdapter.send

    def sent(self: Any, request: Any, **options: Any) -> Any:
        body = json.loads(request.body)
        batch = body if isinstance(body, list) else [body]
        counted.http += 1
        counted.calls.update(each["method"] for each in batch)
        if limit and any(_blocks(each) > limit for each in batch):
            return _refusal(request, body, limit)
        return send(self, request, **options)

    def counts(kind: str) -> Callable[..., Any]:
        operation = getattr(obstore, kind)

        def run(store: Any, name: str, *rest: Any, **options: Any) -> Any:
            with counted.lock:
                counted.store[kind] += 1
                counted.names.append(f"{kind} {name}")
                counted.under_way += 1
                counted.most = max(counted.most, counted.under_way)
            try:
                time.sleep(delay)
                return operation(store, name, *rest, **options)
            finally:
                with counted.lock:
                    counted.under_way -= 1

        return run

    with (
        patch.object(HTTPAdapter, "send", sent),
        ExitStack() as stack,
    ):
        for kind in STORE:
            stack.enter_context(patch.object(obstore, kind, counts(kind)))
        began, cpu = time.perf_counter(), time.process_time()
        try:
            yield counted
        finally:
            counted.wall, counted.cpu = time.perf_counter() - began, time.process_time() - cpu


def _blocks(question: Any) -> int:
    """How many blocks a question for events is about."""
    wanted = question["params"][0] if question["method"] == "eth_getLogs" else {}
    if "fromBlock" not in wanted:
        return 0
    return int(wanted["toBlock"], 16) - int(wanted["fromBlock"], 16) + 1


def _refusal(request: Any, body: Any, limit: int) -> Any:
    error = {"code": -32005, "message": f"query exceeds max block range {limit}"}
    batch = body if isinstance(body, list) else [body]
    answers = [{"jsonrpc": "2.0", "id": each["id"], "error": error} for each in batch]
    response = requests.Response()
    response.status_code, response.request, response.url = 200, request, request.url
    response.raw = io.BytesIO(json.dumps(answers if isinstance(body, list) else answers[0]).encode())
    return response


@cache
def named(*places: str) -> Any:
    """`module:name` of this edition, or of the first."""
    for place in places:
        module, _, name = place.partition(":")
        try:
            return getattr(importlib.import_module(module), name)
        except ImportError:
            continue
    raise ImportError(f"none of {places}")


def first_edition() -> bool:
    return importlib.util.find_spec("datadao.custody") is not None


# A DAO on a node


def contribute(world: Any, count: int) -> list[Any]:
    """Accepted contributions of the first member, without the signatures that custodians never see."""
    dao, store, committee = world.dao, world.store, world.committee()
    attestors = world.handle.attestors() if hasattr(world, "handle") else world.gate().attestors()
    made = named("datadao.contributor:contribute", "datadao.submission:contribute")
    kind, owner = named("datadao.types:Leaf"), world.members[0].address
    leaves = []
    for _ in range(count):
        data = hashlib.sha256(f"{id(world)} {time.perf_counter_ns()}".encode()).digest()
        item = made(
            io.BytesIO(b'{"name": "%s", "diary": "x"}\n' % data.hex().encode()), dao=dao.id, dataset_id=1,
            contributor=owner, committee=committee, attestors=attestors, store=store, signer=lambda _: b"",
        )  # fmt: skip
        leaves.append(kind(owner, data, item.file_hash, item.envelope_hash, 1, 10_000))
    return leaves


def accept(world: Any, leaves: Sequence[Any]) -> None:
    """As a batch, which nobody has claimed of."""
    manifest = world.dao.batch_message(leaves)[1].encode()
    world.store.put_bytes(manifest)
    batch = world.dao.publish(leaves, manifestHash=hashlib.sha256(manifest).digest())
    world.dao.activate(batch)
    world.batches.append(batch)


def lease(world: Any, count: int) -> list[int]:
    """So many leases, approved and paid for, through a standing offer."""
    dao, leases = world.dao, world.dao.leases
    terms = dao.terms()
    if not first_edition():
        terms["minShares"] = (dao.splitter.pool(1)[1] + 1) // 2
    world.govern(
        leases, "createOffer", tuple(terms.values()), "0x" + "0" * 40, count, world.chain.timestamp + 90 * 86_400
    )
    offer = leases.offerCount()
    key = named("datadao.crypto.seal:public_key")(world.licensee_key)
    price = terms["pricePerPeriod"] * terms["periods"] + terms["bond"]
    hashed = () if first_edition() else (leases.hashTerms(tuple(terms.values())),)
    numbers = []
    for _ in range(count):
        who = dao.who(f"licensee {leases.leaseCount()}")
        dao.fund(who, price, leases)
        leases.accept(offer, *hashed, key, price, sender=who.address)
        numbers.append(int(leases.leaseCount()))
        leases.start(numbers[-1], sender=who.address)
    world.finalize()
    return numbers


def view(world: Any) -> Any:
    """What a custodian asks the node, with what it kept."""
    web3 = named("datadao.chain.patience:connect", "datadao.node:connect")(world.url, 30.0)
    if first_edition():
        return named("datadao.chain_gate:ChainGate")(web3, world.dao.addresses)
    return named("datadao.index.view:IndexedView")(web3, world.dao.addresses, world.home / "kept.sqlite")


def custodian(world: Any) -> Any:
    """The custodian in slot 0, as it starts."""
    return world.custodian(0, view(world))


def service(made: Any, world: Any) -> Any:
    board = named("datadao.storage.board:Board", "datadao.board:Board")(world.dao.id, world.store)
    return named("datadao.custodian.service:Service", "datadao.watch:Watch")(made, board)


def _closed(made: Any) -> None:
    made.close()
    getattr(getattr(made, "view", None), "close", lambda: None)()


def listed(world: Any) -> list[Any]:
    found: list[Any] = world.contributions()
    return found


# What is measured


def second_lease(world: Any, files: int) -> dict[str, Any]:
    """A custodian prepares and publishes a lease, then another one over the same files."""
    accept(world, contribute(world, files))
    one, two = lease(world, 2)
    made, items = custodian(world), listed(world)
    found = {}
    for name, number in (("first", one), ("second", two)):
        with counting() as counted:
            held = made.prepare(number, items).held
            made.publish(number, items)
        assert held == len(items), held
        found[name] = counted.figures
    _closed(made)
    return found


def idle_round(world: Any, leases: int) -> dict[str, Any]:
    """A round in which nothing is new, at one lease and at so many."""
    found = {}
    made = custodian(world)
    duty = service(made, world)
    for name, more in (("one", 1), ("many", leases - 1)):
        lease(world, more)
        for _ in range(2):
            outcome = duty.round()
        assert not [each.error for each in outcome.leases.values() if each.error], outcome
        with counting() as counted:
            duty.round()
        found[name] = counted.figures
    _closed(made)
    return found


def restart(world: Any, leases: int, files: int) -> dict[str, Any]:
    """The round of a custodian that starts anew, with so many leases that run."""
    accept(world, contribute(world, files))
    numbers = lease(world, leases)
    made = custodian(world)
    service(made, world).round()
    _closed(made)
    (path,) = made.home.glob("*.jsonl")
    journal = path.stat().st_size
    with counting() as counted:
        made = custodian(world)
        outcome = service(made, world).round()
    members = len(listed(world))
    assert [outcome.leases[n].released for n in numbers] == [members] * leases, outcome
    assert not any(outcome.leases[n].error for n in numbers), outcome
    _closed(made)
    return {"round": counted.figures | {"journal": journal / (members * leases)}}


def world_of(folder: Path) -> Any:
    """A DAO on a node of its own."""
    node = named("assurance.harness.chain.node:Node", "tests.deployment.world:Node")()
    web3 = node.web3
    chain = named("assurance.harness.chain.anvil:Anvil", "tests.support.anvil:Anvil")(web3)
    made = named("tests.client.chain_world:ChainWorld")(chain, folder)
    made.node = node
    return made


SITUATIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "second-lease": second_lease,
    "idle-round": idle_round,
    "restart": restart,
}


def main(name: str, *sizes: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = world_of(Path(folder))
        try:
            print(json.dumps(SITUATIONS[name](world, *map(int, sizes))))
        finally:
            world.node.stop()


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main(*sys.argv[1:])
