"""A wallet as ERC-7730 has it: what it shows of calldata and typed data by descriptors, which it only reads as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from eth_abi import decode
from eth_utils import keccak, to_checksum_address

from datadao.chain.abi import canonical_type, named, signature_of

Json = Mapping[str, Any]
_WORD = re.compile(r"[(),]|[^(),]+")


@dataclass(frozen=True)
class Screen:
    """What a person sees before it signs: the intent, a sentence if there is one, and labelled values in order."""

    intent: str
    sentence: str
    rows: tuple[tuple[str, str], ...]


class Wallet:
    """Knows descriptors, and tokens by address: symbol and decimals."""

    def __init__(self, descriptors: Sequence[Json], tokens: Mapping[str, tuple[str, int]]) -> None:
        self.descriptors, self.tokens = descriptors, tokens

    def call(self, chain_id: int, to: str, data: bytes) -> Screen | None:
        """None where no descriptor is bound to the contract and names the function."""
        for descriptor in self.descriptors:
            if not _deployed(descriptor["context"].get("contract"), chain_id, to):
                continue
            for key, shown in descriptor["display"]["formats"].items():
                entry = parsed(key)
                if keccak(text=signature_of(entry))[:4] == data[:4]:
                    decoded = decode([canonical_type(i) for i in entry["inputs"]], data[4:])
                    values = {i["name"]: named(i, v) for i, v in zip(entry["inputs"], decoded, strict=True)}
                    return self._screen(descriptor, shown, values, chain_id)
        return None

    def message(self, typed: Json) -> Screen | None:
        """None where no descriptor is bound to the message's domain and names its type."""
        domain, primary = typed["domain"], typed["primaryType"]
        members = ",".join(f"{member['type']} {member['name']}" for member in typed["types"][primary])
        for descriptor in self.descriptors:
            bound = descriptor["context"].get("eip712")
            if not _deployed(bound, domain["chainId"], domain["verifyingContract"]):
                continue
            if any(domain.get(key) != value for key, value in bound["domain"].items()):
                continue
            if shown := descriptor["display"]["formats"].get(f"{primary}({members})"):
                return self._screen(descriptor, shown, typed["message"], domain["chainId"])
        return None

    def _screen(self, descriptor: Json, shown: Json, values: Json, chain_id: int) -> Screen:
        rows: list[tuple[str, str]] = []
        by_path: dict[str, str] = {}
        for field in shown["fields"]:
            for place, value in enumerate(_at(values, field["path"])):
                if field.get("visible") != "never":
                    text = self._text(descriptor, field, value, values, place, chain_id)
                    rows.append((field["label"], text))
                    by_path[field["path"]] = text
        sentence = re.sub(r"\{(\w+)\}", lambda found: by_path[found[1]], shown.get("interpolatedIntent", ""))
        return Screen(shown["intent"], sentence, tuple(rows))

    def _text(self, descriptor: Json, field: Json, value: Any, values: Json, place: int, chain_id: int) -> str:
        kind, params = field["format"], field.get("params", {})
        if kind == "addressName":
            return str(to_checksum_address(value))
        if kind == "enum":
            return str(_in(descriptor, params["$ref"])[str(value)])
        if kind == "tokenAmount":
            token = params["token"]
            symbol, decimals = self.tokens[_in(descriptor, token) if token.startswith("$") else token]
            return f"{_scaled(value, decimals)} {symbol}"
        if kind == "amount":
            return f"{_scaled(value, 18)} ETH"
        if kind == "unit":
            base = params["base"]
            return f"{_scaled(value, params.get('decimals', 0))}{'' if base == '%' else ' '}{base}"
        if kind == "date":
            return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M} UTC"
        if kind == "duration":
            return str(timedelta(seconds=value))
        if kind == "calldata":
            callee = list(_at(values, params["calleePath"]))[place]
            inner = self.call(chain_id, callee, value)
            return f"{inner.intent}: {inner.rows}" if inner else f"0x{keccak(value).hex()}"
        assert kind == "raw", kind
        return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)


def parsed(key: str) -> dict[str, Any]:
    """The ABI entry of a function that a format's key names: `claim(uint256 batchId,(address a,bytes32 b) c)`."""
    name, _, rest = key.partition("(")
    words = _WORD.findall(rest)
    inputs, left = _members(words)
    assert left == [], key
    return {"type": "function", "name": name, "inputs": inputs}


def _members(words: list[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Members up to the bracket that closes them, and the words after it."""
    members: list[dict[str, Any]] = []
    while words[0] != ")":
        if words[0] == ",":
            words = words[1:]
        elif words[0] == "(":
            components, words = _members(words[1:])
            array, _, name = words[0].partition(" ")
            members.append({"name": name, "type": f"tuple{array}", "components": components})
            words = words[1:]
        else:
            kind, _, name = words[0].partition(" ")
            members.append({"name": name, "type": kind})
            words = words[1:]
    return members, words[1:]


def _deployed(bound: Json | None, chain_id: int, address: str) -> bool:
    places = bound["deployments"] if bound else []
    return {"chainId": chain_id, "address": to_checksum_address(address)} in places


def _at(value: Any, path: str) -> Iterator[Any]:
    """The values at a path: several where it goes through a list."""
    head, _, rest = path.partition(".")
    found = list(value) if head == "[]" else [value[head]]
    for inner in found:
        if rest:
            yield from _at(inner, rest)
        else:
            yield inner


def _in(descriptor: Json, path: str) -> Any:
    """What a path into the descriptor itself names."""
    found: Any = descriptor
    for step in path.removeprefix("$.").split("."):
        found = found[step]
    return found


def _scaled(value: int, decimals: int) -> str:
    return f"{Decimal(value).scaleb(-decimals):f}"
