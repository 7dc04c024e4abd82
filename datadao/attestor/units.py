"""Units are new records: what the files of a batch earn, given what was accepted before.

The same records, however they are split over files, merged, repeated, re-ordered or shared between accounts, earn no
more together than their union.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from datadao.attestor.marks import BATCH, FILE, MARK, Marker, Table
from datadao.crypto.lock import lock, unlock
from datadao.errors import Malformed
from datadao.messages.lines import EarnedLines, seal_lines
from datadao.messages.manifest import Manifest
from datadao.messages.shards import Earned
from datadao.schema_rules import SCORING
from datadao.storage.store import Store

MAX_TABLE = 2 * 1024**3
"""Bytes of marks read at once: of some hundred million records."""


class History(Protocol):
    """What was accepted, in any dataset of the DAO."""

    def known(self, marks: bytes, block: int) -> set[int]:
        """Places of those of these marks, one after the other, that at the end of the block stood in a batch that was
        pending or active, in a contribution that was not erased."""


@dataclass(frozen=True)
class Lot:
    """What one file earns in a batch: places in its table."""

    table: Table
    places: Sequence[int]

    @property
    def left(self) -> bytes:
        """The marks it leaves, in their order."""
        return b"".join(map(self.table.left, self.places))

    @property
    def each(self) -> Iterator[bytes]:
        """The same, one by one."""
        left = self.left
        return (left[at : at + MARK] for at in range(0, len(left), MARK))

    @property
    def sealed_lines(self) -> bytes:
        return seal_lines(self.table.key, (self.table.lines[place] for place in self.places))


class Units:
    """Works out lots under the attestors' secret, over tables of marks in `store`; what was accepted before is what
    stood after `block`."""

    def __init__(self, store: Store, secret: bytes, history: History, block: int) -> None:
        self.block = block
        self._store, self._secret, self._history, self._marker = store, secret, history, Marker(secret)
        self.table = lru_cache(maxsize=None)(self._table)

    def at(self, block: int) -> Units:
        """The same after another block."""
        return Units(self._store, self._secret, self._history, block)

    def knows(self, marks: bytes) -> bool:
        """Was a record with any of these marks accepted before?"""
        return bool(self._history.known(marks, self.block))

    def lots(self, files: Mapping[bytes, bytes]) -> dict[bytes, Lot]:
        """By submission, given the hash of the table of each. Of files with a record in common, one earns it (see
        `Marker.order`). Raises what storage raises, `DecryptionFailed`, `Malformed`."""
        tables = {name: self.table(digest) for name, digest in files.items()}
        holders: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for name, new in self._new(tables).items():
            for place in new:
                holders[tables[name].mark(place)].append(name)
        owner = {
            mark: names[0] if len(names) == 1 else min(names, key=lambda name: self._marker.order(mark, name))
            for mark, names in holders.items()
        }
        return {
            name: Lot(table, [place for place in range(len(table.lines)) if owner.get(table.mark(place)) == name])
            for name, table in tables.items()
        }

    def first(self, submissions: Iterable[bytes], fingerprint: bytes) -> bytes:
        """Of submissions of the same data, the one that is taken: as blind a choice as that of a record."""
        return min(submissions, key=lambda name: self._marker.order(fingerprint, name))

    def seal(self, lots: Sequence[Lot]) -> Earned:
        """Stores what a batch of these leaves earned, for its manifest."""
        per_record = max((lot.table.per_record for lot in lots), default=1)
        marks = lock(self._secret, BATCH, bytes([per_record]) + b"".join(lot.left for lot in lots))
        lines = EarnedLines(tuple(lot.sealed_lines for lot in lots)).encode()
        return Earned(self.block, SCORING, self._store.put_bytes(marks), self._store.put_bytes(lines))

    def left_by(self, manifest: Manifest) -> list[bytes]:
        """The marks that each leaf of a batch left. Raises what storage raises, `DecryptionFailed`, and `Malformed` for
        marks that are not as many as the manifest's units."""
        return left_by(manifest, self._store, self._secret)

    def _new(self, tables: Mapping[bytes, Table]) -> dict[bytes, list[int]]:
        """Places of records none of whose marks is known."""
        names = list(tables)
        known = self._history.known(b"".join(tables[name].marks + tables[name].wholes for name in names), self.block)
        found, at = {}, 0
        for name in names:
            count, per_record = len(tables[name].lines), tables[name].per_record
            found[name] = [
                place
                for place in range(count)
                if not any(at + place + count * column in known for column in range(per_record))
            ]
            at += count * per_record
        return found

    def _table(self, digest: bytes) -> Table:
        return Table.decode(unlock(self._secret, FILE, self._store.get(digest, MAX_TABLE)))


def left_by(manifest: Manifest, store: Store, secret: bytes) -> list[bytes]:
    """See `Units.left_by`."""
    if manifest.earned is None:
        return [b""] * len(manifest.leaves)
    data = unlock(secret, BATCH, store.get(manifest.earned.marks, MAX_TABLE))
    size = MARK * data[0] if data else MARK
    if len(data) != 1 + size * sum(leaf.units for leaf in manifest.leaves):
        raise Malformed(f"batch {manifest.sequence} names {len(data)} bytes of marks, which are not those of its units")
    found, at = [], 1
    for leaf in manifest.leaves:
        found.append(data[at : at + size * leaf.units])
        at += size * leaf.units
    return found
