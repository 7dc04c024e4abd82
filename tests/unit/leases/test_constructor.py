"""What a DAO's lease parameters may be at creation, and which counterparts the constructor insists on."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.harness.chain.handles import Handle, Reverted, deploy
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.leases import Market
from assurance.harness.dao.registry import name32
from assurance.harness.dao.system import DAY, config
from datadao.chain.abi import create_address

CYCLE = (1 + 3 + 1 + 14 + 2 + 14) * DAY
"""Delay, vote, extension, expiry, timelock, expiry of the local configuration."""
HOUR = 3600


def created(dao: Dao, *, asset: Any = None, system: dict[str, str] | None = None, **params: int) -> Handle:
    """A second `DataLeases` for the same counterparts, with some parameters changed."""
    parent = dao.who("second deployer").address
    own = create_address(parent, dao.chain.nonce(parent))
    fields = {
        "minRequestEscrow": 1, "startWindow": 14 * DAY, "ackWindow": 14 * DAY, "ackSlashBps": 500,
        "maxSlashBps": 5000, "bondDelay": 90 * DAY,
    } | params  # fmt: skip
    addresses = dao.addresses | {"leases": own} | (system or {})
    return deploy(dao.chain, "DataLeases", addresses, asset or dao.asset.address, fields, sender=parent)


BOUNDS = [
    ("minRequestEscrow", 1, 2**96 - 1),
    ("startWindow", HOUR, 180 * DAY),
    ("ackWindow", HOUR, 180 * DAY),
    ("ackSlashBps", 0, 5000),
    ("maxSlashBps", 0, 10_000),
    ("bondDelay", CYCLE + 7 * DAY + 1, 366 * DAY),
]


@pytest.mark.parametrize(("name", "low", "high"), BOUNDS, ids=[b[0] for b in BOUNDS])
def test_construction__parameter_at_its_bounds_accepted_and_beyond__refused(
    dao: Dao, name: str, low: int, high: int
) -> None:
    fit = {"ackSlashBps": 0} if name == "maxSlashBps" else {}
    for value in (low, high):
        assert getattr(created(dao, **(fit | {name: value})), name)() == value
    for value in {max(low - 1, 0), high + 1} - {low}:
        with pytest.raises(Reverted) as caught:
            created(dao, **(fit | {name: value}))
        assert caught.value == Reverted("DataLeases_InvalidParameter", name32(name), value, low, high)


def test_construction__bond_delay_at_its_least__outlasts_the_widest_window() -> None:
    """So no lease can still be prolonged when its bond is due, however quick the DAO's votes are."""
    quick = {"DataGovernor__params__votingDelay": "1 days", "DataGovernor__params__votingPeriod": "2 days"}
    more = {"DataGovernor__params__lateQuorumExtension": 0, "DataTimelock__minDelay": "2 days"}
    dao = Dao(config(**quick, **more))
    with pytest.raises(Reverted) as caught:
        created(dao, bondDelay=0)
    assert caught.value.values[2] > 366 * DAY // 10


def test_construction__acknowledgement_slash_above_the_maximum__refused(dao: Dao) -> None:
    with pytest.raises(Reverted) as caught:
        created(dao, ackSlashBps=101, maxSlashBps=100)
    assert caught.value == Reverted("DataLeases_InvalidParameter", name32("ackSlashBps"), 101, 0, 100)


def test_construction__slower_governance__asks_for_a_longer_bond_delay(dao: Dao) -> None:
    founder = Market(dao).founder
    dao.govern(founder, dao.governor, "setVotingPeriod", 30 * DAY)
    low = CYCLE + 27 * DAY + 7 * DAY + 1
    with pytest.raises(Reverted) as caught:
        created(dao, bondDelay=low - 1)
    assert caught.value == Reverted("DataLeases_InvalidParameter", name32("bondDelay"), low - 1, low, 366 * DAY)
    created(dao, bondDelay=low)


def test_construction__another_asset_than_the_splitters__refused(dao: Dao) -> None:
    other = deploy(dao.chain, "TestAsset", "Other", "OTH", 6, sender=dao.who("deployer").address)
    with pytest.raises(Reverted) as caught:
        created(dao, asset=other.address)
    assert caught.value == Reverted("DataLeases_WrongAsset", dao.asset.address, other.address)


@pytest.mark.parametrize("counterpart", ["timelock", "brake", "splitter", "governor"])
def test_construction__counterpart_without_code__refused_B21(dao: Dao, counterpart: str) -> None:
    codeless = dao.who("codeless").address
    with pytest.raises(Reverted) as caught:
        created(dao, system={counterpart: codeless})
    assert caught.value == Reverted("System_NoCode", codeless)


def test_construction__asset_without_code__refused(dao: Dao) -> None:
    codeless = dao.who("codeless").address
    with pytest.raises(Reverted) as caught:
        created(dao, asset=codeless)
    assert caught.value == Reverted("System_NoCode", codeless)


def test_construction__at_another_address_than_predicted__refused_B21(dao: Dao) -> None:
    parent = dao.who("second deployer").address
    own = create_address(parent, dao.chain.nonce(parent))
    with pytest.raises(Reverted) as caught:
        created(dao, system={"leases": dao.leases.address})
    assert caught.value == Reverted("System_WrongAddress", dao.leases.address, own)


def test_new_leases__hold_nothing(dao: Dao) -> None:
    leases = dao.leases
    assert (leases.leaseCount(), leases.offerCount(), leases.treasuryOwed(), leases.solvency()) == (0, 0, 0, (0, 0))
    assert leases.asset() == dao.asset.address
    assert leases.minRequestEscrow() == 1_000_000
    assert (leases.startWindow(), leases.ackWindow(), leases.bondDelay()) == (14 * DAY, 14 * DAY, 90 * DAY)
    assert (leases.ackSlashBps(), leases.maxSlashBps()) == (500, 5000)
