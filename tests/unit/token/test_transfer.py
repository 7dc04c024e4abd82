"""`transfer` and `transferFrom`: never between members unless the DAO was created transferable (T-6).

given a DAO without transfers: every call that would move a member's tokens is refused, with or without approval
given a DAO with transfers: balance and votes move together, shares stay; oneself, nothing, everything
given the registry or the token as recipient: refused; the zero address: refused
given the registry as sender: it hands over what is unclaimed and no more; to itself: nothing changes
"""

from __future__ import annotations

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Event
from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import Actor, actor

HOLDER, OTHER, SPENDER = actor("holder"), actor("other"), actor("spender")


def move(pair: Pair, to: str, value: int, *, way: str) -> object:
    if way == "transfer":
        return pair.token.transfer(to, value, sender=HOLDER.address)
    pair.token.approve(SPENDER.address, value, sender=HOLDER.address)
    return pair.token.transferFrom(HOLDER.address, to, value, sender=SPENDER.address)


WAYS = pytest.mark.parametrize("way", ["transfer", "transferFrom"])


@WAYS
@pytest.mark.parametrize("to", [OTHER, HOLDER])
@pytest.mark.parametrize("value", [0, 1, SHARES, SHARES + 1])
def test_transfer__not_transferable__refused_whatever_the_amount__t6(
    pair: Pair, way: str, to: Actor, value: int
) -> None:
    pair.accept(HOLDER, SHARES)
    with refused(pair.reader(HOLDER, OTHER).words, "DataToken_NotTransferable", HOLDER.address, to.address):
        move(pair, to.address, value, way=way)


def test_transfer__member_of_a_real_dao__refused_and_the_registry_hands_over(dao: Dao) -> None:
    member, other = dao.who("member"), dao.who("other")
    dao.contribute(leaf(member, "data"))
    assert not dao.token.transferable()
    assert dao.token.balanceOf(member.address) == 10**9, "claimed: the one move there is"
    with refused(
        lambda: dao.token.balanceOf(member.address), "DataToken_NotTransferable", member.address, other.address
    ):
        dao.token.transfer(other.address, 1, sender=member.address)


@WAYS
def test_transfer__transferable__moves_balance_and_votes_and_no_shares(tradable: Pair, way: str) -> None:
    tradable.accept(HOLDER, SHARES)
    receipt = move(tradable, OTHER.address, 400, way=way)
    token = tradable.token.address
    assert receipt.events[-3:] == [  # type: ignore[attr-defined]
        Event("Transfer", token, {"from": HOLDER.address, "to": OTHER.address, "value": 400}),
        Event(
            "DelegateVotesChanged",
            token,
            {"delegate": HOLDER.address, "previousVotes": SHARES, "newVotes": SHARES - 400},
        ),
        Event("DelegateVotesChanged", token, {"delegate": OTHER.address, "previousVotes": 0, "newVotes": 400}),
    ]
    for account, held in ((HOLDER, SHARES - 400), (OTHER, 400)):
        address = account.address
        assert tradable.token.balanceOf(address) == tradable.token.getVotes(address) == held
    assert [tradable.splitter.sharesOf(1, a.address) for a in (HOLDER, OTHER)] == [SHARES, 0]
    assert tradable.token.totalSupply() == SHARES


@WAYS
def test_transfer__more_than_the_balance__refused(tradable: Pair, way: str) -> None:
    tradable.accept(HOLDER, SHARES)
    state = tradable.reader(HOLDER, OTHER).words
    with refused(state, "ERC20InsufficientBalance", HOLDER.address, SHARES, SHARES + 1):
        move(tradable, OTHER.address, SHARES + 1, way=way)
    move(tradable, OTHER.address, SHARES, way=way)


@WAYS
@pytest.mark.parametrize("to", ["registry", "token"])
def test_transfer__to_registry_or_token__refused(tradable: Pair, way: str, to: str) -> None:
    tradable.accept(HOLDER, SHARES)
    address = tradable.addresses[to]
    with refused(tradable.reader(HOLDER).words, "DataToken_InvalidRecipient", address):
        move(tradable, address, 1, way=way)


@WAYS
def test_transfer__to_zero__refused(tradable: Pair, way: str) -> None:
    tradable.accept(HOLDER, SHARES)
    with refused(tradable.reader(HOLDER).words, "ERC20InvalidReceiver", ADDRESS_ZERO):
        move(tradable, ADDRESS_ZERO, 1, way=way)


@pytest.mark.parametrize(("to", "value"), [(HOLDER, SHARES), (HOLDER, 0), (OTHER, 0)])
def test_transfer__to_oneself_or_of_nothing__changes_nothing__t6(tradable: Pair, to: Actor, value: int) -> None:
    tradable.accept(HOLDER, SHARES)
    tradable.deposit(0, 1_000_003)
    state = tradable.reader(HOLDER, OTHER).words
    before = state()
    receipt = move(tradable, to.address, value, way="transfer")
    assert [e.name for e in receipt.events] == ["Transfer"]  # type: ignore[attr-defined]
    assert state() == before


def test_transfer__to_an_account_with_a_delegate__votes_go_to_the_delegate(tradable: Pair) -> None:
    delegate = actor("delegate")
    tradable.token.delegate(delegate.address, sender=OTHER.address)
    tradable.accept(HOLDER, SHARES)
    tradable.token.transfer(OTHER.address, SHARES, sender=HOLDER.address)
    assert tradable.token.getVotes(delegate.address) == SHARES
    assert tradable.token.getVotes(OTHER.address) == tradable.token.getVotes(HOLDER.address) == 0


def test_transfer_from__without_approval__refused(tradable: Pair) -> None:
    tradable.accept(HOLDER, SHARES)
    state = tradable.reader(HOLDER, OTHER).words
    with refused(state, "ERC20InsufficientAllowance", SPENDER.address, 0, 1):
        tradable.token.transferFrom(HOLDER.address, OTHER.address, 1, sender=SPENDER.address)


def test_transfer_from__of_the_registrys_unclaimed_tokens__refused(pair: Pair) -> None:
    pair.activate(1, SHARES)
    with refused(pair.reader(OTHER).words, "ERC20InsufficientAllowance", OTHER.address, 0, 1):
        pair.token.transferFrom(pair.registry.address, OTHER.address, 1, sender=OTHER.address)


def test_transfer__several_in_one_second__one_checkpoint_each__t4_ab04(tradable: Pair) -> None:
    tradable.accept(HOLDER, SHARES)
    tradable.chain.warp(10)
    for value in (1, 2, 3):
        tradable.token.transfer(OTHER.address, value, sender=HOLDER.address)
    assert tradable.token.numCheckpoints(OTHER.address) == 1
    assert tradable.token.numCheckpoints(HOLDER.address) == 2
    last = tradable.token.checkpoints(OTHER.address, 0)
    assert (last._key, last._value) == (tradable.chain.timestamp, 6)


def test_transfer__of_the_registry_to_itself__changes_nothing(pair: Pair) -> None:
    """It keeps what is not claimed yet beside the supply, and has no word, votes or number of its own."""
    pair.activate(1, SHARES)
    registry = pair.registry
    state = pair.reader().words
    before = state()
    for value in (0, 1, SHARES):
        receipt = pair.token.transfer(registry.address, value, sender=registry.address)
        assert [event.name for event in receipt.events] == ["Transfer"]
        assert state() == before


def test_transfer__of_the_registry_beyond_what_is_unclaimed__refused(pair: Pair) -> None:
    lot, holder, registry = pair.activate(1, SHARES), actor("holder"), pair.registry.address
    pair.vest(lot, holder, 1)
    refusal = ("ERC20InsufficientBalance", registry, SHARES - 1, SHARES)
    for to in (holder.address, registry):
        with refused(pair.reader(holder).words, *refusal):
            pair.token.transfer(to, SHARES, sender=registry)
    receipt = pair.token.transfer(holder.address, SHARES - 1, sender=registry)
    fields = {"from": registry, "to": holder.address, "value": SHARES - 1}
    assert Event("Transfer", pair.token.address, fields) in receipt.events
    assert pair.token.balanceOf(holder.address) == SHARES
