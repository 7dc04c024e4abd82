"""What random lives send, written down to be sent again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from assurance.audit.lives.cells import SUBJECTS, Cell
from assurance.harness.chain.both import in_place_of_revm
from assurance.harness.chain.evm import Revm
from assurance.harness.chain.handles import Log, Result, Reverted
from assurance.harness.machines.base import Machine
from assurance.harness.machines.driver import lives, run

LENGTH = 25
"""Steps of a life: some fifty transactions."""


class Sent(NamedTuple):
    """A transaction, or a creation if there is no `to`; `answer` is what it ended with in process."""

    at: int
    """Timestamp of its block."""
    sender: str
    to: str | None
    data: bytes
    value: int
    answer: Answer


class Done(NamedTuple):
    output: bytes
    """What it returned; of a creation, the address of the contract."""
    logs: tuple[tuple[str, tuple[bytes, ...], bytes], ...]


Answer = Done | Reverted


@dataclass(frozen=True)
class Trace:
    """One life, and what its world was founded with; worlds of the same cell are the same."""

    cell: Cell
    world: Sequence[Sent]
    life: Sequence[Sent]


def done(result: Result) -> Done:
    return Done(result.output, heard(result.logs))


def heard(logs: Sequence[Log]) -> tuple[tuple[str, tuple[bytes, ...], bytes], ...]:
    return tuple((log.address.lower(), tuple(map(bytes, log.topics)), bytes(log.data)) for log in logs)


class Recording(Revm):
    """Keeps what was sent since its first block, and forgets what was reverted."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.sent: list[Sent] = []
        self.founded = 0
        """How much of it was there when the present life began."""

    def snapshot(self) -> Any:
        self.founded = len(self.sent)
        return super().snapshot(), self.founded

    def revert(self, snapshot: Any) -> None:
        inner, self.founded = snapshot
        super().revert(inner)
        del self.sent[self.founded :]

    def create(self, sender: str, code: bytes) -> str:
        address = super().create(sender, code)
        answer = Done(bytes.fromhex(address[2:]), ())
        self.sent.append(Sent(self.timestamp, sender, None, code, 0, answer))
        return address

    def transact(self, sender: str, to: str, data: bytes, value: int) -> Result:
        try:
            result = super().transact(sender, to, data, value)
        except Reverted as refusal:
            self.sent.append(Sent(self.timestamp, sender, to, data, value, refusal))
            raise
        self.sent.append(Sent(self.timestamp, sender, to, data, value, done(result)))
        return result


def traces(cell: Cell, count: int, number: int) -> list[Trace]:
    """So many lives of the cell, the same for the same number."""
    machine, chains, found = SUBJECTS[cell.subject].machine, list[Recording](), list[Trace]()

    def chain(**options: Any) -> Recording:
        chains.append(Recording(**options))
        return chains[-1]

    def teardown(self: Machine) -> None:
        machine.teardown(self)
        sent, founded = chains[-1].sent, chains[-1].founded
        found.append(Trace(cell, sent[:founded], sent[founded:]))

    fields = cell.traits | {"teardown": teardown, "worlds": {}, "reached": Counter()}
    with in_place_of_revm(chain):
        run(type(machine.__name__, (machine,), fields), lives(count, LENGTH), number)
    return found
