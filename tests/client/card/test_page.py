"""The data card as a page: it shows what the card says, asks nothing of anyone, and text of others stays text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from assurance.harness.text import DANGEROUS, HOSTILE
from datadao.card.facts import BatchFact, Card, LeaseFact, Property
from datadao.card.page import page_of

CARD = Card(
    chain_id=31337,
    registry="0x" + "ab" * 20,
    dataset=1,
    block=1234,
    time=1_796_000_000,
    uri="https://example.org/<script>",
    schema_hash="0x" + "00" * 32,
    title="Diaries & more",
    properties=(Property("<b>name</b>", "string", True, HOSTILE),),
    purposes=("research",),
    min_price_per_period=10**6,
    min_bond=0,
    records=1_234_567,
    files=1000,
    contributors=900,
    quality=(0, 0, 0, 0, 0, 100, 0, 0, 0, 1_234_467),
    accepted=1010,
    erased=10,
    erased_recently=3,
    batches=tuple(BatchFact(n, 1_795_000_000, 1_795_100_000 + n, 10, 1000 * n) for n in range(1, 101)),
    median_days_between_batches=3.5,
    leases=(
        LeaseFact(1, "Active", 1, 2**90, 86_400 * 30, 3, 2, 2**91, "1.00", True, 0, 1_795_000_000, "0x" + "00" * 32),
    ),
    rent_paid=2**91,
    income=2**90,
)


def amount(units: int) -> str:
    return f"{units:,} <TUSD>"


class Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def test_page__says_what_the_card_says() -> None:
    page = page_of(CARD, amount)
    for text in ("1,234,567", "0.99 %", "Diaries &amp; more", "batch 100, ", "lease 1, Active", "2 of 3", "3.5"):
        assert text in page, text
    read = Reader(page)
    assert read.tags.count("svg") == 3 and read.tags.count("rect") == 10 + 100 + 1
    assert len(re.findall(r"<text [^>]*text-anchor=.middle", page)) < 40, "labels that would overlap are left out"


def test_page__asks_nothing_of_anyone() -> None:
    page = page_of(CARD, amount)
    read = Reader(page)
    assert not {"script", "link", "img", "iframe", "a", "base", "object"} & set(read.tags)
    assert not {"src", "href", "srcset", "data", "onload", "style"} & {name for name, _ in read.attributes}
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in read.attributes
    assert "url(" not in page and "@import" not in page


def test_page__text_of_others__is_visible_and_no_markup() -> None:
    page = page_of(CARD, amount)
    assert "&lt;b&gt;name&lt;/b&gt;" in page and "&lt;script&gt;" in page and "&lt;TUSD&gt;" in page
    assert not DANGEROUS.search(page)


def test_page__of_a_dataset_with_nothing__has_no_bars(tmp_path: object) -> None:
    empty = replace(
        CARD, batches=(), leases=(), quality=(0,) * 10, records=0, accepted=0, erased=0, properties=None,
        median_days_between_batches=None, purposes=(),
    )  # fmt: skip
    page = page_of(empty, amount)
    assert page.count("None yet.") == 2 and "is not in storage" in page and "0.00 %" in page


def test_card__for_programs__has_amounts_as_text() -> None:
    document = json.loads(json.dumps(CARD.document()))
    assert document["rent_paid"] == str(2**91) and document["leases"][0]["price_per_period"] == str(2**90)
    assert document["erasure_rate"] == pytest.approx(10 / 1010) and document["batches"][99]["records"] == 100_000


def test_card_of_data_that_only_programs_reach__says_that_no_licensee_holds_it() -> None:
    said = "so that under this policy no licensee holds this data, and none ever did"
    assert said not in page_of(replace(CARD, purposes=("compute",)), amount), "by whom it was held is asked, no name"
    assert said in page_of(replace(CARD, purposes=("compute",), stays=True), amount)
