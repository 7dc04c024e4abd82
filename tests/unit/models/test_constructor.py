"""Which counterparts `ModelRegistry` insists on."""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Handle, Reverted, deploy
from assurance.harness.dao.dao import Dao
from datadao.chain.abi import create_address


def created(dao: Dao, asset: str | None = None, **system: str) -> Handle:
    """A second registry for the same counterparts."""
    parent = dao.who("second deployer").address
    own = create_address(parent, dao.chain.nonce(parent))
    return deploy(
        dao.chain, "ModelRegistry", dao.addresses | {"models": own} | system, asset or dao.asset.address, sender=parent
    )


def test_construction__same_counterparts__empty_registry(dao: Dao) -> None:
    models = created(dao)
    assert (models.modelCount(), models.solvency(), models.asset()) == (0, (0, 0), dao.asset.address)


@pytest.mark.parametrize("counterpart", ["timelock", "splitter", "leases"])
def test_construction__counterpart_without_code__refused(dao: Dao, counterpart: str) -> None:
    codeless = dao.who("codeless").address
    with pytest.raises(Reverted) as caught:
        created(dao, **{counterpart: codeless})
    assert caught.value == Reverted("System_NoCode", codeless)


def test_construction__another_asset_than_the_splitters__refused(dao: Dao) -> None:
    other = deploy(dao.chain, "TestAsset", "Other", "OTH", 6, sender=dao.who("deployer").address)
    with pytest.raises(Reverted) as caught:
        created(dao, asset=other.address)
    assert caught.value == Reverted("ModelRegistry_WrongAsset", dao.asset.address, other.address)


def test_construction__at_another_address_than_predicted__refused(dao: Dao) -> None:
    parent = dao.who("second deployer").address
    own = create_address(parent, dao.chain.nonce(parent))
    with pytest.raises(Reverted) as caught:
        created(dao, models=dao.models.address)
    assert caught.value == Reverted("System_WrongAddress", dao.models.address, own)
