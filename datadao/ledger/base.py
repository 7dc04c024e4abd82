"""What the books of all contracts share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

BPS = 10_000
ZERO = "0x" + "00" * 20
Fields = dict[str, Any]
"""An event's fields by ABI name."""


class Unexplained(Exception):
    """An event rests on something that no earlier event brought about."""


class Rules(NamedTuple):
    """A DAO's immutables and constants, which no event reports. Times in seconds, fractions in bps."""

    challenge_period: int
    epoch_length: int
    epoch_floor: int
    epoch_cap_bps: int
    ack_window: int
    quorum_floor: int
    floor_until: int
    expiry: int


RULES = (
    ("registry", "challengePeriod"),
    ("registry", "epochLength"),
    ("registry", "epochFloor"),
    ("registry", "epochCapBps"),
    ("leases", "ackWindow"),
    ("governor", "quorumFloor"),
    ("governor", "floorUntil"),
    ("governor", "EXPIRY"),
)
"""The views that give `Rules`, in its order."""


class Difference(NamedTuple):
    """Something on which books and chain, or two events, disagree."""

    what: str
    rebuilt: Any
    chain: Any


class View(NamedTuple):
    """What a view must answer, decoded, structs and lists as tuples.

    `rebuilt` holds every answer that the events allow, one unless they leave it open. `part` picks a value of several;
    with `least` the answer may be larger. Key `asset` is the settlement asset. `basis` is what the answer follows from
    beside totals that are facts of their own, where it is less than the answer itself.
    """

    contract: str
    function: str
    arguments: tuple[Any, ...]
    rebuilt: tuple[Any, ...]
    part: int | None = None
    least: bool = False
    basis: Any = None


def view(contract: str, function: str, *arguments: Any, is_: Any) -> View:
    """A view with one possible answer."""
    return View(contract, function, arguments, (is_,))


def views(contract: str, answers: Mapping[str, Any], *arguments: Any) -> Iterator[View]:
    """Views that take the same arguments, each with its one possible answer."""
    return (View(contract, function, arguments, (answer,)) for function, answer in answers.items())


class Known(dict[Any, Any]):
    """A mapping that raises `Unexplained` for a missing key."""

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


class Accounts:
    """What the books of a DAO share: addresses in lower case by key, rules, the time of the event at hand, what did not
    fit, and entries for other books.

    A flow that two contracts report is entered twice, with opposite signs, in a suspense account, which is empty when
    the books close.
    """

    def __init__(self, addresses: Mapping[str, str], rules: Rules) -> None:
        self.addresses = {key: address.lower() for key, address in addresses.items()}
        self.rules = rules
        self.now, self.where = 0, ""
        self.differences: list[Difference] = []
        self.suspense: Counter[tuple[Any, ...]] = Counter()
        self.posted: list[tuple[str, str, Fields]] = []

    def note(self, what: str, rebuilt: Any, reported: Any) -> None:
        """A contradiction in the event at hand."""
        self.differences.append(Difference(f"{what} ({self.where})" if self.where else what, rebuilt, reported))

    def expect(self, what: str, rebuilt: Any, reported: Any) -> None:
        """Notes a contradiction unless both are equal."""
        if rebuilt != reported:
            self.note(what, rebuilt, reported)

    def debit(self, *entry: Any) -> None:
        """A flow as one contract reports it, which another contract must report too."""
        self.suspense[entry] -= 1

    def credit(self, *entry: Any) -> None:
        """The same flow as the other contract reports it."""
        self.suspense[entry] += 1

    def owe(self, amount: int, by: str, to: str) -> None:
        """Units that the contract with key `by` says it paid `to`, in one transfer or several."""
        self.suspense["units paid by", by, "to", to] -= amount

    def pay(self, amount: int, by: str, to: str) -> None:
        """Units that the asset says left the contract with key `by`."""
        self.suspense["units paid by", by, "to", to] += amount

    def post(self, book: str, name: str, **fields: Any) -> None:
        """An entry for the book with this key, which follows it like an event, after the event at hand."""
        self.posted.append((book, name, fields))


class Book(ABC):
    """One contract's books."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts

    @abstractmethod
    def enter(self, name: str, e: Fields) -> None:
        """Follows an event. Raises `Unexplained` when it rests on something that no event brought about."""

    def close(self) -> None:  # noqa: B027  # most books have no loose ends
        """Notes what is still open when the events end."""

    @abstractmethod
    def facts(self) -> Iterator[View]:
        """What the contract's views must answer now."""
