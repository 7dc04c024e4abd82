"""`withdraw` and `withdrawTo`: credits are pulled, by anyone to the account or by the account anywhere."""

from __future__ import annotations

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.leases import Market
from tests.unit.models.test_pay import funded, model, pay


def credited(market: Market) -> None:
    """Seventy to the licensee, thirty to the treasury."""
    number = model(market, (1, 3000))
    market.dao.erase(market.batch, market.data)
    funded(market, 100)
    pay(market, number, 100)


def test_withdraw__by_anyone__pays_the_account_only(market: Market) -> None:
    credited(market)
    models, licensee = market.dao.models, market.licensee.address
    with market.moment(market.now):
        assert market.effects(lambda: models.withdraw(licensee, sender=market.stranger.address)) == {
            "models owed": (100, 30),
            "credit licensee": (70, 0),
            "asset models": (100, 30),
            "asset licensee": (0, 70),
        }
    receipt = models.withdraw(licensee, sender=market.stranger.address)
    assert receipt.value == 70
    event = {"account": licensee, "recipient": licensee, "amount": 70}
    assert market.said(receipt, "models") == [("Withdrawn", event)]
    market.does_nothing(lambda: models.withdraw(licensee, sender=licensee))


def test_withdraw__treasury__by_anyone(market: Market) -> None:
    credited(market)
    timelock = market.dao.timelock.address
    assert market.dao.models.withdraw(timelock, sender=market.stranger.address).value == 30
    assert market.dao.asset.balanceOf(timelock) == 30


def test_withdraw__for_the_treasury_by_vote_after_a_stranger_was_first__does_nothing_and_does_not_fail_G14(
    market: Market,
) -> None:
    models, timelock = market.dao.models, market.dao.timelock.address
    proposal = market.dao.propose(market.founder, (models, "withdraw", (timelock,)))
    market.queue(proposal)
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    credited(market)
    with market.moment(market.now):
        market.carry_out(proposal)
        assert market.dao.asset.balanceOf(timelock) == 30
    models.withdraw(timelock, sender=market.stranger.address)
    market.carries_out_nothing(proposal)


def test_withdraw_to__by_the_account__anywhere(market: Market) -> None:
    credited(market)
    models, licensee, refuge = market.dao.models, market.licensee.address, market.dao.who("refuge").address
    receipt = models.withdrawTo(refuge, sender=licensee)
    assert receipt.value == 70 == market.dao.asset.balanceOf(refuge)
    event = {"account": licensee, "recipient": refuge, "amount": 70}
    assert market.said(receipt, "models") == [("Withdrawn", event)]
    market.does_nothing(lambda: models.withdrawTo(refuge, sender=licensee))


def test_withdraw_to__zero_or_the_registry_itself__refused(market: Market) -> None:
    credited(market)
    for recipient in (ADDRESS_ZERO, market.dao.models.address):
        with refused(market.picture, "ModelRegistry_InvalidRecipient", recipient):
            market.dao.models.withdrawTo(recipient, sender=market.licensee.address)


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "founder"])
def test_withdraw__account_without_credit__does_nothing(market: Market, who: str) -> None:
    credited(market)
    account = market.dao.who(who).address
    market.does_nothing(lambda: market.dao.models.withdraw(account, sender=account))
    market.does_nothing(lambda: market.dao.models.withdrawTo(account, sender=account))


def test_withdraw__beneficiary_blocklisted__stops_only_itself_and_has_a_way_out_AB70(dao: Dao) -> None:
    market = Market(Dao(chain=dao.chain, asset="BlocklistAsset"))
    credited(market)
    licensee = market.licensee.address
    market.dao.asset.setBlocked(licensee, True, sender=market.stranger.address)
    funded(market, 100)
    pay(market, 1, 100)
    with refused(market.picture, "BlocklistAsset_Blocked", licensee):
        market.dao.models.withdraw(licensee, sender=market.stranger.address)
    assert market.dao.models.withdraw(market.dao.timelock.address, sender=market.stranger.address).value == 60
    assert market.dao.models.withdrawTo(market.dao.who("refuge").address, sender=licensee).value == 140
    assert market.dao.models.solvency() == (0, 0)
