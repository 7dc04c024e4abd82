"""The whole DAO's books, from its events alone. Pure: no chain is asked, so any source of events will do.

Each contract has a book, which follows its events and states as facts what the contract's views must answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from datadao.chain.events import SILENT, Event
from datadao.ledger.asset import AssetBook
from datadao.ledger.base import Accounts, Book, Rules, Unexplained, View
from datadao.ledger.governor import BrakeBook, GovernorBook, TimelockBook
from datadao.ledger.leases import LeasesBook
from datadao.ledger.models import ModelsBook
from datadao.ledger.registry import RegistryBook
from datadao.ledger.splitter import SplitterBook
from datadao.ledger.token import TokenBook

_NEVER = "not reported"


class Ledger(Accounts):
    """Books by the contracts' keys in a deployment record, and in `differences` what did not fit while they were
    kept."""

    def __init__(self, addresses: Mapping[str, str], rules: Rules) -> None:
        super().__init__(addresses, rules)
        self.events = 0
        self.timelock, self.brake, self.token = TimelockBook(self), BrakeBook(self), TokenBook(self)
        self.splitter, self.governor = SplitterBook(self), GovernorBook(self, self.token)
        self.registry = RegistryBook(self, self.brake, self.token, self.splitter)
        self.leases = LeasesBook(self, self.brake, self.registry, self.governor)
        self.models, self.asset = ModelsBook(self, self.leases), AssetBook(self)
        self.books = {key: book for key, book in vars(self).items() if isinstance(book, Book)}

    def enter(self, event: Event) -> None:
        """Follows one event. What contradicts the books becomes a difference; the books go on with what is reported."""
        self.now, self.events, self.where = event.timestamp, self.events + 1, event.where
        if (event.contract, event.name) in SILENT:
            return
        self.posted.append(event[:3])
        while self.posted:
            key, name, fields = self.posted.pop(0)
            try:
                self.books[key].enter(name, fields)
            except Unexplained as error:
                self.note(f"{key}.{name}", "no such event", str(error))

    def close(self, now: int) -> None:
        """Ends the books at `now` (Unix seconds): what only one side reported becomes a difference."""
        self.now, self.where = now, ""
        for book in self.books.values():
            book.close()
        for entry, count in sorted(self.suspense.items(), key=str):
            if count:
                reported = f"{abs(count)} × by one side only"
                what = " ".join(map(str, entry))
                self.note(what, *((_NEVER, reported) if count > 0 else (reported, _NEVER)))

    def facts(self) -> Iterator[View]:
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
