"""Plays the commands of a page as its reader would, in a home folder of their own; only names of the reader's own
machines and chains are replaced."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from eth_account import Account

from tests.documents.blocks import ROOT


class Player:
    """`names` are replaced in every command: what a page calls `ethereum:mainnet:node` is a node of the test's."""

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
            ["bash", "-euo", "pipefail", "-c", command], cwd=ROOT, env=self.environment, input=typed,
            capture_output=True, text=True, check=False, start_new_session=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout
