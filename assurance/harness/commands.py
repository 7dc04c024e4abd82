"""Commands of `datadao` run in this process, and what their parties hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from assurance.harness.dao.keys import local_key
from datadao.cli.main import cli

SCHEMA = json.dumps({
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {"name": {"type": "string"}, "diary": {"type": "string"}},
    "required": ["name", "diary"],
}).encode()  # fmt: skip
"""Of the records that members contribute."""


class Said(dict[str, Any]):
    """What a command printed: who looks for something else sees all of it, such as an error."""

    def __missing__(self, name: str) -> Any:
        raise AssertionError(f"no {name} in {dict(self)}")


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        try:
            found = json.loads(self.out)
        except json.JSONDecodeError as error:
            raise AssertionError(self) from error
        return Said(found) if isinstance(found, dict) else found

    @property
    def refusal(self) -> str:
        """The one line a person reads."""
        assert self.code == 1, (self.code, self.out, self.err)
        assert self.out == "", "a refusal is no result"
        (line,) = [line for line in self.err.splitlines() if line.startswith("Refused: ")]
        return line.removeprefix("Refused: ")


def run(home: Path, *words: str) -> Ran:
    """A command with the role's folder `home`. Raises whatever the command raises but `SystemExit`."""
    result = CliRunner(mix_stderr=False).invoke(cli, [*words, "--home", str(home)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


def leaf_commands(group: click.Group = cli, *names: str) -> Iterator[tuple[str, ...]]:
    """Every command, by its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from leaf_commands(command, *names, name)
        else:
            yield (*names, name)


def put_key(home: Path, role: str, name: str = "sealing") -> Path:
    """The key of a party of the local DAO, as its owner would keep it."""
    key = X25519PrivateKey.from_private_bytes(local_key(role))
    path = home / "keys" / name
    path.parent.mkdir(exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path
