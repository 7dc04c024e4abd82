"""What the campaign lives in: every machine, in every environment it knows, with its part of all steps."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from assurance.audit.part import PartError
from assurance.harness.dao.zoo import Species
from assurance.harness.machines.base import Machine
from assurance.harness.machines.splitter.checks import Setting

DECIMALS = (0, 6, 18)


@dataclass(frozen=True)
class Subject:
    """A machine as `module:class`, and its percentage of all steps: by what a step shows, and what it costs."""

    path: str
    share: int
    votes: bool = True
    """Whether there is a vote in its lives, and so a parameter to change."""

    @property
    def machine(self) -> type[Machine]:
        module, name = self.path.split(":")
        machine: type[Machine] = getattr(importlib.import_module(module), name)
        return machine


SUBJECTS = {
    "splitter": Subject("assurance.harness.machines.splitter.machine:SplitterMachine", 24, votes=False),
    "registry": Subject("assurance.harness.machines.registry.machine:RegistryMachine", 22),
    "leases": Subject("assurance.harness.machines.leases.machine:LeasesMachine", 16),
    "governance": Subject("assurance.harness.machines.governance.checks:Government", 28),
    "system": Subject("assurance.harness.machines.system.machine:SystemMachine", 10),
}


@dataclass(frozen=True)
class Cell:
    subject: str
    dynamic: bool
    """Whether votes change parameters of the DAO in the middle of lives."""
    transferable: bool
    """Whether tokens are."""
    decimals: int
    """Of the settlement asset."""

    def __str__(self) -> str:
        return f"{self.subject}, {self.environment}"

    @property
    def environment(self) -> str:
        votes = "dynamic" if self.dynamic else "static"
        return f"{votes}, {'transferable' if self.transferable else 'fixed'}, {self.decimals} decimals"

    @property
    def traits(self) -> dict[str, Any]:
        """Class attributes of the machine."""
        if self.subject == "splitter":
            return {"setting": Setting(self.transferable, self.decimals)}
        species = Species("TestAsset", self.decimals)
        return {"species": species, "transferable": self.transferable, "static": not self.dynamic}


def cells(subjects: Sequence[str]) -> list[Cell]:
    """All cells of these machines.

    Raises:
        PartError: a machine of that name does not exist.
    """
    if unknown := [name for name in subjects if name not in SUBJECTS]:
        raise PartError(f"no machine is called {', '.join(unknown)}: there are {', '.join(SUBJECTS)}")
    return [
        Cell(name, dynamic, transferable, decimals)
        for name in subjects
        for dynamic, transferable, decimals in product((False, True), (False, True), DECIMALS)
        if SUBJECTS[name].votes or not dynamic
    ]


def shares(steps: int, among: Sequence[Cell]) -> dict[Cell, int]:
    """At least so many steps, each machine its part, spread evenly over its cells."""
    chosen = {cell.subject for cell in among}
    whole = sum(SUBJECTS[name].share for name in chosen)
    count = {name: sum(cell.subject == name for cell in among) for name in chosen}
    return {cell: -(-steps * SUBJECTS[cell.subject].share // (whole * count[cell.subject])) for cell in among}
