"""viem and ethers drive the deployed DAO through the installed npm package, type-checked; ethers also with nothing but
OpenZeppelin's ABIs of a governor."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils import keccak

from assurance.harness.dao.dao import ACTIVE, EXECUTED, FOR, HPKE_KEY, PENDING, QUEUED, SUCCEEDED
from assurance.harness.dao.leases import BOND, COST
from assurance.harness.dao.on_node import Town
from assurance.harness.dao.registry import CLAIMED, UNIT
from tests.integration.node import Integrator


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


def test_proposal__by_a_tool_that_knows_only_openzeppelin__goes_from_birth_to_execution(
    town: Town, integrator: Integrator
) -> None:
    dao, payee = town.dao, town.dao.who("payee").address
    dao.asset.mint(dao.timelock.address, 7, sender=payee)
    proposer, stranger = town.rich("founder"), town.rich("stranger")
    calldata = dao.asset.encode("transfer", payee, 7)
    description = f"# Seven for the payee\n\n#proposer={proposer.address}"
    proposal = {
        "targets": [dao.asset.address],
        "values": ["0"],
        "calldatas": [calldata],
        "description": description,
    }
    keys = {"proposerKey": proposer.key, "strangerKey": stranger.key}
    told = integrator.run("governor", town.given | proposal | keys)

    assert dao.asset.balanceOf(payee) == 7
    assert told["counting"] == {"support": "bravo", "quorum": "for,abstain"}
    assert told["clock"] == {"mode": "timestamp"}
    assert told["ticks"] is True
    assert told["supports"] == {
        "governor": True,
        "governorBeforeGetProposalId": True,
        "erc165": True,
        "erc1155Receiver": True,
        "invalid": False,
    }
    number, votes = told["proposalId"], str(300 * UNIT)
    assert told["ids"] == [number, number]
    assert told["restricted"] == {"name": "GovernorRestrictedProposer", "args": [stranger.address]}
    assert told["states"] == [str(state) for state in (PENDING, ACTIVE, SUCCEEDED, QUEUED, EXECUTED)]
    created, day = told["created"], 86_400
    assert created == {
        "proposalId": number,
        "proposer": proposer.address,
        "targets": [dao.asset.address],
        "values": ["0"],
        "signatures": [""],
        "calldatas": ["0x" + calldata.hex()],
        "voteStart": told["snapshot"],
        "voteEnd": told["deadline"],
        "description": description,
    }
    assert int(told["deadline"]) - int(told["snapshot"]) == dao.governor.votingPeriod() == 3 * day
    vote = {"voter": proposer.address, "proposalId": number, "support": str(FOR), "weight": votes, "reason": "a reason"}
    assert told["votes"] == [vote]
    assert (told["weight"], told["enough"], told["voted"]) == (votes, True, True)
    assert told["needsQueuing"] is True
    assert told["queued"] == [{"proposalId": number, "etaSeconds": told["eta"]}]
    assert told["executed"] == [{"proposalId": number}]
    assert told["proposer"] == proposer.address
