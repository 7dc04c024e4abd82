"""The guard table: every function that changes state, who may call it, and the error that all others get (G-9).

`GUARDS` says it once; `docs/architecture.md` shows it between two markers (`toolchain/run python -m
assurance.harness.dao.guards` writes it there), and `tests/property/test_guards.py` holds contracts and document to it.
A function that is in an ABI and not here, or here and in no ABI, fails that test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from assurance.harness.chain.artifacts import artifacts
from datadao.chain.abi import ORDER

DOCUMENT = Path(__file__).parents[3] / "docs" / "architecture.md"
BEGIN, END = "<!-- guards: written by assurance/harness/dao/guards.py -->", "<!-- /guards -->"


class Guard(NamedTuple):
    who: str
    """As the table says it."""
    error: str | None = None
    """The error for any other caller; empty where anyone may call."""
    people: tuple[str, ...] = ()
    """Those of the people of `tests/property/test_guards.py` who may call with its arguments."""


ANYONE = Guard("anyone")
OWN = Guard("anyone, for itself")
REGISTRY_TIMELOCK = Guard("timelock", "DatasetRegistry_NotTimelock")
LEASES_TIMELOCK = Guard("timelock", "DataLeases_NotTimelock")
SPLITTER_REGISTRY = Guard("registry", "RevenueSplitter_NotRegistry")
TOKEN_REGISTRY = Guard("registry", "DataToken_NotRegistry")
GOVERNOR_ROLE = Guard("governor", "AccessControlUnauthorizedAccount")
GOVERNOR_SETTING = Guard("timelock, in a proposal", "GovernorOnlyExecutor")
NO_DEPOSIT = Guard("no account", "GovernorDisabledDeposit")
FROZEN = Guard("no account", "DataTimelock_RolesFrozen")
DISABLED = Guard("no account", "DataGovernor_Disabled")
LICENSEE = Guard("the lease's licensee", "DataLeases_NotLicensee", ("licensee",))

GUARDS: dict[str, dict[str, Guard]] = {
    "DataTimelock": {
        "schedule": GOVERNOR_ROLE,
        "scheduleBatch": GOVERNOR_ROLE,
        "cancel": GOVERNOR_ROLE,
        "execute": GOVERNOR_ROLE,
        "executeBatch": GOVERNOR_ROLE,
        "updateDelay": Guard("timelock", "TimelockUnauthorizedCaller"),
        "grantRole": FROZEN,
        "revokeRole": FROZEN,
        "renounceRole": FROZEN,
        "onERC721Received": ANYONE,
        "onERC1155Received": ANYONE,
        "onERC1155BatchReceived": ANYONE,
        "receive": ANYONE,
    },
    "EmergencyBrake": {
        "pull": Guard("guardian in its term", "EmergencyBrake_NotGuardian", ("guardian",)),
        "setGuardian": Guard("timelock", "EmergencyBrake_NotTimelock"),
    },
    "DataToken": {
        "mint": TOKEN_REGISTRY,
        "burn": TOKEN_REGISTRY,
        "delegate": OWN,
        "delegateBySig": Guard("anyone, with the holder's signature"),
        "permit": Guard("anyone, with the holder's signature", "ERC2612InvalidSigner", ("member",)),
        "approve": OWN,
        "transfer": Guard("holders, in a transferable DAO", "DataToken_NotTransferable"),
        "transferFrom": Guard("approved spenders, in a transferable DAO", "ERC20InsufficientAllowance"),
        "bindHeir": OWN,
        "bindHeirBySig": Guard("anyone, with the account's signature", "DataToken_InvalidSignature", ("member",)),
        "unbindHeir": OWN,
        "unbindHeirBySig": Guard(
            "anyone, with the account's signature", "DataToken_InvalidSignature", ("contributor",)
        ),
        "openSuccession": Guard("the account's heir", "DataToken_NotHeir", ("licensee",)),
        "openSuccessionBySig": Guard("anyone, with the heir's signature", "DataToken_InvalidSignature", ("licensee",)),
        "vetoSuccession": Guard("an account whose succession is open", "DataToken_NotOpen", ("member",)),
        "vetoSuccessionBySig": Guard("anyone, with the account's signature", "DataToken_InvalidSignature", ("member",)),
        "succeed": Guard("anyone, once the delay is over; the account itself, to an heir of that long"),
    },
    "RevenueSplitter": {
        "deposit": ANYONE,
        "depositMany": ANYONE,
        "claim": ANYONE,
        "claimFor": ANYONE,
        "claimWithin": Guard("the splitter itself", "RevenueSplitter_NotSelf"),
        "claimTo": OWN,
        "addPendingShares": SPLITTER_REGISTRY,
        "vestShares": SPLITTER_REGISTRY,
        "dropPendingShares": SPLITTER_REGISTRY,
        "removeShares": SPLITTER_REGISTRY,
        "moveMember": Guard("token", "RevenueSplitter_NotToken"),
    },
    "DataGovernor": {
        "propose": Guard("holders of the threshold", "GovernorInsufficientProposerVotes", ("member", "contributor")),
        "proposeLease": Guard("leases", "DataGovernor_NotLeases"),
        "castVote": ANYONE,
        "castVoteWithReason": ANYONE,
        "castVoteWithReasonAndParams": ANYONE,
        "castVoteBySig": Guard("anyone, with the voter's signature", "GovernorInvalidSignature", ("member",)),
        "castVotesBySig": Guard("anyone, with the voters' signatures"),
        "castVoteWithReasonAndParamsBySig": Guard(
            "anyone, with the voter's signature", "GovernorInvalidSignature", ("member",)
        ),
        "queue": ANYONE,
        "execute": ANYONE,
        "cancel": Guard(
            "its proposer while pending; guardian until it has ended", "GovernorUnableToCancel", ("member", "guardian")
        ),
        "setVotingDelay": GOVERNOR_SETTING,
        "setVotingPeriod": GOVERNOR_SETTING,
        "setProposalThreshold": GOVERNOR_SETTING,
        "setLateQuorumVoteExtension": GOVERNOR_SETTING,
        "setQuorumBps": GOVERNOR_SETTING,
        "setLeaseQuorumBps": GOVERNOR_SETTING,
        "updateTimelock": DISABLED,
        "relay": DISABLED,
        "onERC721Received": NO_DEPOSIT,
        "onERC1155Received": NO_DEPOSIT,
        "onERC1155BatchReceived": NO_DEPOSIT,
        "receive": NO_DEPOSIT,
    },
    "DataLeases": {
        "request": ANYONE,
        "requestWithPermit": ANYONE,
        "cancelRequest": LICENSEE,
        "approve": LEASES_TIMELOCK,
        "refund": ANYONE,
        "claimRefund": ANYONE,
        "claimRefundTo": LICENSEE,
        "createOffer": LEASES_TIMELOCK,
        "closeOffer": Guard("timelock; guardian in its term", "DataLeases_NotGuardian", ("guardian",)),
        "accept": Guard("the offer's addressee, or anyone if it has none", "DataLeases_NotAddressee", ("licensee",)),
        "acceptWithPermit": Guard(
            "the offer's addressee, or anyone if it has none", "DataLeases_NotAddressee", ("licensee",)
        ),
        "confirmDelivery": Guard(
            "anyone, with the custodians' signatures", "DatasetRegistry_NotSigner", ("custodian-0",)
        ),
        "start": LICENSEE,
        "payInstalment": ANYONE,
        "end": Guard("the lease's licensee; anyone once it is over", "DataLeases_NotOver", ("licensee",)),
        "terminate": LEASES_TIMELOCK,
        "releaseBond": ANYONE,
        "acknowledge": LICENSEE,
        "slashUnacknowledged": ANYONE,
        "rotateKey": LICENSEE,
        "expire": ANYONE,
        "reserve": ANYONE,
        "withdrawTreasury": ANYONE,
    },
    "ModelRegistry": {
        "register": Guard("the leases' licensee", "ModelRegistry_NotLicensee", ("licensee",)),
        "pay": ANYONE,
        "withdraw": ANYONE,
        "withdrawTo": OWN,
    },
    "DatasetRegistry": {
        "createDataset": REGISTRY_TIMELOCK,
        "updatePolicy": REGISTRY_TIMELOCK,
        "setAttestors": REGISTRY_TIMELOCK,
        "setCommittee": REGISTRY_TIMELOCK,
        "replaceCustodian": REGISTRY_TIMELOCK,
        "discard": REGISTRY_TIMELOCK,
        "publish": Guard("anyone, with the attestors' signatures", "DatasetRegistry_NotSigner", ("attestor-0",)),
        "activate": ANYONE,
        "veto": Guard("guardian in its term", "DatasetRegistry_NotGuardian", ("guardian",)),
        "claim": ANYONE,
        "claimMany": ANYONE,
        "erase": Guard("the contributor, or its holder", "DatasetRegistry_NotContributor", ("contributor",)),
        "eraseBySig": Guard(
            "anyone, with the contributor's or its holder's signature",
            "DatasetRegistry_InvalidSignature",
            ("contributor",),
        ),
        "dropDuplicate": ANYONE,
        "sleep": ANYONE,
    },
}


def state_changing(contract: str) -> list[dict[str, Any]]:
    """ABI entries of all functions a transaction can change state through, plain transfers of ether included."""
    found = []
    for entry in artifacts()[contract].abi:
        if entry["type"] in ("receive", "fallback"):
            found.append({"name": entry["type"], "inputs": [], **entry})
        elif entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure"):
            found.append(entry)
    return found


def table() -> str:
    """The table as the document shows it."""
    lines = ["| contract | function | who may call | otherwise |", "|---|---|---|---|"]
    for _, contract in ORDER:
        for entry in sorted(state_changing(contract), key=lambda e: e["name"]):
            guard = GUARDS[contract][entry["name"]]
            refusal = f"`{guard.error}`" if guard.error else ""
            lines.append(f"| `{contract}` | `{entry['name']}` | {guard.who} | {refusal} |")
    return "\n".join(lines)


def written(document: str) -> str:
    """The document with the table of today between its markers."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text()))
