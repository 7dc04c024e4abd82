"""Ape, connected to the node of a network; and nothing shown of the node's address that may be a password."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

from datadao.errors import NetworkRefused

ADDRESS = "WEB3_PROVIDER_URI"
"""Variable of the environment with the address of a node: web3's own, which Ape reads too."""

_URL = re.compile(r"(?:https?|wss?)://\S+")


@contextmanager
def connected(choice: str) -> Iterator[Any]:
    """Ape's provider for a network by Ape's name (`ethereum:mainnet:node`), or for a node by its address.

    For a name the address comes from `WEB3_PROVIDER_URI` unless Ape's configuration has one. Raises `NetworkRefused`,
    in one line, for an unknown name, no address, a node that does not answer, and one of another chain.
    """
    # They take a second, and messages need only what is below.
    import ape
    from ape.exceptions import ApeException
    from ape.logging import LogLevel, logger
    from requests.exceptions import RequestException
    from web3.exceptions import Web3Exception

    from datadao.chain.connection import patient, patiently

    with ExitStack() as stack:
        try:
            with logger.at_level(LogLevel.ERROR):  # Ape announces each node that it finds
                provider = ape.networks.get_provider_from_choice(choice)
                if _lacks_address(provider):
                    provider = ape.networks.get_provider_from_choice(_with_address(provider.network))
                # Ape waits for half an hour, and gives up at the first word of a limit.
                active = patiently(choice, lambda: stack.enter_context(provider.network.use_provider(provider)))
                patient(active.web3)
        except (ApeException, Web3Exception, RequestException, OSError, ValueError) as error:
            raise NetworkRefused(discreet(f"cannot connect to {choice}: {_reason(error)}", choice)) from None
        yield active


def discreet(message: str, network: str) -> str:
    """The message without what of a node's address may be a password: of an address in `network` or in
    `WEB3_PROVIDER_URI` all but its host."""
    for url in _URL.findall(f"{network} {os.environ.get(ADDRESS, '')}"):
        parts = urlsplit(url)
        message = message.replace(url, parts.netloc.rpartition("@")[2])
        for secret in (parts.netloc.rpartition("@")[0], parts.password or "", parts.path.strip("/"), parts.query):
            if secret:
                message = message.replace(secret, "[hidden]")
    return message


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
    from requests.exceptions import RequestException

    from datadao.chain.connection import in_words

    said = in_words(error) if isinstance(error, RequestException) else str(error).partition("\n")[0]
    # Ape goes on with a list of hundreds.
    return said.removesuffix(" Options:") or type(error).__name__
