"""The tables of a leased dataset, read by five tools: each gives the values that are written down here.

given files as contributors send them   leading zeros, telephone numbers, integers beyond 2**53, `timestamp`, chats, a
                                        property that one file lacks, a byte order mark, half a line, names of all kinds
given values that no column holds       they should stand beside the columns, exactly
given erased or further files           a table should be made anew, and only then
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import datasets
import duckdb
import mlcroissant
import pandas
import polars
import pytest
from pyarrow import parquet

from assurance.harness.dao.parties import DAO
from datadao.arrow import columns_of
from datadao.columns import Column, Kind, record_of
from datadao.errors import PackageMissing
from datadao.licensee.croissant import Dataset, Part, describe
from datadao.licensee.tables import FOLDER, write_table
from datadao.schema import Schema
from scripts._demo import survey, tools

BIG = 9_007_199_254_740_993
"""2**53 + 1: no double."""
SCHEMA = {
    "type": "object",
    "required": ["zip"],
    "properties": {
        "zip": {"type": "string"},
        "id": {"type": "integer", "description": "in the\u202e register"},
        "phone": {"type": ["string", "null"]},
        "timestamp": {"type": "string", "format": "date-time"},
        "created_at": {"type": "integer"},
        "price": {"type": "number"},
        "member": {"type": "boolean"},
        "messages": {"type": "array", "items": {"$ref": "#/$defs/message"}},
        "tags": {"type": "array", "items": {"type": "string"}},
        "place": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "code": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
        },
        "answer": {"type": ["string", "integer"]},
        "weight/kg": {"type": ["integer", "number"]},
        "index": {"type": "integer"},
    },
    "$defs": {
        "message": {
            "type": "object",
            "properties": {"role": {"enum": ["user", "assistant"]}, "content": {"type": "string"}},
        }
    },
}
FIRST = b"""\xef\xbb\xbf{"zip": "01234", "id": 9007199254740993, "phone": "+4684720000", "created_at": 1577836800, \
"timestamp": "2020-01-01T00:00:00Z", "price": 1.50, "member": true, \
"messages": [{"role": "user", "content": "Hej \\ud83d\\ude00"}, \
{"role": "assistant", "content": "01"}], "tags": ["1", "true"], "place": {"city": "Lund", "code": 7}, "answer": "5", \
"weight/kg": 70, "index": 1}
{"zip": "00000", "id": 9007199254740992.0, "phone": null, "answer": 5, "note": "kept", "price": 9007199254740993}
"""
SECOND = b"""{"zip": "7", "id": -1, "member": false, "messages": [], "place": {"code": 9007199254740993, "floor": 2}}

{"zip": 7}
{"zip": "8", "id": 1, "id": 2}
{"zip": "9", "phone": "070"""
NAMES = [*SCHEMA["properties"], "_other"]  # type: ignore[misc]
# What was contributed, by hand: None where a record lacks the property.
ROWS: list[list[Any]] = [
    [
        *("01234", BIG, "+4684720000", "2020-01-01T00:00:00Z", 1_577_836_800, 1.5, True),
        [{"role": "user", "content": "Hej \U0001f600"}, {"role": "assistant", "content": "01"}],
        *(["1", "true"], {"city": "Lund", "code": 7}, '"5"', 70.0, 1, None),
    ],
    ["00000", BIG - 1, None, None, None, 9007199254740992.0, None, None, None, None, "5", None, None,
     f'{{"/note":"kept","/price":{BIG}}}'],
    ["7", -1, None, None, None, None, False, [], None, {"city": None, "code": BIG}, None, None, None,
     f'{{"/place/code":{BIG},"/place/floor":2}}'],
]  # fmt: skip
EXPECTED = [dict(zip(NAMES, row, strict=True)) for row in ROWS]


def schema(parsed: Any = SCHEMA) -> Schema:
    data = json.dumps(parsed).encode()
    return Schema(data, hashlib.sha256(data).digest())


@pytest.fixture(scope="module")
def leased(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `open` leaves it: two batches of a file each."""
    folder = tmp_path_factory.mktemp("leased")
    (folder / "data").mkdir()
    parts = []
    for number, content in enumerate((FIRST, SECOND), 1):
        path = folder / "data" / f"{number:064x}"
        path.write_bytes(content)
        name = f"batch-{number}.parquet"
        assert write_table(folder / FOLDER / name, [path], schema()) == (2, 1)[number - 1]
        parts.append(Part(number, bytes([number]) * 32, schema(), name))
    described = describe(folder, Dataset(DAO, 1, 3, 0b11, bytes(range(32))), parts, date(2026, 11, 30))
    assert described == folder / "croissant.json"
    return folder


def test_raw_lines__read_by_a_tool_that_guesses__are_not_what_was_contributed(leased: Path) -> None:
    found = pandas.read_json(io.BytesIO(FIRST.removeprefix(b"\xef\xbb\xbf")), lines=True)
    assert found["zip"].tolist() == [1234, 0] and found["created_at"].dtype.kind == "M"
    with pytest.raises(ValueError):
        pandas.read_json(leased / "data" / f"{2:064x}", lines=True)


def tables(folder: Path) -> str:
    return str(folder / FOLDER / "*.parquet")


def test_pandas__reads_what_was_contributed(leased: Path) -> None:
    found = pandas.concat(
        [pandas.read_parquet(path) for path in sorted((leased / FOLDER).iterdir())], ignore_index=True
    )
    assert found["id"].dtype == "Int64" and found["zip"].dtype == object
    rows = [{name: _plain(row[name]) for name in NAMES} for _, row in found.astype(object).iterrows()]
    # Integers inside objects become doubles in pandas as soon as one is missing; beside the columns they are exact.
    assert rows[2]["place"]["code"] in (BIG, float(BIG)) and str(BIG) in rows[2]["_other"]
    rows[2]["place"]["code"] = BIG
    assert rows == EXPECTED


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    return value if isinstance(value, list | dict) or not pandas.isna(value) else None


def test_duckdb__reads_what_was_contributed(leased: Path) -> None:
    found = duckdb.read_parquet(tables(leased))
    assert [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()] == EXPECTED
    kinds = dict(zip(found.columns, map(str, found.types), strict=True))
    assert kinds["messages"] == 'STRUCT("role" VARCHAR, "content" VARCHAR)[]' and kinds["timestamp"] == "VARCHAR"


def test_polars__reads_what_was_contributed(leased: Path) -> None:
    found = polars.read_parquet(tables(leased))
    assert found.to_dicts() == EXPECTED
    assert found.schema["id"] == polars.Int64 and found.schema["timestamp"] == polars.String


def test_datasets__reads_what_was_contributed(leased: Path, tmp_path: Path) -> None:
    datasets.disable_progress_bars()
    found = datasets.load_dataset(
        "parquet", data_files=tables(leased), cache_dir=str(tmp_path), split="train", keep_in_memory=True
    )
    assert list(found) == EXPECTED
    assert found.features["timestamp"] == datasets.Value("string")


def test_mlcroissant__reads_what_was_contributed(leased: Path) -> None:
    dataset = mlcroissant.Dataset(str(leased / "croissant.json"))
    assert not dataset.metadata.issues.errors and not dataset.metadata.issues.warnings
    found = [_decoded(record) for record in dataset.records("records")]
    expected = [{n if n.isidentifier() else "property-11": v for n, v in row.items()} for row in EXPECTED]
    # It has no word for a list or an object that is absent.
    expected[1] |= {"messages": [{"role": None, "content": None}], "place": {"city": None, "code": None}}
    assert found == expected


def _decoded(value: Any) -> Any:
    """Without the ids of record set and field before names, and as text again."""
    if isinstance(value, dict):
        return {name.rpartition("/")[2]: _decoded(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_decoded(inner) for inner in value]
    return value.decode() if isinstance(value, bytes) else value


def test_description__says_what_is_allowed_and_where_it_came_from(leased: Path) -> None:
    said = json.loads((leased / "croissant.json").read_text())
    assert said["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    *terms, policy = said["usageInfo"]
    assert [term["termCode"] for term in terms] == ["DUO_0000042", "DUO_0000004"]
    assert policy["@type"] == ["sc:CreativeWork", "odrl:Offer"] and policy["name"] == "Lease 3"
    operands = policy["odrl:permission"]["odrl:constraint"]["odrl:rightOperand"]
    assert [operand["@id"] for operand in operands] == ["urn:datadao:purpose:0", "urn:datadao:purpose:1"]
    derived = [(item["name"], item["identifier"]) for item in said["prov:wasDerivedFrom"]]
    assert derived == [(f"batch {n}", "urn:sha256:" + f"{n:02x}" * 32) for n in (1, 2)]
    (field,) = [field for field in said["recordSet"][0]["field"] if field["name"] == "id"]
    assert field["description"] == "in the\ufffd register"


def test_description__batches_of_two_schemas__are_two_record_sets(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    older, parts = schema({"properties": {"zip": {"type": "integer"}}}), []
    for number, (content, judge) in enumerate([(b'{"zip": 1}\n', older), (b'{"zip": "01"}\n', schema())], 1):
        path = tmp_path / "data" / str(number)
        path.write_bytes(content)
        write_table(tmp_path / FOLDER / f"batch-{number}.parquet", [path], judge)
        parts.append(Part(number, bytes(32), judge, f"batch-{number}.parquet"))
    path = describe(tmp_path, Dataset(DAO, 1, 3, 1, bytes(32)), parts, date(2026, 11, 30))
    dataset = mlcroissant.Dataset(str(path))
    assert [_decoded(record)["zip"] for record in dataset.records("records")] == ["01"]
    assert [_decoded(record)["zip"] for record in dataset.records("records-1")] == [1]


def test_survey__of_the_demo__is_read_alike_by_five_tools(tmp_path: Path) -> None:
    """All of it, by the steps that the demo takes with what it leased."""
    with survey.DATA.open(newline="") as file:
        rows = [{name: round(float(row[name])) for name in survey.ANSWERS} for row in csv.DictReader(file)]
    expected = [{"respondent": number} | row | {"_other": None} for number, row in enumerate(rows)]
    (tmp_path / "data").mkdir()
    files = [tmp_path / "data" / f"{number:04}" for number in range(len(rows))]
    for path, answers in zip(files, survey.respondents(), strict=True):
        path.write_bytes(answers)
    judge, name = Schema(survey.SCHEMA, survey.SCHEMA_HASH), "batch-1.parquet"
    assert write_table(tmp_path / FOLDER / name, files, judge) == len(rows) == 944
    part = Part(1, bytes(32), judge, name)
    described = describe(tmp_path, Dataset(DAO, 1, 1, 1, bytes(32)), [part], date(2026, 11, 30))
    loaded = tools.load(tmp_path / FOLDER / name, described)
    assert set(loaded) == {"pandas", "DuckDB", "polars", "datasets", "mlcroissant"}
    for tool, records in loaded.items():
        assert sorted(records, key=lambda record: record["respondent"]) == expected, tool
    assert tools.differing(loaded, 944) == []
    loaded["polars"][3]["vote"] += 1
    loaded["pandas"].pop()
    assert tools.differing(loaded, 944) == ["pandas", "polars"]


# Writing


def test_table__is_made_anew_only_when_its_files_or_its_schema_are_others(tmp_path: Path) -> None:
    one, two = (tmp_path / name for name in ("a", "b"))
    one.write_bytes(FIRST)
    two.write_bytes(SECOND)
    target = tmp_path / "records" / "batch-1.parquet"
    assert write_table(target, [two, one], schema()) == 3
    assert parquet.read_table(target)["zip"].to_pylist() == ["01234", "00000", "7"], "in the order of their names"
    before = target.stat().st_mtime_ns, target.stat().st_ino
    assert write_table(target, [one, two], schema()) == 3
    assert (target.stat().st_mtime_ns, target.stat().st_ino) == before
    assert write_table(target, [one], schema()) == 2, "the other was erased"
    assert parquet.read_table(target)["zip"].to_pylist() == ["01234", "00000"]
    assert write_table(target, [one], schema({"properties": {"zip": {}, "id": {}}})) == 2
    assert parquet.read_schema(target).names == ["zip", "id", "_other"]


def test_table__of_many_records__is_written_in_groups(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("w") as out:
        out.writelines(f'{{"zip": "{number:05}", "id": {number}}}\n' for number in range(40_000))
        out.write(json.dumps({"zip": "x" * 900_000}) + "\n")
    target = tmp_path / "batch-1.parquet"
    assert write_table(target, [path], schema()) == 40_001
    found = parquet.ParquetFile(target)
    assert [found.metadata.row_group(n).num_rows for n in range(found.num_row_groups)] == [16_384, 16_384, 7_233]
    assert found.read(["id"])["id"].to_pylist() == [*range(40_000), None]


def test_table__without_the_package__names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(PackageMissing, match=r"datadao\[licensee\]"):
        write_table(tmp_path / "x", [], schema())
    assert not list(tmp_path.iterdir())


# Types

TEXT, WHOLE, REAL, ANY = (Column(kind) for kind in (Kind.STRING, Kind.INTEGER, Kind.NUMBER, Kind.JSON))


@pytest.mark.parametrize(
    ("part", "column"),
    [
        ({"type": "string"}, TEXT),
        ({"type": ["null", "integer"]}, WHOLE),
        ({"type": ["integer", "number"]}, REAL),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}, {"type": "null"}]}, REAL),
        ({"allOf": [{"type": "integer"}], "minimum": 3}, WHOLE),
        ({"type": "number", "allOf": [{"multipleOf": 2}]}, REAL),
        ({"enum": ["a", "b", None]}, TEXT),
        ({"const": 3}, WHOLE),
        ({"enum": [1, "1"]}, ANY),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, ANY),
        ({"type": "null"}, ANY),
        ({}, ANY),
        (True, ANY),
        ({"type": "array"}, ANY),
        ({"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
         Column(Kind.LIST, (("", Column(Kind.LIST, (("", WHOLE),))),))),
        ({"type": "array", "prefixItems": [{"type": "integer"}], "items": {"type": "integer"}}, ANY),
        ({"type": "object"}, ANY),
        ({"properties": {"a": {"type": "string"}}}, Column(Kind.OBJECT, (("a", TEXT),))),
        ({"$ref": "#/$defs/text"}, TEXT),
        ({"$ref": "#/$defs/tree"}, Column(Kind.OBJECT, (("next", ANY),))),
        ({"$ref": "#/$defs/loop"}, ANY),
        ({"$ref": "#/$defs/gone"}, ANY),
        ({"$ref": "https://example.org/text"}, ANY),
        ({"type": 7}, ANY),
    ],
)  # fmt: skip
def test_column__of_a_schema(part: Any, column: Column) -> None:
    definitions = {
        "text": {"type": "string"},
        "tree": {"type": "object", "properties": {"next": {"$ref": "#/$defs/tree"}}},
        "loop": {"$ref": "#/$defs/loop"},
    }
    record = record_of({"properties": {"x": part}, "$defs": definitions})
    assert record.parts == (("x", column),)


def test_column__beside__has_a_name_that_no_property_has() -> None:
    names = [name for name, _ in columns_of(schema({"properties": {"_other": {"type": "string"}}}))]
    assert names == ["_other", "__other"]


@pytest.mark.parametrize("parsed", [True, {"type": "array", "items": {"type": "string"}}, {"type": "object"}])
def test_table__of_records_without_named_properties__has_them_whole(parsed: Any, tmp_path: Path) -> None:
    is_object = parsed is not True and parsed["type"] == "object"
    line, text = (b'{"b":1, "a":2.0}\n', '{"a":2,"b":1}') if is_object else (b'["a"]\n', '["a"]')
    (tmp_path / "a").write_bytes(line)
    assert write_table(tmp_path / "t", [tmp_path / "a"], schema(parsed)) == 1
    assert parquet.read_table(tmp_path / "t").to_pylist() == [{"record": text}]


@pytest.mark.parametrize(
    ("value", "held", "beside"),
    [
        ({"zip": 1e300}, {"zip": None}, {"/zip": 1e300}),
        ({"id": 1e300}, {"id": None}, {"/id": 1e300}),
        ({"id": True}, {"id": None}, {"/id": True}),
        ({"price": True}, {"price": None}, {"/price": True}),
        ({"member": 1}, {"member": None}, {"/member": 1}),
        ({"messages": {"a": 1}}, {"messages": None}, {"/messages": {"a": 1}}),
        ({"place": "Lund"}, {"place": None}, {"/place": "Lund"}),
        ({"a/b~c": 1}, {}, {"/a~1b~0c": 1}),
        ({"messages": [None, {"role": "user", "x": 1}]}, {"messages": [None, {"role": "user", "content": None}]},
         {"/messages/1/x": 1}),
        ("text", None, {"": "text"}),
    ],
)  # fmt: skip
def test_column__value_of_another_type__stands_beside(value: Any, held: Any, beside: dict[str, Any]) -> None:
    found: dict[str, Any] = {}
    got = record_of(SCHEMA).held(value, "", found)
    assert found == beside
    assert got == (None if held is None else dict.fromkeys(SCHEMA["properties"]) | held)
