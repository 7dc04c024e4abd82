"""The rows of `make ratios` that count what the data plane asks of node and storage."""

from __future__ import annotations

import json
from collections.abc import Mapping

from assurance import ROOT
from assurance.bench.speed.editions import FIRST, Figure, spent

MEASURED = "tests/client/measured.py"
"""What counts questions and operations, in either checkout."""


Asked = tuple[tuple[str, str, str, str], ...]
"""Of each figure what it is, where it is among those of a situation, its unit, its target."""
ASKED: Mapping[str, tuple[tuple[str, Asked], ...]] = {
    "status": (("status 20 10", (("`status`, 20 batches and 10 leases, requests", "status http", "", "≤ 12"),)),),
    "scan": (("scan 4000 100", (
        ("events of 41 times the blocks that a node gives at once, questions", "first logs", "", "≤ 47"),
        ("the same again, requests", "again http", "", "≤ 3"),
    )),),
    "books": (("audit 120 10", (
        ("full audit after 120 claims, calls of views", "full eth_call", "", "≤ 0.05"),
        ("audit again after 10 claims, requests", "again http", "", "≤ 30 + 8 an event"),
    )),),
    "open-again": tuple(
        (f"open-again {leaves}", (
            (f"`open` again, nothing new, {leaves:,} leaves, requests", "open http", "", "≤ 12"),
            (f"`open` again, nothing new, {leaves:,} leaves", "open cpu", "CPU s", ""),
        ))
        for leaves in (1_000, 4_000)
    ),
    "attest": (("attest 10 2", (
        ("score, draft, sign, publish, batch 1, operations of storage", "first store", "", ""),
        ("score, draft, sign, publish, batch 11, operations of storage", "last store", "", "≤ 1.5 batch 1"),
    )),),
    "send-many": (("send-many 500", (
        ("`send_many` of 500, requests beyond the sending itself", "beyond http", "", "≤ 5"),
    )),),
    "overlap": tuple(
        (f"overlap 300 {late}", tuple(
            (f"{step} 300 files, {late} ms an operation of storage", f"{step} wall", "s", target)
            for step in ("contribute", "prepare", "open")
        ))
        for late, target in ((20, "≤ 0.1"), (0, "≤ 1.1"))
    ),
    "second-lease": (
        ("second-lease 2000 0", (
            ("second lease over 2,000 files, calls of views", "second eth_call", "", "≤ 20"),
            ("second lease over 2,000 files, objects fetched", "second fetched", "", "0"),
            ("first lease over 2,000 files", "first cpu", "CPU s", ""),
            ("second lease over 2,000 files", "second cpu", "CPU s", "≤ 0.10 of the first lease's"),
        )),
        ("second-lease 2000 500", (
            ("the same, 500 of them erased between, calls of views", "second eth_call", "", "≤ 22"),
            ("the same, 500 of them erased between, objects fetched", "second fetched", "", "0"),
            ("the same, 500 of them erased between", "second cpu", "CPU s", ""),
        )),
    ),
    "idle-round": (("idle-round 40", (
        ("idle round of a custodian, one lease, requests", "one http", "", ""),
        ("idle round of a custodian, 40 leases, requests", "many http", "", "≤ 12"),
    )),),
    "restart": (("restart 40 3000", (
        ("round after a restart, 40 leases of 3,000 files, requests", "round http", "", "≤ 0.1"),
        ("round after a restart, 40 leases of 3,000 files", "round cpu", "CPU s", "≤ 0.1"),
        ("journal, bytes a lease and file", "round journal", "", "≤ 8"),
    )),),
}  # fmt: skip
"""By row the situations of `MEASURED`, with their sizes."""


def asking(row: str) -> list[Figure]:
    """What the data plane asks of node and storage: each situation in both editions, with the same figures."""
    found = []
    for situation, figures in ASKED[row]:
        command = ["toolchain/run", "python", ROOT / MEASURED, *situation.split()]
        first, now = (json.loads(spent(command, checkout).last) for checkout in (FIRST, ROOT))
        for what, place, unit, target in figures:
            part, name = place.split()
            found.append(Figure(what, unit, first[part][name], now[part][name], target))
    return found
