"""What a contributor hands in: flaws are reported by line and field, and help is offered from CSV and JSON arrays."""

from __future__ import annotations

import json
from pathlib import Path

import ape
import pytest

from datadao.client import DataDAO
from datadao.storage.board import Board
from datadao.storage.store import Store
from tests.cli.conftest import FreshDao

GOOD = json.dumps({"name": "n", "diary": "d"}) + "\n"
CSV = "name,diary\nn,d\nm,e\n"
ARRAY = '[{"name": "n", "diary": "d"},\n {"name": "m", "diary": "e"}]\n'
LINES = '{"name": "n", "diary": "d"}\n{"name": "m", "diary": "e"}\n'


def member(live: FreshDao, data: str | bytes, name: str, **changes: object) -> tuple[Path, Path]:
    home = live.home("member", "TEST::12", **changes)
    path = home / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return home, path


def handed_in(live: FreshDao) -> int:
    with ape.networks.parse_network_choice(live.node.url):
        board = Board(DataDAO(live.addresses, ape.networks.provider.web3).id, Store(f"file://{live.folder}/storage"))
    return len(list(board.submissions(1)))


REFUSED: list[tuple[str, str | bytes, str]] = [
    (
        "a.jsonl",
        '{"name": 7, "diary": "d"}\n',
        "none of 1 lines is a record of this dataset; check the file against its schema: line 1, name: 7 is not of "
        "type 'string'",
    ),
    (
        "a.jsonl",
        GOOD + '{"name": "n"}\nx\n\n[]\n' + '{"name": "n", "diary": 5}\n' * 3,
        "its quality is 14.28 %, the dataset takes 50 % or more: line 2: 'diary' is a required property; line 3: not "
        "JSON: Expecting value, column 1; line 5: [] is not of type 'object'; and 3 more lines",
    ),
    ("a.jsonl", GOOD.encode("utf-16"), "it is UTF-16, not UTF-8 text; save it as JSON Lines or CSV in UTF-8"),
    ("a.xlsx", b"PK\x03\x04" + bytes(100), "it is a spreadsheet or a ZIP archive, not UTF-8 text; save it as"),
    ("a.csv", CSV, "it is CSV, not JSON Lines: pass --convert, which makes JSON Lines of it and leaves it as it is"),
    ("a.txt", CSV.replace(",", ";"), "it is CSV, not JSON Lines: pass --convert"),
    ("a.json", ARRAY, "it is a JSON array, not JSON Lines: pass --convert"),
    ("a.json", '[\n{"name": "n", "diary": "d"}\n]', "it is a JSON array, not JSON Lines: pass --convert"),
]


@pytest.mark.parametrize(("name", "data", "expected"), REFUSED, ids=lambda value: str(value)[:24])
def test_contribute__unfit_file__says_which_line_and_why_and_hands_nothing_in(
    live: FreshDao, name: str, data: str | bytes, expected: str
) -> None:
    home, path = member(live, data, name)
    before = live.objects
    refusal = live.run(home, "contribute", str(path), "--dataset", "1").refusal
    assert refusal.startswith(f"{path}: {expected}") and refusal.endswith("; nothing was handed in")
    assert live.objects == before and not (home / "receipts").exists() and not (home / "converted").exists()


@pytest.mark.parametrize(("name", "data"), [("a.csv", CSV), ("a.csv", "\ufeff" + CSV), ("a.json", ARRAY)])
def test_contribute__convert__hands_in_json_lines_once_and_leaves_the_file(
    live: FreshDao, name: str, data: str
) -> None:
    home, path = member(live, data, name)
    command = ("contribute", str(path), "--dataset", "1", "--convert", "--json")
    (first,) = live.run(home, *command).document["files"]
    made = Path(first["converted"])
    assert first["new"] and made.parent == home / "converted" and made.read_text() == LINES
    assert path.read_text(encoding="utf-8") == data
    assert made.stat().st_mode & 0o077 == 0 == made.parent.stat().st_mode & 0o077
    for again in (command, (*command[:4], "--json"), ("contribute", str(made), "--dataset", "1", "--json")):
        done = live.run(home, *again)
        assert done.code == 0 and [item["new"] for item in done.document["files"]] == [False]
    assert handed_in(live) == 1
    (row,) = live.run(home, "contributions", "--json").document["contributions"]
    assert row["source"] == str(path.resolve())


def test_contribute__convert__of_json_lines__changes_nothing(live: FreshDao) -> None:
    home, path = member(live, GOOD, "a.jsonl")
    (item,) = live.run(home, "contribute", str(path), "--dataset", "1", "--convert", "--json").document["files"]
    assert item["new"] and item["converted"] is None and not (home / "converted").exists()


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.csv", "name,diary\nn,d,x\n", "line 2 has 3 cells, the header 2"),
        (
            "a.csv",
            "name,other\nn,d\n",
            "made JSON Lines of CSV: none of 1 lines is a record of this dataset; check the",
        ),
        ("a.json", '[{"name": "n"}, 5]', "made JSON Lines of a JSON array: none of 2 lines is a record"),
        ("a.json", '[{"name": "n"', "element 1 is not JSON"),
        ("a.csv", CSV * 3, "as JSON Lines"),
    ],
)
def test_contribute__convert__of_what_is_unfit__leaves_nothing(
    live: FreshDao, name: str, data: str, expected: str
) -> None:
    changes = {"max_file": 40} if expected == "as JSON Lines" else {}
    data = CSV[: CSV.index("m,")] * 1 + "m,e\n" if changes else data
    home, path = member(live, data, name, **changes)
    before = live.objects
    refusal = live.run(home, "contribute", str(path), "--dataset", "1", "--convert").refusal
    assert refusal.startswith(f"{path}: ") and expected in refusal and refusal.endswith("; nothing was handed in")
    assert live.objects == before and not (home / "receipts").exists()
    assert not (home / "converted").exists() or list((home / "converted").iterdir()) == []


def test_contribute__convert_without_the_schema__refused(live: FreshDao) -> None:
    home, path = member(live, CSV, "a.csv")
    assert live.run(home, "contribute", str(path), "--dataset", "1", "--convert", "--unchecked").code == 2
    for item in live.objects:
        item.unlink()
    refusal = live.run(home, "contribute", str(path), "--dataset", "1", "--convert").refusal
    assert refusal == "--convert needs the dataset's schema, which is not in storage; nothing was handed in"


def test_contribute__some_lines_that_do_not_count__are_named_and_the_rest_is_handed_in(live: FreshDao) -> None:
    home, path = member(live, LINES + '{"name": "x"}\n', "a.jsonl")
    done = live.run(home, "contribute", str(path), "--dataset", "1")
    assert done.code == 0 and handed_in(live) == 1
    assert f"Some lines will not count: {path}: line 3: 'diary' is a required property" in done.err


def test_contribute__the_same_content_twice__is_handed_in_once(live: FreshDao) -> None:
    home, path = member(live, GOOD, "a.jsonl")
    other = home / "b.jsonl"
    other.write_text(GOOD)
    files = live.run(home, "contribute", str(path), str(other), "--dataset", "1", "--json").document["files"]
    assert [item["new"] for item in files] == [True, False] and handed_in(live) == 1
