"""`datadao compute check`, without a chain and without data; and what commands say of programs and of results.

given a program and a schema     it should run over records made from the schema, the same at every run
given one that fails             the command should say how it ended, and why, with exit code 1
given no program                 it should be refused before anything runs
given a result that is agreed    its licensee should read what to do next
given an agreement on a program  those who vote should read what runs, and what may come out
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from assurance.harness.commands import SCHEMA, run
from datadao.cli.agreement import Agreed
from datadao.cli.compute import next_step
from datadao.messages.agreement import Agreement, Program
from datadao.messages.compute import Ending
from datadao.messages.purposes import COMPUTE
from datadao.types import Dao
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


@pytest.mark.parametrize(
    ("more", "source", "looked"),
    [((), "not said", "nobody looks at it first"),
     ((2, "https://example.org/p.ts"), "https://example.org/p.ts", "after 2 attestors looked at it")],
)  # fmt: skip
def test_agreement_on_a_program__says_in_words_what_runs_and_what_may_come_out(
    more: tuple, source: str, looked: str
) -> None:
    program = Program(b"\xab" * 32, "wasmtime 50.0.1", 10**9, 2**26, 1024, *more)
    zero = "0x" + "11" * 20
    terms = (1, COMPUTE, 1, 86_400, 3, 1, 0, False, 0, 86_400)
    paper = Agreement(Dao(1, zero, zero), zero, zero, None, *terms, program=program)
    rows = dict(Agreed(paper.hash, paper, signing=(2, 3)).rows())
    assert rows["signed by"] == "2 of 3 attestors, who sign the same result"
    assert rows["program"] == f"sha256 {'ab' * 32}, source {source}"
    assert rows["runs"] == "on wasmtime 50.0.1, at most 1,000,000,000 of fuel and 67,108,864 bytes of memory"
    assert rows["gives out"] == f"at most 1,024 bytes of each run, which may hold records; {looked}"


@pytest.mark.parametrize(
    ("ending", "started", "said"),
    [(None, False, "Nothing is agreed yet."),
     (Ending.OK, False, "Agreed: it has an output. Next is `lease start 3`."),
     (Ending.OK, True, "Agreed: it has an output. Next is `compute open 3`."),
     (Ending.FUEL, False,
      "Agreed: it ended with FUEL and has no output; `lease end 3` brings back all that was put down."),
     (Ending.TRAP, True, "Agreed: it ended with TRAP and has no output.")],
)  # fmt: skip
def test_show__says_what_is_next(ending: Ending | None, started: bool, said: str) -> None:
    agreed = None if ending is None else SimpleNamespace(ending=int(ending))
    assert next_step(SimpleNamespace(lease_id=3, started=started), agreed) == said
