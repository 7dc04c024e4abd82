"""`datadao schema`: into storage under the hash that the policy names, and shown to who wants to contribute."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from assurance.harness.commands import SCHEMA
from tests.cli.conftest import FreshDao


def test_add__schema__is_stored_under_the_hash_it_prints_once(live: FreshDao) -> None:
    home, path = live.home("deployer"), live.folder / "schema.json"
    path.write_bytes(b'{"type": "object", "properties": {"age": {"$ref": "#/$defs/age"}}, "$defs": {"age": {}}}\n')
    digest = sha256(path.read_bytes()).hexdigest()
    for _ in range(2):
        assert live.run(home, "schema", "add", str(path)).out == f"schemaHash: 0x{digest}\n"
    assert (live.folder / "storage" / "sha256" / digest[:2] / digest).read_bytes() == path.read_bytes()
    added = live.run(home, "schema", "add", str(path), "--json").document
    assert added == {"schemaHash": f"0x{digest}", "properties": ["age"]}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "the dataset's schema is not JSON Schema 2020-12: not JSON: Expecting value"),
        (b'{"type": "nonsense"}', "the dataset's schema is not JSON Schema 2020-12: 'nonsense' is not valid"),
        (
            b'{"$ref": "https://a.example/s.json"}',
            "the schema refers to 'https://a.example/s.json', which is not in it",
        ),
        (b'{"properties": {"a": {"$ref": "#/$defs/typo"}}}', "the schema refers to '#/$defs/typo', which is not in it"),
        (b" " * (8 * 1024 * 1024 + 1), "a schema has at most 8388608"),
    ],
)
def test_add__what_no_attestor_could_use__refused_and_not_stored(live: FreshDao, data: bytes, expected: str) -> None:
    path, before = live.folder / "schema.json", live.objects
    path.write_bytes(data)
    assert expected in live.run(live.home("deployer"), "schema", "add", str(path)).refusal
    assert live.objects == before


def test_add__with_identifiers_of_its_own__is_not_looked_up_from_the_top(live: FreshDao) -> None:
    path = live.folder / "schema.json"
    part = {"$id": "https://a.example/part", "$ref": "#/$defs/age", "$defs": {"age": {"type": "integer"}}}
    path.write_text(json.dumps({"properties": {"age": part}}))
    assert live.run(live.home("deployer"), "schema", "add", str(path)).code == 0


def test_add__without_properties__says_what_it_means(live: FreshDao) -> None:
    path = live.folder / "schema.json"
    path.write_text('{"type": "string"}')
    done = live.run(live.home("deployer"), "schema", "add", str(path))
    assert done.code == 0 and "It names no properties at its top, so that completeness is not scored." in done.err


def test_show__a_datasets_schema__says_what_a_record_is(live: FreshDao) -> None:
    home = live.home("member")
    shown = live.run(home, "schema", "show", "--dataset", "1")
    assert "name" in shown.out and "string" in shown.out and "yes" in shown.out and "UTF-8" in shown.out
    document: dict[str, Any] = live.run(home, "schema", "show", "--dataset", "1", "--json").document
    assert document == {"dataset": 1, "schemaHash": "0x" + sha256(SCHEMA).hexdigest(), "schema": json.loads(SCHEMA)}


def test_show__what_is_not_there__is_refused(live: FreshDao) -> None:
    home = live.home("member")
    assert live.run(home, "schema", "show", "--dataset", "2").refusal == "no dataset 2; there are 1 to 1"
    for item in live.objects:
        item.unlink()
    refusal = live.run(home, "schema", "show", "--dataset", "1").refusal
    assert refusal.startswith("the schema of dataset 1, 0x") and "`datadao schema add`" in refusal
