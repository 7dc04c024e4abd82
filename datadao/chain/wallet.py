"""Ape: its connection to a network, and its accounts by alias, opened without a key or a passphrase ever on a command
line. Nothing else of the client needs Ape but the bot."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

import ape
from ape.exceptions import AccountsError, ApeException
from ape.logging import LogLevel, logger
from eth_account.messages import encode_typed_data
from requests.exceptions import RequestException
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from datadao.chain.abi import LOCAL_CHAIN_IDS
from datadao.chain.accounts import ask
from datadao.chain.connection import ADDRESS, discreet, in_words, is_busy, pauses
from datadao.chain.patience import LIMITED, PATIENCE, connect, patient
from datadao.encoding import address
from datadao.errors import AccountRefused, InvalidArgument, NetworkRefused
from datadao.handwritten import refuse_key
from datadao.messages import eip712

_ADDRESS_LIKE = re.compile("0[xX]")
_REFUSED = re.compile(r"No \(supported\) node found|Could not discover provider")


@contextmanager
def connected(choice: str) -> Iterator[Any]:
    """Ape's provider for a network by Ape's name (`ethereum:mainnet:node`), or for a node by its address.

    For a name the address comes from `WEB3_PROVIDER_URI` unless Ape's configuration has one. Raises `NetworkRefused`,
    in one line, for an unknown name, no address, a node that does not answer, and one of another chain.
    """
    with ExitStack() as stack:
        try:
            with logger.at_level(LogLevel.ERROR):  # Ape announces each node that it finds
                provider = ape.networks.get_provider_from_choice(choice)
                if _lacks_address(provider):
                    provider = ape.networks.get_provider_from_choice(_with_address(provider.network))
                # Ape waits for half an hour, and gives up at the first word of a limit.
                active = _once_not_busy(choice, lambda: stack.enter_context(provider.network.use_provider(provider)))
                patient(active.web3)
        except (ApeException, Web3Exception, RequestException, OSError, ValueError) as error:
            raise NetworkRefused(discreet(f"cannot connect to {choice}: {_reason(error)}", choice)) from None
        yield active


def _lacks_address(provider: Any) -> bool:
    """Whether Ape would take the node of a stranger, out of a public list."""
    return provider.name == "node" and not provider.network.is_dev and not provider._configured_rpc


def _with_address(network: Any) -> str:
    name = f"{network.ecosystem.name}:{network.name}"
    if url := os.environ.get(ADDRESS):
        return f"{name}:{url}"
    raise NetworkRefused(
        f"no node is known for {name}: put its address into {ADDRESS}, or give it as the network"
        ' (docs/operating.md, "The address of a node")'
    )


def _reason(error: Exception) -> str:
    words = in_words(error) if isinstance(error, RequestException) else str(error).partition("\n")[0]
    # Ape goes on with a list of hundreds.
    return words.removesuffix(" Options:") or type(error).__name__


def _once_not_busy(network: str, connect_to: Callable[[], Any]) -> Any:
    """What `connect_to` gives; called again, for as long as `PATIENCE`, while the node says that it is too busy.

    Raises what `connect_to` does; `RequestException` at once if `network` is an address at which no node answers.
    """
    answers = network.startswith(("http://", "https://"))
    if answers:
        connect(network).provider.make_request(RPCEndpoint("eth_chainId"), [])
    refusal: Exception | None = None
    for _ in pauses(PATIENCE, first=0.5, most=PATIENCE / 2):
        try:
            return connect_to()
        except Exception as error:
            words = str(error)
            # Ape's and web3's words for a node that answered a moment ago, and refused them.
            refused = answers and _REFUSED.search(words)
            if not (is_busy(error) or LIMITED.search(words) or "429" in words or refused):
                raise
            refusal = error
    assert refusal is not None
    raise refusal


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

    def unlock(self, ask: Callable[[str], str] = ask) -> None:
        """As `unlock`."""
        unlock(self.ape, ask)

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
