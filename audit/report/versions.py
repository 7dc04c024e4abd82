"""What the page was made from: the commit, and the versions of everything that took part."""

from __future__ import annotations

import json
import platform
import subprocess
import tomllib
from importlib import metadata
from typing import NamedTuple

from audit.part import ROOT

ABSENT = "not installed"


class Commit(NamedTuple):
    """`id` is empty outside a checkout."""

    id: str
    subject: str
    dirty: bool


def commit() -> Commit:
    head = _git("log", "-1", "--format=%H%n%s")
    if not head:
        return Commit("", "", dirty=False)
    number, _, subject = head.partition("\n")
    return Commit(number, subject, dirty=bool(_git("status", "--porcelain")))


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def versions() -> dict[str, str]:
    """By name, as installed."""
    return {
        "contracts": tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"],
        "solc": _npm("solc"),
        "OpenZeppelin": _npm("@openzeppelin/contracts"),
        "Python": platform.python_version(),
        "Ape": _python("eth-ape"),
        "anvil": _anvil(),
        "pyrevm": _python("pyrevm"),
        "Hypothesis": _python("hypothesis"),
        "Halmos": _apart("prove", "halmos"),
        "Slither": _apart("slither", "slither_analyzer"),
    }


def _npm(name: str) -> str:
    path = ROOT / "node_modules" / name / "package.json"
    return str(json.loads(path.read_text())["version"]) if path.exists() else ABSENT


def _python(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ABSENT


def _apart(environment: str, name: str) -> str:
    """Of a package in an environment of its own."""
    found = sorted((ROOT / ".cache" / environment).glob(f"lib/python*/site-packages/{name}-*.dist-info"))
    return found[0].stem.rpartition("-")[2] if found else ABSENT


def _anvil() -> str:
    found = sorted((ROOT / "node_modules" / "@foundry-rs").glob("anvil-*/package.json"))
    return str(json.loads(found[0].read_text())["version"]) if found else ABSENT
