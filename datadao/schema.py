"""A dataset's schema: JSON Schema 2020-12 for one record. Its sha256 is the `schemaHash` of the dataset's policy."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.validators import extend
from referencing import Registry

from datadao.errors import HashMismatch, InvalidArgument
from datadao.records import lines, parse, read
from datadao.schema_rules import IDENTITY, LEAST, IntegerType, MultipleOf, check, is_multiple

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
    """What a record of a dataset is, by `datadao.schema_rules`. Raises `HashMismatch` unless `data` is what `digest`
    names, `InvalidArgument` for what is no JSON Schema 2020-12 or what validators would understand differently."""

    def __init__(self, data: bytes, digest: bytes) -> None:
        actual = hashlib.sha256(data).digest()
        if actual != digest:
            raise HashMismatch("dataset schema", digest, actual)
        try:
            self.parsed = parse(data)
            Draft202012Validator.check_schema(self.parsed, format_checker=FormatChecker(()))
            patterns = check(self.parsed)
            # Told apart by whether it is in the text: a keyword in Python takes as long as all others together.
            exact = {"multipleOf": MultipleOf} if b"multipleOf" in data else {}
            self._rust = _compiled(self.parsed, exact)
            self._rust_of_large = _compiled(self.parsed, exact | {"type": IntegerType})
        except InvalidArgument as error:
            raise InvalidArgument(f"the dataset's schema cannot be used: {error}") from error
        except (ValueError, SchemaError, jsonschema_rs.ValidationError) as error:
            said = error.message if isinstance(error, SchemaError | jsonschema_rs.ValidationError) else str(error)
            raise InvalidArgument(f"the dataset's schema is not JSON Schema 2020-12: {said}") from error
        self._spelled = {repr(meant): repr(written) for written, meant in patterns.items()}
        # An empty registry: a `$ref` must never make an attestor fetch an address.
        self.validator = _Worded(_respelled(self.parsed, patterns), registry=Registry())
        self._parts: dict[str, Any] = {}

    @classmethod
    def new(cls, data: bytes) -> Schema:
        """A schema that is to be put into storage. Raises `InvalidArgument`."""
        return cls(data, hashlib.sha256(data).digest())

    @property
    def properties(self) -> Mapping[str, Any]:
        """Subschemas by property, in the schema's order."""
        found = self.parsed.get("properties", {}) if isinstance(self.parsed, dict) else {}
        return found if isinstance(found, dict) else {}

    @property
    def required(self) -> frozenset[str]:
        return frozenset(self.parsed.get("required", ())) if isinstance(self.parsed, dict) else frozenset()

    @property
    def identity(self) -> tuple[str, ...]:
        """The properties that make two records the same; none for all of them."""
        found = self.parsed.get(IDENTITY, ()) if isinstance(self.parsed, dict) else ()
        return tuple(found)

    @property
    def least_records(self) -> int:
        """Records of a file that is scored, at least: in a small one whose units are known, records can be guessed."""
        return int(self.parsed.get(LEAST, 1)) if isinstance(self.parsed, dict) else 1

    def holds(self, record: Any, canonical: bytes) -> bool:
        """Is it a record of the dataset? Of a value and its canonical bytes as `datadao.records.read` gives them."""
        # Only a double beyond 64 bits is spelled so outside of a text.
        rust = self._rust_of_large if b"e+" in canonical else self._rust
        return bool(rust.is_valid(record))

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
                    record, canonical = read(line)
                    if self.holds(record, canonical):
                        continue
                    error = best_match(self.validator.iter_errors(record)) if total < most else None
                    field, said = ("/".join(map(str, error.absolute_path)), error.message) if error else ("", "")
                    for meant, written in self._spelled.items():
                        said = said.replace(meant, written)
                except (ValueError, ArithmeticError, RecursionError) as reason:
                    field, said = "", str(reason)
                total += 1
                if total <= most:
                    found.append(Flaw(number, field, said if len(said) <= _REASON else said[:_REASON] + "…"))
        return found, total


def _compiled(schema: Any, keywords: Mapping[str, Any]) -> Any:
    # Without look-around its patterns take time in proportion to the text, whatever a contributor writes.
    return jsonschema_rs.Draft202012Validator(
        schema, keywords=dict(keywords) or None, pattern_options=jsonschema_rs.RegexOptions(), offline=True
    )


def _multiple_of(validator: Any, of: float, instance: Any, _: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "number") and not is_multiple(instance, of):
        yield ValidationError(f"{instance!r} is not a multiple of {of}")


_Worded = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"multipleOf": _multiple_of},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int),
)
"""Says in words what is wrong with a record; whether it is one, the other validator decides."""


def _respelled(value: Any, patterns: Mapping[str, str]) -> Any:
    """A copy of a schema with its patterns as Python's `re` has to be given them."""
    if isinstance(value, list):
        return [_respelled(item, patterns) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {name: _respelled(item, patterns) for name, item in value.items()}
    if isinstance(copy.get("pattern"), str):
        copy["pattern"] = patterns.get(copy["pattern"], copy["pattern"])
    if isinstance(copy.get("patternProperties"), dict):
        copy["patternProperties"] = {patterns.get(name, name): item for name, item in copy["patternProperties"].items()}
    return copy
