"""DatasetRegistry.erase: a contributor takes its data back, whenever, whatever (R-8; DESIGN 3.3).

given an activated batch
    claimed: shares leave both pools, tokens burn, income so far stays claimable
    unclaimed: the same from the pending shares, and the fingerprint is spent
    paused, during votes, under a running lease, asleep: no difference
    by anyone but the contributor, twice, or for a fingerprint recorded elsewhere: refused
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from assurance.harness.dao.dao import Batch, Dao, changed, leaf, renumbered
from assurance.harness.dao.registry import CLAIMED, ERASED, UNIT, crowd, event, live, refused, state, voter
from assurance.harness.dao.system import DAY
from datadao.types import Leaf


def included(dao: Dao, batch: Batch, item: Leaf) -> bool:
    return bool(dao.registry.isIncluded(batch.id, tuple(item), batch.proof(item)))


@pytest.mark.parametrize("claimed", [True, False])
def test_erase__by_the_contributor__shares_and_tokens_go_and_income_stays_R8(dao: Dao, claimed: bool) -> None:
    leaves = crowd(dao, 4)
    item = leaves[1]
    batch = live(dao, leaves, *([item] if claimed else []))
    dao.deposit(1, 4_000_000)
    dao.deposit(0, 400_000)
    assert included(dao, batch, item)
    before = state(dao, leaves)
    receipt = dao.erase(batch, item, proof=[] if claimed else None)
    assert event(receipt, "ContributionErased").args == {
        "batchId": batch.id,
        "contributor": item.contributor,
        "fingerprint": item.fingerprint,
        "shares": 10 * UNIT,
        "burned": 10 * UNIT,
    }
    assert dao.registry.contribution(item.fingerprint) == SimpleNamespace(
        status=ERASED, contributor=item.contributor, batchId=batch.id, shares=10 * UNIT
    )
    assert not included(dao, batch, item)
    after = state(dao, leaves)
    assert after["supply"][0] == 30 * UNIT
    assert after["supply"][1] == 30 * UNIT, "the registry holds the three unclaimed ones either way"
    assert [p[1] for p in after["pools"]] == [30 * UNIT] * 2
    assert [p[0] for p in after["pools"]] == [p[0] for p in before["pools"]]
    assert after["batches"][0].unresolvedCount == 3
    assert after["datasets"][0].erasures == 1
    assert dao.token.balanceOf(item.contributor) == dao.token.getVotes(item.contributor) == 0
    assert dao.splitter.sharesOf(1, item.contributor) == dao.splitter.sharesOf(0, item.contributor) == 0
    assert dao.splitter.claim(item.contributor, [0, 1], sender=item.contributor).value == sum(
        # A quarter of each deposit, rounded down once for the pool and once for the member.
        10 * UNIT * (amount * 2**64 // (40 * UNIT)) // 2**64
        for amount in (4_000_000, 400_000)
    )
    dao.deposit(1, 3_000_000)
    assert dao.splitter.claimable(item.contributor, [0, 1]) == 0, "nothing after it (S-5)"


def test_erase__twice__refused(dao: Dao) -> None:
    leaves = crowd(dao, 2)
    batch = live(dao, leaves, leaves[0])
    for item in leaves:
        dao.erase(batch, item)
        refused(
            dao, lambda i=item: dao.erase(batch, i), "DatasetRegistry_AlreadyErased", item.fingerprint, watch=leaves
        )


@pytest.mark.parametrize("claimed", [True, False])
def test_erase__erased_data__can_neither_be_claimed_nor_signed_in_again_R6(dao: Dao, claimed: bool) -> None:
    (item,) = leaves = crowd(dao, 1)
    batch = live(dao, leaves, *(leaves if claimed else []))
    dao.erase(batch, item)
    again = live(dao, leaves)
    for target in (batch, again):
        refused(
            dao,
            lambda t=target: dao.claim(t, item),
            "DatasetRegistry_FingerprintUsed",
            item.fingerprint,
            watch=leaves,
        )
        assert not included(dao, target, item)


@pytest.mark.parametrize("claimed", [True, False])
@pytest.mark.parametrize("who", ["stranger", "relayer", "guardian", "attestor-0", "custodian-0", "member-1"])
def test_erase__by_anyone_else__refused(dao: Dao, who: str, claimed: bool) -> None:
    leaves = crowd(dao, 2)
    batch = live(dao, leaves, *(leaves if claimed else []))
    item, caller = leaves[0], dao.who(who).address
    refused(
        dao,
        lambda: dao.registry.erase(batch.id, tuple(item), batch.proof(item), sender=caller),
        "DatasetRegistry_NotContributor",
        caller,
        item.contributor,
        watch=leaves,
    )
    # Naming oneself as the contributor fails at the record or at the proof.
    posing = changed(item, contributor=caller)
    reason = (
        ("DatasetRegistry_RecordedElsewhere", item.fingerprint, batch.id, item.contributor)
        if claimed
        else ("DatasetRegistry_InvalidProof", batch.id, dao.registry.leafOf(batch.id, tuple(posing)))
    )
    refused(
        dao,
        lambda: dao.registry.erase(batch.id, tuple(posing), batch.proof(item), sender=caller),
        *reason,
        watch=[*leaves, posing],
    )


def test_erase__unclaimed_without_a_proof__refused(dao: Dao) -> None:
    leaves = crowd(dao, 2)
    batch = live(dao, leaves)
    bad = dao.registry.leafOf(batch.id, tuple(leaves[0]))
    refused(
        dao,
        lambda: dao.erase(batch, leaves[0], proof=[]),
        "DatasetRegistry_InvalidProof",
        batch.id,
        bad,
        watch=leaves,
    )


def test_erase__fingerprint_recorded_by_another_batch__refused_and_the_first_unharmed_R12(dao: Dao) -> None:
    (item,) = leaves = crowd(dao, 1)
    batch = live(dao, leaves, item)
    copy = changed(item, contributor=dao.who("copier").address)
    for second, who in ((live(dao, leaves), item), (live(dao, [copy]), copy)):
        refused(
            dao,
            lambda s=second, w=who: dao.erase(s, w),
            "DatasetRegistry_RecordedElsewhere",
            item.fingerprint,
            batch.id,
            item.contributor,
            watch=[item, copy],
        )
    assert dao.registry.contribution(item.fingerprint).status == CLAIMED
    assert included(dao, batch, item)


def test_erase__batch_that_does_not_exist__refused(dao: Dao) -> None:
    (item,) = leaves = crowd(dao, 1)
    batch = live(dao, leaves)
    refused(dao, lambda: dao.erase(renumbered(batch, 2), item), "DatasetRegistry_UnknownBatch", 2)


@pytest.mark.parametrize("claimed", [True, False])
def test_erase__brake_pulled_vote_running_lease_running__accepted_R8_B16(dao: Dao, claimed: bool) -> None:
    member = voter(dao)
    leaves = crowd(dao, 2, units=20)
    batch = live(dao, leaves, *(leaves if claimed else []))
    lease, proposal = dao.request(dao.who("licensee"))
    dao.pass_(proposal, member)
    dao.deliver(lease)
    vote = dao.propose(member, (dao.registry, "discard", (9,)))
    dao.to_vote(vote.id)
    if claimed:
        dao.vote(vote.id, dao.who("member-0"))
    dao.brake.pull(sender=dao.actors["guardian"].address)
    before = dao.splitter.claimable(leaves[0].contributor, [0, 1])
    tally = dao.governor.proposalVotes(vote.id)
    dao.erase(batch, leaves[0])
    assert not included(dao, batch, leaves[0])
    assert included(dao, batch, leaves[1])
    assert dao.governor.proposalVotes(vote.id) == tally, "votes cast on the snapshot stay cast"
    assert dao.splitter.claimable(leaves[0].contributor, [0, 1]) >= before
    assert dao.leases.leaseAccess(lease)[0], "paid access goes on, to the data that is left"


@pytest.mark.parametrize("claimed", [True, False])
def test_erase__asleep__burns_what_is_in_supply_and_nothing_more_R12(dao: Dao, claimed: bool) -> None:
    leaves = crowd(dao, 2)
    batch = live(dao, leaves, *(leaves[:1] if claimed else []))
    dao.chain.warp(dao.registry.claimPeriod())
    dao.registry.sleep(batch.id, sender=leaves[0].contributor)
    supply = dao.token.totalSupply()
    receipt = dao.erase(batch, leaves[0])
    burned = 10 * UNIT if claimed else 0
    assert event(receipt, "ContributionErased").args["burned"] == burned
    assert dao.token.totalSupply() == supply - burned
    assert dao.splitter.pool(1)[1] == dao.splitter.pool(0)[1] == 10 * UNIT


def test_erase__leaf_that_could_never_be_claimed__leaves_a_tombstone_and_burns_nothing(dao: Dao) -> None:
    poor, good = crowd(dao, 2)
    leaves = [changed(poor, quality=4_999), good]
    batch = dao.publish(leaves, totalShares=10 * UNIT)
    dao.activate(batch)
    receipt = dao.erase(batch, leaves[0])
    args = event(receipt, "ContributionErased").args
    assert (args["shares"], args["burned"]) == (0, 0)
    assert dao.registry.batch(batch.id).unresolvedShares == 10 * UNIT
    dao.claim(batch, good)


def test_erase__counted_by_time__is_a_step_function_of_it(dao: Dao) -> None:
    leaves = crowd(dao, 3)
    batch = live(dao, leaves, *leaves[:2])
    times = []
    for item in leaves:
        dao.chain.warp(DAY)
        dao.erase(batch, item)
        times.append(dao.chain.timestamp)
    at = dao.registry.erasuresAt
    assert [at(1, t) for t in times] == [1, 2, 3]
    assert [at(1, t - 1) for t in times] == [0, 1, 2]
    assert (at(1, 0), at(1, 2**48 - 1), at(2, times[-1])) == (0, 3, 0)


def test_erase__several_in_one_second__are_all_counted_in_it(dao: Dao) -> None:
    leaves = crowd(dao, 3)
    batch = live(dao, leaves)
    for item in leaves:
        dao.erase(batch, item)
    now = dao.chain.timestamp
    assert (dao.registry.erasuresAt(1, now), dao.registry.erasuresAt(1, now - 1)) == (3, 0)


def test_erase__one_of_several_contributions__keeps_the_others(dao: Dao) -> None:
    owner = dao.who("collector")
    leaves = [leaf(owner, f"part {i}", i + 1) for i in range(3)]
    batch = live(dao, leaves, *leaves)
    dao.erase(batch, leaves[1])
    assert dao.token.balanceOf(owner.address) == 4 * UNIT
    assert dao.splitter.sharesOf(1, owner.address) == dao.splitter.sharesOf(0, owner.address) == 4 * UNIT
    assert [included(dao, batch, item) for item in leaves] == [True, False, True]
