"""Random lives of a whole DAO in front of the leases' model: the steps. What must hold between them is said in
`tests/invariant/test_leases_machine.py`.

Every step asks the model first: it succeeds, or reverts with exactly this error. One founder carries or defeats every
vote, so that a vote costs three transactions; time jumps to the boundaries that leases, votes and offers have.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from eth_utils import keccak
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.support.dao import ACTIVE as VOTING
from tests.support.dao import AGAINST, FOR, HPKE_KEY, QUEUED, SUCCEEDED, Batch, Dao, Proposal, leaf
from tests.support.dao import PENDING as UNOPENED
from tests.support.handles import Receipt, Reverted
from tests.support.leases import ACTIVE, APPROVED, ENDED, NOBODY, PENDING
from tests.support.leases_model import EXPIRY, Dataset, Lease, Leases, Rules, Terms
from tests.support.system import DAY, Actor, config

HOME = 3
"""The founder's own dataset, which nobody leases and nobody erases: its votes."""
LEASED = (1, 2)
RULES = Rules(DAY, 2 * DAY, 2 * DAY, 8 * DAY, 5 * DAY, 1500, 4000, 60 * DAY)
CUTS = [(500, 500), (0, 3000), (333, 1)]
SHAPES = [
    # price, length, periods, bond: a plain one, odd amounts, a grant, a grant with a bond, one long period.
    (10_000, 7 * DAY, 4, 5_000),
    (1_003, 10 * DAY, 3, 777),
    (0, 9 * DAY, 2, 0),
    (0, 30 * DAY, 2, 1_000),
    (50_000, 30 * DAY, 1, 9_999),
]
"""What a lease may look like. Grants come from offers only."""

STANDING = [(0, 1, False), (1, 2, False), (3, 1, False), (0, 2, True), (2, 2, False)]
"""Offers of every life: shape, dataset, exclusive."""

picks = st.integers(0, 39)
callers = st.sampled_from(["self"] * 5 + ["rival", "stranger"])
offsets = st.sampled_from([-1, 0, 0, 1])


@dataclass
class Decision:
    """A decision of the timelock on its way."""

    proposal: Proposal
    eta: int
    carry_out: Callable[[], None]


def terms_of(shape: int, dataset: int, exclusive: bool, cuts: tuple[int, int]) -> Terms:
    price, length, periods, bond = SHAPES[shape]
    return Terms(dataset, price, length, periods, bond, exclusive, *cuts)


def given(dao: Dao, terms: Terms) -> dict[str, Any]:
    """As the contract takes them."""
    return dao.terms(
        datasetId=terms.dataset,
        pricePerPeriod=terms.price,
        periodLength=terms.length,
        periods=terms.periods,
        bond=terms.bond,
        exclusive=terms.exclusive,
    )


class World:
    """A DAO at the start of every life: data in two datasets, offers standing, licensees with money."""

    def __init__(self, twins: dict[str, str]) -> None:
        policy = dict(config().contracts["DatasetRegistry"]["params"]["policies"][0])
        policies = [policy | {"minPricePerPeriod": 1, "minBond": 0}] * 3
        self.dao = dao = Dao(
            config(
                DatasetRegistry__params__policies=policies,
                DataGovernor__params__votingPeriod="2 days",
                DataGovernor__params__lateQuorumExtension=0,
                DataLeases__params__minRequestEscrow=1,
                DataLeases__params__startWindow="8 days",
                DataLeases__params__ackWindow="5 days",
                DataLeases__params__ackSlashBps=1500,
                DataLeases__params__maxSlashBps=4000,
                DataLeases__params__bondDelay="60 days",
            ),
            twins=twins,
        )
        self.founder = dao.who("founder")
        dao.contribute(leaf(self.founder, "home", 1000), dataset=HOME)
        self.licensees = [dao.who(f"licensee-{i}") for i in range(3)]
        for licensee in self.licensees:
            dao.fund(licensee, 10**12, dao.leases)
        self.data: dict[int, list[tuple[Batch, Any]]] = {d: self.contribute(d, 2) for d in LEASED}
        self.offers = [(terms_of(i, d, sole, CUTS[0]), 50, dao.chain.timestamp + 900 * DAY) for i, d, sole in STANDING]
        actions = [
            (dao.leases, "createOffer", (given(dao, terms), NOBODY, seats, expiry))
            for terms, seats, expiry in self.offers
        ]
        dao.pass_(dao.propose(self.founder, *actions), self.founder)

    def contribute(self, dataset: int, count: int) -> list[tuple[Batch, Any]]:
        names = [f"{dataset}/{self.dao.chain.timestamp}/{i}" for i in range(count)]
        leaves = [leaf(self.dao.who(f"member-{i}"), name) for i, name in enumerate(names)]
        batch = self.dao.publish(leaves, dataset)
        self.dao.activate(batch)
        self.dao.chain.warp(1)
        return [(batch, item) for item in leaves]


def refusal_of(expect: Callable[[], Any]) -> Reverted | None:
    """What the model refuses with, if it does."""
    try:
        expect()
    except Reverted as refusal:
        return refusal
    return None


class LeasesMachine(RuleBasedStateMachine):
    twins: ClassVar[dict[str, str]] = {}
    flaw: ClassVar[int] = 0
    """Of `TwinLeases`, where that is the twin."""
    reached: ClassVar[Counter[str]] = Counter()
    worlds: ClassVar[dict[str, World]] = {}

    @initialize(first=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), min_size=2, max_size=5))
    def born(self, first: list[tuple[int, int]]) -> None:
        name = str(self.twins)
        if name not in self.worlds:
            self.worlds[name] = World(self.twins)
        self.world = self.worlds[name]
        self.dao = dao = self.world.dao
        self.checkpoint = dao.chain.snapshot()
        if self.flaw:
            dao.leases.setFlaw(self.flaw, sender=self.world.founder.address)
        self.founder, self.licensees = self.world.founder, self.world.licensees
        self.stranger, self.guardian = dao.who("stranger"), dao.who("guardian")
        self.data = {d: list(items) for d, items in self.world.data.items()}
        datasets = {d: Dataset(contributions=len(self.data[d])) for d in LEASED}
        self.model = Leases(RULES, lambda: dao.chain.timestamp, datasets, dao.leases.address)
        self.cuts = dict.fromkeys(LEASED, CUTS[0])
        self.money = {who.address: 10**12 for who in self.licensees} | {dao.timelock.address: 0, self.refuge: 0}
        self.ledger: dict[int, Counter[str]] = defaultdict(Counter)
        self.decisions: list[Decision] = []
        self.brake_at = 0
        for terms, seats, expiry in self.world.offers:
            self.model.create_offer(terms, None, seats, expiry)
        for who, offer in first:
            self.lease_now(who, offer)

    # Helpers

    @property
    def refuge(self) -> str:
        return self.dao.who("refuge").address

    @property
    def now(self) -> int:
        at: int = self.dao.chain.timestamp
        return at

    def jump(self, timestamp: int) -> None:
        self.dao.chain.warp(max(0, timestamp - self.now))

    @contextmanager
    def sound(self) -> Iterator[None]:
        """Remembers a failure, so that the end of this life does not fail differently and hide it."""
        self.failed = True
        yield
        self.failed = False

    def step(self, name: str, expect: Callable[[], Any], act: Callable[[], Receipt]) -> Receipt | None:
        with self.sound():
            return self._step(name, expect, act)

    def _step(self, name: str, expect: Callable[[], Any], act: Callable[[], Receipt]) -> Receipt | None:
        refusal = refusal_of(expect)
        if refusal is not None:
            with pytest.raises(Reverted) as caught:
                act()
            assert caught.value == refusal
            self.reached[refusal.name] += 1
            return None
        receipt = act()
        self.reached[name] += 1
        for event in receipt.events:
            amount = event.args.get("amount", 0)
            if event.name == "InstalmentPaid":
                amount = sum(event.args[part] for part in ("toDataset", "toCommons", "toTreasury"))
            if event.name in ("InstalmentPaid", "BondSlashed", "ReturnablePaid"):
                self.ledger[event.args["leaseId"]][event.name] += amount
                self.reached[event.name] += 1
        return receipt

    def send(self, name: str, *args: Any, expect: Callable[[], Any], by: Actor | None = None) -> Receipt | None:
        sender = (by or self.stranger).address
        return self.step(name, expect, lambda: getattr(self.dao.leases, name)(*args, sender=sender))

    def some(self, pick: int, *statuses: int) -> int:
        """A lease in one of the states; now and then any, or one that does not exist."""
        if pick % 13 == 12:
            return 1 + pick % (len(self.model.leases) + 1)
        fit = [i for i, lease in self.model.leases.items() if lease.status in statuses]
        return fit[pick % len(fit)] if fit else 1 + pick % (len(self.model.leases) + 1)

    def caller(self, lease_id: int, who: str) -> Actor:
        lease = self.model.leases.get(lease_id)
        if lease is None or who == "stranger":
            return self.stranger
        mine = next(i for i, a in enumerate(self.licensees) if a.address == lease.licensee)
        return self.licensees[mine if who == "self" else (mine + 1) % len(self.licensees)]

    def pay(self, account: str, amount: int) -> None:
        self.money[account] += amount

    # Time

    def boundaries(self) -> list[int]:
        model, found = self.model, {self.model.pulled_until, *(d.eta for d in self.decisions)}
        for lease in model.leases.values():
            if lease.vote is not None and lease.status == PENDING:
                vote = lease.vote
                found |= {vote.snapshot, vote.deadline, vote.deadline + EXPIRY, vote.eta, vote.eta + EXPIRY}
            if lease.status == APPROVED:
                found.add(lease.start_by)
            if lease.status in (ACTIVE, ENDED):
                tolerance = lease.terms.tolerance
                found |= {lease.paid_until + d for d in (-tolerance, 0, tolerance)} | {model.bond_due(lease)}
                found.add(lease.slashed_at + RULES.ack_window)
        for dataset in model.datasets.values():
            found |= {at + RULES.ack_window for at in dataset.erasures}
        found |= {offer.expiry for offer in model.offers.values()}
        return sorted(at for at in found if at > self.now)

    @rule(pick=st.integers(0, 4), offset=offsets)
    def wait(self, pick: int, offset: int) -> None:
        ahead = self.boundaries()
        self.jump(ahead[pick % len(ahead)] + offset if ahead else self.now + DAY)

    # Requests and their votes

    @rule(who=st.integers(0, 2), shape=st.sampled_from([0, 1, 4]), dataset=st.sampled_from(LEASED), sole=st.booleans())
    def request(self, who: int, shape: int, dataset: int, sole: bool) -> None:
        licensee = self.licensees[who]
        terms = terms_of(shape, dataset, sole, self.cuts[dataset])
        number = len(self.model.leases) + 1

        def expect() -> None:
            self.model.request(licensee.address, terms, HPKE_KEY, lambda: 0)
            self.pay(licensee.address, -terms.cost)

        receipt = self.send("request", given(self.dao, terms), HPKE_KEY, "", expect=expect, by=licensee)
        if receipt is not None:
            vote = self.model.leases[number].vote
            assert vote is not None
            vote.id = receipt.value[1]

    def pending(self, *states: int) -> list[Lease]:
        leases = [i for i in self.model.leases.values() if i.status == PENDING and i.vote is not None]
        return [i for i in leases if i.vote is not None and i.vote.state(self.now) in states]

    @precondition(lambda self: self.pending(UNOPENED, VOTING))
    @rule(pick=picks, support=st.sampled_from([FOR, FOR, FOR, AGAINST]), queue=st.sampled_from([True, True, False]))
    def vote(self, pick: int, support: int, queue: bool) -> None:
        """The founder decides, and usually somebody queues."""
        fit = self.pending(UNOPENED, VOTING)
        lease = fit[pick % len(fit)]
        assert lease.vote is not None
        self.jump(lease.vote.snapshot + 1)
        if not lease.vote.voted:
            self.dao.vote(lease.vote.id, self.founder, support=support)
            lease.vote.voted, lease.vote.carried = True, support == FOR
        if queue and lease.vote.carried:
            self.jump(lease.vote.deadline + 1)
            self.queue(pick)

    @precondition(lambda self: self.pending(SUCCEEDED))
    @rule(pick=picks)
    def queue(self, pick: int) -> None:
        for lease in self.pending(SUCCEEDED):
            assert lease.vote is not None
            self.dao.queue(self.dao.lease_proposal(lease.id))
            lease.vote.eta = self.now + RULES.timelock_delay
            if pick % 2:
                self.reserve(lease.id)

    @precondition(lambda self: self.pending(QUEUED))
    @rule(pick=picks, late=st.sampled_from([0, 0, 0, 10 * DAY]))
    def approve(self, pick: int, late: int) -> None:
        fit = self.pending(QUEUED)
        self._approve(fit[pick % len(fit)], late)

    def _approve(self, lease: Lease, late: int) -> None:
        assert lease.vote is not None
        self.jump(lease.vote.eta)
        if lease.vote.state(self.now + late) == QUEUED:
            self.jump(self.now + late)
        proposal = self.dao.lease_proposal(lease.id)
        relayer = self.stranger.address
        self.step(
            "approve",
            lambda: self.model.approve(lease.id),
            lambda: self.dao.governor.execute(*proposal.action, sender=relayer),
        )

    @precondition(lambda self: self.pending(UNOPENED, VOTING, QUEUED) and self.now < self.dao.brake.guardianUntil())
    @rule(pick=picks)
    def veto(self, pick: int) -> None:
        fit = self.pending(UNOPENED, VOTING, QUEUED)
        lease = fit[pick % len(fit)]
        assert lease.vote is not None
        self.dao.governor.cancel(*self.dao.lease_proposal(lease.id).action, sender=self.guardian.address)
        lease.vote.canceled = True

    @rule(pick=picks, who=callers)
    def withdraw(self, pick: int, who: str) -> None:
        lease = self.some(pick, PENDING)
        by = self.caller(lease, who)
        self.send("withdraw", lease, expect=lambda: self.model.withdraw(by.address, lease), by=by)

    @precondition(lambda self: self.pending(QUEUED))
    @rule(pick=picks)
    def reserve_queued(self, pick: int) -> None:
        fit = self.pending(QUEUED)
        self.reserve(fit[pick % len(fit)].id)

    @rule(lease=st.integers(1, 6))
    def reserve(self, lease: int) -> None:
        self.send("reserve", lease, expect=lambda: self.model.reserve(lease))

    # Offers

    @rule(who=st.integers(0, 2), offer=st.integers(1, 9), limit=st.sampled_from([10**12] * 9 + [700]))
    def accept(self, who: int, offer: int, limit: int) -> None:
        by = self.licensees[who]

        def expect() -> None:
            self.model.accept(by.address, offer, HPKE_KEY, limit)
            self.pay(by.address, -self.model.offers[offer].terms.cost)

        self.send("accept", offer, HPKE_KEY, limit, expect=expect, by=by)

    @rule(who=st.integers(0, 2), offer=st.integers(1, 6), delivered=st.sampled_from([False, False, True]))
    def lease_now(self, who: int, offer: int, delivered: bool = False) -> None:
        """Accepts and starts: most of what matters happens to leases that run."""
        before = len(self.model.leases)
        self.accept(who, offer, 10**12)
        if len(self.model.leases) > before:
            self._begin(before + 1, delivered)

    def _begin(self, lease: int, delivered: bool) -> None:
        if delivered:
            self.confirm(lease)
        else:
            self.start(lease, "self", exact=True)

    @rule(
        who=st.integers(0, 2), shape=st.sampled_from([0, 1, 4]), dataset=st.sampled_from(LEASED), sole=st.booleans(),
        pick=picks,
    )  # fmt: skip
    def lease_by_vote(self, who: int, shape: int, dataset: int, sole: bool, pick: int) -> None:
        """The whole way of a request that wins its vote and, usually, starts."""
        before = len(self.model.leases)
        self.request(who, shape, dataset, sole)
        if len(self.model.leases) == before:
            return
        lease = self.model.leases[before + 1]
        assert lease.vote is not None
        self.jump(lease.vote.snapshot + 1)
        self.dao.vote(lease.vote.id, self.founder)
        lease.vote.voted = lease.vote.carried = True
        self.jump(lease.vote.deadline + 1)
        self.queue(pick)
        self._approve(lease, 0)
        if lease.status == APPROVED and pick % 4:
            self._begin(lease.id, pick % 3 == 0)

    @rule(offer=st.integers(1, 9))
    def close_offer(self, offer: int) -> None:
        if self.now < self.dao.brake.guardianUntil() and offer > 4:
            self.send("closeOffer", offer, expect=lambda: self.model.close_offer(offer), by=self.guardian)

    # Run

    @rule(pick=picks, who=callers)
    def start(self, pick: int, who: str, exact: bool = False) -> None:
        lease = pick if exact else self.some(pick, APPROVED)
        by = self.caller(lease, who)
        self.send("start", lease, expect=lambda: self.model.start(by.address, lease), by=by)

    @precondition(lambda self: any(i.status == APPROVED for i in self.model.leases.values()))
    @rule(pick=picks)
    def deliver(self, pick: int) -> None:
        self.confirm(self.some(pick - pick % 13, APPROVED))

    def confirm(self, lease: int) -> None:
        root = keccak(text="release")
        signatures = self.dao.readiness(lease, root, 0, 1, 2)
        expect = lambda: self.model.start(None, lease)  # noqa: E731
        self.send("confirmDelivery", lease, root, signatures, expect=expect)

    @rule(pick=picks)
    def start_period(self, pick: int) -> None:
        lease = self.some(pick, ACTIVE)
        self.send("startPeriod", lease, expect=lambda: self.model.start_period(lease))

    def running(self) -> list[Lease]:
        return [i for i in self.model.leases.values() if i.status == ACTIVE and self.model.is_live(i)]

    @precondition(lambda self: self.running())
    @rule(
        pick=picks,
        share=st.sampled_from([0.0, 0.3, 0.5, 0.8, 1.0]),
        punctual=st.booleans(),
        erased=st.sampled_from([False, False, True]),
    )
    def pay_on_time(self, pick: int, share: float, punctual: bool, erased: bool) -> None:
        """Somewhere in the window of the lease that is due first or second; its licensee may acknowledge before."""
        due = sorted(self.running(), key=lambda i: i.paid_until)
        lease = due[pick % min(2, len(due))]
        if erased:
            self.erase(pick, lease.terms.dataset)
        opens = lease.paid_until - lease.terms.tolerance
        self.jump(opens + int(share * (2 * lease.terms.tolerance - 1)))
        if punctual:
            self.acknowledge(lease.id, "self", exact=True)
        self.send("startPeriod", lease.id, expect=lambda: self.model.start_period(lease.id))

    @rule(pick=picks, who=callers)
    def end(self, pick: int, who: str, exact: bool = False) -> None:
        lease = pick if exact else self.some(pick, ACTIVE)
        by = self.caller(lease, who)
        self.send("end", lease, expect=lambda: self.model.end(by.address, lease), by=by)

    @precondition(lambda self: any(i.status in (ACTIVE, ENDED) for i in self.model.leases.values()))
    @rule(pick=picks, offset=offsets)
    def run_out(self, pick: int, offset: int) -> None:
        """The end of a bond: ends the lease if nobody did, releases, and slashes where that is too late."""
        fit = [i for i in self.model.leases.values() if i.status in (ACTIVE, ENDED) and not i.bond_released]
        if not fit:
            return
        lease = fit[pick % len(fit)]
        self.jump(self.model.bond_due(lease) + offset)
        if lease.status == ACTIVE:
            self.send("end", lease.id, expect=lambda: self.model.end(self.stranger.address, lease.id))
        self.slash_unacknowledged(lease.id, exact=True)
        self.send("releaseBond", lease.id, expect=lambda: self.model.release_bond(lease.id))

    @rule(pick=picks)
    def release_bond(self, pick: int) -> None:
        lease = self.some(pick, ENDED)
        self.send("releaseBond", lease, expect=lambda: self.model.release_bond(lease))

    @rule(pick=picks, who=callers)
    def acknowledge(self, pick: int, who: str, exact: bool = False) -> None:
        lease = pick if exact else self.some(pick, ACTIVE, APPROVED)
        by = self.caller(lease, who)
        self.send("acknowledge", lease, expect=lambda: self.model.acknowledge(by.address, lease), by=by)

    @rule(pick=picks)
    def slash_unacknowledged(self, pick: int, exact: bool = False) -> None:
        lease = pick if exact else self.some(pick, ACTIVE, ENDED)
        self.send("slashUnacknowledged", lease, expect=lambda: self.model.slash_unacknowledged(lease))

    @precondition(lambda self: any(i.status in (ACTIVE, ENDED) for i in self.model.leases.values()))
    @rule(pick=picks, offset=offsets)
    def neglect(self, pick: int, offset: int) -> None:
        """An erasure that the licensee misses, or nearly."""
        lease = self.model.leases[self.some(pick - pick % 13, ACTIVE, ENDED)]
        self.erase(pick, lease.terms.dataset)
        self.jump(self.now + RULES.ack_window + offset)
        self.slash_unacknowledged(lease.id, exact=True)
        if pick % 2:
            self.slash_unacknowledged(lease.id, exact=True)

    @rule(pick=picks, who=callers)
    def rotate_key(self, pick: int, who: str) -> None:
        lease = self.some(pick, PENDING, APPROVED, ACTIVE, ENDED)
        by, key = self.caller(lease, who), keccak(pick)
        self.send("rotateKey", lease, key, expect=lambda: self.model.rotate_key(by.address, lease, key), by=by)

    # Money back

    @rule(pick=picks)
    def refund(self, pick: int) -> None:
        lease = self.some(pick, PENDING, APPROVED)
        self.send("refund", lease, expect=lambda: self.model.refund(lease))

    @rule(pick=picks)
    def claim_refund(self, pick: int) -> None:
        fit = [i for i, lease in self.model.leases.items() if lease.returnable or self.model.is_refundable(lease)]
        self.claim(fit[pick % len(fit)] if fit and pick % 4 else 1 + pick % (len(self.model.leases) + 1))

    def claim(self, lease: int) -> None:
        def expect() -> None:
            amount = self.model.claim_refund(lease)
            self.pay(self.model.leases[lease].licensee, amount)

        self.send("claimRefund", lease, expect=expect)

    @rule(pick=picks, who=callers, nowhere=st.sampled_from([False] * 5 + [True]))
    def refund_to(self, pick: int, who: str, nowhere: bool) -> None:
        lease = 1 + pick % (len(self.model.leases) + 1)
        by, to = self.caller(lease, who), self.model.address if nowhere else self.refuge

        def expect() -> None:
            self.pay(to, self.model.refund_to(by.address, lease, to))

        self.send("refundTo", lease, to, expect=expect, by=by)

    @precondition(lambda self: self.model.treasury)
    @rule()
    def withdraw_treasury(self) -> None:
        timelock = self.dao.timelock.address
        self.send("withdrawTreasury", expect=lambda: self.pay(timelock, self.model.withdraw_treasury()))

    @rule(pick=picks)
    def settle(self, pick: int) -> None:
        lease = self.some(pick, APPROVED, ACTIVE, ENDED)
        self.send("settle", lease, expect=lambda: self.model.settle(lease))

    # Decisions of the timelock

    def decide(self, name: str, *args: Any, on: str = "leases", carry_out: Callable[[], None]) -> None:
        """Proposes, votes and queues at once; carried out some other time."""
        action = (getattr(self.dao, on), name, args)
        proposal = self.dao.propose(self.founder, action, text=f"{name} {self.now} {len(self.decisions)}")
        self.dao.to_vote(proposal.id)
        self.dao.vote(proposal.id, self.founder)
        self.dao.to_end_of_vote(proposal.id)
        self.dao.queue(proposal)
        self.decisions.append(Decision(proposal, self.now + RULES.timelock_delay, carry_out))

    @rule(
        shape=st.integers(0, 4), dataset=st.sampled_from(LEASED), sole=st.booleans(),
        who=st.sampled_from([None, 0]), seats=st.integers(1, 3), days=st.sampled_from([5, 20, 200]),
    )  # fmt: skip
    def decide_offer(self, shape: int, dataset: int, sole: bool, who: int | None, seats: int, days: int) -> None:
        licensee = None if who is None else self.licensees[who].address
        expiry = self.now + days * DAY
        asked = given(self.dao, terms_of(shape, dataset, sole, self.cuts[dataset]))

        def create() -> None:
            # With the cuts of the execution.
            self.model.create_offer(terms_of(shape, dataset, sole, self.cuts[dataset]), licensee, seats, expiry)

        self.decide("createOffer", asked, licensee or NOBODY, seats, expiry, carry_out=create)

    @rule(pick=picks, bps=st.sampled_from([0, 1, 1000, 2500, 4000, 4001]))
    def decide_terminate(self, pick: int, bps: int) -> None:
        lease = self.some(pick, APPROVED, ACTIVE, ENDED)
        self.decide("terminate", lease, bps, carry_out=lambda: self.model.terminate(lease, bps))

    @rule(dataset=st.sampled_from(LEASED), cuts=st.sampled_from(CUTS))
    def decide_policy(self, dataset: int, cuts: tuple[int, int]) -> None:
        """New cuts, for what is requested or offered from then on (L-7)."""
        policy = vars(self.dao.registry.currentPolicy(dataset)) | {"commonsBps": cuts[0], "treasuryBps": cuts[1]}
        act = lambda: self.cuts.update({dataset: cuts})  # noqa: E731
        self.decide("updatePolicy", dataset, policy, on="registry", carry_out=act)

    @precondition(lambda self: self.decisions)
    @rule(pick=picks, late=st.sampled_from([0, 0, 0, 3 * DAY, 10 * DAY]))
    def carry_out(self, pick: int, late: int) -> None:
        self.decisions = [d for d in self.decisions if self.now < d.eta + EXPIRY]
        if not self.decisions:
            return
        decision = self.decisions.pop(pick % len(self.decisions))
        self.jump(decision.eta + late)
        relayer, action = self.stranger.address, decision.proposal.action
        self.step("decision", decision.carry_out, lambda: self.dao.governor.execute(*action, sender=relayer))

    # Everybody else

    @rule(pick=picks, dataset=st.sampled_from(LEASED))
    def erase(self, pick: int, dataset: int) -> None:
        if self.data[dataset]:
            batch, item = self.data[dataset].pop(pick % len(self.data[dataset]))
            self.dao.erase(batch, item)
            self.model.datasets[dataset].erasures.append(self.now)
            self.model.datasets[dataset].contributions -= 1

    @precondition(lambda self: self.running())
    @rule(pick=picks, ends=st.booleans())
    def desert(self, pick: int, ends: bool) -> None:
        """Everybody leaves the dataset of a running lease; its licensee keeps up, and its pool is dead."""
        lease = min(self.running(), key=lambda i: i.paid_until)
        while self.data[lease.terms.dataset]:
            self.erase(pick, lease.terms.dataset)
        self.acknowledge(lease.id, "self", exact=True)
        self.jump(lease.paid_until)
        self.send("startPeriod", lease.id, expect=lambda: self.model.start_period(lease.id))
        if ends:
            self.end(lease.id, "stranger", exact=True)

    @precondition(lambda self: not all(self.data.values()))
    @rule(dataset=st.sampled_from(LEASED), count=st.integers(1, 2))
    def contribute(self, dataset: int, count: int) -> None:
        """Data comes back, and with it a pool; not while entries are blocked."""
        self.jump(self.model.pulled_until)
        self.data[dataset] += self.world.contribute(dataset, count)
        self.model.datasets[dataset].contributions += count

    @precondition(lambda self: self.brake_at <= self.now < self.dao.brake.guardianUntil())
    @rule(seldom=st.integers(0, 3))
    def pull_the_brake(self, seldom: int) -> None:
        if seldom == 0:
            self.dao.brake.pull(sender=self.guardian.address)
            self.model.pulled_until = self.now + 3 * DAY
            self.brake_at = self.model.pulled_until + 7 * DAY
