"""K-5 for real: custodians killed at random moments, storage that dies under them, on a real node with real files."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assurance.harness.chain.s3 import KEYS, S3Server
from datadao.custodian import custodian as custody
from datadao.custodian.journal import Journal
from datadao.custodian.service import Service
from datadao.errors import ObjectMissing, ObjectTaken, StoreUnavailable
from datadao.messages.bundle import Bundle, bundles_of
from datadao.storage.board import Board
from datadao.storage.store import Store
from tests.client.chain_world import DATA, ChainWorld

ROOT = Path(__file__).parents[3]
PATIENCE = 60


class Zygote:
    """Custodians of slot 0, each a process."""

    def __init__(self, world: ChainWorld) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.client.zygote"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self._settings = json.dumps({
            "dao": vars(world.dao.id),
            "slot": 0,
            "wallet": world.dao.actors["custodian-0"].key.hex(),
            "url": world.url,
            "addresses": world.dao.addresses,
            "store": {"url": (world.home / "store").as_uri()},
            "home": str(world.home / "custodian-0"),
        })  # fmt: skip

    def start(self) -> int:
        """Process id of a new custodian."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(self._settings + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def status(self) -> int:
        """Exit status of the last one, once it is gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE)


@pytest.fixture
def zygote(leased: ChainWorld) -> Iterator[Zygote]:
    zygote = Zygote(leased)
    yield zygote
    zygote.close()


def killed_until_done(zygote: Zygote, log: Path, chance: random.Random) -> int:
    """Starts custodians and kills each soon after it has written to its log, until one comes to its end; how many."""
    for kills in range(100):
        size = log.stat().st_size if log.exists() else 0
        child, deadline = zygote.start(), time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if log.exists() and log.stat().st_size > size:
                time.sleep(chance.random() * 0.01)
                break
            if Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                break
            time.sleep(0.0005)
        os.kill(child, signal.SIGKILL)
        if zygote.status() == 0:
            return kills
    raise AssertionError("no custodian came to its end")


def test_k5__killed_again_and_again__prepares_once_and_releases_everything_once(
    leased: ChainWorld, zygote: Zygote
) -> None:
    chance = random.Random(5)
    home = leased.home / "custodian-0"
    leased.finalize()
    kills = killed_until_done(zygote, home / "journal.jsonl", chance)
    assert leased.published() == []
    leased.start()
    leased.finalize()
    kills += killed_until_done(zygote, home / "journal.jsonl", chance)
    assert kills >= 3

    assert sorted(name for bundle in leased.published() for name in bundle.ids) == sorted(leased.manifest.ids)
    assert len(list(Board(leased.dao.id, leased.store).readiness(leased.lease))) == 1
    with Journal(home / "journal.jsonl") as journal:
        events = [entry["event"] for entry in journal.entries]
    assert events.count("published") == len(DATA)
    assert [path.name for path in home.iterdir() if path.suffix != ".shares"] == ["journal.jsonl"]


# Storage that goes away, or lies


class S3:
    """A server that speaks the S3 protocol, and can be switched off and on again at the same place."""

    def __init__(self) -> None:
        self._server = S3Server()
        self._server.bucket("dao")

    @property
    def store(self) -> Store:
        return Store("s3://dao", endpoint=self._server.endpoint, http=True, timeout=2.0, **KEYS)

    def off(self) -> None:
        self._server.stop()

    def on(self) -> None:
        self._server = S3Server(self._server.port)


@contextmanager
def s3_with(world: ChainWorld) -> Iterator[S3]:
    """With everything that the world's storage holds."""
    server = S3()
    folder = world.home / "store"
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.parts[-3] == "sha256":
            server.store.put_bytes(path.read_bytes())
    try:
        yield server
    finally:
        server.off()


def test_k5__s3_server_dies_half_way_and_comes_back__the_rest_follows_and_nothing_twice(
    leased: ChainWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(custody, "MAX_FILES", 1)
    leased.finalize()
    leased.start()
    leased.finalize()
    with s3_with(leased) as s3:
        store = s3.store
        custodian = leased.custodian(0, store=store)
        put, puts = store.put, []

        def dying(name: str, data: bytes) -> None:
            puts.append(name)
            if len(puts) == 3:
                s3.off()
            put(name, data)

        monkeypatch.setattr(store, "put", dying)
        service = Service(custodian, Board(leased.dao.id, store))
        stopped = service.round().leases[leased.lease]
        assert isinstance(stopped.error, StoreUnavailable)
        assert (stopped.released, stopped.held) == (2, 3)
        again = service.round().leases[leased.lease]
        assert (type(again.error), again.released) == (StoreUnavailable, 2)
        s3.on()
        done = service.round().leases[leased.lease]
        assert (done.error, done.released, done.held) == (None, 5, 0)
        names = store.names(bundles_of(leased.dao.id, leased.lease))
        ids = [name for place in names for name in Bundle.decode(store.get(place)).ids]
    assert sorted(ids) == sorted(leased.manifest.ids)


def test_service__manifest_lost_by_storage__prepares_nothing_until_it_is_back(leased: ChainWorld) -> None:
    """Over a shorter list every custodian would sign another root."""
    leased.finalize()
    store = leased.home / "store"
    service = Service(leased.custodian(0), Board(leased.dao.id, leased.store))
    manifest = next(path for path in store.rglob("sha256/*/*") if b"datadao/manifest" in path.read_bytes()[:100])
    kept = manifest.read_bytes()
    manifest.unlink()
    lost = service.round().leases[leased.lease]
    assert isinstance(lost.error, ObjectMissing)
    assert "manifest of batch 1" in str(lost.error)
    manifest.write_bytes(kept + b"\n")
    assert service.round().leases[leased.lease].held == 0
    manifest.write_bytes(kept)
    found = service.round().leases[leased.lease]
    assert (found.error, found.held) == (None, 5)


def test_service__bundle_swapped_by_storage__is_not_counted_as_released(leased: ChainWorld) -> None:
    leased.finalize()
    custodian = leased.custodian(0)
    custodian.prepare(leased.lease, leased.contributions())
    leased.start()
    leased.finalize()
    leased.store.put(custodian.state.of(leased.lease)[0].name, b"something else")
    outcome = Service(custodian, Board(leased.dao.id, leased.store)).round().leases[leased.lease]
    assert (type(outcome.error), outcome.released) == (ObjectTaken, 0)


def test_service__envelope_late__that_file_follows_when_it_is_there(leased: ChainWorld) -> None:
    leased.finalize()
    leased.start()
    leased.finalize()
    digest = leased.manifest.leaves[2].envelope_hash.hex()
    (envelope,) = (leased.home / "store").rglob(digest)
    away = envelope.rename(leased.home / "away")
    service = Service(leased.custodian(0), Board(leased.dao.id, leased.store))
    first = service.round().leases[leased.lease]
    assert (first.released, set(first.refused)) == (4, {leased.manifest.ids[2]})
    away.rename(envelope)
    second = service.round().leases[leased.lease]
    assert (second.released, second.refused, second.error) == (5, {}, None)
