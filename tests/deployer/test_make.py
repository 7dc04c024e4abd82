"""The commands of the Makefile that are quick enough to be run here."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def make(*arguments: str, typed: str = "") -> str:
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT, input=typed, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_make__alone__lists_every_command_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^  make ([a-z]+) ", make(), re.MULTILINE)) == targets
    assert {"demo", "test", "audit", "prove", "gas", "pack"} <= targets


@pytest.mark.parametrize(
    ("arguments", "typed", "expected"),
    [
        (("shell",), "datadao --version\nexit\n", "datadao, version 0."),
        (("shell",), "ape --version\nexit\n", "0."),
        (("compile",), "", ""),
    ],
    ids=["shell-datadao", "shell-ape", "compile"],
)
def test_make__each_command_that_is_quick__does_what_it_says(
    arguments: tuple[str, ...], typed: str, expected: str
) -> None:
    assert expected in make(*arguments, typed=typed)


def test_make_interfaces__changes_nothing_that_is_fresh() -> None:
    before = {path: path.read_bytes() for path in (ROOT / "interfaces").iterdir() if path.is_file()}
    assert make("interfaces").endswith("Descriptors are up to date.\n"), "linted too"
    assert {path: path.read_bytes() for path in (ROOT / "interfaces").iterdir() if path.is_file()} == before


def test_make_pack__leaves_both_packages_of_one_version(tmp_path: Path) -> None:
    make("pack", f"ARGS=--out {tmp_path}")
    names = sorted(path.name for path in tmp_path.glob("datadao*"))
    assert [re.sub(r"\d+\.\d+\.\d+", "V", name) for name in names] == [
        "datadao-V-py3-none-any.whl",
        "datadao-V.tgz",
        "datadao-page-V.sha256",
        "datadao-page-V.zip",
    ]
    assert len({re.findall(r"\d+\.\d+\.\d+", name)[0] for name in names}) == 1


def test_command_line__asked_for_help__lists_the_roles() -> None:
    done = subprocess.run(
        ["toolchain/run", "datadao", "--help"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    for role in ("contribute", "attest", "custodian", "lease"):
        assert f"  {role} " in done.stdout


def test_console__opens_on_the_local_node() -> None:
    done = subprocess.run(
        ["toolchain/run", "ape", "console", "--network", "ethereum:local:foundry"],
        cwd=ROOT, input="print('chain', chain.chain_id)\nexit()\n",
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert "chain 31337" in done.stdout, done.stdout + done.stderr
