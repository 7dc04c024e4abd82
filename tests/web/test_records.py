"""The page reads a file of records as the attestors do: the same lines are records, and as many of them earn.

given the page's reader, run by Node, and the attestors' scorer
  when both read lines that readers understand differently   each line should be taken by both or by neither
  when both read odd lines against odd schemas               the same, and values, counts and quality should be equal
  when a schema says what makes two records the same         both should count by that
  when a schema says by what version it is scored            both should know the same one alone
  when a line is as long as one may be, or one byte longer   both should take it, or refuse the file by its line
  when a file is of another kind                             both should refuse it
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from assurance.harness import odd_records
from assurance.harness.browser.page import bundle
from datadao.attestor.scoring import JsonLinesScorer
from datadao.errors import InvalidArgument, ScoreRefused
from datadao.records import MAX_RECORD, lines, read
from datadao.schema import Schema
from tests.client.test_records import REFUSED, SPELLED

SCHEMAS, LINES = 150, 40
PEOPLE = {
    "type": "object",
    "properties": {"name": {"type": "string", "format": "email"}, "born": {"type": "integer"}, "note": {}},
    "required": ["name", "born"],
    "x-identity": ["born", "name"],
}


@dataclass(frozen=True)
class Case:
    schema: Any
    data: bytes

    @property
    def text(self) -> bytes:
        return json.dumps(self.schema).encode()

    @property
    def scorer(self) -> JsonLinesScorer:
        return JsonLinesScorer(self.text, hashlib.sha256(self.text).digest(), bytes(32))


Page = Callable[[Sequence[Case]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    folder: Path = tmp_path_factory.mktemp("records")
    program = folder / "records.mjs"
    bundle("test/records.ts", program)

    def run(cases: Sequence[Case]) -> list[dict[str, Any]]:
        files = []
        for number, case in enumerate(cases):
            names = [folder / f"{number}.{end}" for end in ("schema", "jsonl")]
            for name, data in zip(names, (case.text, case.data), strict=True):
                name.write_bytes(data)
            files.append([str(name) for name in names])
        (folder / "given.json").write_text(json.dumps({"files": files}))
        done = subprocess.run(
            ["node", program, folder / "given.json"], check=True, capture_output=True, text=True, timeout=300
        )
        said: list[dict[str, Any]] = json.loads(done.stdout)
        return said

    return run


def verdict(line: bytes, schema: Schema) -> Any:
    """Its value in a list, or why it is no record."""
    try:
        value, canonical = read(line)
    except ValueError:
        return "not JSON"
    return [repr(value)] if schema.holds(value, canonical) else "breaks the schema"


def by_attestors(case: Case) -> list[tuple[int, bytes, Any]]:
    schema = Schema.new(case.text)
    return [(number, line, verdict(line, schema)) for number, line in lines(io.BytesIO(case.data))]


def of_page(said: str) -> Any:
    if not said.startswith("holds: "):
        return said
    # A double beyond 64 bits is spelled without a point there.
    whole = lambda text: int(text) if -(2**63) <= int(text) < 2**63 else float(text)  # noqa: E731
    return [repr(_sorted(json.loads(said.removeprefix("holds: "), parse_int=whole)))]


def _sorted(value: Any) -> Any:
    """As the attestors' value prints: a name's place in a record means nothing."""
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return {name: _sorted(value[name]) for name in sorted(value)} if isinstance(value, dict) else value


def agree(page: Page, cases: Sequence[Case]) -> Counter[str]:
    """Holds both to the same answers; how often each was given."""
    kinds: Counter[str] = Counter()
    for case, found in zip(cases, page(cases), strict=True):
        theirs = by_attestors(case)
        for (number, line, expected), (place, said) in zip(theirs, found["lines"], strict=True):
            if isinstance(expected, list):
                expected = [repr(_sorted(read(line)[0]))]
            assert (number, of_page(said)) == (place, expected), (case.schema, line)
            kinds[said.partition(":")[0]] += 1
        try:
            score, _ = case.scorer.score(io.BytesIO(case.data))
        except ScoreRefused:
            continue  # no record: the page looks whether it is of another shape
        valid = sum(isinstance(expected, list) for *_, expected in theirs)
        assert found["counts"] == [len(theirs), valid, score.units, score.quality], case.schema
        kinds["repeats"] += valid - score.units
    return kinds


def test_lines__that_readers_understand_differently__are_records_for_both_or_neither(page: Page) -> None:
    texts = [line for line, _ in (*REFUSED, *SPELLED)]
    more = ["-0", "1E400", "1e-400", "01", "1.", "+1", "\u00a0", "\ufeff1", "\u20281", "\x0c", "\x0b1", '"\t"', '"\\x"',
            r'"\ud83d\ude00"', r'"\ud83d"', r'{"\ud800": 1}', '{"__proto__": 1, "__proto__": 2}', "[1,]", '{"a": 1,}',
            "[" * 64 + "]" * 64, "[" * 65 + "]" * 65, '"' + "[" * 99 + '"', "1 2", "// 1", "'a'", "tru", "",
            '{"constructor": 1}', "9223372036854775807.0", "-9223372036854775809.0", "1" * 20,
            "-" + "9" * 18]  # fmt: skip
    data = "\n".join([*texts, *more]).encode() + b'\n"\xff"\n{"a": "\xed\xa0\x80"}\r\n\r\n1\r'
    kinds = agree(page, [Case(True, data), Case({"required": ["constructor"]}, data), Case({"type": "integer"}, data)])
    assert min(kinds["not JSON"], kinds["holds"], kinds["breaks the schema"]) >= 10


def spelled(draw: Random, value: Any) -> str:
    """JSON of a value, some of it in another spelling, some of it no JSON."""
    if isinstance(value, dict):
        names = [*value, *([draw.choice([*value])] if value and draw.random() < 0.05 else [])]
        return "{" + ", ".join(f"{spelled(draw, name)}: {spelled(draw, value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(spelled(draw, item) for item in value) + "]"
    if isinstance(value, str):
        odd = draw.choice([r"\ud83d", r"\ude00", "\t", r"\q"]) if draw.random() < 0.02 else ""
        return json.dumps(value, ensure_ascii=draw.random() < 0.5)[:-1] + odd + '"'
    if isinstance(value, int | float) and not isinstance(value, bool):
        return draw.choice(
            [f"{value}", f"{value}", f"{value}.0", f"{value}e0", f"{value}e-1", f"{value}0", f"{value}99"]
        )
    return json.dumps(value)


def odd_line(draw: Random, about: Any) -> bytes:
    line = spelled(draw, odd_records.beside(draw, about)).encode()
    if draw.random() < 0.05:
        at = draw.randrange(len(line) + 1)
        line = (
            line[:at]
            + draw.choice([b"", b"\xff", b",", b"\r", b'"', b"\\", b" ", b"\xe2\x80\xa8", b"\x00"])
            + line[at + 1 :]
        )
    return line


def odd_cases(seed: int) -> Iterator[Case]:
    draw = Random(seed)
    while True:
        about = odd_records.document(draw)
        try:
            Schema.new(json.dumps(about).encode())
        except InvalidArgument:
            continue
        yield Case(about, b"\n".join(odd_line(draw, about) for _ in range(LINES)))


def test_odd_lines__against_odd_schemas__are_records_for_both_or_neither_and_earn_alike(page: Page) -> None:
    cases = odd_cases(22)
    kinds = agree(page, [next(cases) for _ in range(SCHEMAS)])
    assert min(kinds["not JSON"], kinds["holds"], kinds["breaks the schema"], kinds["repeats"]) > SCHEMAS, kinds


def test_identity__of_a_schema__is_what_both_count_by(page: Page) -> None:
    draw = Random(22)
    born = ("1970", "1970.0", "197e1", "1970.5", "9007199254740992", "9007199254740993", "9007199254740993.0", '"1970"')
    names = ("1", '"no address"', '"é"', r'"\u00e9"')
    row = '{{"note": {}, "born": {}, "name": {}}}'
    rows = [
        row.format(spelled(draw, odd_records.value(draw)), draw.choice(born), draw.choice(names)) for _ in range(400)
    ]
    case = Case(PEOPLE, "\n".join(rows).encode())
    kinds = agree(page, [case])
    # Three births by two names: all other records are repeats.
    assert case.scorer.score(io.BytesIO(case.data))[0].units == 6
    assert kinds["repeats"] == kinds["holds"] - 6 > 50


def test_scoring__of_another_version__is_known_to_neither(page: Page) -> None:
    versions = (2, 2.0, 3, 1, True, "2", None)
    found = page([Case({"x-scoring": version}, b"1\n") for version in versions])
    assert [said["scoring"] for said in found] == [None, None, "3", "1", "true", '"2"', "null"]
    for version, said in zip(versions, found, strict=True):
        refused = said["scoring"] is not None
        with pytest.raises(InvalidArgument, match="x-scoring") if refused else nullcontext():
            assert Case({"x-scoring": version}, b"").scorer.schema.identity == ()


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_line__of_a_mebibyte_in_bytes__is_taken_and_a_byte_more_refused_by_both(page: Page, end: bytes) -> None:
    """In characters of two bytes, which a browser counts as one unit each."""
    letters = (MAX_RECORD - 2 - len(end)) // 2
    line = b'"' + "é".encode() * letters + b'"'
    line += b" " * (MAX_RECORD - len(line) - len(end)) + end
    fits, longer = Case(True, line + b"1\n" if end else line), Case(True, b"1\n " + line)
    (taken, refused) = page([fits, longer])
    assert taken["counts"][:2] == [2, 2] if end else [1, 1]
    assert fits.scorer.score(io.BytesIO(fits.data))[0].units == taken["counts"][2]
    assert refused["counts"] == ["lineTooLong", 2]
    with pytest.raises(ScoreRefused, match=f"line 2 is longer than {MAX_RECORD} bytes"):
        longer.scorer.score(io.BytesIO(longer.data))


@pytest.mark.parametrize(
    "head", [b"\xff\xfe1\x00", b"\xfe\xff\x001", b"PK\x03\x04", b"\x1f\x8b", b"PAR1\n1", b"\x00\x00\xfe\xff"]
)
def test_file__of_another_kind__is_refused_by_both(page: Page, head: bytes) -> None:
    case = Case(True, head + b"\n1\n")
    assert page([case])[0]["counts"] == ["notText", 0]
    with pytest.raises(ScoreRefused, match="not UTF-8 text"):
        case.scorer.score(io.BytesIO(case.data))
