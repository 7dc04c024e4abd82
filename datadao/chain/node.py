"""The custodian's `View` over one node."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from datadao.chain.codec import CONTRACTS, abi
from datadao.chain.connection import Web3, ask
from datadao.chain.events import Event, decode, topic
from datadao.chain.rpc import (
    Block,
    Call,
    Log,
    check_complete,
    confirm,
    logs_then_block,
    read_block,
    read_logs,
    read_many,
)
from datadao.chain.view import (
    PAYMENTS,
    At,
    AttestorSet,
    BatchState,
    Counts,
    LeaseState,
    Payment,
    Standing,
    Tag,
    payments_of,
)
from datadao.errors import ChainUnavailable, Malformed
from datadao.types import ACTIVATED, Contribution, ContributionStatus, LeaseStatus, Party, Slot

_MANIFEST_HASH = 5  # IDatasetRegistry.Batch


class NodeView:
    """`datadao.chain.view.View` over one node.

    Each answer is read at one block number, whose hash is read again afterwards: an answer that a re-organisation may
    have mixed from two chains raises `ChainUnavailable`. So does a node on another chain than `chain_id`, if given, and
    one whose newest block is more than `max_age` seconds old, if given: it is stuck or still synchronising.
    `since` is the block the DAO was deployed in, from which its events are read.
    """

    def __init__(
        self,
        web3: Web3,
        addresses: Mapping[str, str],
        *,
        chain_id: int | None = None,
        max_age: float | None = None,
        since: int = 0,
    ) -> None:
        self._web3, self._addresses, self._since = web3, addresses, since
        self._chain_id, self._max_age = chain_id, max_age
        self._manifests: dict[int, bytes] = {}
        self._policies: dict[tuple[int, int], tuple[int, bytes]] = {}
        self._payments: dict[int, list[Payment]] = {}
        self._terms: dict[int, tuple[Any, ...]] = {}
        self._window = 0

    def lease(self, lease_id: int, tag: Tag) -> LeaseState:
        return self.lease_states([lease_id], tag)[0]

    def lease_states(self, lease_ids: Sequence[int], tag: Tag) -> list[LeaseState]:
        return self._states(lease_ids, tag)[0]

    def _states(self, lease_ids: Sequence[int], tag: Tag, *more: Call) -> tuple[list[LeaseState], list[Any]]:
        """Leases, and what `more` calls answer at the same block."""
        block = self._block(tag)
        views = [("lease", lease_ids), ("isOverdue", lease_ids), ("leaseTerms", self._unknown(lease_ids))]
        calls = [self._leases(view, number) for view, numbers in views for number in numbers]
        if not self._window:
            calls.append(self._leases("startWindow"))
        answers = iter(self._read(block, *calls, *more))
        infos, overdue, terms = ([next(answers) for _ in numbers] for _, numbers in views)
        asked = {number: found[0] for number, found in zip(views[2][1], terms, strict=True)}
        self._window = self._window or next(answers)
        if tag == "finalized":  # what is final stays so; a lease that is not there yet has no dataset
            self._terms |= {number: found for number, found in asked.items() if found[0]}
        known = asked | self._terms
        states = [
            self._state(number, info, late, known[number], block)
            for number, info, late in zip(lease_ids, infos, overdue, strict=True)
        ]
        return states, list(answers)

    def _unknown(self, lease_ids: Sequence[int]) -> list[int]:
        return [number for number in lease_ids if number not in self._terms]

    def _state(
        self, lease_id: int, info: tuple[Any, ...], overdue: bool, terms: tuple[Any, ...], block: Block
    ) -> LeaseState:
        fields = dict(zip((o["name"] for o in _components("lease")), info, strict=True))
        status = fields["status"]
        # A refunded lease may keep its dates; it was approved, and it is over.
        approved = fields["startBy"] != 0
        return LeaseState(
            lease_id=lease_id,
            dataset_id=terms[0],
            purposes=terms[1],
            agreement_hash=terms[9],
            hpke_key=fields["hpkeKey"],
            committee_version=fields["committeeVersion"],
            approved_at=fields["startBy"] - self._window if approved else 0,
            started=fields["paidUntil"] != 0,
            paid_until=fields["paidUntil"],
            paid_periods=fields["paidPeriods"],
            ended=status in (LeaseStatus.ENDED, LeaseStatus.REFUNDED),
            overdue=overdue,
            block=block,
        )

    def batch(self, batch_id: int, tag: Tag) -> BatchState:
        return self.batch_states([batch_id], tag)[0]

    def batch_states(self, batch_ids: Sequence[int], tag: Tag) -> list[BatchState]:
        block, names = self._block(tag), [o["name"] for o in _components("batch")]
        infos = self._read(block, *(self._registry("batch", number) for number in batch_ids))
        batches = [dict(zip(names, info, strict=True)) for info in infos]
        # A batch that is not active gives nothing to release, and may not exist.
        active = [fields for fields in batches if fields["status"] in ACTIVATED]
        self._learn_policies(block, {(fields["datasetId"], fields["policyVersion"]) for fields in active})
        return [
            BatchState(
                fields["datasetId"],
                fields["sequence"],
                fields["root"],
                fields["since"] if fields in active else 0,
                *(self._policies[fields["datasetId"], fields["policyVersion"]] if fields in active else (0,)),
            )
            for fields in batches
        ]

    def _learn_policies(self, block: Block, policies: set[tuple[int, int]]) -> None:
        """Masks and schemas of policies. A version never changes."""
        if new := sorted(policies - self._policies.keys()):
            found = self._read(block, *(self._registry("policy", *policy) for policy in new))
            names = [component["name"] for component in _components("policy")]
            mask, schema = names.index("purposes"), names.index("schemaHash")
            self._policies |= {policy: (terms[mask], terms[schema]) for policy, terms in zip(new, found, strict=True)}

    def standing(self, contributions: Sequence[Contribution], tag: At) -> list[Standing]:
        block = self._block(tag)
        included = self._read(
            block, *(self._registry("isIncluded", c.batch_id, tuple(c.leaf), list(c.proof)) for c in contributions)
        )
        out = [c for c, inside in zip(contributions, included, strict=True) if not inside]
        records = iter(self._read(block, *(self._registry("contribution", c.leaf.fingerprint) for c in out)))
        # A leaf that is out was erased, unless another leaf holds its fingerprint.
        absent = {ContributionStatus.ERASED: Standing.ERASED}
        return [
            Standing.INCLUDED if inside else absent.get(next(records)[0], Standing.DUPLICATE) for inside in included
        ]

    def custodian(self, version: int, slot: int, tag: Tag) -> Party:
        ((custodians, _),) = self._read(self._block(tag), self._registry("committee", version))
        return Party(*custodians[slot])

    def custody(self, lease_id: int, version: int, slot: int, tag: Tag) -> tuple[LeaseState, Party]:
        (state,), ((custodians, _),) = self._states([lease_id], tag, self._registry("committee", version))
        return state, Party(*custodians[slot])

    def attestors(self, tag: Tag) -> AttestorSet:
        block = self._block(tag)
        (version,) = self._read(block, self._registry("attestorSetVersion"))
        ((members, threshold),) = self._read(block, self._registry("attestors", version))
        return AttestorSet(version, threshold, tuple(Party(*member) for member in members))

    def counts(self) -> Counts:
        names = ("batchCount", "datasetCount", "committeeVersion")
        return Counts(*self._read(self._block("finalized"), self._leases("leaseCount"), *map(self._registry, names)))

    def manifest(self, batch_id: int) -> bytes:
        if batch_id not in self._manifests:
            published, block = self._events("batchId", "batch", of=("BatchPublished",))
            self._manifests |= {event.fields["batchId"]: event.fields["batch"][_MANIFEST_HASH] for event in published}
            if batch_id not in self._manifests:
                (count,) = self._read(block, self._registry("batchCount"))
                check_complete(len(self._manifests), count, "batches", block)
        return self._manifests[batch_id]

    def payments(self, lease_id: int, count: int) -> list[Payment]:
        if len(self._payments.get(lease_id, ())) < count:
            events, block = self._events("leaseId", "releaseRoot", of=PAYMENTS, by="leases")
            self._payments = payments_of(events)
            check_complete(len(self._payments.get(lease_id, ())), count, f"instalments of lease {lease_id}", block)
        return self._payments.get(lease_id, [])[:count]

    def slots(self) -> dict[Slot, list[Party]]:
        found: dict[Slot, list[Party]] = {}
        wanted = ("version", "custodians", "slot", "custodian")
        events, block = self._events(*wanted, of=("CommitteeSet", "CustodianReplaced"))
        for event in events:
            fields = event.fields
            if event.name == "CommitteeSet":
                found |= {(fields["version"], slot): [Party(*party)] for slot, party in enumerate(fields["custodians"])}
            else:
                found.setdefault((fields["version"], fields["slot"]), []).append(Party(*fields["custodian"]))
        # No count of replacements stands on the chain, but who holds each slot now does.
        (versions,) = self._read(block, self._registry("committeeVersion"))
        committees = self._read(block, *(self._registry("committee", version) for version in range(1, versions + 1)))
        holders = {
            (version, slot): Party(*party)
            for version, (custodians, _) in enumerate(committees, 1)
            for slot, party in enumerate(custodians)
        }
        known = sum(holder == found.get(slot, [None])[-1] for slot, holder in holders.items())
        check_complete(known, len(holders), "holders of slots", block)
        return found

    def _leases(self, function: str, *arguments: Any) -> Call:
        return Call(self._addresses["leases"], "DataLeases", function, arguments)

    def _registry(self, function: str, *arguments: Any) -> Call:
        return Call(self._addresses["registry"], "DatasetRegistry", function, arguments)

    def _events(self, *fields: str, of: Sequence[str], by: str = "registry") -> tuple[list[Event], Block]:
        """A contract's final events of these names, oldest first, with these fields; and the finalized block."""
        self._block("finalized")
        address, topics = self._addresses[by], [topic(CONTRACTS[by], name) for name in of]

        def read(first: int, last: Block) -> list[Log]:
            return read_logs(self._web3, [address], first, last, topics)

        logs, last = logs_then_block(self._web3, "finalized", self._since, read)
        return list(decode(logs, {by: address}, fields)), last

    def _check_chain(self) -> None:
        if self._chain_id is not None and (found := int(ask(self._web3, "eth_chainId"), 16)) != self._chain_id:
            raise ChainUnavailable(f"the node is on chain {found}, the DAO on {self._chain_id}; name another node")
        self._chain_id = None  # a node does not change chains

    def _block(self, tag: At) -> Block:
        self._check_chain()
        return self._fit(read_block(self._web3, tag), tag)

    def _fit(self, found: Block, tag: At) -> Block:
        if tag == "latest" and self._max_age is not None and (age := time.time() - found.timestamp) > self._max_age:
            raise ChainUnavailable(f"the node's newest block is {age:.0f} s old: it is stuck or still synchronising")
        if tag == "finalized" and found.number < self._since:
            raise ChainUnavailable(
                f"at finalized block {found.number}, and the DAO was deployed in block {self._since}; wait for finality"
            )
        return found

    def _read(self, block: Block, *calls: Call) -> list[Any]:
        try:
            results = read_many(self._web3, calls, block.number)
        except Malformed as error:
            if ask(self._web3, "eth_getCode", calls[0].to, hex(block.number)) != "0x":
                raise
            raise ChainUnavailable(
                f"at block {block.number} of this node there is no contract at {calls[0].to} yet; wait for finality, "
                "if it was deployed a short while ago, or check the addresses"
            ) from error
        confirm(self._web3, block)
        return results


@cache
def _components(function: str) -> list[dict[str, Any]]:
    """Fields of the struct that `lease`, `batch` or `policy` returns."""
    entries = abi("DataLeases" if function == "lease" else "DatasetRegistry")
    entry = next(e for e in entries if e["type"] == "function" and e["name"] == function)
    components: list[dict[str, Any]] = entry["outputs"][0]["components"]
    return components
