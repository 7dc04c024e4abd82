"""Tests in process read bytecode from disk, where nothing else compiles what was edited: none runs on yesterday's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STALE = "toolchain/compile: the contracts changed since they were compiled: run `make compile`"
UNIT = ("-m", "pytest", "-p", "no:ape_test", "-p", "no:cacheprovider", "-q", "tests/unit/token/test_delegate.py")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The sources, with what was compiled of them."""
    made = tmp_path / "clone"
    for folder in ("assurance", "contracts", "datadao", "deploy-config", "deployer", "tests", "toolchain", ".build"):
        shutil.copytree(ROOT / folder, made / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("ape-config.yaml", "package.json", "package-lock.json", "pyproject.toml"):
        shutil.copy(ROOT / file, made)
    return made


def python(clone: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATADAO_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, *words], cwd=clone, env=kept | {"PYTHONPATH": str(clone)} | environment,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def edit(clone: Path) -> None:
    with (clone / "contracts" / "EmergencyBrake.sol").open("a") as file:
        file.write("// edited\n")


def test_check__of_todays_sources__passes_and_of_edited_ones_fails_with_one_line(clone: Path) -> None:
    fresh = python(clone, "toolchain/compile", "--check")
    assert (fresh.returncode, fresh.stdout, fresh.stderr) == (0, "", "")
    before = (clone / ".build" / "__local__.json").read_bytes()
    edit(clone)
    done = python(clone, "toolchain/compile", "--check")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", STALE + "\n")
    assert (clone / ".build" / "__local__.json").read_bytes() == before


@pytest.mark.parametrize("lost", [".build/.sources", ".build/__local__.json"])
def test_check__of_what_was_never_compiled_to_its_end__fails(clone: Path, lost: str) -> None:
    (clone / lost).unlink()
    assert python(clone, "toolchain/compile", "--check").stderr == STALE + "\n"


def test_unit_tests__on_revm__run_on_todays_bytecode_only(clone: Path) -> None:
    fresh = python(clone, *UNIT, DATADAO_CHAIN="revm")
    assert fresh.returncode == 0 and " passed" in fresh.stdout, fresh.stdout + fresh.stderr
    edit(clone)
    done = python(clone, *UNIT, DATADAO_CHAIN="revm")
    assert done.returncode == 1 and STALE in done.stdout + done.stderr
    assert "passed" not in done.stdout and "Traceback" not in done.stdout + done.stderr


def test_artifacts__read_by_any_other_test__are_refused_too(clone: Path) -> None:
    edit(clone)
    done = python(clone, "-c", "from assurance.harness.chain.artifacts import artifacts; artifacts()")
    assert done.returncode == 1 and done.stderr.endswith(f"RuntimeError: {STALE}\n")
