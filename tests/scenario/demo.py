"""`make demo` as a newcomer starts it, and what it has to show when it ends well."""

from __future__ import annotations

import re
import subprocess

from assurance import ROOT

DEMO = (str(ROOT / "toolchain" / "run"), "ape", "run", "demo", "--members", "300")


def play(*command: str) -> str:
    """What a play shows that ends well."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1500, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def check(shown: str) -> None:
    """A model that learned, by a program too, a company that opens nothing, a whole refund, a vote by each member, an
    heir that is paid, balanced books."""
    accuracy, majority, by_program = (float(x) for x in re.findall(r"(\d+\.\d)%", shown)[:3])
    assert by_program == accuracy
    assert re.search(
        r"smoke test: of 300 respondents' answers no 16 bytes in a row, nor a record in base64 or hex, stand in the "
        r"[\d,]+ bytes that it received; a record put there is found",
        " ".join(shown.split()),
    )
    assert accuracy > majority + 10, "a model that learned something"
    assert "not one file opens" in shown
    words = " ".join(shown.split())
    assert (
        "two accounts hand in 599 records, 299 of them known and one new: in the first edition 599 units, here 1 unit"
        in words
    )
    (agreed, *_) = re.findall(r"holders read, has the hash 0x([0-9a-f]{64})", words)
    assert re.search(rf"[\d,]+ for, 0 against; quorum [\d,]+ so is agreement 0x{agreed[:16]}… voted on", words)
    assert "300 files opened; their 300 valid records are one Parquet table" in words
    assert "pandas, DuckDB, polars, datasets, mlcroissant each load it: what the respondents answered" in words
    (card,) = re.findall(r"data card of dataset 1, .* KiB as a page; lease 1 Ended, .*Gas per step", words)
    for said in (
        r"records 300 in 300 files of 300 contributors",
        r"quality records by quality: 90–100 %: 300",
        r"batches 1 ",
        r"erased 0 of 300 contributions \(0.00 %\)",
        r"purposes research, ",
        r"price at least [\d,.]+ TUSD a period, bond [\d,.]+ TUSD",
        r"paid [\d,]+ TUSD of rent by 2 of 3 leases",
        r"a record ClinLR \(integer\), DoleLR \(integer\)",
        r"sample \{\"ClinLR\":\d,.* sample \{\"ClinLR\":\d,",
    ):
        assert re.search(said, card), (said, card)
    refund = re.search(r"gets back ([\d,]+) of ([\d,]+) units", " ".join(shown.split()))
    assert refund and refund[1] == refund[2]
    assert re.search(r"vote by signature\s+│\s+300 │", shown)
    heir = re.search(r"the heir is paid ([\d,]+) units and has ([\d,]+) votes; the lost", " ".join(shown.split()))
    assert heir and "0" not in heir.groups()
    assert re.search(r"in − out − owed\s+│\s+0 │", shown)
    assert re.search(r"books rebuilt from \d,\d{3} events: equal to the unit", " ".join(shown.split()))
