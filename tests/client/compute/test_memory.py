"""An attestor's part over more data than its process may hold.

given a limit of memory smaller than the data     the run should end as without it
given an attestor that gathers before it writes   the same limit should stop it
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from assurance import ROOT
from assurance.bench.speed.footprint import MIB

from .programs import COUNT, module

OVER, MOST = 112 * MIB, 96 * MIB
BOTH = """
import sys
from pathlib import Path

from assurance.bench.speed import agreement, footprint
from datadao.compute.attestor import ComputeAttestor
from datadao.messages.compute import Ending


class Twin(ComputeAttestor):
    def _opened(self, *words):
        return list(super()._opened(*words))


stage = footprint.limited(Path(sys.argv[1]), Path(sys.argv[2]).read_bytes(), int(sys.argv[3]))
agreement.ComputeAttestor = Twin
try:
    stage.run(0)
except MemoryError:
    print("stopped")
agreement.ComputeAttestor = ComputeAttestor
print(Ending(stage.run(1).ending).name)
"""


def test_data_larger_than_memory__streams_and_a_twin_that_gathers_it_first_is_stopped(tmp_path: Path) -> None:
    program = tmp_path / "count.wasm"
    program.write_bytes(module(COUNT))
    stage = ["-m", "assurance.bench.speed.footprint", "stage", str(tmp_path), str(program), str(OVER)]
    subprocess.run([sys.executable, *stage], cwd=ROOT, check=True)
    both = [sys.executable, "-c", BOTH, str(tmp_path), str(program), str(MOST)]
    done = subprocess.run(both, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.returncode) == (["stopped", "OK"], 0), done.stderr
