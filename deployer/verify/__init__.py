"""Re-reads a deployment from the chain. Sends nothing; holds no key.

Everything expected comes from the configuration and from the code compiled here, never from the chain; the record only
gives the addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import ape

from datadao.chain.abi import FACTORY, ORDER
from datadao.chain.arguments import Context
from datadao.chain.asset import read_asset
from datadao.chain.events import ASSET
from datadao.errors import InvalidArgument
from deployer.artifacts import abi_of
from deployer.config import Config
from deployer.networks import address_of
from deployer.verify.asset import asset_of, check_asset
from deployer.verify.code import check_code
from deployer.verify.parameters import check_parameters
from deployer.verify.reader import Check, Reader
from deployer.verify.roles import check_roles


def verify(entry: Mapping[str, Any], config: Config) -> list[Check]:
    """Checks the recorded deployment `entry` on the connected chain against `config`.

    Reads every immutable, role, code and parameter. Raises `ConfigError` where the configuration itself does not fit.
    """
    addresses = {name: entry["contracts"][name]["address"] for _, name in ORDER}
    expected, context = expected_arguments(entry, config, addresses), _context(entry, config)
    if "factory" in entry:
        addresses[FACTORY] = entry["factory"]
    reader = Reader(ape.networks.provider.web3, {**addresses, ASSET: context.asset})
    return reader.settle([
        *check_code(reader, entry, expected),
        *check_roles(reader, entry, expected),
        *check_parameters(reader, entry, expected),
        *check_asset(reader, entry, config, context),
    ])  # fmt: skip


def remarks(entry: Mapping[str, Any], config: Config) -> list[str]:
    """What a parameter means for the DAO although it is as configured, and what is unusual about its asset."""
    arguments = expected_arguments(entry, config, {name: entry["contracts"][name]["address"] for _, name in ORDER})
    said = []
    if arguments["DatasetRegistry"]["params"]["challengePeriod"] == 0:
        said.append("challengePeriod = 0: batches can be activated at once, the guardian has no veto.")
    if arguments["DataToken"]["transferable"]:
        said.append("transferable = true: votes can be bought, and a seller keeps its income.")
    asset = asset_of(entry, config)
    with suppress(InvalidArgument):  # where there is none, a check has failed
        said += [f"asset {asset}: {sentence}." for sentence in read_asset(ape.networks.provider.web3, asset).seen]
    return said


def expected_arguments(
    entry: Mapping[str, Any], config: Config, addresses: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """What each constructor must have been given, by contract and ABI name without trailing underscores."""
    context = _context(entry, config)
    system = {key: addresses[name] for key, name in ORDER}
    found = config.constructors({name: abi_of(name) for _, name in ORDER}, system, context)
    return {name: {key.rstrip("_"): value for key, value in own.items()} for name, own in found.items()}


def _context(entry: Mapping[str, Any], config: Config) -> Context:
    known: Mapping[str, str] = entry["accounts"]
    # Aliases are known to the deploying account's machine only; the record has their addresses.
    return Context(lambda alias: known.get(alias) or address_of(alias), entry["now"], asset_of(entry, config))
