"""A batch's manifest beside the first edition's: a contributor's claim, all leaves, a custodian's check of them.

Each step runs in a process of its own, in each edition's environment: the peak of its memory is that of the step.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

SIZES = (10_000, 1_000_000)
CHECKED = 100_000
"""Leaves that a custodian checks: of a million the first edition's proofs alone take minutes."""
MIB = 1024**2


class Step(NamedTuple):
    """What a step took: CPU seconds, bytes of memory at its peak, how much of them it added, and bytes read."""

    cpu: float
    peak: int
    added: int
    read: int


Run = Callable[[str, Sequence[object]], str]
"""A program in an edition's environment, with its arguments: the last line that it printed."""


def beside(first: Run, now: Run, sizes: tuple[int, int] = SIZES, checked: int = CHECKED) -> list[tuple[object, ...]]:
    """Of each row what, the unit, the first edition's figure, this one's, the target and a note."""
    with tempfile.TemporaryDirectory() as folder:
        editions = {}
        for name, run, own in (("first", first, FIRST), ("now", now, NOW)):
            place = Path(folder, name)
            place.mkdir()

            def step(what: str, count: int, *, run: Run = run, own: str = own, place: Path = place) -> Step:
                return Step(*json.loads(run(COMMON.replace("# edition", own), (what, count, place))))

            for count in sorted({*sizes, checked}):
                step("build", count)
            editions[name] = step
        small, large = sizes

        def pair(what: str, count: int) -> tuple[Step, Step]:
            return editions["first"](what, count), editions["now"](what, count)

        claims, less = pair("claim", large), editions["now"]("claim", small)
        whole, looked, check = pair("decode", large), pair("look", large), pair("check", checked)
    of = f"of {large:,} leaves"

    def row(what: str, steps: tuple[Step, Step], field: str, target: str, unit: str = "CPU s") -> tuple[object, ...]:
        scale = 1 if unit != "MiB" else MIB
        return (what, unit, *(getattr(step, field) / scale for step in steps), target, "")

    return [
        row(f"a contributor's claim in a batch {of}", claims, "read", "≤ 0.005", "bytes read"),
        row(f"a contributor's claim in a batch {of}", claims, "cpu", "≤ 0.02"),
        row(f"a contributor's claim in a batch {of}, peak", claims, "peak", "≤ 200 MiB", "MiB"),
        row(f"the claim now, {of} beside {small:,}", (less, claims[1]), "read", "≤ 4", "bytes read"),
        row(f"a manifest {of} read and checked", whole, "cpu", "≤ 0.35"),
        row(f"a manifest {of} read and checked, memory added", whole, "added", "≤ 0.4", "MiB"),
        row(f"the same, and each leaf looked at, {of}", looked, "cpu", ""),
        row(f"a custodian checks a batch of {checked:,} members", check, "cpu", "≤ 0.25"),
    ]


COMMON = """
import hashlib, json, resource, sys, time
from types import SimpleNamespace
from datadao.encoding import address
from datadao.types import Dao, Leaf
# edition

what, count, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
dao = Dao(31337, "0x" + "11" * 20, "0x" + "22" * 20)

class Counting(Store):
    given = 0
    def get(self, *arguments):
        data = super().get(*arguments)
        self.given += len(data)
        return data

def hashed(*words):
    return hashlib.sha256(repr(words).encode()).digest()

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

store, record = Counting("file://" + folder + "/store", **OPTIONS), folder + "/" + str(count)
if what == "build":
    owners = sorted(hashed("owner", i)[:20] for i in range(count))
    manifest = Manifest(dao, 7, 1, tuple(
        Leaf(address("0x" + who.hex()), hashed("mark", i), hashed("file", i), hashed("envelope", i), 1 + i % 9, 9_000)
        for i, who in enumerate(owners)
    ))
    with open(record, "w") as file:
        json.dump([keep(store, manifest).hex(), manifest.tree.root.hex(), owners[count // 2].hex()], file)
    digest = root = me = None
else:
    with open(record) as file:
        digest, root, me = map(bytes.fromhex, json.load(file))
    me = address("0x" + me.hex())
if what == "check":
    manifest = whole(store, dao, digest)
    view, state = SimpleNamespace(), BatchState(7, 1, root, 900, *PURPOSES)
    view.batch, view.batch_states = lambda *_: state, lambda ids, _: [state for _ in ids]
    lease = SimpleNamespace(dataset_id=7, purposes=1, approved_at=1_000)
before, began = peak(), time.process_time()
if what == "claim":
    leaf, proof = claimed(store, dao, digest, root, me)
    assert leaf.contributor == me
    assert verify(root, leaf_hash(dao, 7, 1, leaf), proof)
elif what == "decode":
    assert len(whole(store, dao, digest).leaves) == count
elif what == "look":
    assert sum(leaf.units for leaf in whole(store, dao, digest).leaves) >= count
elif what == "check":
    members, covered = Checks(view, dao).members(lease, listed(manifest))
    assert len(members) == len(covered) == count
print(json.dumps([time.process_time() - began, peak(), peak() - before, store.given]))
"""

FIRST = """
from datadao.batch import Manifest
from datadao.gate import BatchState
from datadao.merkle import leaf_hash, verify
from datadao.store import Store
from datadao.warden import Warden as Checks

OPTIONS, PURPOSES = {}, ()

def keep(store, manifest):
    return store.put_bytes(manifest.encode())

def whole(store, dao, digest):
    return Manifest.decode(store.get(digest, Manifest.LIMIT), dao, digest)

def claimed(store, dao, digest, root, me):
    manifest = whole(store, dao, digest)
    ((index, leaf),) = ((i, leaf) for i, leaf in enumerate(manifest.leaves) if leaf.contributor == me)
    return leaf, manifest.tree.proof(index)

def listed(manifest):
    return [manifest.contribution(1, i) for i in range(len(manifest.leaves))]
"""

NOW = """
from datadao.chain.view import BatchState
from datadao.crypto.merkle import leaf_hash, verify
from datadao.custodian.checks import Checks
from datadao.messages.manifest import Manifest
from datadao.storage.manifests import read_excerpt, read_manifest as whole, store_manifest as keep
from datadao.storage.store import Store

OPTIONS, PURPOSES = {"create": True}, (3,)

def claimed(store, dao, digest, root, me):
    excerpt = read_excerpt(store, dao, 1, SimpleNamespace(manifest_hash=digest, root=root), [me])
    ((index, leaf),) = excerpt.of([me]).items()
    return leaf, excerpt.tree.proof(index)

def listed(manifest):
    return manifest.contributions(1)
"""
