"""`burn`: the registry alone destroys tokens: erasure, leftovers, duplicates, sleep.

given an erasure: balance, votes (the delegate's) and supply go together (T-1, T-2)
given more than the holder has: refused
given any other caller, the holder too: refused
"""

from __future__ import annotations

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Event
from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.registry import UNIT
from assurance.harness.dao.system import actor


def test_erase__burns_balance_votes_and_supply_at_once(dao: Dao) -> None:
    leaver, delegate = dao.who("leaver"), dao.who("delegate")
    data = leaf(leaver, "leaver's data", units=3)
    batch = dao.contribute(data, leaf(dao.who("stayer"), "stayer's data", units=1))
    dao.token.delegate(delegate.address, sender=leaver.address)
    before = dao.chain.timestamp
    dao.chain.warp(1)
    receipt = dao.erase(batch, data)
    assert [e for e in receipt.events if e.address == dao.token.address] == [
        Event("Transfer", dao.token.address, {"from": leaver.address, "to": ADDRESS_ZERO, "value": 3 * UNIT}),
        Event(
            "DelegateVotesChanged",
            dao.token.address,
            {"delegate": delegate.address, "previousVotes": 3 * UNIT, "newVotes": 0},
        ),
    ]
    assert dao.token.balanceOf(leaver.address) == dao.token.getVotes(delegate.address) == 0
    assert dao.token.totalSupply() == UNIT
    dao.chain.warp(1)
    assert dao.token.getPastVotes(delegate.address, before) == 3 * UNIT, "T-3: the past stays"
    assert dao.token.getPastTotalSupply(before) == 4 * UNIT


def test_burn__of_the_registry__lowers_supply_and_no_votes(pair: Pair) -> None:
    pair.activate(1, SHARES)
    receipt = pair.token.burn(pair.registry.address, SHARES, sender=pair.registry.address)
    assert receipt.named("DelegateVotesChanged") == []
    assert pair.token.totalSupply() == 0


def test_burn__more_than_held__refused(pair: Pair) -> None:
    holder = actor("holder")
    pair.accept(holder, SHARES)
    state = pair.reader(holder).words
    with refused(state, "ERC20InsufficientBalance", holder.address, SHARES, SHARES + 1):
        pair.token.burn(holder.address, SHARES + 1, sender=pair.registry.address)
    pair.token.burn(holder.address, SHARES, sender=pair.registry.address)


def test_burn__zero_address__refused(pair: Pair) -> None:
    with refused(pair.reader().words, "ERC20InvalidSender", ADDRESS_ZERO):
        pair.token.burn(ADDRESS_ZERO, 0, sender=pair.registry.address)


@pytest.mark.parametrize("caller", ["holder", "stranger", "timelock", "splitter", "governor"])
def test_burn__other_caller__refused(pair: Pair, caller: str) -> None:
    holder = actor("holder")
    pair.accept(holder, SHARES)
    people = {name: actor(name).address for name in ("holder", "stranger")}
    sender = (people | pair.addresses)[caller]
    with refused(pair.reader(holder).words, "DataToken_NotRegistry", sender):
        pair.token.burn(holder.address, 1, sender=sender)
    pair.token.burn(holder.address, 1, sender=pair.registry.address)
