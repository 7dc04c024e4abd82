"""What the books of all contracts share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from datadao.ledger.ledger import Ledger

BPS = 10_000
ZERO = "0x" + "00" * 20
Told = dict[str, Any]
"""An event's fields by ABI name."""


class Unexplained(Exception):
    """An event rests on something that no event brought about."""


class Rules(NamedTuple):
    """What a DAO is born with and no event tells: immutables and constants. Times in seconds, fractions in bps."""

    challenge_period: int
    epoch_length: int
    epoch_floor: int
    epoch_cap_bps: int
    ack_window: int
    quorum_floor: int
    expiry: int


RULES = (
    ("registry", "challengePeriod"),
    ("registry", "epochLength"),
    ("registry", "epochFloor"),
    ("registry", "epochCapBps"),
    ("leases", "ackWindow"),
    ("governor", "quorumFloor"),
    ("governor", "EXPIRY"),
)
"""The views that tell `Rules`, in its order."""


class Difference(NamedTuple):
    """Something on which books and chain, or two events, disagree."""

    what: str
    rebuilt: Any
    chain: Any


class Fact(NamedTuple):
    """What a view must answer, decoded, structs and lists as tuples.

    `rebuilt` holds every answer that the events allow, one unless they leave it open. `part` picks a value of several;
    with `least` the answer may be larger. Key `asset` is the settlement asset.
    """

    contract: str
    function: str
    arguments: tuple[Any, ...]
    rebuilt: tuple[Any, ...]
    part: int | None = None
    least: bool = False


def fact(contract: str, function: str, *arguments: Any, is_: Any) -> Fact:
    """A view with one possible answer."""
    return Fact(contract, function, arguments, (is_,))


class Known(dict[Any, Any]):
    """A mapping whose missing keys are the events' fault."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what

    def __missing__(self, key: Any) -> Any:
        raise Unexplained(f"{self._what} {key} appears in no earlier event")


class History:
    """A value over time. Answers as of the end of a second, as OpenZeppelin's checkpoints do."""

    def __init__(self) -> None:
        self._times: list[int] = []
        self._values: list[int] = []

    @property
    def latest(self) -> int:
        return self._values[-1] if self._values else 0

    def add(self, now: int, change: int) -> None:
        self._times.append(now)
        self._values.append(self.latest + change)

    def at(self, time: int) -> int:
        found = bisect_right(self._times, time)
        return self._values[found - 1] if found else 0


class Book(ABC):
    """One contract's books."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    @abstractmethod
    def enter(self, name: str, e: Told) -> None:
        """Follows an event. Raises `Unexplained` when it rests on something that no event brought about."""

    def close(self) -> None:  # noqa: B027  # most books have no loose ends
        """Notes what is still open when the events end."""

    @abstractmethod
    def facts(self) -> Iterator[Fact]:
        """What the contract's views must answer now."""
