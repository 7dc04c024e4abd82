"""`mint`: the registry alone creates tokens: at activation for itself, at a waking claim for the contributor.

given an activation: supply grows, the registry holds it, no account votes with it (T-1, T-2)
given a claim from a sleeping batch: minted to the contributor, who votes at once
given the supply at which a DAO is grown up: `matureSince` is set once
given a supply beyond the widest pool: refused
given any other caller: refused (AB-20)
"""

from __future__ import annotations

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Event
from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.pair import Pair
from assurance.harness.dao.registry import UNIT
from assurance.harness.dao.system import actor

MAX_SUPPLY = 2**63 - 1


def test_activate__mints_to_the_registry__which_does_not_vote__t1(dao: Dao) -> None:
    receipt = dao.activate(dao.publish([leaf(dao.who("member"), "data", units=4)]))
    registry = dao.registry.address
    assert [e for e in receipt.events if e.address == dao.token.address] == [
        Event("Transfer", dao.token.address, {"from": ADDRESS_ZERO, "to": registry, "value": 4 * UNIT})
    ], "no votes change"
    assert dao.token.totalSupply() == dao.token.balanceOf(registry) == 4 * UNIT
    assert dao.token.getVotes(registry) == 0
    assert dao.token.delegates(registry) == ADDRESS_ZERO
    now = dao.chain.timestamp
    dao.chain.warp(1)
    assert dao.token.getPastTotalSupply(now) == 4 * UNIT, "quorum counts what is not claimed yet"


def test_claim__from_a_sleeping_batch__mints_to_the_contributor(dao: Dao) -> None:
    member, data = dao.who("member"), leaf(dao.who("member"), "data", units=4)
    batch = dao.publish([data])
    dao.activate(batch)
    dao.chain.warp(dao.registry.claimPeriod())
    dao.registry.sleep(batch.id, sender=member.address)
    assert dao.token.totalSupply() == 0
    receipt = dao.claim(batch, data)
    assert [e for e in receipt.events if e.address == dao.token.address] == [
        Event("Transfer", dao.token.address, {"from": ADDRESS_ZERO, "to": member.address, "value": 4 * UNIT}),
        Event(
            "DelegateVotesChanged",
            dao.token.address,
            {"delegate": member.address, "previousVotes": 0, "newVotes": 4 * UNIT},
        ),
    ]
    assert dao.token.totalSupply() == dao.token.balanceOf(member.address) == 4 * UNIT
    assert dao.token.getVotes(member.address) == 4 * UNIT, "votes without a delegation"


def test_mint__supply_reaches_maturity__noted_once_for_good(dao: Dao) -> None:
    pair = Pair(dao.chain, maturity=100)
    registry = pair.registry.address
    assert pair.token.mint(registry, 99, sender=registry).named("Matured") == []
    assert pair.token.matureSince() == 0
    receipt = pair.token.mint(registry, 1, sender=registry)
    grown_up = dao.chain.timestamp
    assert receipt.named("Matured") == [Event("Matured", pair.token.address, {"supply": 100})]
    assert pair.token.matureSince() == grown_up
    pair.token.burn(registry, 100, sender=registry)
    dao.chain.warp(5)
    assert pair.token.mint(registry, 200, sender=registry).named("Matured") == []
    assert pair.token.matureSince() == grown_up


def test_mint__supply_beyond_the_widest_pool__refused(pair: Pair) -> None:
    registry = pair.registry.address
    pair.token.mint(registry, MAX_SUPPLY, sender=registry)
    with refused(pair.reader().words, "ERC20ExceededSafeSupply", MAX_SUPPLY + 1, MAX_SUPPLY):
        pair.token.mint(registry, 1, sender=registry)
    assert pair.splitter.MAX_POOL_SHARES() == MAX_SUPPLY


def test_mint__to_the_zero_address__refused(pair: Pair) -> None:
    with refused(pair.reader().words, "ERC20InvalidReceiver", ADDRESS_ZERO):
        pair.token.mint(ADDRESS_ZERO, 1, sender=pair.registry.address)


@pytest.mark.parametrize("caller", ["stranger", "timelock", "splitter", "governor", "token"])
def test_mint__other_caller__refused__ab20(pair: Pair, caller: str) -> None:
    sender = {"stranger": actor("stranger").address, **pair.addresses}[caller]
    with refused(pair.reader(actor("stranger")).words, "DataToken_NotRegistry", sender):
        pair.token.mint(sender, 1, sender=sender)
    pair.token.mint(sender, 1, sender=pair.registry.address)
    assert pair.token.balanceOf(sender) == 1


def test_mint__by_attestors_guardian_deployer_or_member_of_a_real_dao__refused(dao: Dao) -> None:
    dao.contribute(leaf(dao.who("member"), "data"))
    for name in ("deployer", "guardian", "attestor-0", "custodian-0", "member"):
        sender = dao.who(name).address
        with refused(dao.token.totalSupply, "DataToken_NotRegistry", sender):
            dao.token.mint(sender, 1, sender=sender)
