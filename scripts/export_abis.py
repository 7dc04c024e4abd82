"""Writes what integrators import to interfaces/ and into the client package; `--check` only compares.

The ABIs of the deployable contracts as JSON and as `as const` TypeScript: one ABI entry a line, sorted, so that a
change of the contracts is a short diff in review.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ape
import click

from datadao.chain.abi import FACTORY, signature_of
from deployer.artifacts import CONTRACTS as DAO
from deployer.artifacts import abi_of, container
from deployer.networks import DEPLOYMENTS, ROOT, public_records

CONTRACTS = (*DAO, FACTORY)

_ORDER = ("constructor", "receive", "fallback", "function", "event", "error")
_GENERATED = "// Generated from the contracts by `make interfaces`. Do not edit.\n"


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if a file is stale, missing or left over.")
def cli(check: bool) -> None:
    """Export the ABIs for integrators."""
    ape.project.load_contracts()
    stale = write(ROOT, check=check)
    if check and stale:
        click.echo("Stale, run `make interfaces`:\n  " + "\n  ".join(stale), err=True)
        sys.exit(1)
    click.echo(f"{len(stale)} files written." if stale else "Interfaces are up to date.")


def write(root: Path, *, check: bool = False, deployments: Path = DEPLOYMENTS) -> list[str]:
    """Brings the generated files below `root` up to date; returns those that were not."""
    files = render(deployments)
    stale = [name for name, text in files.items() if not _holds(root / name, text)]
    folders = {(root / name).parent for name in files} | {root / "datadao" / "deployments"}
    present = [path for folder in folders for path in folder.glob("*") if path.is_file()]
    left_over = [path for path in present if str(path.relative_to(root)) not in files]
    if not check:
        for name in stale:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(files[name], encoding="utf-8")
        for path in left_over:
            path.unlink()
    return sorted(stale + [str(path.relative_to(root)) for path in left_over])


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def render(deployments: Path = DEPLOYMENTS) -> dict[str, str]:
    """Path below the project, content: all files that `ape run export_abis` writes.

    The client package gets the ABIs and the records of public chains in `deployments`.
    """
    abis = {name: sorted_abi(abi_of(name)) for name in CONTRACTS}
    files: dict[str, str] = {}
    for name, abi in abis.items():
        files[f"interfaces/{name}.json"] = files[f"datadao/abi/{name}.json"] = _lines(abi) + "\n"
        files[f"interfaces/{name}.ts"] = _typescript(name, abi)
    errors = all_errors(abis)
    files["interfaces/errors.json"] = _lines(errors) + "\n"
    files["interfaces/errors.ts"] = _typescript("errors", errors)
    files["interfaces/index.ts"] = _index()
    files["interfaces/README.md"] = _readme(abis)
    for path in public_records(deployments):
        files[f"datadao/deployments/{path.name}"] = path.read_text(encoding="utf-8")
    return files


def sorted_abi(abi: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Entries by kind, then by name and argument types."""
    return sorted(abi, key=lambda e: (_ORDER.index(e["type"]), e.get("name", ""), signature_of(e)))


def all_errors(abis: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    """Every custom error once: a call to one contract may revert with the error of another that it calls."""
    errors = {signature_of(e): e for abi in abis.values() for e in abi if e["type"] == "error"}
    return sorted_abi(list(errors.values()))


def _lines(abi: Sequence[Mapping[str, Any]]) -> str:
    entries = ",\n".join("  " + json.dumps(entry, sort_keys=True) for entry in abi)
    return f"[\n{entries}\n]"


def _constant(name: str) -> str:
    return f"{name[0].lower()}{name[1:]}Abi"


def _typescript(name: str, abi: Sequence[Mapping[str, Any]]) -> str:
    return f"{_GENERATED}export const {_constant(name)} = {_lines(abi)} as const;\n"


def _purpose(name: str) -> str:
    """First sentence of the contract's notice."""
    notice: str = (container(name).contract_type.userdoc or {}).get("notice", "")
    return notice.split(". ")[0].rstrip(".") + "."


def _index() -> str:
    lines = [f'/** {_purpose(name)} */\nexport {{ {_constant(name)} }} from "./{name}.js";' for name in CONTRACTS]
    lines.append(
        "/** Every custom error of every contract: a call may revert with an error of a contract further down. */\n"
        'export { errorsAbi } from "./errors.js";'
    )
    return _GENERATED + "\n".join(lines) + "\n"


def _readme(abis: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    rows = []
    for name, abi in abis.items():
        counts = [sum(entry["type"] == kind for entry in abi) for kind in ("function", "event", "error")]
        rows.append(f"| [{name}]({name}.json) | {_purpose(name)} | {' | '.join(map(str, counts))} |")
    return "\n".join([
        "# Interfaces",
        "",
        "Generated from the contracts by `make interfaces`. Do not edit; a test fails when a file is stale.",
        "",
        "One JSON ABI per contract, the same as `as const` TypeScript (viem, abitype, wagmi infer types from it), and",
        "`errors`: every custom error of all of them, to decode a revert that comes from a contract further down.",
        "The documentation of each function is in `contracts/interfaces/`.",
        "",
        "| Contract | Purpose | Functions | Events | Errors |",
        "|---|---|---:|---:|---:|",
        *rows,
        "",
        "```ts",
        'import { dataLeasesAbi, errorsAbi } from "datadao"; // TypeScript, ES modules; require("datadao") in CommonJS',
        'import abi from "datadao/DataLeases.json" with { type: "json" };',
        "```",
        "",
        "```solidity",
        "// With solc 0.8.4 or later, and @openzeppelin/contracts installed beside it.",
        'import {IDataLeases} from "datadao/contracts/interfaces/IDataLeases.sol";',
        "```",
        "",
        "`make pack` builds this npm package, `datadao`, and the Python client of the same name and version into",
        "`dist/`. Both have the records of public deployments in `deployments/<chain-id>.json`, once there are any.",
        "",
    ])  # fmt: skip
