"""A Safe as the chain has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_typing import HexStr
from web3 import Web3
from web3.exceptions import Web3Exception

from datadao.chain.arguments import ConfigError

_VIEWS = {"VERSION": "string", "nonce": "uint256", "getThreshold": "uint256", "getOwners": "address[]"}
_ABI: Sequence[dict[str, Any]] = [
    {"type": "function", "stateMutability": "view", "inputs": [], "name": name, "outputs": [{"type": kind, "name": ""}]}
    for name, kind in _VIEWS.items()
]


@dataclass(frozen=True)
class Safe:
    """Its owners, how many of them have to sign, and the number of its next transaction."""

    address: str
    version: str
    nonce: int
    threshold: int
    owners: tuple[str, ...]

    def __str__(self) -> str:
        return f"the Safe {self.address} ({self.version}, {self.threshold} of {len(self.owners)} owners)"


def read_safe(web3: Web3, address: str) -> Safe:
    """The Safe at an address. Raises `ConfigError` if there is none."""
    functions = web3.eth.contract(address=HexStr(address), abi=_ABI).functions  # type: ignore[call-overload]
    try:
        version, nonce = functions.VERSION().call(), functions.nonce().call()
        return Safe(address, version, nonce, functions.getThreshold().call(), tuple(functions.getOwners().call()))
    except (Web3Exception, ValueError) as error:
        raise ConfigError(f"safe: there is no Safe at {address}: {str(error).partition(chr(10))[0]}") from None
