"""What the parts of the audit wrote: read, checked against the shape each part declares, and given to the page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NotRequired

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from assurance.audit.__main__ import PARTS
from assurance.audit.coverage import reach
from assurance.audit.lives import campaign
from assurance.audit.mutation import campaign as mutation
from assurance.audit.part import PartError
from assurance.audit.replay import replay
from assurance.audit.year import __main__ as year

OK, FAILED, NOT_RUN = "ok", "failed", "not run"


class Made(TypedDict):
    """The commit that a part was run on."""

    id: str
    subject: str
    dirty: bool


class Common(TypedDict):
    """What every part has."""

    ok: bool
    seconds: float
    summary: str
    whole: bool
    asked: str
    commit: Made
    wrong: NotRequired[list[str]]


class Miss(TypedDict):
    line: int
    text: str
    reason: str | None


class CoveredFile(TypedDict):
    lines: int
    covered: int
    missed: list[Miss]


class Way(TypedDict):
    file: str
    line: int
    text: str
    way: str


class Ways(TypedDict):
    all: int
    gone: int
    never: list[Way]


class Coverage(TypedDict):
    lines: int
    covered: int
    share: float
    by_properties: float
    suites: dict[str, float]
    files: dict[str, CoveredFile]
    ways: Ways


class Finding(TypedDict):
    impact: str
    check: str
    where: str
    text: str
    reason: str | None


class Slither(TypedDict):
    findings: list[Finding]


class Proof(TypedDict):
    id: str
    answer: str
    seconds: float
    claim: str
    twin: str | None
    control: str | None


class Proofs(TypedDict):
    proofs: list[Proof]


class Judged(TypedDict):
    id: str
    tests: dict[str, int]
    proofs: list[str]
    twins: list[str]
    failed: list[str]
    remark: str


class Properties(TypedDict):
    properties: list[Judged]
    abuse_cases: list[Judged]


class Edited(TypedDict):
    file: str
    line: str
    becomes: str


class Bug(TypedDict):
    name: str
    contract: str
    flaw: str
    edits: list[Edited]
    breaks: list[str]
    caught_by: list[str]
    said: str
    ok: bool


class Seeded(TypedDict):
    bugs: list[Bug]


SHAPES: dict[str, Any] = {
    "campaign": campaign.Result,
    "coverage": Coverage,
    "mutation": mutation.Details,
    "proofs": Proofs,
    "properties": Properties,
    "reach": reach.Reach,
    "replay": replay.Result,
    "seeded": Seeded,
    "slither": Slither,
    "year": year.Result,
}
"""Of each part, beside what all have: the part's own where it declares one."""


@dataclass(frozen=True)
class Part:
    """A part with its result; without one it has not run, or broke off."""

    name: str
    purpose: str
    log: str
    """The file's name."""
    result: dict[str, Any] | None

    @property
    def state(self) -> str:
        if self.result is None:
            return NOT_RUN
        return OK if self.result["ok"] else FAILED

    @property
    def wrong(self) -> list[str]:
        return self.result.get("wrong", []) if self.result else []


def read(folder: Path) -> dict[str, Part]:
    """All parts by name, in the order in which they are run.

    Raises:
        PartError: a result is not what its part writes.
    """
    return {part.name: Part(part.name, part.purpose, part.log.name, _read(folder, part.name)) for part in PARTS}


def _read(folder: Path, name: str) -> dict[str, Any] | None:
    path = folder / f"{name}.json"
    if not path.exists():
        return None
    try:
        result: dict[str, Any] = json.loads(path.read_text())
        for shape in (Common, SHAPES[name]):
            TypeAdapter(shape).validate_python(result, strict=True)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise PartError(f"{path.name} is not JSON: {error}; run `make audit ARGS={name}` again") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, (path.name, *first["loc"])))
        raise PartError(f"{where}: {first['msg']}; run `make audit ARGS={name}` again") from None
    return result
