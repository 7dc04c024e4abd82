"""`delegate`: votes count for whoever the holder names, for itself unless it names another; never for the zero address
(T-2).

given no delegation: the account itself, from the moment of receipt
given a delegate, another, oneself, the zero address (self): votes, events
given the registry or the token: refused
given a delegate that wants to trap its delegators: redelegation and erasure always work (T-7, AB-05)
"""

from __future__ import annotations

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Event, Receipt
from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import Actor, actor

HOLDER, FIRST, SECOND = actor("holder"), actor("first delegate"), actor("second delegate")


def votes(pair: Pair, *accounts: Actor) -> list[int]:
    return [pair.token.getVotes(account.address) for account in accounts]


def reported(pair: Pair, receipt: Receipt, old: str, new: str, *changes: tuple[str, int, int]) -> None:
    """The receipt has exactly the events of this change of delegate and these changes of votes."""
    token = pair.token.address
    assert receipt.events == [
        Event("DelegateChanged", token, {"delegator": HOLDER.address, "fromDelegate": old, "toDelegate": new}),
        *(
            Event("DelegateVotesChanged", token, {"delegate": who, "previousVotes": before, "newVotes": after})
            for who, before, after in changes
        ),
    ]


def test_holder__never_delegated__votes_itself_from_receipt(dao: Dao) -> None:
    member = dao.who("member")
    assert dao.token.delegates(member.address) == member.address
    dao.contribute(leaf(member, "data"))
    assert dao.token.getVotes(member.address) == 10**9
    assert dao.token.getPastVotes(member.address, dao.chain.timestamp - 1) == 10**9


def test_delegate__to_another_and_on__moves_the_votes_each_time(pair: Pair) -> None:
    pair.accept(HOLDER, SHARES)
    one, two = FIRST.address, SECOND.address
    receipt = pair.token.delegate(one, sender=HOLDER.address)
    reported(pair, receipt, HOLDER.address, one, (HOLDER.address, SHARES, 0), (one, 0, SHARES))
    receipt = pair.token.delegate(two, sender=HOLDER.address)
    reported(pair, receipt, one, two, (one, SHARES, 0), (two, 0, SHARES))
    assert votes(pair, HOLDER, FIRST, SECOND) == [0, 0, SHARES]
    assert pair.token.delegates(HOLDER.address) == two


def test_delegate__to_zero__means_oneself_and_loses_nothing__t2(pair: Pair) -> None:
    pair.accept(HOLDER, SHARES)
    pair.token.delegate(FIRST.address, sender=HOLDER.address)
    receipt = pair.token.delegate(ADDRESS_ZERO, sender=HOLDER.address)
    reported(pair, receipt, FIRST.address, HOLDER.address, (FIRST.address, SHARES, 0), (HOLDER.address, 0, SHARES))
    assert votes(pair, HOLDER, FIRST) == [SHARES, 0]
    assert pair.token.delegates(HOLDER.address) == HOLDER.address


@pytest.mark.parametrize("to", [ADDRESS_ZERO, HOLDER.address])
def test_delegate__to_oneself_at_first__doubles_nothing__ab04(pair: Pair, to: str) -> None:
    pair.accept(HOLDER, SHARES)
    for _ in range(2):
        receipt = pair.token.delegate(to, sender=HOLDER.address)
        reported(pair, receipt, HOLDER.address, HOLDER.address)
        assert votes(pair, HOLDER) == [SHARES]


@pytest.mark.parametrize("to", ["registry", "token"])
def test_delegate__to_registry_or_token__refused(pair: Pair, to: str) -> None:
    pair.accept(HOLDER, SHARES)
    address = pair.addresses[to]
    with refused(pair.reader(HOLDER).words, "DataToken_InvalidDelegate", address):
        pair.token.delegate(address, sender=HOLDER.address)


def test_delegate__before_holding_anything__holds_for_what_comes(pair: Pair) -> None:
    pair.token.delegate(FIRST.address, sender=HOLDER.address)
    pair.accept(HOLDER, SHARES)
    assert votes(pair, HOLDER, FIRST) == [0, SHARES]


def test_delegate__is_not_passed_on(pair: Pair) -> None:
    pair.accept(HOLDER, SHARES)
    pair.accept(FIRST, SHARES)
    pair.token.delegate(FIRST.address, sender=HOLDER.address)
    pair.token.delegate(SECOND.address, sender=FIRST.address)
    assert votes(pair, HOLDER, FIRST, SECOND) == [0, SHARES, SHARES]


def test_delegate__delegate_that_erased_everything__cannot_trap_its_delegators__t7_ab05(dao: Dao) -> None:
    holder, delegate = dao.who("holder"), dao.who("delegate")
    held, theirs = leaf(holder, "data"), leaf(delegate, "delegate's data")
    batch = dao.contribute(held, theirs)
    dao.token.delegate(delegate.address, sender=holder.address)
    dao.token.delegate(holder.address, sender=delegate.address)
    dao.erase(batch, theirs)
    assert dao.token.getVotes(delegate.address) == 10**9
    dao.token.delegate(ADDRESS_ZERO, sender=holder.address)
    assert dao.token.getVotes(holder.address) == 10**9
    dao.token.delegate(delegate.address, sender=holder.address)
    dao.erase(batch, held)
    assert dao.token.getVotes(delegate.address) == dao.token.getVotes(holder.address) == 0


def test_delegate__several_times_in_one_second__one_checkpoint__t4_ab04(pair: Pair) -> None:
    pair.accept(HOLDER, SHARES)
    pair.chain.warp(10)
    for to in (FIRST, SECOND, FIRST, SECOND):
        pair.token.delegate(to.address, sender=HOLDER.address)
    assert [pair.token.numCheckpoints(a.address) for a in (HOLDER, FIRST, SECOND)] == [2, 1, 1]
    now = pair.chain.timestamp
    with refused(pair.reader(HOLDER).words, "ERC5805FutureLookup", now, now):
        pair.token.getPastVotes(SECOND.address, now)
    pair.chain.warp(1)
    assert [pair.token.getPastVotes(a.address, now) for a in (HOLDER, FIRST, SECOND)] == [0, 0, SHARES]


def test_clock__token_and_governor_agree__t8_ab24(dao: Dao) -> None:
    assert dao.token.clock() == dao.governor.clock() == dao.chain.timestamp
    assert dao.token.CLOCK_MODE() == dao.governor.CLOCK_MODE() == "mode=timestamp"
