"""What a role needs to know about its DAO, in `config.yaml` of its own folder: network, deployment, storage, account.

No secret belongs there: Ethereum keys stay with Ape, encryption keys in files beside it, storage passwords in the
environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) unless the file is private.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from datadao import handwritten
from datadao.errors import InvalidArgument, ProfileRefused
from datadao.handwritten import refuse_key

_KINDS: dict[str, tuple[type, ...]] = {
    "network": (str,),
    "deployment": (str, dict),
    "account": (str,),
    "store": (str, dict),
    "inbox": (str, dict),
    "max_file": (int,),
    "nodes": (list,),
    "desk": (dict,),
    "relay": (dict,),
}
_STORE = ("url", "endpoint", "region", "http", "timeout", "access_key_id", "secret_access_key")
_NAMES = {str: "text", dict: "a mapping", int: "a number", list: "a list"}


@dataclass(frozen=True)
class Profile:
    """A role's folder and its `config.yaml`. `network` is what Ape calls a network, or a node's address; `max_file` in
    bytes; `nodes` are further nodes that a custodian asks; `desk` and `relay` are limits of these services."""

    home: Path
    network: str | None = None
    deployment: str | Mapping[str, str] | None = None
    account: str | None = None
    store: Mapping[str, Any] | None = None
    inbox: Mapping[str, Any] | None = None
    max_file: int = 16 * 1024**3
    nodes: list[str] = field(default_factory=list)
    desk: Mapping[str, Any] = field(default_factory=dict)
    relay: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, home: Path) -> Profile:
        """Raises `ProfileRefused` naming the entry, its value and what was expected."""
        path = home / "config.yaml"
        try:
            raw, faults = handwritten.read(path.read_text(encoding="utf-8"), str(path))
        except FileNotFoundError:
            raise ProfileRefused(f"no {path}; `datadao init` writes it, --home names another folder") from None
        except OSError as error:
            raise ProfileRefused(f"{path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ProfileRefused(f"{path} is not YAML: byte {error.start} is not UTF-8") from None
        except InvalidArgument as error:
            raise ProfileRefused(str(error)) from None
        if not isinstance(raw, dict):
            raise ProfileRefused(f"{path}: expected a mapping, got {type(raw).__name__}")
        if faults := [*faults, *(f"{path}: {fault}" for fault in _faults(raw))]:
            raise ProfileRefused("\n".join(faults))
        stores: dict[str, dict[str, Any]] = {name: _store(raw[name]) for name in ("store", "inbox") if name in raw}
        if any("secret_access_key" in options for options in stores.values()):
            from datadao.crypto.keyfile import check_private  # with what reads keys, which is large

            check_private(path)
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


def _faults(raw: dict[Any, Any]) -> Iterator[str]:
    yield from handwritten.key_faults(raw, list(_KINDS), optional=True)
    for name, kinds in _KINDS.items():
        if name not in raw:
            continue
        value = raw[name]
        if not isinstance(value, kinds) or isinstance(value, bool):
            expected = " or ".join(_NAMES[kind] for kind in kinds)
            yield f"{name}: expected {expected}, got {type(value).__name__}"
        elif name in ("store", "inbox"):
            yield from (f"{name}: {fault}" for fault in _store_faults(_store(value)))
        elif name == "deployment" and isinstance(value, dict):
            yield from (f"{name}{fault}" for fault in _deployment_faults(value))


def _store(value: Any) -> dict[str, Any]:
    """An address of storage alone, or with options."""
    return {"url": value} if isinstance(value, str) else value


def _store_faults(options: dict[str, Any]) -> Iterator[str]:
    yield from handwritten.key_faults(options, _STORE, optional=True)
    if not isinstance(options.get("url"), str):
        yield f"no url; expected {', '.join(_STORE)}"


def _deployment_faults(addresses: dict[Any, Any]) -> Iterator[str]:
    from datadao.chain.abi import ORDER
    from datadao.encoding import address

    yield from (f": {fault}" for fault in handwritten.key_faults(addresses, [key for key, _ in ORDER]))
    for key, value in addresses.items():
        try:
            address(value if isinstance(value, str) else repr(value))
        except InvalidArgument as error:
            yield f".{key}: {error}"
