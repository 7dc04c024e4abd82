"""Arguments of the views that nothing else asks, by the name of the parameter: things of the scenario itself, so that a
figure is of a stored lease, batch or proposal and not of an empty slot.

A key `Contract.function.parameter` stands before one that is a parameter's name alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from eth_utils import keccak

from assurance.bench.gas.world import Town
from assurance.harness.dao.dao import Proposal
from assurance.harness.dao.factory import SALT, FactoryDao
from assurance.harness.dao.system import DAY
from datadao.types import Leaf

ERC165 = bytes.fromhex("01ffc9a7")
_ROOT = keccak(text="root of a release")


class Given(NamedTuple):
    """An argument, and what it is in words, which are the case of its figure; the same words are said once."""

    value: Any
    words: str


def of_town(town: Town, lease: int, batch: int, message: tuple[Any, ...], item: Leaf) -> dict[str, Given]:
    """Of a DAO with this lease and this batch, whose leaf `item` was claimed; the rest that views ask about is made
    here: an offer, a model that was paid for, a delegation, a lease's proposal, an approval that waits in the timelock.
    """
    dao, member, founder = town.dao, town.members[0], town.founder
    lab, payer = dao.who("lab"), dao.who("payer")
    offer = town.create_offer()
    licensed = [town.active(lab, royaltyBps=500)]
    dao.models.register(licensed, bytes(32), "https://models.example/1", True, lab.address, sender=lab.address)
    dao.fund(payer, 10**12, dao.models)
    dao.models.pay(1, lab.address, bytes(32), 10**6, sender=payer.address)
    dao.token.delegate(founder.address, sender=member.address)
    requested, _ = town.request()
    proposal = dao.propose(founder, (dao.governor, "setLeaseQuorumBps", (1_200,)))
    scheduled = _queued(town, proposal)
    proposed, committee = "one action", dao.registry.committeeVersion()
    return {
        "account": Given(member.address, "a member"),
        "owner": Given(member.address, "a member"),
        "spender": Given(founder.address, "nothing approved"),
        "pos": Given(0, "its first checkpoint"),
        "timepoint": Given(town.now - DAY, "a day ago"),
        "params": Given(b"", "no parameters"),
        "ModelRegistry.creditOf.account": Given(lab.address, "an account with credit"),
        "EmergencyBrake.isGuardian.account": Given(dao.actors["guardian"].address, "in its term"),
        "DataTimelock.hasRole.account": Given(dao.governor.address, "held by the governor"),
        "DataGovernor.nonces.0": Given(member.address, "a member"),
        "DataGovernor.proposalNeedsQueuing.0": Given(proposal.id, "a queued proposal"),
        "role": Given(dao.timelock.PROPOSER_ROLE(), "a role"),
        "interfaceId": Given(ERC165, "ERC-165"),
        "proposalId": Given(proposal.id, "a queued proposal"),
        "DataGovernor.proposalLicensee.proposalId": Given(dao.lease_proposal(requested).id, "a lease's proposal"),
        "targets": Given(proposal.targets, proposed),
        "values": Given(proposal.values, proposed),
        "calldatas": Given(proposal.calldatas, proposed),
        "descriptionHash": Given(proposal.description_hash, proposed),
        "id": Given(scheduled["id"], "a waiting operation"),
        "target": Given(proposal.targets[0], proposed),
        "value": Given(proposal.values[0], proposed),
        "data": Given(proposal.calldatas[0], proposed),
        "payloads": Given(proposal.calldatas, proposed),
        "predecessor": Given(bytes(32), proposed),
        "salt": Given(keccak(text="salt"), proposed),
        "poolId": Given(1, "a dataset's pool"),
        "datasetId": Given(1, "a dataset"),
        "version": Given(1, "its first version"),
        "DatasetRegistry.attestors.version": Given(dao.registry.attestorSetVersion(), "3 attestors"),
        "DatasetRegistry.committee.version": Given(committee, "5 custodians"),
        "DatasetRegistry.requireReadiness.version": Given(committee, "3 of 5 custodians"),
        "releaseRoot": Given(_ROOT, "3 of 5 custodians"),
        "signatures": Given(dao.readiness(lease, _ROOT, 0, 1, 2), "3 of 5 custodians"),
        "batchId": Given(batch, "an active batch"),
        "c": Given(tuple(item), "a claimed leaf"),
        "batch_": Given(message, "a batch to sign"),
        "licensee": Given(town.licensee.address, "a licensee"),
        "offerId": Given(offer, "an open offer"),
        "terms": Given(dao.terms(), "terms of a lease"),
        "leaseId": Given(lease, "a running lease"),
        "modelId": Given(1, "a model of one lease"),
    }


def of_factory(created: FactoryDao) -> dict[str, Given]:
    """Of a factory and a DAO that it made."""
    words = "the configuration of local nodes"
    creator = created.actors["deployer"].address
    return {
        "creator": Given(creator, words),
        "params": Given(created.creation.params, words),
        "salt": Given(SALT, words),
    }


def _queued(town: Town, proposal: Proposal) -> dict[str, Any]:
    """Carries the proposal to the timelock; what that says it scheduled."""
    dao = town.dao
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, town.founder)
    dao.to_end_of_vote(proposal.id)
    receipt = dao.governor.queue(*proposal.action, sender=town.relayer.address)
    (scheduled,) = receipt.named("CallScheduled")
    arguments: dict[str, Any] = scheduled.args
    return arguments
