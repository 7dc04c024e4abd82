"""How the page words amounts, and faults of a contributor's records.

given amounts of assets with few and with many decimals
  what somebody has should be short, and what is paid exact, in the reader's own signs
given numbers that are typed
  those of the reader's language should be taken, and any other refused with an example
given records that break a rule of the schema
  the field should be named, and what is wrong with it, in the reader's language
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from assurance import ROOT
from assurance.harness.browser.page import bundle

AMOUNTS = [("149999999", 6), ("1234567891234567891234", 18), ("999999999999", 18), ("0", 18), ("7", 0)]
SCHEMA = {
    "type": "object",
    "properties": {
        "age": {"type": "integer", "minimum": 18},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "side": {"enum": ["left", "right"]},
        "word": {"type": ["string", "null"], "maxLength": 3},
        "times": {"type": "array", "items": {"type": "number"}, "minItems": 2},
        "exact": {"multipleOf": 5},
        "odd": {"not": {"const": 1}},
    },
    "required": ["age"],
    "additionalProperties": False,
}


class Line(str):
    """A record as it stands in its file, where JSON cannot be made of a value."""


WRONG: list[tuple[Any, str, str, str]] = [
    (7, "", "expected: several fields", "erwartet: mehrere Felder"),
    ({"age": 17}, "age", "less than 18", "weniger als 18"),
    ({"age": "x"}, "age", "expected: whole number", "erwartet: ganze Zahl"),
    ({}, "age", "is missing", "fehlt"),
    ({"age": 18, "name": "x"}, "name", "is not asked for", "ist nicht vorgesehen"),
    ({"age": 18, "note": 5}, "note", "none of the possible forms", "keine der möglichen Formen"),
    ({"age": 18, "side": "up"}, "side", "expected one of: left, right", "erwartet eines von: left, right"),
    ({"age": 18, "word": 1}, "word", "expected: text, nothing", "erwartet: Text, nichts"),
    ({"age": 18, "word": "{wanted}"}, "word", "longer than 3 characters", "länger als 3 Zeichen"),
    ({"age": 18, "times": [1, "x"]}, "times/1", "expected: number", "erwartet: Zahl"),
    ({"age": 18, "times": [1]}, "times", "fewer than 2 entries", "weniger als 2 Einträge"),
    ({"age": 18, "exact": 3}, "exact", "must be a multiple of 5", "muss ein Vielfaches von 5 sein"),
    # A rule without words of its own.
    ({"age": 18, "odd": 1}, "odd", "breaks the rule not of these records", "verletzt die Regel not dieser Datensätze"),
    (Line("{"), "", "not JSON", "kein JSON"),
    (Line('{"age": 18, "a": {"b": 1, "b": 2}}'), "", "the name b stands twice in one object",
     "der Name b steht zweimal in einem Objekt"),
    (Line('{"age": 9223372036854775808}'), "", "the number 9223372036854775808 is beyond 64 bits; write it as text",
     "die Zahl 9223372036854775808 hat mehr als 64 Bit; schreiben Sie sie als Text"),
    (Line("1e999"), "", "the number 1e999 is out of range", "die Zahl 1e999 ist zu groß"),
    (Line(r'"\ud800"'), "", "half of a surrogate pair is no character",
     "ein halbes Ersatzzeichenpaar ist kein Zeichen"),
    (Line("[" * 65), "", "nests deeper than 64", "tiefer verschachtelt als 64"),
]  # fmt: skip


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("words") / "words.mjs"
    bundle("test/words.ts", made)
    return made


def said(program: Path, language: str, typed: list[str]) -> dict[str, list[Any]]:
    words = json.loads((ROOT / f"web/lang/{language}.json").read_text())
    records = [record if isinstance(record, Line) else json.dumps(record) for record, *_ in WRONG]
    given = {"language": language, "words": words, "amounts": AMOUNTS, "typed": typed, "schema": json.dumps(SCHEMA)}
    file = program.with_name(f"{language}.json")
    file.write_text(json.dumps(given | {"records": [*records, json.dumps({"age": 18})]}))
    done = subprocess.run(["node", program, file], check=True, capture_output=True, text=True)
    answer: dict[str, list[Any]] = json.loads(done.stdout)
    return answer


def test_words__in_english__amounts_numbers_and_faults(program: Path) -> None:
    refused = "a number is written like 1250.50"
    found = said(program, "en", ["1250.5", " 7 ", "1,250", "1.2.3", "-1", ""])
    assert found == {
        "held": ["149.999999 T", "1,234.567891 T", "< 0.000001 T", "0 T", "7 T"],
        "paid": ["149.999999 T", "1,234.567891234567891234 T", "0.000000999999999999 T", "0 T", "7 T"],
        "typed": ["1250.5", "7", refused, refused, refused, refused],
        "faults": [*([field, english] for _, field, english, _ in WRONG), None],
    }


def test_words__in_german__amounts_numbers_and_faults(program: Path) -> None:
    refused = "eine Zahl wird geschrieben wie 1250,50"
    found = said(program, "de", ["1250,5", "7", "1.250", "x"])
    assert found == {
        "held": ["149,999999 T", "1.234,567891 T", "< 0,000001 T", "0 T", "7 T"],
        "paid": ["149,999999 T", "1.234,567891234567891234 T", "0,000000999999999999 T", "0 T", "7 T"],
        "typed": ["1250.5", "7", refused, refused],
        "faults": [*([field, german] for _, field, _, german in WRONG), None],
    }
