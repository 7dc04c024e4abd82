"""Has everything that the contracts count been reported by an event since their creation?

What a constructor, or code in its place, writes without an event shows here: a batch that no attestor published,
tokens that no batch minted, a set of attestors that no vote appointed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from datadao.chain.events import topic
from datadao.chain.rpc import Log
from datadao.ledger.facts import Fact
from deployer.verify.reader import Check, Reader, Unreadable, compare

_COUNTED = {
    "batchCount": "BatchPublished",
    "datasetCount": "DatasetCreated",
    "attestorSetVersion": "AttestorsSet",
    "committeeVersion": "CommitteeSet",
}
"""Views of the registry, and the event that comes with each step of theirs."""
_FIELD = "{} by events"


def check_history(reader: Reader, entry: Mapping[str, Any]) -> Iterator[Fact | Check]:
    """Supply, batches, datasets, and the versions of policies and sets."""
    registry = {event: topic("DatasetRegistry", event) for event in (*_COUNTED.values(), "PolicyUpdated")}
    transfer = topic("DataToken", "Transfer")
    first = entry["contracts"]["DataToken"]["block"]
    logs = reader.logs(["DataToken", "DatasetRegistry"], [transfer, *registry.values()], first)
    if isinstance(logs, Unreadable):
        yield Check("DatasetRegistry", "events", "readable", str(logs), False)
        return
    at = reader.addresses["DatasetRegistry"].lower()
    counted = Counter(log.topics[0] for log in logs if log.address.lower() == at)
    for view, event in _COUNTED.items():
        yield reader.check("DatasetRegistry", view, counted[registry[event]], field=_FIELD.format(view))
    updates = Counter(int.from_bytes(log.topics[1]) for log in logs if log.topics[0] == registry["PolicyUpdated"])
    for dataset in {1, *updates}:
        field = _FIELD.format(f"policy {dataset} version")
        judge = partial(_version, field, updates[dataset])
        yield reader.readable("DatasetRegistry", "dataset", judge, dataset, field=field)
    supply = sum(map(_minted, (log for log in logs if log.topics[0] == transfer)))
    yield reader.check("DataToken", "totalSupply", supply, field=_FIELD.format("totalSupply"))


def _version(field: str, versions: int, dataset: Any) -> Iterator[Check]:
    yield compare("DatasetRegistry", field, versions, dataset["policyVersion"])


def _minted(log: Log) -> int:
    """What a transfer adds to the supply: tokens come from the zero address, or go there."""
    sender, receiver = (any(side) for side in log.topics[1:3])
    return (receiver - sender) * int.from_bytes(log.data)
