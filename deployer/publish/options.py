"""`--sourcify` and `--etherscan`: where services are, for the commands that ask them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import click

from datadao.chain.abi import LOCAL_CHAIN_IDS
from datadao.chain.arguments import ConfigError
from deployer.publish import etherscan, sourcify
from deployer.publish.etherscan import Etherscan
from deployer.publish.service import Service
from deployer.publish.sourcify import Sourcify

SERVICES = click.Choice(["sourcify", "etherscan"])


def service_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Addresses of the services, which others run too."""
    for option in (
        click.option("--sourcify", "sourcify_url", metavar="URL", default=sourcify.URL, show_default=True),
        click.option("--etherscan", "etherscan_url", metavar="URL", default=etherscan.URL, show_default=True),
    ):
        command = option(command)
    return command


def services(names: Sequence[str], chain_id: int, sourcify_url: str, etherscan_url: str) -> list[Service]:
    """Those that are named, each once. Raises `ConfigError` for a public service and a local chain."""
    found: list[Service] = []
    for name in dict.fromkeys(names):
        url = sourcify_url if name == "sourcify" else etherscan_url
        if chain_id in LOCAL_CHAIN_IDS and url in (sourcify.URL, etherscan.URL):
            raise ConfigError(f"chain {chain_id} is a local one, which {url} does not know")
        found.append(Sourcify(url) if name == "sourcify" else Etherscan(url, os.environ.get(etherscan.KEY, "")))
    return found
