"""A DAO's life by the commands of its parties, at a node with Amsterdam's rules: contributed, accepted, claimed,
asked for, voted on, paid for, opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assurance.harness.chain.door import Door
from datadao.crypto.keyfile import new_key
from tests.cli.conftest import deployed_to
from tests.cli.stage import LINES, Stage, scored
from tests.cli.world import DAY

SLOT = 97_920
"""Gas of a new one, for state alone."""
WORDS = (
    "--purposes",
    "1",
    "--period-days",
    "30",
    "--periods",
    "2",
    "--text",
    "please",
    "--price",
    "100",
    "--bond",
    "50",
)


@pytest.fixture
def door() -> Iterator[Door]:
    node = Door()
    yield node
    node.stop()


def wait(stage: Stage, seconds: int) -> None:
    stage.node.rpc("evm_increaseTime", seconds)
    stage.node.rpc("evm_mine")


def test_life__amsterdam__by_the_commands_of_all_parties(door: Door, tmp_path: Path) -> None:
    sent: list[dict[str, Any]] = []
    stage = scored(deployed_to(door, tmp_path, maturitySupply=2), tmp_path / "roles")
    licensee = stage.home("licensee")
    new_key(licensee / "keys" / "sealing")

    def send(home: Path, *words: str) -> Any:
        ran = stage.run(home, *words, "--yes", "--json")
        assert ran.code == 0, (words, ran.out, ran.err)
        assert " gas, limit " in ran.err
        sent.extend(ran.document.get("transactions", ()))
        return ran.document

    stage.attest(0, "draft")
    stage.attest(1, "sign")
    send(stage.giver, "attest", "publish", "--dataset", "1")
    wait(stage, DAY)
    send(stage.giver, "activate", "1")
    send(stage.giver, "claim")
    wait(stage, 1)
    proposal = str(send(licensee, "lease", "request", "--dataset", "1", *WORDS)["proposal"])
    wait(stage, 2 * DAY)
    send(stage.giver, "vote", proposal, "for")
    wait(stage, 6 * DAY)
    send(stage.giver, "queue", proposal)
    wait(stage, 3 * DAY)
    send(stage.giver, "execute", proposal)
    stage.round()
    send(licensee, "lease", "start", "1")
    stage.round()
    stage.done(licensee, "open", "1", "--out", str(licensee / "out"))
    assert stage.files == {*LINES}
    # Each limit was an estimate of its own, and held; state took most of what was used.
    for item in sent:
        limit = door.web3.eth.get_transaction(item["transaction"])["gas"]
        assert item["gas"] < limit == item["gasLimit"] <= 200_000_000
    assert len(sent) == 9 and sum(item["gas"] > 3 * SLOT for item in sent) >= 4
