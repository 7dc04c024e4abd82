"""The numbers of docs/threat-model.md, computed from the configuration they are said to come from."""

from __future__ import annotations

import re
from math import ceil
from pathlib import Path

import pytest
import yaml

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.succession import bind, opened, succeed
from assurance.harness.dao.system import DAY

ROOT = Path(__file__).parents[2]
TEXT = " ".join((ROOT / "docs/threat-model.md").read_text().split())
MAINNET = yaml.safe_load((ROOT / "deploy-config/mainnet.yaml").read_text())["contracts"]
TOKEN, USDC = 10**9, 10**6


def days(text: str) -> int:
    return int(re.fullmatch(r"(\d+) days?", text).group(1))


GOVERNOR = MAINNET["DataGovernor"]["params"]
LEASES = MAINNET["DataLeases"]["params"]
REGISTRY = MAINNET["DatasetRegistry"]["params"]
VOTE = days(GOVERNOR["votingDelay"]) + days(GOVERNOR["votingPeriod"]) + days(MAINNET["DataTimelock"]["minDelay"])
LATE = VOTE + days(GOVERNOR["lateQuorumExtension"])
CAP, QUORUM = REGISTRY["epochCapBps"] / 10_000, GOVERNOR["quorumBps"] / 10_000
FLOOR, MATURITY = REGISTRY["epochFloor"] // TOKEN, MAINNET["DataToken"]["maturitySupply"] // TOKEN
LAPSE = days(REGISTRY["challengePeriod"]) + 2 * days(REGISTRY["epochLength"])
SEATS = len(REGISTRY["custodians"]), REGISTRY["custodianThreshold"]


TENTH = 10
"""What is left of the quorum floor is one part of so many: `GovernanceLimits.FLOOR_DIVISOR`."""
CAPS = 2
"""How many meet within one vote."""


def of_cap() -> float:
    """What attestors at their threshold hold after a vote of a grown DAO."""
    return 1 - (1 + CAP) ** -CAPS


def of_floor(supply: int) -> float:
    """The same of a DAO of this supply, whose cap is the floor in each epoch."""
    assert supply + CAPS * FLOOR <= FLOOR / CAP, "the floor is more than the cap throughout"
    return CAPS * FLOOR / (supply + CAPS * FLOOR)


def percent(part: float) -> str:
    return f"{100 * part:.1f} %".replace(".0 %", " %")


def row(names: str) -> str:
    """Of the table of young DAOs: configurations that agree."""
    rows = set()
    for name in re.findall(r"`(\w+)`", names):
        contracts = yaml.safe_load((ROOT / f"deploy-config/{name}.yaml").read_text())["contracts"]
        floor = contracts["DatasetRegistry"]["params"]["epochFloor"]
        mature = contracts["DataToken"]["maturitySupply"]
        minted, quorum = CAPS * floor, mature // 2
        assert floor >= (mature + floor) * contracts["DatasetRegistry"]["params"]["epochCapBps"] // 10_000
        rows.add(f"| {mature // TOKEN:,} | {percent(minted / (mature + minted))} | {ceil(quorum / floor)} |")
    (said,) = rows
    return f"| {names} {said}"


@pytest.mark.parametrize(
    "said",
    [
        f"Fewer than `t` custodians of a committee ({SEATS[1]} of {SEATS[0]})",
        f"**`n − t + 1` custodians** ({SEATS[0] - SEATS[1] + 1} of {SEATS[0]})",
        f"threshold of attestors ({REGISTRY['attestorThreshold']} of {len(REGISTRY['attestors'])})",
        f"after `startWindow`, {LEASES['startWindow']}",
        f"lapses after {LAPSE} days",
        f"{GOVERNOR['leaseQuorumBps'] // 100} % of supply for a lease, {GOVERNOR['quorumBps'] // 100} % for anything",
        f"at least {LEASES['minRequestEscrow'] // USDC:,} USDC, locked for at least the voting delay of "
        f"{GOVERNOR['votingDelay']}",
        f"below quality {REGISTRY['policies'][0]['minQuality'] / 10_000}",
        f"Each epoch of {REGISTRY['epochLength']} mints at most {CAP:.0%} of the supply".replace("%", " %"),
        f"the floor of {FLOOR:,} tokens",
        f"A veto within {REGISTRY['challengePeriod']} undoes a batch entirely; each batch needs its own",
        f"Of a supply of {ceil(FLOOR / CAP):,} tokens or more",
        f"{percent(of_floor(100_000))} at 100,000 tokens, {percent(of_floor(50_000))} at 50,000",
        f"{percent(of_cap())} is more than the quorum of {percent(QUORUM)}, so after two epochs",
        f"before {MATURITY // 2:,} votes turn out: the quorum floor",
        f"when {MATURITY:,} tokens have existed, or {GOVERNOR['floorPeriod']} after creation; then a tenth of it "
        f"stays, {MATURITY // 2 // TENTH:,} votes",
        *(row(", ".join(f"`{name}`" for name in names)) for names in (["mainnet"], ["base"], ["sepolia", "local"])),
        f"a vote takes {VOTE} days at least ({days(GOVERNOR['votingDelay'])} of delay, "
        f"{days(GOVERNOR['votingPeriod'])} of voting, {days(MAINNET['DataTimelock']['minDelay'])} of timelock), "
        f"{LATE} with a late quorum",
        f"at most {percent(of_cap())} of tokens",
        f"out after {VOTE} to {LATE} days by vote, after {days(MAINNET['EmergencyBrake']['guardianUntil'][6:])} days",
        f"the timelock of {MAINNET['DataTimelock']['minDelay']}, never less than 2",
    ],
)
def test_threat_model__tells_the_numbers_of_the_mainnet_configuration(said: str) -> None:
    assert said in TEXT


def test_threat_model__two_epochs_of_hostile_attestors_are_a_quorum_and_the_floor_is_what_the_contracts_say() -> None:
    assert of_cap() > QUORUM > CAP, "the text says after two epochs, not after one"
    assert f"FLOOR_DIVISOR = {TENTH};" in (ROOT / "contracts/libraries/GovernanceLimits.sol").read_text()


def test_threat_model__half_of_a_bond_and_a_late_vote_within_one_epoch() -> None:
    assert LEASES["maxSlashBps"] == 5_000, "the text says half"
    assert days(REGISTRY["epochLength"]) > LATE, "so that a vote meets one boundary of epochs at most"


def test_threat_model__pause__is_the_brake_s(dao: Dao) -> None:
    pause, rest = dao.brake.PAUSE(), dao.brake.COOL_DOWN()
    assert f"for {pause // 3600} hours in every {(pause + rest) // DAY} days, {100 * pause // (pause + rest)} %" in TEXT


def test_threat_model__least_time_of_a_succession__is_what_the_token_says(dao: Dao) -> None:
    """From binding to the first unit moved, after a veto, and for the account itself; the delays are the bounds."""
    member, heir, token = dao.who("member"), dao.who("heir"), dao.token
    dao.contribute(leaf(member, "all", units=600))
    with pytest.raises(Reverted) as caught:
        bind(dao, member, heir, 0)
    _, least, most = caught.value.values
    assert f"at least {least} days, in all of which the account can veto" in TEXT
    assert f"after a veto in the last second at least {2 * least} more" in TEXT
    assert f"{least} days after the binding at the earliest" in TEXT
    assert f"looks once in {least} days" in TEXT
    assert f"once in {2 * least} days or oftener with the shortest delay, {2 * most} with the longest" in TEXT
    assert f"what is left {least} days after the first opening" in TEXT

    def moves_at(second: int, by: str) -> None:
        """Not a second earlier, which it then is."""
        dao.chain.warp(second - 1 - dao.chain.timestamp)
        with pytest.raises(Reverted) as early:
            succeed(dao, member, 1, by=dao.who(by))
        assert early.value == Reverted("DataToken_TooEarly", member.address, second)

    due = opened(dao, member, heir, least)
    moves_at(due, "heir")
    token.vetoSuccession(sender=member.address)
    dao.chain.warp(least * DAY)
    token.openSuccession(member.address, sender=heir.address)
    moves_at(due - 1 + 2 * least * DAY, "heir")
    dao.chain.warp(1)
    bound = dao.chain.timestamp
    succeed(dao, member, 1, by=heir)
    thief = dao.who("thief")
    bind(dao, heir, thief, least)
    member = heir
    moves_at(bound + least * DAY, "heir")
    dao.chain.warp(1)
    succeed(dao, heir, 1, by=heir)
    assert token.balanceOf(thief.address) > 0
