"""The access views: stable, never reverting, closed in every doubt (L-5). Their exact times are tested where time is:
test_start_period.py, test_end.py, test_terminate.py, test_acknowledge.py."""

from __future__ import annotations

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.dao import HPKE_KEY
from assurance.harness.dao.leases import PERIOD, Market
from assurance.harness.dao.system import DAY

HUGE = 2**256 - 1
CLOSED = (False, b"\0" * 32, 0, 0, 0)


@pytest.mark.parametrize("number", [0, 1, 2**32, 2**64, HUGE])
def test_views__ids_that_do_not_exist__are_closed_and_empty_and_never_revert(market: Market, number: int) -> None:
    leases, licensee = market.dao.leases, market.licensee.address
    assert leases.leaseAccess(number) == CLOSED
    assert not leases.isOverdue(number)
    assert not any(leases.isAccessAllowed(number, licensee, purpose) for purpose in (0, 1, HUGE))
    assert not leases.isAccessAllowed(number, ADDRESS_ZERO, 1)
    info = vars(leases.lease(number))
    assert info.pop("licensee") == ADDRESS_ZERO
    assert info.pop("hpkeKey") == b"\0" * 32
    assert not any(info.values())
    offer = vars(leases.offer(number))
    assert offer.pop("licensee") == ADDRESS_ZERO
    assert not any(offer.values())
    for terms, commons, treasury in (leases.leaseTerms(number), leases.offerTerms(number)):
        fields = vars(terms)
        assert fields.pop("agreementHash") == b"\0" * 32
        assert not any(fields.values())
        assert (commons, treasury) == (0, 0)
    assert leases.proposalOf(number) == ([], [], [], b"\0" * 32)
    assert leases.datasetLeases(number) == (0, 0, 0)
    assert leases.leasesOf(number, licensee) == [0] * 8


def test_access__purposes__all_bits_must_be_leased_and_none_is_none(market: Market) -> None:
    lease = market.active(purposes=2)
    leases, licensee = market.dao.leases, market.licensee.address
    assert leases.leaseAccess(lease) == (True, HPKE_KEY, 1, 2, market.now + PERIOD)
    answers = {purpose: leases.isAccessAllowed(1, licensee, purpose) for purpose in (0, 1, 2, 3, 4, 6, HUGE, 1 << 64)}
    assert answers == {0: False, 1: False, 2: True, 3: False, 4: False, 6: False, HUGE: False, 1 << 64: False}


def test_access__two_leases_of_one_purpose_each__never_add_up(market: Market) -> None:
    first = market.create_offer(purposes=1, days=300)
    second = market.create_offer(purposes=2, days=300)
    for offer in (first, second):
        market.send("start", market.accept(offer))
    leases, licensee = market.dao.leases, market.licensee.address
    assert leases.isAccessAllowed(1, licensee, 1)
    assert leases.isAccessAllowed(1, licensee, 2)
    assert not leases.isAccessAllowed(1, licensee, 3)


def test_access__another_account_or_dataset__closed(market: Market) -> None:
    market.active()
    other = market.second_dataset()
    leases, licensee = market.dao.leases, market.licensee.address
    assert leases.isAccessAllowed(1, licensee, 1)
    assert not leases.isAccessAllowed(other, licensee, 1)
    for who in ("stranger", "founder", "guardian", "rival"):
        assert not leases.isAccessAllowed(1, market.dao.who(who).address, 1)
    assert not leases.isAccessAllowed(1, leases.address, 1)
    assert not leases.isAccessAllowed(1, ADDRESS_ZERO, 1)


def test_access__before_the_first_instalment__closed_in_every_state_L5_B20(market: Market) -> None:
    lease, proposal = market.request()
    leases, licensee = market.dao.leases, market.licensee.address

    def closed() -> bool:
        return not leases.leaseAccess(lease)[0] and not leases.isAccessAllowed(1, licensee, 1)

    assert closed()
    market.queue(proposal)
    assert closed()
    market.dao.execute(proposal)
    assert closed()
    market.warp_to(market.lease(lease).startBy - 1)
    assert closed()
    market.send("start", lease)
    assert not closed()


@pytest.mark.parametrize("position", range(8))
def test_access__only_the_lease_at_one_position_of_the_list_is_open__found(market: Market, position: int) -> None:
    offer = market.create_offer(seats=8)
    ids = [market.accept(offer) for _ in range(8)]
    assert not market.dao.leases.isAccessAllowed(1, market.licensee.address, 1)
    market.send("start", ids[position])
    assert market.dao.leases.isAccessAllowed(1, market.licensee.address, 1)
    assert market.dao.leases.leasesOf(1, market.licensee.address)[7 - position] == ids[position]


def test_access__largest_numbers_there_can_be__are_listed_whole(market: Market) -> None:
    offer = market.create_offer(seats=8)
    _count_leases(market, 2**32 - 9)
    ids = [market.accept(offer) for _ in range(8)]
    assert ids == list(range(2**32 - 8, 2**32))
    assert market.dao.leases.leasesOf(1, market.licensee.address) == list(reversed(ids))
    market.send("start", ids[0])
    assert market.dao.leases.isAccessAllowed(1, market.licensee.address, 1)


def _count_leases(market: Market, count: int) -> None:
    """As if there had been so many. The slot is the one that holds what is owed and both counts."""
    chain, leases = market.dao.chain, market.dao.leases
    others = leases.offerCount() << 160 | leases.solvency()[1]
    for slot in range(64):
        if chain.storage(leases.address, slot) == others | leases.leaseCount() << 128:
            chain.set_storage(leases.address, slot, others | count << 128)
            assert leases.leaseCount() == count
            return
    raise AssertionError("no slot holds the number of leases")


def test_access__an_open_lease_never_falls_off_the_list(market: Market) -> None:
    """Nine more leases come and go; the long one stays found (AB-74 for lists)."""
    lease = market.active(periodLength=90 * DAY)
    offer = market.create_offer(seats=60, days=400, periodLength=7 * DAY, periods=1)
    for _ in range(9):
        short = market.accept(offer)
        market.send("start", short)
        market.warp_to(market.now + 8 * DAY)
        assert not market.lease(short).live
    assert lease in market.dao.leases.leasesOf(1, market.licensee.address)
    assert market.dao.leases.isAccessAllowed(1, market.licensee.address, 1)
    market.warp_to(market.paid_until(lease))
    assert not market.dao.leases.isAccessAllowed(1, market.licensee.address, 1)
