"""What is put to the vote, as events have it, and where a member's succession stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from eth_utils import keccak

from datadao.chain.codec import raw_text
from datadao.chain.events import Event, decode, topic
from datadao.chain.rpc import Block, check_complete, logs_then_block, read_block, read_logs, read_named
from datadao.client import DataDAO
from datadao.errors import ChainUnavailable, InvalidArgument, NodeRefused

if TYPE_CHECKING:
    from datadao.index import Index

DAY = 86_400
_ZERO = "0x" + "00" * 20

_FIRST = "VotingDelaySet"
"""An event of the governor's constructor."""


class Succession(NamedTuple):
    """As `ISuccession.succession`; times in Unix seconds, 0 for never."""

    named: str
    delay_days: int
    since: int
    opened_at: int
    is_succeeded: bool

    @property
    def heir(self) -> str | None:
        """None if none is bound."""
        return None if self.named == _ZERO else self.named

    @property
    def due(self) -> int:
        """The second from which any account can execute it; 0 while it is not open."""
        return self.opened_at + self.delay_days * DAY if self.opened_at else 0


@dataclass(frozen=True)
class Proposal:
    """A proposal as its event has it; `lease_id` is None unless it is a lease's own."""

    proposal_id: int
    lease_id: int | None
    actions: tuple[Any, Any, Any]
    description: str

    @property
    def call(self) -> tuple[Any, ...]:
        """What the governor's `queue` and `execute` take."""
        return (*self.actions, keccak(raw_text(self.description)))


class Proposals:
    """All proposals of a DAO, for whoever asks again and again: what is final is read from the node once, and what
    `index` has, if given, not at all."""

    def __init__(self, dao: DataDAO, index: Index | None = None) -> None:
        self._dao, self._next, self._index = dao, dao.since, index
        self._final: list[Event] = []
        self._checked: set[int] = set()

    def read(self) -> list[Proposal]:
        """Oldest first. Raises `ChainUnavailable` when the node's events are not complete."""
        return self._read(_finalized(self._dao))

    def _read(self, final: int) -> list[Proposal]:
        events, head = self._events()
        leases = {e.fields["proposalId"]: e.fields["leaseId"] for e in events if e.name == "LeaseProposed"}
        made = list(_made(events, leases))
        with self._index.doubted() if self._index else nullcontext():
            check_complete(int(any(event.name == _FIRST for event in events)), 1, "deployments", head)
            self._check_leases({item.lease_id for item in made if item.lease_id is not None}, head)
        self._final, self._next = [e for e in events if e.block <= final], max(self._next, final + 1)
        return made

    def _events(self) -> tuple[list[Event], Block]:
        names = ("ProposalCreated", "LeaseProposed", _FIRST)
        fields = ("proposalId", "leaseId", "targets", "values", "calldatas", "description")
        if self._index:
            head = self._index.sync()
            return list(self._index.events("governor", *names, fields=fields)), head
        dao, topics = self._dao, [topic("DataGovernor", name) for name in names]
        governor = [dao.addresses["governor"]]
        logs, head = logs_then_block(
            dao.web3, "latest", self._next, lambda first, last: read_logs(dao.web3, governor, first, last, topics)
        )
        return [*self._final, *decode(logs, dao.addresses, fields)], head

    def _check_leases(self, proposed: set[int], head: Block) -> None:
        """No count of proposals stands on the chain; but each requested lease has one, and the governor began with
        settings."""
        dao = self._dao
        (count,) = read_named(dao.web3, [dao.call("leases", "leaseCount")], head.number)
        # Whether a lease came by a request never changes.
        unknown = [number for number in range(1, count + 1) if number not in self._checked | proposed]
        asked = read_named(dao.web3, [dao.call("leases", "lease", number) for number in unknown], head.number)
        missing = [number for number, info in zip(unknown, asked, strict=True) if not info.offerId]
        there = len(proposed) + len(missing)
        check_complete(len(proposed), there, "proposals of leases", head)
        self._checked |= set(unknown)


def proposals(dao: DataDAO, index: Index | None = None) -> list[Proposal]:
    """All proposals, oldest first; from `index`, if given, with what is new since it was last used. Raises
    `ChainUnavailable` when the node's events are not complete."""
    return Proposals(dao, index)._read(-1)


def _finalized(dao: DataDAO) -> int:
    """Number of the last final block; -1 where the node knows of none."""
    try:
        return read_block(dao.web3, "finalized").number
    except (ChainUnavailable, NodeRefused):
        return -1


def find_proposal(dao: DataDAO, name: str, index: Index | None = None) -> Proposal:
    """The proposal named by its id, or `lease:3`. Raises `InvalidArgument`."""
    match = re.fullmatch(r"(lease:)?(\d{1,78})", name)
    if match is None:
        raise InvalidArgument(f"proposal {name!r}: expected its id, or lease:<lease id>")
    number, is_lease = int(match.group(2)), bool(match.group(1))
    for item in proposals(dao, index):
        if number == (item.lease_id if is_lease else item.proposal_id):
            return item
    raise InvalidArgument(f"no proposal {name}; `datadao proposals` lists them")


def _made(events: list[Any], leases: dict[int, int]) -> Iterator[Proposal]:
    for event in events:
        if event.name == "ProposalCreated":
            fields = event.fields
            actions = (fields["targets"], fields["values"], fields["calldatas"])
            yield Proposal(fields["proposalId"], leases.get(fields["proposalId"]), actions, fields["description"])
