"""A relay sends what members signed, in the largest safe batches, and pays for nothing else.

given ballots, claims, erasures and heirs' messages on the board
  when they are sound                      each should have the effect that its own transaction has, once
  when they are forged, stale, doubled,
  a stranger's or too dear                 they should be dropped with the reason, and cost nothing
  when they cannot go yet                  they should wait
given what may be spent                    nothing should be sent beyond it, and others not be held up
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from assurance.harness.chain.handles import deploy
from assurance.harness.chain.node import roll_up
from assurance.harness.dao.dao import DAY, leaf
from assurance.harness.dao.system import Actor
from datadao.chain.fees import GWEI
from datadao.messages.requests import (
    ClaimRequest,
    ErasureRequest,
    HeirBinding,
    HeirOpening,
    HeirUnbinding,
    HeirVeto,
    SignedBallot,
)
from datadao.relay.journal import DONE, DROPPED, WAITING
from datadao.relay.relay import summary
from datadao.types import ContributionStatus, Vote
from datadao.values import moment

from .conftest import ETHER, RelayWorld


def test_ballots__of_members_without_ether__go_in_one_transaction_and_cost_less(relaying: RelayWorld) -> None:
    relaying.to_vote()
    sides = (Vote.FOR, Vote.FOR, Vote.AGAINST, Vote.ABSTAIN, Vote.FOR)
    ballots = [relaying.ballot(who, side) for who, side in zip(relaying.members, sides, strict=True)]
    done = relaying.relay().round()
    weight = relaying.handle.read("token", "balanceOf", relaying.members[0].address)
    assert relaying.votes == (weight, 3 * weight, weight) and relaying.nonce == 1
    assert [relaying.state(ballot) for ballot in ballots] == [(DONE, "")] * 5
    (batch,) = done.sent
    assert batch.state == "mined" and 0 < batch.gas < batch.alone
    limit = relaying.handle.web3.eth.get_transaction(batch.attempts[-1].hash)["gas"]  # type: ignore[arg-type]
    assert f"{batch.gas:,} gas of a limit of {limit:,}, " in summary(batch) and batch.gas < limit
    assert done.metrics["requests"] == 5 and done.metrics["saved"] == batch.alone - batch.gas
    assert relaying.journal.spent() == batch.wei > 0
    # The same again sends nothing.
    assert relaying.relay().round().sent == [] and relaying.nonce == 1


def test_ballot__before_the_vote_opens__waits_for_it(relaying: RelayWorld) -> None:
    ballot, relay = relaying.ballot(relaying.members[0]), relaying.relay()
    assert relay.round().waiting == 1 and relaying.nonce == 0
    state, reason = relaying.state(ballot)
    assert state == WAITING and reason.startswith("the vote opens after")
    relaying.to_vote()
    assert len(relay.round().sent) == 1 and relaying.state(ballot) == (DONE, "")


def test_ballot__with_a_reason_or_of_a_contract_wallet__goes_alone(relaying: RelayWorld) -> None:
    relaying.to_vote()
    reasoned = relaying.ballot(relaying.members[0], reason="because")
    relaying.relay().round()
    assert relaying.state(reasoned) == (DONE, "") and relaying.votes[Vote.FOR] > 0


def test_contract_wallet__that_agrees__its_ballot_goes_alone_and_one_that_burns_gas_costs_nothing(
    relaying: RelayWorld,
) -> None:
    dao, owner = relaying.dao, relaying.dao.who("owner")
    wallet = deploy(dao.chain, "ContractWallet", owner.address, sender=owner.address)
    relaying.world.accept((replace(owner, address=wallet.address), b"data of a wallet"))
    proposal = dao.propose(relaying.members[0], (dao.brake, "pull", ()), text="another")
    relaying.to_vote(proposal)
    unsigned = SignedBallot(proposal.id, Vote.FOR, wallet.address, "", b"")
    ballot = relaying.sign(unsigned, owner)
    wallet.setMood(3, sender=owner.address)
    assert relaying.relay().round().dropped == 1 and relaying.nonce == 0
    assert relaying.state(ballot) == (DROPPED, f"it is not signed by {wallet.address}")

    wallet.setMood(0, sender=owner.address)
    # Dropped is dropped: a signature counts or not when it is first looked at.
    again = relaying.sign(replace(unsigned, support=Vote.AGAINST), owner)
    relaying.relay().round()
    assert relaying.state(again) == (DONE, "")
    assert relaying.handle.read("governor", "hasVoted", proposal.id, wallet.address)


def test_ballots__forged_stale_doubled_strangers__are_dropped_and_the_rest_goes_K10(relaying: RelayWorld) -> None:
    first, second, third, *_ = relaying.members
    relaying.to_vote()
    stranger = relaying.dao.who("stranger")
    forged = replace(SignedBallot(relaying.proposal.id, Vote.FOR, first.address, "", b""), signature=b"\x01" * 65)
    relaying.board.request(forged, relaying.now)
    of_another = replace(forged, signature=stranger.sign(forged.typed(relaying.domains)))
    relaying.board.request(of_another, relaying.now)
    weightless = relaying.ballot(stranger)
    relaying.dao.vote(relaying.proposal.id, second)
    voted = relaying.ballot(second, Vote.AGAINST)
    none = relaying.ballot(third, proposal=7)
    doubled = [relaying.ballot(third, side) for side in (Vote.FOR, Vote.AGAINST)]
    relay = relaying.relay()
    done = relay.round()
    reasons = {
        forged: f"it is not signed by {first.address}",
        of_another: f"it is not signed by {first.address}",
        weightless: f"{stranger.address} had no votes when the proposal opened",
        voted: f"{second.address} has voted on the proposal",
    }
    assert {ballot: relaying.state(ballot) for ballot in reasons} == {b: (DROPPED, r) for b, r in reasons.items()}
    assert relaying.journal.about(none.id) is None, "of a proposal that is not there nothing is read"
    assert (done.dropped, relaying.nonce) == (4, 1)
    assert sorted(relaying.state(ballot)[0] for ballot in doubled) == [DONE, WAITING]
    relay.round()
    assert sorted(relaying.state(ballot)[0] for ballot in doubled) == [DONE, DROPPED] and relaying.nonce == 1
    assert relaying.world.chain.balance(stranger.address) == 0


def test_ballots__of_a_vote_that_is_over__are_not_sent(relaying: RelayWorld) -> None:
    relaying.to_vote()
    ballot, relay = relaying.ballot(relaying.members[0]), relaying.relay(day=1)
    assert "budget" in relay.round().stopped
    relaying.dao.to_end_of_vote(relaying.proposal.id)
    assert relay.round().sent == [] and relaying.nonce == 0
    assert relaying.state(ballot) == (DROPPED, "the proposal is Defeated, and no more voted on")


def test_claims__of_newcomers__go_together_then_their_income_is_paid(relaying: RelayWorld) -> None:
    names = ("ann", "ben", "cem")
    batch = relaying.unclaimed(*names)
    relaying.dao.deposit(1, 10**9)
    until = relaying.now + DAY
    people = [relaying.dao.who(name) for name in names]
    asked = [relaying.sign(ClaimRequest(who.address, until, b""), who) for who in people[:2]]
    relay = relaying.relay()
    first = relay.round()
    assert [(b.kind, len(b.items)) for b in first.sent] == [("claims", 2)] and relaying.nonce == 1
    status = [
        relaying.handle.read("registry", "contribution", item.fingerprint).status for item in batch.manifest.leaves
    ]
    by_name = dict(zip((item.contributor for item in batch.manifest.leaves), status, strict=True))
    claimed, untouched = ContributionStatus.CLAIMED, ContributionStatus.NONE
    assert [by_name[who.address] for who in people] == [claimed, claimed, untouched]

    owed = [relaying.handle.read("splitter", "claimable", who.address, [1]) for who in people[:2]]
    second = relay.round()
    assert [(b.kind, len(b.items)) for b in second.sent] == [("income", 2)] and relaying.nonce == 2
    assert [relaying.dao.asset.balanceOf(who.address) for who in people[:2]] == owed and min(owed) > 0
    assert (
        relay.round().sent == []
        and [relaying.state(item) for item in asked] == [(DONE, "nothing is left to claim")] * 2
    )
    assert relaying.nonce == 2 and relaying.dao.asset.balanceOf(relaying.account.address) == 0


DEAR = ETHER // 10_000
"""Wei that a rollup asks for a byte: some ninety units of the asset for a payout."""


@pytest.mark.parametrize(
    ("price", "byte"), [(None, 0), (10**30, 0), (3_000 * 10**6, DEAR)], ids=["none", "dear", "data"]
)
def test_income__worth_less_than_its_gas_and_data__waits_K10(
    relaying: RelayWorld, price: int | None, byte: int
) -> None:
    relaying.dao.deposit(1, 10**8)
    roll_up(relaying, byte)
    member = relaying.members[0]
    asked = relaying.sign(ClaimRequest(member.address, relaying.now + DAY, b""), member)
    relay = relaying.relay(price=price)
    relay.round()
    assert relaying.nonce == 0
    assert relaying.state(asked) == (WAITING, "its income is worth less than the gas of paying it")
    roll_up(relaying, 0)
    assert len(relay.round().sent) == bool(byte)


def test_claim__of_a_stranger_or_after_its_deadline__is_dropped_K10(relaying: RelayWorld) -> None:
    stranger, member = relaying.dao.who("stranger"), relaying.members[0]
    nothing = relaying.sign(ClaimRequest(stranger.address, relaying.now + DAY, b""), stranger)
    late = relaying.sign(ClaimRequest(member.address, past := relaying.now - 1, b""), member)
    assert relaying.relay().round().dropped == 2 and relaying.nonce == 0
    assert relaying.state(nothing) == (DROPPED, f"{stranger.address} has no accepted contribution")
    assert relaying.state(late) == (DROPPED, f"its deadline passed at {moment(past)}")


def test_erasure__claimed_or_not__is_sent_once(relaying: RelayWorld) -> None:
    batch = relaying.unclaimed("ann")
    ann, member = relaying.dao.who("ann"), relaying.members[0]
    (waiting,) = batch.manifest.leaves
    held = relaying.world.manifest.leaves[0]
    until = relaying.now + DAY
    asked = [
        relaying.sign(ErasureRequest(ann.address, batch.id, waiting.fingerprint, until, b""), ann),
        relaying.sign(
            ErasureRequest(member.address, relaying.world.batches[0].id, held.fingerprint, until, b""), member
        ),
        relaying.sign(ErasureRequest(member.address, batch.id, waiting.fingerprint, until, b""), member),
        relaying.sign(ErasureRequest(member.address, batch.id, b"\x01" * 32, until, b""), member),
    ]
    relaying.relay().round()
    assert [relaying.state(item)[0] for item in asked] == [DONE, DONE, DROPPED, DROPPED] and relaying.nonce == 2
    erased = [relaying.handle.read("registry", "contribution", item.fingerprint).status for item in (waiting, held)]
    assert erased == [ContributionStatus.ERASED] * 2
    assert "DatasetRegistry_InvalidSignature" in relaying.state(asked[2])[1]
    assert relaying.state(asked[3]) == (DROPPED, "batch 2 has no such contribution")


def test_heirs_messages__bind_open_veto_unbind__in_their_order(relaying: RelayWorld) -> None:
    member, heir = relaying.members[0], relaying.dao.who("heir")
    until, relay = relaying.now + 7 * DAY, relaying.relay()
    bind = relaying.sign(HeirBinding(member.address, heir.address, 30, 0, until, b""), member)
    strangers = relaying.sign(HeirBinding(heir.address, member.address, 30, 0, until, b""), heir)
    early = relaying.sign(HeirUnbinding(member.address, 2, until, b""), member)
    relay.round()
    assert relaying.state(bind) == (DONE, "")
    assert relaying.state(strangers) == (DROPPED, f"{heir.address} is no member")
    assert relaying.state(early) == (WAITING, "nonce 0 comes before its 2")

    opened = relaying.sign(HeirOpening(member.address, heir.address, 0, until, b""), heir)
    relay.round()
    found = relaying.handle.read("token", "succession", member.address)
    assert relaying.state(opened) == (DONE, "") and (found.heir, found.openedAt > 0) == (heir.address, True)
    vetoes = [
        relaying.sign(HeirVeto(member.address, moment, b""), member) for moment in (found.openedAt, found.openedAt - 1)
    ]
    relay.round()
    assert [relaying.state(item)[0] for item in vetoes] == [DONE, DROPPED]
    assert "DataToken_NotOpen" in relaying.state(vetoes[1])[1]

    unbind = relaying.sign(HeirUnbinding(member.address, 1, until, b""), member)
    relay.round()
    assert relaying.state(unbind) == (DONE, "")
    assert relaying.handle.read("token", "succession", member.address).heir == "0x" + "00" * 20
    stale = relaying.sign(HeirBinding(member.address, heir.address, 31, 0, until, b""), member)
    relay.round()
    assert relaying.state(stale) == (DROPPED, "its nonce 0 is used; the next is 2")


def test_heir__that_asks_again_after_the_delay__gets_all_that_the_account_had_once(relaying: RelayWorld) -> None:
    member, heir, relay = relaying.members[0], relaying.dao.who("heir"), relaying.relay()
    relaying.dao.deposit(1, 10**9)
    held = relaying.handle.read("token", "balanceOf", member.address)
    owed = relaying.handle.read("splitter", "claimable", member.address, [1])
    bind = HeirBinding(member.address, heir.address, 30, 0, relaying.now + DAY, b"")
    relaying.sign(bind, member)
    relay.round()

    def asks(who: Actor = heir, nonce: int = 0, later: int = 0) -> Any:
        relaying.world.chain.warp(later)
        asked = HeirOpening(member.address, who.address, nonce, relaying.now + DAY, b"")
        signed = relaying.sign(asked, who)
        relay.round()
        return relaying.state(signed)

    stranger = relaying.dao.who("stranger")
    assert asks(stranger) == (DROPPED, f"{stranger.address} is not the heir of {member.address}")
    assert asks() == (DONE, "")
    open_ = relaying.handle.read("token", "succession", member.address).openedAt
    until = moment(open_ + 30 * DAY)
    sent = relaying.nonce
    assert asks(nonce=1) == (DROPPED, f"it is open, and {member.address} can object until {until}")
    relaying.sign(HeirVeto(member.address, open_, b""), member)
    relay.round()
    again = relaying.handle.read("token", "succession", member.address).since
    told = f"{member.address} objected: it cannot be opened before {moment(again)}"
    assert asks(nonce=1, later=1) == (DROPPED, told)
    assert relaying.nonce == sent + 1, "for the veto alone"

    assert asks(nonce=1, later=31 * DAY) == (DONE, "")
    assert relaying.handle.read("token", "balanceOf", heir.address) == 0
    assert asks(nonce=2, later=31 * DAY) == (DONE, "")
    assert relaying.handle.read("token", "succession", member.address).isSucceeded
    assert relaying.handle.read("token", "balanceOf", heir.address) == held > 0
    assert relaying.handle.read("splitter", "claimable", heir.address, [1]) == owed > 0
    assert asks(stranger) == (DROPPED, f"{stranger.address} is not the heir of {member.address}")
    assert asks(nonce=2, later=1) == (DONE, "nothing is left to move")
    assert relaying.nonce == sent + 3


def test_budget__of_a_member__holds_up_nobody_else(relaying: RelayWorld) -> None:
    first, second, *_ = relaying.members
    relaying.to_vote()
    relaying.ballot(first)
    # Dearer than another's ballot may be later.
    relaying.rpc("anvil_setNextBlockBaseFeePerGas", hex(20 * GWEI))
    relaying.world.mine(1)
    (batch,) = relaying.relay().round().sent
    relaying.rpc("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    proposal = relaying.dao.propose(first, (relaying.dao.brake, "pull", ()), text="another")
    relaying.to_vote(proposal)
    late, fresh = (relaying.ballot(who, proposal=proposal.id) for who in (first, second))
    assert relaying.relay(member=batch.wei).round().stopped == ""
    assert relaying.state(late) == (WAITING, "its member's budget of today is used up")
    assert relaying.state(fresh) == (DONE, "")


def test_budget__of_the_day__is_never_passed_K10(relaying: RelayWorld) -> None:
    relaying.to_vote()
    ballots = [relaying.ballot(who) for who in relaying.members]
    held = relaying.world.chain.balance(relaying.account.address)
    done = relaying.relay(day=1).round()
    assert "the day's budget leaves 1 wei" in done.stopped and relaying.nonce == 0
    assert relaying.world.chain.balance(relaying.account.address) == held
    # A rollup asks for the bytes of one ballot alone ten times as much.
    roll_up(relaying, ETHER // 40)
    assert "the day's budget leaves" in relaying.relay(member=100 * ETHER).round().stopped and relaying.nonce == 0
    roll_up(relaying, 1)
    assert len(relaying.relay().round().sent) == 1 and all(relaying.state(item)[0] == DONE for item in ballots)


def test_relay__without_funds_or_at_a_high_fee__stops_and_says_so(relaying: RelayWorld) -> None:
    relaying.to_vote()
    relaying.ballot(relaying.members[0])
    assert "more than the" in relaying.relay(max_fee=1).round().stopped
    relaying.rpc("anvil_setBalance", relaying.account.address, hex(1))
    assert "refill it" in relaying.relay().round().stopped and relaying.nonce == 0


def test_batch__larger_than_a_transaction_may_be__is_halved_until_it_fits(relaying: RelayWorld) -> None:
    relaying.to_vote()
    ballots = [relaying.ballot(who) for who in relaying.members]
    done = relaying.relay(most_gas=90_000).round()
    assert len(done.sent) > 1 and relaying.nonce == len(done.sent)
    assert all(relaying.state(item) == (DONE, "") for item in ballots)
    assert all(batch.gas <= 90_000 for batch in done.sent)


def test_request__that_needs_too_much_gas__is_dropped(relaying: RelayWorld) -> None:
    relaying.to_vote()
    dear = relaying.ballot(relaying.members[0], reason="x" * 900)
    relaying.relay(request_gas=50_000).round()
    state, reason = relaying.state(dear)
    assert state == DROPPED and "more than the 50,000 that this relay pays" in reason and relaying.nonce == 0


def test_board__full_of_what_is_none__stops_nothing(relaying: RelayWorld) -> None:
    relaying.to_vote()
    ballot = relaying.ballot(relaying.members[0])
    place = relaying.board._name("ballots", f"{relaying.proposal.id:064x}")
    relaying.world.store.put(f"{place}/{'00' * 32}", b"noise")
    relaying.world.store.put(f"{place}/short", b"noise")
    relaying.world.store.put(f"{place}/{'01' * 32}", ballot.encode())
    relaying.relay().round()
    assert relaying.state(ballot) == (DONE, "")


def test_leaf__that_is_erased_while_its_claim_waits__holds_up_no_other(relaying: RelayWorld) -> None:
    batch = relaying.unclaimed("ann", "ben")
    ann, ben = relaying.dao.who("ann"), relaying.dao.who("ben")
    until = relaying.now + DAY
    asked = [relaying.sign(ClaimRequest(who.address, until, b""), who) for who in (ann, ben)]
    mine: Any = next(item for item in batch.manifest.leaves if item.contributor == ann.address)
    relaying.dao.erase(batch, mine)
    relay = relaying.relay()
    relay.round()
    relay.round()
    assert relaying.state(asked[0])[0] == DONE and leaf(ben, "data of ben", units=100) in batch.manifest.leaves
    assert relaying.handle.read("token", "balanceOf", ben.address) > 0
