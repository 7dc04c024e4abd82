"""The token zoo at the doors of `DataLeases` and `ModelRegistry`: a whole life with each well-behaved oddity, exact
refusals of what takes a fee, and what a failing asset cannot spoil (L-4, S-9; AB-68)."""

from __future__ import annotations

import pytest

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import HPKE_KEY, Dao
from assurance.harness.dao.leases import BOND_DELAY, COST, ENDED, PRICE, TO_COMMONS, TO_TREASURY, Market

ODD_BUT_FINE = [
    ("NoReturnAsset", 6),
    ("ZeroRevertAsset", 6),
    ("FromZeroAsset", 6),
    ("Uint96Asset", 18),
    ("FalseAsset", 6),
    ("RebaseAsset", 6),
    ("TestAsset", 0),
    ("TestAsset", 24),
]


@pytest.mark.parametrize(("asset", "decimals"), ODD_BUT_FINE, ids=[f"{a}-{d}" for a, d in ODD_BUT_FINE])
def test_life_of_a_lease__with_an_odd_asset__drains_to_nothing_AB68_L1(dao: Dao, asset: str, decimals: int) -> None:
    market = Market(Dao(chain=dao.chain, asset=asset, decimals=decimals))
    lease = market.active()
    model = market.dao.models.register(
        [lease], b"\1" * 32, "", False, market.licensee.address, sender=market.licensee.address
    ).value
    market.dao.fund(market.stranger, 1000, market.dao.models)
    market.dao.models.pay(model, market.licensee.address, b"\1" * 32, 1000, sender=market.stranger.address)
    market.warp_to(market.paid_until(lease))
    market.send("payInstalment", lease)
    market.send("end", lease)
    market.warp_to(market.paid_until(lease) + BOND_DELAY)
    market.send("releaseBond", lease)
    assert market.send("claimRefund", lease).value == COST - 2 * PRICE
    assert market.send("withdrawTreasury").value == 2 * TO_TREASURY
    assert market.dao.models.withdraw(market.licensee.address, sender=market.stranger.address).value == 1000
    assert market.dao.leases.solvency() == market.dao.models.solvency() == (0, 0)
    assert market.dao.asset.balanceOf(market.dao.splitter.address) == 2 * (PRICE - TO_TREASURY)


def test_request_and_accept__asset_takes_a_fee__refused(dao: Dao) -> None:
    market = Market(Dao(chain=dao.chain, asset="FeeAsset"))
    offer = market.create_offer(licensee=market.licensee.address)
    market.dao.fund(market.licensee, 2 * COST, market.dao.leases)
    with refused(market.picture, "DataLeases_WrongAmountReceived", COST, COST - COST // 100):
        market.dao.leases.request(market.dao.terms(), HPKE_KEY, "", sender=market.licensee.address)
    with refused(market.picture, "DataLeases_WrongAmountReceived", COST, COST - COST // 100):
        market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)


def test_request__asset_says_false__refused(dao: Dao) -> None:
    market = Market(Dao(chain=dao.chain, asset="FalseAsset"))
    with refused(market.picture, "SafeERC20FailedOperation", market.dao.asset.address):
        market.dao.leases.request(market.dao.terms(), HPKE_KEY, "", sender=market.licensee.address)


def test_end_and_refund__asset_paused__need_no_transfer_and_go_on(dao: Dao) -> None:
    """A paused asset stops only what moves it: the licensee still ends its lease, anyone still refunds."""
    market = Market(Dao(chain=dao.chain, asset="PausableAsset"))
    offer = market.create_offer(capacity=3)
    running, ending, waiting = (market.accept(offer) for _ in range(3))
    for lease in (running, ending):
        market.send("start", lease)
    market.dao.asset.setPaused(True, sender=market.stranger.address)
    with refused(market.picture, "PausableAsset_Paused"):
        market.send("start", waiting)
    market.send("end", ending)
    assert market.lease(ending).status == ENDED
    market.warp_to(market.lease(waiting).startBy)
    market.send("refund", waiting, by=market.stranger)
    market.warp_to(market.paid_until(running))
    with refused(market.picture, "PausableAsset_Paused"):
        market.send("payInstalment", running)
    market.dao.asset.setPaused(False, sender=market.stranger.address)
    market.send("payInstalment", running)
    assert market.send("claimRefund", waiting).value == COST
    assert market.send("claimRefund", ending).value == 2 * PRICE


def test_pay_instalment__asset_paused_without_a_reason__refused_and_paid_later(dao: Dao) -> None:
    """An asset from before errors had names fails without data."""
    market = Market(Dao(chain=dao.chain, asset="NoReturnAsset"))
    lease = market.active()
    market.warp_to(market.paid_until(lease))
    market.dao.asset.setPaused(True, sender=market.stranger.address)
    with refused(market.picture, "FailedCall"):
        market.send("payInstalment", lease)
    market.dao.asset.setPaused(False, sender=market.stranger.address)
    market.send("payInstalment", lease)
    assert market.dao.leases.treasuryOwed() == 2 * TO_TREASURY


def test_withdraw_treasury__treasury_blocklisted__stops_no_other_payment(dao: Dao) -> None:
    market = Market(Dao(chain=dao.chain, asset="BlocklistAsset"))
    timelock = market.dao.timelock.address
    market.dao.asset.setBlocked(timelock, True, sender=market.stranger.address)
    lease = market.active()
    with refused(market.picture, "BlocklistAsset_Blocked", timelock):
        market.send("withdrawTreasury")
    market.warp_to(market.paid_until(lease))
    market.send("payInstalment", lease)
    market.send("end", lease)
    assert market.send("claimRefund", lease).value == PRICE
    assert market.dao.leases.treasuryOwed() == 2 * TO_TREASURY


def test_pay_instalment__licensee_blocklisted__is_paid_from_escrow_all_the_same(dao: Dao) -> None:
    market = Market(Dao(chain=dao.chain, asset="BlocklistAsset"))
    lease = market.active()
    market.dao.asset.setBlocked(market.licensee.address, True, sender=market.stranger.address)
    market.warp_to(market.paid_until(lease))
    market.send("payInstalment", lease, by=market.stranger)
    assert market.lease(lease).paidPeriods == 2
    market.send("end", lease)
    assert market.send("claimRefundTo", lease, market.dao.who("refuge").address).value == PRICE


def test_solvency__donations__belong_to_no_account_and_change_no_book_S9(market: Market) -> None:
    market.active()
    before = market.picture()
    market.dao.asset.mint(market.dao.leases.address, 777, sender=market.stranger.address)
    after = market.picture()
    assert {k: v - before[k] for k, v in after.items() if before[k] != v} == {"asset leases": 777}
    balance, owed = market.dao.leases.solvency()
    assert balance == owed + 777
    assert market.dao.splitter.pool(0)[2] == TO_COMMONS
