"""Whose a signature is, by key or by a contract's own word, on a real node.

given a contract wallet that agrees, declines, fails in every way it can         it should be yes, and no, and no
given a node that fails                                                          it should be neither
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from assurance.harness.chain.handles import deploy
from assurance.harness.chain.proxy import Proxy
from datadao.chain.patience import connect
from datadao.chain.signatures import checker
from datadao.errors import NodeRefused
from datadao.messages.requests import ClaimRequest
from datadao.relay.judge import domains_of
from tests.client.chain_world import ChainWorld

MOODS = ("Honest", "WrongMagic", "Reverts", "BurnsGas", "Writes", "ShortAnswer")


def claim(world: ChainWorld, account: str, by: str) -> tuple[Any, bytes]:
    unsigned = ClaimRequest(account, 2_000_000_000, b"")
    typed = unsigned.typed(domains_of(world.handle))
    return typed, replace(unsigned, signature=world.dao.who(by).sign(typed)).signature


def test_check__of_a_wallet_in_every_mood__is_yes_of_the_honest_one_alone(leased: ChainWorld) -> None:
    owner = leased.dao.who("owner")
    wallet = deploy(leased.dao.chain, "ContractWallet", owner.address, sender=owner.address)
    check = checker(connect(leased.url))
    typed, signature = claim(leased, wallet.address, "owner")
    said = {}
    for number, mood in enumerate(MOODS):
        wallet.setMood(number, sender=owner.address)
        said[mood] = check(wallet.address, typed, signature)
    assert said == dict.fromkeys(MOODS, False) | {"Honest": True}
    wallet.setMood(0, sender=owner.address)
    assert not check(wallet.address, *claim(leased, wallet.address, "stranger"))


def test_check__of_an_account_without_code__is_its_keys(leased: ChainWorld) -> None:
    owner, check = leased.dao.who("owner"), checker(connect(leased.url))
    assert check(owner.address, *claim(leased, owner.address, "owner"))
    assert not check(owner.address, *claim(leased, owner.address, "stranger"))
    assert not check(owner.address, claim(leased, owner.address, "owner")[0], b"")


def test_check__at_a_node_that_fails__is_neither_yes_nor_no(leased: ChainWorld) -> None:
    typed, signature = claim(leased, leased.dao.who("owner").address, "stranger")
    with Proxy(leased.url) as proxy:
        proxy.alter = lambda request, _: {
            "jsonrpc": "2.0", "id": request["id"], "error": {"code": -32603, "message": "internal"},
        }  # fmt: skip
        with pytest.raises(NodeRefused, match="eth_blockNumber: internal"):
            checker(connect(proxy.url))(leased.dao.who("owner").address, typed, signature)
