"""A leased dataset as Croissant: the reference reader, `mlcroissant`, finds the contributors' records in it."""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import date
from pathlib import Path

import mlcroissant
import pytest

from assurance.harness.dao.parties import DAO, DATASET, LEASE, World, contributions
from datadao.errors import InvalidArgument, PackageMissing
from datadao.licensee.croissant import DATA, Dataset, Part, describe
from datadao.licensee.tables import FOLDER, write_table
from datadao.messages.purposes import AI_DRAFT, PURPOSES, purposes_of
from datadao.schema import Schema

SCHEMA = {
    "type": "object",
    "properties": {
        "age": {"type": "integer", "description": "in years"},
        "vote": {"type": ["string", "null"]},
        "weight/kg": {"type": "number"},
        "member": {"type": "boolean"},
        "score": {"type": ["integer", "number"]},
        "answers": {"type": "array"},
    },
}
RECORDS = [
    {"age": 31, "vote": "yes", "weight/kg": 70.5, "member": True, "score": 1.5, "answers": [1, 2]},
    {"age": 54, "vote": None, "weight/kg": 81.25, "member": False, "score": 2.0, "answers": []},
    {"age": 22, "vote": "no", "weight/kg": 59.0, "member": True, "score": 3.25, "answers": [3]},
]
PUBLISHED = date(2026, 11, 22)


def leased() -> Dataset:
    return Dataset(DAO, DATASET, LEASE, 0b11, bytes(range(32)))


def schema(parsed: object = SCHEMA) -> Schema:
    text = json.dumps(parsed).encode()
    return Schema(text, hashlib.sha256(text).digest())


def part(judge: Schema) -> Part:
    return Part(7, bytes(32), judge, "batch-7.parquet")


def test_describe__leased_files__load_as_the_records_that_were_contributed(world: World) -> None:
    lines = [json.dumps(record).encode() + b"\n" for record in RECORDS]
    manifest = world.activate(world.members(lines[0] + lines[1], lines[2]))
    for slot in range(3):
        custodian = world.custodian(slot)
        custodian.prepare(LEASE, contributions(manifest))
        custodian.publish(LEASE, contributions(manifest))
        custodian.close()
    licensee = world.licensee()
    licensee.collect()
    out = world.home / "out"
    assert all(item.path for item in licensee.open_all(manifest, out / DATA))

    write_table(out / FOLDER / "batch-7.parquet", list((out / DATA).iterdir()), schema())
    path = describe(out, leased(), [part(schema())], PUBLISHED)

    dataset = mlcroissant.Dataset(str(path))
    assert not dataset.metadata.issues.errors and not dataset.metadata.issues.warnings
    found = [{k.removeprefix("records/"): v for k, v in record.items()} for record in dataset.records("records")]
    expected = [
        {
            "age": r["age"],
            "vote": r["vote"].encode() if r["vote"] else None,
            "property-2": r["weight/kg"],
            "member": r["member"],
            "score": r["score"],
            "answers": json.dumps(r["answers"], separators=(",", ":")).encode(),
            "_other": None,
        }
        for r in RECORDS
    ]
    assert sorted(found, key=str) == sorted(expected, key=str)
    described = json.loads(path.read_text())
    assert described["license"] == f"urn:keccak256:{bytes(range(32)).hex()}"
    assert "DUO:0000042" in str(described["rai:dataUseCases"])
    assert DAO.registry in described["description"] and f"lease {LEASE}" in described["description"]
    assert described["isLiveDataset"] is True and described["datePublished"] == "2026-11-22"


def test_describe__what_the_schema_says_of_a_property__is_readable(tmp_path: Path) -> None:
    parsed = {
        "properties": {
            "age": {"type": "integer", "description": "in\u202e years\x1b[2J\nor so"},
            "n": {"type": "number"},
        }
    }
    path = describe(tmp_path, leased(), [part(schema(parsed))], PUBLISHED)
    age, number, _ = json.loads(path.read_text())["recordSet"][0]["field"]
    assert age["description"] == "in\ufffd years\ufffd[2J\nor so" and "description" not in number


def test_describe__without_the_package__names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlcroissant", None)
    with pytest.raises(PackageMissing, match=r"datadao\[licensee\]"):
        describe(tmp_path, leased(), [], PUBLISHED)


def test_purposes_of__unknown_bit__refused() -> None:
    assert [purpose.name for purpose in purposes_of(0b10)] == ["commercial model training"]
    with pytest.raises(InvalidArgument, match="0x8"):
        purposes_of(0b1001)


def test_purposes__as_documented() -> None:
    document = (Path(__file__).parents[3] / "docs/architecture.md").read_text()
    rows = [f"| {p.bit} | {p.name} | {p.duo} {p.duo_label} ({p.duo_match}) | {p.ai} ({p.ai_match}) |" for p in PURPOSES]
    section = document.split("## Purposes")[1].split("\n## ")[0]
    assert AI_DRAFT in section and [line for line in section.splitlines() if line.startswith("| ")][1:] == rows
