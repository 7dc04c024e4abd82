"""The settlement asset: what left the DAO's contracts, by the asset's own word."""

from __future__ import annotations

from collections.abc import Iterator

from datadao.ledger.base import Book, Fact, Told

DOORS = ("splitter", "leases", "models")
"""The contracts that hold other people's money."""


class AssetBook(Book):
    """Each unit that leaves a door was told by that door, and went where it said. What comes in may be a present."""

    def enter(self, name: str, e: Told) -> None:
        for key in DOORS if name == "Transfer" else ():
            if e["from"] == self.ledger.addresses[key] and e["value"]:
                self.ledger.tells("payment of", e["value"], "by", key, "to", e["to"])

    def facts(self) -> Iterator[Fact]:
        yield from ()
