"""What a ballot costs through the relay, beside a transaction of the member's own, by receipts."""

from __future__ import annotations

from assurance.bench.relay import measure


def test_ballot__relayed_among_twenty__costs_less_than_half_of_ones_own_and_is_reported_so() -> None:
    found = measure(20)
    assert found.transactions == 1
    assert 2 * found.relayed < found.own
    # What the relay reports it saved are estimates, and no less exact than that.
    assert abs(found.thought - found.own) < found.own // 20
