"""Ape's accounts without Ape, which takes longer to load than most commands take to run: its key files, and the test
accounts of local chains. Hardware wallets, and whatever else its plugins know, are left to it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from datadao.chain.abi import LOCAL_CHAIN_IDS
from datadao.encoding import address
from datadao.errors import AccountRefused, InvalidArgument
from datadao.handwritten import refuse_key
from datadao.text import visible


class LocalKey:
    """A key that lies here, as a `datadao.chain.transactions.Account`. It signs once it is unlocked."""

    def __init__(self, alias: str, address: str, *, encrypted: Any = None, key: str | None = None) -> None:
        """`encrypted` is a Web3 Secret Storage document (version 3), `key` a private key that is no secret."""
        self.alias, self.address = alias, address
        self._encrypted, self._key = encrypted, key
        self._signer: Any = None

    def unlock(self, ask: Callable[[str], str]) -> None:
        """With the passphrase that APE_ACCOUNTS_<alias>_PASSPHRASE has, or `ask` gives. Raises `AccountRefused` if it
        is wrong."""
        if self._signer is not None:
            return
        from eth_account import Account

        key: Any = self._key
        if key is None:
            passphrase = os.environ.get(f"APE_ACCOUNTS_{self.alias}_PASSPHRASE") or ask(self.alias)
            try:
                key = Account.decrypt(self._encrypted, passphrase)
            except ValueError as error:
                raise AccountRefused(f"account {self.alias}: the passphrase is wrong; nothing was signed") from error
        signer = Account.from_key(key)
        if signer.address != self.address:
            raise AccountRefused(f"account {self.alias}: its file has the key of {signer.address}, not {self.address}")
        self._signer = signer

    def sign_transaction(self, transaction_dict: Any, /) -> Any:
        return self._unlocked.sign_transaction(transaction_dict)

    def sign_typed_data(self, *, full_message: Any) -> Any:
        return self._unlocked.sign_typed_data(full_message=full_message)

    @property
    def _unlocked(self) -> Any:
        if self._signer is None:
            raise AccountRefused(f"account {self.alias} is locked")
        return self._signer


def ask(alias: str) -> str:
    """The passphrase, typed at the terminal and not shown. Raises `AccountRefused` where there is none."""
    if not sys.stdin.isatty():
        raise AccountRefused(
            f"account {alias} is locked and there is no terminal to ask at; set APE_ACCOUNTS_{alias}_PASSPHRASE"
        )
    answer: str = click.prompt(f"Passphrase of {visible(alias)}", hide_input=True, err=True)
    return answer


def account_of(alias: str, chain_id: int) -> LocalKey | None:
    """The account of a key file of Ape's or, on a local chain, a test account; None for what only Ape knows.

    Raises `AccountRefused` for what looks like a private key.
    """
    refuse_key(alias)
    folder = Path(os.environ.get("APE_DATA_FOLDER") or Path.home() / ".ape")
    name, _, number = alias.partition("::")
    try:
        if name == "TEST" and number.isdecimal():
            return _test_account(int(number), folder) if chain_id in LOCAL_CHAIN_IDS else None
        if Path(alias).name != alias:
            return None
        document = json.loads((folder / "accounts" / f"{alias}.json").read_text())
        return LocalKey(alias, address("0x" + document["address"][-40:]), encrypted=document)
    except (OSError, ValueError, KeyError, TypeError, InvalidArgument):
        return None


def _test_account(number: int, folder: Path) -> LocalKey | None:
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
    made = generate_dev_accounts(mnemonic, 1, path, number)[0]
    return LocalKey(f"TEST::{number}", str(made.address), key=made.private_key)
