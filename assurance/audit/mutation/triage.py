"""survivors.toml: of each mutant that no test can notice, why not. An entry is found by what it says of the source, not
by a line number, so that it outlives edits elsewhere in the file and nothing else."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from assurance.audit.mutation.sources import Mutant
from assurance.audit.part import PartError

FILE = Path(__file__).with_name("survivors.toml")


@dataclass(frozen=True)
class Reason:
    file: str
    line: str
    """The source line, spaces normalised."""
    mutation: str
    """`before → after`; `nothing` if it was deleted."""
    why: str
    occurrence: int = 1

    @property
    def name(self) -> str:
        return f"{self.file}: {self.line}: {self.mutation}"


def read(path: Path) -> list[Reason]:
    try:
        reasons = [Reason(**entry) for entry in tomllib.loads(path.read_text()).get("survivor", [])]
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise PartError(f"{path.name}: {error}") from None
    for reason in reasons:
        if not reason.why.strip():
            raise PartError(f"{path.name}: no reason given for {reason.name}")
    return reasons


def reason_for(mutant: Mutant, reasons: Iterable[Reason]) -> Reason | None:
    says = (mutant.file, mutant.text, mutant.mutation, mutant.occurrence)
    return next((r for r in reasons if (r.file, r.line, r.mutation, r.occurrence) == says), None)


def entry(mutant: Mutant) -> str:
    """What to add to the file, but for the reason."""
    lines = ["[[survivor]]", f"file = {_quoted(mutant.file)}", f"line = {_quoted(mutant.text)}"]
    lines.append(f"mutation = {_quoted(mutant.mutation)}")
    if mutant.occurrence > 1:
        lines.append(f"occurrence = {mutant.occurrence}")
    return "\n".join([*lines, 'why = ""'])


def _quoted(text: str) -> str:
    if "'" not in text:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
