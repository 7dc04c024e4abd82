"""`python -m assurance.audit.report`: audit-report/index.html, one page of what all parts found.

    python -m assurance.audit.report --results FOLDER --output FILE

A part without a result is red. With --look the page is opened in Chromium, which keeps pictures of it in the
folder `pictures` beside it. Exit code 0 says that the page is there and was seen as it should be, whatever it reports.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from assurance.audit.part import REPORT, PartError, run
from assurance.audit.part import parser as new_parser
from assurance.audit.report.look import faults, look
from assurance.audit.report.page import render
from assurance.audit.report.results import read


def main(arguments: Sequence[str]) -> int:
    parser = new_parser("assurance.audit.report", __doc__)
    parser.add_argument("--results", type=Path, default=REPORT, help="folder of the parts' JSON files")
    parser.add_argument("--output", type=Path, help="default: index.html in that folder")
    parser.add_argument("--look", action="store_true", help="open the page in a browser and keep pictures of it")
    given = parser.parse_args(arguments)
    if not given.results.is_dir():
        raise PartError(f"there is no folder {given.results}: `make audit` makes it")
    page = given.output or given.results / "index.html"
    page.write_text(render(read(given.results)), encoding="utf-8")
    print(f"report: {page}")
    wrong = faults(look(page, page.parent / "pictures")) if given.look else []
    for line in wrong:
        print(f"  {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(run(main))
