"""Amounts of the settlement asset: units inside, decimals and symbol outside."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from datadao.chain.asset import Asset, read_asset
from datadao.client import DataDAO
from datadao.errors import InvalidArgument

_AMOUNT = re.compile(r"([0-9]{1,60})(?:\.([0-9]{1,78}))?")
_LARGEST = 2**256 - 1


def decimal(units: int, decimals: int) -> str:
    """`1,234.5` of 1234500000 units with 6 decimals; nothing is rounded."""
    whole, rest = divmod(units, 10**decimals)
    fraction = f"{rest:0{decimals}d}".rstrip("0") if rest else ""
    return f"{whole:,}.{fraction}" if fraction else f"{whole:,}"


@dataclass(frozen=True)
class Money:
    """The DAO's settlement asset; `read` asks a view of it that every ERC-20 has."""

    asset: Asset
    read: Callable[..., Any]

    @classmethod
    def of(cls, dao: DataDAO) -> Money:
        asset = read_asset(dao.web3, dao.read("leases", "asset"))
        return cls(asset, partial(dao.read_at, asset.address, "DataToken"))

    @property
    def address(self) -> str:
        return self.asset.address

    @property
    def symbol(self) -> str:
        """For people; `asset.symbol` is what the contract says."""
        return self.asset.label

    @property
    def decimals(self) -> int:
        return self.asset.decimals

    def text(self, units: int) -> str:
        """`1,234.5 TUSD`"""
        return f"{decimal(units, self.decimals)} {self.symbol}"

    def units(self, amount: str, what: str) -> int:
        """Units of an amount like `1234.5`. Raises `InvalidArgument` naming `what` it is."""
        return units_of(amount, self.decimals, self.symbol, what)


def units_of(amount: str, decimals: int, symbol: str, what: str) -> int:
    """The same of any coin."""
    match = _AMOUNT.fullmatch(amount)
    if match is None:
        raise InvalidArgument(f"{what}: expected an amount of {symbol} like 40 or 40.5, got {amount!r}")
    whole, fraction = match.group(1), match.group(2) or ""
    if len(fraction) > decimals:
        raise InvalidArgument(f"{what}: {symbol} has {decimals} decimals, got {amount!r}")
    units = int(whole + fraction.ljust(decimals, "0"))
    if units > _LARGEST:
        raise InvalidArgument(f"{what}: {amount} {symbol} is more than any account can hold")
    return units
