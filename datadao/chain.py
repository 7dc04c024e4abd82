"""The custodian's `Gate` over a node, and batched reads. View calls only; works on any web3 provider."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from web3 import Web3
from web3.contract import Contract
from web3.contract.contract import ContractFunction

from datadao.errors import GateUnavailable
from datadao.gate import BatchState, Block, LeaseState, Standing, Tag
from datadao.types import Committee, Contribution, Party

CONTRACTS = {
    "timelock": "DataTimelock",
    "brake": "EmergencyBrake",
    "token": "DataToken",
    "splitter": "RevenueSplitter",
    "governor": "DataGovernor",
    "leases": "DataLeases",
    "models": "ModelRegistry",
    "registry": "DatasetRegistry",
}
"""Contract names by their keys in a deployment record."""

_ACTIVATED = (2, 3)  # IDatasetRegistry.BatchStatus: Active, Asleep
_ERASED = 2  # IDatasetRegistry.ContributionStatus
_ENDED, _REFUNDED = 4, 5  # IDataLeases.Status
_CHUNK = 200
"""Calls in one JSON-RPC batch."""


@cache
def abi(contract: str) -> list[dict[str, Any]]:
    """A contract's ABI as shipped with this package."""
    text = (resources.files("datadao") / "abi" / f"{contract}.json").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = json.loads(text)
    return entries


def contract(web3: Web3, key: str, address: str) -> Contract:
    """web3 contract for a key of `CONTRACTS`."""
    return web3.eth.contract(address=Web3.to_checksum_address(address), abi=abi(CONTRACTS[key]))


def read_many(web3: Web3, calls: Sequence[ContractFunction], block: int) -> list[Any]:
    """Results of view calls at a block number, in order, a few hundred per request."""
    results: list[Any] = []
    for chunk in _chunks(calls):
        with web3.batch_requests() as batch:
            for call in chunk:
                batch.add(call.call(block_identifier=block))
            results += batch.execute()
    return results


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def _leaf_tuple(item: Contribution) -> tuple[Any, ...]:
    contributor, *rest = item.leaf
    return (Web3.to_checksum_address(contributor), *rest)


class ChainGate:
    """`datadao.gate.Gate` over one node.

    Each answer is read at one block number, whose hash is read again afterwards: an answer that a re-organisation may
    have mixed from two chains raises `GateUnavailable`.
    """

    def __init__(self, web3: Web3, addresses: Mapping[str, str]) -> None:
        self._web3 = web3
        self._leases = contract(web3, "leases", addresses["leases"])
        self._registry = contract(web3, "registry", addresses["registry"])

    def lease(self, lease_id: int, tag: Tag) -> LeaseState:
        block = self._block(tag)
        functions = self._leases.functions
        info, terms, overdue, window = self._read(
            block,
            functions.lease(lease_id),
            functions.leaseTerms(lease_id),
            functions.isOverdue(lease_id),
            functions.startWindow(),
        )
        fields = dict(zip((o["name"] for o in _components("lease")), info, strict=True))
        status = fields["status"]
        # A refunded lease may keep its dates; it was approved, and it is over.
        approved = fields["startBy"] != 0
        return LeaseState(
            lease_id=lease_id,
            dataset_id=terms[0][0],
            hpke_key=fields["hpkeKey"],
            committee_epoch=fields["committeeEpoch"],
            approved_at=fields["startBy"] - window if approved else 0,
            started=fields["paidUntil"] != 0,
            paid_until=fields["paidUntil"],
            ended=status in (_ENDED, _REFUNDED),
            overdue=overdue,
            block=block,
        )

    def batch(self, batch_id: int, tag: Tag) -> BatchState:
        (info,) = self._read(self._block(tag), self._registry.functions.batch(batch_id))
        fields = dict(zip((o["name"] for o in _components("batch")), info, strict=True))
        active = fields["status"] in _ACTIVATED
        return BatchState(fields["datasetId"], fields["sequence"], fields["root"], fields["since"] if active else 0)

    def standing(self, contributions: Sequence[Contribution], tag: Tag) -> list[Standing]:
        block = self._block(tag)
        functions = self._registry.functions
        included = self._read(
            block, *(functions.isIncluded(c.batch_id, _leaf_tuple(c), list(c.proof)) for c in contributions)
        )
        out = [c for c, inside in zip(contributions, included, strict=True) if not inside]
        records = iter(self._read(block, *(functions.contribution(c.leaf.fingerprint) for c in out)))
        # A leaf that is out was erased, unless another leaf holds its fingerprint.
        return [
            Standing.INCLUDED if inside else Standing.ERASED if next(records)[0] == _ERASED else Standing.DUPLICATE
            for inside in included
        ]

    def custodian(self, epoch: int, slot: int, tag: Tag) -> Party:
        ((custodians, _),) = self._read(self._block(tag), self._registry.functions.committee(epoch))
        signer, key, uri = custodians[slot]
        return Party(signer, key, uri)

    def committee(self, epoch: int) -> Committee:
        """The committee of an epoch at the latest block."""
        custodians, threshold = self._registry.functions.committee(epoch).call()
        return Committee(epoch, threshold, tuple(Party(*custodian) for custodian in custodians))

    def attestors(self, version: int) -> tuple[Party, ...]:
        """The attestors of a set version, by slot, at the latest block."""
        members, _ = self._registry.functions.attestors(version).call()
        return tuple(Party(*member) for member in members)

    def _block(self, tag: Tag) -> Block:
        found = self._web3.eth.get_block(tag)
        return Block(found["number"], bytes(found["hash"]), found["timestamp"])

    def _read(self, block: Block, *calls: ContractFunction) -> list[Any]:
        results = read_many(self._web3, calls, block.number)
        if bytes(self._web3.eth.get_block(block.number)["hash"]) != block.hash:
            raise GateUnavailable(f"block {block.number} changed while it was read; try again")
        return results


@cache
def _components(function: str) -> list[dict[str, Any]]:
    """Fields of the struct that `lease` or `batch` returns."""
    entries = abi("DataLeases" if function == "lease" else "DatasetRegistry")
    entry = next(e for e in entries if e["type"] == "function" and e["name"] == function)
    components: list[dict[str, Any]] = entry["outputs"][0]["components"]
    return components
