"""`claimFor`: anyone pays many members at once, each to itself (S-13).

given members with something owed, nothing owed, named twice: each gets what `claim` would give it, the sum is returned
given a member that the asset refuses to pay: skipped and named, its claim kept, the others paid
given an asset that calls back: nothing can be entered again
given too little gas for a payout: skipped, its claim kept
given a call of one payout from outside: refused
"""

from __future__ import annotations

import pytest

from assurance.harness.chain import evm
from assurance.harness.chain.handles import Event, Receipt, Reverted, reverted
from assurance.harness.chain.reader import refused
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import actor
from assurance.harness.dao.zoo import Failure, every_failure, hook

FIRST, SECOND, NONE = actor("first member"), actor("second member"), actor("no member")


def owing(pair: Pair) -> Pair:
    pair.accept(FIRST, SHARES)
    pair.accept(SECOND, 3 * SHARES)
    pair.accept(SECOND, SHARES, dataset=2)
    pair.deposit(1, 1_000)
    pair.deposit(2, 10)
    pair.deposit(0, 500)
    return pair


def test_claim_for__members__each_is_paid_as_by_a_claim_of_its_own__s13(pair: Pair) -> None:
    owing(pair)
    due = {member: pair.claimable(member) for member in (FIRST, SECOND)}
    assert due == {FIRST: 350, SECOND: 750 + 10 + 400}
    accounts = [SECOND.address, NONE.address, FIRST.address, SECOND.address]
    receipt = pair.splitter.claimFor(accounts, [1, 2, 0], sender=pair.payer.address)
    assert receipt.value == sum(due.values())
    for member, amount in due.items():
        assert (pair.asset.balanceOf(member.address), pair.claimable(member)) == (amount, 0)
    fields = [(e.args["account"], e.args["poolId"], e.args["amount"]) for e in receipt.named("Claimed")]
    assert fields == [(SECOND.address, 1, 1_050), (SECOND.address, 2, 110), (FIRST.address, 1, 350)]
    assert all(e.args["recipient"] == e.args["account"] for e in receipt.named("Claimed"))
    again = pair.splitter.claimFor(accounts, [1, 2, 0], sender=pair.payer.address)
    assert (again.value, again.logs) == (0, [])


def test_claim_for__nobody_or_no_pools__does_nothing(pair: Pair) -> None:
    owing(pair)
    for accounts, pools in (([], [1]), ([FIRST.address], []), ([FIRST.address], [0])):
        receipt = pair.splitter.claimFor(accounts, pools, sender=pair.payer.address)
        assert (receipt.value, receipt.logs) == (0, [])


@every_failure
def test_claim_for__account_that_cannot_be_paid__is_skipped_and_keeps_its_claim__s13_ab37(failure: Failure) -> None:
    pair = owing(Pair(asset=failure.contract))
    due = {member: pair.claimable(member) for member in (FIRST, SECOND)}
    failure.fail(pair.asset, FIRST.address)
    unpaid = [FIRST] if failure.one_account else [FIRST, SECOND]
    receipt = pair.splitter.claimFor([FIRST.address, SECOND.address], [1, 2], sender=pair.payer.address)
    assert receipt.value == sum(amount for member, amount in due.items() if member not in unpaid)
    skipped = [Event("ClaimSkipped", pair.splitter.address, {"account": member.address}) for member in unpaid]
    assert receipt.named("ClaimSkipped") == skipped
    assert {member: pair.claimable(member) for member in unpaid} == {member: due[member] for member in unpaid}
    failure.mend(pair.asset, FIRST.address)
    rest = pair.splitter.claimFor([FIRST.address, SECOND.address], [1, 2], sender=pair.payer.address)
    assert receipt.value + rest.value == sum(due.values())
    assert pair.splitter.conservation(0, 3)[1] == sum(due.values())


def test_claim_for__too_little_gas__skips_the_account_which_keeps_its_claim__s13(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A limit that is too small for an account does not fail the list: its claim is kept. One that is too small for the
    list itself fails, and changes nothing."""
    pair, pools = Pair(), [*range(1, 41)]
    for pool in pools:
        pair.accept(FIRST, SHARES, dataset=pool)
        pair.deposit(pool, 1_000)

    def claim() -> Receipt:
        receipt: Receipt = pair.splitter.claimFor([FIRST.address], pools, sender=pair.payer.address)
        return receipt

    snapshot = pair.chain.snapshot()
    needed = claim().gas
    pair.chain.revert(snapshot)
    reader = pair.reader(FIRST, pools=tuple(pools))
    before = reader.words()
    with monkeypatch.context() as limited:
        limited.setattr(evm, "_GAS_LIMIT", needed * 9 // 10)
        skipped = claim()
    assert skipped.value == 0
    assert [(e.name, e.args) for e in skipped.events] == [("ClaimSkipped", {"account": FIRST.address})]
    assert reader.words() == before
    with monkeypatch.context() as limited:
        limited.setattr(evm, "_GAS_LIMIT", 32_000)
        with pytest.raises(Reverted, match="OutOfGas"):
            claim()
    assert reader.words() == before
    assert claim().value == 40_000 == pair.asset.balanceOf(FIRST.address)


@pytest.mark.parametrize("caller", ["payer", "registry", "token"])
def test_claim_within__from_outside__refused(pair: Pair, caller: str) -> None:
    owing(pair)
    sender = {"payer": pair.payer.address, **pair.addresses}[caller]
    with refused(pair.reader(FIRST, SECOND).words, "RevenueSplitter_NotSelf", sender):
        pair.splitter.claimWithin(FIRST.address, [1], sender=sender)


def test_claim_for__entered_again_from_a_transfer__refused__x2_ab38() -> None:
    pair = owing(Pair(asset="HookAsset"))
    due = pair.claimable(FIRST) + pair.claimable(SECOND)
    calls = [
        (pair.splitter, "claimFor", ([SECOND.address], [1])),
        (pair.splitter, "claimWithin", (SECOND.address, [1])),
        (pair.splitter, "depositMany", ([1], [1])),
    ]
    hook(pair.asset, *calls)
    receipt = pair.splitter.claimFor([FIRST.address, SECOND.address], [1, 2], sender=pair.payer.address)
    assert receipt.value == due
    refusals = {reverted(attempt.result).name for attempt in pair.asset.attempts() if not attempt.succeeded}
    assert refusals == {"ReentrancyGuardReentrantCall", "RevenueSplitter_NotSelf"}
    assert not any(attempt.succeeded for attempt in pair.asset.attempts())
