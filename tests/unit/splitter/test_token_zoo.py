"""The splitter's money with every kind of asset: what must work works to the unit, the rest is refused and nothing
moves, and one bad recipient stops no other payment (S-1, S-7, S-9, X-2; AB-35 to AB-38).

given an odd but honest asset: a whole life gives the same numbers as with a plain one
given an asset that keeps a fee or rounds on the way in: deposits refused
given one that fails for an account, or for a while: only those claims wait, nothing is lost
given one that calls out: nothing can be entered again, books hold inside the hook
given one whose balances change by themselves: no credit, and no one's claim is less
"""

from __future__ import annotations

from typing import Any

import pytest

from assurance.harness.chain.evm import Revm
from assurance.harness.chain.handles import Handle, Reverted, reverted
from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import ERASE, Dao, leaf
from assurance.harness.dao.pair import INCOME, SHARES, Pair
from assurance.harness.dao.system import actor
from assurance.harness.dao.zoo import KEEPER, PLAIN, Failure, Species, every_failure, every_tame_asset, hook
from datadao.messages import eip712

FIRST, SECOND, ELSEWHERE = actor("first member"), actor("second member"), actor("elsewhere")
BIG = 2**95 + 1


def life(pair: Pair) -> list[Any]:
    """Deposits, claims and leavings, and every number they show."""
    pair.accept(FIRST, SHARES)
    lot = pair.activate(1, 3 * SHARES)
    pair.deposit(1, 1)
    pair.deposit(0, 10**6 + 1)
    seen: list[Any] = [pair.claim(FIRST), pair.claim(FIRST)]
    pair.vest(lot, SECOND)
    pair.deposit(1, BIG)
    pair.splitter.deposit(1, 0, sender=pair.payer.address)
    seen += [pair.claimable(SECOND), pair.claim(SECOND, 0), pair.claim(SECOND, 2)]
    pair.erase(FIRST, SHARES)
    pair.deposit(1, 12_345)
    seen.append(pair.splitter.claimTo(ELSEWHERE.address, [0, 1], sender=SECOND.address).value)
    seen += [pair.claim(FIRST), pair.splitter.conservation()]
    holders = (FIRST.address, SECOND.address, ELSEWHERE.address, pair.payer.address, pair.splitter.address)
    return seen + [pair.asset.balanceOf(holder) for holder in holders]


@every_tame_asset
def test_splitter__tame_asset__a_whole_life_as_with_a_plain_one__ab36(species: Species) -> None:
    assert life(Pair(**species.options)) == life(Pair(**PLAIN.options))


@every_tame_asset
def test_deposit__payer_has_too_little__refused_by_the_asset(species: Species) -> None:
    pair = Pair(**species.options)
    pair.accept(FIRST, SHARES)
    pair.fund(pair.payer, 9)
    error = species.too_little(pair.splitter.address, pair.payer.address, 9, 10)
    if species.contract == "FalseAsset":
        error = Reverted("SafeERC20FailedOperation", pair.asset.address)
    with refused(pair.reader(FIRST, pair.payer).words, error.name, *error.values):
        pair.splitter.deposit(1, 10, sender=pair.payer.address)
    pair.splitter.deposit(1, 9, sender=pair.payer.address)
    assert pair.splitter.pool(1)[2] == 9


@every_tame_asset
def test_claim_and_deposit__of_nothing__touch_no_asset__ab32(species: Species) -> None:
    pair = Pair(**species.options)
    pair.accept(FIRST, SHARES)
    state = pair.reader(FIRST, pair.payer).words
    before = state()
    assert pair.splitter.deposit(1, 0, sender=pair.payer.address).logs == []
    assert pair.splitter.claim(FIRST.address, [0, 1], sender=ELSEWHERE.address).logs == []
    assert pair.splitter.claimTo(ELSEWHERE.address, [0, 1], sender=FIRST.address).logs == []
    assert state() == before


@pytest.mark.parametrize(("amount", "arrived"), [(1, 0), (99, 98), (10_000, 9_900)])
def test_deposit__fee_on_transfer__refused__s1_ab35(amount: int, arrived: int) -> None:
    pair = Pair(asset="FeeAsset")
    pair.accept(FIRST, SHARES)
    pair.fund(pair.payer, amount)
    assert pair.splitter.acceptsDeposit(1, amount), "the splitter cannot know before it tries"
    with refused(pair.reader(FIRST, pair.payer).words, "RevenueSplitter_WrongAmountReceived", amount, arrived):
        pair.splitter.deposit(1, amount, sender=pair.payer.address)


def test_claim__fee_introduced_later__costs_the_claimant_alone__s9() -> None:
    pair = Pair(asset="FeeAsset")
    pair.asset.setFee(0, sender=KEEPER)
    pair.accept(FIRST, SHARES)
    pair.accept(SECOND, SHARES)
    pair.deposit(1, 20_000)
    pair.asset.setFee(100, sender=KEEPER)
    assert pair.claim(FIRST) == 10_000
    assert pair.asset.balanceOf(FIRST.address) == 9_900
    assert pair.claimable(SECOND) == pair.asset.balanceOf(pair.splitter.address) == 10_000
    pair.fund(pair.payer, 100)
    with refused(pair.reader(FIRST, SECOND).words, "RevenueSplitter_WrongAmountReceived", 100, 99):
        pair.splitter.deposit(1, 100, sender=pair.payer.address)


@every_failure
def test_claim__asset_fails_for_one__refused_until_mended_and_others_are_paid__s7_ab37_b18(failure: Failure) -> None:
    pair = Pair(asset=failure.contract)
    for member in (FIRST, SECOND):
        pair.accept(member, SHARES)
    pair.deposit(1, 1_000)
    failure.fail(pair.asset, FIRST.address)
    error = failure.error(pair.asset, FIRST.address)
    state = pair.reader(FIRST, SECOND).words
    for _ in range(2):
        with refused(state, error.name, *error.values):
            pair.claim(FIRST)
    if failure.one_account:
        assert pair.claim(SECOND) == 500
        assert pair.splitter.claimTo(ELSEWHERE.address, [1], sender=FIRST.address).value == 500
        assert pair.asset.balanceOf(ELSEWHERE.address) == 500
        pair.deposit(1, 1_000)
    failure.mend(pair.asset, FIRST.address)
    assert pair.claim(FIRST) == 500
    assert pair.claim(SECOND) == 500


@every_failure
def test_erase_and_vest__asset_fails__go_on_and_keep_what_was_earned__s7(failure: Failure) -> None:
    pair = Pair(asset=failure.contract)
    pair.accept(FIRST, SHARES)
    lot = pair.activate(1, SHARES)
    pair.deposit(1, 1_000)
    failure.fail(pair.asset, pair.splitter.address)
    pair.vest(lot, SECOND)
    pair.erase(FIRST, SHARES)
    assert (pair.claimable(FIRST), pair.claimable(SECOND)) == (500, 500)
    error = failure.error(pair.asset, pair.splitter.address)
    for member in (FIRST, SECOND):
        with refused(pair.reader(FIRST, SECOND).words, error.name, *error.values):
            pair.claim(member)
    failure.mend(pair.asset, pair.splitter.address)
    assert (pair.claim(FIRST), pair.claim(SECOND)) == (500, 500)


@every_failure
def test_deposit__asset_fails_for_the_payer__refused_and_others_can_pay(failure: Failure) -> None:
    pair = Pair(asset=failure.contract)
    pair.accept(FIRST, SHARES)
    for payer in (pair.payer, ELSEWHERE):
        pair.fund(payer, 100)
    failure.fail(pair.asset, pair.payer.address)
    error = failure.error(pair.asset, pair.payer.address)
    with refused(pair.reader(FIRST, pair.payer).words, error.name, *error.values):
        pair.splitter.deposit(1, 100, sender=pair.payer.address)
    if failure.one_account:
        pair.splitter.deposit(1, 100, sender=ELSEWHERE.address)
    failure.mend(pair.asset, pair.payer.address)
    pair.splitter.deposit(1, 100, sender=pair.payer.address)


def test_deposit__uint96_asset__widest_amount_works_and_the_next_is_refused() -> None:
    pair = Pair(asset="Uint96Asset", decimals=18)
    pair.accept(FIRST, SHARES)
    pair.deposit(1, 2**96 - 1)
    assert pair.claim(FIRST) in (2**96 - 2, 2**96 - 1)
    with refused(pair.reader(FIRST, pair.payer).words, "Uint96Asset_TooLarge", 2**96):
        pair.splitter.deposit(1, 2**96, sender=pair.payer.address)


def test_rebase__up__creates_no_credit__s9() -> None:
    pair = Pair(asset="RebaseAsset")
    pair.accept(FIRST, SHARES)
    pair.deposit(1, 1_000)
    books = pair.splitter.conservation()
    pair.asset.setFactor(3 * 10**18, sender=KEEPER)
    assert pair.splitter.conservation() == books
    assert pair.claim(FIRST) == 1_000
    assert pair.asset.balanceOf(pair.splitter.address) in (2_000, 2_001), "the surplus belongs to no pool"


def test_rebase__down__lowers_no_claim_and_pays_while_there_is_something__s9() -> None:
    pair = Pair(asset="RebaseAsset")
    for member in (FIRST, SECOND):
        pair.accept(member, SHARES)
    pair.deposit(1, 1_000)
    pair.asset.setFactor(10**18 // 2, sender=KEEPER)
    assert (pair.claimable(FIRST), pair.claimable(SECOND)) == (500, 500)
    assert pair.claim(FIRST) == 500
    state = pair.reader(FIRST, SECOND).words
    # The asset counts in its own parts: 500 units are 1,000 of them now, and the splitter has none left.
    with refused(state, "ERC20InsufficientBalance", pair.splitter.address, 0, 1_000):
        pair.claim(SECOND)
    pair.asset.mint(pair.splitter.address, 500, sender=KEEPER)
    assert pair.claim(SECOND) == 500


def test_deposit__rebasing_asset_rounds_on_the_way__refused__ab35() -> None:
    pair = Pair(asset="RebaseAsset")
    pair.accept(FIRST, SHARES)
    pair.asset.setFactor(3 * 10**18, sender=KEEPER)
    pair.fund(pair.payer, 300)
    with refused(pair.reader(FIRST, pair.payer).words, "RevenueSplitter_WrongAmountReceived", 100, 99):
        pair.splitter.deposit(1, 100, sender=pair.payer.address)
    pair.splitter.deposit(1, 99, sender=pair.payer.address)


def reentries(pair: Pair) -> list[tuple[Handle, str, tuple[Any, ...]]]:
    """Everything of the splitter that moves money, called from inside a transfer."""
    return [
        (pair.splitter, "deposit", (1, 7)),
        (pair.splitter, "claim", (FIRST.address, [0, 1])),
        (pair.splitter, "claim", (SECOND.address, [0, 1])),
        (pair.splitter, "claimTo", (ELSEWHERE.address, [0, 1])),
    ]


def guarded(asset: Handle, count: int) -> None:
    """All attempts of two hooks ran into the guard."""
    attempts = asset.attempts()
    assert len(attempts) == 2 * count
    for attempt in attempts:
        assert not attempt.succeeded
        assert reverted(attempt.result) == Reverted("ReentrancyGuardReentrantCall")


@pytest.mark.parametrize("action", ["deposit", "claim", "claimTo"])
def test_money__entered_again_from_a_transfer__refused_and_the_transfer_stands__x2_ab38(action: str) -> None:
    def play(pair: Pair) -> list[int]:
        if action == "deposit":
            pair.splitter.deposit(1, 1_000, sender=pair.payer.address)
        elif action == "claim":
            assert pair.claim(FIRST) == 500
        else:
            assert pair.splitter.claimTo(ELSEWHERE.address, [1], sender=FIRST.address).value == 500
        return pair.reader(FIRST, SECOND, ELSEWHERE).words()

    results = []
    for contract in ("HookAsset", "TestAsset"):
        pair = Pair(asset=contract)
        for member in (FIRST, SECOND):
            pair.accept(member, SHARES)
        pair.deposit(1, 1_000)
        pair.fund(pair.payer, 1_000)
        if contract == "HookAsset":
            calls = reentries(pair)
            hook(pair.asset, *calls)
            results.append(play(pair))
            guarded(pair.asset, len(calls))
        else:
            results.append(play(pair))
    assert results[0] == results[1]


def test_money__asset_that_is_a_member_itself__cannot_be_paid_twice__x2() -> None:
    pair = Pair(asset="HookAsset")
    thief = type(FIRST)("thief", pair.asset.address, b"")
    for member in (thief, SECOND):
        pair.accept(member, SHARES)
    pair.deposit(1, 1_000)
    hook(pair.asset, (pair.splitter, "claimTo", (ELSEWHERE.address, [0, 1])))
    assert pair.claim(thief) == 500
    guarded(pair.asset, 1)
    assert pair.asset.balanceOf(ELSEWHERE.address) == 0
    assert pair.claimable(SECOND) == pair.asset.balanceOf(pair.splitter.address) == 500


@pytest.mark.parametrize("action", ["deposit", "claim"])
def test_books__read_from_inside_a_transfer__never_owe_more_than_is_there__s1_x2(action: str) -> None:
    pair = Pair(asset="HookAsset")
    for member in (FIRST, SECOND):
        pair.accept(member, SHARES)
    pair.deposit(1, 1_000)
    pair.fund(pair.payer, 1_000)
    accounts = (FIRST.address, SECOND.address)
    reads = [
        (pair.splitter, "conservation", ()),
        (pair.asset, "balanceOf", (pair.splitter.address,)),
        *((pair.splitter, "claimable", (account, [0, 1])) for account in accounts),
    ]
    hook(pair.asset, *reads)
    if action == "deposit":
        pair.splitter.deposit(1, 1_000, sender=pair.payer.address)
    else:
        pair.claim(FIRST)
    attempts = pair.asset.attempts()
    assert len(attempts) == 2 * len(reads)
    for start in (0, len(reads)):
        words = [attempt.result for attempt in attempts[start : start + len(reads)]]
        received, paid, owed, _ = (int.from_bytes(words[0][i : i + 32], "big") for i in range(0, 128, 32))
        held, *claimable = (int.from_bytes(word, "big") for word in words[1:])
        assert sum(claimable) <= owed <= received - paid <= held


def hooked_dao() -> tuple[Dao, list[Any]]:
    """A DAO whose asset calls out, with one member about to erase by signature from inside a deposit."""
    dao = Dao(chain=Revm(), asset="HookAsset")
    leaver, stayer = dao.who("leaver"), dao.who("stayer")
    data = leaf(leaver, "leaver's data")
    others = leaf(stayer, "stayer's data")
    batch = dao.contribute(data, others)
    deadline = dao.chain.timestamp + 1_000
    registry = dao.registry.address
    message = eip712.typed_data(
        "DatasetRegistry", dao.chain.chain_id, registry, ERASE, batch.id, data.fingerprint, deadline
    )
    erase = (batch.id, tuple(data), batch.proof(data), deadline, leaver.sign(message))
    return dao, [(batch, others), (dao.registry, "eraseBySig", erase)]


def test_deposit__member_erased_from_inside_the_transfer__shared_among_who_is_left__x2() -> None:
    dao, (_, erase) = hooked_dao()
    dao.fund(dao.who("payer"), INCOME, dao.splitter)
    hook(dao.asset, erase)
    dao.splitter.deposit(1, INCOME, sender=dao.who("payer").address)
    assert dao.asset.attempts()[0].succeeded
    assert dao.splitter.claimable(dao.who("stayer").address, [1]) == INCOME
    assert dao.splitter.claimable(dao.who("leaver").address, [1]) == 0
    assert dao.splitter.conservation()[0] == INCOME


def test_deposit__last_member_erased_from_inside_the_transfer__refused_whole__x2_s10() -> None:
    dao, ((batch, others), erase) = hooked_dao()
    dao.erase(batch, others)
    payer = dao.who("payer")
    dao.fund(payer, INCOME, dao.splitter)
    hook(dao.asset, erase)

    def state() -> tuple[Any, ...]:
        return dao.splitter.pool(1), dao.asset.balanceOf(payer.address), dao.token.totalSupply()

    with refused(state, "RevenueSplitter_NoShares", 1):
        dao.splitter.deposit(1, INCOME, sender=payer.address)
