"""A pulled brake blocks exactly publish, activate, request, accept and approve; everything else goes on (G-8, AB-26).

Each entry is tried while the pause lasts, in its last second, and at its end; each way out is tried while it lasts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.dao import AGAINST, FOR, HPKE_KEY, Batch, Dao, Proposal, leaf
from assurance.harness.dao.governance import ballot, refused, text_proposal, warp_to
from assurance.harness.dao.system import DAY, Actor
from datadao.types import Leaf

PAUSE = 3 * DAY


@dataclass
class World:
    """A DAO in the middle of its life, just braked: every entry and every way out has something to act on."""

    dao: Dao
    voter: Actor
    licensee: Actor
    claimed: tuple[Batch, Leaf]
    unclaimed: tuple[Batch, Leaf]
    waiting: Batch
    fresh: Batch
    running: int
    approved: int
    defeated: int
    pending: int
    decided: Proposal
    ordinary: Proposal

    @property
    def relayer(self) -> str:
        return self.dao.who("relayer").address

    @property
    def guardian(self) -> str:
        return self.dao.actors["guardian"].address


def world(dao: Dao) -> World:
    voter, licensee = dao.who("founder"), dao.who("licensee")
    own, late = leaf(voter, "own", 300), leaf(dao.who("late"), "late")
    claimed = dao.contribute(own)
    unclaimed = dao.publish([late])
    dao.activate(unclaimed)
    cheap = dao.terms(periods=1, pricePerPeriod=1_000_000, bond=1_000_000)
    dao.govern(voter, dao.leases, "createOffer", cheap, ADDRESS_ZERO, 5, dao.chain.timestamp + 60 * DAY)

    terms = dao.terms(periods=2, periodLength=7 * DAY)
    (running, first), (approved, second) = dao.request(licensee, terms), dao.request(licensee, terms)
    dao.to_vote(second.id)
    dao.vote(first.id, voter)
    dao.vote(second.id, voter)
    dao.to_end_of_vote(second.id)
    for proposal in (first, second):
        dao.queue(proposal)
        dao.execute(proposal)
    dao.deliver(running)

    (defeated, lost), (_, decided) = dao.request(licensee, terms), dao.request(licensee, terms)
    ordinary = dao.propose(voter, (dao.governor, "setVotingDelay", (2 * DAY,)), text="ordinary")
    dao.to_vote(ordinary.id)
    dao.vote(lost.id, voter, support=AGAINST)
    for proposal in (decided, ordinary):
        dao.vote(proposal.id, voter)
    dao.to_end_of_vote(ordinary.id)
    for proposal in (decided, ordinary):
        dao.queue(proposal)
    dao.chain.warp(DAY)
    waiting = dao.publish([leaf(dao.who("newcomer"), "waiting", 5)])
    dao.chain.warp(DAY)
    fresh = dao.publish([leaf(dao.who("newcomer"), "fresh", 5)])
    pending, _ = dao.request(licensee, terms)
    dao.brake.pull(sender=dao.actors["guardian"].address)
    return World(
        dao,
        voter,
        licensee,
        (claimed, own),
        (unclaimed, late),
        waiting,
        fresh,
        running,
        approved,
        defeated,
        pending,
        decided,
        ordinary,
    )


def accept(w: World) -> Any:
    w.dao.fund(w.licensee, 2_000_000, w.dao.leases)
    return w.dao.leases.accept(1, HPKE_KEY, 2_000_000, sender=w.licensee.address)


ENTRIES: dict[str, Callable[[World], Any]] = {
    "publish": lambda w: w.dao.publish([leaf(w.dao.who("newcomer"), f"entry at {w.dao.chain.timestamp}")]),
    "activate": lambda w: w.dao.registry.activate(w.waiting.id, sender=w.relayer),
    "request": lambda w: w.dao.request(w.licensee),
    "accept": accept,
    "approve": lambda w: w.dao.governor.execute(*w.decided.action, sender=w.relayer),
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_brake__pulled__blocks_this_entry_to_the_last_second(dao: Dao, entry: str) -> None:
    w = world(dao)
    end = dao.brake.pulledUntil()
    assert end == dao.chain.timestamp + PAUSE
    for now in (dao.chain.timestamp, end - 1):
        warp_to(dao, now)
        batches = dao.registry.batchCount()
        refused(dao, lambda: ENTRIES[entry](w), "EmergencyBrake_Pulled", end, watch=[w.decided.id])
        assert dao.registry.batchCount() == batches
    warp_to(dao, end)
    ENTRIES[entry](w)


def vote(w: World) -> None:
    dao = w.dao
    proposal = text_proposal(dao, w.voter, "during the pause")
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, dao.who("stranger"), support=AGAINST)
    signature = ballot(dao, proposal.id, FOR, w.voter)
    dao.governor.castVoteBySig(proposal.id, FOR, w.voter.address, signature, sender=w.relayer)
    assert dao.governor.proposalVotes(proposal.id)[FOR] == 300 * 10**9


def instalment(w: World) -> None:
    w.dao.chain.warp(DAY // 2)
    w.dao.leases.startPeriod(w.running, sender=w.relayer)
    assert w.dao.leases.lease(w.running).paidPeriods == 2


def refund(w: World, call: Callable[[], Any], payee: str) -> None:
    before = w.dao.asset.balanceOf(payee)
    call()
    assert w.dao.asset.balanceOf(payee) == before + 300_000_000


def income(w: World) -> None:
    before = w.dao.asset.balanceOf(w.voter.address)
    w.dao.splitter.claim(w.voter.address, [0, 1], sender=w.relayer)
    assert w.dao.asset.balanceOf(w.voter.address) > before


def overdue(w: World) -> None:
    """An erasure before the pause, unacknowledged for the whole window."""
    dao = w.dao
    dao.erase(*w.unclaimed)
    warp_to(dao, dao.brake.availableAt())
    dao.chain.warp(5 * DAY)
    dao.brake.pull(sender=w.guardian)
    assert dao.leases.isOverdue(w.running)
    dao.leases.slashUnacknowledged(w.running, sender=w.relayer)


def bond(w: World) -> None:
    dao = w.dao
    dao.leases.end(w.running, sender=w.licensee.address)
    dao.chain.warp(7 * DAY + 90 * DAY)
    dao.brake.pull(sender=w.guardian)
    dao.leases.settle(w.running, sender=w.relayer)
    dao.leases.releaseBond(w.running, sender=w.relayer)


def terminate(w: World) -> None:
    """A termination decided before is carried out during a pause."""
    dao = w.dao
    warp_to(dao, dao.brake.availableAt())
    proposal = dao.propose(w.voter, (dao.leases, "terminate", (w.running, 0)), text="terminate")
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, w.voter)
    dao.to_end_of_vote(proposal.id)
    dao.brake.pull(sender=w.guardian)
    dao.queue(proposal)
    dao.execute(proposal)


def model(w: World) -> None:
    dao = w.dao
    owner = w.licensee.address
    made = dao.models.register([w.running], b"\x01" * 32, "uri", True, owner, sender=owner).value
    dao.fund(w.licensee, 1_000, dao.models)
    dao.models.pay(made, 1_000, sender=owner)


WAYS: dict[str, Callable[[World], Any]] = {
    "deposit": lambda w: w.dao.deposit(1, 1_000_000),
    "claim income": income,
    "claim income elsewhere": lambda w: w.dao.splitter.claimTo(w.relayer, [1], sender=w.voter.address),
    "claim a contribution": lambda w: w.dao.claim(*w.unclaimed),
    "erase a claimed contribution": lambda w: w.dao.erase(*w.claimed),
    "erase an unclaimed contribution": lambda w: w.dao.erase(*w.unclaimed),
    "veto": lambda w: w.dao.registry.veto(w.fresh.id, sender=w.guardian),
    "propose and vote, in person and by signature": vote,
    "delegate": lambda w: w.dao.token.delegate(w.relayer, sender=w.voter.address),
    "execute": lambda w: w.dao.governor.execute(*w.ordinary.action, sender=w.relayer),
    "cancel": lambda w: w.dao.governor.cancel(*w.decided.action, sender=w.guardian),
    "withdraw": lambda w: w.dao.leases.withdraw(w.pending, sender=w.licensee.address),
    "refund": lambda w: refund(w, lambda: w.dao.leases.claimRefund(w.defeated, sender=w.relayer), w.licensee.address),
    "refund elsewhere": lambda w: refund(
        w, lambda: w.dao.leases.refundTo(w.defeated, w.relayer, sender=w.licensee.address), w.relayer
    ),
    "deliver": lambda w: w.dao.deliver(w.approved),
    "start": lambda w: w.dao.leases.start(w.approved, sender=w.licensee.address),
    "instalment": instalment,
    "end": lambda w: w.dao.leases.end(w.running, sender=w.licensee.address),
    "terminate": terminate,
    "acknowledge": lambda w: w.dao.leases.acknowledge(w.running, sender=w.licensee.address),
    "slash the unacknowledged": overdue,
    "settle, release the bond": bond,
    "rotate the key": lambda w: w.dao.leases.rotateKey(w.running, b"\x01" * 32, sender=w.licensee.address),
    "close an offer": lambda w: w.dao.leases.closeOffer(1, sender=w.guardian),
    "pay the treasury": lambda w: w.dao.leases.withdrawTreasury(sender=w.relayer),
    "register a model and pay": model,
}


def test_brake__pulled__blocks_nothing_else_G8(dao: Dao) -> None:
    w = world(dao)
    snapshot = dao.chain.snapshot()
    for name, way in WAYS.items():
        assert dao.brake.isPulled()
        way(w)
        assert dao.brake.isPulled(), f"{name}: done while the brake was pulled"
        dao.chain.revert(snapshot)
        snapshot = dao.chain.snapshot()


def test_brake__pulled__changes_no_answer_of_the_access_view(dao: Dao) -> None:
    w = world(dao)
    assert dao.leases.leaseAccess(w.running)[0]
    assert dao.leases.isAccessAllowed(1, w.licensee.address, 1)
    until = dao.leases.leaseAccess(w.running)[4]
    warp_to(dao, until - 1)
    assert dao.brake.isPulled() and dao.leases.leaseAccess(w.running)[0]
    warp_to(dao, until)
    assert dao.brake.isPulled() and not dao.leases.leaseAccess(w.running)[0]


def test_brake__pulled_again_and_again__leaves_a_decided_request_time_to_be_approved(dao: Dao) -> None:
    """Approved a second before it would expire, however the guardian times its pulls (EXPIRY > pause + cool-down)."""
    w = world(dao)
    eta = dao.governor.proposalEta(w.decided.id)
    expiry = eta + 14 * DAY
    assert dao.governor.EXPIRY() > dao.brake.PAUSE() + dao.brake.COOL_DOWN()
    warp_to(dao, dao.brake.availableAt())
    dao.brake.pull(sender=w.guardian)
    warp_to(dao, dao.brake.pulledUntil())
    assert dao.chain.timestamp < expiry
    dao.governor.execute(*w.decided.action, sender=w.relayer)
