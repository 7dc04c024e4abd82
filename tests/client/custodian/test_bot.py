"""The custodians as processes of their own, as operators run them: a Silverback bot for a fleet, `ape run custodian`.

Both play a whole release on the real node; what they print holds no secret.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from assurance.harness.chain.proxy import Proxy
from datadao.licensee.licensee import Opened
from datadao.storage.board import Board
from tests.client.chain_world import DATA, ChainWorld, custodian_key, role

ROOT = Path(__file__).parents[3]
RUN = str(ROOT / "toolchain" / "run")
PATIENCE = 90
"""Seconds to wait for a process on a busy machine."""


def until(done: Callable[[], object], process: subprocess.Popen[bytes], log: Path, world: ChainWorld) -> None:
    """Waits, while blocks go by."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        world.mine(1)
        time.sleep(0.2)


@contextmanager
def running(world: ChainWorld, *command: str, **environment: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A process in a folder of its own, terminated at the end, and what it printed."""
    log = world.home / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [RUN, *command], cwd=world.home, env=os.environ | environment, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        yield process, log
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0, log.read_text()[-3000:]
    finally:
        process.kill()
        process.wait()


def ready(world: ChainWorld, count: int) -> bool:
    return len(list(Board(world.dao.id, world.store).readiness(world.lease))) == count


def files(opened: list[Opened]) -> list[bytes]:
    return sorted(item.path.read_bytes() for item in opened if item.path)


def test_bot__three_slots_as_a_bot__carry_a_lease_from_approval_to_the_licensee(
    leased: ChainWorld, tmp_path: Path
) -> None:
    homes = [role(leased, slot) for slot in (0, 2, 4)]
    bot = ("silverback", "run", "datadao.custodian.bot", "--network", f"ethereum:local:{leased.url}", "--record")
    with running(leased, *bot, DATADAO_HOMES=os.pathsep.join(map(str, homes))) as (process, log):
        leased.finalize()
        until(lambda: ready(leased, 3), process, log, leased)
        assert leased.published() == [], "released before it was paid"
        root, signatures = confirmed(leased)
        leased.dao.leases.confirmDelivery(leased.lease, root, signatures, sender=leased.members[0].address)
        leased.mine(30)
        assert leased.published() == [], "released before it was final"
        leased.finalize()
        until(lambda: figures(leased).get("released") == 15, process, log, leased)
    assert len(leased.published()) == 3
    assert files(leased.opened(tmp_path / "out")) == sorted(DATA)
    assert figures(leased) == {
        "leases": 3, "released": 15, "held": 0, "refused": 0, "stopped": 0, "tested": 0, "silent": 0,
    }  # fmt: skip


def figures(world: ChainWorld) -> dict[str, int]:
    """What the bot recorded of its last round; blocks that came during a round have none."""
    (session,) = world.home.glob(".silverback-sessions/**/session-*.jsonl")
    rounds = [json.loads(line)["metrics"] for line in session.read_text().splitlines()]
    return next(({name: point["data"] for name, point in found.items()} for found in reversed(rounds) if found), {})


def confirmed(world: ChainWorld) -> tuple[bytes, list[bytes]]:
    """The root that the posted readiness signatures are about, and they themselves, as the contract wants them."""
    posted = sorted(Board(world.dao.id, world.store).readiness(world.lease), key=lambda item: int(item.signer, 16))
    (root,) = {item.release_root for item in posted}
    return root, [item.signature for item in posted]


def test_ape_run_custodian__two_nodes__release_and_tell_no_secret(leased: ChainWorld, tmp_path: Path) -> None:
    leased.finalize()
    leased.start()
    leased.finalize()
    with Proxy(leased.url) as second:
        home = role(leased, 1, nodes=[second.url])
        once = subprocess.run(
            [RUN, "ape", "run", "custodian", "once", "--home", str(home), "--json"],
            cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert once.returncode == 0, once.stderr
        (lease,) = json.loads(once.stdout)["leases"]
        assert (lease["slot"], lease["released"], lease["held"]) == ("slot 1-1", 5, 0)
        assert second.asked > 10
        assert [len(bundle.ids) for bundle in leased.published()] == [5]
    assert "SECRET" not in once.stdout + once.stderr
    assert custodian_key(1).private_bytes_raw().hex() not in once.stdout + once.stderr
