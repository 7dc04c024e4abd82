"""Requests and their fates, offers, and leases that run."""

from __future__ import annotations

from eth_utils import keccak
from web3.constants import ADDRESS_ZERO

from assurance.bench.gas.meter import Figure, How, Meter
from assurance.bench.gas.world import Town, members
from assurance.harness.chain.anvil import Anvil
from assurance.harness.dao.dao import HPKE_KEY, Dao
from assurance.harness.dao.leases import ACK_WINDOW, BOND_DELAY, START_WINDOW, Market
from assurance.harness.dao.system import DAY

TEXT = "to train an open model of voting behaviour for academic research"
REQUEST = f"escrow and proposal, {len(TEXT)} bytes of text"
NEW_KEY = keccak(text="licensee's next key")


def admissions(chain: Anvil) -> list[Figure]:
    """A request by a licensee that was never here before, and an offer for many."""
    dao = Dao(chain=chain)
    meter, people = Meter(dao), members(dao)
    licensee, other = dao.who("licensee"), dao.who("other licensee")
    dao.request(other)
    terms = dao.terms()
    dao.fund(licensee, 10**12, dao.leases)
    dao.fund(other, 10**12, dao.leases)
    meter.send(dao.leases, "request", terms, HPKE_KEY, TEXT, by=licensee, case=REQUEST)
    meter.inside(dao.governor, "proposeLease", "in DataLeases.request")
    expiry = dao.chain.timestamp + 300 * DAY
    meter.decide(people[0], dao.leases, "createOffer", terms, ADDRESS_ZERO, 9, expiry, case="to anyone, nine seats")
    meter.send(dao.leases, "accept", 1, HPKE_KEY, 10**12, by=other, case="first seat of an offer")
    meter.send(dao.leases, "accept", 1, HPKE_KEY, 10**12, by=licensee, case="later seat of an offer")
    meter.send(dao.leases, "closeOffer", 1, by=dao.actors["guardian"], case="by the guardian")
    return meter.figures


def refunds(chain: Anvil) -> list[Figure]:
    """Requests that come to nothing."""
    town = Town(chain)
    dao, leases, meter, licensee = town.dao, town.dao.leases, Meter(town.dao), town.licensee
    first, _ = town.request()
    meter.send(leases, "withdraw", first, by=licensee, case="a pending request")
    second, _ = town.request()
    third, last = town.request()
    dao.to_end_of_vote(last.id)
    meter.send(leases, "refund", second, by=town.relayer, case="defeated")
    meter.send(leases, "claimRefund", second, by=licensee, case="after a refund, to an account without balance")
    meter.send(leases, "claimRefund", third, by=licensee, case="with its refund, to an account with balance")
    meter.send(
        leases, "refundTo", first, dao.who("refuge").address, by=licensee, case="with its refund, to a new account"
    )
    return meter.figures


def approvals(chain: Anvil) -> list[Figure]:
    """A lease from its approval to the return of its bond."""
    town = Town(chain)
    dao, leases, meter, licensee = town.dao, town.dao.leases, Meter(town.dao), town.licensee
    lease, proposal = town.request()
    town.queue(proposal)
    dao.chain.warp(2 * DAY)
    meter.take(leases, "approve", "not exclusive", dao.execute(proposal), How.EXECUTED)
    root = keccak(text="release")
    signatures = dao.readiness(lease, root, 0, 1, 2)
    arguments = lease, root, signatures
    meter.send(leases, "confirmDelivery", *arguments, by=town.relayer, case="3 signatures, with the first instalment")
    other = town.approved(dao.who("other licensee"))
    meter.send(leases, "start", other, by=dao.who("other licensee"), case="with the first instalment")
    meter.send(leases, "rotateKey", lease, NEW_KEY, by=licensee, case="another key")
    town.warp_to(town.paid_until(lease))
    meter.send(leases, "startPeriod", lease, by=town.relayer, case="the second of three")
    meter.send(leases, "end", lease, by=licensee, case="one period left")
    town.warp_to(town.paid_until(lease))
    meter.send(leases, "settle", lease, by=town.relayer, case="an ended lease")
    town.warp_to(town.paid_until(lease) + BOND_DELAY)
    meter.send(leases, "releaseBond", lease, by=town.relayer, case="the whole bond")
    meter.send(leases, "claimRefund", lease, by=licensee, case="bond and unpaid rent")
    meter.send(leases, "withdrawTreasury", by=town.relayer, case="first, to an account without balance")
    return meter.figures


def sanctions(chain: Anvil) -> list[Figure]:
    """Erasures that a licensee carries out or not, a termination, and an exclusive lease."""
    town = Town(chain)
    dao, leases, meter, licensee = town.dao, town.dao.leases, Meter(town.dao), town.licensee
    leavers = [town.new_member(f"leaver-{i}") for i in range(2)]
    lease = town.active()
    dao.erase(*leavers[0])
    dao.chain.warp(DAY)
    meter.send(leases, "acknowledge", lease, by=licensee, case="one erasure")
    dao.erase(*leavers[1])
    dao.chain.warp(ACK_WINDOW)
    meter.send(leases, "slashUnacknowledged", lease, by=town.relayer, case="first of its lease")
    meter.decide(town.founder, leases, "terminate", lease, 1_000, case="running, 10 % of the bond")
    _exclusive(meter, town)
    return meter.figures


def _exclusive(meter: Meter, town: Market) -> None:
    dao, leases = town.dao, town.dao.leases
    dao.chain.warp(60 * DAY)
    for lease in range(1, leases.leaseCount() + 1):
        leases.settle(lease, sender=town.stranger.address)
    lease, proposal = town.request(exclusive=True)
    town.queue(proposal)
    meter.send(leases, "reserve", lease, by=town.stranger, case="an exclusive lease that won its vote")
    dao.chain.warp(2 * DAY)
    meter.take(leases, "approve", "exclusive, reserved", dao.execute(proposal), How.EXECUTED)
    dao.chain.warp(START_WINDOW)
    meter.send(leases, "refund", lease, by=town.stranger, case="approved, never started")


PARTS = (admissions, refunds, approvals, sanctions)
