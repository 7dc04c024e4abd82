"""viem and ethers drive the deployed DAO through the installed npm package, type-checked."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils import keccak

from tests.integration.conftest import Town
from tests.integration.node import Integrator
from tests.support.dao import HPKE_KEY, PENDING
from tests.support.leases import BOND, COST
from tests.support.registry import CLAIMED, UNIT


@pytest.mark.parametrize("program", ["viem", "ethers"])
def test_trade__by_library__claims_asks_and_decodes_events_and_errors(
    town: Town, integrator: Integrator, program: str
) -> None:
    dao, item = town.dao, town.unclaimed
    contributor, licensee = town.rich("latecomer"), town.rich("licensee", COST)
    asked = {k: v if isinstance(v, bool) else str(v) for k, v in dao.terms().items() if k != "agreementHash"}
    names = ("contributor", "fingerprint", "fileHash", "envelopeHash", "units", "quality")
    contribution = dict(zip(names, (*item[:4], str(item.units), str(item.quality)), strict=True))
    told = integrator.run(
        program,
        town.given
        | {
            "contributorKey": contributor.key,
            "licenseeKey": licensee.key,
            "batchId": str(town.batch.id),
            "contribution": contribution,
            "proof": town.batch.proof(item),
            "terms": asked | {"agreementHash": keccak(text="agreement")},
            "hpkeKey": HPKE_KEY,
        },
    )
    shares = 20 * UNIT
    assert told["symbol"] == dao.token.symbol()
    policy = dao.registry.policy(1, 1)
    assert told["policy"] == {"minBond": str(policy.minBond), "maxPeriods": str(policy.maxPeriods), "uri": policy.uri}
    # The claim happened, and the library read its event.
    fingerprint = "0x" + item.fingerprint.hex()
    assert told["claimEvent"] == {
        "batchId": str(town.batch.id),
        "contributor": item.contributor,
        "fingerprint": fingerprint,
        "shares": str(shares),
    }
    assert dao.registry.contribution(item.fingerprint).status == CLAIMED
    assert int(told["balance"]) == dao.token.balanceOf(contributor.address) == shares
    assert told["again"] == {"name": "DatasetRegistry_FingerprintUsed", "args": [fingerprint], "declared": True}
    # The request, first without approval.
    needed = [dao.leases.address, "0", str(COST)]
    assert told["unapproved"] == {"name": "ERC20InsufficientAllowance", "args": needed, "declared": False}
    lease = int(told["leaseId"])
    info = dao.leases.lease(lease)
    assert (info.licensee, info.bond) == (licensee.address, BOND)
    assert dao.governor.state(info.proposalId) == PENDING
    assert told["proposalId"] == str(info.proposalId)
    requested: dict[str, Any] = told["requested"]
    assert requested["terms"] == asked | {"agreementHash": "0x" + keccak(text="agreement").hex()}
    assert requested["licensee"] == licensee.address
    assert requested["hpkeKey"] == "0x" + HPKE_KEY.hex()
    assert told["found"] == [str(info.proposalId)]
    assert told["access"] == {"allowed": False, "hpkeKey": "0x" + HPKE_KEY.hex(), "until": "0"}
