"""The numbers to reach: DESIGN.md, section 4, and the cap of a transaction (EIP-7825) for creations."""

from __future__ import annotations

from typing import NamedTuple

from assurance.bench.gas.governance import EACH_LISTED, EACH_SPREAD, OTHER_WORD
from assurance.bench.gas.leases import REQUEST
from assurance.bench.gas.money import EACH_PAID
from assurance.bench.gas.registry import EACH_AGAIN, EACH_KNOWN, EACH_NEW, FURTHER, KNOWN, KNOWN_OPENING
from assurance.bench.gas.succession import BOUND, ONE_POOL
from datadao.chain.transactions import TRANSACTION_LIMIT


class Goal(NamedTuple):
    """At most so much for the figure of that label; None where the design asks for nothing.

    `floor` says why a goal is missed, by what a smaller program that keeps the rules takes.
    """

    operation: str
    figure: str
    gas: int | None = None
    slots: float | None = None
    amsterdam: int | None = None
    floor: str = ""


_FLOOR_OF_ACCEPT = (
    "The smallest program found that keeps every rule takes 175,382: each slot is stored once, terms are read once. "
    "Its code does not fit (24,647 bytes of 24,576). Without the two rules of the second edition (terms bound by their "
    "hash, the purposes of that moment) the program as it stands takes 173,566. They cost a cold slot of the terms "
    "that is only hashed (2,100), ten words of hashing, and a mask; the policy's purposes stand beside the count of "
    "erasures, which an approval reads anyway. New slots are four, as in the first edition."
)

GOALS = (
    Goal(
        "claim, new member, tree of a million", "DatasetRegistry.claim: a new member, 20 siblings", 144_000, 3, 422_000
    ),
    Goal("claim, known member", f"DatasetRegistry.claim: {KNOWN}", 115_000, 1),
    Goal("claim, known member, a word opened", f"DatasetRegistry.claim: {KNOWN_OPENING}", 132_500, 2),
    Goal("each of 100 new members", f"DatasetRegistry.claimMany: {EACH_NEW}", 88_000, 3.1, 356_000),
    Goal("each of 100 known members", f"DatasetRegistry.claimMany: {EACH_AGAIN}", 59_000, 1.1),
    Goal("the same, words opened", f"DatasetRegistry.claimMany: {EACH_KNOWN}", 76_500, 2.1),
    Goal("each further of one member", f"DatasetRegistry.claimMany: {FURTHER}", 31_000, 1),
    Goal("vote", "DataGovernor.castVote: later", 45_000, 0, 54_500),
    Goal("vote, first of the proposal", "DataGovernor.castVote: first", 45_000, 0, 54_500),
    Goal("vote, first of another 256 members", f"DataGovernor.castVote: {OTHER_WORD}", 62_000, 1, 152_000),
    Goal("ballot by signature, alone", "DataGovernor.castVoteBySig: later", 52_000, 0, 61_000),
    Goal("the same, first of its voter", "DataGovernor.castVoteBySig: first of its voter", 52_000, 0, 61_000),
    Goal("ballot by signature, each of 100", f"DataGovernor.castVotesBySig: {EACH_LISTED}", 14_500, 0.01, 15_500),
    Goal("the same, 1 % of 10,000 members", f"DataGovernor.castVotesBySig: {EACH_SPREAD}", slots=0.4),
    Goal(
        "income of dataset and commons, later", "RevenueSplitter.claim: later, dataset and commons, by another",
        54_600, 0, 79_000,
    ),
    Goal("the same paid for others, each of 100", f"RevenueSplitter.claimFor: {EACH_PAID}", 20_000),
    Goal("activate a batch", "DatasetRegistry.activate: not the first of its epoch", 127_000, 2, 338_000),
    Goal("erase, claimed", "DatasetRegistry.erase: claimed", 142_000, 3),
    Goal("delegate, first", "DataToken.delegate: to another, first", 73_000, 1, 186_000),
    Goal("transfer, to a new holder", "DataToken.transfer: to a new holder", 70_000, 1),
    Goal("name an heir", f"DataToken.bindHeir: {BOUND}", 75_000, 1),
    Goal("veto a succession", "DataToken.vetoSuccession: by the account", 40_000, 0),
    Goal("take the place of a lost account", f"DataToken.succeed: {ONE_POOL}", 160_000),
    Goal("deposit to a pool", "RevenueSplitter.deposit: later, any number of members", 53_000, 0, 70_000),
    Goal("pay an instalment", "DataLeases.payInstalment: the second of three", 104_000, 0),
    Goal("queue", "DataGovernor.queue: one action", 110_000, 2),
    Goal("propose", "DataGovernor.propose: one action", 124_000, 3),
    Goal("request a lease", f"DataLeases.request: {REQUEST}", 295_000, 8),
    Goal("publish a batch, 3 signatures", "DatasetRegistry.publish: 3 signatures", 122_708),
    Goal(
        "accept a standing offer", "DataLeases.accept: later place of an offer", 174_698, 4, floor=_FLOOR_OF_ACCEPT
    ),
    Goal("factory, first transaction", "DataDAOFactory.begin: the configuration of local nodes", TRANSACTION_LIMIT),
    Goal("factory, second transaction", "DataDAOFactory.complete: the configuration of local nodes", TRANSACTION_LIMIT),
)  # fmt: skip
