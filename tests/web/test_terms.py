"""A holder reads the agreement of a request in words, and whether it says what the request says.

given requests on which holders vote, and a desk that has their agreements
  when an agreement is of a program               the page should say its hash, source, limits, output and reviews
  when one is another than the request            the page should say so, and in what, and only then
  when a document is no agreement of ours         the page should say so, and show it as it is
  when the desk gives another agreement           the page should say so, and not show it
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from assurance.harness.dao.dao import DAY
from datadao.messages.agreement import Program
from datadao.messages.purposes import COMPUTE
from datadao.storage.board import Board
from tests.web.desk_world import DeskWorld, desk_world
from tests.web.pictures import Pictures

PROGRAM = Program(bytes(range(32)), "wasmtime 50.0.1", 10**12, 2**28, 2_000, 2, "https://example.org/program.c")
OTHER = b'{"purpose": "research", "note": "<b>not an agreement</b>"}'
SAME = "The agreement says what stands here."
DIFFERS = "The agreement is ANOTHER than what stands here"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskWorld]:
    with desk_world(tmp_path_factory.mktemp("terms")) as made:
        yield made


def request(desk: DeskWorld, document: bytes, **changes: Any) -> int:
    """Its number."""
    dao = desk.world.dao
    asked = dao.terms(agreementHash=Board(dao.id, desk.world.store).agree(document), **changes)
    return dao.request(desk.world.licensee_account, asked)[0]


def of(shown: str, lease: int) -> str:
    """What the page says of one request."""
    return shown.split(f"Shall request {lease} to rent data be accepted?")[1].split("Shall request ")[0]


def test_agreement__of_a_request__is_said_in_words_and_compared_with_it(desk: DeskWorld, pictures: Pictures) -> None:
    dao, company = desk.world.dao, desk.world.licensee_account.address
    for_program = desk.agreement(company, dao.terms(purposes=COMPUTE), program=PROGRAM, prohibited=())
    told = desk.agreement(company, dao.terms(), clauses="Nobody is <b>re-identified</b>.")
    another = replace(told, price_per_period=1_000_000, exclusive=True, ack_window=DAY, licensee=dao.who("x").address)
    runs = request(desk, for_program.encode(), purposes=COMPUTE)
    differs, unknown = request(desk, another.encode()), request(desk, OTHER)
    same = request(desk, told.encode())
    dao.to_vote(dao.lease_proposal(same).id)
    with desk.browser() as browser:
        browser.open(desk.site.url + "#/votes")
        shown = browser.see(SAME, DIFFERS, "is not an agreement that this page can put into words", "Signed by")
        window = f"{dao.leases.ackWindow() // DAY} days"
        for text in (
            SAME,
            "May be used for\nresearch\n",
            "research: DUO:0000042 general research use, train-ai",
            "Term\n3 periods of 30 days: 90 days at most",
            "The licensee pays\n120 TUSD for each period, and a deposit of 60 TUSD",
            f"What members take out\nmust be deleted, and that confirmed, within {window}",
            "Forbidden\npassing it on",
            "Agreed in words:\nNobody is <b>re-identified</b>.",
        ):
            assert text in of(shown, same), text
        assert DIFFERS not in of(shown, same) and "Program" not in of(shown, same)
        for text in (
            SAME,
            "May be used for\ncomputation on the data without handing it over",
            f"Program\nsha256 {PROGRAM.sha256.hex()}",
            "Its source\nhttps://example.org/program.c",
            "Runs on\nwasmtime 50.0.1, with at most 1,000,000,000,000 steps of fuel and 268.4 megabytes of memory",
            "Gives out\nat most 2 kilobytes of each run, which may hold records; after 2 assessors looked at it",
            "Signed by\n2 of 3 assessors, who sign the same result",
            "Forbidden\nnothing beyond the uses",
        ):
            assert text in of(shown, runs), text
        of_it = "document.querySelector('main a[href=\"https://example.org/program.c\"]').rel"
        assert browser.do("evaluate", script=of_it) == "noopener noreferrer"
        lines = [line for line in of(shown, differs).splitlines() if line.endswith(" here")]
        assert lines == [
            "Rent for a period: 1 TUSD in the agreement, 120 TUSD here",
            "Exclusive: yes in the agreement, no here",
            f"What members take out: 1 day in the agreement, {window} here",
            f"Who asks: {another.licensee} in the agreement, {company} here",
        ]
        assert DIFFERS in of(shown, differs) and SAME not in of(shown, differs)
        assert SAME not in of(shown, unknown) and DIFFERS not in of(shown, unknown)
        assert browser.do("axe") == []
        pictures.narrow(browser, "agreements")
        unfold = "[...document.querySelectorAll('summary')].filter((e) => /as it is written/.test(e.innerText))"
        browser.do("evaluate", script=unfold + ".forEach((each) => { each.parentElement.open = true; })")
        shown = browser.see('"note": "<b>not an agreement</b>"', '"uid": "urn:uuid:')
        assert browser.do("evaluate", script="document.querySelector('main article b') === null")

        browser.open(desk.site.url + "?lang=de#/votes")
        browser.see(
            "Der Vertrag sagt, was hier steht.",
            "Der Vertrag ist EIN ANDERER",
            "kein Vertrag, den diese Seite in Worte fassen kann",
            "Dauer\n3 Zeiträume je 30 Tage: höchstens 90 Tage",
            "Verboten\nweitergeben",
            "2 von 3 Prüfern, die dasselbe Ergebnis unterschreiben",
            "nachdem 2 Prüfer darauf gesehen haben",
            "Miete für einen Zeitraum: 1 TUSD im Vertrag, 120 TUSD hier",
        )

        # The desk lies about one of them; the others are as they were.
        browser.do("lie", part=f"/v1/agreements/0x{told.hash.hex()}", **{"from": "re-identified", "to": "identified"})
        browser.open(desk.site.url + "?lie&lang=en#/votes")
        forged = "The desk gave another document than the agreement that the chain names. It is not shown"
        shown = browser.see(forged, DIFFERS, "Signed by")
        assert forged in of(shown, same) and "identified" not in of(shown, same) and SAME in of(shown, runs)
        facts = browser.do("facts")
    assert facts["trouble"] == []
