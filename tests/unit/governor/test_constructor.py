"""A governor, a timelock and a brake are created within their bounds or not at all, in process (G-6, G-11, AB-24)."""

from __future__ import annotations

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.evm import Revm
from assurance.harness.chain.handles import Event, Receipt, Reverted, deploy
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.governance import settings
from assurance.harness.dao.system import DAY, config
from datadao.chain.abi import create_address

GOVERNOR = "DataGovernor__params__"
OUT_OF_RANGE = "DataGovernor_SettingOutOfRange"


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("votingDelay", DAY - 1, (OUT_OF_RANGE, "votingDelay", DAY - 1, DAY, 14 * DAY)),
        ("votingDelay", 14 * DAY + 1, (OUT_OF_RANGE, "votingDelay", 14 * DAY + 1, DAY, 14 * DAY)),
        ("votingPeriod", 2 * DAY - 1, (OUT_OF_RANGE, "votingPeriod", 2 * DAY - 1, 2 * DAY, 30 * DAY)),
        ("votingPeriod", 30 * DAY + 1, (OUT_OF_RANGE, "votingPeriod", 30 * DAY + 1, 2 * DAY, 30 * DAY)),
        ("lateQuorumExtension", 3 * DAY + 1, (OUT_OF_RANGE, "lateQuorumVoteExtension", 3 * DAY + 1, 0, 3 * DAY)),
        ("quorumBps", 99, (OUT_OF_RANGE, "quorumBps", 99, 100, 2000)),
        ("quorumBps", 2001, (OUT_OF_RANGE, "quorumBps", 2001, 100, 2000)),
        ("leaseQuorumBps", 99, (OUT_OF_RANGE, "leaseQuorumBps", 99, 100, 2000)),
        ("leaseQuorumBps", 2001, (OUT_OF_RANGE, "leaseQuorumBps", 2001, 100, 2000)),
        ("floorPeriod", 0, (OUT_OF_RANGE, "floorPeriod", 0, 180 * DAY, 1095 * DAY)),
        ("floorPeriod", 180 * DAY - 1, (OUT_OF_RANGE, "floorPeriod", 180 * DAY - 1, 180 * DAY, 1095 * DAY)),
        ("floorPeriod", 1095 * DAY + 1, (OUT_OF_RANGE, "floorPeriod", 1095 * DAY + 1, 180 * DAY, 1095 * DAY)),
    ],
)
def test_constructor__governor_setting_out_of_range__refused(field: str, value: int, error: tuple) -> None:
    with pytest.raises(Reverted) as caught:
        Dao(config(**{GOVERNOR + field: value}))
    assert caught.value == Reverted(*error)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("votingDelay", DAY),
        ("votingDelay", 14 * DAY),
        ("votingPeriod", 2 * DAY),
        ("votingPeriod", 30 * DAY),
        ("lateQuorumExtension", 0),
        ("lateQuorumExtension", 3 * DAY),
        ("quorumBps", 100),
        ("quorumBps", 2000),
        ("leaseQuorumBps", 100),
        ("leaseQuorumBps", 2000),
        ("proposalThreshold", 2**256 - 1),
        ("floorPeriod", 180 * DAY),
        ("floorPeriod", 1095 * DAY),
    ],
)
def test_constructor__governor_setting_at_its_bound__accepted(field: str, value: int) -> None:
    changed = settings(Dao(config(**{GOVERNOR + field: value})))
    usual = settings(Dao())
    key = {"lateQuorumExtension": "extension", "leaseQuorumBps": "quorumBps"}.get(field, field)
    if field == "floorPeriod":
        assert changed.pop("floorUntil") - usual.pop("floorUntil") == value - 365 * DAY
    elif field == "proposalThreshold":
        # Where there is no supply, one vote is asked however high the threshold is stored.
        assert changed["threshold"] == 1
    elif "Bps" in field:
        assert changed.pop(key) == tuple(value if (field == "quorumBps") == (i == 0) else 1000 for i in range(2))
        usual.pop(key)
    else:
        assert changed.pop(key) == value
        usual.pop(key)
    assert changed == usual


@pytest.mark.parametrize("delay", [0, 2 * DAY - 1, 30 * DAY + 1])
def test_constructor__timelock_delay_out_of_range__refused(delay: int) -> None:
    with pytest.raises(Reverted) as caught:
        Dao(config(DataTimelock__minDelay=delay))
    assert caught.value == Reverted("DataTimelock_DelayOutOfRange", delay, 2 * DAY, 30 * DAY)


def test_constructor__guardian_for_more_than_a_year_or_no_time_at_all__refused_G8() -> None:
    now = 1_800_000_000
    for until in (0, now, now + 365 * DAY + 1):
        with pytest.raises(Reverted) as caught:
            Dao(config(EmergencyBrake__guardianUntil=until))
        assert caught.value == Reverted("EmergencyBrake_InvalidTerm", until, now + 1, now + 365 * DAY)
    assert Dao(config(EmergencyBrake__guardianUntil=now + 1)).brake.guardianUntil() == now + 1
    # A DAO may do without one.
    unguarded = Dao(config(EmergencyBrake__guardian=ADDRESS_ZERO, EmergencyBrake__guardianUntil=0))
    assert not unguarded.brake.isGuardian(ADDRESS_ZERO)


@pytest.mark.parametrize("name", ["DataTimelock", "EmergencyBrake", "DataGovernor"])
def test_constructor__anywhere_but_at_the_address_its_counterparts_expect__refused_AB77(name: str) -> None:
    """No account can put a second governor, timelock or brake beside a DAO's own."""
    dao = Dao()
    key = {"DataTimelock": "timelock", "EmergencyBrake": "brake", "DataGovernor": "governor"}[name]
    params = vars_of(dao)
    arguments = {
        "DataTimelock": (dao.addresses, 2 * DAY),
        "EmergencyBrake": (dao.addresses, dao.who("thief").address, dao.chain.timestamp + DAY),
        "DataGovernor": (dao.addresses, "second", params),
    }[name]
    thief = dao.who("thief").address
    own = create_address(thief, dao.chain.nonce(thief))
    with pytest.raises(Reverted) as caught:
        deploy(dao.chain, name, *arguments, sender=thief)
    assert caught.value == Reverted("System_WrongAddress", dao.addresses[key], own)


def vars_of(dao: Dao) -> dict[str, int]:
    """The governor's present settings as constructor arguments."""
    now = settings(dao)
    return {
        "votingDelay": now["votingDelay"],
        "votingPeriod": now["votingPeriod"],
        "lateQuorumExtension": now["extension"],
        "proposalThreshold": 0,
        "quorumBps": now["quorumBps"][0],
        "leaseQuorumBps": now["quorumBps"][1],
        "floorPeriod": 365 * DAY,
    }


@pytest.mark.parametrize("chain_id", [1, 10, 31337])
def test_clocks__of_token_and_governor__agree_on_every_chain_AB24_T8(chain_id: int) -> None:
    dao = Dao(chain=Revm(chain_id=chain_id))
    for _ in range(3):
        assert dao.governor.clock() == dao.token.clock() == dao.chain.timestamp
        dao.chain.warp(12_345)
    assert dao.governor.CLOCK_MODE() == dao.token.CLOCK_MODE() == "mode=timestamp"


@pytest.mark.parametrize(
    ("name", "counterpart"),
    [("EmergencyBrake", "timelock"), *(("DataGovernor", other) for other in ("timelock", "brake", "token"))],
)
def test_constructor__counterpart_without_code__refused_B21(name: str, counterpart: str) -> None:
    dao = Dao()
    codeless, deployer = dao.who("codeless").address, dao.who("second deployer").address
    own = create_address(deployer, dao.chain.nonce(deployer))
    key = {"EmergencyBrake": "brake", "DataGovernor": "governor"}[name]
    system = dao.addresses | {key: own, counterpart: codeless}
    arguments = {
        "EmergencyBrake": (system, codeless, dao.chain.timestamp + DAY),
        "DataGovernor": (system, "second", vars_of(dao)),
    }[name]
    with pytest.raises(Reverted) as caught:
        deploy(dao.chain, name, *arguments, sender=deployer)
    assert caught.value == Reverted("System_NoCode", codeless)


def test_constructor__says_which_timelock_the_governor_obeys() -> None:
    dao = Dao()
    said = [Receipt(None, 0, [log]).events[0] for log in dao.chain.logs_of(dao.governor.address)[:10]]
    fields = {"oldTimelock": ADDRESS_ZERO, "newTimelock": dao.timelock.address}
    assert Event("TimelockChange", dao.governor.address, fields) in said
