"""`succeed`: after the delay the heir has exactly what the old account had (T-10).

given a delay that is not over, or nothing open: refused, to the second; the account itself needs no opening
given a succession that is due: shares, income, credits and tokens of the named pools become the heir's
given pools left out, and what comes later: they wait, vote for the heir's delegate, and move with the next call
given the old key: no delegation, transfer, permit or payout; past votes stay
given several old accounts, chains, chains longer than eight steps: everything reaches the holder
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Event
from assurance.harness.chain.reader import refused
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.succession import DELAY, bind, opened, signed, succeed, succeeded
from assurance.harness.dao.system import DAY, Actor, actor

HOLDER, HEIR, OTHER, DELEGATE = actor("holder"), actor("heir"), actor("other"), actor("delegate")
WAIT = DELAY * DAY
PERMIT = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
DELEGATION = "Delegation(address delegatee,uint256 nonce,uint256 expiry)"
LATE = 2**48 - 1


def watched(pair: Pair) -> Any:
    views = pair.reader(HOLDER, HEIR, OTHER, DELEGATE)
    return lambda: (views.words(), pair.token.succession(HOLDER.address))


def tokens(pair: Pair, *accounts: Actor) -> list[int]:
    return [pair.token.balanceOf(account.address) for account in accounts]


def votes(pair: Pair, *accounts: Actor) -> list[int]:
    return [pair.token.getVotes(account.address) for account in accounts]


def shares(pair: Pair, pool: int, *accounts: Actor) -> list[int]:
    return [pair.splitter.sharesOf(pool, account.address) for account in accounts]


class TestWhen:
    """Before its time nothing moves."""

    def test_succeed__a_second_before_the_delay_is_over__refused_then_by_anyone__t10(self, pair: Pair) -> None:
        pair.accept(HOLDER, SHARES)
        until = opened(pair, HOLDER, HEIR)
        pair.chain.warp(until - 1 - pair.chain.timestamp)
        for caller in (HEIR, OTHER):
            with refused(watched(pair), "DataToken_TooEarly", HOLDER.address, until):
                succeed(pair, HOLDER, 1, by=caller)
        pair.chain.warp(1)
        succeed(pair, HOLDER, 1, by=OTHER)
        assert tokens(pair, HOLDER, HEIR) == [0, SHARES]

    def test_succeed__bound_and_not_opened__refused_however_long__t10(self, pair: Pair) -> None:
        bind(pair, HOLDER, HEIR)
        pair.chain.warp(10 * WAIT)
        for caller in (HEIR, OTHER):
            with refused(watched(pair), "DataToken_NotOpen", HOLDER.address, 0):
                succeed(pair, HOLDER, 1, by=caller)

    def test_succeed__without_an_heir__refused(self, pair: Pair) -> None:
        for caller in (HOLDER, HEIR):
            with refused(watched(pair), "DataToken_NoHeir", HOLDER.address):
                succeed(pair, HOLDER, 1, by=caller)

    @pytest.mark.parametrize("open_at", [None, 0, WAIT - 1])
    def test_succeed__by_the_account_itself__once_the_heir_is_bound_for_the_delay(
        self, pair: Pair, open_at: int | None
    ) -> None:
        pair.accept(HOLDER, SHARES)
        bind(pair, HOLDER, HEIR)
        since = pair.chain.timestamp
        if open_at is not None:
            pair.chain.warp(open_at)
            pair.token.openSuccession(HOLDER.address, sender=HEIR.address)
        pair.chain.warp(since + WAIT - 1 - pair.chain.timestamp)
        due = since + WAIT + (open_at or 0)
        with refused(watched(pair), "DataToken_TooEarly", HOLDER.address, due):
            succeed(pair, HOLDER, 1, by=HOLDER)
        pair.chain.warp(1)
        succeed(pair, HOLDER, 1, by=HOLDER)
        assert tokens(pair, HOLDER, HEIR) == [0, SHARES]

    def test_succeed__by_the_account_itself_after_a_veto__one_wait_and_one_delay_later(self, pair: Pair) -> None:
        opened(pair, HOLDER, HEIR)
        pair.token.vetoSuccession(sender=HOLDER.address)
        due = pair.chain.timestamp + 2 * WAIT
        pair.chain.warp(2 * WAIT - 1)
        with refused(watched(pair), "DataToken_TooEarly", HOLDER.address, due):
            succeed(pair, HOLDER, 1, by=HOLDER)
        pair.chain.warp(1)
        succeed(pair, HOLDER, 1, by=HOLDER)


class TestWhat:
    """What moves, to the unit."""

    @pytest.mark.parametrize("delegated", [False, True])
    def test_succeed__to_a_member__its_number_stays_and_is_no_others__t10(self, pair: Pair, delegated: bool) -> None:
        people = (HOLDER, HEIR, OTHER)
        for person in people:
            pair.accept(person, SHARES)
        if delegated:
            pair.token.delegate(OTHER.address, sender=HEIR.address)
        numbers = [pair.token.memberNumber(person.address) for person in people]
        succeeded(pair, HOLDER, HEIR, 1)
        assert [pair.token.memberNumber(person.address) for person in people] == numbers == [1, 2, 3]
        assert pair.token.memberCount() == 3

    def test_succeed__moves_shares_income_credit_tokens_and_votes__t10(self, pair: Pair) -> None:
        pair.accept(HOLDER, 4 * SHARES)
        pair.deposit(1, 1_000)
        pair.erase(HOLDER, SHARES)
        pair.deposit(1, 600)
        owed = pair.claimable(HOLDER)
        until = opened(pair, HOLDER, HEIR)
        pair.chain.warp(until - pair.chain.timestamp)
        receipt = succeed(pair, HOLDER, 1, by=OTHER)
        token, old, new = pair.token.address, HOLDER.address, HEIR.address
        amount = 3 * SHARES
        change = {"delegator": old, "fromDelegate": old, "toDelegate": new}
        moved = {"poolId": 1, "from": old, "to": new, "shares": amount, "credit": 1_000}
        assert receipt.events == [
            Event("DelegateChanged", token, change),
            Event("DelegateVotesChanged", token, {"delegate": old, "previousVotes": amount, "newVotes": 0}),
            Event("DelegateVotesChanged", token, {"delegate": new, "previousVotes": 0, "newVotes": amount}),
            Event("AccountSucceeded", token, {"account": old, "heir": new}),
            Event("MemberMoved", pair.splitter.address, moved),
            Event("Transfer", token, {"from": old, "to": new, "value": amount}),
        ]
        assert tokens(pair, HOLDER, HEIR) == votes(pair, HOLDER, HEIR) == shares(pair, 1, HOLDER, HEIR) == [0, amount]
        assert (pair.claimable(HOLDER), pair.claimable(HEIR)) == (0, owed)
        assert pair.token.holderOf(old)[0] == new
        assert pair.token.holderOf(old)[1] == amount
        assert pair.token.totalSupply() == amount
        assert pair.claim(HEIR) == owed

    def test_succeed__again__changes_nothing(self, pair: Pair) -> None:
        pair.accept(HOLDER, SHARES)
        succeeded(pair, HOLDER, HEIR, 1)
        state = watched(pair)
        before = state()
        assert [e.name for e in succeed(pair, HOLDER, 1, 1, 2, 0).events] == ["MemberMoved"] * 2
        assert succeed(pair, HOLDER, 1, 1, 2, 0).events == []
        assert state() == before

    def test_succeed__heir_is_a_member__both_incomes_within_a_unit(self, pair: Pair) -> None:
        pair.accept(HOLDER, 3 * SHARES)
        pair.accept(HEIR, 5 * SHARES + 7)
        pair.deposit(1, 1_001)
        pair.deposit(0, 777)
        owed = pair.claimable(HOLDER) + pair.claimable(HEIR)
        number = pair.token.memberNumber(HEIR.address)
        succeeded(pair, HOLDER, HEIR, 1)
        assert owed - pair.claimable(HEIR) in (0, 1)
        assert votes(pair, HEIR) == tokens(pair, HEIR) == [8 * SHARES + 7]
        assert pair.token.memberNumber(HEIR.address) == number != pair.token.memberNumber(HOLDER.address)

    def test_succeed__past_votes_stay_the_old_accounts__t10(self, pair: Pair) -> None:
        pair.accept(HOLDER, SHARES)
        until = opened(pair, HOLDER, HEIR)
        pair.chain.warp(until - pair.chain.timestamp)
        succeed(pair, HOLDER, 1)
        pair.chain.warp(1)
        assert [pair.token.getPastVotes(a.address, until - 1) for a in (HOLDER, HEIR)] == [SHARES, 0]
        assert [pair.token.getPastVotes(a.address, until) for a in (HOLDER, HEIR)] == [0, SHARES]

    def test_succeed__the_heir_has_a_delegate__the_tokens_count_for_it(self, pair: Pair) -> None:
        pair.accept(HOLDER, SHARES)
        pair.accept(HOLDER, SHARES, dataset=2)
        pair.token.delegate(DELEGATE.address, sender=HEIR.address)
        succeeded(pair, HOLDER, HEIR, 1)
        assert votes(pair, HOLDER, HEIR, DELEGATE) == [0, 0, 2 * SHARES]
        assert tokens(pair, HOLDER, HEIR) == [SHARES, SHARES]

    def test_succeed__the_old_account_had_a_delegate__its_own_tokens_leave_it(self, pair: Pair) -> None:
        pair.accept(HOLDER, SHARES)
        pair.token.delegate(DELEGATE.address, sender=HOLDER.address)
        succeeded(pair, HOLDER, HEIR, 1)
        assert votes(pair, HOLDER, HEIR, DELEGATE) == [0, SHARES, 0]

    def test_succeed__what_others_delegated_to_the_old_account__stays_until_they_move_it(self, pair: Pair) -> None:
        for account in (HOLDER, OTHER, HEIR):
            pair.accept(account, SHARES)
        for account in (OTHER, HEIR):
            pair.token.delegate(HOLDER.address, sender=account.address)
        succeeded(pair, HOLDER, HEIR, 1)
        assert votes(pair, HOLDER, HEIR, OTHER) == [3 * SHARES, 0, 0], "the heir's own choice too"
        pair.token.delegate(ADDRESS_ZERO, sender=HEIR.address)
        assert votes(pair, HOLDER, HEIR, OTHER) == [SHARES, 2 * SHARES, 0]
        pair.token.delegate(OTHER.address, sender=OTHER.address)
        assert votes(pair, HOLDER, HEIR, OTHER) == [0, 2 * SHARES, SHARES]

    def test_succeed__transferable__the_whole_balance_with_the_first_call(self, tradable: Pair) -> None:
        tradable.accept(HOLDER, SHARES)
        tradable.accept(HOLDER, SHARES, dataset=2)
        tradable.accept(OTHER, SHARES)
        tradable.token.transfer(HOLDER.address, 5, sender=OTHER.address)
        succeeded(tradable, HOLDER, HEIR, 1)
        assert tokens(tradable, HOLDER, HEIR) == [0, 2 * SHARES + 5]
        assert shares(tradable, 2, HOLDER, HEIR) == [SHARES, 0]
        tradable.token.transfer(HOLDER.address, 7, sender=OTHER.address)
        assert votes(tradable, HOLDER, HEIR) == [0, 2 * SHARES + 12]
        succeed(tradable, HOLDER)
        assert tokens(tradable, HOLDER, HEIR) == [0, 2 * SHARES + 12]

    def test_succeed__transferable_and_all_sold__shares_and_income_move_alone(self, tradable: Pair) -> None:
        tradable.accept(HOLDER, SHARES)
        tradable.token.transfer(OTHER.address, SHARES, sender=HOLDER.address)
        tradable.deposit(1, 900)
        succeeded(tradable, HOLDER, HEIR, 1)
        assert tokens(tradable, HOLDER, HEIR, OTHER) == [0, 0, SHARES]
        assert shares(tradable, 1, HOLDER, HEIR) == [0, SHARES]
        assert tradable.claimable(HEIR) == 900

    def test_succeed__an_account_with_nothing__is_succeeded_all_the_same(self, pair: Pair) -> None:
        receipt = succeeded(pair, HOLDER, HEIR)
        assert [e.name for e in receipt.events] == ["DelegateChanged", "AccountSucceeded"]
        assert tokens(pair, HOLDER, HEIR) == [0, 0]


class TestLater:
    """Pools left out, and what comes later."""

    def test_succeed__pools_left_out__wait_and_vote_for_the_heir_and_move_later__t10(self, pair: Pair) -> None:
        for dataset in (1, 2):
            pair.accept(HOLDER, SHARES, dataset=dataset)
            pair.deposit(dataset, 1_000)
        succeeded(pair, HOLDER, HEIR, 1)
        assert tokens(pair, HOLDER, HEIR) == [SHARES, SHARES]
        assert votes(pair, HOLDER, HEIR) == [0, 2 * SHARES]
        assert (pair.claimable(HOLDER, 2), pair.claimable(HEIR, 1)) == (1_000, 1_000)
        succeed(pair, HOLDER, 2)
        assert tokens(pair, HOLDER, HEIR) == votes(pair, HOLDER, HEIR) == [0, 2 * SHARES]
        assert pair.claimable(HEIR) == 2_000

    def test_succeed__a_late_claim__waits_for_the_heir_and_pays_the_old_key_nothing__r7(self, pair: Pair) -> None:
        pair.accept(HOLDER, SHARES)
        lot = pair.activate(1, SHARES)
        succeeded(pair, HOLDER, HEIR, 1)
        pair.deposit(1, 2_000)
        pair.vest(lot, HOLDER)
        assert tokens(pair, HOLDER, HEIR) == [SHARES, SHARES]
        assert votes(pair, HOLDER, HEIR) == [0, 2 * SHARES]
        assert (pair.claimable(HOLDER), pair.claim(HOLDER)) == (0, 0), "anyone's claim would strand it"
        succeed(pair, HOLDER, 1)
        assert tokens(pair, HOLDER, HEIR) == [0, 2 * SHARES]
        assert pair.claim(HEIR) == 2_000

    def test_succeed__the_heir_delegates_later__the_next_call_carries_it_to_what_waits(self, pair: Pair) -> None:
        pair.accept(HOLDER, SHARES)
        succeeded(pair, HOLDER, HEIR)
        assert votes(pair, HOLDER, HEIR) == [0, SHARES]
        pair.token.delegate(DELEGATE.address, sender=HEIR.address)
        assert votes(pair, HEIR, DELEGATE) == [SHARES, 0]
        succeed(pair, HOLDER)
        assert votes(pair, HEIR, DELEGATE) == [0, SHARES]
        assert pair.token.delegates(HOLDER.address) == DELEGATE.address
        pair.token.delegate(ADDRESS_ZERO, sender=HEIR.address)
        succeed(pair, HOLDER, 1)
        assert votes(pair, HEIR, DELEGATE) == tokens(pair, HEIR, DELEGATE) == [SHARES, 0]

    def test_succeed__two_old_accounts_with_one_heir(self, pair: Pair) -> None:
        for account in (HOLDER, OTHER):
            pair.accept(account, SHARES)
            opened(pair, account, HEIR)
        pair.chain.warp(WAIT)
        for account in (HOLDER, OTHER):
            succeed(pair, account, 1)
        assert tokens(pair, HOLDER, OTHER, HEIR) == votes(pair, HOLDER, OTHER, HEIR) == [0, 0, 2 * SHARES]

    def test_succeed__a_chain__moves_what_stands_in_between_along(self, pair: Pair) -> None:
        pair.accept(HOLDER, SHARES)
        pair.accept(HEIR, SHARES)
        pair.accept(HOLDER, SHARES, dataset=2)
        succeeded(pair, HOLDER, HEIR, 1)
        succeeded(pair, HEIR, OTHER)
        assert tokens(pair, HOLDER, HEIR, OTHER) == [SHARES, 2 * SHARES, 0]
        succeed(pair, HOLDER, 1, 2)
        assert tokens(pair, HOLDER, HEIR, OTHER) == votes(pair, HOLDER, HEIR, OTHER) == [0, 0, 3 * SHARES]
        assert shares(pair, 1, OTHER) == [2 * SHARES]
        assert pair.token.holderOf(HOLDER.address)[0] == OTHER.address

    def test_succeed__a_chain_of_more_than_eight_steps__is_shortened_from_the_middle(self, pair: Pair) -> None:
        links = [actor(f"link-{i}") for i in range(12)]
        pair.accept(links[0], SHARES)
        pair.accept(links[3], SHARES)
        for old, new in pairwise(links):
            succeeded(pair, old, new)
        for call in (lambda: succeed(pair, links[0], 1), lambda: pair.token.holderOf(links[0].address)):
            with refused(watched(pair), "DataToken_ChainTooLong", links[0].address, 8):
                call()
        fields = {"account": links[3].address, "heir": links[11].address}
        assert Event("AccountSucceeded", pair.token.address, fields) in succeed(pair, links[3], 1).events
        assert tokens(pair, links[3], links[11]) == [0, SHARES]
        succeed(pair, links[0], 1)
        assert tokens(pair, links[0], links[11]) == votes(pair, links[0], links[11]) == [0, 2 * SHARES]

    def test_succeed__a_chain_shortened_before_its_pools_are_moved__leaves_votes_where_they_were(
        self, pair: Pair
    ) -> None:
        links = [actor(f"link-{i}") for i in range(12)]
        pair.accept(links[3], SHARES)
        for old, new in pairwise(links):
            succeeded(pair, old, new)
        # The end of the chain votes through the account that was the heir so far.
        pair.token.delegate(links[4].address, sender=links[11].address)
        succeed(pair, links[3])
        before = votes(pair, *links)
        assert (sum(before), tokens(pair, links[3])) == (SHARES, [SHARES])
        succeed(pair, links[3], 1)
        assert tokens(pair, *links) == [*[0] * 11, SHARES]
        assert votes(pair, *links) == [*[0] * 4, SHARES, *[0] * 7]
        pair.token.delegate(links[11].address, sender=links[11].address)
        assert votes(pair, *links) == [*[0] * 11, SHARES]

    @pytest.mark.parametrize("steps", [8, 9])
    def test_holder_of__a_chain_of_eight_steps__is_followed_and_none_longer(self, pair: Pair, steps: int) -> None:
        links = [actor(f"link-{i}") for i in range(steps + 1)]
        for old, new in pairwise(links):
            succeeded(pair, old, new)
        if steps == 8:
            assert pair.token.holderOf(links[0].address)[0] == links[-1].address
        else:
            with refused(watched(pair), "DataToken_ChainTooLong", links[0].address, 8):
                pair.token.holderOf(links[0].address)
            assert pair.token.holderOf(links[1].address)[0] == links[-1].address

    @pytest.mark.parametrize("steps", [7, 8])
    def test_succeed__an_heir_at_the_end_of_eight_steps__refused_beyond(self, pair: Pair, steps: int) -> None:
        """The step to the heir is one of them."""
        links = [actor(f"link-{i}") for i in range(steps + 1)]
        pair.accept(HOLDER, SHARES)
        until = opened(pair, HOLDER, links[0])
        for old, new in pairwise(links):
            succeeded(pair, old, new)
        pair.chain.warp(max(0, until - pair.chain.timestamp))
        if steps == 7:
            succeed(pair, HOLDER, 1, by=OTHER)
            assert tokens(pair, HOLDER, links[-1]) == [0, SHARES]
        else:
            with refused(watched(pair), "DataToken_ChainTooLong", links[0].address, 8):
                succeed(pair, HOLDER, 1, by=OTHER)
            assert tokens(pair, HOLDER) == [SHARES]


class TestOldKey:
    """From the first call on."""

    @pytest.fixture
    def gone(self, tradable: Pair) -> Pair:
        for dataset in (1, 2):
            tradable.accept(HOLDER, SHARES, dataset=dataset)
            tradable.deposit(dataset, 1_000)
        tradable.token.approve(OTHER.address, 5, sender=HOLDER.address)
        succeeded(tradable, HOLDER, HEIR, 1)
        tradable.token.transfer(HOLDER.address, 9, sender=HEIR.address)
        return tradable

    def test_delegate__refused(self, gone: Pair) -> None:
        for to in (HOLDER.address, ADDRESS_ZERO, OTHER.address):
            with refused(watched(gone), "DataToken_AccountSucceeded", HOLDER.address):
                gone.token.delegate(to, sender=HOLDER.address)

    def test_delegate_by_sig_and_permit__refused(self, gone: Pair) -> None:
        s = signed(gone, HOLDER, DELEGATION, OTHER.address, 0, LATE)
        with refused(watched(gone), "DataToken_AccountSucceeded", HOLDER.address):
            gone.token.delegateBySig(OTHER.address, 0, LATE, s[64], s[:32], s[32:64], sender=OTHER.address)
        s = signed(gone, HOLDER, PERMIT, HOLDER.address, OTHER.address, 5, 0, LATE)
        args = (HOLDER.address, OTHER.address, 5, LATE, s[64], s[:32], s[32:64])
        with refused(watched(gone), "DataToken_AccountSucceeded", HOLDER.address):
            gone.token.permit(*args, sender=OTHER.address)

    @pytest.mark.parametrize("way", ["transfer", "transferFrom"])
    def test_transfer__refused_also_by_an_old_allowance(self, gone: Pair, way: str) -> None:
        with refused(watched(gone), "DataToken_AccountSucceeded", HOLDER.address):
            if way == "transfer":
                gone.token.transfer(OTHER.address, 5, sender=HOLDER.address)
            else:
                gone.token.transferFrom(HOLDER.address, OTHER.address, 5, sender=OTHER.address)

    @pytest.mark.parametrize("pools", [[], [1], [2], [1, 2]])
    def test_claim_to__refused_in_pools_moved_and_left_out(self, gone: Pair, pools: list[int]) -> None:
        error = ("RevenueSplitter_AccountSucceeded", HOLDER.address, HEIR.address)
        with refused(watched(gone), *error):
            gone.splitter.claimTo(OTHER.address, pools, sender=HOLDER.address)

    def test_veto__refused(self, gone: Pair) -> None:
        with refused(watched(gone), "DataToken_AccountSucceeded", HOLDER.address):
            gone.token.vetoSuccession(sender=HOLDER.address)
