"""A node's view for whoever releases or opens files: what happened to each is known from events, not asked.

A file's standing is believed on what is cached only if the chain, at the block up to which events are known, counts no
erasure more than they do, and in each batch as many leaves that are open. Otherwise each file is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from datadao.chain.codec import CONTRACTS
from datadao.chain.connection import Web3
from datadao.chain.events import Event, decode, topic
from datadao.chain.node import NodeView
from datadao.chain.rpc import Block
from datadao.chain.view import At, Payment, Standing
from datadao.index.index import Index
from datadao.index.rows import ZERO, Row
from datadao.types import ACTIVATED, BPS, BatchStatus, Contribution, Party, Slot

_AT_ONCE = 500
"""Values in one statement."""
_OPEN = {BatchStatus.PUBLISHED, *ACTIVATED}
"""Batches of whose leaves something may become; an activation may be what a node does not show."""


class _Reached:
    """What `Index` needs of a DAO."""

    def __init__(self, web3: Web3, addresses: Mapping[str, str], since: int) -> None:
        self.web3, self.addresses, self.since = web3, addresses, since


class IndexedView(NodeView):
    """`NodeView` with a read model of that node, `index` or one at `where`. `close` it. `rates` are shares a unit and
    least quality of active batches, where they are known."""

    def __init__(
        self,
        web3: Web3,
        addresses: Mapping[str, str],
        where: Path = Path(),
        *,
        index: Index | None = None,
        rates: Mapping[int, tuple[int, int]] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(web3, addresses, **options)
        self._index = index or Index(where, _Reached(web3, addresses, self._since))
        self._rates = dict(rates or {})
        self._own = {ZERO, *addresses.values()}

    def close(self) -> None:
        self._index.close()

    def standing(self, contributions: Sequence[Contribution], tag: At) -> list[Standing]:
        if not contributions:
            return []
        known = self._known(contributions, tag)
        open_ = [item for item, standing in zip(contributions, known, strict=True) if standing is None]
        asked = iter(super().standing(open_, tag) if open_ else [])
        return [next(asked) if standing is None else standing for standing in known]

    def manifest(self, batch_id: int) -> bytes:
        with self._index.doubted():
            return super().manifest(batch_id)

    def payments(self, lease_id: int, count: int) -> list[Payment]:
        with self._index.doubted():
            return super().payments(lease_id, count)

    def slots(self) -> dict[Slot, list[Party]]:
        with self._index.doubted():
            return super().slots()

    def _events(self, *fields: str, of: Sequence[str], by: str = "registry") -> tuple[list[Event], Block]:
        self._index.sync()
        block, address = self._block("finalized"), self._addresses[by]
        kinds = {topic(CONTRACTS[by], name) for name in of}
        logs = [log for log in self._index.logs(address, last=block.number) if log.topics[0] in kinds]
        return list(decode(logs, {by: address}, fields)), block

    def _known(self, contributions: Sequence[Contribution], tag: At) -> list[Standing | None]:
        """What events say, at the block; None for what has to be asked."""
        self._check_chain()
        head = self._fit(self._index.sync(), "latest")
        until = tag if isinstance(tag, int) else head.number if tag == "latest" else self._block("finalized").number
        datasets = self._batches(contributions)
        if not self._agrees(head, datasets):
            self._index.clear()  # events are missing, or were changed here: they are read anew
            return [None] * len(contributions)
        records = self._records([item.leaf.fingerprint for item in contributions])
        return [self._standing(item, records.get(item.leaf.fingerprint), until) for item in contributions]

    def _agrees(self, head: Block, datasets: Sequence[int]) -> bool:
        """Whether the contracts count as many erasures of these datasets, batches, and leaves of each batch that are
        open, at this block as events do. One of these changes with whatever becomes of a leaf, and never back."""
        rows = {row["dataset"]: row["erasures"] for row in self._index.rows("datasets")}
        batches = self._index.rows("batches")
        open_ = [row for row in batches if row["unresolved_leaves"] and row["status"] in _OPEN]
        count, *counts = self._read(
            head,
            self._registry("batchCount"),
            *(self._registry("dataset", number) for number in datasets),
            *(self._registry("batch", row["batch"]) for row in open_),
        )
        erasures, leaves = counts[: len(datasets)], counts[len(datasets) :]
        return (
            count == len(batches)
            and [info[_ERASURES] for info in erasures] == [rows.get(number) for number in datasets]
            and [info[_LEAVES] for info in leaves] == [row["unresolved_leaves"] for row in open_]
        )

    def _batches(self, contributions: Sequence[Contribution]) -> list[int]:
        """The datasets of these batches, whose rates are read once, when final: an active batch keeps its own."""
        numbers = {item.batch_id for item in contributions}
        rows = [row for row in self._index.rows("batches") if row["batch"] in numbers]
        if new := [row for row in rows if row["activated_at"] and row["batch"] not in self._rates]:
            final = self._block("finalized")
            there = [row["batch"] for row in new if row["activated_at"] <= final.timestamp]
            infos = self._read(final, *(self._registry("batch", number) for number in there))
            for number, info in zip(there, infos, strict=True):
                if BatchStatus(info[_STATUS]) in ACTIVATED:
                    self._rates[number] = (info[_RATE], info[_LEAST])
        return sorted({row["dataset"] for row in rows})

    def _records(self, fingerprints: Sequence[bytes]) -> dict[bytes, Row]:
        names = ["0x" + fingerprint.hex() for fingerprint in fingerprints]
        found: list[Row] = []
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            places = ", ".join("?" for _ in some)
            found += self._index.rows("contributions", f"WHERE fingerprint IN ({places})", *some)
        return {bytes.fromhex(row["fingerprint"][2:]): row for row in found}

    def _standing(self, item: Contribution, record: Row | None, until: int) -> Standing | None:
        """As `DatasetRegistry.isIncluded` of a leaf of an active batch at block `until`."""
        policy, leaf = self._rates.get(item.batch_id), item.leaf
        if policy is None:
            return None
        rate, least = policy
        shares = leaf.units * leaf.quality * rate // BPS if least <= leaf.quality <= BPS else 0
        if not shares or leaf.contributor in self._own:  # whom the registry gives nothing
            return None
        if record is None:
            return Standing.INCLUDED
        if 0 < record["erased_block"] <= until:
            return Standing.ERASED
        if not 0 < record["claimed_block"] <= until:
            return Standing.INCLUDED
        own = (item.batch_id, leaf.contributor.lower(), shares)
        return (
            Standing.INCLUDED
            if own == (record["batch"], record["contributor"], record["shares"])
            else Standing.DUPLICATE
        )


_STATUS, _LEAVES, _RATE, _LEAST = 0, 5, 6, 7  # IDatasetRegistry.BatchInfo
_ERASURES = 2  # IDatasetRegistry.DatasetInfo
