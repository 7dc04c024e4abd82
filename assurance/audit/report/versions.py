"""What the page was made with: the versions of everything that took part."""

from __future__ import annotations

import json
import platform
import tomllib
from importlib import metadata

from assurance import ROOT

ABSENT = "not installed"


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
