"""What a configuration means on the chain it was deployed to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datadao.chain.abi import ORDER
from datadao.chain.arguments import Context
from deployer.artifacts import abi_of
from deployer.config import Config
from deployer.networks import address_of
from deployer.verify.asset import asset_of


def expected_arguments(
    entry: Mapping[str, Any], config: Config, addresses: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """What each constructor must have been given, by contract and ABI name without trailing underscores."""
    system = {key: addresses[name] for key, name in ORDER}
    found = config.constructors({name: abi_of(name) for _, name in ORDER}, system, context_of(entry, config))
    return {name: {key.rstrip("_"): value for key, value in own.items()} for name, own in found.items()}


def context_of(entry: Mapping[str, Any], config: Config) -> Context:
    """Names, time and asset of a deployment, by its record."""
    known: Mapping[str, str] = entry["accounts"]
    # Aliases are known to the deploying account's machine only; the record has their addresses.
    return Context(lambda alias: known.get(alias) or address_of(alias), entry["now"], asset_of(entry, config))
