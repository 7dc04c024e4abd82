"""What contracts do for each other, and refuse each other, called by hand: the second lines of defence, which the
wiring lets no account touch."""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.leases import Market
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import actor


def test_approve__from_the_timelock_with_other_terms__refused_G2(dao: Dao) -> None:
    market = Market(dao)
    lease, proposal = market.request()
    before = market.picture()
    with pytest.raises(Reverted) as caught:
        dao.leases.approve(lease, b"\1" * 32, sender=dao.timelock.address)
    (_, _, (action,), _) = proposal.action
    assert caught.value == Reverted("DataLeases_WrongTerms", lease, action[-32:], b"\1" * 32)
    assert market.picture() == before


def test_approve__from_the_timelock_while_the_vote_is_open__refused_G2(dao: Dao) -> None:
    market = Market(dao)
    lease, proposal = market.request()
    (_, _, (action,), _) = proposal.action
    before = market.picture()
    with pytest.raises(Reverted) as caught:
        dao.leases.approve(lease, action[-32:], sender=dao.timelock.address)
    assert caught.value == Reverted("DataLeases_NotExecuted", lease, proposal.id)
    assert market.picture() == before


def test_propose_lease__from_leases__opens_a_vote_that_names_the_licensee(dao: Dao) -> None:
    Market(dao)
    licensee = dao.who("licensee").address
    text = f"by hand#proposer={dao.leases.address.lower()}"
    receipt = dao.governor.proposeLease(77, b"\1" * 32, licensee, text, sender=dao.leases.address)
    (opened,) = receipt.named("LeaseProposed")
    assert opened.args == {"proposalId": receipt.value, "leaseId": 77, "licensee": licensee}
    assert dao.governor.proposalProposer(receipt.value) == dao.leases.address


def test_move_shares__from_the_token__moves_shares_of_the_commons_alone_T6(tradable: Pair) -> None:
    seller, buyer = actor("seller"), actor("buyer")
    tradable.accept(seller, 2 * SHARES)
    receipt = tradable.splitter.moveShares(seller.address, buyer.address, SHARES, sender=tradable.token.address)
    assert [event.name for event in receipt.events] == ["SharesMoved"]
    held = [[tradable.splitter.sharesOf(pool, who.address) for pool in (0, 1)] for who in (seller, buyer)]
    assert held == [[SHARES, 2 * SHARES], [SHARES, 0]]


def test_create_dataset__when_there_are_65535__refused(dao: Dao) -> None:
    policy = vars(dao.registry.currentPolicy(1))
    _set_dataset_count(dao, 2**16 - 1)
    with pytest.raises(Reverted) as caught:
        dao.registry.createDataset(policy, sender=dao.timelock.address)
    assert caught.value == Reverted("DatasetRegistry_TooManyDatasets", 2**16 - 1)
    assert dao.registry.datasetCount() == 2**16 - 1
    _set_dataset_count(dao, 2**16 - 2)
    assert dao.registry.createDataset(policy, sender=dao.timelock.address).value == 2**16 - 1


def _set_dataset_count(dao: Dao, count: int) -> None:
    """Creating that many would take a day. The slot is the one whose word is the count."""
    now = dao.registry.datasetCount()
    for slot in range(64):
        word = dao.chain.storage(dao.registry.address, slot)
        if word != now:
            continue
        dao.chain.set_storage(dao.registry.address, slot, count)
        if dao.registry.datasetCount() == count:
            return
        dao.chain.set_storage(dao.registry.address, slot, word)
    raise AssertionError("no slot holds the number of datasets")
