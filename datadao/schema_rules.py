"""What a dataset's schema may use: JSON Schema 2020-12 as far as every validator understands it alike.

A record earns by what one validator says (`SCORING`), so whatever two well-kept ones answer differently is refused when
the schema is read, before anybody's data depends on it: other dialects, references that lead out or in circles,
patterns beyond what the specification recommends. `multipleOf` counts in decimal, as people write prices.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Context, Decimal
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from datadao.errors import InvalidArgument

SCORING = 2
"""The version of what makes a record and what it earns. In version 2 a line is a record if jsonschema-rs 0.61.2 says so
of the value that `datadao.records` reads, with `multipleOf` in decimal and an integer within 64 bits."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"
VERSION, IDENTITY, LEAST = "x-scoring", "x-identity", "x-least-records"
"""Keywords of a schema: the scoring version it was written for (2 unless said), the properties that make two records
the same (all unless said), and how many records a file has at least (1 unless said)."""

_ONE = ("additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then",
        "unevaluatedItems", "unevaluatedProperties")  # fmt: skip
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS = ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties")
_SAME_VALUE = {"allOf", "anyOf", "dependentSchemas", "else", "if", "not", "oneOf", "then"}
"""Those that look at the value again: a circle of them has no end."""
_UNKNOWN = ("$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef", "$vocabulary", "dependencies")


def check(schema: Any) -> dict[str, str]:
    """Raises `InvalidArgument`, naming what is at fault, unless every validator understands the schema alike. The
    patterns in it, each as Python's `re` understands what is meant."""
    if not isinstance(schema, dict | bool):
        raise InvalidArgument("a schema is an object, or true or false")
    if isinstance(schema, dict):
        _check_own(schema)
    return dict(_Walk(schema).patterns())


def _check_own(schema: Mapping[str, Any]) -> None:
    if (version := schema.get(VERSION, SCORING)) != SCORING or isinstance(version, bool):
        raise InvalidArgument(f"its {VERSION} is {version!r}; this client scores by version {SCORING}, another by that")
    if not isinstance(least := schema.get(LEAST, 1), int) or isinstance(least, bool) or least < 1:
        raise InvalidArgument(f"its {LEAST} is {least!r}; give the number of records that a file has at least")
    if IDENTITY not in schema:
        return
    names, known, needed = schema[IDENTITY], schema.get("properties", {}), schema.get("required", ())
    if schema.get("type") != "object":
        raise InvalidArgument(f'it has {IDENTITY}, so that every record is an object; say so: "type": "object"')
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise InvalidArgument(f"its {IDENTITY} is {names!r}; name there the properties that make two records the same")
    for name in names:
        if names.count(name) > 1 or name not in known or name not in needed:
            raise InvalidArgument(
                f"its {IDENTITY} names {name!r}; name properties once each that every record must have"
            )


class _Walk:
    """Through everything that validation can reach."""

    def __init__(self, schema: Any) -> None:
        self._seen: set[int] = set()
        self._open: set[int] = set()
        root = DRAFT202012.create_resource(schema)
        self._waiting = [(schema, Registry().resolver_with_root(root))]

    def patterns(self) -> Iterator[tuple[str, str]]:
        while self._waiting:
            yield from self._visit(*self._waiting.pop())

    def _visit(self, part: Any, resolver: Any) -> Iterator[tuple[str, str]]:
        if id(part) in self._open:
            raise InvalidArgument("the schema refers to itself without end; let each reference look at a smaller value")
        if not isinstance(part, dict) or id(part) in self._seen:
            return
        self._seen.add(id(part))
        self._open.add(id(part))
        resolver = resolver.in_subresource(DRAFT202012.create_resource(part))
        self._refuse(part)
        if isinstance(part.get("pattern"), str):
            yield part["pattern"], portable(part["pattern"])
        for pattern in part.get("patternProperties", {}):
            yield pattern, portable(pattern)
        if "$ref" in part:
            yield from self._visit(*_target(part["$ref"], resolver))
        for name, inner in _inside(part):
            if name in _SAME_VALUE:
                yield from self._visit(inner, resolver)
            else:
                self._waiting.append((inner, resolver))
        self._open.discard(id(part))

    def _refuse(self, part: Mapping[str, Any]) -> None:
        if (dialect := str(part.get("$schema", DIALECT)).removesuffix("#")) != DIALECT:
            raise InvalidArgument(f"its $schema is {dialect!r}; write it in JSON Schema 2020-12: {DIALECT}")
        if unknown := next((name for name in _UNKNOWN if name in part), None):
            raise InvalidArgument(f"the schema uses {unknown}, which validators understand differently; leave it out")


def _inside(part: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in _ONE:
        if name in part:
            yield name, part[name]
    for name in _LISTS:
        yield from ((name, inner) for inner in part.get(name, ()))
    for name in _MAPS:
        yield from ((name, inner) for inner in part.get(name, {}).values())


def _target(reference: Any, resolver: Any) -> tuple[Any, Any]:
    try:
        found = resolver.lookup(reference)
    except Unresolvable as error:
        raise InvalidArgument(f"the schema refers to {reference!r}, which is not in it; inline it") from error
    if "patternProperties" in reference or not isinstance(found.contents, dict | bool):
        raise InvalidArgument(f"the schema refers to {reference!r}, which is no schema; put what it means into $defs")
    try:
        Draft202012Validator.check_schema(found.contents, format_checker=FormatChecker(()))
    except SchemaError as error:
        raise InvalidArgument(f"the schema refers to {reference!r}, which is no schema: {error.message}") from error
    return found.contents, found.resolver


# Patterns: what section 6.4 of the specification recommends, and the usual escapes

_CHARACTER = r"\\(?:[tnrfv]|x[0-9A-Fa-f]{2}|u(?![dD][89a-fA-F])[0-9A-Fa-f]{4}|[\^$\\.*+?()\[\]{}|/\-])"
_TOKENS = re.compile(
    rf"(?P<set>\[\^?(?:{_CHARACTER}|\\[dDwWs]|[^\\\[\]^])+\])|(?P<space>\\[sS])|(?P<kind>\\[dDwW])|(?P<escape>{_CHARACTER})"
    r"|(?P<repeat>(?:[*+?]|\{[0-9]{1,4}(?:,[0-9]{0,4})?\})\??)|(?P<group>\((?:\?:)?)|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<start>\^)|(?P<end>\$)|(?P<any>\.)|(?P<plain>[^\\\[\](){}*+?|^$.])",
    re.DOTALL,
)
_SPACES = r"\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_AMBIGUOUS = re.compile(r"&&|~~|--|\|\||\\[dDwWs]-(?!\])|-\\[dDwWs]")


def tokens_of(pattern: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each part of a pattern that `portable` takes."""
    return ((str(token.lastgroup), token[0]) for token in _TOKENS.finditer(pattern))


def portable(pattern: str) -> str:
    """The pattern as Python's `re` has to be given it. Raises `InvalidArgument` for one that is no regular expression
    of the kind that every engine matches alike, in time that grows with the text alone."""
    at, before, out = 0, "start", ["(?a)"]
    while at < len(pattern):
        token = _TOKENS.match(pattern, at)
        kind = token.lastgroup if token else None
        if token is None or kind is None or (kind == "repeat" and before in ("start", "end", "group", "bar", "repeat")):
            raise InvalidArgument(
                f"the pattern {pattern!r} has at character {at + 1} what not every engine knows; use characters, "
                "sets, groups, |, ^, $ and single repeats, without look-around, back references or flags"
            )
        text = token[0].replace(r"\/", "/")
        if kind == "set":
            if _AMBIGUOUS.search(text):
                raise InvalidArgument(f"the pattern {pattern!r} has the ambiguous set {text}; write a dash last in it")
            text = text.replace(r"\s", _SPACES)
        elif kind == "space":
            text = f"[{'^' if text == chr(92) + 'S' else ''}{_SPACES}]"
        elif kind == "any":
            text = r"[^\n\r\u2028\u2029]"
        elif kind == "end":
            text = r"\Z"
        out.append(text)
        at, before = token.end(), kind
    try:
        re.compile("".join(out))
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidArgument(f"the pattern {pattern!r} is no regular expression: {error}") from error
    return "".join(out)


# Numbers

_EXACT = Context(prec=1_200)
"""Digits of the largest double divided by the smallest, and more."""


def is_multiple(value: float, of: float) -> bool:
    """Is it, of both numbers as they are written in decimal? 0.3 is a multiple of 0.1."""
    return _EXACT.remainder(Decimal(repr(value)), Decimal(repr(of))) == 0


class MultipleOf:
    """`multipleOf` for jsonschema-rs."""

    def __init__(self, _parent: object, value: float, _path: object) -> None:
        self._of = value

    def validate(self, instance: Any) -> None:
        """Raises `ValueError` for a number that is none."""
        if isinstance(instance, int | float) and not isinstance(instance, bool) and not is_multiple(instance, self._of):
            raise ValueError(f"{instance} is not a multiple of {self._of}")


_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


class IntegerType:
    """`type` for jsonschema-rs, where a record has a number beyond 64 bits: that is no integer."""

    def __init__(self, _parent: object, value: str | list[str], _path: object) -> None:
        self._kinds = {value} if isinstance(value, str) else set(value)

    def validate(self, instance: Any) -> None:
        """Raises `ValueError` for a value of another type."""
        kind = _KINDS.get(type(instance), "null")
        if kind not in self._kinds and not (kind == "integer" and "number" in self._kinds):
            raise ValueError(f"{instance!r} is not of type {' or '.join(sorted(self._kinds))}")
