"""DatasetRegistry.updatePolicy: by vote, within bounds, with a grace for signatures on their way (R-3, R-10).

given a new version
    the one it replaces: signable while `now < policyUpdatedAt + POLICY_GRACE`
    older ones: not at all
    batches published or active: keep their own version's rates
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from assurance.harness.dao.dao import Dao, Proposal
from assurance.harness.dao.governance import warp_to
from assurance.harness.dao.registry import (
    UNIT,
    crowd,
    event,
    executable,
    name32,
    publish,
    refused,
    state,
    voter,
)
from assurance.harness.models.token_splitter import MAX_SHARES

GRACE = 7 * 86_400


def current(dao: Dao, **changes: Any) -> dict[str, Any]:
    return vars(dao.registry.currentPolicy(1)) | changes


def test_update_policy__by_vote__replaces_the_policy_and_keeps_its_past_R10(dao: Dao) -> None:
    member = voter(dao)
    old = dao.registry.currentPolicy(1)
    new = current(dao, sharesPerUnit=2 * UNIT, uri="second")
    before = state(dao)
    receipt = dao.govern(member, dao.registry, "updatePolicy", 1, new)
    assert event(receipt, "PolicyUpdated").args == {"datasetId": 1, "version": 2, "policy": SimpleNamespace(**new)}
    assert dao.registry.policy(1, 1) == old
    assert dao.registry.policy(1, 2) == dao.registry.currentPolicy(1) == SimpleNamespace(**new)
    info = dao.registry.dataset(1)
    assert (info.policyVersion, info.policyUpdatedAt) == (2, dao.chain.timestamp)
    assert state(dao)["batches"] == before["batches"], "activated batches keep their rates (R-10)"


def test_lease_basis__after_a_new_policy_and_an_erasure__is_that_of_now_L14(dao: Dao) -> None:
    member = voter(dao)
    (item,) = crowd(dao, 1)
    batch = dao.contribute(item)
    assert dao.registry.leaseBasis(1) == (current(dao)["purposes"], 0, 1)
    assert dao.registry.leaseBasis(2) == (0, 0, 1), "a dataset that does not exist has no purposes"
    dao.govern(member, dao.registry, "updatePolicy", 1, current(dao, purposes=6))
    dao.erase(batch, item)
    assert dao.registry.leaseBasis(1) == (6, 1, 1) == (6, dao.registry.dataset(1).erasures, 1)


def test_publish__under_the_replaced_version__accepted_in_grace_only_R3(dao: Dao) -> None:
    member = voter(dao)
    dao.govern(member, dao.registry, "updatePolicy", 1, current(dao, sharesPerUnit=2 * UNIT))
    end = dao.chain.timestamp + GRACE
    assert dao.registry.POLICY_GRACE() == GRACE
    warp_to(dao, end - 1)
    (item,) = crowd(dao, 1)
    batch = dao.publish([item], policyVersion=1, totalShares=10 * UNIT)
    late, _ = dao.batch_message([item], policyVersion=1, totalShares=10 * UNIT)
    warp_to(dao, end)
    refused(dao, lambda: publish(dao, late), "DatasetRegistry_StalePolicy", 1, 1, 2)
    dao.activate(batch)
    dao.claim(batch, item)
    assert dao.token.balanceOf(item.contributor) == 10 * UNIT, "by the rate its attestors signed"


def test_publish__under_a_version_replaced_twice__refused_even_in_grace_R3(dao: Dao) -> None:
    member = voter(dao)
    updates: list[Proposal] = []
    for text in ("second", "third"):
        action = (dao.registry, "updatePolicy", (1, current(dao, uri=text)))
        updates.append(dao.propose(member, action, text=text))
    dao.to_vote(updates[1].id)
    for update in updates:
        dao.vote(update.id, member)
    dao.to_end_of_vote(updates[1].id)
    for update in updates:
        dao.queue(update)
    for update in updates:
        dao.execute(update)
    assert dao.registry.dataset(1).policyVersion == 3
    message, _ = dao.batch_message(crowd(dao, 1), policyVersion=1)
    refused(dao, lambda: publish(dao, message), "DatasetRegistry_StalePolicy", 1, 1, 3)
    none, _ = dao.batch_message(crowd(dao, 1), policyVersion=0)
    refused(dao, lambda: publish(dao, none), "DatasetRegistry_StalePolicy", 1, 0, 3)
    dao.publish(crowd(dao, 1), policyVersion=2)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"sharesPerUnit": UNIT - 1}, ("sharesPerUnit", UNIT - 1, UNIT, MAX_SHARES)),
        ({"sharesPerUnit": 2**63}, ("sharesPerUnit", 2**63, UNIT, MAX_SHARES)),
        ({"minQuality": 0}, ("minQuality", 0, 1, 10_000)),
        ({"minQuality": 10_001}, ("minQuality", 10_001, 1, 10_000)),
        ({"minPeriod": 100, "maxPeriod": 99}, ("maxPeriod", 99, 100, 2**32 - 1)),
        ({"commonsBps": 1_501, "treasuryBps": 1_500}, ("commonsBps + treasuryBps", 3_001, 0, 3_000)),
        ({"commonsBps": 65_535, "treasuryBps": 65_535}, ("commonsBps + treasuryBps", 131_070, 0, 3_000)),
    ],
)
def test_update_policy__field_out_of_range__refused(dao: Dao, changes: dict, error: tuple) -> None:
    proposal = executable(dao, "updatePolicy", 1, current(dao, **changes))
    name, *numbers = error
    refused(dao, lambda: dao.execute(proposal), "DatasetRegistry_InvalidPolicy", name32(name), *numbers)


@pytest.mark.parametrize(
    "changes",
    [
        {"sharesPerUnit": UNIT, "minQuality": 1},
        {"sharesPerUnit": MAX_SHARES, "minQuality": 10_000},
        {"minPeriod": 99, "maxPeriod": 99, "commonsBps": 3_000, "treasuryBps": 0},
        {"purposes": 0, "maxPeriods": 0, "uri": ""},
    ],
)
def test_update_policy__fields_at_their_bounds__accepted(dao: Dao, changes: dict) -> None:
    new = current(dao, **changes)
    dao.execute(executable(dao, "updatePolicy", 1, new))
    assert dao.registry.currentPolicy(1) == SimpleNamespace(**new)


def test_update_policy__dataset_that_does_not_exist__refused(dao: Dao) -> None:
    proposal = executable(dao, "updatePolicy", 2, current(dao))
    refused(dao, lambda: dao.execute(proposal), "DatasetRegistry_UnknownDataset", 2)


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "attestor-0", "custodian-0", "founder"])
def test_update_policy__by_anyone_but_the_timelock__refused(dao: Dao, who: str) -> None:
    voter(dao)
    caller = dao.who(who).address
    refused(
        dao,
        lambda: dao.registry.updatePolicy(1, current(dao), sender=caller),
        "DatasetRegistry_NotTimelock",
        caller,
    )
