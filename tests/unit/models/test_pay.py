"""`pay`: each lease's royalty to its dataset's pool, the remainder to the beneficiary's credit, each part the floor of
its share of all payments so far; a dead pool's part to the treasury's; nothing is stuck or lost (L-11)."""

from __future__ import annotations

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import HPKE_KEY, Dao
from assurance.harness.dao.leases import Market


def model(market: Market, *terms: tuple[int, int]) -> int:
    """Under free leases of (dataset, royalty)."""
    leases = []
    for dataset, bps in terms:
        offer = market.create_offer(
            market.licensee.address, datasetId=dataset, royaltyBps=bps, pricePerPeriod=0, bond=0, days=300
        )
        lease = market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, 0).value
        market.send("start", lease)
        leases.append(lease)
    args = (leases, b"\1" * 32, "", True, market.licensee.address)
    number: int = market.dao.models.register(*args, sender=market.licensee.address).value
    return number


def funded(market: Market, amount: int) -> None:
    market.dao.fund(market.stranger, amount, market.dao.models)


def pay(market: Market, model_id: int, amount: int) -> object:
    info = market.dao.models.model(model_id)
    return market.dao.models.pay(model_id, info.owner, info.modelHash, amount, sender=market.stranger.address)


def test_pay__two_datasets__splits_to_the_unit_and_credits_the_rest_L11(market: Market) -> None:
    other = market.second_dataset()
    first = model(market, (1, 333), (other, 1250))
    funded(market, 1_000_003)
    a, b = 1_000_003 * 333 // 10_000, 1_000_003 * 1250 // 10_000
    rest = 1_000_003 * (10_000 - 333 - 1250) // 10_000
    left = 1_000_003 - a - b
    assert left - rest in (0, 1, 2), "what no part has reached yet"
    with market.moment(market.now):
        assert market.effects(lambda: pay(market, first, 1_000_003)) == {
            "pool 1": (0, a),
            f"pool {other}": (0, b),
            "models owed": (0, left),
            "credit licensee": (0, rest),
            "asset stranger": (1_000_003, 0),
            "asset models": (0, left),
            "asset splitter": (0, a + b),
        }
    receipt = pay(market, first, 1_000_003)
    assert market.said(receipt, "models") == [
        ("RoyaltyPaid", {"modelId": first, "leaseId": 1, "amount": a, "toTreasury": False}),
        ("RoyaltyPaid", {"modelId": first, "leaseId": 2, "amount": b, "toTreasury": False}),
        (
            "ModelPaid",
            {"modelId": first, "payer": market.stranger.address, "amount": 1_000_003, "toBeneficiary": rest},
        ),
    ]
    assert market.dao.asset.allowance(market.dao.models.address, market.dao.splitter.address) == 0


def test_pay__dead_pool__its_part_is_credited_to_the_treasury(market: Market) -> None:
    other = market.second_dataset()
    number = model(market, (1, 1000), (other, 2000))
    market.dao.erase(market.batch, market.data)
    funded(market, 100)
    assert market.effects(lambda: pay(market, number, 100)) == {
        f"pool {other}": (0, 20),
        "models owed": (0, 80),
        "credit timelock": (0, 10),
        "credit licensee": (0, 70),
        "asset stranger": (100, 0),
        "asset models": (0, 80),
        "asset splitter": (0, 20),
    }


def test_pay__several_dead_pools__the_treasury_has_the_parts_of_all(market: Market) -> None:
    other = market.second_dataset()
    number = model(market, (1, 500), (other, 700))
    market.fill(1)
    market.fill(other)
    funded(market, 10_000)
    pay(market, number, 10_000)
    assert market.dao.models.creditOf(market.dao.timelock.address) == 1_200
    assert market.dao.models.creditOf(market.licensee.address) == 8_800


def test_pay__same_pool_twice_and_full_after_the_first__the_second_goes_to_the_treasury(market: Market) -> None:
    """Each pool is asked right before its deposit."""
    number = model(market, (1, 5000), (1, 5000))
    market.dao.deposit(1, market.dao.splitter.MAX_OWED() - 60)
    funded(market, 100)
    receipt = pay(market, number, 100)
    assert [e.args["toTreasury"] for e in receipt.named("RoyaltyPaid")] == [False, True]
    assert market.dao.models.creditOf(market.dao.timelock.address) == 50
    assert market.dao.models.solvency() == (50, 50)


@pytest.mark.parametrize("amount", [0, 1, 9999, 10_000, 10_001, 2**100 + 7])
@pytest.mark.parametrize("bps", [0, 1, 9999, 10_000])
def test_pay__any_amount_and_royalty__nothing_stuck_L11(market: Market, amount: int, bps: int) -> None:
    number = model(market, (1, bps))
    funded(market, amount)
    pay(market, number, amount)
    part, rest = amount * bps // 10_000, amount * (10_000 - bps) // 10_000
    assert market.dao.splitter.pool(1)[2] == part
    assert market.dao.models.creditOf(market.licensee.address) == rest
    assert market.dao.models.solvency() == (amount - part, amount - part)
    assert amount - part - rest in (0, 1)


def test_pay__nothing__says_so_and_moves_nothing(market: Market) -> None:
    number = model(market, (1, 1000))
    receipt = pay(market, number, 0)
    event = {"modelId": number, "payer": market.stranger.address, "amount": 0, "toBeneficiary": 0}
    assert [(e.name, e.args) for e in receipt.events] == [("ModelPaid", event)]


@pytest.mark.parametrize("number", [0, 1, 2**256 - 1])
def test_pay__unknown_model__refused(market: Market, number: int) -> None:
    funded(market, 10)
    for owner, digest in ((ADDRESS_ZERO, bytes(32)), (market.licensee.address, b"\1" * 32)):
        with refused(market.picture, "ModelRegistry_UnknownModel", number):
            market.dao.models.pay(number, owner, digest, 10, sender=market.stranger.address)
    info = vars(market.dao.models.model(number))
    assert (info["leaseIds"], info["royaltyBps"], info["uri"]) == ([], 0, "")


def test_pay__without_money_or_approval__refused_by_the_asset(market: Market) -> None:
    number = model(market, (1, 1000))
    models, payer = market.dao.models.address, market.stranger.address
    with refused(market.picture, "ERC20InsufficientAllowance", models, 0, 10):
        pay(market, number, 10)
    funded(market, 9)
    with refused(market.picture, "ERC20InsufficientBalance", payer, 9, 10):
        pay(market, number, 10)


def test_pay__asset_takes_a_fee__refused(dao: Dao) -> None:
    market = Market(Dao(chain=dao.chain, asset="FeeAsset"))
    number = model(market, (1, 1000))
    funded(market, 1000)
    with refused(market.picture, "ModelRegistry_WrongAmountReceived", 1000, 990):
        pay(market, number, 1000)


def test_pay__donation_lying_around__is_not_shared_out(market: Market) -> None:
    number = model(market, (1, 5000))
    market.dao.asset.mint(market.dao.models.address, 999, sender=market.stranger.address)
    funded(market, 10)
    pay(market, number, 10)
    assert market.dao.models.solvency() == (5 + 999, 5)


def test_pay__policy_and_lease_over_since__keeps_the_royalty_of_the_lease_L7(market: Market) -> None:
    number = model(market, (1, 1000))
    market.send("end", 1)
    policy = vars(market.dao.registry.currentPolicy(1)) | {"purposes": 2}
    market.dao.govern(market.founder, market.dao.registry, "updatePolicy", 1, policy)
    market.dao.brake.pull(sender=market.dao.who("guardian").address)
    funded(market, 1000)
    pay(market, number, 1000)
    assert market.dao.splitter.pool(1)[2] == 100


def test_pay__asset_that_says_false__refused(dao: Dao) -> None:
    market = Market(Dao(chain=dao.chain, asset="FalseAsset"))
    number = model(market, (1, 1000))
    funded(market, 100)
    asset = market.dao.asset
    asset.setFailing(True, sender=market.stranger.address)
    with refused(market.picture, "SafeERC20FailedOperation", asset.address):
        pay(market, number, 100)


@pytest.mark.parametrize("bps", [250, 1, 9_999, 3_333])
def test_pay__many_small_payments__lose_nothing_of_the_royalty_L11(market: Market, bps: int) -> None:
    """A hundred payments of 39 units at 250 bps gave the pool nothing when each was rounded for itself."""
    number = model(market, (1, bps), (1, 0))
    funded(market, 39 * 100)
    for i in range(1, 101):
        pay(market, number, 39)
        pool, credit = market.dao.splitter.pool(1)[2], market.dao.models.creditOf(market.licensee.address)
        assert (pool, credit) == (39 * i * bps // 10_000, 39 * i * (10_000 - bps) // 10_000)
        balance, owed = market.dao.models.solvency()
        assert balance == owed == 39 * i - pool, "what is withheld counts as owed"
    assert market.dao.models.model(number).received == 3_900


def test_pay__a_unit_that_waited__is_paid_with_a_later_payment_smaller_than_its_part(market: Market) -> None:
    """Parts of one payment may exceed it by what waited: 1 + 1 units at half and half."""
    number = model(market, (1, 5_000), (1, 5_000))
    funded(market, 2)
    pay(market, number, 1)
    assert (market.dao.splitter.pool(1)[2], market.dao.models.solvency()) == (0, (1, 1))
    receipt = pay(market, number, 1)
    assert [e.args["amount"] for e in receipt.named("RoyaltyPaid")] == [1, 1]
    assert (market.dao.splitter.pool(1)[2], market.dao.models.solvency()) == (2, (0, 0))


def test_pay__another_owner_or_hash_than_the_models__refused(market: Market) -> None:
    """A re-ordered block must not let one pay somebody else for something else."""
    number = model(market, (1, 1000))
    funded(market, 10)
    owner, digest = market.licensee.address, b"\1" * 32
    for wrong in ((market.stranger.address, digest), (owner, b"\2" * 32), (ADDRESS_ZERO, bytes(32))):
        with refused(market.picture, "ModelRegistry_OtherModel", number, owner, digest):
            market.dao.models.pay(number, *wrong, 10, sender=market.stranger.address)
    market.dao.models.pay(number, owner, digest, 10, sender=market.stranger.address)
