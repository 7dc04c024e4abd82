"""What those with a role can do at worst: the licensee votes, the guardian traps, the first contributor captures,
attestors collude for an epoch (AB-16, AB-18, AB-21, AB-26, R-11, G-8, G-11). The deployer is in `tests/deployer`.
"""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import AGAINST, CANCELED, DEFEATED, FOR, SUCCEEDED, Dao, leaf
from assurance.harness.dao.governance import FLOOR, TOKEN, founder, member, refused, text_proposal, warp_to
from assurance.harness.dao.registry import LAPSED, activate_now, ascending, next_epoch_at, publish
from assurance.harness.dao.system import DAY


def test_licensee_outvoting__its_address_does_not_vote_on_its_own_request_AB06_B13(dao: Dao) -> None:
    """By address: good manners, not a defence. Delegated in time, the same tokens vote."""
    licensee, members = member(dao, "licensee", 260), [member(dao, f"member-{i}", 110) for i in range(2)]
    lease, own = dao.request(licensee)
    dao.to_vote(own.id)
    refused(
        dao,
        lambda: dao.vote(own.id, licensee),
        "DataGovernor_LicenseeCannotVote",
        own.id,
        licensee.address,
        watch=[own.id],
    )
    dao.vote(own.id, *members, support=AGAINST)
    dao.to_end_of_vote(own.id)
    assert dao.governor.state(own.id) == DEFEATED
    dao.leases.claimRefund(lease, sender=licensee.address)
    assert dao.asset.balanceOf(licensee.address) == 420_000_000
    # What the rule does not reach, and says so.
    friend = dao.who("friend")
    dao.token.delegate(friend.address, sender=licensee.address)
    dao.chain.warp(1)
    _, again = dao.request(licensee)
    dao.to_vote(again.id)
    assert dao.governor.castVote(again.id, FOR, sender=friend.address).value == 260 * TOKEN


def test_guardian_trying_to_trap_claims__claims_refunds_and_erasure_go_on_and_voters_replace_it_G8_AB26_B17(
    dao: Dao,
) -> None:
    """It pulls whenever it can and cancels whatever it can; money and data leave, and so does the guardian."""
    guardian, voter, licensee = dao.actors["guardian"], dao.who("voter"), dao.who("licensee")
    own, spare = leaf(voter, "own", 299), leaf(voter, "spare", 1)
    batch = dao.contribute(own, spare)
    dao.deposit(1, 1_000_000)
    lease, request = dao.request(licensee)
    dao.brake.pull(sender=guardian.address)
    dao.governor.cancel(*request.action, sender=guardian.address)
    assert dao.splitter.claim(voter.address, [1], sender=guardian.address).value > 0
    dao.erase(batch, spare)
    warp_to(dao, dao.governor.proposalSnapshot(request.id))
    dao.leases.claimRefund(lease, sender=licensee.address)
    assert dao.asset.balanceOf(licensee.address) == 420_000_000

    disguised = dao.propose(
        voter, (dao.brake, "setGuardian", (voter.address, dao.chain.timestamp + 90 * DAY)), (dao.asset, "decimals", ())
    )
    dao.governor.cancel(*disguised.action, sender=guardian.address)
    assert dao.governor.state(disguised.id) == CANCELED
    plain = dao.propose(
        voter, (dao.brake, "setGuardian", (voter.address, dao.chain.timestamp + 90 * DAY)), text="brake only"
    )
    refused(
        dao,
        lambda: dao.governor.cancel(*plain.action, sender=guardian.address),
        "GovernorUnableToCancel",
        plain.id,
        guardian.address,
        watch=[plain.id],
    )
    dao.pass_(plain, voter)
    assert dao.brake.guardian() == voter.address
    refused(dao, lambda: dao.brake.pull(sender=guardian.address), "EmergencyBrake_NotGuardian", guardian.address)


def test_guardian_pulling_at_every_chance__blocks_less_than_a_third_of_the_time_AB26(dao: Dao) -> None:
    guardian, blocked, begin = dao.actors["guardian"].address, 0, dao.chain.timestamp
    while dao.brake.isGuardian(guardian):
        dao.brake.pull(sender=guardian)
        blocked += dao.brake.pulledUntil() - dao.chain.timestamp
        refused(dao, lambda: dao.brake.pull(sender=guardian), "EmergencyBrake_CoolingDown", dao.brake.availableAt())
        warp_to(dao, dao.brake.availableAt())
    assert dao.chain.timestamp - begin >= 365 * DAY
    assert blocked * 10 == 3 * (dao.chain.timestamp - begin)
    assert not dao.brake.isPulled()
    refused(dao, lambda: dao.brake.pull(sender=guardian), "EmergencyBrake_NotGuardian", guardian)


@pytest.mark.parametrize("units", [1, 100, 249])
def test_new_dao_captured_by_its_first_contributor__the_floor_holds_G11(dao: Dao, units: int) -> None:
    """All of supply, and no proposal passes: the floor asks for data that others still have to bring."""
    first = member(dao, "first", units)
    assert dao.token.totalSupply() == units * TOKEN
    thief = dao.propose(first, (dao.registry, "setAttestors", ([(first.address, b"\x01" * 32)], 1)), text="mine")
    grab = dao.propose(first, (dao.asset, "transfer", (first.address, 0)), text="grab")
    dao.to_vote(thief.id)
    for proposal in (thief, grab):
        dao.vote(proposal.id, first)
        assert dao.governor.proposalQuorum(proposal.id) == FLOOR
    dao.to_end_of_vote(thief.id)
    assert dao.governor.state(thief.id) == dao.governor.state(grab.id) == DEFEATED
    # The exit: more data. Supply that grows to the floor can decide, and at twice the floor the floor is gone.
    others = [member(dao, f"other-{i}", 130) for i in range(2)]
    answer = text_proposal(dao, others[0], "we are many")
    dao.to_vote(answer.id)
    dao.vote(answer.id, *others)
    dao.to_end_of_vote(answer.id)
    assert dao.governor.state(answer.id) == SUCCEEDED


def test_new_dao__unclaimed_data_counts_against_its_early_claimers_G11_AB53(dao: Dao) -> None:
    """Supply counts what was accepted: who claims first does not rule those who have not turned up."""
    early = dao.who("early")
    items = [leaf(early, "early", 40), *(leaf(dao.who(f"absent-{i}"), f"absent {i}", 100) for i in range(5))]
    batch = dao.publish(items)
    dao.activate(batch)
    dao.claim(batch, items[0])
    dao.chain.warp(1)
    grab = text_proposal(dao, early, "grab")
    dao.to_vote(grab.id)
    dao.vote(grab.id, early)
    assert dao.governor.proposalQuorum(grab.id) == 54 * TOKEN
    dao.to_end_of_vote(grab.id)
    assert dao.governor.state(grab.id) == DEFEATED


def test_attestors_colluding_for_one_epoch_then_removed__mint_no_more_than_the_cap_and_nothing_after_R11(
    dao: Dao,
) -> None:
    """Two of three invent data. The epoch's cap bounds what they mint; a vote removes them, and what they signed and
    published before goes dead with their set."""
    voter, thief = founder(dao), dao.who("thief")
    corrupt = [dao.actors["attestor-0"], dao.actors["attestor-1"]]
    warp_to(dao, next_epoch_at(dao))
    cap, left, epoch_end = dao.registry.epochCap()
    assert cap == left == 2_000 * TOKEN
    batches = [dao.publish([leaf(thief, f"invented {i}", units)]) for i, units in enumerate((2_000, 1))]
    dao.activate(batches[0])
    assert dao.token.totalSupply() == 300 * TOKEN + cap
    with pytest.raises(Reverted) as caught:
        activate_now(dao, batches[1])
    assert caught.value == Reverted("DatasetRegistry_EpochCapReached", TOKEN, 0, epoch_end)

    # Unclaimed, it does not vote, but it counts for the quorum: 230 of 2,300, which the honest member still has.
    honest = sorted(dao.who(f"new-attestor-{i}").address.lower() for i in range(2))
    dao.govern(voter, dao.registry, "setAttestors", [(a, b"\x01" * 32) for a in honest], 2)
    supply = dao.token.totalSupply()
    assert supply == 300 * TOKEN + cap
    for _ in range(3):
        with pytest.raises(Reverted) as caught:
            activate_now(dao, batches[1])
        assert caught.value == Reverted("DatasetRegistry_WrongBatchStatus", batches[1].id, LAPSED)
        message, _ = dao.batch_message([leaf(thief, "after removal", 1)])
        signed = dao.sign_batch(message, corrupt)
        with pytest.raises(Reverted) as caught:
            publish(dao, message, signed)
        first = ascending(corrupt)[0].address
        assert caught.value == Reverted("DatasetRegistry_NotAttestor", first, dao.registry.attestorSetVersion())
        dao.chain.warp(7 * DAY)
    assert dao.token.totalSupply() == supply
