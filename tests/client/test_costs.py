"""What the work of the data plane asks of node and storage: as much as is new, whatever there was before.

Figures are counted at the provider and at the storage, by `tests.client.measured`, which `make ratios` runs at larger
sizes beside the first edition.
"""

from __future__ import annotations

from typing import Any

import pytest

from assurance import ROOT
from datadao.chain import series
from datadao.custodian import custodian as custody
from tests.client import measured
from tests.client.chain_world import ChainWorld
from tests.client.counted import SENDING, Counted

ERASED = 25
"""Between two leases."""
IDLE = 6
"""Requests of a round in which nothing is new."""


def test_second_lease_over_the_same_files__few_calls_and_no_envelope(
    leased: ChainWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(custody, "MAX_FILES", 10)  # as many bundles as 2,000 files make
    found = measured.second_lease(leased, 35, ERASED)
    assert found["first"]["fetched"] >= 40
    assert found["second"]["eth_call"] <= 20 + ERASED / 250 and found["second"]["fetched"] == 0


def test_idle_round_of_a_custodian__as_few_requests_at_many_leases_as_at_one(leased: ChainWorld) -> None:
    found = measured.idle_round(leased, 6)
    assert found["many"]["http"] == found["one"]["http"] == IDLE
    page = (ROOT / "docs" / "scale.md").read_text()
    assert f"| idle round of a slot | {IDLE} HTTP requests" in page
    assert f"| {IDLE} requests each: {IDLE / 15:.1f} requests a second a slot" in page


def test_round_after_a_restart__asks_once_for_all_leases(leased: ChainWorld) -> None:
    one, many = (measured.restart(leased, leases, 20)["round"] for leases in (1, 4))
    assert many["http"] <= one["http"] + 2 and many["fetched"] <= one["fetched"] + 2


def test_open_again__as_few_requests_at_more_leaves(leased: ChainWorld) -> None:
    found = measured.open_again(leased, 6)["open"]["http"]
    assert found <= 12
    more = measured.open_again(leased, 14)["open"]["http"]
    assert more == found


def test_files_through_a_slow_storage__many_under_way_at_once(leased: ChainWorld) -> None:
    found = measured.overlap(leased, 24, 100)
    assert all(found[step]["most"] >= 8 for step in ("contribute", "prepare", "open")), found


def test_attestors_work__as_many_operations_of_storage_after_batches_as_at_first(leased: ChainWorld) -> None:
    found = measured.attested(leased, 2, 2)
    assert found["last"]["store"] <= 1.5 * found["first"]["store"]


def test_audit__few_calls_in_full_and_as_many_requests_as_is_new_again(leased: ChainWorld) -> None:
    found = measured.audited(leased, 12, 3)
    assert found["full"]["eth_call"] <= 6 and found["again"]["http"] <= 30 + 8 * 3


def test_status__few_requests(leased: ChainWorld) -> None:
    assert measured.status(leased, 3, 3)["status"]["http"] <= 12


MANY = 500
"""Transactions, for which no more than a request for a hundred is asked beyond the sending itself."""


def test_many_transactions__a_request_for_a_hundred_beyond_the_sending(leased: ChainWorld) -> None:
    assert measured.sent_many(leased, MANY)["beyond"]["http"] <= MANY / 100


def test_many_transactions__by_a_twin_that_asks_for_each_receipt_alone__are_counted(
    leased: ChainWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "receipts", lambda *_: {})
    assert measured.sent_many(leased, MANY)["beyond"]["http"] > MANY


def test_waiting__is_what_was_asked_again_of_a_transaction_that_was_pending() -> None:
    counted = Counted()
    receipt, count = '["eth_getTransactionReceipt", ["0x%02x"]]', '["eth_getTransactionCount", ["0x01", "latest"]]'
    sending, other = (SENDING, None), ('["eth_blockNumber", []]', "0x1")
    mined = {"status": "0x1"}
    lots: list[tuple[int, list[tuple[str, Any]]]] = [
        (0, [(receipt % number, mined) for number in range(3)]),  # each alone
        (0, [(receipt % 1, None), (receipt % 2, None)]),  # each for the first time
        (2, [(receipt % 1, None), (receipt % 1, None), (receipt % 2, mined), (receipt % 1, mined)]),
        (0, [(receipt % 1, mined), (receipt % 1, mined)]),  # for nothing
        (2, [(count, "0x9"), (count, "0xa"), (count, "0x10")]),
        (0, [(count, "0x10"), (count, "0x10"), other, other]),  # for nothing
    ]
    assert all(_waiting(lot) == number for number, lot in lots)
    counted.alone = [each for _, lot in lots for each in [sending, *lot]]
    assert counted.waiting == sum(number for number, _ in lots)


def _waiting(lot: list[tuple[str, Any]]) -> int:
    counted = Counted()
    counted.alone = lot
    return counted.waiting
