"""JSON Lines of CSV and of JSON arrays: every value as the schema declares it, and what cannot be is named by its line.

given a CSV file                  its columns, separators, quotes, empty cells and types
given a JSON array                of any layout, and as large as it likes
given neither, or a damaged one   it should be refused with its place, and nothing be left
"""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datadao.attestor.scoring import JsonLinesScorer
from datadao.convert import Shape, convert, shape_of
from datadao.errors import InvalidArgument, ScoreRefused
from datadao.records import MAX_RECORD
from datadao.schema import Schema

PROPERTIES: dict[str, Any] = {
    "name": {"type": "string"},
    "age": {"type": "integer", "minimum": 0},
    "income": {"type": ["number", "null"]},
    "member": {"type": "boolean"},
    "vote": {"enum": ["A", "B", None]},
    "grade": {"enum": [1, 2, 3]},
    "zip": {"type": "string", "pattern": "^[0-9]{5}$"},
    "either": {"type": ["string", "integer"]},
    "tags": {"type": "array", "items": {"type": "string"}},
    "deep": {"type": "array"},
    "code": {"$ref": "#/$defs/code"},
    "mixed": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
}


def schema_of(properties: dict[str, Any] = PROPERTIES, **more: Any) -> Schema:
    text = {"type": "object", "properties": properties, "$defs": {"code": {"type": "integer"}}} | more
    data = json.dumps(text).encode()
    return Schema(data, hashlib.sha256(data).digest())


def converted(folder: Path, data: str | bytes, schema: Schema | None = None, shape: Shape | None = None) -> list[Any]:
    source, target, schema = folder / "data.csv", folder / "data.jsonl", schema or schema_of()
    source.write_bytes(data if isinstance(data, bytes) else data.encode())
    before = source.read_bytes()
    shape = shape or shape_of(source, schema)
    assert shape is not None
    count = convert(source, target, shape, schema)
    assert source.read_bytes() == before, "the original is left as it is"
    records = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert len(records) == count
    return records


CELLS: list[tuple[str, str, Any]] = [
    ("name", "Ada", "Ada"),
    ("name", "007", "007"),
    ("name", "true", "true"),
    ("name", " x ", " x "),
    ("age", "42", 42),
    ("age", " 42 ", 42),
    ("age", "4.0", 4),
    ("age", "007", "007"),
    ("age", "1,5", "1,5"),
    ("age", "-1", "-1"),
    ("age", "12345678901234567890123", 12345678901234567890123),
    ("income", "0.10", 0.1),
    ("income", "1e3", 1000),
    ("income", "1e999", "1e999"),
    ("income", "NaN", "NaN"),
    ("income", "", None),
    ("member", "TRUE", True),
    ("member", "false", False),
    ("member", "1", "1"),
    ("vote", "A", "A"),
    ("vote", "", None),
    ("grade", "2", 2),
    ("grade", "9", "9"),
    ("zip", "01234", "01234"),
    ("either", "5", "5"),
    ("tags", '["a", "b"]', ["a", "b"]),
    ("deep", "[[]]", [[]]),
    ("deep", "[" * 100 + "]" * 100, "[" * 100 + "]" * 100),
    ("code", "7", 7),
    ("mixed", "7", 7),
    ("mixed", "", None),
    ("other", "5", "5"),
]


@pytest.mark.parametrize(("column", "cell", "value"), CELLS, ids=lambda value: str(value)[:20])
def test_csv__cell__is_what_the_schema_declares(tmp_path: Path, column: str, cell: str, value: Any) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    (record,) = converted(
        tmp_path, f"zip,{column}x,{column}\n12345,,{quoted}\n" if column != "zip" else f"zip\n{quoted}\n"
    )
    assert record[column] == value and type(record[column]) is type(value)


def test_csv__spaces_around_names__are_no_part_of_them(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text(" name ; age\na;1\n")
    assert shape_of(tmp_path / "data.txt", schema_of({"age": {"type": "integer"}})) is Shape.CSV
    assert converted(tmp_path, " name ; age\na;1\n") == [{"name": "a", "age": 1}]


@pytest.mark.parametrize("column", ["name", "age", "member", "grade", "tags", "other"])
def test_csv__empty_cell__is_left_out(tmp_path: Path, column: str) -> None:
    assert converted(tmp_path, f"zip,{column}\n12345,\n") == [{"zip": "12345"}]
    assert converted(tmp_path, f"zip,{column}\n12345,   \n") == [{"zip": "12345"}]
    assert converted(tmp_path, f"zip,{column}\n12345\n") == [{"zip": "12345"}]


def test_csv__empty_cell_of_a_required_text__is_an_empty_text(tmp_path: Path) -> None:
    schema = schema_of(required=["name", "age"])
    assert converted(tmp_path, "name,age,zip\n,,12345\n", schema) == [{"name": "", "zip": "12345"}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_csv__of_any_separator__has_its_quotes_and_newlines(
    tmp_path: Path, delimiter: str, newline: str, mark: bytes
) -> None:
    rows = [["name", "age"], [f'"a{delimiter} ""b""\nc"', "1"], [], ["d", "2"]]
    text = newline.join(delimiter.join(row) for row in rows)
    assert converted(tmp_path, mark + text.encode()) == [
        {"name": f'a{delimiter} "b"\nc', "age": 1},
        {"name": "d", "age": 2},
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("name,age\na,1\nb,2,3\n", "line 3 has 3 cells, the header 2"),
        ("name,name\na,b\n", "its first line names 'name' twice; each column needs a name of its own"),
        ("a,1\nb,2\n", "its first line names no property of the dataset's records; they are name, age, income"),
        ('name,age\n"a,1\nb,2\n', "line 3 is not CSV: unexpected end of data; is a quotation mark missing?"),
        ('name,age\n"a"x,1\n', "line 2 is not CSV: "),
        ("name,age\n" + "x" * (MAX_RECORD + 1) + ",1\n", "line 2 is not CSV: field larger than"),
        (b"name,age\ncaf\xe9,1\n", "it is not UTF-8 (invalid continuation byte after record 0); save it as UTF-8"),
    ],
)
def test_csv__damaged__refused_by_line_and_nothing_left(tmp_path: Path, data: str | bytes, expected: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        converted(tmp_path, data, shape=Shape.CSV)
    assert str(refused.value).startswith(expected)
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("[]", []),
        (" [ ] \n", []),
        ('[{"age": 1}]', [{"age": 1}]),
        ('[\n  {\n    "name": "a \\n b  [,]",\n    "age": 1\n  },\n  {"age": 2.50}\n]\n', None),
        ("[1,2 ,\n3]", [1, 2, 3]),
        ('["a", null, [1, [2]]]', ["a", None, [1, [2]]]),
    ],
)
def test_array__of_any_layout__is_one_element_a_line(tmp_path: Path, text: str, records: list[Any] | None) -> None:
    assert converted(tmp_path, text) == (json.loads(text) if records is None else records)


@given(
    st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
            max_leaves=8,
        ),
        max_size=6,
    ),
    st.sampled_from([None, 0, 3]),
    st.sampled_from([1, 2, 7, 64 * 1024]),
)
def test_array__of_anything__comes_back_whatever_is_read_at_once(
    tmp_path: Path, values: list[Any], indent: int | None, head: int
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("datadao.convert._HEAD", head)
        (tmp_path / "data.csv").write_text(json.dumps(values, indent=indent, ensure_ascii=False), encoding="utf-8")
        target = tmp_path / "data.jsonl"
        assert convert(tmp_path / "data.csv", target, Shape.ARRAY, schema_of()) == len(values)
    assert [json.loads(line) for line in target.read_text(encoding="utf-8").split("\n")[:-1]] == values


def test_array__numbers__keep_their_digits(tmp_path: Path) -> None:
    converted(tmp_path, "[0.10000000000000000000001, 12345678901234567890.0]")
    assert (tmp_path / "data.jsonl").read_text() == "0.10000000000000000000001\n12345678901234567890.0\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"age": 1}, {"age": }]', "element 2 is not JSON: Expecting value"),
        ('[{"age": 1} {"age": 2}]', "it is no JSON array: after element 1 comes '{', not ',' or ']'"),
        ('[{"age": 1}', "it is no JSON array: after element 1 comes the end of the file, not ',' or ']'"),
        ('[{"age": 1},', "it is no JSON array: after element 1 comes the end of the file"),
        ('[{"age": 1}]]', "it is no JSON array: after its end comes ']'"),
        ('[{"age": 1', "element 1 is not JSON: Expecting ',' delimiter"),
        ("[1, NaN]", "element 2 is not JSON: NaN"),
        ("[" * 100_000, "it nests deeper than 64"),
        ('["' + "x" * (2 * MAX_RECORD) + '"]', f"element 1 is longer than {MAX_RECORD} bytes"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_array__damaged__refused_by_element_and_nothing_left(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        converted(tmp_path, text, shape=Shape.ARRAY)
    assert str(refused.value).startswith(expected)
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


@pytest.mark.parametrize(
    ("name", "data", "shape"),
    [
        ("a.jsonl", '{"age": 1}\n', None),
        ("a.csv", '{"age": 1}\n', None),
        ("a.txt", "some words\n", None),
        ("a.txt", "", None),
        ("a.json", '\n [{"age": 1}]', Shape.ARRAY),
        ("a.txt", "age;name\n1;a\n", Shape.CSV),
        ("a.txt", "age\n1\n", Shape.CSV),
        ("a.CSV", "1,2\n3,4\n", Shape.CSV),
        ("a.txt", '"age","name"\r\n1,a\r\n', Shape.CSV),
    ],
)
def test_shape__of_a_file(tmp_path: Path, name: str, data: str, shape: Shape | None) -> None:
    for mark in ("", "\ufeff"):
        (tmp_path / name).write_text(mark + data, encoding="utf-8")
        assert shape_of(tmp_path / name, schema_of()) is shape


def test_shape__of_another_encoding__refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("age,name\n1,a\n", encoding="utf-16")
    with pytest.raises(ScoreRefused, match="it is UTF-16, not UTF-8 text; save it as JSON Lines or CSV in UTF-8"):
        shape_of(tmp_path / "a.csv", schema_of())


@pytest.mark.parametrize("shape", Shape)
def test_convert__large_file__takes_little_memory_and_scores_like_its_records(tmp_path: Path, shape: Shape) -> None:
    schema, count = schema_of(), 20_000
    records = [{"name": f"n{number}", "age": number} for number in range(count)]
    lines = [json.dumps(record) for record in records]
    if shape is Shape.ARRAY:
        text = "[" + ",\n".join(lines) + "]"
    else:
        text = "name,age\n" + "".join(f"{record['name']},{record['age']}\n" for record in records)
    (tmp_path / "source").write_text(text)
    (tmp_path / "plain").write_text("\n".join(lines))
    tracemalloc.start()
    convert(tmp_path / "source", tmp_path / "target", shape, schema)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * 1024 * 1024, "remembered cells and a buffer, not the file"
    data = json.dumps(schema.parsed).encode()
    scorer = JsonLinesScorer(data, hashlib.sha256(data).digest(), bytes(32))
    assert scorer.score((tmp_path / "target").open("rb"))[0] == scorer.score((tmp_path / "plain").open("rb"))[0]
