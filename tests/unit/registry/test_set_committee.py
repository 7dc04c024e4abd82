"""DatasetRegistry.setCommittee: by vote; a committee of custodians, the earlier ones kept for their files."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.dao import Dao
from assurance.harness.dao.registry import event, executable, refused, state, voter

KEY = b"\1" * 32


def people(dao: Dao, count: int) -> list[tuple[str, bytes, str]]:
    return [(dao.who(f"keeper-{i}").address, KEY, f"s3://keeper-{i}") for i in range(count)]


def test_set_committee__by_vote__starts_a_version_and_keeps_the_past(dao: Dao) -> None:
    proposal = executable(dao, "setCommittee", people(dao, 3), 2)
    before = state(dao)
    receipt = dao.execute(proposal)
    custodians = [SimpleNamespace(signer=a, hpkeKey=k, uri=u) for a, k, u in people(dao, 3)]
    assert event(receipt, "CommitteeSet").args == {"version": 2, "custodians": custodians, "threshold": 2}
    assert dao.registry.committeeVersion() == 2
    assert dao.registry.committee(2) == (custodians, 2)
    slots = [dao.registry.slotOf(2, c.signer) for c in custodians]
    assert slots == [(1, 2), (2, 2), (3, 2)], "in the order given, which is the order of the shares"
    assert dao.registry.slotOf(2, dao.actors["custodian-0"].address) == (0, 2)
    assert dao.registry.slotOf(1, dao.actors["custodian-0"].address) == (1, 3)
    assert dao.registry.slotOf(3, custodians[0].signer) == (0, 0)
    assert dao.registry.committee(3) == ([], 0)
    after = state(dao)
    assert after["committees"][0] == before["committees"][0]
    assert after | {"committees": 0} == before | {"committees": 0}


@pytest.mark.parametrize(("count", "threshold"), [(1, 1), (32, 32)])
def test_set_committee__smallest_and_largest__accepted(dao: Dao, count: int, threshold: int) -> None:
    dao.execute(executable(dao, "setCommittee", people(dao, count), threshold))
    custodians, needed = dao.registry.committee(2)
    assert (len(custodians), needed) == (count, threshold)


@pytest.mark.parametrize(("count", "threshold"), [(0, 0), (0, 1), (2, 0), (2, 3), (33, 1)])
def test_set_committee__threshold_or_size_that_does_not_fit__refused_AB61(dao: Dao, count: int, threshold: int) -> None:
    proposal = executable(dao, "setCommittee", people(dao, count), threshold)
    refused(dao, lambda: dao.execute(proposal), "DatasetRegistry_InvalidThreshold", threshold, count, 32)


@pytest.mark.parametrize(
    ("second", "error"),
    [
        ({"signer": ADDRESS_ZERO}, "DatasetRegistry_InvalidCustodian"),
        ({"signer": "first"}, "DatasetRegistry_InvalidCustodian"),
        ({"hpkeKey": bytes(32)}, "DatasetRegistry_ZeroKey"),
    ],
    ids=["zero", "twice", "no key"],
)
def test_set_committee__custodian_zero_twice_or_without_key__refused(dao: Dao, second: dict, error: str) -> None:
    first, other = people(dao, 2)
    entry = {"signer": other[0], "hpkeKey": KEY, "uri": ""} | second
    if entry["signer"] == "first":
        entry["signer"] = first[0]
    proposal = executable(dao, "setCommittee", [first, tuple(entry.values())], 1)
    refused(dao, lambda: dao.execute(proposal), error, entry["signer"])


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "attestor-0", "custodian-0", "founder"])
def test_set_committee__by_anyone_but_the_timelock__refused(dao: Dao, who: str) -> None:
    voter(dao)
    caller = dao.who(who).address
    refused(
        dao,
        lambda: dao.registry.setCommittee(people(dao, 1), 1, sender=caller),
        "DatasetRegistry_NotTimelock",
        caller,
    )
