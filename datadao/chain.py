"""Many reads at once, and the custodian's `Gate` over a node. View calls only; works on any web3 provider."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import eth_abi
from eth_utils import keccak
from web3 import Web3
from web3.types import RPCEndpoint

from datadao.deployment import ORDER, canonical_type
from datadao.errors import GateUnavailable, NodeRefused
from datadao.gate import BatchState, Block, LeaseState, Standing, Tag
from datadao.types import Committee, Contribution, Party

CONTRACTS = dict(ORDER)
"""Contract names by their keys in a deployment record."""

_ACTIVATED = (2, 3)  # IDatasetRegistry.BatchStatus: Active, Asleep
_ERASED = 2  # IDatasetRegistry.ContributionStatus
_ENDED, _REFUNDED = 4, 5  # IDataLeases.Status
_CHUNK = 250
"""Calls in one JSON-RPC batch."""


@cache
def abi(contract: str) -> list[dict[str, Any]]:
    """A contract's ABI as shipped with this package."""
    text = (resources.files("datadao") / "abi" / f"{contract}.json").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = json.loads(text)
    return entries


@cache
def _function(contract: str, name: str) -> tuple[bytes, list[str], list[str]]:
    """Selector, input and output types of a function that is not overloaded."""
    entry = next(e for e in abi(contract) if e["type"] == "function" and e["name"] == name)
    inputs, outputs = ([canonical_type(i) for i in entry[side]] for side in ("inputs", "outputs"))
    return keccak(text=f"{name}({','.join(inputs)})")[:4], inputs, outputs


@dataclass(frozen=True)
class Call:
    """A function call on a contract of the DAO, as bytes. Structs are tuples; `what` is words for an error message."""

    to: str
    contract: str
    function: str
    arguments: tuple[Any, ...]
    what: str = ""

    @property
    def data(self) -> bytes:
        selector, inputs, _ = _function(self.contract, self.function)
        return selector + eth_abi.encode(inputs, self.arguments)

    def decode(self, output: bytes) -> Any:
        """The result, structs as tuples; a tuple of results if there are several."""
        values = eth_abi.decode(_function(self.contract, self.function)[2], output)
        return values[0] if len(values) == 1 else values


def request_many(web3: Web3, method: str, params: Sequence[list[Any]]) -> list[Any]:
    """JSON-RPC results in order, a few hundred per request, past the middleware that costs milliseconds a call.

    Raises `NodeRefused` with the node's own words at the first error.
    """
    # Batches are a matter of the HTTP and IPC providers, not of their common base.
    provider: Any = web3.provider
    results: list[Any] = []
    for start in range(0, len(params), _CHUNK):
        chunk = [(RPCEndpoint(method), item) for item in params[start : start + _CHUNK]]
        # A list of responses, or one error for the whole batch.
        answers = provider.make_batch_request(chunk)
        for answer in answers if isinstance(answers, list) else [answers]:
            if "error" in answer:
                raise NodeRefused(f"{method}: {answer['error'].get('message', answer['error'])}")
            results.append(answer["result"])
    return results


def read_many(web3: Web3, calls: Sequence[Call], block: int) -> list[Any]:
    """Results of view calls at a block number, in order."""
    params = [[{"to": call.to, "data": "0x" + call.data.hex()}, hex(block)] for call in calls]
    outputs = request_many(web3, "eth_call", params)
    return [call.decode(bytes.fromhex(output[2:])) for call, output in zip(calls, outputs, strict=True)]


class ChainGate:
    """`datadao.gate.Gate` over one node.

    Each answer is read at one block number, whose hash is read again afterwards: an answer that a re-organisation may
    have mixed from two chains raises `GateUnavailable`.
    """

    def __init__(self, web3: Web3, addresses: Mapping[str, str]) -> None:
        self._web3, self._addresses = web3, addresses

    def lease(self, lease_id: int, tag: Tag) -> LeaseState:
        block = self._block(tag)
        info, terms, overdue, window = self._read(
            block,
            self._leases("lease", lease_id),
            self._leases("leaseTerms", lease_id),
            self._leases("isOverdue", lease_id),
            self._leases("startWindow"),
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
        (info,) = self._read(self._block(tag), self._registry("batch", batch_id))
        fields = dict(zip((o["name"] for o in _components("batch")), info, strict=True))
        active = fields["status"] in _ACTIVATED
        return BatchState(fields["datasetId"], fields["sequence"], fields["root"], fields["since"] if active else 0)

    def standing(self, contributions: Sequence[Contribution], tag: Tag) -> list[Standing]:
        block = self._block(tag)
        included = self._read(
            block, *(self._registry("isIncluded", c.batch_id, tuple(c.leaf), list(c.proof)) for c in contributions)
        )
        out = [c for c, inside in zip(contributions, included, strict=True) if not inside]
        records = iter(self._read(block, *(self._registry("contribution", c.leaf.fingerprint) for c in out)))
        # A leaf that is out was erased, unless another leaf holds its fingerprint.
        return [
            Standing.INCLUDED if inside else Standing.ERASED if next(records)[0] == _ERASED else Standing.DUPLICATE
            for inside in included
        ]

    def custodian(self, epoch: int, slot: int, tag: Tag) -> Party:
        ((custodians, _),) = self._read(self._block(tag), self._registry("committee", epoch))
        return Party(*custodians[slot])

    def committee(self, epoch: int | None = None) -> Committee:
        """The committee of an epoch, the current one unless said, at the latest block."""
        block = self._block("latest")
        if epoch is None:
            (epoch,) = self._read(block, self._registry("committeeEpoch"))
        ((custodians, threshold),) = self._read(block, self._registry("committee", epoch))
        return Committee(epoch, threshold, tuple(Party(*custodian) for custodian in custodians))

    def attestors(self) -> tuple[Party, ...]:
        """The current attestor set, in the order of its slots, at the latest block."""
        block = self._block("latest")
        (version,) = self._read(block, self._registry("attestorSetVersion"))
        ((members, _),) = self._read(block, self._registry("attestors", version))
        return tuple(Party(*member) for member in members)

    def _leases(self, function: str, *arguments: Any) -> Call:
        return Call(self._addresses["leases"], "DataLeases", function, arguments)

    def _registry(self, function: str, *arguments: Any) -> Call:
        return Call(self._addresses["registry"], "DatasetRegistry", function, arguments)

    def _block(self, tag: Tag) -> Block:
        found = self._web3.eth.get_block(tag)
        return Block(found["number"], bytes(found["hash"]), found["timestamp"])

    def _read(self, block: Block, *calls: Call) -> list[Any]:
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
