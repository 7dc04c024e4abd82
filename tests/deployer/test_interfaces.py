"""What integrators import is what the contracts are.

- the committed files equal what the contracts of today export; a stale, a missing and a left-over file are each noticed
- JSON: every function, event and error of the compiled contract, sorted; a revert of a library or of a contract further
  down can be decoded
- TypeScript holds the same entries, and the index names each contract with its purpose
- the Python package ships the same ABIs
"""

import json
from importlib import resources
from pathlib import Path

import pytest

from assurance.harness.chain.artifacts import artifacts
from datadao.chain.abi import signature_of
from scripts.export_abis import CONTRACTS, sorted_abi, write

ROOT = Path(__file__).resolve().parents[2]
INTERFACES = ROOT / "interfaces"


def exported(name):
    return json.loads((INTERFACES / f"{name}.json").read_text())


def signatures(abi, kind):
    return [signature_of(entry) for entry in abi if entry["type"] == kind]


def from_typescript(name):
    """The array literal of a generated file, which is JSON but for what surrounds it."""
    text = (INTERFACES / f"{name}.ts").read_text()
    header, literal = text.split(" = ")
    assert header.startswith("// Generated from the contracts")
    assert literal.endswith(" as const;\n")
    return json.loads(literal.removesuffix(" as const;\n"))


def test_export__committed_files__are_not_stale():
    assert write(ROOT, check=True) == [], "run `make interfaces`"


def test_export__changed_missing_and_left_over_file__each_is_named_and_mended(tmp_path):
    everything = write(tmp_path)
    assert write(tmp_path, check=True) == []
    (tmp_path / "interfaces" / "DataToken.json").write_text("[]")
    (tmp_path / "datadao" / "abi" / "DataLeases.json").unlink()
    (tmp_path / "interfaces" / "Forgotten.ts").write_text("")
    wrong = ["datadao/abi/DataLeases.json", "interfaces/DataToken.json", "interfaces/Forgotten.ts"]
    assert write(tmp_path, check=True) == wrong
    assert write(tmp_path) == wrong
    assert write(tmp_path, check=True) == []
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.*") if p.is_file()) == everything


def test_export__records_of_public_chains__go_with_the_client_and_local_ones_stay(tmp_path):
    records = tmp_path / "deployments"
    records.mkdir()
    for name in ("8453", "31337", "8453-fork", ".pending-1"):
        (records / f"{name}.json").write_text(f'{{"chain_id": "{name}"}}\n')
    write(tmp_path, deployments=records)
    shipped = tmp_path / "datadao" / "deployments"
    assert [path.name for path in shipped.iterdir()] == ["8453.json"]
    assert (shipped / "8453.json").read_text() == (records / "8453.json").read_text()
    (records / "8453.json").unlink()
    assert write(tmp_path, deployments=records) == ["datadao/deployments/8453.json"], "a withdrawn one is not shipped"


@pytest.mark.parametrize("name", CONTRACTS)
def test_json__holds_all_of_the_compiled_contract(name):
    compiled, abi = artifacts()[name].abi, exported(name)
    assert abi == sorted_abi(compiled)
    for kind in ("function", "event", "error"):
        names = [entry["name"] for entry in abi if entry["type"] == kind]
        assert names == sorted(names)
        assert sorted(signatures(abi, kind)) == sorted(signatures(compiled, kind))


@pytest.mark.parametrize("name", [*CONTRACTS, "errors"])
def test_typescript__says_the_same_as_json(name):
    assert from_typescript(name) == exported(name)


def test_errors__those_of_libraries_and_of_all_contracts_can_be_decoded():
    names = {entry["name"] for entry in exported("errors")}
    assert names >= {entry["name"] for name in CONTRACTS for entry in exported(name) if entry["type"] == "error"}
    assert "MerkleProofInvalidMultiproof" in {e.get("name") for e in exported("DatasetRegistry")}
    assert "System_WrongAddress" in {e.get("name") for e in exported("DataTimelock")}
    assert "EmergencyBrake_Pulled" in names
    assert len(names) == len(exported("errors"))


def test_index__names_each_deployable_contract_with_its_purpose():
    index, readme = (INTERFACES / "index.ts").read_text(), (INTERFACES / "README.md").read_text()
    for name in CONTRACTS:
        constant = name[0].lower() + name[1:] + "Abi"
        assert f'export {{ {constant} }} from "./{name}.js";' in index
        assert f"export const {constant} = " in (INTERFACES / f"{name}.ts").read_text()
        (row,) = [line for line in readme.splitlines() if line.startswith(f"| [{name}]")]
        assert len(row.split("|")[2].strip()) > 20


def test_package__ships_the_same_abis():
    folder = resources.files("datadao") / "abi"
    assert {Path(str(f)).stem for f in folder.iterdir()} == set(CONTRACTS)
    for name in CONTRACTS:
        assert json.loads((folder / f"{name}.json").read_text()) == exported(name)
