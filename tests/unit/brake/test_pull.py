"""EmergencyBrake.pull: the guardian, for 72 hours, not again until a week after (G-8, AB-26)."""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.governance import founder, only_events, refused, settings, warp_to
from assurance.harness.dao.system import DAY

PAUSE, COOL_DOWN = 3 * DAY, 7 * DAY


def pull(dao: Dao, who: str = "guardian"):
    return dao.brake.pull(sender=dao.who(who).address)


def test_pull__by_the_guardian__blocks_for_exactly_72_hours(dao: Dao) -> None:
    guardian, now = dao.actors["guardian"].address, dao.chain.timestamp
    assert (dao.brake.PAUSE(), dao.brake.COOL_DOWN()) == (PAUSE, COOL_DOWN)
    assert (dao.brake.isPulled(), dao.brake.pulledUntil(), dao.brake.availableAt()) == (False, 0, 0)
    dao.brake.requireReleased()
    before = settings(dao)
    receipt = pull(dao)
    only_events(receipt, (dao.brake, "Pulled", {"guardian": guardian, "until": now + PAUSE}))
    before["brake"] = (guardian, dao.brake.guardianUntil(), now + PAUSE)
    assert settings(dao) == before
    assert dao.brake.availableAt() == now + PAUSE + COOL_DOWN
    for passed, pulled in ((0, True), (PAUSE - 1, True), (PAUSE, False), (PAUSE + 1, False)):
        warp_to(dao, now + passed)
        assert dao.brake.isPulled() is pulled
        if pulled:
            with pytest.raises(Reverted) as caught:
                dao.brake.requireReleased()
            assert caught.value == Reverted("EmergencyBrake_Pulled", now + PAUSE)
        else:
            dao.brake.requireReleased()


def test_pull__again__not_before_a_week_after_it_ended(dao: Dao) -> None:
    pull(dao)
    available = dao.chain.timestamp + PAUSE + COOL_DOWN
    for now in (dao.chain.timestamp, available - COOL_DOWN - 1, available - COOL_DOWN, available - 1):
        warp_to(dao, now)
        refused(dao, lambda: pull(dao), "EmergencyBrake_CoolingDown", available)
    warp_to(dao, available)
    pull(dao)
    assert dao.brake.pulledUntil() == available + PAUSE


@pytest.mark.parametrize("who", ["stranger", "founder", "deployer", "attestor-0", "custodian-0"])
def test_pull__by_anyone_else__refused(dao: Dao, who: str) -> None:
    founder(dao)
    refused(dao, lambda: pull(dao, who), "EmergencyBrake_NotGuardian", dao.who(who).address)
    pull(dao)


def test_pull__to_the_last_second_of_the_term__and_the_pause_outlives_it_G8(dao: Dao) -> None:
    end = dao.brake.guardianUntil()
    warp_to(dao, end - 1)
    snapshot = dao.chain.snapshot()
    pull(dao)
    warp_to(dao, end + PAUSE - 2)
    assert dao.brake.isPulled(), "what was begun in the term ends by itself"
    dao.chain.warp(1)
    assert not dao.brake.isPulled()
    dao.chain.revert(snapshot)
    guardian = dao.actors["guardian"].address
    assert dao.brake.isGuardian(guardian)
    for now in (end, end + 1):
        warp_to(dao, now)
        assert not dao.brake.isGuardian(guardian)
        refused(dao, lambda: pull(dao), "EmergencyBrake_NotGuardian", guardian)


def test_pull__asked_of_the_timelock_by_a_proposal__refused(dao: Dao) -> None:
    """Voters have a slower and a stronger hand; the brake is the guardian's alone."""
    voter = founder(dao)
    proposal = dao.propose(voter, (dao.brake, "pull", ()))
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, voter)
    dao.to_end_of_vote(proposal.id)
    dao.queue(proposal)
    warp_to(dao, dao.governor.proposalEta(proposal.id))
    refused(dao, lambda: dao.execute(proposal), "EmergencyBrake_NotGuardian", dao.timelock.address, watch=[proposal.id])
