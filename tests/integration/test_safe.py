"""A 2-of-3 Safe is whoever an account can be: contributor, voter, licensee, attestor, custodian."""

from __future__ import annotations

import pytest
from eth_utils import keccak
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import AGAINST, ERASE, FOR, HPKE_KEY, READINESS, Batch, leaf
from assurance.harness.dao.governance import BALLOT, text_proposal
from assurance.harness.dao.leases import ACTIVE, BOND, COST, ENDED, PERIOD, PRICE, TOLERANCE
from assurance.harness.dao.live import LiveDao
from assurance.harness.dao.registry import ERASED, PUBLISHED, UNIT, ascending
from assurance.harness.dao.system import DAY
from datadao.messages import eip712
from datadao.messages.batch import BATCH
from tests.integration.safe import Safe, as_signer, refused_by_safe


@pytest.fixture
def safe(live: LiveDao) -> Safe:
    return Safe(live.web3, [live.dao.who(f"owner {number}") for number in range(3)], 2, live.rich("relayer"))


@pytest.fixture
def member(live: LiveDao, safe: Safe) -> Batch:
    """The Safe holds 100 tokens for data of its own, which it claimed."""
    batch = live.dao.publish([leaf(safe.actor, "data of the safe", 100)])
    live.dao.activate(batch)
    (item,) = batch.manifest.leaves
    safe.execute(live.dao.registry, "claim", batch.id, tuple(item), batch.proof(item))
    live.dao.chain.warp(1)
    return batch


def ballot(live: LiveDao, safe: Safe, proposal: int, support: int) -> bytes:
    """The digest of a vote."""
    governor = live.dao.governor
    fields = (proposal, support, safe.address, governor.nonces(safe.address))
    domain = (governor.name(), live.dao.chain.chain_id, governor.address)
    return eip712.digest(eip712.typed_data(*domain, BALLOT, *fields))


def test_contributor__a_safe__claims_earns_withdraws_and_erases_by_signature(
    live: LiveDao, safe: Safe, member: Batch
) -> None:
    dao, (item,) = live.dao, member.manifest.leaves
    assert dao.token.balanceOf(safe.address) == dao.token.getVotes(safe.address) == 100 * UNIT
    dao.deposit(1, 4_000_000)
    safe.execute(dao.splitter, "claim", safe.address, [1])
    income = dao.asset.balanceOf(safe.address)
    all_shares = dao.splitter.pool(1)[1]
    assert income == 4_000_000 * 100 * UNIT // all_shares

    deadline = dao.chain.timestamp + DAY
    domain = ("DatasetRegistry", dao.chain.chain_id, dao.registry.address)
    digest = eip712.digest(eip712.typed_data(*domain, ERASE, member.id, item.fingerprint, deadline))
    arguments = (member.id, tuple(item), member.proof(item), deadline)
    relayer = dao.who("stranger").address
    with pytest.raises(Reverted) as caught:
        dao.registry.eraseBySig(*arguments, safe.sign(digest, signers=1), sender=relayer)
    assert caught.value == Reverted("DatasetRegistry_InvalidSignature", safe.address)
    dao.registry.eraseBySig(*arguments, safe.sign(digest), sender=relayer)
    assert dao.registry.contribution(item.fingerprint).status == ERASED
    assert dao.token.balanceOf(safe.address) == 0


def test_voter__a_safe__votes_by_signature_of_enough_owners_and_once(live: LiveDao, safe: Safe, member: Batch) -> None:
    dao, relayer = live.dao, live.dao.who("stranger").address
    proposal = text_proposal(dao, live.market.founder).id
    dao.to_vote(proposal)
    digest = ballot(live, safe, proposal, FOR)
    with pytest.raises(Reverted) as caught:
        dao.governor.castVoteBySig(proposal, FOR, safe.address, safe.sign(digest, signers=1), sender=relayer)
    assert caught.value == Reverted("GovernorInvalidSignature", safe.address)
    with pytest.raises(Reverted) as caught:
        dao.governor.castVoteBySig(proposal, AGAINST, safe.address, safe.sign(digest), sender=relayer)
    assert caught.value == Reverted("GovernorInvalidSignature", safe.address), "signed for, not against"
    dao.governor.castVoteBySig(proposal, FOR, safe.address, safe.sign(digest), sender=relayer)
    assert dao.governor.proposalVotes(proposal) == (0, 100 * UNIT, 0)
    with pytest.raises(Reverted) as caught:
        dao.governor.castVoteBySig(proposal, FOR, safe.address, safe.sign(digest), sender=relayer)
    assert caught.value == Reverted("GovernorAlreadyCastVote", safe.address), "a ballot counts once"


def test_voter__a_safe__votes_by_transaction_and_hears_why_not(live: LiveDao, safe: Safe, member: Batch) -> None:
    dao = live.dao
    proposal = text_proposal(dao, live.market.founder).id
    dao.to_vote(proposal)
    with pytest.raises(Reverted) as caught:
        safe.execute(dao.governor, "castVote", proposal, AGAINST, signers=1)
    assert caught.value == refused_by_safe("GS020")
    safe.execute(dao.governor, "castVote", proposal, AGAINST)
    assert dao.governor.proposalVotes(proposal) == (100 * UNIT, 0, 0)
    with pytest.raises(Reverted) as caught:
        safe.execute(dao.governor, "castVote", proposal, FOR)
    assert caught.value == Reverted("GovernorAlreadyCastVote", safe.address), "the Safe passes the reason on"


def test_licensee__a_safe__asks_pays_ends_and_is_refunded(live: LiveDao, safe: Safe) -> None:
    dao, market = live.dao, live.market
    dao.asset.mint(safe.address, COST, sender=safe.relayer)
    safe.execute(dao.asset, "approve", dao.leases.address, COST)
    safe.execute(dao.leases, "request", dao.terms(), HPKE_KEY, "asked by a Safe")
    lease = dao.leases.leaseCount()
    assert dao.leases.lease(lease).licensee == safe.address
    dao.pass_(dao.lease_proposal(lease), market.founder)
    safe.execute(dao.leases, "start", lease)
    assert dao.leases.isAccessAllowed(1, safe.address, 1)
    market.warp_to(market.paid_until(lease) - TOLERANCE)
    safe.execute(dao.leases, "payInstalment", lease)
    assert dao.leases.lease(lease).status == ACTIVE
    assert market.paid_until(lease) == dao.chain.timestamp + TOLERANCE + PERIOD
    safe.execute(dao.leases, "end", lease)
    assert dao.leases.lease(lease).status == ENDED
    safe.execute(dao.leases, "claimRefund", lease)
    assert dao.asset.balanceOf(safe.address) == PRICE, "two instalments of three are spent, the bond is held"
    market.warp_to(market.paid_until(lease) + dao.leases.bondDelay())
    dao.leases.releaseBond(lease, sender=market.stranger.address)
    safe.execute(dao.leases, "claimRefundTo", lease, dao.who("refuge").address)
    assert dao.asset.balanceOf(dao.who("refuge").address) == BOND
    safe.execute(dao.leases, "claimRefund", lease)
    assert dao.asset.balanceOf(safe.address) == PRICE, "nothing more is owed"


def test_licensee__a_safe_refused_by_vote__has_all_of_its_money_back(live: LiveDao, safe: Safe) -> None:
    dao = live.dao
    dao.asset.mint(safe.address, COST, sender=safe.relayer)
    safe.execute(dao.asset, "approve", dao.leases.address, COST)
    safe.execute(dao.leases, "request", dao.terms(), HPKE_KEY, "asked by a Safe")
    lease = dao.leases.leaseCount()
    proposal = dao.lease_proposal(lease).id
    dao.to_vote(proposal)
    dao.vote(proposal, live.market.founder, support=AGAINST)
    dao.to_end_of_vote(proposal)
    safe.execute(dao.leases, "claimRefund", lease)
    assert dao.asset.balanceOf(safe.address) == COST


def test_attestor__a_safe_beside_a_key__publishes(live: LiveDao, safe: Safe) -> None:
    dao, key = live.dao, live.dao.actors["attestor-0"]
    parties = [(party.address, HPKE_KEY) for party in ascending([safe.actor, key])]
    dao.govern(live.market.founder, dao.registry, "setAttestors", parties, 2)
    item = leaf(dao.who("newcomer"), "data that a Safe attested", 5)
    message, _ = dao.batch_message([item])
    typed = eip712.typed_data("DatasetRegistry", dao.chain.chain_id, dao.registry.address, BATCH, *message)
    digest = eip712.digest(typed)
    signed = {key.address: key.sign(typed), safe.address: as_signer(safe, digest)}
    relayer = dao.who("relayer").address
    short = signed | {safe.address: as_signer(safe, digest, signers=1)}
    with pytest.raises(Reverted) as caught:
        dao.registry.publish(message, [short[signer] for signer, _ in parties], "", sender=relayer)
    version = dao.registry.attestorSetVersion()
    assert caught.value == Reverted("DatasetRegistry_NotSigner", ADDRESS_ZERO, version), "a signature of no account"
    batch = dao.registry.publish(message, [signed[signer] for signer, _ in parties], "", sender=relayer).value
    assert dao.registry.batch(batch).status == PUBLISHED


def test_custodian__a_safe_beside_a_key__confirms_delivery(live: LiveDao, safe: Safe) -> None:
    dao, key = live.dao, live.dao.actors["custodian-0"]
    custodians = ascending([safe.actor, key])
    dao.govern(live.market.founder, dao.registry, "setCommittee", [(s.address, HPKE_KEY, "") for s in custodians], 2)
    lease = live.market.approved()
    version, root = dao.leases.lease(lease).committeeVersion, keccak(text="release")
    domain = ("DatasetRegistry", dao.chain.chain_id, dao.registry.address)
    typed = eip712.typed_data(*domain, READINESS, lease, root, version)
    signed = {key.address: key.sign(typed), safe.address: as_signer(safe, eip712.digest(typed))}
    dao.leases.confirmDelivery(lease, root, [signed[s.address] for s in custodians], sender=dao.who("relayer").address)
    assert dao.leases.leaseAccess(lease)[0]
