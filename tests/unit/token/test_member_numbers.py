"""Member numbers: what one receipt bit of a proposal stands for (T-9).

given a first token, by claim, mint or transfer, or a first delegation of more than nothing: the next number
given a delegation of nothing, an approval, a burn, or a number already: none, or the same
given the registry: none, whatever it holds
"""

from __future__ import annotations

from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import Actor, actor

A, B, C, D = (actor(f"holder {name}") for name in "ABCD")


def numbers(pair: Pair, *accounts: Actor) -> list[int]:
    return [pair.token.memberNumber(account.address) for account in accounts]


def test_member_number__in_the_order_of_first_tokens_and_first_votes__t9(tradable: Pair) -> None:
    assert tradable.token.memberCount() == 0
    tradable.token.delegate(C.address, sender=B.address)
    assert numbers(tradable, B, C) == [0, 0], "a delegation of nothing gives no number"
    tradable.accept(A, SHARES)
    tradable.accept(B, SHARES)
    assert numbers(tradable, A, B, C, D) == [1, 2, 3, 0], "B's first tokens are C's first votes"
    tradable.token.transfer(D.address, 1, sender=A.address)
    assert numbers(tradable, A, B, C, D) == [1, 2, 3, 4]
    assert tradable.token.memberCount() == 4
    assert tradable.token.memberNumber(tradable.registry.address) == 0


def test_member_number__once_given__never_changes__t9(tradable: Pair) -> None:
    tradable.accept(A, SHARES)
    tradable.chain.warp(1)
    tradable.erase(A, SHARES)
    assert (tradable.token.balanceOf(A.address), numbers(tradable, A)) == (0, [1])
    tradable.accept(B, SHARES)
    tradable.accept(A, SHARES)
    tradable.token.delegate(B.address, sender=A.address)
    tradable.token.delegate(A.address, sender=A.address)
    assert numbers(tradable, A, B) == [1, 2]


def test_member_number__transfer_between_accounts_of_one_delegate__numbers_the_recipient__t9(tradable: Pair) -> None:
    tradable.accept(A, SHARES)
    tradable.token.delegate(A.address, sender=B.address)
    tradable.token.transfer(B.address, 5, sender=A.address)
    assert numbers(tradable, A, B) == [1, 2]
    assert tradable.token.getVotes(A.address) == SHARES


def test_ballot_of__votes_at_a_time_and_the_number_of_now(pair: Pair) -> None:
    pair.accept(A, SHARES)
    then = pair.chain.timestamp
    pair.chain.warp(10)
    pair.accept(A, SHARES)
    pair.accept(B, SHARES)
    pair.chain.warp(10)
    assert pair.token.ballotOf(A.address, then) == (SHARES, 1)
    assert pair.token.ballotOf(A.address, then + 10) == (2 * SHARES, 1)
    assert pair.token.ballotOf(B.address, then) == (0, 2)
    assert pair.token.ballotOf(C.address, then) == (0, 0)
