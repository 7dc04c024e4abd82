"""Numbers that an account's word keeps in few bits: after the last one that fits there is an error by name, and nothing
changed. No life is long enough to count so far: the field is set."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from eth_abi.abi import encode
from eth_utils import keccak

from assurance.harness.chain.reader import refused
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import Actor, actor
from tests.unit.token.test_permit import HOLDER, permit, state

OTHER = actor("other")
AMOUNT = 2**63 - 1
NUMBER_AT, NUMBER = 198, 2**32 - 1
NONCE_AT, NONCE = 230, 2**24 - 1


def fill(pair: Pair, slots: Iterable[int], is_it: Callable[[int], bool], field: int) -> None:
    """Sets bits in the one word of these that is the one."""
    at = pair.token.address
    words = {slot: pair.chain.storage(at, slot) for slot in slots}
    ((slot, word),) = [(slot, word) for slot, word in words.items() if is_it(word)]
    pair.chain.set_storage(at, slot, word | field)


def below(account: Actor) -> list[int]:
    """Where a mapping may keep the account's word."""
    return [int.from_bytes(keccak(encode(["address", "uint256"], [account.address, at])), "big") for at in range(32)]


def test_member_number__none_left__refused_to_every_newcomer_t9(tradable: Pair) -> None:
    tradable.accept(HOLDER, SHARES)
    fill(tradable, range(32), lambda word: (word >> 63) & AMOUNT == SHARES, NUMBER << NUMBER_AT)
    assert tradable.token.memberCount() == NUMBER
    picture = tradable.reader(HOLDER, OTHER).words
    with refused(picture, "DataToken_FieldFull", 32):
        tradable.token.transfer(OTHER.address, 1, sender=HOLDER.address)
    with refused(picture, "DataToken_FieldFull", 32):
        tradable.token.delegate(OTHER.address, sender=HOLDER.address)
    assert tradable.token.memberNumber(OTHER.address) == 0
    tradable.accept(HOLDER, SHARES)  # who has a number goes on
    assert tradable.token.getVotes(HOLDER.address) == 2 * SHARES


def test_nonce__none_left__nothing_more_is_taken_by_signature(tradable: Pair) -> None:
    tradable.accept(HOLDER, SHARES)
    fill(tradable, below(HOLDER), lambda word: word & AMOUNT == SHARES, NONCE << NONCE_AT)
    with refused(lambda: state(tradable), "DataToken_FieldFull", 24):
        permit(tradable, nonce=NONCE)
    assert state(tradable) == (0, NONCE)
    tradable.token.delegate(OTHER.address, sender=HOLDER.address)  # by transactions it goes on
    assert tradable.token.getVotes(OTHER.address) == SHARES


def test_time__as_late_as_its_forty_bits_say__is_kept_in_word_and_history(pair: Pair) -> None:
    pair.chain.warp(2**40 - 3 - pair.chain.timestamp)
    for _ in range(2):
        pair.accept(HOLDER, SHARES)
        pair.chain.warp(1)
    pair.accept(HOLDER, SHARES)
    times = [pair.token.checkpoints(HOLDER.address, position)._key for position in range(3)]
    assert times == [2**40 - 3, 2**40 - 2, 2**40 - 1]
    assert [pair.token.getPastVotes(HOLDER.address, at) for at in (2**40 - 4, *times[:2])] == [0, SHARES, 2 * SHARES]


def test_votes__as_many_as_their_bits_hold__are_kept_in_word_and_history(pair: Pair) -> None:
    amounts = [2**62 + 5, 2**62 - 7]
    for amount in amounts:
        pair.accept(HOLDER, amount)
        pair.chain.warp(1)
    pair.erase(HOLDER, 1)
    start = pair.chain.timestamp - 2
    pair.chain.warp(1)
    expected = [amounts[0], sum(amounts), sum(amounts) - 1]
    assert [pair.token.getPastVotes(HOLDER.address, start + n) for n in range(3)] == expected
    assert [pair.token.getPastTotalSupply(start + n) for n in range(3)] == expected
    assert [pair.token.checkpoints(HOLDER.address, n)._value for n in range(3)] == expected
