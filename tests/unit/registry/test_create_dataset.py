"""DatasetRegistry.createDataset: by vote only, numbered from 1, each with its own policy (R-10)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from eth_utils import keccak

from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.registry import UNIT, event, refused, state, voter

FIELDS = {
    "sharesPerUnit": 3 * UNIT,
    "minQuality": 1,
    "purposes": 6,
    "minPricePerPeriod": 11,
    "minPeriod": 12,
    "maxPeriod": 13,
    "maxPeriods": 14,
    "minBond": 15,
    "commonsBps": 16,
    "treasuryBps": 17,
    "schemaHash": keccak(text="schema"),
    "uri": "ipfs://schema",
}


def test_create_dataset__by_vote__opens_it_with_its_policy(dao: Dao) -> None:
    member = voter(dao)
    before = state(dao)
    receipt = dao.govern(member, dao.registry, "createDataset", FIELDS)
    assert event(receipt, "DatasetCreated").args == {"datasetId": 2}
    policy = SimpleNamespace(**FIELDS)
    assert event(receipt, "PolicyUpdated").args == {"datasetId": 2, "version": 1, "policy": policy}
    assert dao.registry.datasetCount() == 2
    assert dao.registry.currentPolicy(2) == dao.registry.policy(2, 1) == policy
    now = dao.chain.timestamp
    assert dao.registry.dataset(2) == SimpleNamespace(policyVersion=1, lastSequence=0, erasures=0, policyUpdatedAt=now)
    after = state(dao)
    assert after["datasets"][0] == before["datasets"][0] and after["policies"][0] == before["policies"][0]
    for same in ("batches", "attestors", "committees", "supply"):
        assert after[same] == before[same]


def test_contributions__to_a_dataset_opened_by_vote__earn_by_its_own_rate(dao: Dao) -> None:
    dao.govern(voter(dao), dao.registry, "createDataset", FIELDS)
    item = leaf(dao.who("pioneer"), "pioneer", 5, quality=1_000)
    dao.contribute(item, dataset=2)
    assert dao.token.balanceOf(item.contributor) == 5 * 3 * UNIT // 10
    assert dao.splitter.sharesOf(2, item.contributor) == dao.splitter.pool(2)[1] == 5 * 3 * UNIT // 10
    assert dao.splitter.sharesOf(1, item.contributor) == 0


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "attestor-0", "custodian-0", "founder"])
def test_create_dataset__by_anyone_but_the_timelock__refused(dao: Dao, who: str) -> None:
    voter(dao)
    caller = dao.who(who).address
    refused(
        dao,
        lambda: dao.registry.createDataset(FIELDS, sender=caller),
        "DatasetRegistry_NotTimelock",
        caller,
    )


@pytest.mark.parametrize("number", [0, 2, 2**256 - 1])
def test_views__of_a_dataset_that_does_not_exist__refused(dao: Dao, number: int) -> None:
    for call in (dao.registry.dataset, dao.registry.currentPolicy):
        refused(dao, lambda c=call: c(number), "DatasetRegistry_UnknownDataset", number)
