"""viem and ethers drive the deployed DAO through the installed npm package, type-checked; ethers also with nothing but
OpenZeppelin's ABIs of a governor."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils import keccak

from assurance.harness.dao.dao import ACTIVE, EXECUTED, FOR, HPKE_KEY, PENDING, QUEUED, SUCCEEDED
from assurance.harness.dao.leases import BOND, COST
from assurance.harness.dao.live import LiveDao
from assurance.harness.dao.registry import CLAIMED, UNIT
from tests.integration.node import Integrator


@pytest.mark.parametrize("program", ["viem", "ethers"])
def test_trade__by_library__claims_asks_and_decodes_events_and_errors(
    live: LiveDao, integrator: Integrator, program: str
) -> None:
    dao, item = live.dao, live.unclaimed
    contributor, licensee = live.rich("latecomer"), live.rich("licensee", COST)
    asked = {k: v if isinstance(v, bool) else str(v) for k, v in dao.terms().items() if k != "agreementHash"}
    names = ("contributor", "fingerprint", "fileHash", "envelopeHash", "units", "quality")
    contribution = dict(zip(names, (*item[:4], str(item.units), str(item.quality)), strict=True))
    reported = integrator.run(
        program,
        live.given
        | {
            "contributorKey": contributor.key,
            "licenseeKey": licensee.key,
            "batchId": str(live.batch.id),
            "contribution": contribution,
            "proof": live.batch.proof(item),
            "terms": asked | {"agreementHash": keccak(text="agreement")},
            "hpkeKey": HPKE_KEY,
        },
    )
    shares = 20 * UNIT
    assert reported["symbol"] == dao.token.symbol()
    policy = dao.registry.policy(1, 1)
    assert reported["policy"] == {
        "minBond": str(policy.minBond),
        "maxPeriods": str(policy.maxPeriods),
        "uri": policy.uri,
    }
    # The claim happened, and the library read its event.
    fingerprint = "0x" + item.fingerprint.hex()
    assert reported["claimEvent"] == {
        "batchId": str(live.batch.id),
        "contributor": item.contributor,
        "fingerprint": fingerprint,
        "shares": str(shares),
    }
    assert dao.registry.contribution(item.fingerprint).status == CLAIMED
    assert int(reported["balance"]) == dao.token.balanceOf(contributor.address) == shares
    assert reported["again"] == {"name": "DatasetRegistry_FingerprintUsed", "args": [fingerprint], "declared": True}
    # The request, first without approval.
    needed = [dao.leases.address, "0", str(COST)]
    assert reported["unapproved"] == {"name": "ERC20InsufficientAllowance", "args": needed, "declared": False}
    lease = int(reported["leaseId"])
    info = dao.leases.lease(lease)
    assert (info.licensee, info.bond) == (licensee.address, BOND)
    assert dao.governor.state(dao.lease_proposal(lease).id) == PENDING
    assert reported["proposalId"] == str(dao.lease_proposal(lease).id)
    requested: dict[str, Any] = reported["requested"]
    assert requested["terms"] == asked | {"agreementHash": "0x" + keccak(text="agreement").hex()}
    assert requested["licensee"] == licensee.address
    assert requested["hpkeKey"] == "0x" + HPKE_KEY.hex()
    assert reported["found"] == [str(dao.lease_proposal(lease).id)]
    assert reported["access"] == {"allowed": False, "hpkeKey": "0x" + HPKE_KEY.hex(), "until": "0"}


def test_proposal__by_a_tool_that_knows_only_openzeppelin__goes_from_creation_to_execution(
    live: LiveDao, integrator: Integrator
) -> None:
    dao, payee = live.dao, live.dao.who("payee").address
    dao.asset.mint(dao.timelock.address, 7, sender=payee)
    proposer, stranger = live.rich("founder"), live.rich("stranger")
    calldata = dao.asset.encode("transfer", payee, 7)
    description = f"# Seven for the payee\n\n#proposer={proposer.address}"
    proposal = {
        "targets": [dao.asset.address],
        "values": ["0"],
        "calldatas": [calldata],
        "description": description,
    }
    keys = {"proposerKey": proposer.key, "strangerKey": stranger.key}
    reported = integrator.run("governor", live.given | proposal | keys)

    assert dao.asset.balanceOf(payee) == 7
    assert reported["counting"] == {"support": "bravo", "quorum": "for,abstain"}
    assert reported["clock"] == {"mode": "timestamp"}
    assert reported["ticks"] is True
    assert reported["supports"] == {
        "governor": True,
        "governorBeforeGetProposalId": True,
        "erc165": True,
        "erc1155Receiver": True,
        "invalid": False,
    }
    number, votes = reported["proposalId"], str(300 * UNIT)
    assert reported["ids"] == [number, number]
    assert reported["restricted"] == {"name": "GovernorRestrictedProposer", "args": [stranger.address]}
    assert reported["states"] == [str(state) for state in (PENDING, ACTIVE, SUCCEEDED, QUEUED, EXECUTED)]
    created, day = reported["created"], 86_400
    assert created == {
        "proposalId": number,
        "proposer": proposer.address,
        "targets": [dao.asset.address],
        "values": ["0"],
        "signatures": [""],
        "calldatas": ["0x" + calldata.hex()],
        "voteStart": reported["snapshot"],
        "voteEnd": reported["deadline"],
        "description": description,
    }
    assert int(reported["deadline"]) - int(reported["snapshot"]) == dao.governor.votingPeriod() == 3 * day
    vote = {"voter": proposer.address, "proposalId": number, "support": str(FOR), "weight": votes, "reason": "a reason"}
    assert reported["votes"] == [vote]
    assert (reported["weight"], reported["enough"], reported["voted"]) == (votes, True, True)
    assert reported["needsQueuing"] is True
    assert reported["queued"] == [{"proposalId": number, "etaSeconds": reported["eta"]}]
    assert reported["executed"] == [{"proposalId": number}]
    assert reported["proposer"] == proposer.address
