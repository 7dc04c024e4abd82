"""A compiler kept warm: one contract with some of its files changed, in a second or less.

Settings are chosen for the compiler's speed: the plain code generator without optimizer takes a tenth of the time of
the deployed settings. What a contract does never depends on them; that the unchanged contracts pass every test under
them is checked by whoever uses this, before anything else. Code is larger than a chain allows: see
`assurance.audit.mutation.warm`.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SETTINGS = {
    "evmVersion": "cancun",
    "viaIR": False,
    "optimizer": {"enabled": False},
    # Without the hash of its sources, equal code is equal bytes.
    "metadata": {"appendCBOR": False, "bytecodeHash": "none"},
}


class CompileError(Exception):
    """The compiler refused; the message is its first error."""


@dataclass(frozen=True)
class Code:
    """What one contract compiles to."""

    creation: bytes
    runtime: bytes
    files: tuple[str, ...] = field(default=(), compare=False)
    """It is made of these, by the names that the compiler knows them by."""


class Compiler:
    """One Node process with the compiler in it. Files are read once: later edits on disk are not seen."""

    def __init__(self) -> None:
        command = ["node", str(Path(__file__).with_name("solc.js"))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def compile(self, contract: str, edits: Mapping[str, str] | None = None, file: str = "") -> Code:
        """The contract of `file`, or of `contracts/<contract>.sol`, with the files named in `edits` replaced by the
        given text."""
        asked = ["evm.bytecode.object", "evm.deployedBytecode.object"]
        answer = self._ask([file or f"contracts/{contract}.sol"], contract, asked, edits)
        return Code(bytes.fromhex(answer["creation"]), bytes.fromhex(answer["runtime"]), tuple(answer["files"]))

    def syntax(self, files: Sequence[str], edits: Mapping[str, str] | None = None) -> dict[str, dict[str, Any]]:
        """The syntax trees of files, and of all of ours that they import, by file."""
        units: dict[str, dict[str, Any]] = self._ask(files, "", "ast", edits)["units"]
        return units

    def _ask(self, files: Sequence[str], contract: str, output: Any, edits: Mapping[str, str] | None) -> dict[str, Any]:
        question = {
            "files": list(files),
            "contract": contract,
            "output": output,
            "settings": SETTINGS,
            "edits": edits or {},
        }
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{json.dumps(question)}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise CompileError(f"the compiler ended at {files[0]}, with exit code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "errors" in answer:
            raise CompileError(answer["errors"][0].strip())
        return answer


def with_codes(manifest: Path, codes: Mapping[str, Code]) -> str:
    """The text of a manifest in Ape's shape, with these codes in the place of its own."""
    content = json.loads(manifest.read_text())
    for name, code in codes.items():
        entry = content["contractTypes"][name]
        entry["deploymentBytecode"]["bytecode"] = f"0x{code.creation.hex()}"
        entry["runtimeBytecode"]["bytecode"] = f"0x{code.runtime.hex()}"
    return json.dumps(content)


def replace_file(path: Path, text: str) -> None:
    """Writes the text beside the file and renames it into place: another process may be reading."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(f".{os.getpid()}")
    whole.write_text(text)
    whole.replace(path)
