"""Is every parameter what the configuration says?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from eth_utils import keccak

from datadao.chain.arguments import leaves
from datadao.ledger.facts import Fact
from deployer.artifacts import CONTRACTS
from deployer.verify.reader import Check, Reader, Unreadable, compare

_THRESHOLD_SET = keccak(text="ProposalThresholdSet(uint256,uint256)")

Section = Mapping[str, Any]

_CONSTANTS = {
    "DataTimelock": "MIN_DELAY MAX_DELAY",
    "EmergencyBrake": "PAUSE COOL_DOWN MAX_TERM",
    "RevenueSplitter": "SCALE MIN_POOL_SHARES MAX_POOL_SHARES MAX_OWED",
    "DataGovernor": "EXPIRY",
    "DatasetRegistry": "POLICY_GRACE MAX_ATTESTORS MAX_CUSTODIANS",
}
"""Fixed by the code, whose hash was checked; printed, because a test network may be built with a shorter clock."""


def check_parameters(reader: Reader, entry: Section, expected: Mapping[str, Section]) -> Iterator[Fact | Check]:
    """Every parameter of every contract."""
    timelock, brake, token, splitter, governor, leases, models, registry = (expected[name] for name in CONTRACTS)
    system, params = timelock["system"], registry["params"]
    yield reader.check("DataTimelock", "getMinDelay", timelock["minDelay"])
    yield from _views(reader, "EmergencyBrake", {"timelock": system["timelock"]} | _of(brake, "guardian guardianUntil"))
    term_runs = reader.now < brake["guardianUntil"]
    yield reader.check("EmergencyBrake", "isGuardian", term_runs, brake["guardian"])
    yield from _views(
        reader,
        "DataToken",
        {"registry": system["registry"], **_of(token, "name symbol transferable maturitySupply"), "decimals": 9},
    )
    yield reader.check("DataToken", "CLOCK_MODE", "mode=timestamp")
    # Zero means "itself" for any other account; the registry must not vote with what is not claimed yet.
    yield reader.check("DataToken", "delegates", "0x" + "00" * 20, system["registry"], field="delegate of the registry")
    yield _domain(reader, "DataToken", token["name"], system["token"])
    # No premine: before the first batch there are no tokens, and nothing has matured.
    unused = list(_views(reader, "DataToken", {"totalSupply": 0, "matureSince": 0}))
    yield Fact([reader.view("DatasetRegistry", "batchCount")], lambda batches: unused if batches == 0 else [])
    yield reader.check("RevenueSplitter", "asset", splitter["asset"])
    yield reader.check("DataGovernor", "name", governor["name"])
    yield from _views(reader, "DataGovernor", _of(system, "timelock token leases brake"))
    votes = governor["params"]
    yield from _views(reader, "DataGovernor", _of(votes, "votingDelay votingPeriod quorumBps leaseQuorumBps"))
    yield reader.check("DataGovernor", "lateQuorumVoteExtension", votes["lateQuorumExtension"])
    yield _threshold(reader, votes["proposalThreshold"])
    yield reader.check("DataGovernor", "quorumFloor", token["maturitySupply"] // 2)
    yield _floor_until(reader, entry, votes["floorPeriod"])
    yield reader.check("DataGovernor", "CLOCK_MODE", "mode=timestamp")
    yield _domain(reader, "DataGovernor", governor["name"], system["governor"])
    yield from _views(reader, "DataLeases", {"asset": leases["asset"], **leases["params"]})
    yield _domain(reader, "DatasetRegistry", "DatasetRegistry", system["registry"])
    yield reader.check("ModelRegistry", "asset", models["asset"])
    periods = "challengePeriod claimPeriod epochLength epochFloor epochCapBps"
    yield from _views(reader, "DatasetRegistry", _of(params, periods))
    yield _set(reader, "attestors", "attestorSetVersion", params["attestors"], params["attestorThreshold"])
    yield _set(reader, "committee", "committeeVersion", params["custodians"], params["custodianThreshold"])
    yield reader.check("DatasetRegistry", "datasetCount", len(params["policies"]))
    for number, policy in enumerate(params["policies"], start=1):
        field = f"policy {number}"
        judge = partial(_same, field, policy)
        yield reader.readable("DatasetRegistry", "currentPolicy", judge, number, field=field)
    for contract in ("DataLeases", "ModelRegistry"):
        yield _solvent(reader, contract)
    for contract, names in _CONSTANTS.items():
        for name in names.split():
            yield _constant(reader, contract, name)
    yield _threshold_set(reader, entry, votes["proposalThreshold"])


def _views(reader: Reader, contract: str, expected: Section) -> Iterator[Fact]:
    for function, value in expected.items():
        yield reader.check(contract, function, value)


def _of(section: Section, names: str) -> dict[str, Any]:
    return {name: section[name] for name in names.split()}


def _threshold(reader: Reader, configured: int) -> Fact:
    """The governor asks for at most 1 % of supply, and for at least one vote where a threshold is set."""
    field = "proposalThreshold"

    def judge(supply: Any, actual: Any) -> Iterator[Check]:
        if isinstance(supply, Unreadable):
            yield compare("DataGovernor", field, configured, supply)
        else:
            yield compare("DataGovernor", field, max(1, min(configured, supply // 100)) if configured else 0, actual)

    return Fact([reader.view("DataToken", "totalSupply"), reader.view("DataGovernor", field)], judge)


def _threshold_set(reader: Reader, entry: Section, configured: int) -> Check:
    """The view gives what is asked for, which is less while there are few tokens; the event what was set."""
    actual: Any = reader.logs(["DataGovernor"], [_THRESHOLD_SET], entry["contracts"]["DataGovernor"]["block"])
    if not isinstance(actual, Unreadable):
        actual = int.from_bytes(actual[-1].data[32:], "big") if actual else "never set"
    return compare("DataGovernor", "proposalThreshold as set", configured, actual)


def _floor_until(reader: Reader, entry: Section, period: int) -> Fact:
    """The floor ends a period after the block that created the governor."""

    def judge(created: Any, actual: Any) -> Iterator[Check]:
        expected = created if isinstance(created, Unreadable) else created + period
        yield compare("DataGovernor", "floorUntil", expected, actual)

    block = entry["contracts"]["DataGovernor"]["block"]
    return Fact([reader.time(block), reader.view("DataGovernor", "floorUntil")], judge)


def _set(reader: Reader, view: str, version: str, members: list[Section], threshold: int) -> Fact:
    """The attestors or custodians of now, one by one."""

    def judge(answer: Any) -> Iterator[Check]:
        actual, needed = answer
        yield compare("DatasetRegistry", f"{view} threshold", threshold, needed)
        yield from _same(view, members, actual)

    return reader.readable(
        "DatasetRegistry",
        version,
        lambda newest: [reader.readable("DatasetRegistry", view, judge, newest)],
        field=view,
    )


def _same(field: str, expected: Any, actual: Any) -> Iterator[Check]:
    """One check for each simple value on either side."""
    wanted, found = dict(leaves(field, expected)), dict(leaves(field, actual))
    for path in {**wanted, **found}:
        yield compare("DatasetRegistry", path, wanted.get(path, "nothing"), found.get(path, "nothing"))


def _domain(reader: Reader, contract: str, name: str, address: str) -> Fact:
    return reader.check(contract, "eip712Domain", [b"\x0f", name, "1", reader.chain_id, address, bytes(32), []])


def _solvent(reader: Reader, contract: str) -> Fact:
    def judge(answer: Any) -> Iterator[Check]:
        balance, owed = answer
        yield Check(contract, "solvency", f"at least {owed}", str(balance), balance >= owed)

    return reader.readable(contract, "solvency", judge)


def _constant(reader: Reader, contract: str, name: str) -> Fact:
    wanted = "in the code"
    return reader.readable(contract, name, lambda v: [Check(contract, name, wanted, str(v), True)], expected=wanted)
