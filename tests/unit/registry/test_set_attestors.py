"""DatasetRegistry.setAttestors: by vote; ascending, distinct, with keys (R-3, R-11; AB-57, AB-61)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.dao import Dao
from assurance.harness.dao.registry import (
    ascending,
    attestors,
    crowd,
    event,
    executable,
    publish,
    refused,
    signatures,
    state,
    voter,
)

KEY = b"\1" * 32


def people(dao: Dao, count: int) -> list[tuple[str, bytes]]:
    return [(actor.address, KEY) for actor in ascending(dao.who(f"scorer-{i}") for i in range(count))]


def test_set_attestors__by_vote__starts_a_version_and_keeps_the_past_R10(dao: Dao) -> None:
    proposal = executable(dao, "setAttestors", people(dao, 2), 2)
    before = state(dao)
    first = dao.registry.attestors(1)
    receipt = dao.execute(proposal)
    members = [SimpleNamespace(signer=a, hpkeKey=k) for a, k in people(dao, 2)]
    assert event(receipt, "AttestorsSet").args == {"version": 2, "attestors": members, "threshold": 2}
    assert dao.registry.attestorSetVersion() == 2
    assert dao.registry.attestors(2) == (members, 2)
    assert dao.registry.attestors(1) == first
    assert dao.registry.attestors(3) == ([], 0)
    after = state(dao)
    assert {k: v for k, v in after.items() if k != "attestors"} == {k: v for k, v in before.items() if k != "attestors"}


def test_publish__after_a_change__needs_the_new_attestors_alone_R3_R11(dao: Dao) -> None:
    dao.execute(executable(dao, "setAttestors", people(dao, 2), 2))
    message, _ = dao.batch_message(crowd(dao, 1))
    old = attestors(dao)[:2]
    refused(
        dao,
        lambda: publish(dao, message, signatures(dao, message, *old)),
        "DatasetRegistry_NotAttestor",
        old[0].address,
        2,
    )
    new = ascending(dao.who(f"scorer-{i}") for i in range(2))
    assert publish(dao, message, signatures(dao, message, *new)).value == 2


@pytest.mark.parametrize(("count", "threshold"), [(1, 1), (32, 1), (32, 32)])
def test_set_attestors__smallest_and_largest_sets__accepted_and_able_to_publish(
    dao: Dao, count: int, threshold: int
) -> None:
    dao.execute(executable(dao, "setAttestors", people(dao, count), threshold))
    message, _ = dao.batch_message(crowd(dao, 1))
    signers = ascending(dao.who(f"scorer-{i}") for i in range(count))[:threshold]
    publish(dao, message, signatures(dao, message, *signers))


@pytest.mark.parametrize(("count", "threshold"), [(0, 0), (0, 1), (2, 0), (2, 3), (33, 1), (2, 2**256 - 1)])
def test_set_attestors__threshold_or_size_that_does_not_fit__refused_AB61(dao: Dao, count: int, threshold: int) -> None:
    proposal = executable(dao, "setAttestors", people(dao, count), threshold)
    refused(dao, lambda: dao.execute(proposal), "DatasetRegistry_InvalidThreshold", threshold, count, 32)


def test_set_attestors__unsorted_repeated_or_zero__refused_AB61_AB54(dao: Dao) -> None:
    a, b = (address for address, _ in people(dao, 2))
    member = voter(dao)
    cases = [
        ([b, a], (b, a)),
        ([a, a], (a, a)),
        ([ADDRESS_ZERO, a], (ADDRESS_ZERO, ADDRESS_ZERO)),
        ([a, ADDRESS_ZERO], (a, ADDRESS_ZERO)),
    ]
    proposals = [
        dao.propose(member, (dao.registry, "setAttestors", ([(s, KEY) for s in signers], 1)), text=str(i))
        for i, (signers, _) in enumerate(cases)
    ]
    dao.to_vote(proposals[0].id)
    for proposal in proposals:
        dao.vote(proposal.id, member)
    dao.to_end_of_vote(proposals[0].id)
    for proposal in proposals:
        dao.queue(proposal)
    dao.chain.warp(2 * 86_400)
    for proposal, (_, error) in zip(proposals, cases, strict=True):
        refused(dao, lambda p=proposal: dao.execute(p), "DatasetRegistry_SignersNotAscending", *error)


def test_set_attestors__without_an_encryption_key__refused(dao: Dao) -> None:
    (first, _), (second, _) = people(dao, 2)
    proposal = executable(dao, "setAttestors", [(first, KEY), (second, bytes(32))], 1)
    refused(dao, lambda: dao.execute(proposal), "DatasetRegistry_ZeroKey", second)


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "attestor-0", "custodian-0", "founder"])
def test_set_attestors__by_anyone_but_the_timelock__refused_AB57(dao: Dao, who: str) -> None:
    voter(dao)
    caller = dao.who(who).address
    refused(
        dao,
        lambda: dao.registry.setAttestors([(caller, KEY)], 1, sender=caller),
        "DatasetRegistry_NotTimelock",
        caller,
    )
