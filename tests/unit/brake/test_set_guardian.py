"""EmergencyBrake.setGuardian: the timelock, for a year at most, with the cool-down inherited (G-8)."""

from __future__ import annotations

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Event
from assurance.harness.dao.dao import QUEUED, Dao, Proposal
from assurance.harness.dao.governance import bring, founder, refused, settings, warp_to
from assurance.harness.dao.system import DAY, Actor

YEAR = 365 * DAY
PAUSE, COOL_DOWN = 3 * DAY, 7 * DAY


def due(dao: Dao, voter: Actor, guardian: str, lasts: int | None) -> tuple[Proposal, int]:
    """A proposal at its eta, for a term of `lasts` seconds from then; and that eta."""
    now = dao.chain.timestamp
    # Delay, one second, period, one second, timelock: the harness's own pace.
    eta = now + DAY + 3 * DAY + 1 + 2 * DAY
    until = 0 if lasts is None else eta + lasts
    proposal = dao.propose(voter, (dao.brake, "setGuardian", (guardian, until)), text=f"guardian at {now}")
    bring(dao, proposal, QUEUED, voter)
    assert dao.governor.proposalEta(proposal.id) == eta
    warp_to(dao, eta)
    return proposal, eta


@pytest.mark.parametrize("lasts", [1, 30 * DAY, YEAR])
def test_set_guardian__by_vote__replaces_guardian_and_term(dao: Dao, lasts: int) -> None:
    voter, old, new = founder(dao), dao.actors["guardian"].address, dao.who("new guardian").address
    assert dao.brake.MAX_TERM() == YEAR
    proposal, eta = due(dao, voter, new, lasts)
    before = settings(dao)
    receipt = dao.execute(proposal)
    appointed = {"guardian": new, "until": eta + lasts}
    assert receipt.events[0] == Event("GuardianAppointed", dao.brake.address, appointed)
    assert [e.name for e in receipt.events[1:]] == ["CallExecuted", "ProposalExecuted"]
    before["brake"] = (new, eta + lasts, 0)
    assert settings(dao) == before
    assert (dao.brake.isGuardian(old), dao.brake.isGuardian(new)) == (False, True)
    warp_to(dao, eta + lasts - 1)
    assert dao.brake.isGuardian(new)
    warp_to(dao, eta + lasts)
    assert not dao.brake.isGuardian(new)


@pytest.mark.parametrize("lasts", [-1, 0, YEAR + 1, 2**47])
def test_set_guardian__for_no_time_or_more_than_a_year__refused_G8(dao: Dao, lasts: int) -> None:
    voter, new = founder(dao), dao.who("new guardian").address
    proposal, eta = due(dao, voter, new, lasts)
    refused(
        dao,
        lambda: dao.execute(proposal),
        "EmergencyBrake_InvalidTerm",
        eta + lasts,
        eta + 1,
        eta + YEAR,
        watch=[proposal.id],
    )


@pytest.mark.parametrize("lasts", [None, 0, YEAR])
def test_set_guardian__to_the_zero_address__retires_the_brake(dao: Dao, lasts: int | None) -> None:
    voter = founder(dao)
    proposal, _ = due(dao, voter, ADDRESS_ZERO, lasts)
    dao.execute(proposal)
    assert not dao.brake.isGuardian(ADDRESS_ZERO)
    for who in (ADDRESS_ZERO, dao.actors["guardian"].address, voter.address):
        refused(dao, lambda a=who: dao.brake.pull(sender=a), "EmergencyBrake_NotGuardian", who)


def test_set_guardian__to_the_zero_address_for_more_than_a_year__refused(dao: Dao) -> None:
    voter = founder(dao)
    proposal, eta = due(dao, voter, ADDRESS_ZERO, YEAR + 1)
    refused(
        dao,
        lambda: dao.execute(proposal),
        "EmergencyBrake_InvalidTerm",
        eta + YEAR + 1,
        eta + 1,
        eta + YEAR,
        watch=[proposal.id],
    )


@pytest.mark.parametrize("who", ["guardian", "stranger", "founder", "deployer", "attestor-0"])
def test_set_guardian__by_anyone_but_the_timelock__refused(dao: Dao, who: str) -> None:
    """Above all not by the guardian: its term is not its own to renew."""
    founder(dao)
    caller = dao.who(who).address
    until = dao.chain.timestamp + DAY
    refused(
        dao,
        lambda: dao.brake.setGuardian(caller, until, sender=caller),
        "EmergencyBrake_NotTimelock",
        caller,
    )


def test_set_guardian__during_a_pause__neither_ends_it_nor_shortens_the_cool_down(dao: Dao) -> None:
    voter, new = founder(dao), dao.who("new guardian")
    proposal, eta = due(dao, voter, new.address, YEAR)
    dao.brake.pull(sender=dao.actors["guardian"].address)
    dao.execute(proposal)
    assert (dao.brake.isPulled(), dao.brake.pulledUntil()) == (True, eta + PAUSE)
    available = eta + PAUSE + COOL_DOWN
    for now in (eta, eta + PAUSE, available - 1):
        warp_to(dao, now)
        refused(dao, lambda: dao.brake.pull(sender=new.address), "EmergencyBrake_CoolingDown", available)
    warp_to(dao, available)
    dao.brake.pull(sender=new.address)


def test_set_guardian__to_the_same_one_again__renews_its_term(dao: Dao) -> None:
    voter, guardian = founder(dao), dao.actors["guardian"]
    dao.chain.warp(dao.brake.guardianUntil() - dao.chain.timestamp)
    assert not dao.brake.isGuardian(guardian.address)
    proposal, eta = due(dao, voter, guardian.address, YEAR)
    dao.execute(proposal)
    assert dao.brake.guardianUntil() == eta + YEAR
    dao.brake.pull(sender=guardian.address)
