"""Figures of the data plane. Not a test: `toolchain/run python -m tests.client.bench [what ...]` prints them.

what: tree, files (--count), stream (--mib). Each runs in a process of its own, so that peak memory is its own.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from eth_utils import keccak

from datadao.crypto import files, shares
from datadao.merkle import MerkleTree, leaf_hashes
from datadao.store import Store
from datadao.types import Leaf

from .world import DAO, LEASE, World, contributions


@contextlib.contextmanager
def timed(label: str, count: int = 0) -> Iterator[None]:
    """Prints wall and processor seconds (on a busy machine they differ) and items per wall second."""
    begin, busy = time.perf_counter(), time.process_time()
    yield
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    rate = f"{count / seconds:12,.0f} /s" if count else ""
    print(f"{label:<58}{seconds:9.2f} s{busy:9.2f} s cpu{rate}", flush=True)


def peak() -> None:
    print(f"{'peak resident memory':<58}{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:9,.0f} MiB")


def tree(count: int, _: int) -> None:
    """Leaves into a root, and all proofs."""
    mark = keccak(b"leaf")
    leaves = [
        Leaf(f"0x{i // 3:040x}", i.to_bytes(32, "big"), mark, bytes(reversed(i.to_bytes(32, "big"))), 1 + i % 9, 9_000)
        for i in range(count)
    ]
    with timed(f"tree of {count:,} leaves", count):
        built = MerkleTree(leaf_hashes(DAO, 7, 1, leaves))
    peak()
    with timed("its proofs", count):
        for i in range(count):
            built.proof(i)


def many_files(_: int, count: int) -> None:
    """One role after the other over `count` files of 1 KB, 3-of-5, on local disk."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), store=Store(f"file://{folder}/store"))
        with timed(f"contributors encrypt, share, seal, store {count:,} files", count):
            leaves = world.members(*(keccak(i.to_bytes(4, "big")) * 32 for i in range(count)))
        with timed("attestors build the batch and its manifest", count):
            manifest = world.activate(leaves)
        listed = contributions(manifest)
        for slot in range(3):
            custodian = world.custodian(slot)
            with timed(f"custodian {slot} opens, checks, seals anew", count):
                custodian.prepare(LEASE, listed)
            with timed(f"custodian {slot} publishes", count):
                custodian.publish(LEASE, listed)
        licensee = world.licensee()
        with timed("licensee: collect, combine 3 of 5, check, decrypt", count):
            faults = licensee.collect()
            opened = sum(item.path is not None for item in licensee.open_all(manifest, Path(folder, "out")))
        if faults or opened != count:
            sys.exit(f"only {opened} of {count} files opened; {len(faults)} bundles at fault")
        made = dict(enumerate(shares.split(bytes(32), 3, 5)))
        with timed("of which Lagrange combination, 3 of 5", count):
            for _ in range(count):
                shares.combine(made, 3)
        peak()


class Zeros(io.RawIOBase):
    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        count = min(size, self.left)
        self.left -= count
        return bytes(count)


def stream(mib: int, _: int) -> None:
    """One large contribution through encryption, upload, download and opening, on local disk."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), store=Store(f"file://{folder}/store"))
        secret = files.new_secret()
        sealed, plain = Path(folder, "sealed"), Path(folder, "plain")
        with timed(f"encrypt and store {mib:,} MiB"):
            with sealed.open("wb") as out:
                digest = files.encrypt(Zeros(mib << 20), out, secret)
            world.store.put_file(sealed)
        with timed("fetch and open"):
            world.store.get_file(digest, sealed)
            files.decrypt(sealed, plain, secret, digest)
        if plain.stat().st_size != mib << 20:
            sys.exit("the opened file has another size")
        peak()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    runs: dict[str, Callable[[int, int], None]] = {"tree": tree, "files": many_files, "stream": stream}
    parser.add_argument("what", nargs="*", help="one or more of " + ", ".join(runs))
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--mib", type=int, default=1_024)
    options = parser.parse_args()
    size = {"tree": options.leaves, "files": 0, "stream": options.mib}
    for what in options.what or runs:
        print(f"-- {what}: {runs[what].__doc__}")
        process = multiprocessing.get_context("spawn").Process(target=runs[what], args=(size[what], options.count))
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(process.exitcode)


if __name__ == "__main__":
    main()
