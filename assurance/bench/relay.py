"""What a member's ballot costs through a relay, beside a transaction of its own: gas of receipts on a real node.

toolchain/run python -m assurance.bench.relay --members 100
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from eth_account import Account
from eth_utils import keccak

from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.node import Node
from assurance.harness.dao.dao import Dao, leaf
from datadao.batches import Catalog
from datadao.chain.patience import connect
from datadao.chain.signatures import checker
from datadao.client import DataDAO
from datadao.messages.requests import SignedBallot
from datadao.relay.journal import Journal
from datadao.relay.judge import domains_of
from datadao.relay.limits import Limits
from datadao.relay.relay import Relay
from datadao.storage.board import Board
from datadao.storage.store import Store
from datadao.types import Vote

ETHER = 10**18


@dataclass(frozen=True)
class Figures:
    """Gas: of one ballot in the relay's transaction, of a member's own; and what the relay thought they would be."""

    members: int
    transactions: int
    relayed: int
    own: int
    thought: int

    def __str__(self) -> str:
        return (
            f"{self.members} ballots in {self.transactions} transactions: {self.relayed:,} gas each, "
            f"{self.own:,} by a transaction of the member's own, {self.own / self.relayed:.2f} times as much"
        )


def measure(members: int) -> Figures:
    """Twice as many members: one half votes by itself, the other signs, and has no ether."""
    node = Node()
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _measure(Dao(chain=Anvil(node.web3)), node, members, Path(folder))
    finally:
        node.stop()


def _measure(dao: Dao, node: Node, members: int, folder: Path) -> Figures:
    voters = [dao.who(f"voter {number}") for number in range(2 * members)]
    dao.contribute(*(leaf(who, f"data of {who.name}", units=5) for who in voters))
    proposal = dao.propose(voters[0], (dao.brake, "pull", ()), text="a proposal")
    dao.to_vote(proposal.id)
    own = [dao.governor.castVote(proposal.id, Vote.FOR, sender=who.address).gas for who in voters[:members]]
    handle, store = DataDAO(dao.addresses, connect(node.url)), Store(f"file://{folder / 'store'}", create=True)
    board, domains = Board(handle.id, store), domains_of(handle)
    for who in voters[members:]:
        node.rpc("anvil_setBalance", who.address, "0x0")
        unsigned = SignedBallot(proposal.id, Vote.AGAINST, who.address, "", b"")
        board.request(replace(unsigned, signature=who.sign(unsigned.typed(domains))), dao.chain.timestamp)
    account = Account.from_key(keccak(text="the relay"))
    node.rpc("anvil_setBalance", account.address, hex(10 * ETHER))
    relay = Relay(
        handle, board, Catalog(handle, store), Journal(folder / "relay", "the bench's"), Limits(ETHER, ETHER), account,
        checker(handle.web3),
    )  # fmt: skip
    sent = relay.round().sent
    against, votes_for, _ = handle.read("governor", "proposalVotes", proposal.id)
    if against != votes_for:
        raise AssertionError(f"{against} votes were relayed, {votes_for} cast")
    gas, thought = sum(batch.gas for batch in sent), sum(batch.alone for batch in sent)
    return Figures(members, len(sent), gas // members, sum(own) // members, thought // members)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=100)
    print(measure(parser.parse_args().members))
