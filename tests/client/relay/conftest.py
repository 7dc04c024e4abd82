"""A relay beside a real node: members sign and have no ether, it sends and pays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_utils import keccak

from assurance.harness.dao.dao import Proposal, leaf
from assurance.harness.dao.system import Actor
from datadao.batches import Catalog
from datadao.chain.signatures import checker
from datadao.client import DataDAO
from datadao.messages.requests import Request, SignedBallot
from datadao.relay.journal import Journal
from datadao.relay.judge import domains_of
from datadao.relay.limits import Limits
from datadao.relay.relay import Relay
from datadao.storage.board import Board
from datadao.types import Vote
from tests.client.chain_world import ChainWorld

ETHER = 10**18
LIMITS = Limits(day=ETHER, member=ETHER // 10, price=3_000 * 10**6)


@dataclass
class RelayWorld:
    """A DAO of five members, a proposal that is voted on, and the relay's folder."""

    world: ChainWorld
    folder: Path
    limits: Limits = LIMITS
    account: Any = field(default_factory=lambda: Account.from_key(keccak(text="the relay")))

    def __post_init__(self) -> None:
        self.dao = self.world.dao
        self.rpc = self.world.chain._rpc
        self.rpc("anvil_setBalance", self.account.address, hex(10 * ETHER))
        self.members = self.world.members
        self.handle: DataDAO = self.world.handle
        self.domains = domains_of(self.handle)
        self.board = Board(self.handle.id, self.world.store)
        self.proposal = self.dao.propose(self.members[0], (self.dao.brake, "pull", ()), text="a proposal")

    @property
    def journal(self) -> Journal:
        return Journal(self.folder, "the test's")

    def relay(self, handle: DataDAO | None = None, **limits: Any) -> Relay:
        """A relay as it is after a start: it knows what its journal knows."""
        dao = handle or self.handle
        return Relay(
            dao, self.board, Catalog(dao, self.world.store), self.journal, replace(self.limits, **limits), self.account,
            checker(dao.web3), patience=0.5,
        )  # fmt: skip

    def to_vote(self, proposal: Proposal | None = None) -> None:
        self.dao.to_vote((proposal or self.proposal).id)

    def sign(self, request: Request, by: Actor) -> Any:
        """Signed, and on the board."""
        signed = replace(request, signature=by.sign(request.typed(self.domains)))  # type: ignore[call-arg]
        self.board.request(signed, self.now)
        return signed

    def ballot(self, member: Actor, support: Vote = Vote.FOR, reason: str = "", proposal: int = 0) -> SignedBallot:
        unsigned = SignedBallot(proposal or self.proposal.id, support, member.address, reason, b"")
        made: SignedBallot = self.sign(unsigned, member)
        return made

    @property
    def now(self) -> int:
        return self.world.chain.timestamp

    @property
    def nonce(self) -> int:
        """Transactions that the relay ever sent."""
        return self.world.chain.nonce(self.account.address)

    @property
    def votes(self) -> tuple[int, ...]:
        return tuple(self.handle.read("governor", "proposalVotes", self.proposal.id))

    def state(self, request: Request) -> tuple[str, str]:
        about = self.journal.about(request.id)
        assert about is not None
        return about["state"], about["reason"]

    def unclaimed(self, *names: str) -> Any:
        """An active batch with a leaf for each of these, who never sent a transaction."""
        return self.world.publish([leaf(self.dao.who(name), f"data of {name}", units=100) for name in names])


@pytest.fixture
def relaying(leased: ChainWorld, tmp_path: Path) -> RelayWorld:
    return RelayWorld(leased, tmp_path / "relay")
