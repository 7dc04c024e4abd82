"""`datadao compute`: programs that go to the data."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click

from datadao.cli.command import DONE, REFUSED, Outcome, command
from datadao.cli.main import Registered, cli
from datadao.cli.queries import check_dataset
from datadao.cli.session import Session
from datadao.compute.program import Program
from datadao.compute.sandbox import Sandbox, installed
from datadao.compute.synthetic import synthetic
from datadao.crypto.files import on_disk
from datadao.errors import InvalidArgument
from datadao.messages.compute import Ending, Limits
from datadao.records import lines, read
from datadao.schema import Schema

MIB = 1024**2


@cli.group(cls=Registered)
def compute() -> None:
    """Try a program that goes to the data."""


@command(compute, "check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--schema", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A dataset's JSON Schema.")
@click.option("--dataset", type=click.IntRange(1), help="Instead: the schema of this dataset, from storage.")
@click.option("--count", type=click.IntRange(0), default=1000, show_default=True, help="Records to make of the schema.")
@click.option(
    "--records", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Instead: JSON Lines of your own."
)
@click.option("--fuel", type=click.IntRange(1), default=10**11, show_default=True, help="The most it may use.")
@click.option("--memory", type=click.IntRange(1, 4096), default=256, show_default=True, help="The most, in MiB.")
@click.option("--output", type=click.IntRange(1), default=65_536, show_default=True, help="The most, in bytes.")
@click.option("--seconds", type=click.IntRange(1), default=60, show_default=True, help="The longest.")
@click.option("--shard", type=click.IntRange(0), default=0, help="Records that `map` is given at a time; 0 for all.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write what it puts out to this file.")
def check(
    session: Session,
    file: Path,
    schema: Path | None,
    dataset: int | None,
    count: int,
    records: Path | None,
    fuel: int,
    memory: int,
    output: int,
    seconds: int,
    shard: int,
    out: Path | None,
) -> Outcome:
    """Refuse a program FILE that no attestor would run, and say what it takes over records made from a schema.

    FILE is a WebAssembly module. The records have the schema's form and none of the data, so that this needs no lease.
    What it takes is counted in fuel, which is the same on every machine with this engine. Without a schema and without
    records nothing is run. The exit code is 1 unless the program ends by itself.
    """
    limits = Limits(fuel, memory * MIB, output, seconds, shard, installed())
    data = file.read_bytes()
    entries = Sandbox().check(data, limits)
    document = {"programHash": hashlib.sha256(data).digest(), "bytes": len(data), "entries": entries,
                "engine": limits.engine}  # fmt: skip
    text = [f"programHash: 0x{hashlib.sha256(data).hexdigest()}"]
    text.append(f"{len(data)} bytes, {' and '.join(entries)}, for {limits.engine}.")
    if not schema and not dataset and not records:
        return Outcome(document, tuple(text))
    found = _schema(session, schema, dataset) if schema or dataset else None
    with on_disk("a copy of the records"), tempfile.TemporaryFile() as copy:
        made = _own(records, found) if records else synthetic(found, count) if found else iter(())
        total = _write(copy, made)
        ran = Program(data, limits, Sandbox(explain=True)).run(copy)
    document |= {"records": total, "ending": ran.ending.name, "fuel": ran.fuel, "output": len(ran.output),
                 "detail": ran.detail}  # fmt: skip
    if ran.ending is not Ending.OK:
        text.append(f"Over {total} records it ended with {ran.ending.name}: {ran.detail or 'no more is known'}.")
        return Outcome(document, tuple(text), REFUSED)
    each = f", {ran.fuel / total:,.0f} a record" if total else ""
    text.append(f"Over {total} records it used {ran.fuel:,} of fuel{each}, and put out {len(ran.output)} bytes.")
    if out:
        out.write_bytes(ran.output)
        text.append(f"Its output is in {out}.")
    return Outcome(document, tuple(text), DONE)


def _schema(session: Session, path: Path | None, dataset: int | None) -> Schema:
    if path:
        return Schema.new(path.read_bytes())
    assert dataset is not None
    check_dataset(session, dataset)
    digest = bytes(session.dao.read("registry", "currentPolicy", dataset).schemaHash)
    return Schema(session.store.get(digest), digest)


def _own(path: Path, schema: Schema | None) -> Iterator[bytes]:
    """Records, canonical, of a file, all of which have to be records of the dataset if its schema is known."""
    with path.open("rb") as file:
        for number, line in lines(file):
            try:
                record, canonical = read(line)
            except ValueError as error:
                raise InvalidArgument(f"{path}, line {number}: {error}") from error
            if schema and not schema.holds(record, canonical):
                raise InvalidArgument(f"{path}, line {number}: no record of this schema; see `datadao contribute`")
            yield canonical


def _write(copy: BinaryIO, records: Iterator[bytes]) -> int:
    total = 0
    for record in records:
        copy.write(record + b"\n")
        total += 1
    copy.flush()
    return total
