"""The table of mistakes: deployed contracts with one thing wrong, and who must notice each (form: mistakes.toml).

Nothing but the standard library is imported: the proofs, which have an environment of their own, read it too.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assurance import ROOT

TABLE = Path(__file__).with_suffix(".toml")
LIBRARIES = "Libraries"
CONTRACTS = (*sorted(path.stem for path in (ROOT / "contracts").glob("*.sol")), LIBRARIES)
_EDIT = ("file", "line", "becomes")
_NOTICED = ("lives", "tests", "refuted_by")
_KEYS = ("flaw", *_EDIT, "edits", "breaks", *_NOTICED)


class MistakeError(Exception):
    """A table or one of its entries cannot be used; the message names it and says why."""


@dataclass(frozen=True)
class Edit:
    file: str
    line: str
    """Text that stands in the file exactly once."""
    becomes: str


@dataclass(frozen=True)
class Mistake:
    contract: str
    name: str
    flaw: str
    edits: tuple[Edit, ...]
    breaks: tuple[str, ...]
    lives: tuple[str, ...]
    tests: tuple[str, ...]
    refuted_by: tuple[str, ...]

    @property
    def id(self) -> str:
        return f"{self.contract}.{self.name}"

    @property
    def seeded(self) -> bool:
        """Whether ordinary tests must notice it: those named or, if nothing else tries it, all that hold `breaks`."""
        return bool(self.tests) or not (self.lives or self.refuted_by)

    def sources(self) -> dict[str, str]:
        """The changed files as a whole, by the names under which the compiler knows them.

        Raises:
            MistakeError: a file is not there, or a line does not stand in it exactly once.
        """
        changed: dict[str, str] = {}
        for edit in self.edits:
            path = ROOT / edit.file
            if not path.is_file():
                raise MistakeError(f"{self.id}: there is no {edit.file}")
            text = changed.get(edit.file) or path.read_text()
            times = text.count(edit.line) if edit.line else 0
            if times != 1:
                said = f"expected {edit.line.strip()!r} once in {edit.file}, it is there {times} times"
                raise MistakeError(f"{self.id}: {said}")
            changed[edit.file] = text.replace(edit.line, edit.becomes)
        # A library's files are imported by the name of their package.
        return {file.removeprefix("node_modules/"): text for file, text in changed.items()}


def read(path: Path = TABLE) -> dict[str, Mistake]:
    """The mistakes of a table by `Contract.Name`.

    Raises:
        MistakeError: the file is not there, is not TOML, or has an entry of another form.
    """
    try:
        table = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise MistakeError(f"there is no {path}") from None
    except tomllib.TOMLDecodeError as error:
        raise MistakeError(f"{path}: {error}") from None
    found: dict[str, Mistake] = {}
    for contract, entries in table.items():
        if contract not in CONTRACTS:
            raise MistakeError(f"{path.name}: no contract {contract!r}; there are {', '.join(CONTRACTS)}")
        for name, entry in entries.items() if isinstance(entries, dict) else [("", entries)]:
            mistake = _mistake(f"{path.name}, {contract}.{name}", contract, name, entry)
            found[mistake.id] = mistake
    if not found:
        raise MistakeError(f"{path}: expected at least one [Contract.Name]")
    return found


@functools.cache
def mistakes() -> Mapping[str, Mistake]:
    """Those of the one table."""
    return read()


def tried_in(file: str) -> list[Mistake]:
    """The mistakes that a test file lives with; `file` is its `__file__`."""
    name = Path(file).resolve().relative_to(ROOT / "tests").as_posix()
    found = [mistake for mistake in mistakes().values() if name in mistake.lives]
    if not found:
        raise MistakeError(f"{TABLE.name}: no mistake has {name} among its lives")
    return found


def _mistake(where: str, contract: str, name: str, entry: Any) -> Mistake:
    if not isinstance(entry, dict):
        raise MistakeError(f"{where}: expected a table [{contract}.Name], got {entry!r}")
    if unknown := sorted(entry.keys() - {*_KEYS}):
        raise MistakeError(f"{where}: unknown {', '.join(unknown)}; an entry has {', '.join(_KEYS)}")
    if not isinstance(entry.get("flaw"), str):
        raise MistakeError(f"{where}: expected text for flaw")
    alone = {key: entry[key] for key in _EDIT if key in entry}
    if ("edits" in entry) == bool(alone):
        raise MistakeError(f"{where}: expected either {', '.join(_EDIT)} or edits")
    edits = entry.get("edits", [alone])
    lists: dict[str, tuple[str, ...]] = {}
    for key in ("breaks", *_NOTICED):
        value = entry.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise MistakeError(f"{where}: expected a list of text for {key}, got {value!r}")
        lists[key] = tuple(value)
    if not lists["breaks"] and not lists["refuted_by"]:
        raise MistakeError(f"{where}: expected breaks, or refuted_by: nothing would notice it")
    if not lists["breaks"] and (lists["lives"] or lists["tests"]):
        raise MistakeError(f"{where}: lives and tests try what it breaks: expected breaks")
    if not isinstance(edits, list) or not edits:
        raise MistakeError(f"{where}: expected a list of edits, got {edits!r}")
    return Mistake(contract, name, entry["flaw"], tuple(_edit(where, edit) for edit in edits), **lists)


def _edit(where: str, edit: Any) -> Edit:
    if not isinstance(edit, dict) or sorted(edit) != sorted(_EDIT) or not all(isinstance(edit[k], str) for k in _EDIT):
        raise MistakeError(f"{where}: expected text for {', '.join(_EDIT)}, got {edit!r}")
    if edit["line"] == edit["becomes"]:
        raise MistakeError(f"{where}: line and becomes are the same")
    return Edit(**edit)
