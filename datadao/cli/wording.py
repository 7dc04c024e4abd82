"""What is voted on, in words: the actions of a proposal by the contracts' ABIs, a lease by its terms.

Whatever is not understood is shown as bytes, in full. What others wrote is quoted, never part of a line of ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from eth_utils import keccak, to_checksum_address
from rich.table import Table

from datadao.chain import codec
from datadao.chain.abi import canonical_type, signature_of
from datadao.chain.codec import abi
from datadao.cli.money import Money, decimal
from datadao.client import Terms
from datadao.errors import Malformed
from datadao.messages.purposes import PURPOSES
from datadao.text import quoted
from datadao.values import is_moment, moment

_NATIVE, _DEEP = 18, 3
_MONEY = frozenset({"amount", "bond", "maxCost", "minBond", "minPricePerPeriod", "pricePerPeriod"})
_DURATION = re.compile(r"(period|delay|extension)(length)?$", re.IGNORECASE)
_LEASE_TEXT = re.compile(r"Lease (\d+) terms 0x[0-9a-f]{64} (.*)#proposer=0x[0-9a-fA-F]{40}", re.DOTALL)

Rows = list[tuple[str, str]]
"""Label and value of the lines of a block."""


class Actions:
    """The calls of proposals in words; `contracts` are address and ABI name by key, the settlement asset among them."""

    def __init__(self, contracts: Mapping[str, tuple[str, str]], money: Money) -> None:
        self._keys = {address: (key, contract) for key, (address, contract) in contracts.items()}
        self._money = money

    def document(self, target: str, value: int, data: bytes) -> dict[str, Any]:
        """For programs: the call as it is, and what is known of it."""
        key, entry, _ = self._decoded(target, data)
        function = f"{key}.{entry['name']}" if entry else None
        return {"target": to_checksum_address(target), "value": str(value), "data": data, "function": function}

    def words(self, target: str, value: int, data: bytes, depth: int = 0) -> Iterator[str]:
        """One line for the call, one for each that it passes on."""
        key, entry, values = self._decoded(target, data)
        coin = f"{decimal(value, _NATIVE)} of the chain's own coin"
        paid = f", with {coin}" if value else ""
        if value and not (key or data):
            yield f"a payment of {coin} to {to_checksum_address(target)}"
            return
        if entry is None:
            what = f"{key} ({target})" if key else f"the unknown contract {to_checksum_address(target)}"
            yield f"a call that is not understood, of {what}, with the data 0x{data.hex()}{paid}"
            return
        given = ", ".join(
            self._argument(part, inner, key == "asset") for part, inner in zip(entry["inputs"], values, strict=True)
        )
        yield f"{key}.{entry['name']}({given}){paid}"
        if depth < _DEEP:
            for call in _passed_on(entry, values):
                for line in self.words(*call, depth=depth + 1):
                    yield f"  which calls {line}"

    def _decoded(self, target: str, data: bytes) -> tuple[str, Mapping[str, Any] | None, Sequence[Any]]:
        key, contract = self._keys.get(to_checksum_address(target), ("", ""))
        entry = _functions(contract).get(data[:4]) if contract else None
        if entry is None:
            return key, None, ()
        types = [canonical_type(part) for part in entry["inputs"]]
        try:
            values = codec.decode(types, data[4:])
            if codec.encode(types, values) == data[4:]:
                return key, entry, values
        except Malformed:
            pass
        return key, None, ()

    def _argument(self, part: Mapping[str, Any], value: Any, of_asset: bool) -> str:
        name = part["name"].rstrip("_")
        return f"{name}={self._value(part, value, of_asset)}" if name else self._value(part, value, of_asset)

    def _value(self, part: Mapping[str, Any], value: Any, of_asset: bool) -> str:
        kind, name = part["type"], part["name"].rstrip("_")
        if kind.endswith("]"):
            item = {**part, "type": kind[: kind.rindex("[")]}
            return "[" + ", ".join(self._value(item, inner, of_asset) for inner in value) + "]"
        if kind == "tuple":
            inner = zip(part["components"], value, strict=True)
            return "{" + ", ".join(self._argument(component, item, of_asset) for component, item in inner) + "}"
        if kind == "address":
            key, _ = self._keys.get(to_checksum_address(value), ("", ""))
            return to_checksum_address(value) + (f" ({key})" if key else "")
        if kind == "bool":
            return "yes" if value else "no"
        if isinstance(value, bytes):
            return "0x" + value.hex()
        if isinstance(value, str):
            return json.dumps(value, ensure_ascii=False)
        note = self._note(name, value, of_asset)
        return f"{value} ({note})" if note else str(value)

    def _note(self, name: str, value: int, of_asset: bool) -> str:
        if is_moment(name):
            return moment(value)
        if name in _MONEY or (of_asset and name == "value"):
            return self._money.text(value)
        if name == "purposes":
            return purposes(value)
        return duration(value) if _DURATION.search(name) else ""


def purposes(mask: int) -> str:
    """`research and commercial model training`; bits without a meaning are named as such."""
    known = [purpose.name for purpose in PURPOSES if mask >> purpose.bit & 1]
    if unknown := mask & ~sum(1 << purpose.bit for purpose in PURPOSES):
        known.append(f"bits {unknown:#x}, which have no published meaning")
    return " and ".join(known) or "nothing"


def duration(seconds: int) -> str:
    """`30 days`, `1 hour`; the largest unit that leaves nothing."""
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds and seconds % size == 0:
            count = seconds // size
            return f"{count:,} {name}{'s' if count != 1 else ''}"
    return f"{seconds:,} seconds"


def lease_rows(terms: Terms, licensee: str, money: Money) -> Rows:
    """What a lease is about."""
    times = f"{terms.periods:,} period{'s' if terms.periods != 1 else ''}"
    rent = terms.price_per_period * terms.periods
    return [
        ("licensee", licensee),
        ("dataset", str(terms.dataset_id)),
        ("purposes", f"{purposes(terms.purposes)} ({terms.purposes:#x})"),
        ("rent", f"{money.text(terms.price_per_period)} for each period of {duration(terms.period_length)}, {times}"),
        ("in all", f"{money.text(rent)} rent; bond {money.text(terms.bond)}; escrowed {money.text(terms.escrow)}"),
        ("royalty", f"{terms.royalty_bps / 100:g} % of models' income"),
        ("exclusive", "yes: no other lease of the dataset meanwhile" if terms.exclusive else "no"),
    ]


def applicant_text(description: str, lease_id: int) -> str:
    """What the applicant wrote, without what the contract adds to it."""
    match = _LEASE_TEXT.fullmatch(description)
    return match.group(2) if match and int(match.group(1)) == lease_id else description


def said(whose: str, text: str) -> list[str]:
    """Lines that quote a proposer or applicant."""
    if not text:
        return [f"  The {whose} wrote nothing."]
    return [
        f"  In the {whose}'s own words, which this program does not check:",
        *(f"  {line}" for line in quoted(text)),
    ]


def block(rows: Rows) -> Any:
    """Rows as they are printed: values wrap beside their label, and nothing is cut off."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in rows:
        grid.add_row(f"  {label}", value)
    return grid


def _passed_on(entry: Mapping[str, Any], values: Sequence[Any]) -> Iterator[tuple[str, int, bytes]]:
    """Calls that the governor or the timelock is asked to make in turn."""
    kinds = [part["type"] for part in entry["inputs"][:3]]
    if kinds == ["address", "uint256", "bytes"]:
        yield tuple(values[:3])
    elif kinds == ["address[]", "uint256[]", "bytes[]"]:
        yield from zip(*values[:3], strict=False)


@cache
def _functions(contract: str) -> dict[bytes, Mapping[str, Any]]:
    entries = (entry for entry in abi(contract) if entry["type"] == "function")
    return {keccak(text=signature_of(entry))[:4]: entry for entry in entries}
