"""What a relay may spend: no figure has a default that costs money."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datadao.errors import ProfileRefused
from datadao.handwritten import key_faults

_DECIMAL = re.compile(r"(\d{1,30})(?:\.(\d{1,30}))?")
_GWEI, _ETHER = 9, 18
_NEEDED = ("day", "member")
_KEYS = (*_NEEDED, "max_fee", "price", "most_gas", "request_gas")


@dataclass(frozen=True)
class Limits:
    """`day` and `member` are wei in a day (UTC), of all and of one member. `max_fee` is the most wei per gas, None for
    whatever blocks ask. `price` is what one ether (10^18 wei) is worth in units of the settlement asset; without it no
    income is paid out, since nobody knows whether it is worth its gas. `most_gas` is that of one transaction,
    `request_gas` that of a request which goes alone: a passkey's ballot takes 413,000 where the chain has no P-256."""

    day: int
    member: int
    max_fee: int | None = None
    price: int | None = None
    most_gas: int = 8_000_000
    request_gas: int = 600_000

    @classmethod
    def of(cls, given: Mapping[str, Any], decimals: int) -> Limits:
        """As a configuration has them under `relay`: `day` and `member` in ether, `max_fee` in gwei, `price` in the
        asset, which has so many `decimals`. Raises `ProfileRefused`."""
        faults = list(key_faults(given, _KEYS, optional=True))
        faults += [f"missing {name}: what may be spent, in ether" for name in _NEEDED if name not in given]
        places = {"day": _ETHER, "member": _ETHER, "max_fee": _GWEI, "price": decimals}
        values: dict[str, int] = {}
        for name, value in given.items():
            if name not in _KEYS:
                continue
            match = _DECIMAL.fullmatch(str(value))
            most = places.get(name, 0)
            fraction = (match.group(2) or "") if match else ""
            if match is None or isinstance(value, bool) or len(fraction) > most:
                faults.append(f"{name}: expected a number with at most {most} decimals, got {value!r}")
            else:
                values[name] = int(match.group(1) + fraction.ljust(most, "0"))
        if faults:
            raise ProfileRefused("\n".join(f"config.yaml: relay: {fault}" for fault in faults))
        return cls(**values)

    def is_worth(self, income: int, wei: int) -> bool:
        """Whether so many units of the asset are worth more than so many wei."""
        return self.price is not None and income * 10**_ETHER > wei * self.price
