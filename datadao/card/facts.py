"""What a data card says: facts of the chain and of manifests, nothing of the files.

Everything is as of one block, and anyone who reads the same chain gets the same card.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from datadao.batches import Catalog, Published
from datadao.chain.rpc import Block
from datadao.index import Index
from datadao.index.projection import struct_of
from datadao.messages.manifest import Manifest
from datadao.messages.purposes import COMPUTE, PURPOSES
from datadao.messages.sample import Sample, shown
from datadao.schema import Schema
from datadao.types import ACTIVATED, BPS, Leaf, LeaseStatus, word

BINS = 10
"""Of the quality histogram."""
RECENT = 90 * 86_400
"""Seconds of what counts as recently erased."""


@dataclass(frozen=True)
class Property:
    """Of a record, as its schema has it. `type` is the schema's own word, or what it leaves open."""

    name: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True)
class BatchFact:
    """A batch that was activated; `files` and `records` are those that stand, times Unix seconds."""

    batch: int
    published_at: int
    activated_at: int
    files: int
    records: int


@dataclass(frozen=True)
class LeaseFact:
    """A lease that was asked for. `rent_paid` in asset units, `price_per_day` a fraction of them as a decimal text."""

    lease: int
    status: str
    purposes: int
    price_per_period: int
    period_length: int
    periods: int
    paid_periods: int
    rent_paid: int
    price_per_day: str
    exclusive: bool
    royalty_bps: int
    requested_at: int
    agreement_hash: str


@dataclass(frozen=True)
class SampleFact:
    """A record that its contributor agreed to show, drawn by chance; JSON text as it was scored."""

    batch: int
    record: str


@dataclass(frozen=True)
class Card:
    """A dataset at a block. `records` are units of contributions that stand; `quality` counts records by quality, in
    `BINS` equal parts of 0 to 100 %; amounts are asset units."""

    chain_id: int
    registry: str
    dataset: int
    block: int
    time: int
    uri: str
    schema_hash: str
    title: str
    properties: tuple[Property, ...] | None
    purposes: tuple[str, ...]
    min_price_per_period: int
    min_bond: int
    records: int
    files: int
    contributors: int
    quality: tuple[int, ...]
    accepted: int
    erased: int
    erased_recently: int
    batches: tuple[BatchFact, ...]
    median_days_between_batches: float | None
    leases: tuple[LeaseFact, ...]
    rent_paid: int
    income: int
    samples: tuple[SampleFact, ...] = ()
    stays: bool = False
    """Has no licensee ever held any of this data, and will none under today's policy, because programs alone may be
    asked for?"""

    @property
    def erasure_rate(self) -> float:
        """Of all contributions ever accepted, the part that was erased."""
        return self.erased / self.accepted if self.accepted else 0.0

    def document(self) -> dict[str, Any]:
        """For programs; amounts as text."""
        found = asdict(self) | {"erasure_rate": self.erasure_rate}
        for holder in (found, *found["leases"]):
            for name in ("min_price_per_period", "min_bond", "rent_paid", "income", "price_per_period"):
                if name in holder:
                    holder[name] = str(holder[name])
        return found


def card_of(index: Index, catalog: Catalog, chain_id: int, registry: str, dataset: int, policy: Any,
            schema: Schema | None, block: Block, samples: Iterable[Sample] = ()) -> Card:  # fmt: skip
    """The card of a dataset, of a read model that is at `block`. Without the `schema`, which storage may not have, the
    card has no properties; of `samples`, which enough attestors signed, it shows those of contributions that stand.
    Raises as `Catalog.manifests`."""
    manifests = list(catalog.manifests(dataset, ACTIVATED))
    rows = {row["batch"]: row for row in index.rows("batches", "WHERE dataset = ?", dataset)}
    gone = {row["fingerprint"]: row["erased_at"] for row in index.rows("contributions", "WHERE erased_at > 0")}
    standing = list(_standing(manifests, gone))
    accepted = {leaf.fingerprint for _, manifest in manifests for leaf in manifest.leaves}
    there = {(batch, name) for batch, name, _ in standing}
    erased = [when for mark in accepted if (when := gone.get(_hex(mark)))]
    batches = tuple(sorted(_batches(manifests, rows, standing), key=lambda fact: (fact.activated_at, fact.batch)))
    leases = tuple(_lease(row) for row in index.rows("leases", "WHERE dataset = ? ORDER BY lease", dataset))
    pool = index.rows("pools", "WHERE pool = ?", dataset)
    versions = {item.batch.policy_version for item, _ in manifests}
    masks = {policy.purposes, *(mask for version, mask in _masks(index, dataset) if version in versions)}
    return Card(
        chain_id=chain_id,
        registry=registry,
        dataset=dataset,
        block=block.number,
        time=block.timestamp,
        uri=policy.uri,
        schema_hash="0x" + bytes(policy.schemaHash).hex(),
        title=_text(schema.parsed, "title") if schema else "",
        properties=tuple(_properties(schema)) if schema else None,
        purposes=tuple(purpose.name for purpose in PURPOSES if policy.purposes >> purpose.bit & 1),
        min_price_per_period=policy.minPricePerPeriod,
        min_bond=policy.minBond,
        records=sum(leaf.units for _, _, leaf in standing),
        files=len(standing),
        contributors=len({leaf.contributor for _, _, leaf in standing}),
        quality=_histogram((leaf.quality, leaf.units) for _, _, leaf in standing),
        accepted=len(accepted),
        erased=len(erased),
        erased_recently=sum(when > block.timestamp - RECENT for when in erased),
        batches=batches,
        median_days_between_batches=_median_gap([fact.activated_at for fact in batches]),
        leases=leases,
        rent_paid=sum(lease.rent_paid for lease in leases),
        income=pool[0]["received"] if pool else 0,
        samples=tuple(_samples([item for item in samples if (item.batch_id, item.contribution) in there])),
        # A batch opens for no more than the policy it was published under, to earlier leases neither.
        stays=masks == {COMPUTE},
    )


def _masks(index: Index, dataset: int) -> Iterator[tuple[int, int]]:
    """Versions of the dataset's policy, and the purposes that each allows."""
    for event in index.events("registry", "PolicyUpdated"):
        if event.fields["datasetId"] == dataset:
            policy = struct_of("registry", event.name, "policy", event.fields["policy"])
            yield event.fields["version"], policy["purposes"]


def _standing(
    manifests: Iterable[tuple[Published, Manifest]], gone: Mapping[str, int]
) -> Iterator[tuple[int, bytes, Leaf]]:
    """Batch, name and leaf of each contribution that is part of the dataset: the same data once, and nothing erased."""
    seen = set()
    for item, manifest in manifests:
        for name, leaf in zip(manifest.ids, manifest.leaves, strict=True):
            if leaf.fingerprint not in seen and _hex(leaf.fingerprint) not in gone:
                seen.add(leaf.fingerprint)
                yield item.batch_id, name, leaf


def _samples(samples: Sequence[Sample]) -> Iterator[SampleFact]:
    for batch in sorted({item.batch_id for item in samples}):
        for _, record in shown(item for item in samples if item.batch_id == batch):
            yield SampleFact(batch, record.decode(errors="replace"))


def _batches(
    manifests: Iterable[tuple[Published, Manifest]], rows: Mapping[int, Mapping[str, Any]], standing: Sequence[Any]
) -> Iterator[BatchFact]:
    files: dict[int, int] = {}
    records: dict[int, int] = {}
    for batch, _, leaf in standing:
        files[batch] = files.get(batch, 0) + 1
        records[batch] = records.get(batch, 0) + leaf.units
    for item, _ in manifests:
        row, number = rows.get(item.batch_id, {}), item.batch_id
        when = (row.get("published_at", 0), row.get("activated_at", 0))
        yield BatchFact(number, *when, files.get(number, 0), records.get(number, 0))


def _lease(row: Mapping[str, Any]) -> LeaseFact:
    days = row["period_length"] / 86_400
    return LeaseFact(
        lease=row["lease"],
        status=word(LeaseStatus(row["status"])),
        purposes=row["purposes"],
        price_per_period=row["price_per_period"],
        period_length=row["period_length"],
        periods=row["periods"],
        paid_periods=row["paid_periods"],
        rent_paid=row["price_per_period"] * row["paid_periods"],
        price_per_day=f"{row['price_per_period'] / days:.2f}" if days else "0.00",
        exclusive=bool(row["exclusive"]),
        royalty_bps=row["royalty_bps"],
        requested_at=row["requested_at"],
        agreement_hash=row["agreement_hash"],
    )


def _histogram(found: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    bins = [0] * BINS
    for quality, units in found:
        bins[min(quality * BINS // BPS, BINS - 1)] += units
    return tuple(bins)


def _median_gap(moments: Sequence[int]) -> float | None:
    gaps = sorted(later - earlier for earlier, later in pairwise(moments))
    if not gaps:
        return None
    half = len(gaps) // 2
    return (gaps[half] + gaps[~half]) / 2 / 86_400


def _properties(schema: Schema) -> Iterator[Property]:
    for name, about in schema.properties.items():
        said = about.get("type") if isinstance(about, dict) else None
        kinds = said if isinstance(said, list) else [said] if isinstance(said, str) else []
        yield Property(
            name, " or ".join(map(str, kinds)) or "any", name in schema.required, _text(about, "description")
        )


def _text(schema: Any, name: str) -> str:
    said = schema.get(name) if isinstance(schema, dict) else None
    return said if isinstance(said, str) else ""


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
