"""What a company sees before it asks: the dataset's card, and records that two respondents agreed to show."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape

from datadao.attestor.attestor import openers
from datadao.attestor.samples import Withheld, agreed, drawing_block, sample_of
from datadao.batches import Catalog
from datadao.card.page import page_of
from datadao.card.read import read_card
from datadao.cli.card import card_rows
from datadao.cli.money import decimal
from datadao.cli.wording import block
from datadao.index import Index
from datadao.messages.sample import Consent
from datadao.messages.submission import Submission, Witness
from datadao.schema import Schema
from datadao.text import visible
from datadao.types import ACTIVATED
from scripts._demo.console import finalize
from scripts._demo.steps import DATASET, Demo
from scripts._demo.survey import SCHEMA, SCHEMA_HASH

AGREE, DRAW = 2, 2
"""Respondents that agree, and attestors that draw: as many as have to draw the same."""


def agree(demo: Demo, submissions: Sequence[Submission]) -> None:
    """Two respondents sign that their records may be drawn and shown to anyone."""
    for member, handed_in in zip(demo.actors.members[:AGREE], submissions, strict=False):
        consent = Consent(DATASET, member.address, handed_in.file_hash, b"")
        demo.board.consent(consent.signed(demo.dao.id, member.sign))
    demo.out.say(f"{AGREE} of them agree that their records may be shown before anyone rents")


def draw(demo: Demo, submissions: Sequence[Submission], witnesses: Sequence[Witness]) -> None:
    """Two of three attestors open what was agreed to and sign what a later block's hash draws of it."""
    finalize()
    dao, board, committee = demo.dao, demo.board, demo.dao.committee()
    opened, given = openers(dao.id, committee, witnesses), {item.file_hash: item for item in submissions}
    schema = Schema(SCHEMA, SCHEMA_HASH)
    for item, manifest in Catalog(dao, demo.store, dao.since).manifests(DATASET, ACTIVATED):
        drawn_by = drawing_block(dao.web3, item.block)
        assert drawn_by is not None, "it is final"
        for name, leaf in agreed(dao.id, board.consents(DATASET), manifest).items():
            for slot, party in enumerate(demo.actors.attestors[:DRAW]):
                found = sample_of(
                    demo.attestor(slot, committee), schema, item.batch_id, drawn_by, name, leaf, given, opened,
                    party.address, party.sign,
                )  # fmt: skip
                if isinstance(found, Withheld):
                    raise found.reason
                board.show(found)


def show(demo: Demo) -> None:
    """The card as `datadao card` prints it: from the chain, the manifests and what attestors drew."""
    catalog = Catalog(demo.dao, demo.store, demo.dao.since)
    with Index(demo.home / "index.sqlite", demo.dao) as index:
        made = read_card(demo.dao, index, catalog, demo.board, DATASET, lambda _: Schema(SCHEMA, SCHEMA_HASH))
    if len(made.samples) != AGREE:
        raise AssertionError(f"{AGREE} respondents agreed, and {len(made.samples)} records are shown")

    def amount(units: int) -> str:
        return f"{decimal(units, 6)} TUSD"

    asked = ", ".join(f"lease {lease.lease} {lease.status}" for lease in made.leases)
    page = len(page_of(made, amount)) // 1024
    demo.out.say(f"data card of dataset {DATASET}, which is {page} KiB as a page; {asked}")
    rows = [(label, escape(visible(value))) for label, value in card_rows(made, amount)]
    demo.out.console.print(block(rows))
