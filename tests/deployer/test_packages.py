"""What integrators install: one version of the ABIs in two languages, and nothing that they do not need.

- npm's package: its exact content, usable by ES modules, CommonJS, TypeScript of both kinds and Solidity importers
- types reach the caller: a wrong argument does not compile
- the wheel: its exact content, the same ABIs
"""

from __future__ import annotations

import json
import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from assurance import ROOT
from assurance.harness.dao.packages import npm_install, run, tsc
from scripts.export_abis import CONTRACTS
from scripts.pack import pack_npm, version

ABIS = (*CONTRACTS, "errors")
SOLIDITY = {path.name for path in (ROOT / "contracts/interfaces").glob("*.sol")}
# viem types the call from the ABI; a line that ends in "refused" must not compile.
CALLS = """
import { createPublicClient, http } from "viem";
import { dataLeasesAbi, errorsAbi } from "datadao";

const client = createPublicClient({ transport: http("http://127.0.0.1:1") });
const leases = { address: "0x0000000000000000000000000000000000000001", abi: dataLeasesAbi } as const;

export async function access(): Promise<[boolean, `0x${string}`, number]> {
  const [allowed, hpkeKey, , , until] = await client.readContract({
    ...leases, functionName: "leaseAccess", args: [1n],
  });
  await client.readContract({ ...leases, functionName: "leaseAccess", args: ["1"] }); // refused
  await client.readContract({ ...leases, functionName: "leaseAcess", args: [1n] }); // refused
  const word: string = allowed; // refused
  return [allowed, hpkeKey, until];
}
export const kind: "error" = errorsAbi[0].type;
"""
IMPORTER = """
pragma solidity ^0.8.0;
import {IDataLeases} from "datadao/contracts/interfaces/IDataLeases.sol";
import {IDataGovernor} from "datadao/contracts/interfaces/IDataGovernor.sol";
import {IDataToken} from "datadao/contracts/interfaces/IDataToken.sol";
contract Gate {
    function open(IDataLeases leases, uint256 lease) external view returns (bool allowed) {
        (allowed,,,,) = leases.leaseAccess(lease);
    }
}
"""

COMPILE = """
const { readFileSync } = require("node:fs");
const read = (name) => ({ contents: readFileSync(`node_modules/${name}`, "utf8") });
console.log(require(process.argv[1]).compile(readFileSync("Gate.json", "utf8"), { import: read }));
"""


@pytest.fixture(scope="module")
def installed(npm_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's folder below `node_modules` of an integrator who has viem and OpenZeppelin's contracts."""
    return npm_install(tmp_path_factory.mktemp("empty"), npm_package, "viem", "@openzeppelin/contracts")


def exported(name: str) -> list[dict[str, object]]:
    abi: list[dict[str, object]] = json.loads((ROOT / f"interfaces/{name}.json").read_text())
    return abi


def content(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None
    return file.read()


def test_version__of_everything__is_one(installed: Path, wheel: Path) -> None:
    manifest = json.loads((installed / "package.json").read_text())
    assert manifest["version"] == version()
    assert wheel.name == f"datadao-{version()}-py3-none-any.whl"


def test_npm__content__is_what_integrators_need_and_nothing_else(npm_package: Path) -> None:
    modules = {
        f"{folder}{name}{kind}" for folder in ("", "cjs/") for name in (*ABIS, "index") for kind in (".js", ".d.ts")
    }
    with tarfile.open(npm_package) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
    assert names == {
        "package.json", "cjs/package.json", "README.md", "LICENSE", *modules,
        *(f"{name}.json" for name in ABIS), *(f"contracts/interfaces/{name}" for name in SOLIDITY),
    }  # fmt: skip


def test_npm__packed_again__is_the_same_but_for_new_records_of_public_chains(npm_package: Path, tmp_path: Path) -> None:
    for name in ("8453", "31337", "8453-fork"):
        (tmp_path / f"{name}.json").write_text(f'{{"chain_id": "{name}"}}\n')
    package = pack_npm(tmp_path, deployments=tmp_path)
    with tarfile.open(package) as later, tarfile.open(npm_package) as earlier:
        news = set(later.getnames()) - set(earlier.getnames())
        assert news == {"package/deployments/8453.json"}
        for name in earlier.getnames():
            assert content(later, name) == content(earlier, name), name
    folder = tmp_path / "integrator"
    folder.mkdir()
    npm_install(folder, package)
    program = 'console.log(require("datadao/deployments/8453.json").chain_id)'
    assert run("node", "--input-type=commonjs", "--eval", program, cwd=folder) == "8453\n"


def test_npm__installed_alone__brings_nothing_along(installed: Path) -> None:
    modules = installed.parent
    assert {path.name for path in modules.iterdir() if path.is_dir() and not path.is_symlink()} == {
        "datadao", "@openzeppelin",
    }  # fmt: skip
    assert (modules / "@openzeppelin/contracts").is_symlink(), "linked by this test, not installed"
    assert set(json.loads((modules / ".package-lock.json").read_text())["packages"]) == {"node_modules/datadao"}


@pytest.mark.parametrize(
    ("kind", "load"),
    [
        (
            "module",
            'import * as all from "datadao"; import leases from "datadao/DataLeases.json" with { type: "json" };',
        ),
        ("commonjs", 'const all = require("datadao"), leases = require("datadao/DataLeases.json");'),
    ],
)
def test_npm__in_plain_node__gives_the_abis(installed: Path, kind: str, load: str) -> None:
    program = f"{load} console.log(JSON.stringify([all, leases]));"
    output = run("node", "--no-warnings", f"--input-type={kind}", "--eval", program, cwd=installed.parents[1])
    constants, leases = json.loads(output)
    assert constants == {f"{name[0].lower()}{name[1:]}Abi": exported(name) for name in ABIS}
    assert leases == exported("DataLeases")


def test_npm__under_strict_typescript__types_calls_and_refuses_wrong_ones(installed: Path) -> None:
    folder = installed.parents[1]
    programs = {"calls.mts": CALLS, "calls.cts": CALLS}
    for name, text in programs.items():
        (folder / name).write_text(text)
    messages = tsc(folder, "--noEmit", *programs)
    found = {(match[1], int(match[2])) for match in map(re.compile(r"(\S+)\((\d+),").match, messages) if match}
    refused = {line for line, text in enumerate(CALLS.splitlines(), 1) if text.endswith("refused")}
    assert len(refused) == 3
    assert found == {(name, line) for name in programs for line in refused}


@pytest.mark.parametrize("compiler", ["solc", "solc-oldest"])
def test_npm__solidity_interfaces__compile_for_an_importer(installed: Path, compiler: str) -> None:
    folder = installed.parents[1]
    request = {
        "language": "Solidity",
        "sources": {"Gate.sol": {"content": IMPORTER}},
        "settings": {"outputSelection": {"*": {"*": ["abi"]}}},
    }
    (folder / "Gate.json").write_text(json.dumps(request))
    answer = json.loads(
        run("node", "--input-type=commonjs", "--eval", COMPILE, ROOT / "node_modules" / compiler, cwd=folder)
    )
    assert [e["formattedMessage"] for e in answer.get("errors", []) if e["severity"] == "error"] == []
    compiled = answer["contracts"]["datadao/contracts/interfaces/IDataLeases.sol"]["IDataLeases"]["abi"]
    names = {entry["name"] for entry in compiled if entry["type"] == "function"}
    assert names <= {entry["name"] for entry in exported("DataLeases") if entry["type"] == "function"}
    assert "leaseAccess" in names


def test_wheel__content__is_the_package_its_types_and_its_data_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.split("/")[0] for name in names} == {"datadao", wheel.name.split("-py3")[0] + ".dist-info"}
    code = {path.relative_to(ROOT).as_posix() for path in (ROOT / "datadao").rglob("*.py")}
    data = {f"datadao/abi/{contract}.json" for contract in CONTRACTS} | {"datadao/py.typed"}
    data |= {"datadao/card/card.html", "datadao/desk/openapi.yaml"}
    data |= {f"datadao/odrl/{name}" for name in ("context.json", "LICENSE", "README.md")}
    assert {name for name in names if name.startswith("datadao/")} == code | data


def test_wheel__and_npm__have_the_same_abis(wheel: Path, installed: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for contract in CONTRACTS:
            assert json.loads(archive.read(f"datadao/abi/{contract}.json")) == json.loads(
                (installed / f"{contract}.json").read_text()
            )
