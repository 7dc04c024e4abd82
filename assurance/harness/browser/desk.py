"""A desk that serves the members' page for a DAO on a node; every byte that a browser sends to either is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from assurance.harness.browser.page import build, configuration
from assurance.harness.browser.recorder import Recorder, door
from assurance.harness.desk import Served
from datadao.batches import Catalog
from datadao.chain.patience import connect
from datadao.client import DataDAO
from datadao.desk.app import Desk, application
from datadao.desk.static import Page, policy
from datadao.desk.usage import Limits
from datadao.index import Index
from datadao.relay.journal import Journal
from datadao.storage.board import Board
from datadao.storage.store import Store


@dataclass(frozen=True)
class Site:
    """`url` is the page's, `node` the address at which it asks the chain; `sent` grows with every request."""

    url: str
    node: str
    sent: bytearray = field(default_factory=bytearray)


@contextmanager
def site(
    dao: DataDAO,
    asset: str,
    node: str,
    store: Store,
    folder: Path,
    journal: Callable[[], Journal | None] = lambda: None,
) -> Iterator[Site]:
    """While it is entered; the desk's own files lie in `folder`, and `journal` is of the relay beside it."""
    sent = bytearray()
    with Served(Recorder(door(node), sent)) as chain:
        page = build(folder.parent.with_name("site"), configuration(dao.addresses, asset, node=chain.url, desk="."))
        folder.mkdir()
        with Index(folder / "index.sqlite", dao) as index:
            board, catalog = Board(dao.id, store), Catalog(dao, store, index=index)
            desk = Desk.of(dao, store, board, catalog, index, folder, Limits(), page=Page(page), journal=journal)
            with Served(Recorder(application(desk, policy([chain.url])), sent)) as served:
                yield Site(f"{served.url}/", chain.url, sent)


def handle(addresses: dict[str, str], node: str) -> DataDAO:
    """The client's own view of a DAO of a test."""
    return DataDAO(addresses, connect(node))
