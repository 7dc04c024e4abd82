"""Ape accounts by alias, opened without a key or a passphrase ever on a command line."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import ape
import click
from ape.exceptions import AccountsError
from ape.logging import LogLevel, logger
from eth_account.messages import encode_typed_data

from datadao.chain.abi import LOCAL_CHAIN_IDS
from datadao.encoding import address
from datadao.errors import AccountRefused, InvalidArgument
from datadao.messages import eip712
from datadao.text import visible
from datadao.values import refuse_key

_ADDRESS_LIKE = re.compile("0[xX]")


def find(alias: str) -> Any:
    """The Ape account with this alias or address, or the test account `TEST::n` of a local chain.

    Raises `AccountRefused`, which never repeats what looks like a private key.
    """
    refuse_key(alias)
    if alias.startswith("TEST::"):
        if ape.networks.provider.chain_id not in LOCAL_CHAIN_IDS:
            raise AccountRefused(f"account {alias}: test accounts are for local chains, everybody knows their keys")
        number, count = alias.removeprefix("TEST::"), len(ape.accounts.test_accounts)
        if number.isdecimal() and int(number) < count:
            return ape.accounts.test_accounts[int(number)]
        raise AccountRefused(f"account {alias} is unknown; there are TEST::0 to TEST::{count - 1}")
    if alias in ape.accounts.aliases:
        return ape.accounts.load(alias)
    if _ADDRESS_LIKE.match(alias):
        return _by_address(alias)
    known = ", ".join(sorted(ape.accounts.aliases)) or "none"
    raise AccountRefused(f"account {alias!r} is neither an address nor one of Ape's accounts, which are: {known}")


def _by_address(value: str) -> Any:
    try:
        spelled = address(value)
    except InvalidArgument as error:
        raise AccountRefused(f"account {error}") from None
    if spelled not in ape.accounts:
        raise AccountRefused(f"account {spelled} is none of Ape's; `ape accounts list` shows them")
    return ape.accounts[spelled]


def ask(alias: str) -> str:
    """The passphrase, typed at the terminal and not shown. Raises `AccountRefused` where there is none."""
    if not sys.stdin.isatty():
        raise AccountRefused(
            f"account {alias} is locked and there is no terminal to ask at; set APE_ACCOUNTS_{alias}_PASSPHRASE"
        )
    answer: str = click.prompt(f"Passphrase of {visible(alias)}", hide_input=True, err=True)
    return answer


def unlock(account: Any, ask: Callable[[str], str] = ask) -> None:
    """Lets a keyfile account sign without a question for each signature, as a command that shows what it sends needs.

    The passphrase comes from APE_ACCOUNTS_<alias>_PASSPHRASE or from `ask`. Raises `AccountRefused` if it is wrong.
    Hardware wallets go on asking on their own display.
    """
    if not hasattr(account, "set_autosign") or not getattr(account, "locked", False):
        return
    passphrase = os.environ.get(f"APE_ACCOUNTS_{account.alias}_PASSPHRASE") or ask(account.alias)
    try:
        with logger.at_level(LogLevel.ERROR):  # Ape warns of what is meant here
            account.set_autosign(True, passphrase=passphrase)
    except AccountsError as error:
        raise AccountRefused(f"account {account.alias}: the passphrase is wrong; nothing was signed") from error


class ApeAccount:
    """An Ape account, `ape`, as a `datadao.chain.transactions.Account`. Both ways of signing raise `AccountRefused`
    when its owner declines."""

    def __init__(self, account: Any) -> None:
        self.ape, self.address = account, str(account.address)

    def sign_transaction(self, transaction_dict: Any, /) -> Any:
        unsigned = ape.networks.ecosystem.create_transaction(**transaction_dict, **{"from": self.address})
        signed = self.ape.sign_transaction(unsigned)
        if signed is None:
            raise AccountRefused(f"{self.address} did not sign")
        return SimpleNamespace(raw_transaction=signed.serialize_transaction())

    def sign_typed_data(self, *, full_message: Any) -> Any:
        signature = self.ape.sign_message(encode_typed_data(full_message=full_message))
        if signature is None:
            raise AccountRefused(f"{self.address} did not sign the {full_message['primaryType']}")
        return SimpleNamespace(signature=signature.encode_rsv())


def signer(account: Any) -> eip712.Signer:
    """Signs typed data with an Ape account. Raises `AccountRefused` when its owner declines."""
    return eip712.signer(ApeAccount(account))
