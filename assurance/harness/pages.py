"""The fenced blocks of a page of documentation, the commands in them, and a reader who runs them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from eth_account import Account

from assurance import ROOT
from assurance.harness.forked import shell_line

PAGES = (
    *sorted(path.name for path in ROOT.glob("*.md") if path.name != "CHANGELOG.md"),
    *("interfaces/README.md", "deployments/README.md"),
    *sorted(str(path.relative_to(ROOT)) for folder in ("docs", ".github") for path in (ROOT / folder).rglob("*.md")),
)
"""The documents that say what is; a changelog says what was."""


class Block(NamedTuple):
    page: str
    line: int
    section: str
    language: str
    text: str

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str, language: str | None = None) -> list[Block]:
    """Fenced blocks of a page, in order; those of one language."""
    return [block for block in _blocks(page) if language in (None, block.language)]


def commands(block: Block) -> list[str]:
    """The commands of a block of shell lines: comments gone, continued lines joined."""
    joined = block.text.replace("\\\n", " ")
    stripped = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in joined.splitlines())
    return [re.sub(r"\s{2,}", " ", line) for line in stripped if line]


def _blocks(page: str) -> Iterator[Block]:
    section, open_at, language, held = "", 0, "", list[str]()
    for number, line in enumerate((ROOT / page).read_text().splitlines(), 1):
        fence = re.match(r"```(\w*)", line)
        if open_at and line.startswith("```"):
            yield Block(page, open_at, section, language, "\n".join(held) + "\n")
            open_at, held = 0, []
        elif open_at:
            held.append(line)
        elif fence:
            open_at, language = number, fence.group(1)
        elif line.startswith("#"):
            section = line.lstrip("# ")
    if open_at:
        raise ValueError(f"{page}:{open_at}: a block that does not end")


class Player:
    """Runs commands in a home folder of its own. `names` are replaced in each: what a page calls
    `ethereum:mainnet:node` is a node of the test's."""

    def __init__(self, home: Path, names: Mapping[str, str]) -> None:
        self.home, self.names = home, dict(names)
        self.accounts = home / "ape" / "accounts"
        self.accounts.mkdir(parents=True)
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPYCACHEPREFIX", "PYTHONPATH") if name in os.environ}
        self.environment = kept | {
            "HOME": str(home),
            "APE_DATA_FOLDER": str(home / "ape"),
            "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}",
        }

    def account(self, name: str, key: bytes) -> None:
        """An account of Ape's, whose passphrase comes from the environment."""
        # Few rounds: what is tested is not how slowly a key file opens.
        keyfile = Account.encrypt(key, "secret", kdf="pbkdf2", iterations=1000)
        (self.accounts / f"{name}.json").write_text(json.dumps(keyfile))
        self.environment[f"APE_ACCOUNTS_{name}_PASSPHRASE"] = "secret"

    def play(self, command: str, typed: str = "") -> str:
        """What the command prints; `typed` is what the reader answers it. Fails with what it said if it fails."""
        for name, meant in self.names.items():
            command = command.replace(name, meant)
        # A session of its own has no terminal, so that questions are answered from `typed`.
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", shell_line(command)], cwd=ROOT, env=self.environment, input=typed,
            capture_output=True, text=True, check=False, start_new_session=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout
