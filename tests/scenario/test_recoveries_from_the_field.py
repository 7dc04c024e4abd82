"""Attacks on recoveries that happened elsewhere, each tried on a whole DAO with income (AB-91 to AB-93)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.succession import DELAY, bind, opened, signed, succeed
from assurance.harness.dao.system import DAY, Actor
from datadao.messages.heirs import OPEN, VETO

LATE = 2**48 - 1
INCOME = 10**9


class Family:
    """A member with shares and income, and three accounts that would like to have them."""

    def __init__(self) -> None:
        self.dao = dao = Dao()
        self.member, self.heir, self.other, self.thief = map(dao.who, ("member", "heir", "other", "thief"))
        dao.contribute(leaf(self.member, "all", units=600))
        dao.deposit(1, INCOME)

    def has(self, account: Actor) -> tuple[int, int, int]:
        """Tokens, shares and income."""
        dao, of = self.dao, account.address
        return dao.token.balanceOf(of), dao.splitter.sharesOf(1, of), dao.splitter.claimable(of, [1])

    def refused(self, act: Callable[[], object], error: str, *args: object) -> None:
        """Nothing of the member moved either."""
        before = self.has(self.member)
        with pytest.raises(Reverted) as caught:
            act()
        assert caught.value == Reverted(error, *args)
        assert self.has(self.member) == before and not any(self.has(self.thief))

    def wait(self, seconds: int) -> None:
        self.dao.chain.warp(seconds)


@pytest.fixture
def family() -> Family:
    return Family()


def test_recovery__by_an_heir_that_turned_thief__waits_out_the_delay_and_each_veto_costs_it_another_AB91(
    family: Family,
) -> None:
    """It opens in the second of its binding, and again as soon as it may; the member looks once in 59 days."""
    dao, member, thief = family.dao, family.member, family.thief
    due = opened(dao, member, thief)
    for _ in range(3):
        family.refused(lambda: succeed(dao, member, 1, by=thief), "DataToken_TooEarly", member.address, due)
        family.wait(due - 1 - dao.chain.timestamp)
        family.refused(lambda: succeed(dao, member, 1, by=thief), "DataToken_TooEarly", member.address, due)
        dao.token.vetoSuccession(sender=member.address)
        again = dao.chain.timestamp + DELAY * DAY
        early = lambda: dao.token.openSuccession(member.address, sender=thief.address)  # noqa: E731
        family.refused(early, "DataToken_TooEarly", member.address, again)
        family.wait(DELAY * DAY)
        dao.token.openSuccession(member.address, sender=thief.address)
        due = again + DELAY * DAY
    dao.token.unbindHeir(sender=member.address)
    family.wait(10 * DELAY * DAY)
    family.refused(lambda: succeed(dao, member, 1, by=thief), "DataToken_NoHeir", member.address)
    _, _, income = family.has(member)
    dao.splitter.claim(member.address, [1], sender=member.address)
    assert dao.asset.balanceOf(member.address) == income == INCOME - 1  # rounded down


@pytest.mark.parametrize("days", [0, 1, DELAY - 1])
def test_recovery__delay_of_nothing__cannot_be_bound_AB91(family: Family, days: int) -> None:
    tried = lambda: bind(family.dao, family.member, family.heir, days)  # noqa: E731
    family.refused(tried, "DataToken_InvalidDelay", days, DELAY, 365)


def test_recovery__old_signatures__open_and_veto_nothing_later_AB92(family: Family) -> None:
    dao, member, heir, thief = family.dao, family.member, family.heir, family.thief
    bind(dao, member, heir)
    opening = signed(dao, heir, OPEN, member.address, heir.address, 0, LATE)
    dao.token.openSuccessionBySig(member.address, 0, LATE, opening, sender=thief.address)
    second = dao.chain.timestamp
    veto = signed(dao, member, VETO, member.address, second)
    family.wait(DAY)
    dao.token.vetoSuccessionBySig(member.address, second, veto, sender=thief.address)
    family.wait(DELAY * DAY)
    # The heir does not ask again; a thief that would like to see it moved sends what was signed.
    again = lambda: dao.token.openSuccessionBySig(member.address, 0, LATE, opening, sender=thief.address)  # noqa: E731
    family.refused(again, "InvalidAccountNonce", heir.address, 1)
    dao.token.openSuccession(member.address, sender=heir.address)
    # Now the key is lost, and the old veto is sent to keep the heir out for ever.
    stale = lambda: dao.token.vetoSuccessionBySig(member.address, second, veto, sender=thief.address)  # noqa: E731
    family.refused(stale, "DataToken_NotOpen", member.address, second)
    family.wait(DELAY * DAY)
    moved = family.has(member)
    succeed(dao, member, 1, by=heir)
    assert (family.has(member), family.has(heir)) == ((0, 0, 0), moved)


@pytest.mark.parametrize("gap", [0, 1, DELAY * DAY - 1])
def test_recovery__heir_exchanged_while_it_runs__the_old_one_ends_and_the_new_one_waits_AB93(
    family: Family, gap: int
) -> None:
    dao, member, heir, other = family.dao, family.member, family.heir, family.other
    due = opened(dao, member, heir)
    family.wait(gap)
    bind(dao, member, other)
    family.wait(due - dao.chain.timestamp)
    family.refused(lambda: succeed(dao, member, 1, by=heir), "DataToken_NotOpen", member.address, 0)
    refused_open = lambda: dao.token.openSuccession(member.address, sender=heir.address)  # noqa: E731
    family.refused(refused_open, "DataToken_NotHeir", heir.address, other.address)
    dao.token.openSuccession(member.address, sender=other.address)
    due = dao.chain.timestamp + DELAY * DAY
    family.wait(DELAY * DAY - 1)
    family.refused(lambda: succeed(dao, member, 1, by=other), "DataToken_TooEarly", member.address, due)


def test_recovery__the_heir_is_itself_succeeded_while_it_runs__its_holder_gets_no_shorter_delay_AB93(
    family: Family,
) -> None:
    dao, member, heir, other = family.dao, family.member, family.heir, family.other
    opened(dao, heir, other)
    family.wait(DELAY * DAY - 1)
    due = opened(dao, member, heir)
    family.wait(1)
    succeed(dao, heir, by=other)
    family.refused(lambda: succeed(dao, member, 1, by=other), "DataToken_TooEarly", member.address, due)
    family.wait(due - dao.chain.timestamp)
    moved = family.has(member)
    succeed(dao, member, 1, by=other)
    assert (family.has(heir), family.has(other)) == ((0, 0, 0), moved)
