"""Is the settlement asset the agreed one: the token that the configuration names, or the test asset it describes?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from datadao.chain.arguments import Context
from datadao.chain.events import ASSET
from datadao.encoding import address
from datadao.ledger.facts import Fact
from deployer.artifacts import abi_of, runtime_code
from deployer.config import Config
from deployer.verify.code import holes, masked_hash
from deployer.verify.reader import Check, Reader, compare


def asset_of(entry: Mapping[str, Any], config: Config) -> str:
    """The asset that the configuration means; of a test asset, which it only describes, the record says where it is."""
    return str(entry["asset"]) if isinstance(config.asset, Mapping) else address(config.asset)


def check_asset(reader: Reader, entry: Mapping[str, Any], config: Config, context: Context) -> Iterator[Fact | Check]:
    """Its existence, what the record says of it, and a test asset's code and texts."""
    code = reader.code(context.asset)
    yield Fact([code], lambda actual: [compare(ASSET, context.asset, "code", "code" if actual else "no code")])
    yield compare(ASSET, "as recorded", context.asset, entry["asset"])
    if isinstance(config.asset, Mapping):
        name, values = config.asset["deploy"], config.asset_arguments(abi_of(config.asset["deploy"]), context)
        compiled = runtime_code(name)
        places = holes(compiled)
        wanted = masked_hash(compiled, places)
        yield Fact([code], lambda actual: [compare(ASSET, "code hash", wanted, masked_hash(actual, places))])
        # Each argument of its constructor has a view of the same name.
        for argument, value in values.items():
            yield reader.check(ASSET, argument.rstrip("_"), value)
