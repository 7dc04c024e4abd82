"""Our operations beside those of other systems that do most nearly the same, and why another takes less where it does.

What another system's operation leaves out or adds is part of the comparison, so each row names both sides.
"""

from __future__ import annotations

from typing import NamedTuple

from assurance.bench.gas.peers import ocean, openzeppelin, superfluid, uniswap
from assurance.bench.gas.registry import FURTHER

OCEAN, OPENZEPPELIN, SUPERFLUID, UNISWAP = (m.PACKAGE for m in (ocean, openzeppelin, superfluid, uniswap))
STREAMR, BAAL = "Streamr Data Unions 3.0.8", "Baal 1.2.18"
WIZARD = "OpenZeppelin 5.7.0, Wizard"


class Recorded(NamedTuple):
    """A system that this run does not execute, measured once from its npm package, November 2026, on anvil with the
    rules of Prague."""

    system: str
    operation: str
    gas: int
    how: str = "recorded"


class Measured(NamedTuple):
    """An operation of a package of `toolchain/peers.json`, or of OpenZeppelin's, in the same run."""

    package: str
    operation: str
    how: str = "measured"


class Comparison(NamedTuple):
    """`ours` are labels of figures, added up. `why` says what makes another system cheaper, where one is."""

    operation: str
    ours: tuple[str, ...]
    others: tuple[Measured | Recorded, ...]
    why: str = ""


COMPARISONS = (
    Comparison(
        "revenue for any number of members",
        ("RevenueSplitter.deposit: later, any number of members",),
        (
            Measured(SUPERFLUID, "distribute, any number of members"),
            Recorded(STREAMR, "transferAndCall", 120_374),
        ),
    ),
    Comparison(
        "a member takes its income, later",
        ("RevenueSplitter.claim: later, one pool",),
        (
            Measured(UNISWAP, "claim, later, a drop to a thousand"),
            Measured(UNISWAP, "claim, later, a drop to a million"),
            Measured(SUPERFLUID, "claim, later"),
            Recorded(STREAMR, "withdrawAll, later", 76_991),
        ),
    ),
    Comparison(
        "a member takes its income, first",
        ("RevenueSplitter.claim: first, one pool",),
        (
            Measured(UNISWAP, "claim, first, a drop to a thousand"),
            Measured(UNISWAP, "claim, first, a drop to a million"),
            Measured(SUPERFLUID, "claim, first"),
            Recorded(STREAMR, "withdrawAll, first", 111_191),
        ),
    ),
    Comparison(
        "vote, first",
        ("DataGovernor.castVote: first",),
        (
            Measured(OPENZEPPELIN, "vote, first"),
            Recorded(WIZARD, "castVote, first, no late-quorum guard", 83_234),
            Recorded(BAAL, "submitVote, first", 128_647),
        ),
    ),
    Comparison(
        "vote, later",
        ("DataGovernor.castVote: later",),
        (
            Measured(OPENZEPPELIN, "vote, later"),
            Recorded(WIZARD, "castVote, later, no late-quorum guard", 66_134),
            Recorded(BAAL, "submitVote, later", 111_547),
        ),
    ),
    Comparison(
        "vote by signature, later",
        ("DataGovernor.castVoteBySig: later",),
        (
            Measured(OPENZEPPELIN, "vote by signature, later"),
            Recorded(WIZARD, "castVoteBySig, no late-quorum guard", 80_645),
            Recorded(BAAL, "submitVoteWithSig", 130_750),
        ),
    ),
    Comparison(
        "propose one action",
        ("DataGovernor.propose: one action",),
        (
            Measured(OPENZEPPELIN, "propose, one action"),
            Recorded(BAAL, "submitProposal, self-sponsored", 219_201),
        ),
        "Besides the proposal's slot the tally's is filled at once (22,100), so that no voter pays for a new one: a "
        "first vote takes half of OpenZeppelin's. And we ask for the proposer's votes, where its threshold is 0.",
    ),
    Comparison(
        "queue and execute an action that changes one slot",
        ("DataGovernor.queue: one action", "DatasetRegistry.discard: a published batch"),
        (
            Recorded(WIZARD, "queue and execute, timelock", 246_918),
            Recorded(BAAL, "processProposal, no timelock", 156_609),
        ),
        "Baal counts its grace period from the end of the vote and has no timelock, so a passed proposal is carried "
        "out in one transaction. Ours are two, with OpenZeppelin's timelock between: its roles and events are what "
        "front ends and auditors know, and members who want to leave can see what will be executed, and when.",
    ),
    Comparison(
        "buy access: escrow, lease",
        ("DataLeases.accept: later seat of an offer",),
        (Measured(OCEAN, "buy and order, a new buyer, 2 tx"),),
    ),
    Comparison(
        "pay for a further period",
        ("DataLeases.startPeriod: the second of three",),
        (Measured(OCEAN, "renew an order, no fee"),),
        "Ocean's renewal moves no money and stores nothing: it is an event that a provider reads. Ours pays an "
        "instalment to the dataset's pool, the commons and the treasury, and moves the end of access on chain.",
    ),
    Comparison(
        "open a dataset",
        ("DatasetRegistry.createDataset: 18 bytes of address",),
        (Measured(OCEAN, "publish: NFT, datatoken and price, 1 tx"),),
    ),
    Comparison(
        "publish who is owed what, any number of people",
        ("DatasetRegistry.publish: 3 signatures",),
        (Measured(UNISWAP, "deploy and fund a drop to a million, 2 tx"),),
    ),
    Comparison(
        "take in a new member",
        ("DatasetRegistry.claim: a new member, 20 siblings",),
        (
            Measured(SUPERFLUID, "give units to a new member"),
            Recorded(STREAMR, "addMember", 129_341),
            Recorded(WIZARD, "mint and delegate, 2 tx", 184_926),
            Recorded(BAAL, "mintShares", 176_399),
        ),
        "Streamr's join agent, OpenZeppelin's owner and Baal's shaman give shares at will in a bare call. Ours hands "
        "out what a threshold of attestors signed: a proof of 20 siblings (some 16,000), a record of the fingerprint "
        "that no second leaf can use and that erasure finds, shares in two pools, and votes with history.",
    ),
    Comparison(
        "raise a known member's share",
        ("DatasetRegistry.claim: a known member, 20 siblings",),
        (
            Measured(SUPERFLUID, "change a member's units"),
            Recorded(STREAMR, "setMemberWeight", 66_784),
            Recorded(WIZARD, "mint votes", 105_042),
            Recorded(BAAL, "mintShares", 126_581),
        ),
        "As above: the others change a number by someone's leave; ours adds a proved contribution with its record. "
        "The number alone, without proof and record, is the step below.",
    ),
    Comparison(
        "each further share in one transaction",
        (f"DatasetRegistry.claimMany: {FURTHER}",),
        (Recorded(STREAMR, "addMembers, each of 100", 78_004), Recorded(BAAL, "mintShares, each of 10", 127_826)),
    ),
    Comparison(
        "transfer the token of a transferable DAO",
        ("DataToken.transfer: to a holder, both settled",),
        (
            Recorded(WIZARD, "transfer, both delegated", 104_798),
            Recorded("Superfluid 1.15.2", "transfer", 168_218),
        ),
        "Before the balances change, both sides' income from the commons is settled and the shares move with the "
        "tokens (two slots): without that a buyer could take what the seller's data earned.",
    ),
    Comparison(
        "create a DAO",
        (
            "DataDAOFactory.begin: the configuration of local nodes",
            "DataDAOFactory.complete: the configuration of local nodes",
        ),
        (
            Recorded(STREAMR, "clone, revenue only", 265_796),
            Recorded(BAAL, "clone with Safe and two tokens", 1_733_792),
            Recorded(WIZARD, "token, timelock and governor", 7_418_475),
        ),
        "Streamr and Baal clone: every later call goes through a proxy, and the code of all is what their owners "
        "deployed. Ours are eight whole contracts (92 KB, of which storing the code is 18.4 million), no proxy and "
        "immutables instead of slots, which each later call saves. Paid once in a DAO's life.",
    ),
)
