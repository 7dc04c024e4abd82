"""What a role needs to know about its DAO, in `config.yaml` of its own folder: network, deployment, storage, account.

No secret belongs there: Ethereum keys stay with Ape, encryption keys in files beside it, storage passwords in the
environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) unless the file is private.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from datadao.errors import AccountRefused, ProfileRefused
from datadao.keyfile import check_private

_KINDS: dict[str, tuple[type, ...]] = {
    "network": (str,),
    "deployment": (str, dict),
    "account": (str,),
    "store": (str, dict),
    "inbox": (str, dict),
    "max_file": (int,),
    "nodes": (list,),
}
_STORE = ("url", "endpoint", "region", "http", "timeout", "access_key_id", "secret_access_key")
_NAMES = {str: "text", dict: "a mapping", int: "a number", list: "a list"}


@dataclass(frozen=True)
class Profile:
    """A role's folder and its `config.yaml`. `network` is what Ape calls a network, or a node's address; `max_file` in
    bytes; `nodes` are further nodes that a custodian asks."""

    home: Path
    network: str | None = None
    deployment: str | Mapping[str, str] | None = None
    account: str | None = None
    store: Mapping[str, Any] | None = None
    inbox: Mapping[str, Any] | None = None
    max_file: int = 16 * 1024**3
    nodes: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, home: Path) -> Profile:
        """Raises `ProfileRefused` naming the entry, its value and what was expected."""
        path = home / "config.yaml"
        try:
            raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ProfileRefused(f"no {path}; `datadao init` writes it, --home names another folder") from None
        except OSError as error:
            raise ProfileRefused(f"{path} cannot be read: {error.strerror}") from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ProfileRefused(f"{path} is not YAML: {str(error).splitlines()[0]}") from error
        if not isinstance(raw, dict):
            raise ProfileRefused(f"{path}: expected a mapping, got {type(raw).__name__}")
        for name, value in raw.items():
            _check(path, name, value)
        stores = {name: _store(path, name, raw[name]) for name in ("store", "inbox") if name in raw}
        return cls(home, **{**raw, **stores})

    def write(self) -> Path:
        """Writes `config.yaml`, for its owner only. Raises `ProfileRefused` if there is one, `AccountRefused`."""
        refuse_key(self.account or "")
        path = self.home / "config.yaml"
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = {name: getattr(self, name) for name in _KINDS}
        text = yaml.safe_dump({name: value for name, value in content.items() if value}, sort_keys=False)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise ProfileRefused(f"{path} exists; edit it, or name another folder with --home") from None
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def needed(self, name: str) -> Any:
        """An entry that the command cannot do without. Raises `ProfileRefused` if it is not there."""
        value = getattr(self, name)
        if not value:
            raise ProfileRefused(f"{self.home / 'config.yaml'} has no `{name}`; add it, see docs/cli.md")
        return value

    def path(self, name: str) -> Path:
        """A path as the configuration gives it: relative to the role's folder."""
        return (self.home / Path(name).expanduser()).resolve()


def refuse_key(alias: str) -> None:
    """Raises `AccountRefused`, which does not repeat it, for what looks like a private key."""
    if len(alias.removeprefix("0x")) == 64:
        raise AccountRefused("that looks like a private key: never type one; name an account of `ape accounts list`")


def _check(path: Path, name: Any, value: Any) -> None:
    if name not in _KINDS:
        raise ProfileRefused(f"{path}: unknown entry {name!r}; expected {', '.join(_KINDS)}")
    if not isinstance(value, _KINDS[name]) or isinstance(value, bool):
        expected = " or ".join(_NAMES[kind] for kind in _KINDS[name])
        raise ProfileRefused(f"{path}: {name}: expected {expected}, got {type(value).__name__}")


def _store(path: Path, name: str, value: str | dict[str, Any]) -> dict[str, Any]:
    options = {"url": value} if isinstance(value, str) else value
    unknown = [key for key in options if key not in _STORE]
    if unknown or not isinstance(options.get("url"), str):
        said = f"unknown {unknown[0]!r}" if unknown else "no url"
        raise ProfileRefused(f"{path}: {name}: {said}; expected {', '.join(_STORE)}")
    if "secret_access_key" in options:
        check_private(path)
    return options
