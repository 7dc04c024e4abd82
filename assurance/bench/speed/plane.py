"""The data plane: a large batch tree, many small files through all roles, one large file in little memory."""

from __future__ import annotations

import io
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eth_utils import keccak

from assurance.bench.report import Stopwatch, Table, alone
from assurance.harness.dao.parties import DAO, LEASE, World, contributions
from datadao.crypto import files, shares
from datadao.crypto.merkle import MerkleTree, leaf_hashes
from datadao.storage.store import Store
from datadao.types import Leaf

HEADINGS = ("step", "wall s", "CPU s", "per wall s", "peak MiB", "goal")
HOW = "Each part in a process of its own, on local disk. Peak is the resident memory of that process so far."


class Log:
    """Rows of a part."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, ...]] = []

    @contextmanager
    def step(self, label: str, count: int = 0, goal: str = "") -> Iterator[None]:
        with Stopwatch() as watch:
            yield
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rate = f"{count / watch.wall:,.0f}" if count else ""
        self.rows.append((label, f"{watch.wall:.2f}", f"{watch.cpu:.2f}", rate, f"{peak:,.0f}", goal))


def tree(count: int) -> list[tuple[str, ...]]:
    """Leaves into a root, and all proofs."""
    log, mark = Log(), keccak(b"leaf")
    leaves = [
        Leaf(f"0x{i // 3:040x}", i.to_bytes(32, "big"), mark, bytes(reversed(i.to_bytes(32, "big"))), 1 + i % 9, 9_000)
        for i in range(count)
    ]
    with log.step(f"tree of {count:,} leaves", count, "1,000,000 in 10 s and 2,048 MiB"):
        built = MerkleTree(leaf_hashes(DAO, 7, 1, leaves))
    with log.step("its proofs", count):
        for i in range(count):
            built.proof(i)
    return log.rows


def many_files(count: int) -> list[tuple[str, ...]]:
    """One role after the other over `count` files of 1 KB, 3-of-5."""
    log = Log()
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), store=Store(f"file://{folder}/store", create=True))
        with log.step(f"contributors encrypt, share, seal, store {count:,} files", count):
            leaves = world.members(*(keccak(i.to_bytes(4, "big")) * 32 for i in range(count)))
        with log.step("attestors build the batch and its manifest", count):
            manifest = world.activate(leaves)
        listed = contributions(manifest)
        for slot in range(3):
            custodian = world.custodian(slot)
            with log.step(f"custodian {slot} opens, checks, seals anew", count):
                custodian.prepare(LEASE, listed)
            with log.step(f"custodian {slot} publishes", count):
                custodian.publish(LEASE, listed)
        licensee = world.licensee()
        with log.step("licensee collects, combines, checks, decrypts", count, "10,000 files in 60 s"):
            faults = licensee.collect()
            opened = sum(item.path is not None for item in licensee.open_all(manifest, Path(folder, "out")))
        if faults or opened != count:
            raise RuntimeError(f"only {opened} of {count} files opened; {len(faults)} bundles at fault")
        made = dict(enumerate(shares.split(bytes(32), 3, 5)))
        with log.step("of which Lagrange combination, 3 of 5", count):
            for _ in range(count):
                shares.combine(made, 3)
    return log.rows


class Zeros(io.BytesIO):
    """A file of zeros that is nowhere."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.left = size

    def read(self, size: int | None = -1) -> bytes:
        count = self.left if size is None or size < 0 else min(size, self.left)
        self.left -= count
        return bytes(count)


def stream(mib: int) -> list[tuple[str, ...]]:
    """One large contribution through encryption, upload, download and opening."""
    log, goal = Log(), "200 MiB"
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"file://{folder}/store", create=True)
        secret, sealed, plain = files.new_secret(), Path(folder, "sealed"), Path(folder, "plain")
        with log.step(f"encrypt {mib:,} MiB", goal=goal), sealed.open("wb") as out:
            digest = files.encrypt(Zeros(mib << 20), out, secret)
        with log.step("upload", goal=goal):
            store.put_file(sealed)
        sealed.unlink()
        with log.step("download", goal=goal):
            store.get_file(digest, sealed)
        with log.step("check and open", goal=goal):
            files.decrypt(sealed, plain, secret, digest)
        if plain.stat().st_size != mib << 20:
            raise RuntimeError(f"opened {plain.stat().st_size} bytes of {mib} MiB")
    return log.rows


def table(leaves: int, count: int, mib: int) -> Table:
    result = Table("Data plane", HOW, HEADINGS)
    for part, size in ((tree, leaves), (many_files, count), (stream, mib)):
        result.rows += alone(part, size)
    return result
