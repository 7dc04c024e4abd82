"""DatasetRegistry's views that others decide by: inclusion, leaf and digest (R-2, R-5, R-8)."""

from __future__ import annotations

import pytest
from eth_utils import keccak
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import Dao, changed
from assurance.harness.dao.leases import Market
from assurance.harness.dao.registry import UNIT, crowd, drop, refused
from datadao.crypto.merkle import leaf_hash
from datadao.messages import eip712
from datadao.messages.batch import BATCH


def included(dao: Dao, batch, item, proof=None) -> bool:
    return bool(dao.registry.isIncluded(batch.id, tuple(item), batch.proof(item) if proof is None else proof))


def test_is_included__through_the_life_of_a_batch__only_while_active(dao: Dao) -> None:
    leaves = crowd(dao, 2)
    batch = dao.publish(leaves)
    assert not included(dao, batch, leaves[0]), "published is not accepted"
    dao.activate(batch)
    assert included(dao, batch, leaves[0]), "accepted counts before its owner turns up"
    dao.claim(batch, leaves[0])
    assert included(dao, batch, leaves[0])
    dao.chain.warp(dao.registry.claimPeriod())
    dao.registry.sleep(batch.id, sender=dao.who("stranger").address)
    assert included(dao, batch, leaves[0]) and included(dao, batch, leaves[1]), "asleep is still data"
    for item in leaves:
        dao.erase(batch, item)
        assert not included(dao, batch, item)


def test_is_included__vetoed_lapsed_and_unknown_batches__never(dao: Dao) -> None:
    (item,) = leaves = crowd(dao, 1)
    vetoed, lapsed = dao.publish(leaves), dao.publish(leaves)
    dao.registry.veto(vetoed.id, sender=dao.actors["guardian"].address)
    dao.chain.warp(30 * 86_400)
    assert not included(dao, vetoed, item) and not included(dao, lapsed, item)
    for number in (0, 3, 2**256 - 1):
        assert not dao.registry.isIncluded(number, tuple(item), [])


def test_is_included__wrong_proof_or_numbers__false_and_never_an_error(dao: Dao) -> None:
    leaves = crowd(dao, 3)
    batch = dao.publish(leaves)
    dao.activate(batch)
    item = leaves[0]
    assert not included(dao, batch, item, proof=[])
    assert not included(dao, batch, item, proof=batch.proof(leaves[1]))
    for fields in (
        {"units": 2**256 - 1},
        {"quality": 2**256 - 1},
        {"units": 2**256 - 1, "quality": 2**256 - 1},
        {"quality": 4_999},
        {"fingerprint": bytes(32)},
    ):
        assert not included(dao, batch, changed(item, **fields), proof=batch.proof(item))


def test_is_included__duplicate__only_the_recorded_leaf(dao: Dao) -> None:
    item, other = crowd(dao, 2)
    copy = changed(other, fingerprint=item.fingerprint)
    first, second = dao.publish([item]), dao.publish([copy])
    for batch in (first, second):
        dao.activate(batch)
    dao.claim(second, copy)
    assert (included(dao, first, item), included(dao, second, copy)) == (False, True)
    drop(dao, first, item)
    dao.erase(second, copy)
    assert (included(dao, first, item), included(dao, second, copy)) == (False, False), "and no other comes back"


@pytest.mark.parametrize("quality", [4_999, 10_001])
def test_is_included__leaf_that_earns_nothing__false(dao: Dao, quality: int) -> None:
    item = crowd(dao, 1)[0]._replace(quality=quality)
    batch = dao.publish([item], totalShares=UNIT)
    dao.activate(batch)
    assert not included(dao, batch, item)


def test_leaf_of__equals_the_independent_hash(dao: Dao) -> None:
    item, other = crowd(dao, 2)
    batch = dao.publish([item], sequence=77)
    assert dao.registry.leafOf(batch.id, tuple(other)) == leaf_hash(dao.id, 1, 77, other)
    refused(dao, lambda: dao.registry.leafOf(2, tuple(item)), "DatasetRegistry_UnknownBatch", 2)
    refused(dao, lambda: dao.registry.batch(2), "DatasetRegistry_UnknownBatch", 2)


def test_hash_batch__equals_the_independent_digest_and_the_published_domain(dao: Dao) -> None:
    message, _ = dao.batch_message(crowd(dao, 2))
    typed = eip712.typed_data("DatasetRegistry", dao.chain.chain_id, dao.addresses["registry"], BATCH, *message)
    assert dao.registry.hashBatch(message) == eip712.digest(typed)
    _, name, version, chain_id, contract, salt, extensions = dao.registry.eip712Domain()
    assert (name, version, chain_id, contract) == (
        "DatasetRegistry",
        "1",
        dao.chain.chain_id,
        dao.addresses["registry"],
    )
    assert (salt, extensions) == (bytes(32), [])


def test_contribution__never_seen__is_empty(dao: Dao) -> None:
    info = dao.registry.contribution(keccak(text="unknown"))
    assert (info.status, info.contributor, info.batchId, info.shares) == (0, ADDRESS_ZERO, 0, 0)


def test_require_readiness__of_a_committee_that_does_not_exist__refused_AB61(dao: Dao) -> None:
    """A committee of no threshold would be satisfied by no signatures."""
    for version in (0, dao.registry.committeeVersion() + 1, 2**256 - 1):
        with pytest.raises(Reverted) as caught:
            dao.registry.requireReadiness(1, keccak(text="release"), version, [])
        assert caught.value == Reverted("DatasetRegistry_UnknownCommittee", version)
    with pytest.raises(Reverted) as caught:
        dao.registry.requireReadiness(1, keccak(text="release"), dao.registry.committeeVersion(), [])
    assert caught.value == Reverted("DatasetRegistry_InsufficientSignatures", 0, 3)


def test_require_readiness__by_a_threshold_of_custodians__answers_anyone_asked(dao: Dao) -> None:
    """What leases ask before the first instalment, a licensee may ask before it sends anything."""
    market, root = Market(dao), keccak(text="release")
    lease = market.accept(market.create_offer())
    version = dao.leases.lease(lease).committeeVersion
    signatures = dao.readiness(lease, root, 0, 1, 2)
    dao.registry.requireReadiness(lease, root, version, signatures)
    with pytest.raises(Reverted) as caught:
        dao.registry.requireReadiness(lease, root, version, signatures[:2])
    assert caught.value == Reverted("DatasetRegistry_InsufficientSignatures", 2, 3)


def test_lease_policy__is_the_part_of_the_present_policy_that_leases_are_asked_for(dao: Dao) -> None:
    asked, policy = dao.registry.leasePolicy(1), dao.registry.currentPolicy(1)
    assert vars(asked) == {name: getattr(policy, name) for name in vars(asked)}
