"""Runs the TypeScript programs of `programs/` in Node.js, as an integrator's project would."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from assurance.harness.dao.packages import run, tsc

PROGRAMS = Path(__file__).parent / "programs"


class Integrator:
    """A folder with installed packages. Raises `AssertionError` with the compiler's messages if a program is wrong."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for path in PROGRAMS.iterdir():
            shutil.copy(path, folder)
        messages = tsc(folder, "--resolveJsonModule", *sorted(path.name for path in folder.glob("*.ts")))
        assert not messages, "\n".join(messages)

    def run(self, program: str, given: dict[str, Any]) -> dict[str, Any]:
        """What the program returns. Integers go in and come out as decimal strings, bytes as hexadecimal ones."""
        text = json.dumps(given, default=lambda value: "0x" + value.hex())
        reported: dict[str, Any] = json.loads(run("node", "--no-warnings", "main.js", program, text, cwd=self.folder))
        return reported
