"""Records made from a schema alone.

given a schema        every record made from it should be one of its own, and the same for the same seed
given one that asks   for what is not understood, it should be refused by the property's name
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from assurance.harness.commands import SCHEMA
from datadao.compute.synthetic import synthetic
from datadao.errors import InvalidArgument
from datadao.schema import Schema

WIDE = {
    "type": "object",
    "properties": {
        "age": {"type": "integer", "minimum": 18, "exclusiveMaximum": 120},
        "even": {"type": "integer", "multipleOf": 2, "minimum": -3, "maximum": 3},
        "half": {"type": "number", "multipleOf": 0.5},
        "low": {"type": "number", "maximum": -5},
        "high": {"type": ["number", "null"], "exclusiveMinimum": 5},
        "vote": {"enum": ["yes", "no", None]},
        "kind": {"const": "answer"},
        "when": {"type": "string", "format": "date-time"},
        "name": {"type": "string", "minLength": 3, "maxLength": 5},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3},
        "pair": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "boolean"}], "minItems": 2},
        "place": {"$ref": "#/$defs/place"},
        "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        "both": {"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 5}]},
    },
    "required": ["age", "vote", "place"],
    "additionalProperties": False,
    "$defs": {"place": {"type": "object", "properties": {"zip": {"type": "string"}}, "required": ["zip"]}},
}


def made(schema: Any, count: int, seed: int = 0) -> list[Any]:
    return [json.loads(line) for line in synthetic(Schema.new(json.dumps(schema).encode()), count, seed)]


def test_records__are_the_schemas_own_and_repeat() -> None:
    found = made(WIDE, 200)
    assert len(found) == 200 and found == made(WIDE, 200) != made(WIDE, 200, seed=1)
    assert {name for record in found for name in record} == set(WIDE["properties"])
    assert {record["vote"] for record in found} == {"yes", "no", None}
    assert {record["high"] is None for record in found if "high" in record} == {True, False}


@pytest.mark.parametrize(
    "pattern",
    ["^[0-9]{9}$", "^(?:[A-Z]{2}|x)-\\d+$", "a*?b?c{2,}", "^$", "^[^a-z]{1,3}$", "^\\S+@\\w+\\.(com|org)$", "^.{70}$",
     "[а-я]{3}", "^\\u00e9\\x41\\/😀{2}$", "(a|(b|c)+){0,2}\\s", "^\\W\\D[\\s\\d]$"],
)  # fmt: skip
def test_records__match_the_patterns_of_their_schema_and_differ(pattern: str) -> None:
    schema = {"type": "object", "properties": {"code": {"type": "string", "pattern": pattern}}, "required": ["code"]}
    found = {record["code"] for record in made(schema, 50)}
    assert len(found) > 1 or pattern in ("^$", "^\\u00e9\\x41\\/😀{2}$")


def test_records__of_the_survey_and_of_no_properties() -> None:
    assert len(made(json.loads(SCHEMA), 10)) == 10
    assert made({"type": "boolean"}, 1) in ([True], [False])
    assert made({}, 0) == []


@pytest.mark.parametrize(
    ("schema", "named"),
    [
        ({"type": "object", "required": ["code"], "properties": {
            "code": {"type": "string", "pattern": "^[0-9]{9}$", "minLength": 10}}}, "code"),
        ({"not": {}}, "the whole record"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}, "minItems": 1}}},
         "deeper than"),
    ],
    ids=["contradiction", "nothing", "endless"],
)  # fmt: skip
def test_schema_that_is_not_understood__is_refused_by_name(schema: Any, named: str) -> None:
    with pytest.raises(InvalidArgument, match=named):
        made(schema, 1)
