"""The OpenAPI document is one that tools read, and what it shows of itself says all of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from datadao.desk.document import document, page, parsed
from datadao.errors import InvalidArgument

ZERO = "0x" + "00" * 32
BALLOT = {"proposalId": "7", "support": 1, "voter": "0x" + "11" * 20, "signature": "0x" + "22" * 65}


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_document__every_reference__leads_to_a_part_of_it() -> None:
    for reference in references(document()):
        found: Any = document()
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        assert found


def test_document__every_schema__is_one() -> None:
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_document__every_call__has_a_name_of_its_own_and_declares_the_parts_of_its_path() -> None:
    names = []
    for path, methods in document()["paths"].items():
        shared = methods.get("parameters", [])
        for method, call in methods.items():
            if method == "parameters":
                continue
            names.append(call["operationId"])
            declared = {reference.rpartition("/")[2].lower() for reference in references(shared)}
            assert len(re.findall(r"{\w+}", path)) == len(shared) == len(declared), path
    assert len(set(names)) == len(names)


def test_page__names_every_call_and_every_shape_and_runs_nothing() -> None:
    shown = page()
    assert all(path in shown for path in document()["paths"])
    assert all(f"id={name}>" in shown for name in document()["components"]["schemas"])
    assert "<script" not in shown and "http://" not in shown and "https://" not in shown


def test_parsed__a_body_of_its_shape__is_given() -> None:
    assert parsed(json.dumps(BALLOT).encode(), "Ballot") == BALLOT


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"support": 3}, "/support: 3 is greater than the maximum of 2"),
        ({"proposalId": "-1"}, "/proposalId: '-1' does not match '^[0-9]{1,78}$'"),
        ({"voter": "0x12"}, "/voter: '0x12' does not match '^0x[0-9a-fA-F]{40}$'"),
        ({"more": 1}, "the body: Additional properties are not allowed ('more' was unexpected)"),
        ({"reason": "x" * 1001}, "/reason: 'xxx"),
    ],
    ids=["support", "proposal", "voter", "more", "reason"],
)
def test_parsed__another_shape__is_refused_by_name(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        parsed(json.dumps(BALLOT | changes).encode(), "Ballot")
    assert str(refusal.value).startswith(said)


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"", "not JSON"), (b"{", "not JSON"), (b"\xff", "not UTF-8"), (b"[" * 100_000, "nests deeper than 64")],
    ids=["nothing", "half", "bytes", "deep"],
)
def test_parsed__no_json__is_refused(body: bytes, said: str) -> None:
    with pytest.raises(InvalidArgument, match=f"the body: {said}"):
        parsed(body, "Ballot")
