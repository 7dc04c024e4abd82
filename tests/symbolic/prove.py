"""`make prove`: every proof must hold, and every broken twin must be refuted by the same proof.

    python -m tests.symbolic.prove [WORD ...]    only the checks whose name contains one of the words

A check is a function `check_<property>_<claim>` of a contract in `*.t.sol`; Halmos runs it for all inputs at once. Its
twins are the mistakes of assurance/harness/mistakes.toml that name it: a contract with one thing wrong, compiled anew,
and put in the place of the real one. They are compiled without via-IR and optimizer, in a tenth of the time; so that
none is refuted for that alone, a check of each contract must also hold on the contract compiled so, with nothing
changed: the control. Exit code 0 says that all of this came out as it must, with no solver out of time, no loop cut
short, and no check left out.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assurance.harness.chain.compiler import CompileError, Compiler
from assurance.harness.forked import Servers
from assurance.harness.mistakes import LIBRARIES, Mistake, MistakeError, mistakes
from tests.symbolic import integers

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
WORK = ROOT / ".forge" / "prove"
OUT = WORK / "out"
SOLVER_SECONDS = 300
HALMOS, SOLVER = Path(sys.executable).with_name("halmos"), HERE / "solver.py"
# Halmos keeps solvers of its own in the home folder.
ENVIRONMENT = {**os.environ, "HOME": str(WORK), "COLUMNS": "200"}
# What Halmos answers for one check.
PROVED, REFUTED = 0, 1
ANSWERS = {2: "solver out of time", 3: "stuck", 4: "all paths revert", 5: "error in Halmos"}


class ProveError(Exception):
    """Nothing was proved, for the reason in the message."""


@dataclass(frozen=True)
class Check:
    """One check, against the real contracts, or with one of them replaced: by a twin, or by its plain compile."""

    contract: str
    name: str
    twin: str = ""
    control: str = ""

    @property
    def property_id(self) -> str:
        """`S-1` of `check_S1_claim_takes_what_it_pays`."""
        return re.sub(r"check_([A-Z])(\d+)_.*", r"\1-\2", self.name)


# Building


def build() -> None:
    """Compiles proofs and contracts from scratch: artifacts of deleted sources would be proved too."""
    shutil.rmtree(WORK, ignore_errors=True)
    command = ["forge", "build", "--quiet", "--ast", "--extra-output", "storageLayout", "metadata"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "FOUNDRY_PROFILE": "prove"}, check=False)
    if done.returncode:
        raise ProveError("the proofs do not compile")
    for path in OUT.glob("*.sol/*.json"):
        compiled = json.loads(path.read_text())
        path.write_text(json.dumps(compiled | {"ast": outline(compiled["ast"])}))


def outline(node: dict[str, Any]) -> dict[str, Any]:
    """What Halmos reads of a syntax tree: what is declared, and what is said of it. It reads all trees for each check,
    which takes longer than most checks do."""
    told = {key: value for key, value in node.items() if key == "documentation" or not isinstance(value, (dict, list))}
    return told | {"nodes": [outline(child) for child in node.get("nodes", ())]}


def artifact(contract: str) -> Path:
    """What was compiled of a subject of the proofs: a deployable contract, or `Libraries`."""
    file = "Subjects" if contract == LIBRARIES else contract
    return OUT / f"{file}.sol" / f"{contract}.json"


def find_checks() -> list[Check]:
    found = []
    for path in sorted(OUT.glob("*.t.sol/*.json")):
        signatures = json.loads(path.read_text())["methodIdentifiers"]
        found += [Check(path.stem, name.partition("(")[0]) for name in signatures if name.startswith("check_")]
    return found


class PlainCode:
    """Creation code of subjects and their twins, by the compiler's fastest settings."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler, self._turn = compiler, threading.Lock()

    def of(self, contract: str, twin: Mistake | None = None) -> str:
        file = "tests/symbolic/Subjects.sol" if contract == LIBRARIES else ""
        edits = twin.sources() if twin else {}
        try:
            with self._turn:
                return self._compiler.compile(contract, edits, file).creation.hex()
        except CompileError as error:
            what = f"twin '{twin.id}'" if twin else f"the control of {contract}"
            raise ProveError(f"{what} does not compile:\n{error}") from None


def controls_of(twins: list[Mistake]) -> dict[str, str]:
    """For each subject a check that must hold on its plain compile: the first that its first twin is refuted by."""
    return {twin.contract: twin.refuted_by[0] for twin in reversed(twins)}


def lay_out(name: str, contract: str = "", code: str = "") -> Path:
    """A project folder for Halmos: all artifacts, one of them with other creation code."""
    folder = WORK / "run" / name
    out = folder / "out"
    out.mkdir(parents=True)
    for entry in OUT.glob("*.sol"):
        (out / entry.name).symlink_to(entry)
    if contract:
        compiled = artifact(contract)
        (out / compiled.parent.name).unlink()
        shutil.copytree(compiled.parent, out / compiled.parent.name)
        target = out / compiled.relative_to(OUT)
        content = json.loads(target.read_text())
        content["bytecode"]["object"] = f"0x{code}"
        target.write_text(json.dumps(content))
    return folder


# Proving


def run_halmos(programs: Path, folder: Path, check: Check) -> tuple[str, float]:
    """`proved`, `refuted`, or what went wrong; and seconds. `programs` has Halmos and the solver."""
    began = time.monotonic()
    report = folder / f"{check.name}.json"
    command = [
        str(programs / HALMOS.name), "--root", str(folder), "--no-status",
        "--contract", check.contract, "--match-test", rf"^{check.name}\(", "--loop", "8",
        "--solver-command", str(programs / SOLVER.name), "--solver-threads", "1",
        "--solver-timeout-assertion", f"{SOLVER_SECONDS}s", "--json-output", str(report),
    ]  # fmt: skip
    if check.twin:
        command.append("--early-exit")
    done = subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    (folder / f"{check.name}.log").write_text(done.stdout)
    seconds = time.monotonic() - began
    if not report.exists():
        return f"no answer from Halmos: {folder / check.name}.log", seconds
    results = [result for results in json.loads(report.read_text())["test_results"].values() for result in results]
    if [result["name"] for result in results] != [f"{check.name}()"]:
        return f"Halmos ran {len(results)} checks: {folder / check.name}.log", seconds
    (result,) = results
    if result["exitcode"] == PROVED and result["num_bounded_loops"]:
        return "a loop was cut short", seconds
    return {PROVED: "proved", REFUTED: "refuted"}.get(result["exitcode"]) or ANSWERS[result["exitcode"]], seconds


def report(check: Check, answer: str, seconds: float) -> bool:
    """Prints the line of a check, and returns whether it came out as it must."""
    good = answer == ("refuted" if check.twin else "proved")
    label = check.name.split("_", 2)[2]
    instead = f"  twin: {check.twin}" if check.twin else f"  control: {check.control}" if check.control else ""
    line = f"{check.property_id:5}{answer if good else 'FAILED: ' + answer:9}{seconds:6.1f} s  {label}{instead}\n"
    print(line, end="", flush=True)  # at once, or two lines of two threads become one
    return good


def prove(words: list[str], plain: PlainCode, programs: Path) -> int:
    began = time.monotonic()
    queries = integers.compare_with_words()
    print(f"The integer reading of {queries} random queries agrees with their words.", flush=True)
    build()
    checks = find_checks()
    twins = [mistake for mistake in mistakes().values() if mistake.refuted_by]
    by_name = {check.name: check for check in checks}
    twinned = {name for twin in twins for name in twin.refuted_by}
    if len(by_name) != len(checks):
        raise ProveError("two checks have the same name")
    if missing := sorted(twinned - set(by_name)):
        raise ProveError(f"checks that mistakes.toml names and no contract has: {', '.join(missing)}")
    if untwinned := sorted(set(by_name) - twinned):
        raise ProveError(f"checks that no mistake in mistakes.toml is refuted by: {', '.join(untwinned)}")

    def wanted(name: str) -> bool:
        return not words or any(word in name for word in words)

    real = lay_out("real")

    def prove_on(folder: Path, check: Check) -> bool:
        return report(check, *run_halmos(programs, folder, check))

    def refute_twin(twin: Mistake) -> list[bool]:
        names = [name for name in twin.refuted_by if wanted(name)]
        if not names:
            return []
        folder = lay_out(f"twin-{twin.id}", twin.contract, plain.of(twin.contract, twin))
        twin_checks = [replace(by_name[name], twin=twin.flaw) for name in names]
        return [prove_on(folder, check) for check in twin_checks]

    def prove_control(contract: str, name: str) -> bool:
        folder = lay_out(f"control-{contract}", contract, plain.of(contract))
        return prove_on(folder, replace(by_name[name], control=contract))

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        proofs = [pool.submit(prove_on, real, check) for check in checks if wanted(check.name)]
        controls = [pool.submit(prove_control, *pair) for pair in controls_of(twins).items() if wanted(pair[1])]
        refutations = [pool.submit(refute_twin, twin) for twin in twins]
        proved = [proof.result() for proof in proofs]
        controlled = [control.result() for control in controls]
        refuted = [good for refutation in refutations for good in refutation.result()]
    if not proved:
        raise ProveError(f"no check is named {' or '.join(words)}")
    minutes = (time.monotonic() - began) / 60
    print(
        f"{sum(proved)} of {len(proved)} proved, {sum(refuted)} of {len(refuted)} twins refuted, "
        f"{sum(controlled)} of {len(controlled)} controls proved, {minutes:.1f} min"
    )
    return 0 if all(proved + refuted + controlled) else 1


def main() -> int:
    WORK.mkdir(parents=True, exist_ok=True)
    servers = Servers((HALMOS, SOLVER), ENVIRONMENT)
    try:
        with Compiler() as compiler:
            return prove(sys.argv[1:], PlainCode(compiler), servers.folder)
    except (ProveError, MistakeError) as error:
        print(f"prove: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("prove: interrupted", file=sys.stderr)
        return 130
    finally:
        servers.stop()


if __name__ == "__main__":
    sys.exit(main())
