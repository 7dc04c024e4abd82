"""`datadao open`: what a running lease has a right to read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from datadao.batches import Published
from datadao.chain.view import Standing
from datadao.cli.command import DONE, PARTLY, REFUSED, Outcome, command
from datadao.cli.main import cli
from datadao.cli.queries import refuse_lease
from datadao.cli.session import Session
from datadao.client import Terms
from datadao.crypto.files import write_whole
from datadao.crypto.keyfile import FINGERPRINT
from datadao.crypto.seal import public_key
from datadao.errors import (
    ComputeLease,
    DataDAOError,
    KeyFileRefused,
    LeaseNotStarted,
    PackageMissing,
    StoreUnavailable,
    UnsealFailed,
)
from datadao.index.view import IndexedView
from datadao.licensee.croissant import DATA, Dataset, Part, describe
from datadao.licensee.licensee import Fault, Licensee
from datadao.licensee.tables import FOLDER, write_table
from datadao.messages.manifest import Manifest
from datadao.messages.purposes import COMPUTE
from datadao.schema import Schema
from datadao.types import ACTIVATED, Committee, Contribution, LeaseStatus, Party, word

EARNED = "earned"
"""Folder of the lines that earned, by file."""


@command(cli, "open")
@click.argument("number", metavar="LEASE", type=click.IntRange(1))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the files.")
def open_(session: Session, number: int, out: Path) -> Outcome:
    """Open every file of a LEASE whose keys custodians released, with their valid records as Parquet, and describe both
    as a Croissant dataset.

    Files lie in DIR/data, named by the sha256 of their ciphertext, tables in DIR/records, one for each batch, the
    description in DIR/croissant.json; DIR/earned has of each file the lines that its contributor was paid for, as JSON,
    [first, last] of each range. Files already there are not opened again; those erased since must be deleted, and
    are named; from the tables they are taken out. When no file at all is open the exit code is 1, with the reason.
    """
    head = session.index.sync()
    asked = ("leases", "leaseCount"), ("registry", "committeeVersion")
    count, version = session.dao.read_together(asked, head.number)
    refuse_lease(number, count)
    versions = range(1, version + 1)
    found = [("leases", "lease", number), ("leases", "leaseTerms", number)]
    info, agreed, *committees = session.dao.read_together(
        [*found, *(("registry", "committee", each) for each in versions)], head.number
    )
    terms = Terms(*agreed[0])
    if terms.purposes == COMPUTE:
        raise ComputeLease(
            f"lease {number} is for compute alone and opens no file; what its program put out, `datadao compute open "
            f"{number} --out FILE` gives"
        )
    dataset = terms.dataset_id
    known = {
        each: Committee(each, threshold, tuple(Party(*party) for party in custodians))
        for each, (custodians, threshold) in zip(versions, committees, strict=True)
    }
    licensees, faults = _licensees(session, number, bytes(info.hpkeKey), known)
    active = _Active.read(session, dataset, head.number)
    living, erased, double = _standing(session, active)
    empty = not living and info.status == LeaseStatus.ACTIVE
    if not empty and not any(licensee.held for licensee in licensees):
        state = word(LeaseStatus(info.status))
        raise LeaseNotStarted(
            f"no keys are released for lease {number}, which is {state}: custodians release them once an instalment is "
            "paid and final; wait for them, or see `datadao lease show`"
        )
    data = out / DATA
    data.mkdir(parents=True, exist_ok=True)
    opened, left = _open_all(session, active, licensees, data, living)
    for name in erased | double:
        (out / EARNED / name).unlink(missing_ok=True)
    stale = sorted(str(data / name) for name in erased if (data / name).exists())
    surplus = sorted(str(data / name) for name in double if (data / name).exists())
    parts, rows = _tables(session, active, {item["fileHash"]: item["path"] for item in opened}, out)
    description = _describe(session, number, terms, parts, out, active.uri, head.timestamp) if parts else None
    lines = [f"{len(opened)} files in {data}" + (f", described by {description}." if description else ".")]
    if parts:
        lines.append(f"{rows:,} records in {len(parts)} tables in {out / FOLDER}.")
    told = [item["units"] for item in opened if item["earned"]]
    lines += [f"{sum(told):,} records of {len(told)} files earned: their lines are in {out / EARNED}."] if told else []
    reason = None if opened or left else _why_none(dataset, len(erased), len(double))
    lines += [f"{reason}."] if reason else []
    lines += [f"{item['fileHash'].hex()}  {item['kind']}: {item['reason']}" for item in left]
    lines += [f"Bad bundle {fault.name}: {_culprit(fault)}: {fault.reason}" for fault in faults]
    lines += [f"Erased by its contributor: delete {path} and every copy, then acknowledge." for path in stale]
    lines += [f"Not of the dataset, which has the same data in another file: {path}" for path in surplus]
    document = {
        "lease": number, "description": description, "records": rows, "opened": opened, "left": left, "delete": stale,
        "duplicates": surplus, "reason": reason,
        "faults": [{"bundle": f.name, "slot": f.culprit, "reason": str(f.reason)} for f in faults],
    }  # fmt: skip
    return Outcome(document, tuple(lines), REFUSED if not opened else PARTLY if left else DONE)


@dataclass(frozen=True)
class _Active:
    """Active batches of a dataset with their leaves, at one block: their rates, and the schemas of their policies'
    versions; the dataset's `uri`."""

    batches: Sequence[tuple[Published, Manifest]]
    rates: Mapping[int, tuple[int, int]]
    schemas: Mapping[int, bytes]
    uri: str

    @classmethod
    def read(cls, session: Session, dataset: int, block: int) -> _Active:
        items = session.catalog.batches(dataset)
        versions = sorted({item.batch.policy_version for item in items})
        asked = [
            ("registry", "currentPolicy", dataset),
            *(("registry", "policy", dataset, version) for version in versions),
            *(("registry", "batch", item.batch_id) for item in items),
        ]
        current, *found = session.dao.read_together(asked, block)
        policies, infos = found[: len(versions)], found[len(versions) :]
        active = [(item, info) for item, info in zip(items, infos, strict=True) if info.status in ACTIVATED]
        return cls(
            [(item, session.catalog.manifest(item)) for item, _ in active],
            {item.batch_id: (info.sharesPerUnit, info.minQuality) for item, info in active},
            {version: bytes(policy.schemaHash) for version, policy in zip(versions, policies, strict=True)},
            current.uri,
        )


def _licensees(
    session: Session, number: int, current: bytes, committees: Mapping[int, Committee]
) -> tuple[list[Licensee], list[Fault]]:
    """One for each key of this role that bundles may be sealed to: the lease's present key first, then earlier ones."""
    folder, dao = session.home / "keys", session.dao
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    keys = [session.key(name) for name in names if name != FINGERPRINT]
    keys.sort(key=lambda key: public_key(key) != current)
    if not keys or public_key(keys[0]) != current:
        raise KeyFileRefused(f"no key in {folder} is that of lease {number}, 0x{current.hex()}; restore it from a copy")
    made, shut, faults = [], [], []
    for key in keys:
        licensee = Licensee(dao=dao.id, lease_id=number, private_key=key, committees=committees, store=session.store)
        found = licensee.collect()
        made.append(licensee)
        shut.append({fault.name for fault in found if isinstance(fault.reason, UnsealFailed)})
        faults.append(found)
    # A bundle sealed to another of these keys is no fault.
    shut_to_all = set.intersection(*shut)
    return made, [f for f in faults[0] if not isinstance(f.reason, UnsealFailed) or f.name in shut_to_all]


def _standing(session: Session, active: _Active) -> tuple[list[Contribution], set[str], set[str]]:
    """Contributions that are part of the dataset now; names of files that were erased; names of those that never
    counted, because another file with the same data was recorded first. One that any batch includes is neither."""
    members = [leaf for item, manifest in active.batches for leaf in manifest.contributions(item.batch_id)]
    dao = session.dao
    view = IndexedView(dao.web3, dao.addresses, index=session.index, rates=active.rates, since=dao.since)
    standing = list(zip(members, view.standing(members, "latest"), strict=True))
    names = {kind: {c.leaf.file_hash.hex() for c, now in standing if now is kind} for kind in Standing}
    living = [c for c, now in standing if now is Standing.INCLUDED]
    erased = names[Standing.ERASED] - names[Standing.INCLUDED]
    return living, erased, names[Standing.DUPLICATE] - names[Standing.INCLUDED] - erased


def _why_none(dataset: int, erased: int, double: int) -> str:
    """Why a dataset has no file to open."""
    if not erased and not double:
        return f"Nothing to open: dataset {dataset} has no active batch"
    said = [f"{erased} erased by their contributors"] if erased else []
    said += [f"{double} duplicates of other data"] if double else []
    return f"Nothing to open: of the files of dataset {dataset} {' and '.join(said)}, and no other is there"


def _open_all(
    session: Session, active: _Active, licensees: Sequence[Licensee], out: Path, living: Sequence[Contribution]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What is open now, and what is not, with the reason; a file once, in however many batches it stands."""
    wanted = {(c.batch_id, c.leaf) for c in living}
    files = {c.leaf.file_hash: c.leaf for c in living}
    shut = {file_hash for file_hash in files if not (out / file_hash.hex()).exists()}
    reasons: dict[bytes, DataDAOError | None] = {}
    with session.progress("open", len(files)) as done:
        done(len(files) - len(shut))
        for item, manifest in active.batches:
            earned = (
                _earned(session, licensees[0], manifest)
                if any(leaf.file_hash in shut for leaf in manifest.leaves)
                else {}
            )
            # The lease's present key comes first, and its reason is the one to give.
            for licensee in licensees:
                leaves = (leaf for leaf in manifest.leaves if (item.batch_id, leaf) in wanted)
                again = replace(manifest, leaves=tuple(leaf for leaf in leaves if leaf.file_hash in shut))
                for found in licensee.open_all(again, out, earned):
                    reasons.setdefault(found.leaf.file_hash, found.error)
                    if found.earned is not None:
                        _note(out.with_name(EARNED) / found.leaf.file_hash.hex(), found.earned)
                    if found.path is not None:
                        shut.discard(found.leaf.file_hash)
                        done(1)
    opened: list[dict[str, Any]] = []
    left: list[dict[str, Any]] = []
    for file_hash, leaf in files.items():
        place = {"fileHash": file_hash, "contributor": leaf.contributor}
        if file_hash in shut:
            error = reasons[file_hash]
            left.append(place | {"kind": type(error).__name__, "reason": str(error)})
        else:
            lines = out.with_name(EARNED) / file_hash.hex()
            told = {"units": leaf.units, "earned": lines if lines.exists() else None}
            opened.append(place | {"path": out / file_hash.hex()} | told)
    return opened, left


def _earned(session: Session, licensee: Licensee, manifest: Manifest) -> Mapping[bytes, bytes]:
    """See `Licensee.earned`; where it cannot be had the files are open all the same."""
    try:
        return licensee.earned(manifest)
    except StoreUnavailable:
        raise
    except DataDAOError as error:
        session.say("[yellow]Which lines earned is not known:[/yellow]", f"batch {manifest.sequence}: {error}")
        return {}


def _note(path: Path, ranges: Sequence[tuple[int, int]]) -> None:
    path.parent.mkdir(exist_ok=True)
    write_whole(path, lambda out: out.write(json.dumps(ranges).encode()))


def _tables(session: Session, active: _Active, opened: Mapping[bytes, Path], out: Path) -> tuple[list[Part], int]:
    """A table for each batch that has an open file, and how many records they hold together. What cannot be made, and
    why, is said; the files are open all the same."""
    left, parts, rows = dict(opened), [], 0
    batches = [(i, [leaf.file_hash for leaf in m.leaves]) for i, m in active.batches]
    with session.progress("tables", len(batches)) as done:
        for item, hashes in batches:
            # A file once, in however many batches it stands.
            files = [left.pop(file_hash) for file_hash in hashes if file_hash in left]
            try:
                if files:
                    digest = active.schemas[item.batch.policy_version]
                    schema = Schema(session.store.get(digest), digest)
                    name = f"batch-{item.batch_id}.parquet"
                    rows += write_table(out / FOLDER / name, files, schema)
                    parts.append(Part(item.batch_id, item.batch.manifest_hash, schema, name))
            except PackageMissing as error:
                session.say("[yellow]No tables:[/yellow]", str(error))
                return [], 0
            except DataDAOError as error:
                session.say("[yellow]No table:[/yellow]", f"batch {item.batch_id}: {error}")
            done(1)
    names = {part.table for part in parts}
    for stale in (out / FOLDER).glob("batch-*.parquet"):
        if stale.name not in names:  # of a batch whose files were all erased
            stale.unlink()
    return parts, rows


def _describe(
    session: Session, number: int, terms: Terms, parts: Sequence[Part], out: Path, uri: str, now: int
) -> Path | None:
    """The Croissant description; None, and a word why, if it cannot be made. The files are open all the same."""
    try:
        dataset = Dataset(
            dao=session.dao.id,
            dataset_id=terms.dataset_id,
            lease_id=number,
            purposes=terms.purposes,
            agreement_hash=terms.agreement_hash,
            uri=uri,
        )
        return describe(out, dataset, parts, datetime.fromtimestamp(now, UTC).date())
    except DataDAOError as error:
        session.say("[yellow]No Croissant description:[/yellow]", str(error))
        return None


def _culprit(fault: Fault) -> str:
    return f"signed by slot {fault.culprit[0]}-{fault.culprit[1]}" if fault.culprit else "not signed"
