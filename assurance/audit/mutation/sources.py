"""What is mutated: the deployable contracts and every file of ours that they are made of."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from assurance import ROOT
from assurance.audit.mutation.operators import Edit, Node, edits
from assurance.harness.chain.compiler import Compiler

TARGETS = (
    "EmergencyBrake",
    "DataTimelock",
    "RevenueSplitter",
    "DataToken",
    "ModelRegistry",
    "DataDAOFactory",
    "DataLeases",
    "DatasetRegistry",
    "DataGovernor",
)
"""A file that several contracts use is tried in the first of these where its mutant changes the code."""


@dataclass(frozen=True)
class Mutant:
    file: str
    line: int
    text: str
    """The line as it is, spaces normalised."""
    occurrence: int
    """From 1: which of the mutants of this file that have this text and mutation."""
    edit: Edit
    targets: tuple[str, ...]
    """Contracts made of this file."""

    @property
    def mutation(self) -> str:
        return f"{self.edit.before} → {self.edit.after or 'nothing'}"

    @property
    def name(self) -> str:
        return f"{self.file}:{self.line} {self.edit.function}: {self.mutation}"


@dataclass
class Sources:
    """The text of all files of ours at the start of a run."""

    files: dict[str, bytes]
    made_of: dict[str, tuple[str, ...]]
    """The files of each contract."""
    trees: dict[str, Node] = field(repr=False)

    @classmethod
    def read(cls, compiler: Compiler, targets: Iterable[str] = TARGETS) -> Sources:
        names = {target: f"contracts/{target}.sol" for target in targets}
        trees = compiler.syntax(list(names.values()))
        imports = {name: _imports(tree) & trees.keys() for name, tree in trees.items()}
        made_of = {target: _closure(name, imports) for target, name in names.items()}
        return cls({name: (ROOT / name).read_bytes() for name in trees}, made_of, trees)

    @cached_property
    def mutants(self) -> list[Mutant]:
        found = []
        for file, source in sorted(self.files.items()):
            targets = tuple(target for target, files in self.made_of.items() if file in files)
            seen: Counter[tuple[str, str, str]] = Counter()
            for edit in edits(self.trees[file], source):
                number = source.count(b"\n", 0, edit.start) + 1
                text = " ".join(source.splitlines()[number - 1].decode().split())
                key = (text, edit.before, edit.after)
                seen[key] += 1
                found.append(Mutant(file, number, text, seen[key], edit, targets))
        return found

    def changed(self, mutant: Mutant) -> str:
        """The whole file with the mutation."""
        source, edit = self.files[mutant.file], mutant.edit
        return (source[: edit.start] + edit.replacement.encode() + source[edit.end :]).decode()

    def key(self, mutant: Mutant) -> str:
        """The same for the same mistake in the same sources."""
        digest = hashlib.sha256(
            repr((mutant.file, mutant.edit.start, mutant.edit.end, mutant.edit.replacement)).encode()
        )
        for file in sorted({file for target in mutant.targets for file in self.made_of[target]}):
            digest.update(hashlib.sha256(self.files[file]).digest())
        return digest.hexdigest()


def _imports(tree: Node) -> set[str]:
    return {node["absolutePath"] for node in tree["nodes"] if node["nodeType"] == "ImportDirective"}


def _closure(name: str, imports: Mapping[str, set[str]]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    open_ = [name]
    while open_:
        file = open_.pop()
        if file not in found:
            found[file] = None
            open_ += sorted(imports[file])
    return tuple(found)
