"""What registry tests share: one picture of the registry's state, refusals that must leave it alone, signatures made
for the wrong place, and moments of an epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from assurance.harness.chain import reader
from assurance.harness.chain.handles import Event, Receipt
from assurance.harness.dao.dao import Batch, Dao, Proposal, leaf
from assurance.harness.dao.system import Actor
from datadao.messages import eip712
from datadao.messages.batch import BATCH
from datadao.types import BatchStatus, ContributionStatus, Leaf

UNIT = 10**9
"""Shares, and tokens, of one unit of top quality in the local configuration."""
NONE, PUBLISHED, LIVE, ASLEEP, VETOED, DISCARDED, LAPSED = BatchStatus
"""`IDatasetRegistry.BatchStatus`; `LIVE` is the contract's Active."""
UNCLAIMED, CLAIMED, ERASED = ContributionStatus
"""`IDatasetRegistry.ContributionStatus`."""


def name32(text: str) -> bytes:
    """A field's name as errors carry it."""
    return text.encode().ljust(32, b"\0")


def state(dao: Dao, watch: Iterable[Leaf] = ()) -> dict[str, Any]:
    """Everything the registry's functions may change; contributions only of the leaves watched."""
    registry = dao.registry
    datasets = range(1, registry.datasetCount() + 1)
    watched = list(watch)
    accounts = sorted({item.contributor for item in watched})
    return {
        "datasets": [registry.dataset(d) for d in datasets],
        "policies": [registry.currentPolicy(d) for d in datasets],
        "batches": [registry.batch(b) for b in range(1, registry.batchCount() + 1)],
        "attestors": (registry.attestorSetVersion(), registry.attestors(registry.attestorSetVersion())),
        "committees": [registry.committee(e) for e in range(1, registry.committeeEpoch() + 1)],
        "epoch": registry.epochCap(),
        "supply": (dao.token.totalSupply(), dao.token.balanceOf(registry.address)),
        "pools": [dao.splitter.pool(p) for p in (0, *datasets)],
        "records": [registry.contribution(item.fingerprint) for item in watched],
        "balances": [dao.token.balanceOf(account) for account in accounts],
        "shares": [[dao.splitter.sharesOf(p, account) for p in (0, *datasets)] for account in accounts],
    }


def refused(dao: Dao, call: Callable[[], Any], error: str, *args: Any, watch: Iterable[Leaf] = ()) -> None:
    """The call reverts with exactly this error and nothing has changed."""
    watched = list(watch)
    with reader.refused(lambda: state(dao, watched), error, *args):
        call()


def event(receipt: Receipt, name: str) -> Event:
    """The only event of that name."""
    (found,) = receipt.named(name)
    return found


def crowd(dao: Dao, count: int, units: int = 10) -> list[Leaf]:
    """One leaf each of `count` members."""
    return [leaf(dao.who(f"member-{i}"), f"data of member {i}", units) for i in range(count)]


def voter(dao: Dao) -> Actor:
    """A member that carries any vote alone: above the quorum floor of 250 tokens."""
    member = dao.who("founder")
    dao.contribute(leaf(member, "data of the founder", 300))
    return member


def executable(dao: Dao, name: str, *args: Any) -> Proposal:
    """A vote that the registry's `name(*args)` be called, passed and past the timelock's delay."""
    member = dao.who("founder") if dao.token.balanceOf(dao.who("founder").address) else voter(dao)
    text = f"{name} at {dao.chain.timestamp}"
    proposal = dao.propose(member, (dao.registry, name, args), text=text)
    dao.carry(proposal, member)
    dao.chain.warp(dao.governor.proposalEta(proposal.id) - dao.chain.timestamp)
    return proposal


def signatures(
    dao: Dao,
    message: Sequence[Any],
    *signers: Actor,
    domain: str = "DatasetRegistry",
    chain_id: int | None = None,
    registry: str | None = None,
    kind: str = BATCH,
) -> list[bytes]:
    """Signatures in the order of `signers`, over the message in any domain."""
    typed = eip712.typed_data(
        domain, chain_id or dao.chain.chain_id, registry or dao.addresses["registry"], kind, *message
    )
    return [signer.sign(typed) for signer in signers]


def ascending(actors: Iterable[Actor]) -> list[Actor]:
    return sorted(actors, key=lambda a: int(a.address, 16))


def attestors(dao: Dao) -> list[Actor]:
    """The three attestors of a new DAO, ascending."""
    return ascending(dao.actors[f"attestor-{i}"] for i in range(3))


def publish(dao: Dao, message: Sequence[Any], signed: Sequence[bytes] | None = None, uri: str = "") -> Receipt:
    signed = dao.sign_batch(tuple(message)) if signed is None else signed
    receipt: Receipt = dao.registry.publish(tuple(message), signed, uri, sender=dao.who("relayer").address)
    return receipt


def live(dao: Dao, leaves: Sequence[Leaf], *claimed: Leaf, dataset: int = 1, **changes: Any) -> Batch:
    """A batch that was published and activated, and of which these leaves were claimed."""
    batch = dao.publish(leaves, dataset, **changes)
    dao.activate(batch)
    for item in claimed:
        dao.claim(batch, item)
    return batch


def activate_now(dao: Dao, batch: Batch) -> Receipt:
    receipt: Receipt = dao.registry.activate(batch.id, sender=dao.who("relayer").address)
    return receipt


def claim_many(dao: Dao, batch: Batch, items: Sequence[Leaf]) -> Receipt:
    """Claims leaves given in the batch's order."""
    proof, flags = batch.manifest.tree.multiproof([batch.index(item) for item in items])
    receipt: Receipt = dao.registry.claimMany(
        batch.id, [tuple(item) for item in items], list(proof), list(flags), sender=dao.who("relayer").address
    )
    return receipt


def drop(dao: Dao, batch: Batch, item: Leaf) -> Receipt:
    receipt: Receipt = dao.registry.dropDuplicate(
        batch.id, tuple(item), batch.proof(item), sender=dao.who("relayer").address
    )
    return receipt


def next_epoch_at(dao: Dao) -> int:
    """First second of the coming epoch."""
    at: int = dao.registry.epochCap()[2]
    return at
