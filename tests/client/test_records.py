"""From a file to the records of a dataset: one way, read strictly, with one spelling of each record."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datadao.records import ValidRecord, read, valid_records
from datadao.schema import Schema


def found(data: bytes, schema: object = True) -> list[ValidRecord]:
    text = json.dumps(schema).encode()
    return list(valid_records(io.BytesIO(data), Schema(text, hashlib.sha256(text).digest())))


def test_valid_records__are_those_of_the_schema_with_their_lines_and_one_spelling() -> None:
    data = b'\xef\xbb\xbf{"b": 1.0, "a": "\\u0078"}\r\n\n{"a": 3}\nhalf {\n  {"a":"x","b":1}  '
    records = found(data, {"properties": {"a": {"type": "string"}}})
    assert records == [
        ValidRecord(1, {"b": 1, "a": "x"}, b'{"a":"x","b":1}'),
        ValidRecord(5, {"a": "x", "b": 1}, b'{"a":"x","b":1}'),
    ]


REFUSED = [
    ('{"a": 1, "a": 1}', "the name 'a' stands twice in one object"),
    ('{"a": {"b": [{"c": 1, "d": 2, "c": 3}]}}', "the name 'c' stands twice in one object"),
    (r'{"a": "\n", "\u0061": 2}', "the name 'a' stands twice in one object"),
    (f'{{"{"n" * 99}": 1, "{"n" * 99}": 2}}', f"the name '{'n' * 40}' stands twice in one object"),
    ("9223372036854775808", "the number 9223372036854775808 is beyond 64 bits; write it as text"),
    ("[-9223372036854775809]", "the number -9223372036854775809 is beyond 64 bits; write it as text"),
    ("9" * 5_000, f"the number {'9' * 40} is beyond 64 bits; write it as text"),
    ("1e999", "the number 1e999 is out of range"),
    (r'"\ud800"', "half of a surrogate pair is no character"),
    ("NaN", "NaN is not JSON"),
]


@pytest.mark.parametrize(("line", "reason"), REFUSED)
def test_read__what_readers_understand_differently__is_refused_in_words(line: str, reason: str) -> None:
    with pytest.raises(ValueError) as refused:
        read(line.encode())
    assert str(refused.value) == reason
    assert found(line.encode() + b"\n1\n") == [ValidRecord(2, 1, b"1")]


SPELLED = [
    ("9223372036854775807", "9223372036854775807"),
    ("-9223372036854775808", "-9223372036854775808"),
    ("9007199254740993", "9007199254740993"),
    ("1e2", "100"),
    ("-0.0", "0"),
    ("6.02214076e23", "6.02214076e+23"),
    ("9223372036854775808.0", "9.223372036854776e+18"),
    ("0.10", "0.1"),
    ('{"a": "\\"", "b": "\\\\"}', r'{"a":"\"","b":"\\"}'),
]


@pytest.mark.parametrize(("text", "canonical"), SPELLED)
def test_read__number_or_text__has_one_spelling(text: str, canonical: str) -> None:
    assert read(text.encode())[1] == canonical.encode()


_NAMES = st.sampled_from(["a", "b", 'q"', "\\", "é", ""])
_PAIRS = st.deferred(lambda: st.lists(st.tuples(_NAMES, _VALUES), max_size=4).map(tuple))
_VALUES: Any = st.one_of(
    st.integers(-3, 3), st.sampled_from(['"', "\\", "x"]), st.lists(st.integers(0, 1), max_size=2), _PAIRS
)


def spelled(value: Any) -> str:
    """JSON of pairs, in which a name may stand twice."""
    if isinstance(value, tuple):
        return "{" + ", ".join(f"{json.dumps(name)}: {spelled(item)}" for name, item in value) + "}"
    return json.dumps(value)


def twice(value: Any) -> bool:
    return isinstance(value, tuple) and (
        len({name for name, _ in value}) < len(value) or any(twice(item) for _, item in value)
    )


@given(_PAIRS)
def test_read__name_twice__is_found_at_any_depth_and_in_any_spelling(pairs: tuple) -> None:
    line = spelled(pairs).encode()
    if not twice(pairs):
        assert json.loads(read(line)[1]) == json.loads(line)
        return
    with pytest.raises(ValueError, match="stands twice in one object"):
        read(line)
