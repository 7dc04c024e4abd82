"""Addresses of Ape's accounts without Ape, which takes longer to load than most commands take to run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from datadao.chain.abi import LOCAL_CHAIN_IDS
from datadao.encoding import address
from datadao.errors import InvalidArgument
from datadao.handwritten import refuse_key


def address_of(alias: str, chain_id: int) -> str | None:
    """The address of a key file of Ape's or, on a local chain, of a test account; None for what only Ape knows.

    Raises `AccountRefused` for what looks like a private key.
    """
    refuse_key(alias)
    folder = Path(os.environ.get("APE_DATA_FOLDER") or Path.home() / ".ape")
    name, _, number = alias.partition("::")
    try:
        if name == "TEST" and number.isdecimal():
            return _test_address(int(number), folder) if chain_id in LOCAL_CHAIN_IDS else None
        if Path(alias).name != alias:
            return None
        return address("0x" + json.loads((folder / "accounts" / f"{alias}.json").read_text())["address"][-40:])
    except (OSError, ValueError, KeyError, TypeError, InvalidArgument):
        return None


def _test_address(number: int, folder: Path) -> str | None:
    """As Ape derives it, where nothing but an ape-config.yaml here can say how."""
    from ape.utils.testing import (
        DEFAULT_NUMBER_OF_TEST_ACCOUNTS,
        DEFAULT_TEST_HD_PATH,
        DEFAULT_TEST_MNEMONIC,
        generate_dev_accounts,
    )

    here, project = Path("ape-config.yaml"), Path("pyproject.toml")
    others = (here.with_suffix(".yml"), here.with_suffix(".json"), folder / here.name)
    if (
        any(path.exists() for path in others)
        or any(name.startswith("APE_TEST") for name in os.environ)
        or (project.exists() and "tool.ape" in project.read_text())
    ):
        return None
    settings: Mapping[str, Any] = (yaml.safe_load(here.read_text()) or {}).get("test", {}) if here.exists() else {}
    if number >= settings.get("number_of_accounts", DEFAULT_NUMBER_OF_TEST_ACCOUNTS):
        return None
    mnemonic, path = settings.get("mnemonic", DEFAULT_TEST_MNEMONIC), settings.get("hd_path", DEFAULT_TEST_HD_PATH)
    return str(generate_dev_accounts(mnemonic, 1, path, number)[0].address)
