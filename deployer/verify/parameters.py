"""Is every parameter what the configuration says?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from eth_utils import keccak

from datadao.values import leaves
from deployer.verify.reader import Check, Reader, Unreadable, compare

_THRESHOLD_SET = keccak(text="ProposalThresholdSet(uint256,uint256)")

Section = Mapping[str, Any]

_CONSTANTS = {
    "DataTimelock": ("MIN_DELAY", "MAX_DELAY"),
    "EmergencyBrake": ("PAUSE", "COOL_DOWN", "MAX_TERM"),
    "RevenueSplitter": ("SCALE", "MIN_POOL_SHARES", "MAX_POOL_SHARES"),
    "DataGovernor": ("EXPIRY",),
    "DatasetRegistry": ("POLICY_GRACE", "MAX_ATTESTORS", "MAX_CUSTODIANS"),
}
"""Fixed by the code, whose hash was checked; printed, because a test network may be built with a shorter clock."""


def check_parameters(reader: Reader, entry: Section, expected: Mapping[str, Section]) -> Iterator[Check]:
    """Every parameter of every contract."""
    yield from reader.together(lambda: _all(reader, expected))
    yield _threshold_set(reader, entry, expected["DataGovernor"]["params"]["proposalThreshold"])


def _all(reader: Reader, expected: Mapping[str, Section]) -> Iterator[Check]:
    yield reader.check("DataTimelock", "getMinDelay", expected["DataTimelock"]["minDelay"])
    yield from _brake(reader, expected["EmergencyBrake"])
    yield from _token(reader, expected["DataToken"])
    yield reader.check("RevenueSplitter", "asset", expected["RevenueSplitter"]["asset"])
    yield from _governor(reader, expected["DataGovernor"], expected["DataToken"]["maturitySupply"])
    yield from _leases(reader, expected["DataLeases"])
    yield reader.check("ModelRegistry", "asset", expected["ModelRegistry"]["asset"])
    yield from _registry(reader, expected["DatasetRegistry"]["params"])
    for contract in ("DataLeases", "ModelRegistry"):
        yield _solvent(reader, contract)
    for contract, names in _CONSTANTS.items():
        for name in names:
            yield _constant(reader, contract, name)


def _brake(reader: Reader, own: Section) -> Iterator[Check]:
    yield reader.check("EmergencyBrake", "timelock", own["system"]["timelock"])
    yield reader.check("EmergencyBrake", "guardian", own["guardian"])
    yield reader.check("EmergencyBrake", "guardianUntil", own["guardianUntil"])
    term_runs = reader.now < own["guardianUntil"]
    yield reader.check("EmergencyBrake", "isGuardian", term_runs, own["guardian"])


def _token(reader: Reader, own: Section) -> Iterator[Check]:
    yield reader.check("DataToken", "registry", own["system"]["registry"])
    for field in ("name", "symbol", "transferable", "maturitySupply"):
        yield reader.check("DataToken", field, own[field])
    yield reader.check("DataToken", "decimals", 9)
    yield reader.check("DataToken", "CLOCK_MODE", "mode=timestamp")
    registry = own["system"]["registry"]
    # Zero means "itself" for everybody else; the registry must not vote with what nobody claimed yet.
    yield reader.check("DataToken", "delegates", "0x" + "00" * 20, registry, field="delegate of the registry")
    yield from _domain(reader, "DataToken", own["name"], own["system"]["token"])
    yield from _newborn(reader)


def _newborn(reader: Reader) -> Iterator[Check]:
    """No premine: before the first batch there are no tokens, and nothing has matured."""
    if reader.check("DatasetRegistry", "batchCount", 0).ok:
        yield reader.check("DataToken", "totalSupply", 0)
        yield reader.check("DataToken", "matureSince", 0)


def _governor(reader: Reader, own: Section, maturity: int) -> Iterator[Check]:
    system, params = own["system"], own["params"]
    yield reader.check("DataGovernor", "name", own["name"])
    for key in ("timelock", "token", "leases", "brake"):
        yield reader.check("DataGovernor", key, system[key])
    for field in ("votingDelay", "votingPeriod", "quorumBps", "leaseQuorumBps"):
        yield reader.check("DataGovernor", field, params[field])
    yield reader.check("DataGovernor", "lateQuorumVoteExtension", params["lateQuorumExtension"])
    yield _threshold(reader, params["proposalThreshold"])
    yield reader.check("DataGovernor", "quorumFloor", maturity // 2)
    yield reader.check("DataGovernor", "CLOCK_MODE", "mode=timestamp")
    yield from _domain(reader, "DataGovernor", own["name"], system["governor"])


def _threshold(reader: Reader, configured: int) -> Check:
    """The governor asks for at most 1 % of supply, and for at least one vote where a threshold is set."""
    try:
        supply = reader.read("DataToken", "totalSupply")
    except Unreadable as error:
        return compare("DataGovernor", "proposalThreshold", configured, error)
    wanted = max(1, min(configured, supply // 100)) if configured else 0
    return reader.check("DataGovernor", "proposalThreshold", wanted)


def _threshold_set(reader: Reader, entry: Section, configured: int) -> Check:
    """The view tells what is asked, which is less while there are few tokens; the event what was set."""
    try:
        logs = reader.logs("DataGovernor", [_THRESHOLD_SET], entry["contracts"]["DataGovernor"]["block"])
    except Unreadable as error:
        return compare("DataGovernor", "proposalThreshold as set", configured, error)
    actual = int.from_bytes(logs[-1].data[32:], "big") if logs else "never set"
    return compare("DataGovernor", "proposalThreshold as set", configured, actual)


def _leases(reader: Reader, own: Section) -> Iterator[Check]:
    yield reader.check("DataLeases", "asset", own["asset"])
    for field, value in own["params"].items():
        yield reader.check("DataLeases", field, value)
    yield from _domain(reader, "DataLeases", "DataLeases", own["system"]["leases"])


def _registry(reader: Reader, params: Section) -> Iterator[Check]:
    for field in ("challengePeriod", "claimPeriod", "epochLength", "epochFloor", "epochCapBps"):
        yield reader.check("DatasetRegistry", field, params[field])
    yield from _set(reader, "attestors", "attestorSetVersion", params["attestors"], params["attestorThreshold"])
    yield from _set(reader, "committee", "committeeEpoch", params["custodians"], params["custodianThreshold"])
    yield reader.check("DatasetRegistry", "datasetCount", len(params["policies"]))
    for number, policy in enumerate(params["policies"], start=1):
        yield from _nested(reader, f"policy {number}", policy, "currentPolicy", number)


def _set(reader: Reader, view: str, version: str, members: list[Section], threshold: int) -> Iterator[Check]:
    """The attestors or custodians of now, one by one."""
    try:
        actual, needed = reader.read("DatasetRegistry", view, reader.read("DatasetRegistry", version))
    except Unreadable as error:
        yield compare("DatasetRegistry", view, "readable", error)
        return
    yield compare("DatasetRegistry", f"{view} threshold", threshold, needed)
    yield from _same(view, members, actual)


def _nested(reader: Reader, field: str, expected: Any, view: str, *args: Any) -> Iterator[Check]:
    try:
        actual = reader.read("DatasetRegistry", view, *args)
    except Unreadable as error:
        yield compare("DatasetRegistry", field, "readable", error)
        return
    yield from _same(field, expected, actual)


def _same(field: str, expected: Any, actual: Any) -> Iterator[Check]:
    """One check for each simple value on either side."""
    wanted, found = dict(leaves(field, expected)), dict(leaves(field, actual))
    for path in {**wanted, **found}:
        yield compare("DatasetRegistry", path, wanted.get(path, "nothing"), found.get(path, "nothing"))


def _domain(reader: Reader, contract: str, name: str, address: str) -> Iterator[Check]:
    wanted = [b"\x0f", name, "1", reader.chain_id, address, bytes(32), []]
    yield reader.check(contract, "eip712Domain", wanted)


def _solvent(reader: Reader, contract: str) -> Check:
    try:
        balance, owed = reader.read(contract, "solvency")
    except Unreadable as error:
        return compare(contract, "solvency", "readable", error)
    return Check(contract, "solvency", f"at least {owed}", str(balance), balance >= owed)


def _constant(reader: Reader, contract: str, name: str) -> Check:
    try:
        return Check(contract, name, "in the code", str(reader.read(contract, name)), True)
    except Unreadable as error:
        return compare(contract, name, "in the code", error)
