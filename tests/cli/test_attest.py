"""Custodians and attestors of the local DAO at work on more files than one process scores in a row."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from assurance.harness.chain.node import FINALITY
from assurance.harness.commands import put_key
from datadao.attestor.cluster import TASK
from tests.cli.conftest import FreshDao
from tests.cli.world import DATADAO

ROOT = Path(__file__).parents[2]
FILES = TASK + 1


def test_score__more_files_than_one_process_takes__scores_them_in_several_and_waits_for_none(live: FreshDao) -> None:
    giver = live.home("giver", "TEST::12")
    files = [giver / f"{number}.jsonl" for number in range(FILES)]
    for number, path in enumerate(files):
        path.write_text(json.dumps({"name": str(number), "diary": "d"}) + "\n")
    assert live.run(giver, "contribute", *map(str, files), "--dataset", "1").code == 0
    live.node.rpc("anvil_mine", hex(FINALITY))
    for slot in range(4):  # threshold 3, and one more that may fail later
        home = live.home(f"custodian-{slot}", f"TEST::{5 + slot}")
        put_key(home, f"custodian-{slot}")
        done = live.run(home, "custodian", "once", "--json")
        assert (done.code, done.document["testOpened"]) == (0, FILES)
        assert live.run(home, "custodian", "once", "--json").document["testOpened"] == 0, "not a second time"
    home = live.home("attestor", "TEST::2")
    put_key(home, "attestor-0")
    live.run(home, "keys", "new-fingerprint")
    # A process of its own: the workers it starts import the command anew.
    scored = subprocess.run(
        [DATADAO, "attest", "score", "--dataset", "1", "--workers", "2", "--home", str(home), "--json"],
        cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert scored.returncode == 0, scored.stderr
    assert "Traceback" not in scored.stderr
    assert len(json.loads(scored.stdout)["scored"]) == FILES
    again = live.run(home, "attest", "score", "--dataset", "1", "--json")
    assert again.document == {"dataset": 1, "scored": [], "waiting": [], "refused": []}
