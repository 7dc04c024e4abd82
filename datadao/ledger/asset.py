"""The settlement asset: what left the DAO's contracts, as the asset reports it."""

from __future__ import annotations

from collections.abc import Iterator

from datadao.ledger.base import Book, Fields, View

DOORS = ("splitter", "leases", "models")
"""The contracts that hold the asset for others."""


class AssetBook(Book):
    """Each unit that leaves a contract was reported by that contract, and went where it said. Anyone may pay in."""

    def enter(self, name: str, e: Fields) -> None:
        for key in DOORS if name == "Transfer" else ():
            if e["from"] == self.accounts.addresses[key]:
                self.accounts.pay(e["value"], key, e["to"])

    def facts(self) -> Iterator[View]:
        yield from ()
