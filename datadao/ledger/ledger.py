"""The whole DAO's books, from its events alone. Pure: no chain is asked, so any source of events will do.

Each contract has a book, which follows its events and states as facts what the contract's views must answer. What two
contracts say about one flow (an instalment that leaves `DataLeases` and a deposit that enters `RevenueSplitter`) is
entered twice, with opposite signs, in a suspense account that must be empty in the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from datadao.chain.events import SILENT, Event
from datadao.ledger.asset import AssetBook
from datadao.ledger.base import Book, Difference, Fact, Rules, Unexplained
from datadao.ledger.governor import BrakeBook, GovernorBook, TimelockBook
from datadao.ledger.leases import LeasesBook
from datadao.ledger.models import ModelsBook
from datadao.ledger.registry import RegistryBook
from datadao.ledger.splitter import SplitterBook
from datadao.ledger.token import TokenBook

_NEVER = "not told"


class Ledger:
    """Books by the contracts' keys in a deployment record, and what did not fit while they were kept."""

    def __init__(self, addresses: Mapping[str, str], rules: Rules) -> None:
        self.addresses = {key: address.lower() for key, address in addresses.items()}
        self.rules = rules
        self.now, self.events = 0, 0
        self.differences: list[Difference] = []
        self.timelock, self.brake, self.token = TimelockBook(self), BrakeBook(self), TokenBook(self)
        self.splitter, self.governor, self.leases = SplitterBook(self), GovernorBook(self), LeasesBook(self)
        self.models, self.registry, self.asset = ModelsBook(self), RegistryBook(self), AssetBook(self)
        self.books = {key: book for key, book in vars(self).items() if isinstance(book, Book)}
        self._where = ""
        self._suspense: Counter[tuple[Any, ...]] = Counter()

    def enter(self, event: Event) -> None:
        """Follows one event. What contradicts the books becomes a difference; the books go on with what was told."""
        self.now, self.events, self._where = event.timestamp, self.events + 1, event.where
        if (event.contract, event.name) in SILENT:
            return
        try:
            self.books[event.contract].enter(event.name, event.fields)
        except Unexplained as error:
            self.note(f"{event.contract}.{event.name}", "no such event", str(error))

    def note(self, what: str, rebuilt: Any, told: Any) -> None:
        """A contradiction in the event at hand."""
        self.differences.append(Difference(f"{what} ({self._where})" if self._where else what, rebuilt, told))

    def expect(self, what: str, rebuilt: Any, told: Any) -> None:
        """Notes a contradiction unless both are equal."""
        if rebuilt != told:
            self.note(what, rebuilt, told)

    def owes(self, *entry: Any) -> None:
        """One contract's word for a flow that another contract must tell too."""
        self._suspense[entry] -= 1

    def tells(self, *entry: Any) -> None:
        """The other contract's word."""
        self._suspense[entry] += 1

    def close(self, now: int) -> None:
        """Ends the books at `now` (Unix seconds): whatever only one side told becomes a difference."""
        self.now, self._where = now, ""
        for book in self.books.values():
            book.close()
        for entry, count in sorted(self._suspense.items(), key=str):
            if count:
                told = f"{abs(count)} × by one side only"
                what = " ".join(map(str, entry))
                self.note(what, *((_NEVER, told) if count > 0 else (told, _NEVER)))

    def facts(self) -> Iterator[Fact]:
        """What the chain's views must answer at the time the books were closed."""
        for key, book in self.books.items():
            try:
                yield from book.facts()
            except Unexplained as error:
                self.note(f"facts of {key}", "no such event", str(error))


def fold(events: Iterable[Event], addresses: Mapping[str, str], rules: Rules, now: int) -> Ledger:
    """The books of a DAO from all its events since creation, oldest first, closed at `now`; `addresses` as in `decode`.

    Transfers of the asset may come at any place. Nothing in the events can make it fail: what does not fit is in
    `Ledger.differences`, of which `Ledger.facts` may add some.
    """
    ledger = Ledger(addresses, rules)
    for event in events:
        ledger.enter(event)
    ledger.close(now)
    return ledger
