"""Does any account but the timelock hold a power? By role tables, their events, and every restricted function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from eth_utils import keccak, to_checksum_address

from datadao.chain.abi import ORDER
from datadao.ledger.facts import Fact
from deployer.verify.reader import Check, Reader, Unreadable, compare

_ZERO = "0x" + "00" * 20
_STRANGER = to_checksum_address(keccak(text="datadao/verify/stranger")[12:])
_ADMIN = bytes(32)
_ROLES = {
    name: keccak(text=name) for name in ("PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE")
} | {"DEFAULT_ADMIN_ROLE": _ADMIN}  # fmt: skip

_GRANTED = keccak(text="RoleGranted(bytes32,address,address)")
_REVOKED = keccak(text="RoleRevoked(bytes32,address,address)")


class Door(NamedTuple):
    """A function for `holders` only, keys of the system or `guardian`; all others are refused with `error`."""

    contract: str
    function: str
    holders: tuple[str, ...]
    error: str


_TIMELOCK_SETTERS = ("createDataset", "updatePolicy", "setAttestors", "setCommittee", "replaceCustodian", "discard")
_SHARES = ("addPendingShares", "vestShares", "dropPendingShares", "removeShares")
_SETTINGS = (
    "setVotingDelay", "setVotingPeriod", "setProposalThreshold", "setLateQuorumVoteExtension", "setQuorumBps",
    "setLeaseQuorumBps",
)  # fmt: skip

DOORS = (
    *(
        Door("DataTimelock", function, ("governor",), "AccessControlUnauthorizedAccount")
        for function in ("schedule", "scheduleBatch", "cancel", "execute", "executeBatch")
    ),
    Door("DataTimelock", "updateDelay", ("timelock",), "TimelockUnauthorizedCaller"),
    *(
        Door("DataTimelock", function, (), "DataTimelock_RolesFrozen")
        for function in ("grantRole", "revokeRole", "renounceRole")
    ),
    Door("EmergencyBrake", "setGuardian", ("timelock",), "EmergencyBrake_NotTimelock"),
    Door("EmergencyBrake", "pull", ("guardian",), "EmergencyBrake_NotGuardian"),
    *(Door("DataToken", function, ("registry",), "DataToken_NotRegistry") for function in ("mint", "burn")),
    *(Door("RevenueSplitter", function, ("registry",), "RevenueSplitter_NotRegistry") for function in _SHARES),
    Door("RevenueSplitter", "moveMember", ("token",), "RevenueSplitter_NotToken"),
    Door("RevenueSplitter", "claimWithin", ("splitter",), "RevenueSplitter_NotSelf"),
    *(Door("DataGovernor", function, ("timelock",), "GovernorOnlyExecutor") for function in _SETTINGS),
    Door("DataGovernor", "proposeLease", ("leases",), "DataGovernor_NotLeases"),
    *(Door("DataGovernor", function, (), "DataGovernor_Disabled") for function in ("relay", "updateTimelock")),
    *(
        Door("DataLeases", function, ("timelock",), "DataLeases_NotTimelock")
        for function in ("approve", "createOffer", "terminate")
    ),
    Door("DataLeases", "closeOffer", ("timelock", "guardian"), "DataLeases_NotGuardian"),
    *(
        Door("DatasetRegistry", function, ("timelock",), "DatasetRegistry_NotTimelock")
        for function in _TIMELOCK_SETTERS
    ),
    Door("DatasetRegistry", "veto", ("guardian",), "DatasetRegistry_NotGuardian"),
)


def check_roles(
    reader: Reader, entry: Mapping[str, Any], expected: Mapping[str, Mapping[str, Any]]
) -> Iterator[Fact | Check]:
    """Who holds what, by table, by events and by trying."""
    system: Mapping[str, str] = expected["DataTimelock"]["system"]
    accounts = {"deployer": entry["deployer"], "zero address": _ZERO, "a stranger": _STRANGER, **system}
    if "factory" in entry:
        accounts["factory"] = entry["factory"]["address"]
    accounts["guardian"] = expected["EmergencyBrake"]["guardian"]
    holders = {role: "timelock" if role == "DEFAULT_ADMIN_ROLE" else "governor" for role in _ROLES}
    yield from _table(reader, accounts, holders)
    yield from _history(reader, entry, {role: {system[key]} for role, key in holders.items()})
    term_runs = reader.now < expected["EmergencyBrake"]["guardianUntil"]
    for door in DOORS:
        yield _try(reader, door, accounts, term_runs=term_runs)


def _table(reader: Reader, accounts: Mapping[str, str], holders: Mapping[str, str]) -> Iterator[Fact]:
    for role, code in _ROLES.items():
        yield reader.check("DataTimelock", "getRoleAdmin", _ADMIN, code, field=f"admin of {role}")
        for who, address in accounts.items():
            wanted = address == accounts[holders[role]]
            yield reader.check("DataTimelock", "hasRole", wanted, code, address, field=f"{role} held by {who}")


def _history(reader: Reader, entry: Mapping[str, Any], wanted: Mapping[str, set[str]]) -> Iterator[Check]:
    """Members of each role by its events, which also show a role of another name."""
    members: dict[bytes, set[str]] = {code: set() for code in _ROLES.values()}
    logs = reader.logs(["DataTimelock"], [_GRANTED, _REVOKED], entry["contracts"]["DataTimelock"]["block"])
    if isinstance(logs, Unreadable):
        yield Check("DataTimelock", "role events", "readable", "the node does not give them", False)
        return
    for log in logs:
        kind, role, account = log.topics[0], log.topics[1], to_checksum_address(log.topics[2][12:])
        accounts = members.setdefault(role, set())
        (accounts.add if kind == _GRANTED else accounts.discard)(account)
    names = {code: name for name, code in _ROLES.items()}
    for code, accounts in members.items():
        name = names.get(code, "0x" + code.hex())
        yield compare("DataTimelock", f"{name} by events", sorted(wanted.get(name, set())), sorted(accounts))


def _try(reader: Reader, door: Door, accounts: Mapping[str, str], *, term_runs: bool) -> Fact:
    """Calls the function as every account: a holder must not be refused, any other must be, with the function's own
    error."""
    inside = {accounts[key] for key in door.holders if key != "guardian" or term_runs}
    names = dict(ORDER)
    wanted = "only " + " or ".join(names.get(key, key) for key in door.holders) if door.holders else "nobody"

    def judge(*answers: str) -> Iterator[Check]:
        wrong = []
        for (who, address), answer in zip(accounts.items(), answers, strict=True):
            if address in inside and answer == door.error:
                wrong.append(f"refuses {who}")
            if address not in inside and answer != door.error:
                wrong.append(f"to {who}: {answer}")
        yield Check(door.contract, f"{door.function} is for", wanted, "; ".join(wrong) or wanted, not wrong)

    return Fact([reader.attempt(address, door.contract, door.function) for address in accounts.values()], judge)
