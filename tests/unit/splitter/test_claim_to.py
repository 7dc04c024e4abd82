"""`claimTo`: the account, and it alone, sends what it is owed elsewhere; a way out for blocklisted accounts (AB-37).

given something owed: the recipient is paid, the account is the one whose books change
given zero address or the splitter as recipient: refused
given another account's money: unreachable, the sender's own claim is all there is
"""

from __future__ import annotations

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Event
from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.pair import INCOME, SHARES, Pair


def test_claim_to__own_earnings__paid_to_the_recipient__ab37(dao: Dao) -> None:
    member, friend = dao.who("member"), dao.who("friend")
    dao.contribute(leaf(member, "data"))
    dao.deposit(0, INCOME)
    dao.deposit(1, 2 * INCOME)
    receipt = dao.splitter.claimTo(friend.address, [0, 1], sender=member.address)
    assert receipt.value == 3 * INCOME
    assert receipt.events == [
        Event(
            "Claimed",
            dao.splitter.address,
            {"account": member.address, "recipient": friend.address, "amount": 3 * INCOME},
        ),
        Event("Transfer", dao.asset.address, {"from": dao.splitter.address, "to": friend.address, "value": 3 * INCOME}),
    ]
    assert (dao.asset.balanceOf(friend.address), dao.asset.balanceOf(member.address)) == (3 * INCOME, 0)
    assert dao.splitter.claimable(member.address, [0, 1]) == 0


def test_claim_to__by_a_stranger__moves_no_other_accounts_money__s6(pair: Pair) -> None:
    pair.accept(pair.payer, SHARES)
    pair.deposit(1, 500)
    state = pair.reader(pair.payer).words
    before = state()
    receipt = pair.splitter.claimTo(pair.registry.address, [0, 1], sender=pair.registry.address)
    assert (receipt.value, receipt.logs) == (0, [])
    assert state() == before


@pytest.mark.parametrize("name", ["zero", "splitter"])
def test_claim_to__recipient_from_which_money_could_not_return__refused(pair: Pair, name: str) -> None:
    pair.accept(pair.payer, SHARES)
    pair.deposit(1, 500)
    recipient = {"zero": ADDRESS_ZERO, "splitter": pair.splitter.address}[name]
    with refused(pair.reader(pair.payer).words, "RevenueSplitter_InvalidRecipient", recipient):
        pair.splitter.claimTo(recipient, [1], sender=pair.payer.address)
    assert pair.splitter.claimTo(pair.payer.address, [1], sender=pair.payer.address).value == 500


def test_claim_to__invalid_recipient_and_nothing_owed__refused_all_the_same(pair: Pair) -> None:
    with refused(pair.reader().words, "RevenueSplitter_InvalidRecipient", ADDRESS_ZERO):
        pair.splitter.claimTo(ADDRESS_ZERO, [], sender=pair.payer.address)
