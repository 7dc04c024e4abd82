"""What stands out in a deployment although it is as configured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import ape

from datadao.chain.abi import ORDER
from datadao.chain.arguments import ConfigError
from datadao.chain.asset import read_asset
from datadao.errors import InvalidArgument
from deployer.config import Config
from deployer.verify.asset import asset_of
from deployer.verify.configuration import remarks_on_record
from deployer.verify.expected import expected_arguments
from deployer.verify.safe import read_safe

_VOTE = 10**9
"""Units of the token."""


def remarks(entry: Mapping[str, Any], config: Config) -> list[str]:
    """What a parameter means for the DAO, what is unusual about its asset, and what only the record says."""
    arguments = expected_arguments(entry, config, {name: entry["contracts"][name]["address"] for _, name in ORDER})
    return [
        *_settings(arguments["DatasetRegistry"]["params"], arguments["DataToken"]),
        *_floor(arguments),
        *remarks_on_record(entry, ape.networks.provider.web3),
        *_asset(asset_of(entry, config)),
        *_safe(entry),
    ]


def _settings(registry: Mapping[str, Any], token: Mapping[str, Any]) -> Iterator[str]:
    if registry["challengePeriod"] == 0:
        yield "challengePeriod = 0: batches can be activated at once, the guardian has no veto."
    if token["transferable"]:
        yield "transferable = true: votes can be bought, and a seller keeps its income."


def _floor(arguments: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The quorum floor protects a young DAO only if it takes several epochs to mint as many votes, and stops it if its
    period is too short for that."""
    floor, params = arguments["DataToken"]["maturitySupply"] // 2, arguments["DatasetRegistry"]["params"]
    if floor == 0:
        yield "maturitySupply = 1: there is no quorum floor, the first vote decides alone."
    elif floor <= params["epochFloor"]:
        yield (
            f"maturitySupply: the quorum floor of {_votes(floor)} is no more than what one epoch may mint, "
            f"{_votes(params['epochFloor'])}: the first epoch's contributors can reach it alone."
        )
    supply, epochs = 0, arguments["DataGovernor"]["params"]["floorPeriod"] // params["epochLength"]
    for _ in range(epochs):
        supply += max(params["epochFloor"], supply * params["epochCapBps"] // 10_000)
    if supply < floor:
        yield (
            f"maturitySupply: the {epochs} epochs until the quorum floor ends mint at most {_votes(supply)}, and it is "
            f"{_votes(floor)}: no proposal can pass before."
        )


def _votes(units: int) -> str:
    return f"{units / _VOTE:,.10g} votes"


def _safe(entry: Mapping[str, Any]) -> Iterator[str]:
    """Who created it, if that was a Safe."""
    if "salt" in entry.get("factory", {}):
        with suppress(ConfigError):  # another contract
            safe = read_safe(ape.networks.provider.web3, entry["deployer"])
            yield f"created by {safe}: {', '.join(safe.owners)}."


def _asset(asset: str) -> Iterator[str]:
    with suppress(InvalidArgument):  # where there is none, a check has failed
        for sentence in read_asset(ape.networks.provider.web3, asset).seen:
            yield f"asset {asset}: {sentence}."
