"""The splitter refuses to exist anywhere but where its counterparts expect it, or without token and asset."""

from __future__ import annotations

import pytest

from assurance.harness.chain.evm import Revm
from assurance.harness.chain.handles import Reverted, deploy
from assurance.harness.dao.pair import Pair
from assurance.harness.dao.system import actor
from datadao.chain.abi import create_address

DEPLOYER = actor("deployer").address
NO_CODE = actor("stranger").address


def test_constructor__wired__knows_its_asset_and_constants() -> None:
    pair = Pair()
    assert pair.splitter.asset() == pair.asset.address
    constants = pair.splitter.SCALE(), pair.splitter.MIN_POOL_SHARES(), pair.splitter.MAX_POOL_SHARES()
    assert constants == (2**64, 10**9, 2**63 - 1)
    assert pair.splitter.MAX_OWED() == 2**111 - 1
    assert pair.splitter.poolCount() == 0
    assert pair.splitter.conservation(0, 0) == (0, 0, 0, 0)


def test_constructor__other_address_than_predicted__refused() -> None:
    pair = Pair()
    here = create_address(DEPLOYER, pair.chain.nonce(DEPLOYER))
    with pytest.raises(Reverted) as caught:
        deploy(pair.chain, "RevenueSplitter", pair.addresses, pair.asset, sender=DEPLOYER)
    assert caught.value == Reverted("System_WrongAddress", pair.splitter.address, here)


@pytest.mark.parametrize("missing", ["token", "asset"])
def test_constructor__counterpart_without_code__refused(missing: str) -> None:
    chain = Revm()
    asset = deploy(chain, "TestAsset", "Test Dollar", "TUSD", 6, sender=DEPLOYER)
    addresses = {**Pair(chain).addresses, "splitter": create_address(DEPLOYER, chain.nonce(DEPLOYER))}
    if missing == "token":
        addresses["token"] = NO_CODE
    with pytest.raises(Reverted) as caught:
        deploy(chain, "RevenueSplitter", addresses, NO_CODE if missing == "asset" else asset, sender=DEPLOYER)
    assert caught.value == Reverted("System_NoCode", NO_CODE)
