"""Is the settlement asset the agreed one: the token that the configuration names, or the test asset it describes?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from datadao.chain.abi import constructor_inputs
from datadao.chain.arguments import Context
from datadao.encoding import address
from deployer.artifacts import abi_of, runtime_code
from deployer.config import Config
from deployer.verify.code import holes, masked_hash
from deployer.verify.reader import Check, Reader, compare

_NAME = "asset"


def asset_of(entry: Mapping[str, Any], config: Config) -> str:
    """The asset that the configuration means; of a test asset, which it only describes, the record says where it is."""
    return str(entry["asset"]) if isinstance(config.asset, Mapping) else address(config.asset)


def check_asset(reader: Reader, entry: Mapping[str, Any], config: Config, context: Context) -> Iterator[Check]:
    """Its existence, the record's opinion of it, and a test asset's code and texts."""
    yield compare(_NAME, context.asset, "code", "code" if reader.code(context.asset) else "no code")
    yield compare(_NAME, "as recorded", context.asset, entry["asset"])
    if isinstance(config.asset, Mapping):
        yield from _test_asset(reader, config, context)


def _test_asset(reader: Reader, config: Config, context: Context) -> Iterator[Check]:
    """Each argument of its constructor has a view of the same name."""
    assert isinstance(config.asset, Mapping)
    name, compiled = config.asset["deploy"], runtime_code(config.asset["deploy"])
    places = holes(compiled)
    yield compare(_NAME, "code hash", masked_hash(compiled, places), masked_hash(reader.code(context.asset), places))
    token = Reader(reader.web3, {name: context.asset})
    values = config.asset_arguments(abi_of(name), context)
    for argument, value in zip(constructor_inputs(abi_of(name)), values, strict=True):
        yield replace(token.check(name, argument["name"].rstrip("_"), value), contract=_NAME)
