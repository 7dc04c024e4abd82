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
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

POLICY = ("sharesPerUnit", "minQuality", "purposes", "minPricePerPeriod", "minPeriod", "maxPeriod", "maxPeriods",
          "minBond", "commonsBps", "treasuryBps", "schemaHash", "uri")  # fmt: skip
SCHEMA = json.dumps({
    "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "required": ["name", "diary"],
    "properties": {"name": {"type": "string"}, "diary": {"type": "string"}},
}).encode()  # fmt: skip
QUALITY = 5_000
"""The least that is paid for: an epoch has room for 4,000 such contributions."""


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


# From beside this file, if it is run as a program.
counting = named("tests.client.counted:counting", "counted:counting")


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
        leaves.append(kind(owner, data, item.file_hash, item.envelope_hash, 1, QUALITY))
    return leaves


def accept(world: Any, leaves: Sequence[Any]) -> None:
    """As a batch, which nobody has claimed of."""
    if not first_edition():
        world.publish(leaves)
        return
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


@contextmanager
def prepared_fast() -> Iterator[None]:
    """While a situation is made: what the first edition asks and opens for every lease anew (hours, at a hundred
    thousand of them) is answered from memory. It is what the chain would answer: nothing was erased."""
    if not first_edition():
        yield
        return
    gate, ring = named("datadao.chain_gate:ChainGate"), named("datadao.keyring:Keyring")
    included, opened, kept = named("datadao.gate:Standing").INCLUDED, ring.share, {}

    def share(self: Any, dataset: int, item: Any, name: bytes = b"") -> Any:
        place = self.slot, item.envelope_hash
        if place not in kept:
            kept[place] = opened(self, dataset, item, name)
        return kept[place]

    standing = patch.object(gate, "standing", lambda _, items, tag: [included] * len(items))
    with standing, patch.object(ring, "share", share):
        yield


def listed(world: Any) -> list[Any]:
    found: list[Any] = world.contributions()
    return found


# What is measured


def second_lease(world: Any, files: int, erased: int) -> dict[str, Any]:
    """A custodian prepares and publishes a lease, then another one over the same files but those that were erased."""
    accept(world, contribute(world, files))
    one, two = lease(world, 2)
    made, items = custodian(world), listed(world)
    found = {}
    for name, number, gone in (("first", one, 0), ("second", two, erased)):
        batch = world.batches[-1]
        for leaf in batch.manifest.leaves[:gone]:
            world.dao.erase(batch, leaf)
        world.finalize()
        with counting() as counted:
            held = made.prepare(number, items).held
            made.publish(number, items)
        assert held == len(items) - gone, held
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
    with prepared_fast():
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


# Commands, in this process


def home_of(world: Any, name: str, number: int, **keys: bytes) -> Path:
    """A role's folder: the account `TEST::number`, and its secrets by name."""
    home: Path = world.home / name
    (home / "keys").mkdir(parents=True)
    for key, secret in keys.items():
        (home / "keys" / key).touch(mode=0o600)
        (home / "keys" / key).write_bytes(secret)
    store = {"url": (world.home / "store").as_uri()}
    settings = {"network": world.url, "deployment": dict(world.dao.addresses), "account": f"TEST::{number}"}
    (home / "config.yaml").write_text(json.dumps(settings | {"store": store}))
    return home


def run(home: Path, *words: str) -> None:
    """A command that must succeed."""
    from click.testing import CliRunner

    done = CliRunner().invoke(named("datadao.cli.main:cli"), [*words, "--home", str(home)])
    assert done.exit_code in (0, 3), (words, done.output, done.exception)


def pem(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def status(world: Any, batches: int, leases: int) -> dict[str, Any]:
    """`datadao status`."""
    for _ in range(batches - 1):
        accept(world, contribute(world, 1))
    lease(world, leases)
    home = home_of(world, "reader", 9)
    with counting() as counted:
        run(home, "status")
    return {"status": counted.figures}


def open_again(world: Any, leaves: int) -> dict[str, Any]:
    """`datadao open` of a lease whose files are all open."""
    accept(world, contribute(world, leaves))
    (number,) = lease(world, 1)
    items = listed(world)
    for slot in range(3):
        made = world.custodian(slot, view(world))
        with prepared_fast():
            made.prepare(number, items)
            made.publish(number, items)
        _closed(made)
    home = home_of(world, f"licensee-{leaves}", 9, release=pem(world.licensee_key))
    for _ in range(2):
        with counting() as counted:
            run(home, "open", str(number), "--out", str(home / "out"))
    assert len(list((home / "out").rglob("*"))) > leaves
    return {"open": counted.figures}


def overlap(world: Any, files: int, milliseconds: int) -> dict[str, Any]:
    """Files through a contributor, a custodian and a licensee, over a storage that takes its time."""
    found, delay = {}, milliseconds / 1_000
    home = home_of(world, "contributor", 9)
    paths = [home / f"{number}.jsonl" for number in range(files)]
    for number, path in enumerate(paths):
        path.write_text(json.dumps({"name": f"{number}", "diary": "x"}) + "\n")
    with counting(delay) as counted:
        run(home, "contribute", *map(str, paths), "--dataset", "1")
    found["contribute"] = counted.figures
    accept(world, contribute(world, files))
    (number,) = lease(world, 1)
    items = listed(world)
    for slot in range(3):
        made = world.custodian(slot, view(world))
        with counting(delay if slot == 0 else 0) as counted:
            made.prepare(number, items)
        found.setdefault("prepare", counted.figures)
        made.publish(number, items)
        _closed(made)
    world.lease = number
    with counting(delay) as counted:
        opened = world.opened(world.home / "out", world.batches[-1].manifest)
    assert all(item.path for item in opened) and len(opened) == files
    return found | {"open": counted.figures}


def audited(world: Any, claims: int, new: int) -> dict[str, Any]:
    """An audit of a DAO with so many claims; another one after `new` events."""
    from types import SimpleNamespace

    leaves = contribute(world, claims)
    accept(world, leaves)
    for leaf in leaves[: claims - new]:
        world.dao.claim(world.batches[-1], leaf)
    web3 = named("datadao.chain.patience:connect", "datadao.node:connect")(world.url, 30.0)
    dao = SimpleNamespace(web3=web3, addresses=world.dao.addresses, since=0)
    audit, found = named("datadao.ledger:audit", "datadao.audit:audit"), {}
    index = () if first_edition() else (None, named("datadao.index:Index")(world.home / "audit.sqlite", dao))
    for name, more in (("full", 0), ("again", new)):
        for leaf in leaves[claims - new :] if more else ():
            world.dao.claim(world.batches[-1], leaf)
        with counting() as counted:
            report = audit(dao, *index, **({} if first_edition() else {"every": False}))
        assert report.ok, report
        found[name] = counted.figures
    return found


def scanned(world: Any, blocks: int, limit: int) -> dict[str, Any]:
    """All events of the DAO, on a node that gives those of `limit` blocks at once; then what is new."""
    from types import SimpleNamespace

    world.chain._rpc("anvil_mine", hex(blocks), "0x0")
    web3 = named("datadao.chain.patience:connect", "datadao.node:connect")(world.url, 30.0)
    found: dict[str, Any] = {"least": -(-web3.eth.block_number // limit)}
    dao = SimpleNamespace(web3=web3, addresses=world.dao.addresses, since=0)
    index = None if first_edition() else named("datadao.index:Index")(world.home / "scan.sqlite", dao)
    for name in ("first", "again"):
        with counting(limit=limit) as counted:
            if index is None:
                head = web3.eth.block_number
                named("datadao.chain:read_logs")(web3, list(dao.addresses.values()), 0, head)
            else:
                index.sync()
        found[name] = counted.figures
    return found


@contextmanager
def mining_each_second(world: Any) -> Iterator[None]:
    """As a chain does. A node that mines when something comes may mine a part of what comes together, and leave the
    rest until something else does."""
    rpc = world.chain._rpc
    rpc("evm_setIntervalMining", 1)
    try:
        yield
    finally:
        rpc("evm_setIntervalMining", 0)
        rpc("evm_setAutomine", True)


def sent_many(world: Any, count: int) -> dict[str, Any]:
    """So many transactions of one account."""
    import ape

    with ape.networks.parse_network_choice(world.url):
        account = ape.accounts.test_accounts[9]
        if first_edition():
            dao = named("datadao.client:DataDAO")(world.dao.addresses)
        else:
            dao, account = world.handle, named("datadao.chain.wallet:ApeAccount")(account)
        calls = [dao.call("token", "delegate", world.members[0].address) for _ in range(count)]
        with mining_each_second(world), counting() as counted:
            dao.send_many(calls, account)
    return {"beyond": counted.figures | {"http": counted.http - counted.sending - counted.waiting}}


def attested(world: Any, batches: int, files: int) -> dict[str, Any]:
    """An attestor's score, draft, signature and publication of the first batch, and of the one after `batches`."""
    key = named("assurance.harness.dao.keys:local_key", "datadao.testing:local_key")
    private = named("cryptography.hazmat.primitives.asymmetric.x25519:X25519PrivateKey").from_private_bytes
    policy = world.dao.registry.currentPolicy(1)
    schema = world.store.put_bytes(SCHEMA)
    changed = [schema if name == "schemaHash" else getattr(policy, name) for name in POLICY]
    world.govern(world.dao.registry, "updatePolicy", 1, tuple(changed))
    world.finalize()
    homes = [
        home_of(world, f"attestor-{n}", 2 + n, sealing=pem(private(key(f"attestor-{n}"))), fingerprint=b"ab" * 32)
        for n in range(2)
    ]
    giver = home_of(world, "contributor", 9)
    duties = [service(world.custodian(slot, view(world)), world) for slot in range(4)]
    found, number = {}, 1
    for made in range(batches + 1):
        paths = [giver / f"{made}-{number}.jsonl" for number in range(files)]
        for place, path in enumerate(paths):
            path.write_text(json.dumps({"name": f"{made}", "diary": f"{place}"}) + "\n")
        run(giver, "contribute", *map(str, paths), "--dataset", "1")
        for duty in duties:
            duty.round()
        run(homes[1], "attest", "score", "--dataset", "1")
        with counting() as counted:
            run(homes[0], "attest", "score", "--dataset", "1")
            run(homes[0], "attest", "draft", "--dataset", "1")
            run(homes[1], "attest", "sign", "--dataset", "1")
            run(homes[0], "attest", "publish", "--dataset", "1", "--yes")
        number = world.dao.registry.batchCount()
        found["first" if made == 0 else "last"] = counted.figures
        world.chain.timestamp = max(world.chain.timestamp, world.chain.web3.eth.get_block("latest")["timestamp"])
        world.chain.warp(world.dao.registry.challengePeriod() + 1)
        world.dao.registry.activate(number, sender=world.dao.who("relayer").address)
        world.finalize()
    for duty in duties:
        _closed(duty.custodian)
    return found


def world_of(folder: Path) -> Any:
    """A DAO on a node of its own."""
    node = named("assurance.harness.chain.node:Node", "tests.deployment.world:Node")()
    try:
        chain = named("assurance.harness.chain.anvil:Anvil", "tests.support.anvil:Anvil")(node.web3)
        made = named("tests.client.chain_world:ChainWorld")(chain, folder)
    except BaseException:
        node.stop()
        raise
    made.node = node
    return made


SITUATIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "second-lease": second_lease,
    "idle-round": idle_round,
    "restart": restart,
    "status": status,
    "open-again": open_again,
    "overlap": overlap,
    "audit": audited,
    "scan": scanned,
    "send-many": sent_many,
    "attest": attested,
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
