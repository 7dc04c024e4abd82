"""The mutation campaign itself: it makes the mutants it should, and no mistake of a contract that the tests miss passes
for noticed, or the other way round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assurance.audit.mutation import full, memory, triage
from assurance.audit.mutation.campaign import Campaign, Details, Plan, sample
from assurance.audit.mutation.choice import is_about_behaviour
from assurance.audit.mutation.lanes import INVALID, KILLED, SAME_CODE, SURVIVED, Outcome
from assurance.audit.mutation.memory import Memory
from assurance.audit.mutation.operators import Edit, edits
from assurance.audit.mutation.sources import Mutant, Sources
from assurance.audit.part import PartError
from assurance.harness.chain.compiler import Compiler

ROOT = Path(__file__).resolve().parents[2]
SMALL = "contracts/Small.sol"
SOURCE = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
interface IOther { function never(uint256 x) external returns (uint256); }
contract Small {
    error Small_Refused(uint256 value, uint256 limit);
    event Done(uint256 value);
    uint256 public constant LIMIT = 10;
    uint256 public total;
    modifier once() { total = 1; _; }
    /// @notice A comment says "no 1 == 1 mutants here".
    function add(uint256 value, uint256 limit) external once returns (uint256) {
        if (value > LIMIT || value == 0) revert Small_Refused(value, limit);
        total += value;
        emit Done(value);
        if (limit < value) { total = limit; } else { delete total; }
        return value > 3 ? Math.min(value, limit) : value % limit;
    }
    function halves(uint256 value) external pure returns (bool open, uint256 part) {
        part = Math.ceilDiv(value, 2);
        if (part == value) return (open, part);
        open = !(part > 1);
    }
}
"""
EXPECTED = """
constant | LIMIT | 10 → 9
constant | LIMIT | 10 → 11
statement | once | total = 1 →
constant | once | 1 → 0
constant | once | 1 → 2
modifier | add | once →
guard | add | if (value > LIMIT || value == 0) revert Small_Refused(value, limit) →
comparison | add | value > LIMIT → value >= LIMIT
logic | add | value > LIMIT || value == 0 → value > LIMIT
logic | add | value > LIMIT || value == 0 → value == 0
constant | add | 0 → 1
arguments | add | value, limit → limit, value
assignment | add | total += value → total = value
statement | add | total += value →
event | add | emit Done(value) →
branches | add | limit < value → !(limit < value)
comparison | add | limit < value → limit <= value
statement | add | total = limit →
statement | add | delete total →
comparison | add | value > 3 → value >= 3
branches | add | value > 3 ? Math.min(value, limit) : value % limit → value > 3 ? value % limit : Math.min(value, limit)
return | add | value > 3 ? Math.min(value, limit) : value % limit → 0
constant | add | 3 → 2
constant | add | 3 → 4
arithmetic | add | Math.min → Math.max
arithmetic | add | value % limit → value * limit
statement | halves | part = Math.ceilDiv(value, 2) →
rounding | halves | Math.ceilDiv(value, 2) → value / 2
constant | halves | 2 → 1
constant | halves | 2 → 3
statement | halves | if (part == value) return (open, part) →
statement | halves | open = !(part > 1) →
negation | halves | !(part > 1) → (part > 1)
comparison | halves | part > 1 → part >= 1
constant | halves | 1 → 0
constant | halves | 1 → 2
"""


@pytest.fixture(scope="module")
def small() -> tuple[Compiler, list[Edit]]:
    with Compiler() as compiler:
        tree = compiler.syntax([SMALL], {SMALL: SOURCE})[SMALL]
        yield compiler, edits(tree, SOURCE.encode())


def test_mutants__of_a_small_contract__are_these(small: tuple[Compiler, list[Edit]]) -> None:
    found = [f"{edit.kind} | {edit.function} | {edit.before} → {edit.after}".strip() for edit in small[1]]
    assert Counter(found) == Counter(EXPECTED.strip().splitlines())


def test_mutants__each__compiles_to_other_code(small: tuple[Compiler, list[Edit]]) -> None:
    compiler, found = small
    source = SOURCE.encode()
    original = compiler.compile("Small", {SMALL: SOURCE})
    for edit in found:
        changed = source[: edit.start] + edit.replacement.encode() + source[edit.end :]
        assert compiler.compile("Small", {SMALL: changed.decode()}) != original, edit


def test_sources__every_contract_of_ours__has_mutants_and_no_interface_has() -> None:
    with Compiler() as compiler:
        sources = Sources.read(compiler)
    mutated = {mutant.file for mutant in sources.mutants}
    bases = {f"contracts/{folder}" for folder in ("governance", "leases", "registry", "libraries", "token", "types")}
    wanted = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "contracts").rglob("*.sol")
        if path.parent == ROOT / "contracts" or str(path.parent.relative_to(ROOT)) in bases
    }
    assert mutated == wanted
    keys = Counter((m.file, m.text, m.mutation, m.occurrence) for m in sources.mutants)
    assert max(keys.values()) == 1, "an entry of survivors.toml means one mutant"


# A campaign of four mutants and a test or two, as a process of its own


def campaign(folder: Path, test: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Mutates the two durations of the brake, which `test` may look at."""
    tests = folder / "test_brake_alone.py"
    tests.write_text(
        f"from assurance.harness.dao.dao import Dao\n\n\ndef test_alone():\n    brake = Dao().brake\n    {test}\n"
    )
    program = f"""
import sys
from pathlib import Path
from assurance.audit import part
from assurance.audit.mutation.__main__ import main
part.REPORT = Path({str(folder)!r})
sys.exit(part.run(main))
"""
    words = ["all", "PAUSE: 72 hours", "COOL_DOWN: 7 days"]
    command = [sys.executable, "-c", program, *words, "--tests", str(tests), "--lanes", "1"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DATADAO_", "PYTEST_"))}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    report = folder / "mutation.json"
    return done, json.loads(report.read_text()) if report.exists() else {}


def test_campaign__one_mistake_noticed_and_one_not__fails_and_names_the_survivor(tmp_path: Path) -> None:
    done, report = campaign(tmp_path, "assert brake.PAUSE() == 72 * 3600")
    assert done.returncode == 1, done.stdout + done.stderr
    assert (report["killed"], report["survived"], report["score"], report["ok"]) == (2, 2, 50.0, False)
    assert [(s["before"], s["after"], s["why"]) for s in report["survivors"]] == [
        ("7 days", "6 days", None),
        ("7 days", "8 days", None),
    ]
    assert "survived, unexplained: contracts/EmergencyBrake.sol:" in done.stderr


def test_campaign__unchanged_contracts_fail_the_tests__refused_before_any_mutant(tmp_path: Path) -> None:
    done, report = campaign(tmp_path, "assert brake.PAUSE() == 1")
    assert done.returncode == 2 and not report
    assert "the unchanged contracts fail 1 tests; no mutant was tried" in done.stderr
    assert "test_alone" in done.stderr


def test_tests_of_a_mutant__that_hang_crash_or_break_on_the_way__are_distinguished(tmp_path: Path) -> None:
    (tmp_path / "test_odd.py").write_text("""
import os
import pytest

@pytest.fixture
def broken():
    raise ValueError("set-up")

def test_hangs():
    while True:
        pass

def test_crashes():
    os.kill(os.getpid(), 9)

def test_asserts():
    assert 1 == 2

def test_breaks(broken):
    pass

def test_passes():
    pass
""")
    program = f"""
from assurance.audit.mutation import warm
def body(suite):
    verdicts = {{}}
    for test in suite.tests:
        verdict = suite.start([test], {{}}, cpu=1).verdict()
        failures = [(f.when, f.asserted) for f in verdict.failures]
        verdicts[test.partition("::")[2]] = [verdict.passed, verdict.ended, failures]
    return verdicts
import json
print(json.dumps(warm.collected([{str(tmp_path)!r}], body)))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "test_hangs": [False, "timeout", []],
        "test_crashes": [False, "crash", []],
        "test_asserts": [False, "", [["call", True]]],
        "test_breaks": [False, "", [["setup", False]]],
        "test_passes": [True, "", []],
    }


# What is judged, remembered, drawn and explained


def mutant(file: str, line: int) -> Mutant:
    return Mutant(file, line, f"line {line}", 1, Edit(line, line + 1, "x", "constant", "a", "b", "f"), ("T",))


def outcome(verdict: str, code: str = "", test: str = "") -> Outcome:
    return Outcome(verdict, "T", test, "", code, 1)


def reason(file: str, line: int) -> triage.Reason:
    return triage.Reason(file, f"line {line}", "a → b", "said here")


SAMPLED = Plan(everything=False)


def judged(results: dict[Mutant, Outcome], *reasons: triage.Reason, plan: Plan = SAMPLED) -> Details:
    sources = Sources({}, {}, {})
    sources.__dict__["mutants"] = list(results)
    bench: Any = SimpleNamespace(sources=sources)
    nothing: Any = None
    return Campaign(plan, bench, nothing, nothing, list(reasons), results).judge()


def test_judge__survivors__count_against_the_score_and_are_wrong_unless_explained() -> None:
    results = {
        mutant("f", 1): outcome(KILLED, "1", "a.py::t"),
        mutant("f", 2): outcome(SURVIVED, "2"),
        mutant("f", 3): outcome(SURVIVED, "3"),
        mutant("g", 1): outcome(KILLED, "4", "timeout"),
    }
    found = judged(results, reason("f", 2))
    assert (found["killed"], found["survived"], found["explained"], found["score"]) == (2, 2, 1, 50.0)
    assert found["wrong"] == ["survived, unexplained: f:3 f: a → b"]
    assert [survivor["why"] for survivor in found["survivors"]] == ["said here", None]
    assert [(row["file"], row["score"]) for row in found["files"]] == [("f", 33.3), ("g", 100.0)]
    assert not judged(results, reason("f", 2), reason("f", 3))["wrong"]


def test_judge__the_same_code_as_another_or_as_the_original_or_none__does_not_count() -> None:
    results = {
        mutant("f", 1): outcome(SURVIVED, "1"),
        mutant("f", 2): outcome(SURVIVED, "1"),
        mutant("f", 3): outcome(SAME_CODE),
        mutant("f", 4): outcome(INVALID),
    }
    found = judged(results, reason("f", 1))
    assert (found["mutants"], found["killed"], found["survived"]) == (4, 0, 1)
    assert found["not_counted"] == {"same code": 1, "does not compile": 1, "duplicate": 1}
    assert not found["wrong"]


def test_judge__reason_for_what_was_noticed_or_is_not_there__is_wrong() -> None:
    results = {mutant("f", 1): outcome(KILLED, "1", "a.py::t")}
    assert judged(results, reason("f", 1), reason("f", 9))["wrong"] == [
        "stale in survivors.toml: noticed by a.py::t: f: line 1: a → b",
        "stale in survivors.toml: no such mutant: f: line 9: a → b",
    ]


@pytest.mark.parametrize(("killed", "wrong"), [(18, ["94.7 % of mutants are noticed, 95.0 % are needed"]), (19, [])])
def test_judge__of_a_full_run__needs_the_score_and_of_a_sample_not(killed: int, wrong: list[str]) -> None:
    results = {mutant("f", line): outcome(KILLED, str(line), "a.py::t") for line in range(2, 2 + killed)}
    results[mutant("f", 1)] = outcome(SURVIVED, "1")
    assert judged(results, reason("f", 1), plan=Plan())["wrong"] == wrong
    assert judged(results, reason("f", 1), plan=Plan(words=("f",)))["wrong"] == []


def test_full_run__is_kept_and_read__with_the_contracts_it_was_of(tmp_path: Path) -> None:
    path = tmp_path / "full.json"
    assert full.read(path) is None
    details = judged({mutant("f", 1): outcome(KILLED, "1", "a.py::t")})
    full.keep(details, path)
    kept = full.read(path)
    assert kept is not None
    assert (kept["mutants"], kept["killed"], kept["score"]) == (1, 1, 100.0)
    assert kept["contracts"] == full.contracts()


@pytest.mark.parametrize(
    ("test", "meets"),
    [
        ("tests/unit/leases/test_constructor.py::test_construction__parameter_beyond__refused[startWindow]", True),
        ("tests/invariant/test_leases_twins.py::test_push_payment__would_stop_its_refund[6]", False),
        ("tests/invariant/test_governance_machine.py::test_twin_of_the_governor__is_noticed[0]", False),
        ("tests/unit/governor/test_constructor.py::test_birth__code_size__fits", False),
        (
            "tests/invariant/test_leases_machine.py::test_leases_and_models__in_an_odd_asset__live_the_same_X2[Fee]",
            False,
        ),
    ],
)
def test_choice__of_tests_that_say_nothing_of_a_mutant__is_by_name_not_by_parameter(test: str, meets: bool) -> None:
    assert is_about_behaviour(test) is meets


def test_sample__of_any_size__takes_from_every_file_and_is_the_same_for_a_seed() -> None:
    mutants = [mutant(f"f{i}", line) for i in range(5) for line in range(20 * (i + 1))]
    drawn = sample(mutants, 30, 7)
    counts = Counter(m.file for m in drawn)
    assert counts == {"f0": 2, "f1": 4, "f2": 6, "f3": 8, "f4": 10}
    assert drawn == sample(mutants, 30, 7) != sample(mutants, 30, 8)
    assert set(Counter(m.file for m in sample(mutants, 1, 7)).values()) == {1}


def test_memory__tests_changed__forgets_what_rested_on_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"": "all 1", "a.py::t": "a 1"}
    monkeypatch.setattr(memory, "evidence", lambda test="": state[test])
    outcomes = {
        "noticed": outcome(KILLED, test="a.py::t"),
        "missed": outcome(SURVIVED),
        "no code": outcome(INVALID),
    }
    path = tmp_path / "results.jsonl"
    for key, known in outcomes.items():
        Memory(path).keep(key, known)
    path.open("a").write('{"key": "cut off')
    assert {key: Memory(path).recall(key) for key in outcomes} == outcomes
    state[""] = "all 2"
    assert [key for key in outcomes if Memory(path).recall(key)] == ["noticed", "no code"]
    state["a.py::t"] = "a 2"
    assert [key for key in outcomes if Memory(path).recall(key)] == ["no code"]
    assert [key for key in outcomes if Memory(path).recall(key, explained=True)] == ["missed", "no code"]
    assert Memory(path).hint("noticed") == "a.py::t"


ENTRY = '[[survivor]]\nfile = "f"\nline = "l"\nmutation = "a → b"\n'


@pytest.mark.parametrize("text", [ENTRY, ENTRY + 'why = " "', ENTRY + 'why = "w"\nwhyy = "x"', "survivor ="])
def test_triage__without_a_reason_or_with_another_field__refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "survivors.toml"
    path.write_text(text)
    with pytest.raises(PartError, match=r"survivors\.toml"):
        triage.read(path)


def test_triage__entry_that_the_run_prints__is_found_again(tmp_path: Path) -> None:
    odd = Mutant("f.sol", 3, 'say("it\'s");', 2, Edit(0, 1, "", "statement", 'say("it\'s")', "", "f"), ("T",))
    path = tmp_path / "survivors.toml"
    path.write_text(triage.entry(odd).replace('why = ""', 'why = "w"'))
    (found,) = triage.read(path)
    assert triage.reason_for(odd, [found]) == found
