"""What several commands read of the DAO: proposals and leases in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from eth_utils import keccak

from datadao.errors import InvalidArgument

if TYPE_CHECKING:
    from datadao.cli.session import Session
    from datadao.client import DataDAO, Terms

TOKEN_DECIMALS = 9


class LeaseStatus(IntEnum):
    """`IDataLeases.Status`."""

    NONE, PENDING, APPROVED, ACTIVE, ENDED, REFUNDED = range(6)


class ProposalState(IntEnum):
    """`IGovernor.ProposalState`."""

    PENDING, ACTIVE, CANCELED, DEFEATED, SUCCEEDED, QUEUED, EXPIRED, EXECUTED = range(8)


def word(state: IntEnum) -> str:
    """`Active` of ACTIVE"""
    return state.name.capitalize()


def moment(timestamp: int) -> str:
    """Unix seconds as a date; nothing for 0."""
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M} UTC" if timestamp else ""


@dataclass(frozen=True)
class Proposal:
    """A proposal as its event told it; `lease_id` is None unless it is a lease's own."""

    proposal_id: int
    lease_id: int | None
    actions: tuple[Any, Any, Any]
    description: str

    @property
    def call(self) -> tuple[Any, ...]:
        """What the governor's `queue` and `execute` take."""
        return (*self.actions, keccak(text=self.description))


def proposals(dao: DataDAO) -> list[Proposal]:
    """All proposals, oldest first."""
    from datadao.audit.events import decode, topic
    from datadao.chain import read_logs

    topics = [topic("DataGovernor", name) for name in ("ProposalCreated", "LeaseProposed")]
    logs = read_logs(dao.web3, [dao.addresses["governor"]], dao.since, dao.web3.eth.block_number, topics)
    events = list(decode(logs, dao.addresses))
    leases = {event.told["proposalId"]: event.told["leaseId"] for event in events if event.name == "LeaseProposed"}
    return list(_made(events, leases))


def find_proposal(dao: DataDAO, name: str) -> Proposal:
    """The proposal named by its id, or `lease:3`. Raises `InvalidArgument`."""
    match = re.fullmatch(r"(lease:)?(\d{1,78})", name)
    if match is None:
        raise InvalidArgument(f"proposal {name!r}: expected its id, or lease:<lease id>")
    number, is_lease = int(match.group(2)), bool(match.group(1))
    for item in proposals(dao):
        if number == (item.lease_id if is_lease else item.proposal_id):
            return item
    raise InvalidArgument(f"no proposal {name}; `datadao proposals` lists them")


def check_lease(session: Session, lease_id: int) -> Any:
    """The lease as the contract has it. Raises `InvalidArgument` if there is none."""
    count = session.dao.leases.leaseCount()
    if not 1 <= lease_id <= count:
        raise InvalidArgument(f"no lease {lease_id}; there are {f'1 to {count}' if count else 'none'}")
    return session.dao.leases.lease(lease_id)


def terms_of(dao: DataDAO, lease_id: int) -> Terms:
    """What was asked for, of a lease that exists."""
    from datadao.client import Terms

    return Terms(*dao.leases.leaseTerms(lease_id)[0])


def check_dataset(session: Session, dataset_id: int) -> None:
    """Raises `InvalidArgument` if there is no such dataset."""
    count = session.dao.registry.datasetCount()
    if not 1 <= dataset_id <= count:
        raise InvalidArgument(f"no dataset {dataset_id}; there are {f'1 to {count}' if count else 'none'}")


def _made(events: list[Any], leases: dict[int, int]) -> Iterator[Proposal]:
    for event in events:
        if event.name == "ProposalCreated":
            told = event.told
            actions = (told["targets"], told["values"], told["calldatas"])
            yield Proposal(told["proposalId"], leases.get(told["proposalId"]), actions, told["description"])
