"""The search for records where there should be none finds what a program that repeats its input would put out."""

from __future__ import annotations

import base64
import io

import pytest

from assurance.harness.traces import FRAGMENT, found_in
from datadao.records import valid_records
from datadao.schema import Schema
from scripts._demo.survey import SCHEMA, respondents

LINES = [line.strip() for line in respondents(50)]
CANONICAL = [item.canonical for item in valid_records(io.BytesIO(b"\n".join(LINES)), Schema.new(SCHEMA))]
HONEST = b'{"trainedOn":38,"testedOn":12,"right":9,"intercept":0.25,"weights":{"PID":1.5,"age":-0.125,"income":0.5}}\n'


@pytest.mark.parametrize("records", [LINES, CANONICAL], ids=["handed in", "canonical"])
@pytest.mark.parametrize("before", [b"", b"x", b"xy"])
def test_found_in__record_that_was_put_there__is_found_however_it_is_spelled(
    records: list[bytes], before: bytes
) -> None:
    assert found_in(HONEST + before, records, SCHEMA) == []
    for record in (records[0], records[-1]):
        middle = record[len(record) // 2 :][:FRAGMENT]
        for put in (record, middle, base64.b64encode(before + record), record.hex().encode()):
            assert found_in(HONEST + before + put + HONEST, records, SCHEMA)


def test_found_in__lines_as_they_were_handed_in_alone__miss_what_a_program_repeats() -> None:
    """Why the demo looks for both: programs read canonical JSON."""
    echo = b"\n".join(CANONICAL)
    assert not any(line in echo for line in LINES) and found_in(echo, CANONICAL, SCHEMA)


def test_found_in__what_the_public_schema_has__is_no_trace() -> None:
    assert found_in(SCHEMA, [SCHEMA], SCHEMA) == [] != found_in(SCHEMA, [SCHEMA], b"")
