"""Which tests a mutant meets, and in which order: those most likely to notice it first."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from assurance import ROOT
from assurance.audit.mutation.sources import Mutant

PATHS = ("tests/unit", "tests/property", "tests/invariant")
FACTORY = "DataDAOFactory"
_FACTORY_TESTS = "tests/unit/factory/"
_AREAS = {
    "EmergencyBrake": "brake",
    "DataTimelock": "timelock",
    "RevenueSplitter": "splitter",
    "DataToken": "token",
    "ModelRegistry": "models",
    FACTORY: "factory",
    "DataLeases": "leases",
    "DatasetRegistry": "registry",
    "DataGovernor": "governor",
}
_SYSTEM = ("tests/property/test_guards.py", "tests/invariant/test_system_machine.py")
_SPLITTER = ("tests/property/test_claim_timing.py", "tests/invariant/test_splitter_machine.py")
_TOKEN = ("tests/property/test_votes_differential.py",)
_LEASES = ("tests/invariant/test_leases_machine.py",)
_GOVERNOR = ("tests/property/test_governor_differential.py", "tests/invariant/test_governance_machine.py")
_LATE = {
    "EmergencyBrake": _SYSTEM,
    "DataTimelock": (*_GOVERNOR, *_SYSTEM),
    "RevenueSplitter": (*_SPLITTER, *_SYSTEM),
    "DataToken": (*_TOKEN, *_SPLITTER, *_SYSTEM),
    "ModelRegistry": _LEASES,
    FACTORY: (),
    "DataLeases": (*_LEASES, *_SYSTEM),
    "DatasetRegistry": (
        "tests/property/test_registry_digests.py",
        "tests/invariant/test_registry_machine.py",
        *_SYSTEM,
    ),
    "DataGovernor": (*_GOVERNOR, *_SYSTEM),
}
"""Random lives that the contract takes part in, for what no unit test noticed."""

_IN_ASSETS = re.compile(r"tests/invariant/.*_in_an?_\w*asset")
_NEIGHBOURS = 40


def is_about_behaviour(test: str) -> bool:
    """Not the size of the deployed code, and not a broken twin, in which no mutant is. Lives in odd assets repeat
    those in a plain one."""
    # Without its parameters: `startWindow` has a twin in it.
    name = test.partition("[")[0]
    return "code_size" not in name and "twin" not in name and not _IN_ASSETS.match(name)


class Choice:
    """The tests of each contract, and who noticed what so far."""

    def __init__(self, tests: list[str], *, all_for_all: bool = False) -> None:
        self._tests = [test for test in tests if is_about_behaviour(test)]
        self._all_for_all = all_for_all
        self._noticed: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        self._score: Counter[str] = Counter()

    def of(self, target: str) -> list[str]:
        """All tests of a contract, those of its own first."""
        if self._all_for_all:
            return self._tests
        # Code without optimizer does not fit a factory's blueprints: only the factory itself is tried in its tests.
        own = f"tests/unit/{_AREAS[target]}/"
        unit = [t for t in self._tests if t.startswith("tests/unit/") and not t.startswith((own, _FACTORY_TESTS))]
        mine = [t for t in self._tests if t.startswith(own)]
        if target == FACTORY:
            return mine
        return [*mine, *unit, *(t for t in self._tests if t.startswith(_LATE[target]))]

    def everything(self, targets: Iterable[str]) -> list[str]:
        """All tests that these contracts meet, the factory excepted."""
        wanted = {test for target in targets if target != FACTORY for test in self.of(target)}
        return [test for test in self._tests if test in wanted]

    def noticed(self, mutant: Mutant, test: str) -> None:
        self._noticed[mutant.file].append((mutant.line, test))
        self._score[test] += 1

    def order(self, mutant: Mutant, target: str, *, late: bool) -> list[str]:
        """The tests of the contract's own area, or `late` the others."""
        own = f"tests/unit/{_AREAS[target]}/"
        tests = [test for test in self.of(target) if (test.startswith(own) or self._all_for_all) != late]
        known = sorted(self._noticed[mutant.file], key=lambda seen: abs(seen[0] - mutant.line))
        allowed = set(tests)
        near = list(dict.fromkeys(test for _, test in known if test in allowed))[:_NEIGHBOURS]
        return list(dict.fromkeys([*near, *tests]))


def evidence(test: str = "") -> str:
    """What a verdict rests on: the file of the test that noticed, or all tests and what they share if none did."""
    if test:
        files = [ROOT / test.partition("::")[0]]
    else:
        files = [path for folder in ("assurance/harness", *PATHS) for path in sorted((ROOT / folder).rglob("*.py"))]
    return hashlib.sha256(b"".join(map(_digest, files))).hexdigest()


@cache
def _digest(path: Path) -> bytes:
    """Files as they were when they were first asked for: tests are imported once, too."""
    return hashlib.sha256(path.read_bytes() if path.exists() else b"").digest()
