"""The three deployments of docs/operating.md that anybody can try, a line each: under today's rules, Amsterdam's, and a
rollup's. What they print is what the page says: the number of checks, the gas, a rollup's fee for data."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from assurance import ROOT
from assurance.harness.pages import Player, blocks, commands

PAGE = "docs/operating.md"
KINDS = ("today", "amsterdam", "rollup")
ZERO = 12
"""Gas that a zero byte of calldata takes less than another."""
MOMENT = 3
"""Bytes of the guardian's term that may be zero at one hour and not at another."""


class Sent(NamedTuple):
    name: str
    gas: int


class Played(NamedTuple):
    said: str
    sent: tuple[Sent, ...]

    def total(self, *, but: str) -> int:
        return sum(gas for name, gas in self.sent if name != but)

    def row(self, field: str) -> tuple[str, str]:
        """What the verification expected of a field, and what it found."""
        (found,) = re.findall(rf"^│ {re.escape(field)} +│ (.*?) +│ (.*?) +│ yes │$", self.said, re.MULTILINE)
        return found


@pytest.fixture(scope="module")
def lines() -> Mapping[str, str]:
    """The page's command lines, by the folder of their record."""
    (block,) = (block for block in blocks(PAGE) if ".play/" in block.text)
    found = {match[1]: line for line in commands(block) if (match := re.search(r" \.play/(\w+) ", line))}
    assert tuple(found) == KINDS and len(commands(block)) == len(KINDS)
    return found


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Player:
    home = tmp_path_factory.mktemp("deployments")
    player = Player(home, {".play/": f"{home}/", "harness.chain.door ": "harness.chain.door --port 0 "})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        player.environment["APE_FOUNDRY_HOST"] = f"http://127.0.0.1:{free.getsockname()[1]}"
    return player


@pytest.fixture(scope="module")
def played(lines: Mapping[str, str], player: Player) -> Mapping[str, Played]:
    return {kind: play(player, line) for kind, line in lines.items()}


@pytest.fixture(scope="module")
def through_a_factory(lines: Mapping[str, str], player: Player) -> Mapping[str, Played]:
    """The first two with `--factory`."""
    named = {kind: lines[kind].replace(f".play/{kind}", f".play/{kind}-factory") for kind in KINDS[:2]}
    return {kind: play(player, f"{line} --factory") for kind, line in named.items()}


def play(player: Player, line: str) -> Played:
    said = player.play(line)
    sent = re.findall(r"^  (\S.*?) +0x\w{40}  block \d+, gas ([\d,]+)$", said, re.MULTILINE)
    return Played(said, tuple(Sent(name, number(gas)) for name, gas in sent))


def number(text: str) -> int:
    return int(text.replace(",", ""))


def page(pattern: str) -> tuple[str, ...]:
    """What a sentence of the page says, over its line breaks."""
    text = " ".join((ROOT / PAGE).read_text().split())
    (match,) = re.finditer(pattern, text)
    return match.groups()


def table() -> dict[str, tuple[int, int, int]]:
    """Today's gas, Amsterdam's, and that of the largest transaction there, by the first word of a row."""
    rows = re.findall(
        r"^\| (\w+) [^|]*\| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|$", (ROOT / PAGE).read_text(), re.MULTILINE
    )
    return {name: (number(today), number(then), number(largest)) for name, today, then, largest in rows}


def agrees(written: int, measured: int) -> bool:
    """A moment in the calldata has a zero byte at some hours; the page's has none."""
    return written - measured in [ZERO * count for count in range(MOMENT + 1)]


def test_each_line__deploys_and_passes_as_many_checks_as_the_page_says(
    played: Mapping[str, Played], player: Player
) -> None:
    (checks,) = page(r"Each deploys and verifies; all (\d+) checks pass\.")
    for kind in KINDS:
        passed = f"All {checks} checks passed: no power outside the timelock but the guardian's."
        assert played[kind].said.splitlines().count(passed) == 1
        assert (player.home / kind / "31337.json").is_file()


def test_line_of_the_rollup__takes_todays_gas_and_the_fee_for_data_and_its_blocks_share_a_second(
    played: Mapping[str, Played],
) -> None:
    rollup = played["rollup"]
    assert [name for name, _ in rollup.sent] == [name for name, _ in played["today"].sent]
    assert abs(rollup.total(but="") - played["today"].total(but="")) <= MOMENT * ZERO
    (fee,) = page(r"The rollup's takes today's gas and (\S+) ether for data\.")
    (said,) = re.findall(r"^and (\S+) for the data, as the chain's oracle says,$", rollup.said, re.MULTILINE)
    assert float(said) == float(fee)
    assert all(" for the data, " not in played[kind].said for kind in KINDS[:2])
    # The configuration took its time from the block before, and the contracts were created some seconds later.
    expected, found = rollup.row("configuration.now")
    assert expected == f"at most {found}"


def test_table__of_eight_contracts__is_what_the_lines_take(played: Mapping[str, Played]) -> None:
    today, then, largest = table()["eight"]
    assert agrees(today, played["today"].total(but="TestAsset"))
    assert agrees(then, played["amsterdam"].total(but="TestAsset"))
    assert agrees(largest, max(gas for _, gas in played["amsterdam"].sent))


def test_table__of_a_factory__is_what_the_lines_take_with_factory(through_a_factory: Mapping[str, Played]) -> None:
    calls = ("begin", "complete")
    parts: dict[str, dict[str, list[int]]] = {}
    for kind, done in through_a_factory.items():
        assert [name for name, _ in done.sent[-2:]] == list(calls)
        parts[kind] = {
            "factory": [gas for name, gas in done.sent if name not in (*calls, "TestAsset")],
            "a": [gas for name, gas in done.sent if name in calls],
        }
    for row in ("factory", "a"):
        today, then, largest = table()[row]
        assert agrees(today, sum(parts["today"][row]))
        assert agrees(then, sum(parts["amsterdam"][row]))
        assert agrees(largest, max(parts["amsterdam"][row]))
    begin, complete = decision()
    assert all(map(agrees, (begin, complete), parts["today"]["a"]))


def decision() -> tuple[int, int]:
    """What decision 008 says of the two calls."""
    (path,) = Path(ROOT, "docs/decisions").glob("008-*.md")
    begin, complete = re.findall(r"^\| `(?:begin|complete)`[^|]*\| ([\d,]+) \|", path.read_text(), re.MULTILINE)
    return number(begin), number(complete)
