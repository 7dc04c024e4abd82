"""What a settlement asset says of itself, read alike by the deployer and the client.

Symbols and decimals are optional in ERC-20, and old tokens give their names as `bytes32`. What is shown of them is for
people; no rule of the protocol depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eth_utils import keccak

from datadao.chain.connection import Web3, answers_of, said
from datadao.chain.reverts import revert_data
from datadao.encoding import address
from datadao.errors import InvalidArgument, NodeRefused
from datadao.text import visible

MAX_DECIMALS = 77
"""With more, every amount that fits into 256 bits is less than one."""
_SHOWN = 32
"""Characters of a symbol or a name."""
_WORD = 32
# How nodes call what code does instead of reverting: geth, Nethermind, Besu and anvil have a spelling each.
_HALTS = re.compile(
    r"revert|(invalid|bad) ?\w*? ?(opcode|instruction|jump)|out ?of ?gas|stack ?underflow", re.IGNORECASE
)


@dataclass(frozen=True)
class Asset:
    """`name` and `symbol` as the contract has them, replaced where they are no UTF-8, empty where it has none;
    `decimals` are what amounts are shown with, 0 if it says none that can be used. `seen` is what is unusual, one
    sentence each."""

    address: str
    name: str
    symbol: str
    decimals: int
    seen: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name as it is shown; nothing where there is none."""
        return _short(self.name).strip()

    @property
    def label(self) -> str:
        """The symbol as it is shown beside amounts: the address where there is none, quoted where it could be taken for
        a part of the amount."""
        shown = _short(self.symbol)
        if not shown.strip():
            return self.address
        return shown if " " not in shown and not (shown[0].isnumeric() or shown[0] in "-+.,'\"") else f'"{shown}"'


def read_asset(web3: Web3, token: str) -> Asset:
    """The asset at an address. Raises `InvalidArgument` if nothing is there, `NodeRefused` if the node does not answer,
    which must not pass for an asset that says nothing."""
    token = address(token)
    views = ("name", "symbol", "decimals")
    asked = [{"to": token, "data": "0x" + keccak(text=f"{view}()")[:4].hex()} for view in views]
    answers = answers_of(web3, [("eth_call", [call, "latest"]) for call in asked])
    name, symbol, decimals = (_returned(token, *pair) for pair in zip(views, answers, strict=True))
    if not (symbol and decimals) and not web3.eth.get_code(web3.to_checksum_address(token)):
        raise InvalidArgument(f"there is no contract at {token}, which should be the settlement asset")
    said = {"name": _text(name), "symbol": _text(symbol)}
    seen = [*_unusual("name", name, said["name"]), *_unusual("symbol", symbol, said["symbol"])]
    if not _short(said["symbol"]).strip():
        seen.append("symbol cannot be shown: amounts stand beside its address")
    digits = int.from_bytes(decimals[:_WORD], "big") if len(decimals) >= _WORD else None
    if digits is None:
        seen.append("decimals() does not answer: amounts are in its smallest units")
    elif digits > MAX_DECIMALS:
        seen.append(f"decimals() is {digits}, more than any amount has digits: amounts are in its smallest units")
    return Asset(
        token, **said, decimals=digits if digits is not None and digits <= MAX_DECIMALS else 0, seen=tuple(seen)
    )


def _returned(token: str, view: str, answer: Any) -> bytes:
    """What the view returned; nothing if the contract has none, or fails in it."""
    error = answer.get("error")
    if error is None:
        return bytes.fromhex(str(answer["result"])[2:])
    if revert_data(error) is None and not _HALTS.search(words := said(error)):
        raise NodeRefused(f"{view}() of the asset {token}: {words}")
    return b""


def _text(data: bytes) -> str:
    """A returned `string`, or the text in a `bytes32`."""
    raw = data.rstrip(b"\0") if len(data) == _WORD else _string(data) or b""
    return raw.decode(errors="replace")


def _string(data: bytes) -> bytes | None:
    """The bytes of an ABI-encoded string, None for what is none."""
    start = int.from_bytes(data[:_WORD], "big")
    if len(data) < start + _WORD or start < _WORD:
        return None
    size = int.from_bytes(data[start : start + _WORD], "big")
    text = data[start + _WORD : start + _WORD + size]
    return text if len(text) == size else None


def _unusual(view: str, data: bytes, text: str) -> Iterator[str]:
    if not data:
        yield f"{view}() does not answer"
    elif len(data) == _WORD:
        yield f"{view}() is bytes32, not a string"
    elif _string(data) is None:
        yield f"{view}() answers no string: 0x{data[:64].hex()}{'...' if len(data) > 64 else ''}"
    elif not text.strip():
        yield f"{view}() is empty"
    if _short(text) != text:
        yield f"{view}() is shown as {_short(text)!r}: it is long, or holds what is not shown"


def _short(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
