"""What the work of the data plane asks of node and storage: as much as is new, whatever there was before.

Figures are counted at the provider and at the storage, by `tests.client.measured`, which `make ratios` runs at larger
sizes beside the first edition.
"""

from __future__ import annotations

import pytest

from datadao.custodian import custodian as custody
from tests.client import measured
from tests.client.chain_world import ChainWorld


def test_second_lease_over_the_same_files__few_calls_and_no_envelope(
    leased: ChainWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(custody, "MAX_FILES", 10)  # as many bundles as 2,000 files make
    found = measured.second_lease(leased, 35)
    assert found["first"]["fetched"] >= 40
    assert found["second"]["eth_call"] <= 20 and found["second"]["fetched"] == 0


def test_idle_round_of_a_custodian__as_few_requests_at_many_leases_as_at_one(leased: ChainWorld) -> None:
    found = measured.idle_round(leased, 6)
    assert found["many"]["http"] <= 12 and found["many"]["http"] <= 1.5 * found["one"]["http"]


def test_round_after_a_restart__asks_once_for_all_leases(leased: ChainWorld) -> None:
    one, many = (measured.restart(leased, leases, 20)["round"] for leases in (1, 4))
    assert many["http"] <= one["http"] + 2 and many["fetched"] <= one["fetched"] + 2
