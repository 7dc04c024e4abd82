"""Outcomes on disk, one JSON line each, so that a run that was stopped goes on where it was.

A noticed mutant stays so while its sources and the test that noticed it are as they were; a survivor while no test has
changed, or as long as it is explained: the reason says that no test can notice it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from assurance.audit.mutation.choice import evidence
from assurance.audit.mutation.lanes import KILLED, SURVIVED, Outcome


class Memory:
    def __init__(self, path: Path | None) -> None:
        """`None` remembers nothing."""
        self.path = path
        self._known: dict[str, tuple[Outcome, str]] = {}
        if path and path.exists():
            for line in path.read_text().splitlines():
                try:
                    entry = json.loads(line)
                    self._known[entry["key"]] = Outcome(**entry["outcome"]), entry["evidence"]
                except (ValueError, KeyError, TypeError):
                    continue  # the last line of a run that was killed

    def recall(self, key: str, *, explained: bool = False) -> Outcome | None:
        outcome, rests_on = self._known.get(key, (None, ""))
        if outcome is None:
            return None
        stands = (explained and outcome.verdict == SURVIVED) or rests_on == _evidence(outcome)
        return outcome if stands else None

    def hint(self, key: str) -> str:
        """The test that once noticed it, though it may have changed since."""
        outcome, _ = self._known.get(key, (None, ""))
        return outcome.test if outcome and outcome.verdict == KILLED and "::" in outcome.test else ""

    def keep(self, key: str, outcome: Outcome) -> None:
        if not self.path:
            return
        entry = {"key": key, "evidence": _evidence(outcome), "outcome": asdict(outcome)}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps(entry) + "\n")


def _evidence(outcome: Outcome) -> str:
    if outcome.verdict == KILLED:
        return evidence(outcome.test if "::" in outcome.test else "")
    return evidence() if outcome.verdict == SURVIVED else "compiler"
