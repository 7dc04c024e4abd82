"""Records made from a dataset's schema alone, so that a program can be developed without any data.

They have the schema's form and nothing of the data's meaning: numbers are spread evenly over their range, and no two
properties have to do with each other.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from datadao.compute.matching import matching
from datadao.errors import InvalidArgument
from datadao.records import MAX_DEPTH, read
from datadao.schema import Schema

TRIES = 50
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SPAN = 1000
"""Numbers without bounds lie from 0 to here."""


def synthetic(schema: Schema, count: int, seed: int = 0) -> Iterator[bytes]:
    """`count` records that the schema holds, in canonical form, the same for the same seed.

    Raises `InvalidArgument` for a schema with a rule that is not followed here, as one that excludes most of what
    another allows.
    """
    maker = _Maker(schema.parsed, random.Random(seed))  # noqa: S311  # no secret comes of it
    for _ in range(count):
        for _ in range(TRIES):
            record, canonical = read(json.dumps(maker.make(schema.parsed)).encode())
            if schema.holds(record, canonical):
                yield canonical
                break
        else:
            where = next((n for n in schema.properties if not _allowed(schema, n, record)), "the whole record")
            raise InvalidArgument(
                f"no records can be made from this schema: what it says of {where} is not understood here; give "
                "records of your own with --records"
            )


def _allowed(schema: Schema, name: str, record: Any) -> bool:
    return not isinstance(record, dict) or name not in record or schema.allows(name, record[name])


class _Maker:
    def __init__(self, root: Any, chance: random.Random) -> None:
        self._root, self._chance = root, chance

    def make(self, about: Any, depth: int = 0) -> Any:
        about = self._whole(about, depth)
        if "const" in about:
            return about["const"]
        if "enum" in about:
            return self._chance.choice(about["enum"])
        kinds = about.get("type")
        if kinds is None:
            kinds = "object" if "properties" in about else "array" if "items" in about else "string"
        kind = self._chance.choice(kinds) if isinstance(kinds, list) else kinds
        return getattr(self, f"_{kind}", self._null)(about, depth)

    def _whole(self, about: Any, depth: int) -> dict[str, Any]:
        """A subschema with what it refers to, and with one of its alternatives."""
        if depth > MAX_DEPTH:
            raise InvalidArgument(f"the schema nests deeper than {MAX_DEPTH}; give records of your own with --records")
        if not isinstance(about, Mapping):
            return {}
        found = dict(about)
        for key in ("$ref", "allOf", "anyOf", "oneOf"):
            if key not in found:
                continue
            value = found.pop(key)
            parts = [self._referred(value)] if key == "$ref" else value if key == "allOf" else [self._any(value)]
            for part in parts:
                more = self._whole(part, depth + 1)
                properties = {**found.get("properties", {}), **more.get("properties", {})}
                required = [*found.get("required", ()), *more.get("required", ())]
                found |= more | ({"properties": properties} if properties else {})
                found |= {"required": required} if required else {}
        return found

    def _any(self, value: list[Any]) -> Any:
        return self._chance.choice(value)

    def _referred(self, name: str) -> Any:
        part = self._root
        for step in name.removeprefix("#").split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            part = part.get(step) if isinstance(part, Mapping) else None
        return part

    def _object(self, about: Mapping[str, Any], depth: int) -> dict[str, Any]:
        required = about.get("required", ())
        named = about.get("properties", {})
        return {
            name: self.make(part, depth + 1)
            for name, part in ({name: {} for name in required} | named).items()
            if name in required or self._chance.random() < 0.9
        }

    def _array(self, about: Mapping[str, Any], depth: int) -> list[Any]:
        first = about.get("prefixItems", [])
        least = about.get("minItems", 0)
        length = self._chance.randint(least, max(least, min(about.get("maxItems", 5), least + 5)))
        items = [self.make(part, depth + 1) for part in first[:length]]
        return items + [self.make(about.get("items", {}), depth + 1) for _ in range(length - len(items))]

    def _integer(self, about: Mapping[str, Any], depth: int) -> int:  # noqa: ARG002
        step = about.get("multipleOf", 1)
        low, high = _bounds(about, 1)
        if step == int(step):
            step = int(step)
            return self._chance.randint(-(-int(low) // step), max(-(-int(low) // step), int(high) // step)) * step
        return self._chance.randint(int(low), int(high))

    def _number(self, about: Mapping[str, Any], depth: int) -> float:
        if "multipleOf" in about:
            return self._integer({**about, "multipleOf": about["multipleOf"]}, depth)
        return round(self._chance.uniform(*_bounds(about, 1e-3)), 3)

    def _string(self, about: Mapping[str, Any], depth: int) -> str:  # noqa: ARG002
        if "pattern" in about:
            return matching(about["pattern"], self._chance)
        moment = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=self._chance.randrange(10**9))
        match about.get("format"):
            case "date":
                return moment.date().isoformat()
            case "date-time":
                return moment.isoformat()
            case "time":
                return moment.time().isoformat() + "Z"
            case "email":
                return f"{self._word(8)}@example.org"
            case "uri" | "iri":
                return f"https://example.org/{self._word(8)}"
            case "uuid":
                digits = f"{self._chance.getrandbits(128):032x}"
                return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        least = about.get("minLength", 0)
        return self._word(self._chance.randint(least, max(least, min(about.get("maxLength", least + 12), least + 12))))

    def _word(self, length: int) -> str:
        return "".join(self._chance.choice(_LETTERS) for _ in range(length))

    def _boolean(self, about: Mapping[str, Any], depth: int) -> bool:  # noqa: ARG002
        return self._chance.random() < 0.5

    def _null(self, about: Mapping[str, Any], depth: int) -> None:  # noqa: ARG002
        return None


def _bounds(about: Mapping[str, Any], step: float) -> tuple[float, float]:
    """The least and the largest number; `step` away from bounds that are excluded."""
    low, high = about.get("minimum"), about.get("maximum")
    if (over := about.get("exclusiveMinimum")) is not None:
        low = over + step if low is None else max(low, over + step)
    if (under := about.get("exclusiveMaximum")) is not None:
        high = under - step if high is None else min(high, under - step)
    if low is None:
        low = min(0, high - _SPAN) if high is not None else 0
    return low, max(low, low + _SPAN if high is None else high)
