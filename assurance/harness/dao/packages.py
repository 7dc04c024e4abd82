"""Packages as integrators have them: installed in an empty folder, away from this one."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from assurance import ROOT

_LOADED_HERE = ("PYTHON", "VIRTUAL_ENV", "APE_", "NODE_", "npm_config_")


def run(*command: str | Path, cwd: Path, **env: str) -> str:
    """What a command that succeeds prints, started as outside of this project."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith(_LOADED_HERE)}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=outside | env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (done.stderr + done.stdout)[-3000:]
    return done.stdout


def npm_install(folder: Path, package: Path, *beside: str) -> Path:
    """Installs a tarball in an empty folder without a network; `beside` are packages that an integrator has already.

    Returns the package's own folder.
    """
    (folder / "package.json").write_text(json.dumps({"name": "integrator", "private": True, "type": "module"}))
    cache = {"npm_config_cache": str(folder / ".npm")}
    run("npm", "install", "--offline", "--ignore-scripts", "--loglevel=error", package, cwd=folder, **cache)
    for name in beside:
        link = folder / "node_modules" / name
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(ROOT / "node_modules" / name)
    return folder / "node_modules" / "datadao"


def tsc(folder: Path, *arguments: str | Path) -> list[str]:
    """Messages of the TypeScript compiler, strict, as Node resolves modules; none if all is well."""
    options = ("--strict", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom", "--skipLibCheck")
    command = ["tsc", *options, "--pretty", "false", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (not done.stdout), done.stdout + done.stderr
    return done.stdout.splitlines()
