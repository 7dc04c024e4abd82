"""A dataset's schema: JSON Schema 2020-12 for one record. Its sha256 is the `schemaHash` of the dataset's policy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from datadao.errors import HashMismatch, InvalidArgument
from datadao.records import lines, parse

_REASON = 200
"""Characters of the reason for which one record is none."""


@dataclass(frozen=True)
class Flaw:
    """Why a line is no record: `field` is its path in the record, empty for the record itself."""

    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}, {self.field}" if self.field else f"line {self.line}"
        return f"{where}: {self.reason}"


class Schema:
    """Raises `HashMismatch` unless `data` is what `digest` names, `InvalidArgument` unless it is a JSON Schema."""

    def __init__(self, data: bytes, digest: bytes) -> None:
        actual = hashlib.sha256(data).digest()
        if actual != digest:
            raise HashMismatch("dataset schema", digest, actual)
        try:
            self.parsed = json.loads(data)
            Draft202012Validator.check_schema(self.parsed)
        except (ValueError, SchemaError) as error:
            raise InvalidArgument(f"the dataset's schema is not JSON Schema 2020-12: {error}") from error
        # An empty registry: a `$ref` must never make an attestor fetch an address.
        self.validator = Draft202012Validator(self.parsed, registry=Registry())
        self._parts: dict[str, Any] = {}

    @classmethod
    def new(cls, data: bytes) -> Schema:
        """A schema that is to be put into storage: references in it must resolve too. Raises `InvalidArgument`."""
        made = cls(data, hashlib.sha256(data).digest())
        parts = list(_parts(made.parsed))
        # One with identifiers of its own has other places to start from.
        if not any("$id" in part for part in parts):
            resolver = Registry().with_resource("", DRAFT202012.create_resource(made.parsed)).resolver()
            for reference in (part["$ref"] for part in parts if isinstance(part.get("$ref"), str)):
                try:
                    resolver.lookup(reference)
                except Unresolvable as error:
                    raise InvalidArgument(
                        f"the schema refers to {reference!r}, which is not in it; inline it"
                    ) from error
        return made

    @property
    def properties(self) -> Mapping[str, Any]:
        """Subschemas by property, in the schema's order."""
        found = self.parsed.get("properties", {}) if isinstance(self.parsed, dict) else {}
        return found if isinstance(found, dict) else {}

    @property
    def required(self) -> frozenset[str]:
        return frozenset(self.parsed.get("required", ())) if isinstance(self.parsed, dict) else frozenset()

    def holds(self, record: Any) -> bool:
        """Is it a record of the dataset? Raises `InvalidArgument` for a schema that refers outside itself."""
        try:
            return self.validator.is_valid(record)
        except Unresolvable as error:
            raise InvalidArgument(f"the schema refers outside itself: {error}; inline what it refers to") from error

    def allows(self, name: str, value: Any) -> bool:
        """Does a property's own subschema allow the value?"""
        if name not in self._parts:
            self._parts[name] = self.validator.evolve(schema=self.properties[name])
        return bool(self._parts[name].is_valid(value))

    def flaws(self, path: Path, most: int = 3) -> tuple[list[Flaw], int]:
        """The first lines of a file that are no records, and why; and how many there are. The reasons quote the file:
        they are for its owner alone. Raises `ScoreRefused` as `records.lines`."""
        found: list[Flaw] = []
        total = 0
        with path.open("rb") as file:
            for number, line in lines(file):
                try:
                    record = parse(line)
                    if self.holds(record):
                        continue
                    error = best_match(self.validator.iter_errors(record)) if total < most else None
                    field, said = ("/".join(map(str, error.absolute_path)), error.message) if error else ("", "")
                except (ValueError, ArithmeticError, RecursionError) as reason:
                    field, said = "", str(reason)
                total += 1
                if total <= most:
                    found.append(Flaw(number, field, said if len(said) <= _REASON else said[:_REASON] + "…"))
        return found, total


def _parts(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every object in a JSON value; no deeper than the parser went."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
