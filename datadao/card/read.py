"""A dataset's card as of the newest block, with the read model brought up to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from datadao.attestor.samples import counted, drawing_block
from datadao.batches import Catalog
from datadao.card.facts import Card, card_of
from datadao.client import DataDAO
from datadao.index import Index
from datadao.messages.sample import Sample
from datadao.schema import Schema
from datadao.storage.board import Board
from datadao.types import ACTIVATED


def read_card(dao: DataDAO, index: Index, catalog: Catalog, board: Board, dataset: int,
              schema: Callable[[Any], Schema | None]) -> Card:  # fmt: skip
    """The card of a dataset that there is; `schema` gives what its policy names. Raises `ChainUnavailable`, and as
    `Catalog.manifests`."""
    head = index.sync_checked()
    policy = dao.read("registry", "currentPolicy", dataset, block=head.number)
    samples = list(_samples(dao, catalog, board, dataset))
    return card_of(index, catalog, dao.id.chain_id, dao.id.registry, dataset, policy, schema(policy), head, samples)


def _samples(dao: DataDAO, catalog: Catalog, board: Board, dataset: int) -> Iterator[Sample]:
    """What the attestors of each batch drew, by the block that they had to draw it by."""
    for item, _ in catalog.manifests(dataset, ACTIVATED):
        found = list(board.samples(item.batch_id))
        block_hash = drawing_block(dao.web3, item.block) if found else None
        if block_hash is not None:
            members, threshold = dao.read("registry", "attestors", item.batch.attestor_set_version)
            signers = {member.signer for member in members}
            yield from counted(dao.id, found, item.batch_id, block_hash, signers, threshold)
