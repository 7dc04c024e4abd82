"""X-1, the Constitution: an actor with every vote runs any proposals it likes, and cannot reduce anyone's claimable
refund or accrued claim, shorten paid access, take more of an escrow than one instalment a period, or of a bond than
the stated slash, change past snapshots, or mint beyond the cap (AB-16, AB-20, AB-27).

In process. The members have lived a while: accrued income, a refund to pull, a running lease, an approved one, a bond
in waiting. Then everything the timelock may call, of every contract and with arguments at and beyond every bound, is
put into proposals, one action each, passed and executed or refused; and after each what members and licensees are owed
is compared. At the end every account takes out what it was owed, to the unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.artifacts import artifacts
from assurance.harness.chain.handles import Handle, Reverted
from assurance.harness.dao.dao import AGAINST, HPKE_KEY, Dao, Proposal, leaf
from assurance.harness.dao.system import DAY, Actor
from assurance.harness.machines.depth import DEPTH

TOKEN = 10**9
PRICE, BOND, PERIODS = 120_000_000, 60_000_000, 3
"""Terms of every lease here: `Dao.terms`."""


@dataclass
class World:
    dao: Dao
    tyrant: Actor
    members: list[Actor]
    licensee: Actor
    running: int
    approved: int
    refunded: int
    ended: int
    past: tuple[int, int, int]
    snapshot: Any = None


def build(twins: tuple[str, ...] = ()) -> World:
    dao = Dao(twins=twins)
    tyrant, licensee = dao.who("tyrant"), dao.who("licensee")
    members = [dao.who(f"member-{i}") for i in range(3)]
    dao.contribute(leaf(tyrant, "tyrant", 600), *(leaf(m, m.name, 20) for m in members))
    leases = [dao.request(licensee) for _ in range(4)]
    dao.to_vote(leases[-1][1].id)
    for _, proposal in leases[:3]:
        dao.vote(proposal.id, tyrant)
    dao.vote(leases[3][1].id, tyrant, support=AGAINST)
    dao.to_end_of_vote(leases[-1][1].id)
    for lease, proposal in leases[:3]:
        dao.queue(proposal)
        dao.execute(proposal)
        if lease != leases[1][0]:
            dao.deliver(lease)
    running, approved, ended, refunded = (lease for lease, _ in leases)
    dao.leases.end(ended, sender=licensee.address)
    dao.leases.refund(refunded, sender=licensee.address)
    at = dao.chain.timestamp
    dao.chain.warp(1)
    past = (at, dao.token.getPastTotalSupply(at), dao.token.getPastVotes(members[0].address, at))
    return World(dao, tyrant, members, licensee, running, approved, refunded, ended, past)


_WORLD: list[World] = []


def world() -> World:
    if not _WORLD:
        _WORLD.append(build())
        _WORLD[0].snapshot = _WORLD[0].dao.chain.snapshot()
    w = _WORLD[0]
    w.dao.chain.revert(w.snapshot)
    w.snapshot = w.dao.chain.snapshot()
    return w


def powers(w: World) -> list[tuple[Handle, str, tuple[Any, ...]]]:
    """Everything a proposal may ask for that concerns others, at its bounds and beyond."""
    dao, me = w.dao, w.tyrant.address
    now = dao.chain.timestamp
    mine = [(me, b"\x01" * 32)]
    policy = dict(vars(dao.registry.currentPolicy(1)))
    harsh = policy | {"commonsBps": 0, "treasuryBps": 3_000, "minPricePerPeriod": 1, "sharesPerUnit": 2**40}
    terms = dao.terms(pricePerPeriod=0, bond=0, periods=1, periodLength=7 * DAY)
    calls: list[tuple[Handle, str, tuple[Any, ...]]] = [
        (dao.registry, "setAttestors", (mine, 1)),
        (dao.registry, "setCommittee", ([(me, b"\x01" * 32, "file:mine")], 1)),
        *((dao.registry, "replaceCustodian", (1, slot, (me, b"\x01" * 32, "file:mine"))) for slot in (0, 1, 2)),
        (dao.registry, "updatePolicy", (1, harsh)),
        (dao.registry, "createDataset", (harsh,)),
        (dao.registry, "discard", (1,)),
        *((dao.leases, "terminate", (lease, bps)) for lease in range(1, 6) for bps in (0, 5_000, 5_001, 10_000)),
        (dao.leases, "approve", (w.refunded, bytes(32))),
        (dao.leases, "createOffer", (terms, me, 5, now + 400 * DAY)),
        (dao.leases, "withdrawTreasury", ()),
        (dao.leases, "end", (w.running,)),
        (dao.leases, "refundTo", (w.refunded, me)),
        (dao.leases, "refundTo", (w.ended, me)),
        (dao.leases, "withdraw", (w.approved,)),
        (dao.leases, "rotateKey", (w.running, b"\x02" * 32)),
        (dao.leases, "acknowledge", (w.running,)),
        (dao.splitter, "claimTo", (me, [0, 1])),
        *((dao.splitter, name, (1, w.members[0].address, 20 * TOKEN)) for name in ("removeShares",)),
        (dao.splitter, "vestShares", (1, me, TOKEN, 0)),
        (dao.splitter, "dropPendingShares", (1, me, TOKEN, 0)),
        (dao.splitter, "addPendingShares", (1, 2**62)),
        (dao.splitter, "moveShares", (w.members[0].address, me, TOKEN)),
        (dao.token, "mint", (me, TOKEN)),
        (dao.token, "burn", (w.members[0].address, TOKEN)),
        (dao.token, "transfer", (me, 0)),
        (dao.token, "transferFrom", (w.members[0].address, me, TOKEN)),
        (dao.brake, "setGuardian", (me, now + 300 * DAY)),
        (dao.brake, "setGuardian", (ADDRESS_ZERO, 0)),
        *((dao.asset, "transferFrom", (a.address, me, 1)) for a in (dao.splitter, dao.leases, w.licensee)),
        *((dao.timelock, "updateDelay", (days * DAY,)) for days in (0, 2, 30, 31)),
        (dao.timelock, "grantRole", (dao.timelock.PROPOSER_ROLE(), me)),
        (dao.governor, "setVotingDelay", (14 * DAY,)),
        (dao.governor, "setVotingPeriod", (30 * DAY,)),
        (dao.governor, "setQuorumBps", (2_000,)),
        (dao.governor, "setLeaseQuorumBps", (100,)),
        (dao.governor, "setProposalThreshold", (6 * TOKEN,)),
        (dao.governor, "updateTimelock", (me,)),
        (dao.governor, "relay", (dao.leases.address, 0, b"")),
    ]
    return calls


@dataclass
class Owed:
    """What is due to whom, at one moment."""

    claims: list[int]
    refunds: list[int]
    paid_until: list[int]
    access: bool
    escrow: list[int]
    bonds: list[int]


def owed(w: World) -> Owed:
    dao = w.dao
    leases = [dao.leases.lease(i) for i in (w.running, w.approved, w.refunded, w.ended)]
    return Owed(
        [dao.splitter.claimable(m.address, [0, 1]) for m in w.members],
        [lease.returnable for lease in leases],
        [lease.paidUntil for lease in leases],
        dao.leases.leaseAccess(w.running)[0],
        [lease.escrow for lease in leases],
        [lease.bond for lease in leases],
    )


def enact(w: World, call: tuple[Handle, str, tuple[Any, ...]], text: str) -> str:
    """Carries one call by every vote there is; says what came of it."""
    dao = w.dao
    try:
        proposal: Proposal = dao.propose(w.tyrant, call, text=text)
        dao.pass_(proposal, w.tyrant)
    except Reverted as refusal:
        return refusal.name
    return "done"


def unharmed(w: World, before: Owed, now: Owed, slashed_at_most: int) -> None:
    """Nothing that was due is less than it was, but for instalments of running time and the stated slash."""
    dao = w.dao
    assert all(a >= b for a, b in zip(now.claims, before.claims, strict=True)), "accrued claims"
    assert all(a >= b for a, b in zip(now.refunds, before.refunds, strict=True)), "claimable refunds"
    assert all(a >= b for a, b in zip(now.paid_until, before.paid_until, strict=True)), "paid access"
    if dao.chain.timestamp < before.paid_until[0]:
        assert now.access, "paid access, as the view says it"
    for i, lease in enumerate((w.running, w.approved, w.refunded, w.ended)):
        info = dao.leases.lease(lease)
        instalments = info.paidPeriods * PRICE
        total = now.refunds[i] + now.escrow[i] + now.bonds[i]
        assert total >= PRICE * PERIODS + BOND - instalments - slashed_at_most, "escrow and bond"
        assert info.slashed <= slashed_at_most
        assert info.paidPeriods <= (1 if i in (0, 3) else 0), "no account let another period run"
    at, supply, votes = w.past
    assert dao.token.getPastTotalSupply(at) == supply
    assert dao.token.getPastVotes(w.members[0].address, at) == votes, "past snapshots"
    assert dao.token.totalSupply() == supply, "no mint"
    received, paid, owed_bound, _ = dao.splitter.conservation()
    assert dao.asset.balanceOf(dao.splitter.address) >= received - paid >= owed_bound
    balance, books = dao.leases.solvency()
    assert balance >= books


def cash_out(w: World, before: Owed) -> None:
    """Every account takes what it was owed when the tyranny began, and the refunds arrive to the unit."""
    dao = w.dao
    for member, claim in zip(w.members, before.claims, strict=True):
        had = dao.asset.balanceOf(member.address)
        dao.splitter.claim(member.address, [0, 1], sender=w.tyrant.address)
        assert dao.asset.balanceOf(member.address) - had >= claim
    for lease, refund in zip((w.refunded, w.ended), (before.refunds[2], before.refunds[3]), strict=True):
        had = dao.asset.balanceOf(w.licensee.address)
        dao.leases.claimRefund(lease, sender=w.tyrant.address)
        assert dao.asset.balanceOf(w.licensee.address) - had >= refund


MAX_SLASH = BOND * 5_000 // 10_000


@settings(max_examples=60 * DEPTH)
@given(picks=st.lists(st.integers(0, 500), min_size=1, max_size=6))
def test_hostile_majority__any_proposals_in_any_order__takes_nothing_that_was_due_X1_AB16(picks: list[int]) -> None:
    w = world()
    start = owed(w)
    assert min(start.claims) > 0 and start.refunds[2] == PRICE * PERIODS + BOND and start.refunds[3] == PRICE * 2
    for n, pick in enumerate(picks):
        calls = powers(w)
        enact(w, calls[pick % len(calls)], f"decree {n}")
        unharmed(w, start, owed(w), MAX_SLASH)
    cash_out(w, start)


def test_hostile_majority__each_power_alone__does_what_it_may_or_is_refused_by_name_X1_AB27() -> None:
    """One decree at a time, so that none hides behind another; and the table of what each came to."""
    came_to: dict[str, set[str]] = {}
    for i in range(len(powers(world()))):
        w = world()
        start = owed(w)
        call = powers(w)[i]
        result = enact(w, call, "decree")
        came_to.setdefault(f"{call[0].artifact.name}.{call[1]}", set()).add(result)
        unharmed(w, start, owed(w), MAX_SLASH)
        cash_out(w, start)
    never = {
        "RevenueSplitter.removeShares": "RevenueSplitter_NotRegistry",
        "RevenueSplitter.vestShares": "RevenueSplitter_NotRegistry",
        "RevenueSplitter.dropPendingShares": "RevenueSplitter_NotRegistry",
        "RevenueSplitter.addPendingShares": "RevenueSplitter_NotRegistry",
        "RevenueSplitter.moveShares": "RevenueSplitter_NotToken",
        "DataToken.mint": "DataToken_NotRegistry",
        "DataToken.burn": "DataToken_NotRegistry",
        "DataLeases.approve": "DataGovernor_ReservedAction",
        "DataLeases.refundTo": "DataLeases_NotLicensee",
        "DataLeases.rotateKey": "DataLeases_NotLicensee",
        "DataLeases.acknowledge": "DataLeases_NotLicensee",
        "DataLeases.end": "DataLeases_NotOver",
        "TestAsset.transferFrom": "ERC20InsufficientAllowance",
        "DataTimelock.grantRole": "DataTimelock_RolesFrozen",
        "DataGovernor.updateTimelock": "DataGovernor_Disabled",
        "DataGovernor.relay": "DataGovernor_Disabled",
    }
    for name, error in never.items():
        assert came_to[name] == {error}, name
    assert "done" in came_to["DataLeases.terminate"] and "DataLeases_SlashTooLarge" in came_to["DataLeases.terminate"]
    for name in ("DatasetRegistry.setAttestors", "DatasetRegistry.updatePolicy", "EmergencyBrake.setGuardian"):
        assert came_to[name] == {"done"}, name


def test_hostile_majority__slashing_again_and_again__takes_the_stated_slash_once_X1_L10() -> None:
    w = world()
    dao = w.dao
    for n in range(3):
        enact(w, (dao.leases, "terminate", (w.running, 5_000)), f"first {n}")
        enact(w, (dao.leases, "terminate", (w.running, 1)), f"more {n}")
    assert dao.leases.lease(w.running).slashed == MAX_SLASH
    until = dao.leases.lease(w.running).paidUntil
    assert until > dao.chain.timestamp - 60 * DAY


@pytest.mark.parametrize("twin", ["DataLeases", "DataLeases.SlashesWithoutMaximum"])
def test_hostile_majority__over_a_twin_that_slashes_without_maximum__is_noticed_X1(twin: str) -> None:
    """The comparison bites: the same two decrees that take the stated slash once take the whole bond from the twin."""
    w = build((twin,))
    start = owed(w)
    for n in range(2):
        assert enact(w, (w.dao.leases, "terminate", (w.running, 5_000)), f"slash {n}") == "done"
    if twin == "DataLeases":
        unharmed(w, start, owed(w), MAX_SLASH)
    else:
        with pytest.raises(AssertionError, match="escrow and bond"):
            unharmed(w, start, owed(w), MAX_SLASH)


def test_hostile_majority__with_its_own_attestors__mints_no_more_than_an_epochs_cap_X1_AB20() -> None:
    w = world()
    dao, me = w.dao, w.tyrant
    assert enact(w, (dao.registry, "setAttestors", ([(me.address, b"\x01" * 32)], 1)), "my own attestor") == "done"
    dao.chain.warp(dao.registry.epochCap()[2] - dao.chain.timestamp)
    supply = dao.token.totalSupply()
    cap, left, until = dao.registry.epochCap()
    assert cap == left == max(2_000 * TOKEN, supply // 10)
    for i, units in enumerate((1_500, 500, 1)):
        message, _ = dao.batch_message([leaf(me, f"invented {i}", units)])
        number = dao.registry.publish(message, dao.sign_batch(message, [me]), "", sender=me.address).value
        dao.chain.warp(DAY)
        if units == 1:
            with pytest.raises(Reverted) as caught:
                dao.registry.activate(number, sender=me.address)
            assert caught.value == Reverted("DatasetRegistry_EpochCapReached", TOKEN, 0, until)
        else:
            dao.registry.activate(number, sender=me.address)
    assert dao.token.totalSupply() == supply + cap


def test_hostile_majority__with_its_own_committee_and_guardian__cannot_keep_an_unstarted_escrow_X1() -> None:
    """The worst it can do to an approved lease: replace the custodians, start it itself, and so take one instalment; or
    pull the brake. The rest comes back."""
    w = world()
    dao = w.dao
    until = dao.chain.timestamp + 200 * DAY
    assert enact(w, (dao.brake, "setGuardian", (w.tyrant.address, until)), "my own guardian") == "done"
    dao.brake.pull(sender=w.tyrant.address)
    start_by = dao.leases.lease(w.approved).startBy
    dao.chain.warp(max(0, start_by - dao.chain.timestamp))
    before = dao.asset.balanceOf(w.licensee.address)
    dao.leases.claimRefund(w.approved, sender=w.licensee.address)
    assert dao.asset.balanceOf(w.licensee.address) - before == PRICE * PERIODS + BOND
    # And a licensee that wants to start, starts: no vote, no brake, no committee between.
    w = world()
    w.dao.leases.start(w.approved, sender=w.licensee.address)
    assert w.dao.leases.leaseAccess(w.approved)[0]
    assert w.dao.leases.leaseAccess(w.approved)[1] == HPKE_KEY


def test_powers__are_all_the_timelock_has() -> None:
    """The list above misses no function that asks for the timelock: every state-changing one of the registry, the
    leases and the brake whose errors name it is in it."""
    w = world()
    listed = {(handle.artifact.name, name) for handle, name, _ in powers(w)}
    dao = w.dao
    stranger = dao.who("stranger").address
    for handle in (dao.registry, dao.leases, dao.brake, dao.models, dao.splitter, dao.token):
        for entry in artifacts()[handle.artifact.name].abi:
            if entry["type"] != "function" or entry["stateMutability"] in ("view", "pure"):
                continue
            try:
                answer = call_with_nothing(dao, handle, entry, stranger)
            except Reverted as refusal:
                answer = refusal.name
            if answer.endswith("_NotTimelock"):
                assert (handle.artifact.name, entry["name"]) in listed, entry["name"]


def call_with_nothing(dao: Dao, handle: Handle, entry: dict[str, Any], sender: str) -> str:
    """The function with the plainest arguments of its types."""
    handle_args = [plainest(i) for i in entry["inputs"]]
    getattr(handle, entry["name"])(*handle_args, sender=sender)
    return "done"


def plainest(entry: dict[str, Any]) -> Any:
    kind: str = entry["type"]
    if kind.endswith("]"):
        return []
    if kind == "tuple":
        return tuple(plainest(c) for c in entry["components"])
    if kind == "address":
        return ADDRESS_ZERO
    if kind == "bool":
        return False
    if kind == "string":
        return ""
    if kind == "bytes":
        return b""
    if kind.startswith("bytes"):
        return bytes(int(kind[5:]))
    return 0
