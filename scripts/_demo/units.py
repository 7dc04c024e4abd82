"""What a batch of the demo pays for: new records, as attestors work them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from datadao.attestor.known import KnownMarks
from datadao.attestor.units import Units, left_by
from datadao.messages.manifest import Manifest, place_in_batch
from datadao.messages.shards import Earned
from datadao.storage.store import Store
from datadao.types import Leaf


class Scored(NamedTuple):
    """A submission's id, the leaf that attestors' scores make, and the hash of its records' table."""

    name: bytes
    leaf: Leaf
    marks: bytes


@dataclass(frozen=True)
class Accepted:
    """A `History` of the batches of these names."""

    marks: KnownMarks
    names: tuple[str, ...]

    def known(self, marks: bytes, block: int) -> set[int]:  # noqa: ARG002  # nothing is accepted meanwhile
        return self.marks.among(marks, dict.fromkeys(self.names, ()))


def units_of(store: Store, secret: bytes, folder: Path, block: int, accepted: Mapping[str, Manifest]) -> Units:
    """After a block at which these batches stand; `folder` keeps their marks."""
    known = KnownMarks(folder)
    for name, manifest in accepted.items():
        known.add(name, lambda manifest=manifest: left_by(manifest, store, secret))  # type: ignore[misc]
    return Units(store, secret, Accepted(known, tuple(accepted)), block)


def earned(units: Units, scored: Sequence[Scored]) -> tuple[list[Leaf], Earned]:
    """The leaves with what they earn, and what their manifest says of it; those without a new record are left out."""
    lots = units.lots({item.name: item.marks for item in scored})
    found = [(item.leaf._replace(units=len(lots[item.name].places)), lots[item.name]) for item in scored]
    paid = sorted(((leaf, lot) for leaf, lot in found if leaf.units), key=lambda item: place_in_batch(item[0]))
    return [leaf for leaf, _ in paid], units.seal([lot for _, lot in paid])
