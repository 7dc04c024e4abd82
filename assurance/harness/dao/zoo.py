"""Settlement assets as they are found: odd ones that must work, ones that fail for a while, ones that must be refused.

All have the constructor of `TestAsset`, so `Dao(asset=…, decimals=…)` and `Pair(asset=…, decimals=…)` take them. What
tokens say of themselves stands apart: `Metadata` is put in front of any of them, on a node.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
from eth_utils import keccak

from assurance.harness.chain.handles import Handle, Reverted
from assurance.harness.dao.system import actor

KEEPER = actor("keeper of the asset").address
"""Sends what changes an asset's behaviour; any account may."""


@dataclass(frozen=True)
class Species:
    contract: str
    decimals: int

    def __str__(self) -> str:
        return f"{self.contract}-{self.decimals}"

    @property
    def options(self) -> dict[str, Any]:
        return {"asset": self.contract, "decimals": self.decimals}

    def too_little(self, spender: str, payer: str, held: int, needed: int) -> Reverted:
        """What a pull of more than the payer has, approved without limit, ends with."""
        if self.contract == "NoReturnAsset":
            return Reverted("NoReturnAsset_Insufficient", payer, held, needed)
        return Reverted("ERC20InsufficientBalance", payer, held, needed)


PLAIN = Species("TestAsset", 6)
TAME = [
    *(Species("TestAsset", decimals) for decimals in (0, 6, 8, 18, 24)),
    Species("NoReturnAsset", 6),
    Species("FalseAsset", 18),
    Species("BlocklistAsset", 6),
    Species("PausableAsset", 6),
    Species("HookAsset", 18),
    Species("ZeroRevertAsset", 18),
    Species("Uint96Asset", 18),
    Species("RebaseAsset", 9),
]
"""They move what they are asked to move, until a test makes them do otherwise."""

every_tame_asset = pytest.mark.parametrize("species", TAME, ids=str)


class Addressed(Protocol):
    """An asset, or a model of one."""

    @property
    def address(self) -> str: ...


@dataclass(frozen=True)
class Failure:
    """An asset that fails from `fail` to `mend`, for one account or for all; `error` is what a transfer then says."""

    contract: str
    function: str
    one_account: bool
    error: Callable[[Addressed, str], Reverted]

    def __str__(self) -> str:
        return self.contract

    def fail(self, asset: Handle, account: str) -> None:
        self._set(asset, account, True)

    def mend(self, asset: Handle, account: str) -> None:
        self._set(asset, account, False)

    def _set(self, asset: Handle, account: str, value: bool) -> None:
        args = (account, value) if self.one_account else (value,)
        getattr(asset, self.function)(*args, sender=KEEPER)


FAILURES = [
    Failure("BlocklistAsset", "setBlocked", True, lambda _, account: Reverted("BlocklistAsset_Blocked", account)),
    Failure("PausableAsset", "setPaused", False, lambda *_: Reverted("PausableAsset_Paused")),
    Failure("FalseAsset", "setFailing", False, lambda a, _: Reverted("SafeERC20FailedOperation", a.address)),
]

every_failure = pytest.mark.parametrize("failure", FAILURES, ids=str)


def hook(asset: Handle, *calls: tuple[Handle, str, tuple[Any, ...]]) -> None:
    """Has a `HookAsset` make these calls before and after each transfer."""
    targets = [handle.address for handle, _, _ in calls]
    asset.setHook(targets, [handle.encode(name, *args) for handle, name, args in calls], sender=KEEPER)


# What a token says of itself

INVALID = b"\xfe"
"""In place of an answer: the function stops as old code does, with an invalid instruction."""


def abi_text(text: str | bytes) -> bytes:
    """A returned `string`."""
    raw = text.encode() if isinstance(text, str) else text
    return (32).to_bytes(32, "big") + len(raw).to_bytes(32, "big") + raw + bytes(-len(raw) % 32)


def word(value: int | bytes) -> bytes:
    """A returned number, or a `bytes32` with text in it."""
    return value.to_bytes(32, "big") if isinstance(value, int) else value.ljust(32, b"\0")


@dataclass(frozen=True)
class Metadata:
    """Answers of `name`, `symbol` and `decimals`; None reverts as a function that is not there."""

    name: bytes | None = abi_text("Test Dollar")
    symbol: bytes | None = abi_text("TUSD")
    decimals: bytes | None = word(6)

    def code(self, implementation: str) -> bytes:
        """Runtime code that answers so, and is the token at `implementation` in all else."""
        answers = {"name()": self.name, "symbol()": self.symbol, "decimals()": self.decimals}
        # PUSH0 CALLDATALOAD PUSH1 224 SHR; for each: DUP1 PUSH4 selector EQ PUSH2 place JUMPI
        head, entry = bytes.fromhex("5f3560e01c"), 11
        # Whatever else is delegated: CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY, PUSH0 PUSH0 CALLDATASIZE PUSH0 PUSH20 GAS
        # DELEGATECALL, RETURNDATASIZE PUSH0 PUSH0 RETURNDATACOPY, PUSH2 ok JUMPI, RETURNDATASIZE PUSH0 REVERT
        start = len(head) + entry * len(answers)
        ok = start + 42
        rest = bytes.fromhex("365f5f375f5f365f73") + bytes.fromhex(implementation[2:]) + bytes.fromhex("5af4")
        rest += (
            bytes.fromhex("3d5f5f3e61") + ok.to_bytes(2, "big") + bytes.fromhex("573d5ffd") + bytes.fromhex("5b3d5ff3")
        )
        # Data comes last: among it might be what swallows the JUMPDEST of code behind it.
        data = start + len(rest) + _BODY * len(answers)
        jumps, bodies, kept = b"", b"", b""
        for signature, answer in answers.items():
            place = start + len(rest) + len(bodies)
            jumps += b"\x80\x63" + keccak(text=signature)[:4] + b"\x14\x61" + place.to_bytes(2, "big") + b"\x57"
            bodies += _answering(answer, data + len(kept))
            kept += answer or b""
        assert rest[ok - start] == 0x5B
        return head + jumps + rest + bodies + kept


_BODY = 14
"""Bytes of the code of one answer."""


def _answering(answer: bytes | None, kept: int) -> bytes:
    """Code that returns an answer, which lies at `kept`."""
    if answer is None or answer == INVALID:
        return (b"\x5b\xfe" if answer else bytes.fromhex("5b5f5ffd")).ljust(_BODY, b"\0")
    size, start = len(answer).to_bytes(2, "big"), kept.to_bytes(2, "big")
    # JUMPDEST, PUSH2 size PUSH2 start PUSH0 CODECOPY, PUSH2 size PUSH0 RETURN
    return b"\x5b\x61" + size + b"\x61" + start + b"\x5f\x39\x61" + size + b"\x5f\xf3"


@dataclass(frozen=True)
class Named:
    """A token's metadata, and what is to be shown of it: the label beside amounts (None: its address), decimals, what
    is said to be unusual."""

    id: str
    metadata: Metadata
    label: str | None
    decimals: int
    seen: tuple[str, ...] = ()


_NO_SYMBOL = "symbol cannot be shown: amounts stand beside its address"
_NO_DECIMALS = "decimals() does not answer: amounts are in its smallest units"
_LONG = "x" * 500

METADATA = [
    Named("plain", Metadata(), "TUSD", 6),
    Named("no decimals at all", Metadata(decimals=word(0)), "TUSD", 0),
    Named("18", Metadata(decimals=word(18)), "TUSD", 18),
    Named("24", Metadata(decimals=word(24)), "TUSD", 24),
    Named("77", Metadata(decimals=word(77)), "TUSD", 77),
    Named("255", Metadata(decimals=word(255)), "TUSD", 0,
          ("decimals() is 255, more than any amount has digits: amounts are in its smallest units",)),
    Named("2**256 - 1", Metadata(decimals=word(2**256 - 1)), "TUSD", 0,
          (f"decimals() is {2**256 - 1}, more than any amount has digits: amounts are in its smallest units",)),
    Named("bytes32", Metadata(word(b"Maker"), word(b"MKR"), word(18)), "MKR", 18,
          ("name() is bytes32, not a string", "symbol() is bytes32, not a string")),
    Named("bytes32 that is no text", Metadata(symbol=word(b"\xff\x00\x01")), "\ufffd\ufffd\ufffd", 6,
          ("symbol() is bytes32, not a string",
           "symbol() is shown as '\ufffd\ufffd\ufffd': it is long, or holds what is not shown")),
    Named("empty bytes32", Metadata(symbol=word(b"")), None, 6, ("symbol() is bytes32, not a string", _NO_SYMBOL)),
    Named("empty", Metadata(symbol=abi_text("")), None, 6, ("symbol() is empty", _NO_SYMBOL)),
    Named("blank", Metadata(symbol=abi_text("\u00a0\t")), None, 6,
          ("symbol() is empty", "symbol() is shown as '  ': it is long, or holds what is not shown", _NO_SYMBOL)),
    Named("nothing", Metadata(None, None, None), None, 0,
          ("name() does not answer", "symbol() does not answer", _NO_SYMBOL, _NO_DECIMALS)),
    Named("a fallback", Metadata(b"", b"", b""), None, 0,
          ("name() does not answer", "symbol() does not answer", _NO_SYMBOL, _NO_DECIMALS)),
    Named("old code", Metadata(INVALID, INVALID, INVALID), None, 0,
          ("name() does not answer", "symbol() does not answer", _NO_SYMBOL, _NO_DECIMALS)),
    Named("cut short", Metadata(symbol=abi_text("TUSD")[:64]), None, 6,
          ("symbol() answers no string: 0x" + abi_text("TUSD")[:64].hex(), _NO_SYMBOL)),
    Named("not UTF-8", Metadata(symbol=abi_text(b"caf\xe9")), "caf\ufffd", 6),
    Named("control and direction", Metadata(symbol=abi_text("US\x1b[2JD\u202eC\n")), "US\ufffd[2JD\ufffdC\u23ce", 6,
          ("symbol() is shown as 'US\ufffd[2JD\ufffdC\u23ce': it is long, or holds what is not shown",)),
    Named("amount", Metadata(symbol=abi_text("000 USDC")), '"000 USDC"', 6),
    Named("digit", Metadata(symbol=abi_text("1INCH")), '"1INCH"', 6),
    Named("long", Metadata(name=abi_text(_LONG * 100), symbol=abi_text(_LONG)), "x" * 31 + "…", 6,
          (f"name() is shown as '{'x' * 31}…': it is long, or holds what is not shown",
           f"symbol() is shown as '{'x' * 31}…': it is long, or holds what is not shown",)),
]  # fmt: skip

every_metadata = pytest.mark.parametrize("named", METADATA, ids=lambda named: named.id)
