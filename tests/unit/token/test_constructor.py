"""The token refuses to exist anywhere but where its counterparts expect it, or never to mature."""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Reverted, deploy
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.pair import Pair
from assurance.harness.dao.system import actor, config
from datadao.chain.abi import create_address

DEPLOYER = actor("deployer").address


@pytest.mark.parametrize("transferable", [False, True])
def test_constructor__configured__says_so_and_mints_nothing(transferable: bool) -> None:
    dao = Dao(config(DataToken__transferable=transferable))
    assert dao.token.transferable() is transferable
    assert (dao.token.name(), dao.token.symbol(), dao.token.decimals()) == ("ANES Data DAO", "ANES", 9)
    assert dao.token.registry() == dao.registry.address
    assert dao.token.maturitySupply() == 500 * 10**9
    assert dao.token.totalSupply() == dao.token.matureSince() == 0, "no premine"


def test_constructor__other_address_than_predicted__refused() -> None:
    pair = Pair()
    here = create_address(DEPLOYER, pair.chain.nonce(DEPLOYER))
    with pytest.raises(Reverted) as caught:
        deploy(pair.chain, "DataToken", pair.addresses, "Data", "DATA", False, 1, sender=DEPLOYER)
    assert caught.value == Reverted("System_WrongAddress", pair.token.address, here)


@pytest.mark.parametrize("supply", [0, 2**63, 10**27 * 500, 2**256 - 1])
def test_constructor__never_mature__refused__g11(supply: int) -> None:
    """Decimals gone wrong would let a quorum floor bind that no supply can reach."""
    pair = Pair()
    addresses = {**pair.addresses, "token": create_address(DEPLOYER, pair.chain.nonce(DEPLOYER))}
    with pytest.raises(Reverted) as caught:
        deploy(pair.chain, "DataToken", addresses, "Data", "DATA", False, supply, sender=DEPLOYER)
    assert caught.value == Reverted("DataToken_InvalidMaturitySupply", supply, 1, 2**63 - 1)


@pytest.mark.parametrize("supply", [1, 2**63 - 1])
def test_constructor__maturity_at_its_bounds__accepted(supply: int) -> None:
    assert Pair(maturity=supply).token.maturitySupply() == supply
