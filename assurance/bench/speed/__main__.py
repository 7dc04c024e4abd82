"""`make bench`: speed of the state machines, of forge on the same contracts, of the data plane and the page.

Nothing here passes or fails by its speed: machines differ. It fails when something did not work.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from assurance.bench.report import Table, machine
from assurance.bench.speed import compute, forge, machines, marks, page, plane

RECORD = Path(__file__).parents[3] / "docs" / "benchmarks.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "what",
        nargs="*",
        help="machines, forge, bite (which flaws are noticed), compute, plane, marks, page; all unless said",
    )
    parser.add_argument("--write", action="store_true", help=f"write to {RECORD.name}: all, or these parts")
    parser.add_argument("--leaves", type=int, default=1_000_000, help="of the batch tree")
    parser.add_argument("--records", type=int, default=100_000, help="that programs run over")
    parser.add_argument("--files", type=int, default=10_000, help="of 1 KB, through all roles")
    parser.add_argument("--mib", type=int, default=1_024, help="of the one large file")
    parser.add_argument("--contributions", type=int, default=100_000, help="of the larger DAO of the page")
    parser.add_argument("--megabytes", type=int, default=100, help="of the file that a browser encrypts")
    parser.add_argument("--marks", type=int, default=5_000_000, help="accepted before; 100000000 take 5 GB of disk")
    parser.add_argument(
        "--scored", type=int, default=100_000, help="records that are scored, and looked up among the marks"
    )
    parser.add_argument("--small", type=int, default=800, help="files that Dask spreads over processes")
    parser.add_argument("--odd", type=int, default=60_000, help="odd records for two validators")
    options = parser.parse_args()
    parts: dict[str, Callable[[], Table]] = {
        "machines": machines.table,
        "forge": forge.speed,
        "bite": forge.bite,
        "compute": lambda: compute.table(options.records),
        "plane": lambda: plane.table(options.leaves, options.files, options.mib),
        "marks": lambda: marks.table(options.marks, options.scored, options.odd, options.small),
        "page": lambda: page.table(100, options.contributions, options.megabytes),
    }
    if unknown := sorted(set(options.what) - parts.keys()):
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(parts)}")
    for name in ("leaves", "records", "files", "mib", "contributions", "megabytes"):
        if (size := getattr(options, name)) < 1:
            parser.error(f"--{name} must be at least 1, got {size}")
    console = Console()
    tables = []
    for name in options.what or parts:
        tables.append(parts[name]())
        tables[-1].show(console if console.is_terminal else Console(width=140))
    if options.write:
        RECORD.write_text(with_tables(RECORD.read_text(), tables))
    return 1 if any(table.faults for table in tables) else 0


def with_tables(page: str, tables: list[Table]) -> str:
    """The page with these tables in the place of the former ones, or at its end, each with when it was measured."""
    head, *sections = re.split(r"(?m)^(?=## )", page)
    for table in tables:
        day = time.strftime("%Y-%m-%d", time.gmtime())
        text = replace(table, how=f"{table.how} Measured on {day}; {machine()}.").markdown()
        places = [n for n, part in enumerate(sections) if part.startswith(f"## {table.title}\n")] or [len(sections)]
        sections[places[0] :] = [text, *sections[places[0] + 1 :]]
    return "\n\n".join(part.strip("\n") for part in (head, *sections)) + "\n"


if __name__ == "__main__":
    sys.exit(main())
