"""Schemas and records at which two validators may differ: of both some that people write, most of them odd.

A schema that `datadao.schema` refuses is drawn again; what is left, two validators must answer alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from datadao.errors import InvalidArgument
from datadao.records import read
from datadao.schema import Schema

RECORDS = 40
"""Of each schema."""
NAMES = ("a", "b", "c", "ab", "é", "", "$ref", "x-1")
TEXTS = ("", "a", "A", "ab", "aab", "19.99", "é", "e\u0301", "😀", "٣", "\n", "a\n", "\u00a0", "\ufeff", "\u2028",
         "\x85", "null", "1", "-", "a-b", "2026-11-30", "0042", "+49 30 1", "\\", '"', "e+", "x" * 40)  # fmt: skip
NUMBERS: tuple[Any, ...] = (
    0, -0.0, 1, 1.0, -1, 2, 3, 7, 0.1, 0.3, 0.5, 1.1, 19.99, 4.35, 1e-9, 1e300, -1e300, 5e-324, 1.7976931348623157e308,
    2**31, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 6.02214076e23, 9.223372036854775e18, 1e16, 0.015, 100,
)  # fmt: skip
PATTERNS = ("a", "^a$", "^a*$", r"^\d+$", r"^\d{4}-\d{2}-\d{2}$", r"^\w+$", r"\s", r"^\S+$", "^.$", "[^a]", "(?:a|b)+",
            "^[a-z]{2,3}$", r"^[\w.+-]+$", "a|^$", r"\.", "é", "^$", r"^[\s]$", r"\u0041", r"^\W$", "a+?b", "(a+)+$",
            r"^\+?[0-9 ]{3,}$", "(?=a)", r"\bé", "(a)\\1", "[", "a{,2}", r"\p{L}", "[a&&b]")  # fmt: skip
TYPES = ("string", "integer", "number", "boolean", "null", "array", "object")


def value(draw: Random, depth: int = 3) -> Any:
    """Any JSON value."""
    kind = draw.randrange(9 if depth else 6)
    if kind < 2:
        return draw.choice(NUMBERS)
    if kind < 4:
        return draw.choice(TEXTS)
    if kind < 6:
        return draw.choice((None, True, False, 0, 1, "", [], {}))
    if kind == 6:
        return [value(draw, depth - 1) for _ in range(draw.randrange(4))]
    return {draw.choice(NAMES): value(draw, depth - 1) for _ in range(draw.randrange(5))}


def schema(draw: Random, depth: int = 3) -> Any:
    """A schema with a few keywords, most of which look at one type."""
    if not depth or draw.random() < 0.05:
        return draw.choice((True, False, {}, {"type": draw.choice(TYPES)}))
    found: dict[str, Any] = {}
    if draw.random() < 0.4:
        found["type"] = draw.choice((draw.choice(TYPES), draw.sample(TYPES, 2)))
    for name in draw.sample(tuple(_KEYWORDS), draw.randrange(1, 5)):
        found[name] = _KEYWORDS[name](draw, depth - 1)
    return found


def _some(draw: Random, depth: int) -> list[Any]:
    return [schema(draw, depth) for _ in range(draw.randrange(1, 4))]


def _named(draw: Random, depth: int) -> dict[str, Any]:
    return {name: schema(draw, depth) for name in draw.sample(NAMES, draw.randrange(1, 4))}


def _count(draw: Random, _: int) -> int:
    return draw.randrange(4)


def _number(draw: Random, _: int) -> Any:
    return draw.choice(NUMBERS)


_KEYWORDS: dict[str, Callable[[Random, int], Any]] = {
    **dict.fromkeys(("maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"), _number),
    **dict.fromkeys(("maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"), _count),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _some),
    **dict.fromkeys(("not", "if", "then", "else", "items", "contains", "propertyNames", "additionalProperties",
                     "unevaluatedProperties", "unevaluatedItems"), schema),
    **dict.fromkeys(("properties", "dependentSchemas"), _named),
    "multipleOf": lambda draw, _: draw.choice((1, 2, 0.01, 0.1, 0.5, 1e-9, 3, 1e300)),
    "enum": lambda draw, _: [value(draw, 1) for _ in range(3)],
    "const": lambda draw, _: value(draw, 2),
    "pattern": lambda draw, _: draw.choice(PATTERNS),
    "patternProperties": lambda draw, depth: {draw.choice(PATTERNS): schema(draw, depth)},
    "required": lambda draw, _: draw.sample(NAMES, 2),
    "dependentRequired": lambda draw, _: {draw.choice(NAMES): draw.sample(NAMES, 2)},
    "uniqueItems": lambda draw, _: draw.random() < 0.8,
    "minContains": _count,
    "maxContains": _count,
    "format": lambda draw, _: draw.choice(("date", "date-time", "email", "regex", "uuid", "nonsense")),
    "contentEncoding": lambda *_: "base64",
    "$ref": lambda draw, _: draw.choice(("#/$defs/a", "#/$defs/b", "#", "#here")),
}  # fmt: skip


def document(draw: Random) -> Any:
    """A whole schema, with parts to refer to."""
    found = schema(draw)
    if isinstance(found, dict):
        found["$defs"] = {"a": schema(draw, 2), "b": {"$anchor": "here", "properties": {"a": {"$ref": "#/$defs/b"}}}}
    return found


def beside(draw: Random, about: Any) -> Any:
    """A value near what a schema says: with its names and numbers, which a random one rarely meets."""
    known = [item for item in _leaves(about) if item is not None]
    found = value(draw)
    if isinstance(found, dict) and known and draw.random() < 0.7:
        found |= {draw.choice(NAMES): draw.choice(known) for _ in range(2)}
    return draw.choice(known) if known and draw.random() < 0.3 else found


def _leaves(about: Any) -> Iterator[Any]:
    if isinstance(about, dict):
        for item in about.values():
            yield from _leaves(item)
    elif isinstance(about, list):
        yield about
        for item in about:
            yield from _leaves(item)
    else:
        yield about


def differences(seed: int, count: int) -> Iterator[tuple[Any, str, bool]]:
    """Of so many records, those of which the two validators say different things: the schema, the line, and what the
    one says that counts."""
    draw, done = Random(seed), 0
    while done < count:
        about = document(draw)
        try:
            text = json.dumps(about).encode()
            made = Schema(text, hashlib.sha256(text).digest())
        except InvalidArgument:
            continue
        for _ in range(RECORDS):
            line = json.dumps(beside(draw, about))
            record, canonical = read(line.encode())
            done += 1
            if made.holds(record, canonical) is not made.validator.is_valid(record):
                yield about, line, made.holds(record, canonical)
