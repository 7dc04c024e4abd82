"""OpenZeppelin's own Governor with its counting and late-quorum modules, over our token (`contracts/mocks`)."""

from __future__ import annotations

from assurance.bench.gas.meter import BLOCK
from assurance.bench.gas.peers.figures import PeerFigure
from assurance.bench.gas.world import members
from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.handles import Handle, deploy
from assurance.harness.dao.dao import AGAINST, FOR, Dao
from assurance.harness.dao.system import DAY, Actor
from datadao.client import BALLOT
from datadao.messages import eip712

PACKAGE = "@openzeppelin/contracts"


def measure(chain: Anvil) -> list[PeerFigure]:
    """The votes of our own figures, under OpenZeppelin's modules."""
    dao = Dao(chain=chain)
    people = members(dao)
    parameters = dao.governor.address, dao.token.address, DAY, 3 * DAY, DAY
    governor = deploy(chain, "StockGovernor", *parameters, sender=dao.who("operator").address)
    proposed, proposal = _put_to_vote(dao, governor, people[0], "nothing")
    gas = {"propose, one action": proposed}
    for voter, support, case in zip(people, (FOR, FOR, AGAINST), ("first", "later", "first against"), strict=False):
        chain.warp(BLOCK)
        gas[f"vote, {case}"] = governor.castVote(proposal, support, sender=voter.address).gas
    for nonce, case in enumerate(("first of its voter", "later")):
        _, proposal = _put_to_vote(dao, governor, people[0], f"signed {nonce}")
        governor.castVote(proposal, FOR, sender=people[0].address)
        chain.warp(BLOCK)
        fields = (proposal, FOR, people[3].address, nonce)
        typed = eip712.typed_data("StockGovernor", chain.chain_id, governor.address, BALLOT, *fields)
        arguments = (*fields[:3], people[3].sign(typed))
        gas[f"vote by signature, {case}"] = governor.castVoteBySig(*arguments, sender=dao.who("relayer").address).gas
    return [PeerFigure(PACKAGE, operation, used) for operation, used in gas.items()]


def _put_to_vote(dao: Dao, governor: Handle, proposer: Actor, text: str) -> tuple[int, int]:
    action = [dao.registry.address], [0], [dao.registry.encode("discard", 1)]
    receipt = governor.propose(*action, text, sender=proposer.address)
    dao.chain.warp(DAY + 1)
    assert governor.proposalDeadline(receipt.value) > dao.chain.timestamp
    return receipt.gas, receipt.value
