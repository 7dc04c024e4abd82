"""The columns of a dataset: what its JSON Schema says of a record, as types that tables have.

The types follow from the schema alone, never from the data, so that files of different batches fit together. What the
typed columns of a record do not hold as it was scored is kept beside them, by JSON Pointer: properties that the schema
does not name, values of another type, numbers that no double is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

_DEPTH = 16
"""Levels of types; what lies deeper is JSON text."""
_BITS = 63
_EXACT = 2**53
"""Up to here every integer is a double, which is what pandas makes of integers inside objects and lists."""


class Kind(Enum):
    """What a value is. `JSON` is any, as the text that it was scored as."""

    STRING, INTEGER, NUMBER, BOOLEAN, LIST, OBJECT, JSON = range(7)


@dataclass(frozen=True)
class Column:
    """`parts` are an object's properties, or a list's single kind of item, under an empty name."""

    kind: Kind
    parts: tuple[tuple[str, Column], ...] = ()
    description: str = field(default="", compare=False)

    def held(self, value: Any, path: str, beside: dict[str, Any]) -> Any:
        """What a table holds of the value; whatever it does not goes `beside`, by its path."""
        match self.kind, value:
            case _, None:
                return None
            case Kind.JSON, _:
                return text(value)
            case (Kind.STRING, str()) | (Kind.BOOLEAN, bool()):
                return value
            case Kind.INTEGER, int() if not isinstance(value, bool) and -(1 << _BITS) <= value < 1 << _BITS:
                if abs(value) > _EXACT and path.count("/") > 1:
                    beside[path] = value
                return value
            case Kind.NUMBER, int() | float() if not isinstance(value, bool):
                if (double := float(value)) != value:
                    beside[path] = value
                return double
            case Kind.LIST, list():
                ((_, item),) = self.parts
                return [item.held(inner, f"{path}/{number}", beside) for number, inner in enumerate(value)]
            case Kind.OBJECT, dict():
                named = dict(self.parts)
                for name in value.keys() - named.keys():
                    beside[f"{path}/{_escaped(name)}"] = value[name]
                return {
                    n: inner
                    if column._is_plain(inner := value.get(n))
                    else column.held(inner, f"{path}/{_escaped(n)}", beside)
                    for n, column in self.parts
                }
        beside[path] = value
        return None

    def _is_plain(self, value: Any) -> bool:
        """Does a table hold the value as it is? Of most values that is quickly said, without a path."""
        return type(value) is _TYPES.get(self.kind) and (type(value) is not int or -_EXACT <= value <= _EXACT)


_TYPES = {Kind.STRING: str, Kind.INTEGER: int, Kind.NUMBER: float, Kind.BOOLEAN: bool}
_JSON = Column(Kind.JSON)
_PLAIN = {
    "string": Column(Kind.STRING),
    "integer": Column(Kind.INTEGER),
    "number": Column(Kind.NUMBER),
    "boolean": Column(Kind.BOOLEAN),
}


def record_of(schema: Any) -> Column:
    """The columns of a record: an `OBJECT`, or anything else where records are no objects with named properties."""
    return _column(schema, schema, ())


def text(value: Any) -> str:
    """A value as it was scored."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _column(schema: Any, root: Any, path: tuple[str, ...]) -> Column:
    if not isinstance(schema, Mapping) or len(path) > _DEPTH:
        return _JSON
    said = schema.get("description")
    about = said if isinstance(said, str) else ""
    found = set(_candidates(schema, root, path))
    definite = found - {_JSON} or found
    if {column.kind for column in definite} == {Kind.INTEGER, Kind.NUMBER}:
        definite = {_PLAIN["number"]}
    made = definite.pop() if len(definite) == 1 else _JSON
    return Column(made.kind, made.parts, about)


def _candidates(schema: Mapping[str, Any], root: Any, path: tuple[str, ...]) -> Iterator[Column]:
    """What each part of a schema says that a value is, where it says so."""
    kinds = schema.get("type")
    names = [kinds] if isinstance(kinds, str) else list(kinds) if isinstance(kinds, Sequence) else []
    if not names:
        names = _implied(schema)
    if own := [name for name in names if name != "null"]:
        yield _union(_typed(name, schema, root, path) for name in own)
    if isinstance(reference := schema.get("$ref"), str):
        # One that leads to itself has no end.
        yield _JSON if reference in path else _column(_resolved(reference, root), root, (*path, reference))
    for branch in _list(schema.get("allOf")):
        yield _column(branch, root, (*path, ""))
    for word in ("anyOf", "oneOf"):
        branches = [branch for branch in _list(schema.get(word)) if not _is_null(branch)]
        if branches:
            yield _union(_column(branch, root, (*path, "")) for branch in branches)


def _implied(schema: Mapping[str, Any]) -> list[str]:
    """Types of a schema that names none: those of the values it allows."""
    if "const" in schema:
        return [_name_of(schema["const"])]
    if values := _list(schema.get("enum")):
        return sorted({_name_of(value) for value in values})
    if isinstance(schema.get("properties"), Mapping):
        return ["object"]
    return ["array"] if isinstance(schema.get("items"), Mapping) else []


def _typed(name: str, schema: Mapping[str, Any], root: Any, path: tuple[str, ...]) -> Column:
    if name == "object":
        properties = schema.get("properties")
        if not isinstance(properties, Mapping) or not properties:
            return _JSON
        return Column(Kind.OBJECT, tuple((n, _column(part, root, (*path, ""))) for n, part in properties.items()))
    if name == "array":
        item = _JSON if "prefixItems" in schema else _column(schema.get("items"), root, (*path, ""))
        return _JSON if item.kind is Kind.JSON else Column(Kind.LIST, (("", item),))
    return _PLAIN.get(name, _JSON)


def _union(columns: Iterator[Column]) -> Column:
    found = set(columns)
    if found == {_PLAIN["integer"], _PLAIN["number"]}:
        return _PLAIN["number"]
    return found.pop() if len(found) == 1 else _JSON


def _resolved(reference: str, root: Any) -> Any:
    """What a reference within the schema names; nothing for any other, which is no matter of types."""
    if not reference.startswith("#") or _has_identifiers(root):
        return None
    found = root
    for name in reference[1:].split("/")[1:]:
        name = name.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping):
            found = found.get(name)
        else:
            found = dict(enumerate(_list(found))).get(int(name) if name.isdecimal() else -1)
    return found


def _has_identifiers(root: Any) -> bool:
    definitions = root.get("$defs") if isinstance(root, Mapping) else None
    parts = definitions.values() if isinstance(definitions, Mapping) else ()
    return any(isinstance(part, Mapping) and "$id" in part for part in parts)


def _is_null(schema: Any) -> bool:
    return isinstance(schema, Mapping) and (schema.get("type") == "null" or schema.get("const", 0) is None)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _name_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "integer", float: "number", type(None): "null", list: "array", dict: "object"}
    return names[type(value)]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
