"""One run: choose mutants, try them, judge what survived."""

from __future__ import annotations

import hashlib
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from typing_extensions import TypedDict

from assurance import ROOT
from assurance.audit.mutation import triage
from assurance.audit.mutation.choice import Choice, evidence
from assurance.audit.mutation.lanes import INVALID, KILLED, SAME_CODE, SURVIVED, Bench, Outcome, baseline, outcomes
from assurance.audit.mutation.memory import Memory
from assurance.audit.mutation.sources import TARGETS, Mutant, Sources
from assurance.audit.mutation.warm import Suite
from assurance.audit.part import PartError
from assurance.harness.chain.compiler import SETTINGS, Code, Compiler

CACHE = ROOT / ".cache" / "mutation"
DUPLICATE = "duplicate"
NEEDED = 95.0
"""Percent of all mutants, those explained counted as survivors."""
_CPU_SECONDS = 600
_SAY_EVERY = 20


class FileRow(TypedDict):
    file: str
    killed: int
    survived: int
    explained: int
    score: float | None


class Survivor(TypedDict):
    file: str
    line: int
    function: str
    kind: str
    text: str
    before: str
    after: str
    why: str | None
    """The reason of survivors.toml, if it has one."""


class Details(TypedDict):
    """What audit-report/mutation.json has beside what every part has."""

    scope: str
    """`all`, or how the sample was drawn."""
    mutants: int
    """That were tried: `killed`, `survived`, and those that do not count, by why."""
    killed: int
    survived: int
    explained: int
    not_counted: dict[str, int]
    score: float
    """Killed, of killed and survived, in percent; explained ones count as survived."""
    files: list[FileRow]
    kinds: dict[str, dict[str, int]]
    survivors: list[Survivor]
    settings: dict[str, object]
    wrong: list[str]


@dataclass
class Plan:
    everything: bool = True
    sample: int = 0
    seed: int = 0
    lanes: int = 2
    words: tuple[str, ...] = ()
    """Only mutants whose name (file:line function: mutation) contains one of these."""
    tests: tuple[str, ...] = ()
    """Only these, pytest paths: what do they notice alone?"""
    fresh: bool = False

    @property
    def full(self) -> bool:
        return self.everything and not self.words and not self.tests

    @property
    def scope(self) -> str:
        which = "all" if self.everything else f"sample of {self.sample}, seed {self.seed}"
        which += f", of {', '.join(self.words)}" if self.words else ""
        return which + (f", by {', '.join(self.tests)}" if self.tests else "")


def sample(mutants: Sequence[Mutant], size: int, seed: int) -> list[Mutant]:
    """A random choice in which each file has its part, and at least one."""
    by_file = defaultdict(list)
    for mutant in mutants:
        by_file[mutant.file].append(mutant)
    random = Random(seed)
    chosen = []
    for file in sorted(by_file):
        share = max(1, round(size * len(by_file[file]) / len(mutants)))
        chosen += random.sample(by_file[file], min(share, len(by_file[file])))
    return chosen


def say(text: str) -> None:
    print(text, flush=True)


def _missed(mutant: Mutant) -> None:
    say(f"missed by its own unit tests: {mutant.name}")


def compiled(plan: Plan) -> tuple[Sources, dict[str, Code]]:
    """The sources, and the code of the contracts that the plan mutates, as they are."""
    with Compiler() as compiler:
        sources = Sources.read(compiler)
        wanted = {target for mutant in chosen(sources, plan) for target in mutant.targets}
        return sources, {target: compiler.compile(target) for target in TARGETS if target in wanted}


def chosen(sources: Sources, plan: Plan) -> list[Mutant]:
    mutants = [m for m in sources.mutants if not plan.words or any(word in m.name for word in plan.words)]
    if not mutants:
        raise PartError(f"there is no mutant of {' or '.join(plan.words)}")
    return mutants if plan.everything else sample(mutants, plan.sample, plan.seed)


@dataclass
class Campaign:
    plan: Plan
    bench: Bench
    choice: Choice
    memory: Memory
    reasons: list[triage.Reason]
    results: dict[Mutant, Outcome] = field(default_factory=dict)

    @classmethod
    def over(
        cls, plan: Plan, sources: Sources, codes: dict[str, Code], suite: Suite, reasons: list[triage.Reason]
    ) -> Campaign:
        bench = Bench(sources, codes, suite, _CPU_SECONDS)
        # What a few tests miss says nothing about all of them.
        memory = Memory(None if plan.tests else CACHE / "results.jsonl")
        return cls(plan, bench, Choice(suite.tests, all_for_all=bool(plan.tests)), memory, reasons)

    def run(self) -> None:
        """Tries the chosen mutants, those known from an earlier run excepted."""
        mutants = chosen(self.bench.sources, self.plan)
        todo = []
        for mutant in mutants:
            key = self.bench.sources.key(mutant)
            explained = triage.reason_for(mutant, self.reasons) is not None
            known = None if self.plan.fresh else self.memory.recall(key, explained=explained)
            test = known.test if known else self.memory.hint(key)
            if "::" in test:
                self.choice.noticed(mutant, test)
            if known:
                self.results[mutant] = known
            else:
                todo.append(mutant)
        say(f"{len(mutants)} mutants, {len(mutants) - len(todo)} known from earlier runs")
        if not todo:
            return
        self._check_baseline()
        # So that a part of them says something about all.
        Random(self.plan.seed).shuffle(todo)
        began = time.monotonic()
        tried = outcomes(self.bench, self.choice, todo, self.plan.lanes, _missed)
        for number, (mutant, outcome) in enumerate(tried, 1):
            self.results[mutant] = outcome
            self.memory.keep(self.bench.sources.key(mutant), outcome)
            if outcome.verdict == SURVIVED:
                say(f"survived: {mutant.name}")
            if number % _SAY_EVERY == 0 or number == len(todo):
                counts = Counter(result.verdict for result in self.results.values())
                pace = (time.monotonic() - began) / number
                left = pace * (len(todo) - number) / 60
                say(
                    f"{number} of {len(todo)}: {counts[KILLED]} killed, {counts[SURVIVED]} survived; "
                    f"{pace:.1f} s a mutant, {left:.0f} min left"
                )

    def _check_baseline(self) -> None:
        """The unchanged contracts pass everything, or a failing test would say nothing about a mutant."""
        passed = CACHE / "baseline"
        codes = sorted((name, code.creation) for name, code in self.bench.codes.items())
        state = hashlib.sha256(repr((codes, evidence())).encode()).hexdigest()
        remembered = not (self.plan.fresh or self.plan.tests)
        if remembered and passed.exists() and passed.read_text() == state:
            return
        say(f"the unchanged contracts under {len(self.choice.everything(self.bench.codes))} tests")
        failures = baseline(self.bench, self.choice, self.plan.lanes)
        if failures:
            listed = "\n  ".join(failures[:20])
            raise PartError(f"the unchanged contracts fail {len(failures)} tests; no mutant was tried:\n  {listed}")
        if remembered:
            passed.write_text(state)

    def judge(self) -> Details:
        """The score, and which survivors are unexplained."""
        counted, twice = self._distinct()
        rows: dict[str, FileRow] = {}
        kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
        survivors, wrong, used = [], [], []
        for mutant, outcome in counted.items():
            row = rows.setdefault(mutant.file, FileRow(file=mutant.file, killed=0, survived=0, explained=0, score=None))
            kinds[mutant.edit.kind][outcome.verdict] += 1
            if outcome.verdict == KILLED:
                row["killed"] += 1
                continue
            row["survived"] += 1
            reason = triage.reason_for(mutant, self.reasons)
            survivors.append(_survivor(mutant, reason))
            if reason:
                row["explained"] += 1
                used.append(reason)
            else:
                wrong.append(f"survived, unexplained: {mutant.name}")
        for row in rows.values():
            row["score"] = _percent(row["killed"], row["survived"])
        killed, survived = (sum(row[key] for row in rows.values()) for key in ("killed", "survived"))
        score = _percent(killed, survived) or 0.0
        wrong += [f"stale in {triage.FILE.name}: {line}" for line in self._stale(used)]
        # Of a sample it would say more about the luck of the draw.
        if self.plan.full and score < NEEDED:
            wrong.append(f"{score} % of mutants are noticed, {NEEDED} % are needed")
        verdicts = Counter(outcome.verdict for outcome in self.results.values())
        return Details(
            scope=self.plan.scope,
            mutants=len(self.results),
            killed=killed,
            survived=survived,
            explained=len(used),
            not_counted={SAME_CODE: verdicts[SAME_CODE], INVALID: verdicts[INVALID], DUPLICATE: twice},
            score=score,
            files=[rows[file] for file in sorted(rows)],
            kinds={kind: dict(counts) for kind, counts in sorted(kinds.items())},
            survivors=survivors,
            settings=dict(SETTINGS),
            wrong=wrong,
        )

    def _distinct(self) -> tuple[dict[Mutant, Outcome], int]:
        """Mutants that count, each code once, and how many were another one's code."""
        counted: dict[Mutant, Outcome] = {}
        codes = set()
        twice = 0
        for mutant in sorted(self.results, key=lambda m: (m.file, m.edit.start, m.edit.end, m.edit.replacement)):
            outcome = self.results[mutant]
            if outcome.verdict not in (KILLED, SURVIVED):
                continue
            if (outcome.target, outcome.code) in codes:
                twice += 1
                continue
            codes.add((outcome.target, outcome.code))
            counted[mutant] = outcome
        return counted, twice

    def _stale(self, used: list[triage.Reason]) -> list[str]:
        """Reasons for what was killed here, or is no mutant of the sources."""
        stale = []
        for reason in self.reasons:
            if reason in used:
                continue
            mutant = next((m for m in self.bench.sources.mutants if triage.reason_for(m, [reason])), None)
            outcome = self.results.get(mutant) if mutant else None
            if mutant is None:
                stale.append(f"no such mutant: {reason.name}")
            elif outcome and outcome.verdict == KILLED:
                stale.append(f"noticed by {outcome.test}: {reason.name}")
        return stale


def _survivor(mutant: Mutant, reason: triage.Reason | None) -> Survivor:
    edit = mutant.edit
    return Survivor(
        file=mutant.file,
        line=mutant.line,
        function=edit.function,
        kind=edit.kind,
        text=mutant.text,
        before=edit.before,
        after=edit.after,
        why=reason.why if reason else None,
    )


def _percent(killed: int, survived: int) -> float | None:
    return round(100 * killed / (killed + survived), 1) if killed + survived else None
