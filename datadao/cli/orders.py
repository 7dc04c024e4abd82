"""What every sending command takes for its transactions, and what it learns of earlier ones."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from datadao.chain.transactions import Mined

_GWEI = re.compile(r"(\d{1,15})(?:\.(\d{1,9}))?")


class Gwei(click.ParamType):
    """A price of gas in gwei, as wei."""

    name = "gwei"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = _GWEI.fullmatch(value)
        wei = int(match.group(1) + (match.group(2) or "").ljust(9, "0")) if match else 0
        if not wei:
            self.fail(f"expected gwei above 0 like 2 or 1.5, with 9 decimals at most; got {value!r}", param, ctx)
        return wei


@dataclass
class Orders:
    """`max_fee` and `tip` in wei per gas; `wait` in seconds, None for what Ape's network says. `command` is the command
    with its own options, which repeated means the same again."""

    command: tuple[str, ...]
    max_fee: int | None = None
    tip: int | None = None
    wait: int | None = None
    replace: bool = False
    again: bool = False
    nonce: int | None = None
    """Of the next transaction, where that is certain."""
    above: list[tuple[int, int | None]] = field(default_factory=list)
    """Max fee and tip of what the next transaction takes the place of."""
    mined: list[tuple[str, Mined]] = field(default_factory=list)
    """What this run sent, in words, and how it ended."""


OPTIONS = (
    click.option("--yes", is_flag=True, help="Do not ask before sending transactions."),
    click.option("--max-fee", type=Gwei(), help="Most to pay for gas; twice the base fee and the tip unless given."),
    click.option("--tip", type=Gwei(), help="For the block's producer; what the node suggests unless given."),
    click.option("--wait", type=click.IntRange(1), metavar="SECONDS", help="How long to wait until it is mined."),
    click.option("--replace", is_flag=True, help="Take the place of a pending transaction, for a higher fee."),
    click.option("--again", is_flag=True, help="Send another though this command's earlier one is mined meanwhile."),
)  # fmt: skip


def taken(command: str, arguments: dict[str, Any]) -> tuple[Orders, bool]:
    """The orders among a sending command's arguments, which are taken out of them, and whether --yes was said."""
    yes = arguments.pop("yes")
    own = {name: arguments.pop(name) for name in ("max_fee", "tip", "wait", "replace", "again")}
    return Orders((command, json.dumps(arguments, sort_keys=True, default=str)), **own), yes
