"""What a recorded deployment was compiled from, as compilers and explorers take it.

The compiler itself says which files and settings a contract's code comes from: in its metadata, whose hash ends the
code. So a publication holds these files and no others, and what is compiled from it is the deployed code to the last
byte.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import ape
import eth_abi
from eth_utils import keccak

from datadao.chain.abi import FACTORY, canonical_type, constructor_inputs, positional
from datadao.chain.arguments import ConfigError
from datadao.encoding import address
from datadao.errors import InvalidArgument
from deployer.artifacts import CONTRACTS, abi_of, container, creation_code, runtime_code
from deployer.creation import blueprint, blueprint_codes
from deployer.networks import ROOT
from deployer.record import RecordError

_OUTPUT = ["abi", "evm.bytecode", "evm.deployedBytecode", "metadata"]
_CHUNK = 262_144
"""Bytes that IPFS keeps in one block."""


@dataclass(frozen=True)
class Publication:
    """One contract on chain: where it is, the transaction that created it, and what its code was compiled from."""

    contract: str
    address: str
    transaction: str
    arguments: bytes
    """Of its constructor, ABI encoded."""
    file: str
    compiler: str
    """Version with commit, such as `0.8.37+commit.f401782d`."""
    input: Mapping[str, Any]
    """Standard JSON."""

    @property
    def identifier(self) -> str:
        """File and name, as services ask for it."""
        return f"{self.file}:{self.contract}"


@dataclass(frozen=True)
class Recorded:
    """The newest deployment in a record file, and the chain that it is on."""

    path: Path
    chain_id: int
    entry: Mapping[str, Any]
    factories: Sequence[Mapping[str, Any]]

    @classmethod
    def load(cls, path: Path) -> Recorded:
        """Raises `RecordError` for what is no record of a deployment."""
        try:
            content = json.loads(path.read_bytes())
            chain_id, entry = int(content["chain_id"]), content["deployments"][-1]
            factories = content.get("factories", [])
            for item in (*entry["contracts"].values(), *factories):
                address(item["address"])
                if not re.fullmatch("0x[0-9a-f]{64}", item["transaction"]):
                    raise InvalidArgument(f"{item['transaction']!r} is no transaction")
        except OSError as error:
            raise RecordError(f"{path} cannot be read: {error.strerror}") from None
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise RecordError(f"{path} is no record of a deployment, as `ape run deploy` writes it: {error}") from None
        return cls(path, chain_id, entry, factories)


def publications(recorded: Recorded) -> list[Publication]:
    """Every contract of a deployment, and its factory if that is recorded too.

    Raises `ConfigError` where a contract is not one of this project's, or was compiled from other files.
    """
    found = [*_created(recorded.entry), *_factory(recorded)]
    sources = _sources([name for name, *_ in found])
    return [
        Publication(name, item["address"], item["transaction"], given, *sources[name]) for name, item, given in found
    ]


def _created(entry: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], bytes]]:
    for name, item in entry["contracts"].items():
        if name not in ape.project.contracts:
            raise ConfigError(f"{name}: the record names it, and this project has no contract of that name")
        yield name, item, _encoded(name, item["arguments"])


def _factory(recorded: Recorded) -> Iterator[tuple[str, Mapping[str, Any], bytes]]:
    """The factory's constructor was given its blueprints, which only the record of whoever deployed it lists."""
    wanted = recorded.entry.get("factory", {}).get("transaction")
    for item in recorded.factories:
        if item["transaction"] == wanted:
            yield FACTORY, item, _encoded(FACTORY, {"blueprints": _pairs(item["blueprints"])})


def _pairs(accounts: Sequence[str]) -> list[tuple[str, str]]:
    counts = [len(blueprint_codes(creation_code(name))) for name in CONTRACTS]
    if sum(counts) != len(accounts):
        raise ConfigError(f"{FACTORY}: {len(accounts)} blueprints are recorded, the contracts here make {sum(counts)}")
    rest = iter(accounts)
    return [blueprint([next(rest) for _ in range(count)]) for count in counts]


def _encoded(name: str, arguments: Mapping[str, Any]) -> bytes:
    inputs = constructor_inputs(abi_of(name))
    given = {key.rstrip("_"): value for key, value in arguments.items()}
    try:
        values = [_exact(i, positional(i, given[i["name"].rstrip("_")])) for i in inputs]
        return eth_abi.encode([canonical_type(i) for i in inputs], values)
    except (eth_abi.exceptions.EncodingError, ValueError, LookupError, TypeError) as error:
        raise ConfigError(f"{name}: the recorded arguments do not fit its constructor: {error}") from None


def _exact(entry: Mapping[str, Any], value: Any) -> Any:
    """A value as it was before `plain` made JSON of it."""
    kind: str = entry["type"]
    if kind.endswith("]"):
        return [_exact({**entry, "type": kind[: kind.rindex("[")]}, inner) for inner in value]
    if kind == "tuple":
        return tuple(_exact(c, inner) for c, inner in zip(entry["components"], value, strict=True))
    if kind.startswith("bytes") and isinstance(value, str):
        return bytes.fromhex(value.removeprefix("0x"))
    return int(value) if kind.startswith("uint") and isinstance(value, str) else value


def _sources(names: Sequence[str]) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """File, compiler and standard JSON by contract. Raises `ConfigError` where compiled code is not of these files."""
    (compiler,) = ape.project.manifest.compilers
    settings = {key: value for key, value in compiler.settings.items() if key != "outputSelection"}
    files = {name: str(container(name).contract_type.source_id) for name in names}
    found = {}
    for name, text in _metadata(compiler.version, settings, files).items():
        metadata = json.loads(text)
        if _ipfs_hash(text.encode()) not in runtime_code(name):
            raise ConfigError(f"{name}: its sources have changed since they were compiled: run `make compile`")
        contents = {file: (ROOT / file).read_bytes() for file in metadata["sources"]}
        for file, content in contents.items():
            if keccak(content) != bytes.fromhex(metadata["sources"][file]["keccak256"][2:]):
                raise ConfigError(f"{file} has changed just now: run the command again")
        standard = {
            "language": metadata["language"],
            "sources": {file: {"content": content.decode()} for file, content in contents.items()},
            "settings": {**settings, "outputSelection": {"*": {"*": _OUTPUT}}},
        }
        found[name] = (files[name], metadata["compiler"]["version"], standard)
    return found


def _metadata(version: str, settings: Mapping[str, Any], files: Mapping[str, str]) -> dict[str, str]:
    """The compiler's metadata by contract, which it tells without generating code."""
    question = {
        "language": "Solidity",
        "sources": {file: {"content": (ROOT / file).read_text(encoding="utf-8")} for file in files.values()},
        "settings": {**settings, "outputSelection": {file: {"*": ["metadata"]} for file in files.values()}},
    }
    contracts = json.loads(_compiled(version, json.dumps(question))).get("contracts", {})
    try:
        return {name: contracts[file][name]["metadata"] for name, file in files.items()}
    except LookupError:
        raise ConfigError("the contracts here do not compile: run `make compile`") from None


@cache
def _compiled(version: str, question: str) -> str:
    solc = ROOT / "toolchain" / "solcx" / f"solc-v{version.partition('+')[0]}"
    command = [str(solc), "--standard-json", "--base-path", str(ROOT)]
    done = subprocess.run(command, input=question, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConfigError(f"the compiler does not run: {done.stderr.strip()}")
    return done.stdout


def _ipfs_hash(content: bytes) -> bytes:
    """The multihash by which IPFS finds a file of one block: what solc puts at the end of the code."""
    if len(content) > _CHUNK:
        raise ConfigError(f"metadata of {len(content):,} bytes is more than one block of IPFS")
    data = b"\x08\x02\x12" + _varint(len(content)) + content + b"\x18" + _varint(len(content))
    return b"\x12\x20" + sha256(b"\x0a" + _varint(len(data)) + data).digest()


def _varint(number: int) -> bytes:
    """A number in a protocol buffer."""
    head = b""
    while number > 127:
        head += bytes([number & 127 | 128])
        number >>= 7
    return head + bytes([number])
