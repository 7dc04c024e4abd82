"""`make demo` as it is, with a folder for storage, and on S3 under all faults at once: it ends with the same books."""

from __future__ import annotations

import re
import sys

import pytest

from assurance.harness.chain.faults import (
    NO_TIMES,
    LogsBehind,
    LogTimes,
    LongExtraData,
    NoBatches,
    RefusedItems,
    TooManyRequests,
)
from assurance.harness.chain.node import Node
from assurance.harness.chain.proxy import Fault, Proxy
from tests.scenario.demo import DEMO, check, play

BOOKS = re.compile(r"((?:in|out|owed): [^│]+?|in − out − owed)\s+│\s+([\d,]+) │")


def faults() -> list[Fault]:
    """All that a caller gets the better of and that the demo can meet: nothing in it reverts. A node that refuses every
    third question would take the demo an hour of patience: here it is one in some hundreds, and the thousands of
    questions meet it often enough."""
    return [
        LogTimes(*NO_TIMES), LongExtraData(), LogsBehind(3), NoBatches(), TooManyRequests(211),
        RefusedItems(307),
    ]  # fmt: skip


def books(shown: str) -> dict[str, int]:
    found = {name.strip(): int(units.replace(",", "")) for name, units in BOOKS.findall(shown)}
    assert len(found) == 9, shown
    return found


@pytest.fixture(scope="module")
def honest() -> str:
    """What it shows at an honest node, as a newcomer starts it."""
    return play(*DEMO)


def test_demo__at_an_honest_node__shows_accuracy_refund_gas_and_balanced_books(honest: str) -> None:
    check(honest)


def test_demo__under_all_faults__ends_with_the_books_of_an_honest_node(honest: str) -> None:
    node = Node("--accounts", "40")
    behind = faults()
    for fault in behind:
        fault.node = node.url
    try:
        with Proxy(node.url, behind) as proxy:
            faulty = play(sys.executable, "-m", "tests.outside.demo_under_faults", node.url, proxy.url)
    finally:
        node.stop()
    check(faulty)
    assert books(faulty) == books(honest)
    assert [type(fault).__name__ for fault in behind if not fault.hits] == [], "a fault that the demo never met"
    assert "equal to the unit" in " ".join(faulty.split())
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", faulty), "what others wrote moves the cursor"
