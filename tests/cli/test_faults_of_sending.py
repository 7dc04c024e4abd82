"""A life of a request through faults of a node: it ends as at an honest one, and what is refused costs nothing."""

from __future__ import annotations

import pytest

from assurance.harness.chain.faults import faulty
from assurance.harness.clock import Clock
from tests.cli.conftest import FreshDao
from tests.cli.licensee import ESCROW, Licensee
from tests.cli.test_rehearsal import accept, what, words

DAY = 86_400
FAULTS = (
    "long extra data", "too many requests", "refused items", "no batches", "loud errors", "wrapped errors",
)  # fmt: skip
"""Those that touch more than events; every command by itself goes through all of them in tests/outside."""


@pytest.fixture
def licensee(live: FreshDao, hasty: Clock) -> Licensee:
    return Licensee(live)


@pytest.mark.parametrize("fault", FAULTS)
def test_sending__through_a_fault_of_the_node__ends_as_at_an_honest_one(licensee: Licensee, fault: str) -> None:
    with faulty(licensee.live.node.url, fault) as proxy:

        def done(*command: str) -> dict[str, object]:
            ran = licensee.run(*command, "--yes", "--json", "--network", proxy.url)
            assert ran.code == 0, (command, ran.out, ran.err)
            return dict(ran.document)

        assert done(*words()[:-2])["lease"] == 1
        assert (licensee.leases, licensee.escrowed, licensee.allowance) == (1, ESCROW, 0)
        assert done("lease", "cancel", "1")["status"] == "Pending"
        licensee.live.node.rpc("evm_increaseTime", 2 * DAY)
        licensee.mine()
        assert done("lease", "refund", "1")["amount"] == str(ESCROW)
        assert licensee.escrowed == 0 and licensee.kept == []
        assert done("withdraw") == {"amount": "0", "transactions": []}
        assert len(done("send", "asset.approve", "leases", "7")["transactions"]) == 1  # type: ignore[arg-type]
    assert licensee.allowance == 7


@pytest.mark.parametrize("fault", FAULTS)
def test_sending__refused_through_a_fault_of_the_node__has_its_reason_and_sends_nothing(
    licensee: Licensee, fault: str
) -> None:
    before = licensee.nonce
    with faulty(licensee.live.node.url, fault) as proxy:
        refused = licensee.run(*words(price="0.5"), "--network", proxy.url)
        assert refused.code == 1, refused.err
        assert refused.document["error"]["message"].startswith(
            what("51") + "DataLeases_InvalidTerms(field=pricePerPeriod, value=500000, min=1000000, max="
        )
        missing = licensee.run(*accept(1), "--network", proxy.url)
        assert (missing.code, missing.document["error"]["message"]) == (1, "no offer 1; there are none")
    assert (licensee.nonce, licensee.allowance, licensee.pool, licensee.kept) == (before, 0, 0, [])
