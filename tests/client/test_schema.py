"""What a dataset's schema may use, and that two validators understand it alike."""

from __future__ import annotations

import hashlib
import io
import json
import warnings
from itertools import islice
from random import Random
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from assurance.harness import odd_records
from datadao.errors import InvalidArgument
from datadao.records import read, valid_records
from datadao.schema import Schema
from datadao.schema_rules import DIALECT, is_multiple

SAMPLE = 2_000
"""Odd records in `make test`; `make bench ARGS=marks` takes 60,000."""


def schema(about: Any) -> Schema:
    data = about if isinstance(about, bytes) else json.dumps(about).encode()
    return Schema(data, hashlib.sha256(data).digest())


def holds(about: Any, line: str) -> bool:
    made = schema(about)
    said = made.holds(*read(line.encode()))
    assert said is made.validator.is_valid(read(line.encode())[0])
    return said


REFUSED: list[tuple[Any, str]] = [
    ({"$schema": "http://json-schema.org/draft-07/schema#"}, "its $schema is 'http://json-schema.org/draft-07/schema'"),
    ({"properties": {"a": {"$schema": "https://x.example"}}}, "its $schema is 'https://x.example'; write it in JSON"),
    ({"$ref": "#/x", "x": {"pattern": "("}}, "the pattern '(' is no regular expression: missing )"),
    ({"$ref": "#/x", "x": {"type": "nonsense"}}, "'nonsense' is not valid under any of the given schemas"),
    ({"items": {"$ref": "#/x"}, "x": 3}, "the schema refers to '#/x', which is no schema"),
    ({"$ref": "#/$defs/typo"}, "the schema refers to '#/$defs/typo', which is not in it; inline it"),
    ({"$ref": DIALECT}, f"the schema refers to '{DIALECT}', which is not in it; inline it"),
    ({"$ref": "#"}, "the schema refers to itself without end"),
    ({"anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"not": {"$ref": "#"}}}}, "refers to itself without end"),
    ({"$dynamicRef": "#"}, "the schema uses $dynamicRef"),
    ({"pattern": "a(?=b)"}, "the pattern 'a(?=b)' has at character 3 what not every engine knows"),
    ({"pattern": r"(a)\1"}, "at character 4 what not every engine knows"),
    ({"patternProperties": {r"\bx": {}}}, "at character 1 what not every engine knows"),
    ({"pattern": "a**"}, "at character 3 what not every engine knows"),
    ({"pattern": "[a&&b]"}, "has the ambiguous set [a&&b]"),
    ({"pattern": r"[\w-.]"}, r"has the ambiguous set [\w-.]"),
    ({"pattern": "(?:a{1000}){1000}"}, "is not a"),
    (b'{"type": "object", "type": "array"}', "the name 'type' stands twice in one object"),
    (b'{"maximum": 18446744073709551616}', "the number 18446744073709551616 is beyond 64 bits"),
    ({"x-scoring": 3}, "its x-scoring is 3; this client scores by version 2, another by that"),
    ({"type": "object", "x-identity": []}, "its x-identity is []; name there the properties"),
    (
        {"type": "object", "x-identity": ["a"], "properties": {"a": {}}},
        "its x-identity names 'a'; name properties once each that every",
    ),
]


@pytest.mark.parametrize(("about", "reason"), REFUSED)
def test_schema__what_validators_would_understand_differently__is_refused_in_words(about: Any, reason: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        schema(about)
    assert reason in str(refused.value)


def test_schema__lawful__is_taken() -> None:
    assert schema({"$schema": DIALECT + "#", "x-scoring": 2}).identity == ()
    named = {"type": "object", "x-identity": ["a"], "properties": {"a": {}}, "required": ["a"]}
    assert schema(named).identity == ("a",)
    tree = {"$ref": "#/$defs/n", "$defs": {"n": {"properties": {"next": {"$ref": "#/$defs/n"}}, "required": ["v"]}}}
    assert holds(tree, '{"v": 1, "next": {"v": 2}}') and not holds(tree, '{"v": 1, "next": {}}')


def test_multiple_of__counts_in_decimal() -> None:
    """With doubles, 159 of these prices would not be paid for."""
    made = schema({"multipleOf": 0.01})
    prices = [f"{number // 100}.{number % 100:02}" for number in range(1, 1_001)]
    lines = "\n".join(prices).encode()
    assert len(list(valid_records(io.BytesIO(lines), made))) == 1_000
    assert sum(not Draft202012Validator(made.parsed).is_valid(float(price)) for price in prices) == 159
    assert not any(made.holds(*read(f"{price}1".encode())) for price in prices)
    assert is_multiple(1.7976931348623157e308, 5e-324) and is_multiple(-0.3, 0.1) and not is_multiple(1e-7, 0.01)


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (r"^\d$", "1", "٣"),
        (r"^\w$", "a", "é"),
        (r"^\s$", "\ufeff", "\x85"),
        (r"^[\s]$", "\u00a0", "a"),
        (r"^\S$", "é", "\u00a0"),
        ("^a$", "a", "a\n"),
        ("^.$", "😀", "\u2028"),
        (r"^a\/b$", "a/b", "ab"),
    ],
)
def test_pattern__means_what_ecma_262_says(pattern: str, yes: str, no: str) -> None:
    assert holds({"pattern": pattern}, json.dumps(yes)) and not holds({"pattern": pattern}, json.dumps(no))
    names = {"patternProperties": {pattern: {"type": "string"}}, "additionalProperties": False}
    assert holds(names, json.dumps({yes: "x"})) and not holds(names, json.dumps({no: "x"}))


def test_integer__beyond_64_bits__is_none() -> None:
    about = {"properties": {"n": {"type": "integer"}, "x": {"type": ["number", "null"]}}}
    assert holds(about, '{"n": 9223372036854775807, "x": 6.02e23}') and not holds(about, '{"n": 1e30}')
    assert holds(about, '{"n": 1e2}') and holds(about, '{"x": null, "y": "e+"}')


def test_validators__agree_on_odd_records() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of `re`, at what `format` would be
        assert list(odd_records.differences(20, SAMPLE)) == []


def test_odd_records__are_such_that_a_validator_as_it_comes_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Schema.__init__

    def plain(self: Schema, *of: Any) -> None:
        made(self, *of)
        self.validator = Draft202012Validator(self.parsed)

    monkeypatch.setattr(Schema, "__init__", plain)
    assert len(list(islice(odd_records.differences(20, SAMPLE), 3))) == 3


def test_odd_records__are_drawn_from_the_seed_alone() -> None:
    first, again = ([odd_records.document(Random(seed)) for seed in range(9)] for _ in range(2))
    assert first == again
