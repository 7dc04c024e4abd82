"""Builds the npm package, the Python wheel and the members' page into dist/.

npm's has the ABIs and the Solidity interfaces, the wheel the client. All are called `datadao` and have the version of
pyproject.toml. npm's is put together in a folder of its own: the package.json of this project is its toolchain's, with
compilers and nodes that integrators do not need.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from datadao.errors import DataDAOError
from deployer.networks import DEPLOYMENTS, ROOT, public_records

NAME = "datadao"
_OPENZEPPELIN = "@openzeppelin/contracts"
# As everything here, the tools keep their caches in this folder.
_CACHES = {"UV_CACHE_DIR": str(ROOT / ".cache/uv"), "npm_config_cache": str(ROOT / ".cache/npm")}
_TSC = ("tsc", "--target", "es2022", "--lib", "es2022", "--module", "nodenext", "--skipLibCheck")


class PackingFailed(DataDAOError):
    """A tool that builds a package failed; its last words."""


@click.command()
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=ROOT / "dist", help="Instead of dist/."
)
def cli(out: Path) -> None:
    """Build what a release has: npm's package, the wheel and the page, of one version."""
    out.mkdir(parents=True, exist_ok=True)
    try:
        for path in (pack_npm(out), pack_wheel(out), pack_page(out)):
            click.echo(path)
        click.echo(f"the page's hash: {path.with_suffix('.sha256').read_text().strip()}")
    except DataDAOError as error:
        sys.exit(str(error))


def version() -> str:
    """Of this project, and so of both packages."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def pack_wheel(folder: Path) -> Path:
    """Builds the wheel into `folder`. Raises `PackingFailed`."""
    _run(sys.executable, "-m", "uv", "build", "--wheel", "--no-build-isolation", "--out-dir", folder, ROOT)
    return folder / f"{NAME}-{version()}-py3-none-any.whl"


def pack_npm(folder: Path, deployments: Path = DEPLOYMENTS) -> Path:
    """Packs the npm package into `folder`, with the records of public chains in `deployments`.

    Raises `PackingFailed`.
    """
    with TemporaryDirectory() as name:
        staged = Path(name)
        _stage(staged, deployments)
        _run("npm", "pack", "--silent", "--pack-destination", folder.resolve(), cwd=staged)
    return folder / f"{NAME}-{version()}.tgz"


def pack_page(folder: Path) -> Path:
    """Builds the members' page of no DAO into `folder`, the same bytes each time, and beside it a file with the hash
    that every such page shows, whatever DAO it is for. Raises `PackingFailed`."""
    path = folder / f"{NAME}-page-{version()}.zip"
    with TemporaryDirectory() as name:
        digest = _run("node", ROOT / "web/build.mjs", "--out", Path(name) / "page").split()[0]
        path.with_suffix(".sha256").write_text(f"{digest}\n")
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted((Path(name) / "page").iterdir()):
                entry = zipfile.ZipInfo(file.name, (1980, 1, 1, 0, 0, 0))
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return path


def _stage(package: Path, deployments: Path) -> None:
    """Lays the package out: what `interfaces/` holds, with TypeScript as what Node runs and types."""
    for path in (*(ROOT / "interfaces").glob("*.json"), ROOT / "interfaces/README.md", ROOT / "LICENSE"):
        shutil.copy(path, package)
    shutil.copytree(
        ROOT / "contracts/interfaces", package / "contracts/interfaces", ignore=shutil.ignore_patterns(".solhint.json")
    )
    (package / "deployments").mkdir()
    for path in public_records(deployments):
        shutil.copy(path, package / "deployments")
    commonjs = package / "cjs"
    _compile(package, "module", "--declaration")
    _compile(commonjs, "commonjs", "--noCheck")
    for path in package.glob("*.d.ts"):
        shutil.copy(path, commonjs)
    _write_json(commonjs / "package.json", {"type": "commonjs"})
    _write_json(package / "package.json", _manifest())


def _compile(output: Path, kind: str, *options: str) -> None:
    """Compiles the TypeScript as modules of a kind that package.json names."""
    with TemporaryDirectory() as name:
        sources = Path(name)
        for path in (ROOT / "interfaces").glob("*.ts"):
            shutil.copy(path, sources)
        _write_json(sources / "package.json", {"type": kind})
        _run(*_TSC, *options, "--outDir", output, *sorted(sources.glob("*.ts")))


def _manifest() -> dict[str, Any]:
    toolchain = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    return {
        "name": NAME,
        "version": version(),
        "description": "ABIs and Solidity interfaces of an on-chain Data DAO",
        "license": toolchain["license"],
        "type": "module",
        "sideEffects": False,
        "exports": {
            ".": {
                "import": {"types": "./index.d.ts", "default": "./index.js"},
                "require": {"types": "./cjs/index.d.ts", "default": "./cjs/index.js"},
            },
            "./*.json": "./*.json",
            "./contracts/*": "./contracts/*",
        },
        # What reads no `exports` takes these.
        "main": "./cjs/index.js",
        "types": "./cjs/index.d.ts",
        # Only who imports the Solidity interfaces needs it.
        "peerDependencies": {_OPENZEPPELIN: f"^{toolchain['dependencies'][_OPENZEPPELIN]}"},
        "peerDependenciesMeta": {_OPENZEPPELIN: {"optional": True}},
    }


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _run(*command: str | Path, cwd: Path | None = None) -> str:
    arguments, environment = [str(part) for part in command], _CACHES | os.environ
    try:
        done = subprocess.run(arguments, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise PackingFailed(f"{command[0]} is not installed; `make setup` installs what this needs") from None
    if done.returncode:
        raise PackingFailed(f"{command[0]} failed: {(done.stderr or done.stdout)[-2000:]}")
    return done.stdout
