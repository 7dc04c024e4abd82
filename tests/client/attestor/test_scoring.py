"""The default scorer: distinct records, validity x completeness in integers, one fingerprint for one set of records."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from datadao.attestor.scoring import JsonLinesScorer, ScoringResult
from datadao.errors import HashMismatch, InvalidArgument, ScoreRefused
from datadao.records import MAX_DEPTH, MAX_RECORD, too_deep

SCHEMA = json.dumps(
    {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "age": {"type": "integer", "minimum": 0},
            "vote": {"enum": ["A", "B", None]},
            "income": {"type": ["number", "null"]},
            "note": {"type": "string"},
        },
        "required": ["age"],
        "additionalProperties": False,
    }
).encode()
SECRET = b"s" * 32


def scorer(schema: bytes = SCHEMA, secret: bytes = SECRET) -> JsonLinesScorer:
    return JsonLinesScorer(schema, hashlib.sha256(schema).digest(), secret)


def score(folder: Path, *lines: str | bytes, secret: bytes = SECRET) -> ScoringResult:
    data = b"\n".join(line.encode() if isinstance(line, str) else line for line in lines) + b"\n"
    return scorer(secret=secret).score(io.BytesIO(data))[0]


FULL = '{"age": 1, "vote": "A", "income": 1.5, "note": "x"}'


def test_score__one_full_record__is_one_unit_of_full_quality(tmp_path: Path) -> None:
    result = score(tmp_path, FULL)
    assert (result.units, result.quality) == (1, 10_000)


@pytest.mark.parametrize(
    ("lines", "units", "quality"),
    [
        ([FULL, '{"age": -1}'], 1, 5_000),  # validity 1/2
        (['{"age": 1, "vote": "B"}'], 1, 5_000),  # completeness 2/4
        (['{"age": 1, "vote": null}'], 1, 2_500),  # null is not an answer
        ([FULL, FULL], 1, 10_000),  # a repeat is no unit and spoils nothing
        ([FULL, '{"age": 2}', '{"age": 2}', "junk"], 2, 4_166),  # 2/3 * 5/8, the repeat in neither
        ([FULL, FULL, FULL, "junk"], 1, 5_000),  # nor does it make up for junk
    ],
)
def test_score__each_factor__counts_once(tmp_path: Path, lines: list[str], units: int, quality: int) -> None:
    result = score(tmp_path, *lines)
    assert (result.units, result.quality) == (units, quality)


@settings(max_examples=60)
@given(
    st.lists(
        st.one_of(
            st.fixed_dictionaries(
                {"age": st.integers(-1, 3)},
                optional={"vote": st.sampled_from(["A", "B", "C", None]), "note": st.text(max_size=3)},
            ).map(json.dumps),
            st.sampled_from(["", "  ", "[1]", "nonsense", '{"age": 1e400}', '{"age": NaN}', '{"other": 1}']),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_score__any_mixture__equals_the_product_of_exact_fractions(tmp_path: Path, lines: list[str]) -> None:
    read = [json.loads(line) if line[:2] == '{"' and "1e400" not in line else None for line in lines if line.strip()]
    valid = [r for r in read if r and r.get("age", -1) in range(4) and r.get("vote") != "C" and "other" not in r]
    if not valid:
        with pytest.raises(ScoreRefused):
            score(tmp_path, *lines)
        return
    distinct = {json.dumps(record, sort_keys=True): record for record in valid}
    filled = sum(value is not None for record in distinct.values() for value in record.values())
    count, wrong = len(distinct), len(read) - len(valid)
    result = score(tmp_path, *lines)
    assert result.units == count
    assert result.quality == int(10_000 * Fraction(count, count + wrong) * Fraction(filled, 4 * count))


@pytest.mark.parametrize(
    "same",
    [
        ['{"age": 2}', FULL],
        [FULL, "", '  {"age":2}  ', FULL],
        ['{"note":"x","income":15e-1,"vote":"A","age":1.0}', '{"age": 2}', '{"age": -5}', "junk"],
        [r'{"note":"\u0078","income":1.50,"vote":"A","age":1}', '{"age": 2.0}'],
    ],
    ids=["order", "space and repeats", "keys, numbers and junk", "escapes"],
)
def test_fingerprint__same_records_in_disguise__is_the_same(tmp_path: Path, same: list[str]) -> None:
    assert score(tmp_path, *same).fingerprint == score(tmp_path, FULL, '{"age": 2}').fingerprint


@pytest.mark.parametrize("other", [[FULL], [FULL, '{"age": 3}'], [FULL, '{"age": 2}', '{"age": 0}']])
def test_fingerprint__other_records__is_another(tmp_path: Path, other: list[str]) -> None:
    assert score(tmp_path, *other).fingerprint != score(tmp_path, FULL, '{"age": 2}').fingerprint


def test_fingerprint__without_the_secret__cannot_be_computed(tmp_path: Path) -> None:
    """Else anyone could test guesses of a member's answers against the public leaves."""
    assert score(tmp_path, FULL).fingerprint != score(tmp_path, FULL, secret=b"t" * 32).fingerprint
    with pytest.raises(InvalidArgument):
        scorer(secret=b"short")


def test_fingerprint__golden_vector(tmp_path: Path) -> None:
    """Attestors hand their secret over; a changed canonical form would let old data in again as new."""
    others = [f'{{"age":{age}}}' for age in range(2, 12)]
    canonical = ['{"age":1,"income":1.5,"note":"x","vote":"A"}', *others]
    key = HKDF(SHA256(), 32, None, b"datadao/mark/1").derive(SECRET)
    marks = sorted(hmac.digest(key, b"\0" + record.encode(), "sha256")[:16] for record in canonical)
    by_hand = hmac.digest(SECRET, b"datadao/fingerprint/2" + b"".join(marks), "sha256")
    assert score(tmp_path, FULL, *others).fingerprint == by_hand
    assert (
        score(tmp_path, FULL, '{"age": 2}').fingerprint.hex()
        == "852fb0310dae308b545a238cc7530157ddb18ed38f76dc0769287f755db80012"
    )


@pytest.mark.parametrize(
    "hostile",
    [
        b"[" * 100_000,
        b'{"age": ' + b"9" * 5_000 + b"}",
        b'{"age": "\\ud800"}',
        b"\xff\xfe",
        b'{"age": 1e999999}',
        b"\0",
    ],
    ids=["nesting", "digits", "surrogate", "not utf-8", "exponent", "nul"],
)
def test_score__hostile_line__counts_as_invalid(tmp_path: Path, hostile: bytes) -> None:
    result = score(tmp_path, FULL, hostile)
    assert (result.units, result.quality) == (1, 5_000)


def nested(depth: int) -> str:
    return '{"age": 1, "note": ' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


@pytest.mark.parametrize(
    ("line", "deep"),
    [
        (nested(MAX_DEPTH), False),
        (nested(MAX_DEPTH + 1), True),
        ('{"note": "' + "[" * 200 + '"}', False),
        (r'{"note": "\"' + "[" * 200 + '"}', False),
        (r'{"note": "\\"' + "[" * 200, True),
        ("[" + "[]," * 200 + "[]]", False),
        ("[" + "[]," * 200 + "[" * (MAX_DEPTH - 1) + "]" * MAX_DEPTH, False),
        ("[" + "[]," * 200 + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "]", True),
    ],
    ids=[
        "at the limit",
        "beyond it",
        "in a string",
        "after an escaped quote",
        "after an escaped backslash",
        "wide",
        "wide at the limit",
        "wide and beyond",
    ],
)
def test_too_deep__counts_nesting_outside_strings(line: str, deep: bool) -> None:
    assert too_deep(line) is deep


def test_score__endless_nesting_and_no_recursion_limit__does_not_kill_the_attestor(tmp_path: Path) -> None:
    """Ape's libraries lift the limit to 100,000; the parser in C then overflows its stack, which nothing catches."""
    path = tmp_path / "data"
    bombs = [opening * ((MAX_RECORD - 1) // len(opening)) for opening in ("[", '{"a":', '[{"":')]
    path.write_text("\n".join([FULL, *bombs, "[" * 500_000 + "]" * 500_000]) + "\n")
    program = (
        "import sys, pathlib, hashlib; sys.setrecursionlimit(10**6);"
        "from datadao.attestor.scoring import JsonLinesScorer;"
        "schema = sys.argv[2].encode(); scorer = JsonLinesScorer(schema, hashlib.sha256(schema).digest(), bytes(32));"
        "print(scorer.score(open(sys.argv[1], 'rb'))[0].units)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(path), SCHEMA.decode()],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert (run.returncode, run.stdout.strip()) == (0, "1"), run.stderr


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_score__other_encoding_than_utf_8__counts_as_invalid(tmp_path: Path, encoding: str) -> None:
    """Python's parser would guess the encoding; then depth would be counted in other characters than it reads."""
    result = score(tmp_path, FULL, FULL.replace("x", "y").encode(encoding))
    assert (result.units, result.quality) == (1, 5_000)


def test_score__byte_order_mark_of_utf_8__changes_nothing(tmp_path: Path) -> None:
    plain = score(tmp_path, FULL, '{"age": 2}')
    marked = score(tmp_path, b"\xef\xbb\xbf" + FULL.encode(), '{"age": 2}')
    assert marked == plain and plain.units == 2
    assert score(tmp_path, b"\xef\xbb\xbf" + FULL.encode()).units == 1


def test_score__byte_order_mark_elsewhere__is_no_mark(tmp_path: Path) -> None:
    assert score(tmp_path, FULL, b"\xef\xbb\xbf" + FULL.encode()).units == 1
    assert score(tmp_path, b"\xef\xbb\xbf" * 2 + FULL.encode(), FULL).units == 1


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (FULL.encode("utf-16"), "it is UTF-16, not UTF-8 text; save it as"),
        (b"\xfe\xff" + FULL.encode("utf-16-be"), "it is UTF-16, not UTF-8 text"),
        (FULL.encode("utf-32"), "it is UTF-32, not UTF-8 text"),
        (b"\0\0\xfe\xff" + FULL.encode("utf-32-be"), "it is UTF-32, not UTF-8 text"),
        (b"PK\x03\x04...", "it is a spreadsheet or a ZIP archive, not"),
        (b"\x1f\x8b...", "it is compressed, not"),
        (b"PAR1...", "it is Parquet, not"),
    ],
)
def test_score__file_that_is_no_utf_8_text__refused_in_words(tmp_path: Path, data: bytes, expected: str) -> None:
    with pytest.raises(ScoreRefused, match=expected):
        score(tmp_path, data)


FLAWS: list[tuple[str | bytes, str]] = [
    ('{"age": -1}', "line 2, age: -1 is less than the minimum of 0"),
    ('{"vote": "A"}', "line 2: 'age' is a required property"),
    ('{"age": 1, "other": 2}', "line 2: Additional properties are not allowed ('other' was unexpected)"),
    ('{"age": "x"}', "line 2, age: 'x' is not of type 'integer'"),
    ('{"age": 1', "line 2: not JSON: Expecting ',' delimiter, column 10"),
    ("name,age", "line 2: not JSON: Expecting value, column 1"),
    (b'{"age": 1, "note": "caf\xe9"}', "line 2: not UTF-8 at byte 24"),
    ('{"age": NaN}', "line 2: NaN is not JSON"),
    ('{"age": 1e999}', "line 2: the number 1e999 is out of range"),
    ("[" * 100 + "]" * 100, f"line 2: nests deeper than {MAX_DEPTH}"),
]


@pytest.mark.parametrize(("line", "expected"), FLAWS)
def test_flaws__line_that_is_no_record__has_its_number_its_field_and_the_reason(
    tmp_path: Path, line: str | bytes, expected: str
) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(FULL.encode() + b"\n" + (line if isinstance(line, bytes) else line.encode()) + b"\n")
    (flaw,), count = scorer().schema.flaws(path)
    assert (str(flaw), count) == (expected, 1)


def test_flaws__many__are_the_first_three_with_the_numbers_of_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + "\n".join([FULL, "", "x", "y" * 500, FULL, "z", "w"]).encode())
    found, count = scorer().schema.flaws(path)
    assert ([flaw.line for flaw in found], count) == ([3, 4, 6], 4)


def test_flaws__long_value__is_cut(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps({"age": "x" * 5_000}))
    ((flaw,), _) = scorer().schema.flaws(path)
    assert len(str(flaw)) < 250 and str(flaw).endswith("…")


def test_score__nothing_valid__refused(tmp_path: Path) -> None:
    for lines in ([""], ["junk"], ['{"age": -1}']):
        with pytest.raises(ScoreRefused):
            score(tmp_path, *lines)


def test_score__endless_line__refused(tmp_path: Path) -> None:
    with pytest.raises(ScoreRefused, match="line 2 is longer than"):
        score(tmp_path, FULL, b'{"note": "' + b"x" * MAX_RECORD + b'"}')


def test_scorer__schema_other_than_the_dataset_s__refused() -> None:
    with pytest.raises(HashMismatch):
        JsonLinesScorer(SCHEMA + b" ", hashlib.sha256(SCHEMA).digest(), SECRET)


@pytest.mark.parametrize("schema", [b"", b"[1]", b'{"type": "nonsense"}', b"\xff"])
def test_scorer__not_a_schema__refused(schema: bytes) -> None:
    with pytest.raises(InvalidArgument):
        scorer(schema)


def test_scorer__schema_that_refers_elsewhere__fetches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib.request.urlopen", lambda *_: pytest.fail("an attestor went to the network"))
    with pytest.raises(InvalidArgument, match=r"refers to 'http://127\.0\.0\.1:1/schema\.json', which is not in it"):
        scorer(b'{"$ref": "http://127.0.0.1:1/schema.json"}')


def test_scorer__schema_without_properties__asks_for_no_completeness() -> None:
    result = scorer(b'{"type": "integer"}').score(io.BytesIO(b"1\n2\n"))[0]
    assert (result.units, result.quality) == (2, 10_000)
