"""`datadao compute check`: a program is refused, or what it takes is said, without a chain and without data.

given a program and a schema     it should run over records made from the schema, the same at every run
given one that fails             the command should say how it ended, and why, with exit code 1
given no program                 it should be refused before anything runs
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from assurance.harness.commands import SCHEMA, run
from tests.client.compute.programs import ECHO, module


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "echo.wasm"
    path.write_bytes(module(ECHO, pages=1))
    return path


@pytest.fixture
def schema(tmp_path: Path) -> str:
    path = tmp_path / "schema.json"
    path.write_bytes(SCHEMA)
    return str(path)


def test_check__of_a_program__says_its_hash_and_what_it_takes(tmp_path: Path, program: Path, schema: str) -> None:
    words = ("compute", "check", str(program), "--schema", schema, "--count", "20", "--json")
    done = run(tmp_path, *words, "--out", str(tmp_path / "out")).document
    assert done["programHash"] == "0x" + sha256(program.read_bytes()).hexdigest()
    assert (done["entries"], done["records"], done["ending"]) == (["run"], 20, "OK")
    assert done["output"] == len((tmp_path / "out").read_bytes()) > 0
    assert done == run(tmp_path, *words).document
    lines = run(tmp_path, *words[:-1]).out
    assert f"Over 20 records it used {done['fuel']:,} of fuel, {done['fuel'] / 20:,.0f} a record" in lines


def test_check__without_records__runs_nothing(tmp_path: Path, program: Path) -> None:
    assert "fuel" not in run(tmp_path, "compute", "check", str(program), "--json").document


def test_check__over_records_of_ones_own__gives_them_in_canonical_form(tmp_path: Path, program: Path) -> None:
    own, out = tmp_path / "own.jsonl", tmp_path / "out"
    own.write_text('{"b": 1.0, "a": "é"}\n\n{"a": 2e0}\n')
    words = ("compute", "check", str(program), "--records", str(own))
    assert run(tmp_path, *words, "--out", str(out)).code == 0
    assert out.read_text() == '{"a":"é","b":1}\n{"a":2}\n'
    own.write_text('{"a": 1}\nnone\n')
    assert run(tmp_path, *words).refusal.startswith(f"{own}, line 2: not JSON")


def test_check__of_a_program_that_fails__says_how_with_exit_code_1(tmp_path: Path, program: Path, schema: str) -> None:
    program.write_bytes(module("(drop (i32.div_u (i32.const 1) (local.get $n)))"))
    done = run(tmp_path, "compute", "check", str(program), "--schema", schema)
    assert done.code == 1 and "it ended with TRAP: integer division by zero" in done.out
    program.write_bytes(module(ECHO))
    done = run(tmp_path, "compute", "check", str(program), "--schema", schema, "--output", "10")
    assert done.code == 1 and "it ended with OUTPUT: it put out more than 10 bytes" in done.out


def test_check__of_no_program__is_refused(tmp_path: Path, program: Path) -> None:
    program.write_bytes(b"MZ")
    assert run(tmp_path, "compute", "check", str(program)).refusal == "not a WebAssembly module in binary form"
