"""The numbers to reach: DESIGN.md, section 4, and the cap of a transaction (EIP-7825) for creations."""

from __future__ import annotations

from typing import NamedTuple

from assurance.bench.gas.leases import REQUEST
from assurance.bench.gas.registry import FURTHER
from deployer.rehearsal import TRANSACTION_LIMIT


class Goal(NamedTuple):
    """At most `gas` for the figure of that label."""

    operation: str
    figure: str
    gas: int


GOALS = (
    Goal("deposit to a pool", "RevenueSplitter.deposit: later, any number of members", 55_000),
    Goal("claim, later", "RevenueSplitter.claim: later, one pool", 54_000),
    Goal("claim, first", "RevenueSplitter.claim: first, one pool", 71_000),
    Goal("vote, later on its side", "DataGovernor.castVote: later", 64_000),
    Goal("vote, first", "DataGovernor.castVote: first", 64_000),
    Goal("vote, first against", "DataGovernor.castVote: first against", 64_000),
    Goal("vote by signature", "DataGovernor.castVoteBySig: later", 76_000),
    Goal("request a lease", f"DataLeases.request: {REQUEST}", 350_000),
    Goal("accept a standing offer", "DataLeases.accept: later seat of an offer", 190_000),
    Goal("publish a batch, 3 signatures", "DatasetRegistry.publish: 3 signatures", 130_000),
    Goal("claim a contribution, new member", "DatasetRegistry.claim: a new member, 20 siblings", 220_000),
    Goal("claim a contribution, known member", "DatasetRegistry.claim: a known member, 20 siblings", 152_000),
    Goal("each further contribution in one claimMany", f"DatasetRegistry.claimMany: {FURTHER}", 42_000),
    Goal("factory, first transaction", "DataDAOFactory.begin: the configuration of local nodes", TRANSACTION_LIMIT),
    Goal("factory, second transaction", "DataDAOFactory.complete: the configuration of local nodes", TRANSACTION_LIMIT),
)
