"""Re-reads a deployment from the chain. Sends nothing; holds no key.

Everything expected comes from the configuration and from the code compiled here, never from the chain. The record says
where to look; what else it says (transactions, blocks, arguments, accounts, time, the configuration's hash) is checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ape

from datadao.chain.abi import FACTORY, ORDER
from datadao.chain.events import ASSET
from deployer.config import Config
from deployer.verify.asset import check_asset
from deployer.verify.code import check_code
from deployer.verify.configuration import check_configuration
from deployer.verify.creation import check_creation
from deployer.verify.expected import context_of, expected_arguments
from deployer.verify.history import check_history
from deployer.verify.parameters import check_parameters
from deployer.verify.reader import Check, Reader
from deployer.verify.remarks import remarks
from deployer.verify.roles import check_roles

__all__ = ["expected_arguments", "remarks", "verify"]


def verify(entry: Mapping[str, Any], config: Config) -> list[Check]:
    """Checks the recorded deployment `entry` on the connected chain against `config`.

    Reads every immutable, role, code and parameter. Raises `ConfigError` where the configuration itself does not fit.
    """
    addresses = {name: entry["contracts"][name]["address"] for _, name in ORDER}
    expected, context = expected_arguments(entry, config, addresses), context_of(entry, config)
    if "factory" in entry:
        addresses[FACTORY] = entry["factory"]["address"]
    reader = Reader(ape.networks.provider.web3, {**addresses, ASSET: context.asset})
    return reader.settle([
        *check_configuration(reader, entry, config, expected),
        *check_code(reader, expected),
        *check_creation(reader, entry, expected),
        *check_roles(reader, entry, expected),
        *check_parameters(reader, entry, expected),
        *check_history(reader, entry),
        *check_asset(reader, entry, config, context),
    ])  # fmt: skip
