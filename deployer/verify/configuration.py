"""What a deployment is compared with: the configuration whose hash is recorded, and what the record says of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from web3 import Web3

from datadao.chain.arguments import ConfigError
from datadao.chain.rpc import read_block
from datadao.errors import DataDAOError
from datadao.ledger.facts import Fact
from deployer.config import Config, powers
from deployer.networks import address_of
from deployer.verify.reader import Check, Reader, Unreadable, compare

CONFIGURATION = "configuration"
_DAY, _LONG = 86_400, 7
"""Seconds, and days between plan and creation that need a remark."""


def recorded_config(entry: Mapping[str, Any], folder: Path, *, embedded: bool = False) -> Config:
    """The configuration that a record names: the file of that plain name in `folder` with the recorded hash, or the
    text in the record itself, if there is no such file or `embedded` is set. Raises `ConfigError`."""
    recorded = entry["config"]
    name, path = recorded["file"], folder / Path(recorded["file"]).name
    if path.name != name or path.suffix != ".yaml":
        raise ConfigError(f"the record names the configuration {name!r}: expected the plain name of a .yaml file")
    if embedded or not path.exists():
        return Config.read(recorded["text"], path)
    config = Config.load(path)
    if config.sha256 != recorded["sha256"]:
        raise ConfigError(
            f"{folder.name}/{name} is not the configuration that was recorded, whose sha256 is {recorded['sha256']}: "
            "name that one with --config, or --recorded to take the record's own"
        )
    return config


def check_configuration(
    reader: Reader, entry: Mapping[str, Any], config: Config, expected: Mapping[str, Mapping[str, Any]]
) -> Iterator[Fact | Check]:
    """Its hash, the accounts that its names stand for, its time, and what it gives the deployer."""
    yield compare(CONFIGURATION, "sha256", config.sha256, entry["config"]["sha256"])
    for alias, account in entry["accounts"].items():
        if (here := _known(alias)) is not None:
            yield compare(CONFIGURATION, alias, here, account)
    yield Fact([reader.time(entry["contracts"]["DataTimelock"]["block"])], lambda time: [_not_later(entry, time)])
    held = ", ".join(powers(entry["deployer"], expected))
    yield Check(CONFIGURATION, "powers of the deployer", "none", held or "none", not held)


def remarks_on_record(entry: Mapping[str, Any], web3: Web3) -> Iterator[str]:
    """What the record alone says: names that mean nothing on this machine, and a time long before the creation."""
    for alias, account in entry["accounts"].items():
        if _known(alias) is None:
            yield f"{alias} is {account} by the record alone: this machine has no account of that name."
    with suppress(DataDAOError):  # where the block cannot be read, a check has failed
        created = read_block(web3, entry["contracts"]["DataTimelock"]["block"]).timestamp
        if (days := (created - entry["now"]) // _DAY) >= _LONG:
            yield f"now: {days} days before the creation; terms that begin with it end as much earlier."


def _known(alias: str) -> str | None:
    try:
        return address_of(alias)
    except ConfigError:
        return None


def _not_later(entry: Mapping[str, Any], time: int | Unreadable) -> Check:
    if isinstance(time, Unreadable):
        return compare(CONFIGURATION, "now", entry["now"], time)
    return Check(CONFIGURATION, "now", f"at most {time}", str(entry["now"]), entry["now"] <= time)
