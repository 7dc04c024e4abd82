"""Amounts of the settlement asset: units inside, decimals and symbol outside."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from datadao.errors import InvalidArgument

if TYPE_CHECKING:
    from datadao.client import DataDAO

_AMOUNT = re.compile(r"(\d{1,60})(?:\.(\d{1,60}))?")


def decimal(units: int, decimals: int) -> str:
    """`1,234.5` of 1234500000 units with 6 decimals; nothing is rounded."""
    whole, rest = divmod(units, 10**decimals)
    fraction = f"{rest:0{decimals}d}".rstrip("0") if rest else ""
    return f"{whole:,}.{fraction}" if fraction else f"{whole:,}"


@dataclass(frozen=True)
class Money:
    """The DAO's settlement asset; `read` asks a view of it that every ERC-20 has."""

    address: str
    symbol: str
    decimals: int
    read: Callable[..., Any]

    @classmethod
    def of(cls, dao: DataDAO) -> Money:
        address = dao.read("leases", "asset")
        read = partial(dao.read_at, address, "DataToken")
        return cls(address, read("symbol"), read("decimals"), read)

    def text(self, units: int) -> str:
        """`1,234.5 TUSD`"""
        return f"{decimal(units, self.decimals)} {self.symbol}"

    def units(self, amount: str, what: str) -> int:
        """Units of an amount like `1234.5`. Raises `InvalidArgument` naming `what` it is."""
        match = _AMOUNT.fullmatch(amount)
        if match is None:
            raise InvalidArgument(f"{what}: expected an amount of {self.symbol} like 40 or 40.5, got {amount!r}")
        whole, fraction = match.group(1), match.group(2) or ""
        if len(fraction) > self.decimals:
            raise InvalidArgument(f"{what}: {self.symbol} has {self.decimals} decimals, got {amount!r}")
        return int(whole + fraction.ljust(self.decimals, "0"))
