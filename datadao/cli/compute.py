"""`datadao compute`: programs that go to the data."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import click

from datadao.attestor.cluster import connected
from datadao.chain.node import NodeView
from datadao.chain.rpc import check_complete
from datadao.chain.signatures import checker
from datadao.chain.view import PAYMENTS, LeaseState, Payment, payments_of
from datadao.cli.command import DONE, PARTLY, REFUSED, Outcome, command
from datadao.cli.main import Registered, cli
from datadao.cli.queries import check_dataset, check_lease
from datadao.cli.session import Session
from datadao.cli.setup import key_option
from datadao.compute.agreed import (
    Standing,
    last_run,
    paid_for,
    program_of,
    require_agreement,
    reviewers,
    weigh_all,
)
from datadao.compute.attestor import open_output
from datadao.compute.board import ComputeBoard
from datadao.compute.columns import write_columns
from datadao.compute.program import Part, Program
from datadao.compute.sandbox import Sandbox, installed, with_entries
from datadao.compute.spread import on
from datadao.compute.synthetic import synthetic
from datadao.crypto.files import on_disk
from datadao.crypto.keyfile import FINGERPRINT, load_secret
from datadao.custodian.runs import Runs, Served, sets_until
from datadao.errors import InvalidArgument, LeaseNotStarted, OutputMissing
from datadao.messages.compute import SHARD, ComputeResult, Ending, Limits
from datadao.records import ValidRecord, lines, parse, read
from datadao.schema import Schema

MIB = 1024**2


@cli.group(cls=Registered)
def compute() -> None:
    """Programs that go to the data: try one, run those of leases, open what came out."""


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
@click.option("--shard", type=click.IntRange(1), default=SHARD, show_default=True, help="Records for each `map`.")
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
    limits = with_entries(limits, entries)
    document = {"programHash": hashlib.sha256(data).digest(), "bytes": len(data), "entries": entries,
                "engine": limits.engine}  # fmt: skip
    text = [f"programHash: 0x{hashlib.sha256(data).hexdigest()}"]
    text.append(f"{len(data)} bytes, {' and '.join(entries)}, for {limits.engine}.")
    if not schema and not dataset and not records:
        return Outcome(document, tuple(text))
    found = _schema(session, schema, dataset) if schema or dataset else None
    with on_disk("a copy of the records"), tempfile.TemporaryFile() as copy:
        made = _own(records, found) if records else synthetic(found, count) if found else iter(())
        total, streams = _write(copy, made, limits, found)
        ran = Program(data, limits, Sandbox(explain=True)).run(copy, streams=streams)
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


def _write(
    copy: BinaryIO, records: Iterator[bytes], limits: Limits, schema: Schema | None
) -> tuple[int, list[Part] | None]:
    """How many records, and where columns begin and end. Raises `InvalidArgument` for columns without a schema."""
    total = 0

    def counted() -> Iterator[ValidRecord]:
        nonlocal total
        for record in records:
            total += 1
            yield ValidRecord(total, parse(record), record)

    if limits.columns:
        if schema is None:
            raise InvalidArgument("it reads columns, whose types are the schema's: give --schema or --dataset")
        streams = write_columns(copy, counted(), schema, limits.shard)
        return total, streams
    for record in records:
        copy.write(record + b"\n")
        total += 1
    copy.flush()
    return total, None


# Attestors


@command(compute, "run")
@key_option("Key that custodians seal to.")
@click.option("--seconds", type=click.IntRange(1), default=3600, show_default=True, help="The longest a run may take.")
@click.option("--workers", type=click.IntRange(1), help="Processes that `map` shards; without one, this one alone.")
@click.option("--scheduler", metavar="ADDRESS", help="The attestor's own Dask cluster for it.")
def run(session: Session, key_name: str, seconds: int, workers: int | None, scheduler: str | None) -> Outcome:
    """Do what an attestor owes to compute leases: run what is due, sign how it ended, hand out what is paid for. Once.

    Until the lease is paid for, its program is run again when the data changed; then only the paid result goes out. A
    run that a further payment admits is over the data at that payment. Outputs wait in the role's folder until the
    payment is final.
    """
    with ExitStack() as stack:
        duties = _duties(session, key_name, seconds)
        stack.callback(duties.close)
        if workers or scheduler:
            client = stack.enter_context(connected(scheduler, workers))
            duties.spread = lambda program, records: on(client, program, records)
        leases = list(duties.round())
    document = {"leases": [_entry(served) for served in leases]}
    text = [f"lease {served.lease_id}: {_done(served)}" for served in leases]
    code = PARTLY if any(served.error for served in leases) else DONE
    return Outcome(document, tuple(text) or ("No compute lease is under way.",), code)


def _entry(served: Served) -> dict[str, Any]:
    error = f"{type(served.error).__name__}: {served.error}" if served.error else None
    if served.ending is None:
        return {"lease": served.lease_id, "error": error}
    return {"lease": served.lease_id, "error": error, "run": served.run, "ending": served.ending.name,
            "new": served.new, "handedOut": served.handed_out, "waits": served.waits or None}  # fmt: skip


def _done(served: Served) -> str:
    if served.ending is None:
        return str(_entry(served)["error"])
    said = f"run {served.run} ended with {served.ending.name}" + ("" if served.new else ", made before")
    given = ", ".join(map(str, served.handed_out))
    handed = f"; output of run {given} handed out" if given else ""
    return said + handed + (f"; {served.waits}" if served.waits else "")


def _duties(session: Session, key_name: str, seconds: int = 3600) -> Runs:
    return Runs(
        dao=session.dao,
        address=session.address,
        key=session.key(key_name),
        secret=load_secret(session.key_path(FINGERPRINT)),
        signer=session.sign,
        store=session.store,
        board=ComputeBoard.of(session.board),
        home=session.home,
        nodes=session.profile.nodes,
        seconds=seconds,
    )


@command(compute, "review")
@click.argument("number", metavar="LEASE", type=click.IntRange(1))
@click.option("--run", "which", type=click.IntRange(0), help="Instead of the last one that is admitted.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write what came out, to look at it.")
@click.option("--confirm", metavar="COMMITMENT", help="Sign that the output of this commitment may go out.")
@key_option("Key that custodians seal to.")
def review(
    session: Session, number: int, which: int | None, out: Path | None, confirm: str | None, key_name: str
) -> Outcome:
    """Look at what a compute LEASE's program put out here, with --out; then confirm it.

    Where the agreement asks for reviews, an output counts and leaves only after as many attestors confirmed it. Each
    says the commitment that was printed with what it looked at.
    """
    if (out is None) == (confirm is None):
        raise InvalidArgument("give --out FILE to look at the output, or --confirm COMMITMENT after that")
    lease, run = _lease(session, number, which)
    duties = _duties(session, key_name)
    with ExitStack() as stack:
        stack.callback(duties.close)
        _, attestor = duties.now()
        result = _mine(session, duties, lease, run, confirm)
        if out is None:
            attestor.confirm(result)
            text = f"confirmed: output {_hex(result.commitment)} of run {run} of lease {number} may go out"
            return Outcome({"lease": number, "run": run, "commitment": result.commitment}, (text,))
        output = attestor.output(result)
    with on_disk(str(out)):
        out.write_bytes(output)
    text = f"{out}: {len(output)} bytes; if they may go out: --confirm {_hex(result.commitment)}"
    document = {"lease": number, "run": run, "file": out, "bytes": len(output), "commitment": result.commitment}
    return Outcome(document, (text,))


def _mine(session: Session, duties: Runs, lease: LeaseState, run: int, confirm: str | None) -> ComputeResult:
    """What this attestor signed of the run last, or of the commitment."""
    found = [
        result
        for result in duties.board.results(lease.lease_id, run)
        if result.attestor == session.address and (confirm is None or _hex(result.commitment) == confirm.lower())
    ]
    if not found:
        what = f"with commitment {confirm}" if confirm else "yet"
        raise OutputMissing(f"this attestor signed no result of run {run} of lease {lease.lease_id} {what}")
    return max(found, key=lambda result: result.input_block)


def _hex(value: bytes) -> str:
    return f"0x{value.hex()}"


# Anyone, and the licensee


@command(compute, "show")
@click.argument("number", metavar="LEASE", type=click.IntRange(1))
@click.option("--run", "which", type=click.IntRange(0), help="Instead of the last one that is admitted.")
def show(session: Session, number: int, which: int | None) -> Outcome:
    """Show how a compute LEASE's program ended, by the attestors that said so, and who differs."""
    lease, run = _lease(session, number, which)
    standing = _standing(session, lease, run)
    said: list[dict[str, Any]] = [
        {"ending": Ending(result.ending).name, "fuel": result.fuel, "inputBlock": result.input_block,
         "inputRoot": result.input_root, "commitment": result.commitment, "attestors": list(who)}
        for result, who in standing.said
    ]  # fmt: skip
    agreed = standing.agreed()
    asked, confirmed = program_of(ComputeBoard.of(session.board), lease).reviews, _reviewed(session, agreed)
    text = [f"Run {run} of lease {number}: {standing.threshold} attestors have to sign the same result."]
    text += [f"{item['ending']}, fuel {item['fuel']:,}: {', '.join(item['attestors'])}" for item in said]
    if asked:
        text.append(f"{asked} have to confirm the output after looking at it: {', '.join(confirmed) or 'none did'}")
    text.append(next_step(lease, agreed))
    document = {"lease": number, "run": run, "threshold": standing.threshold, "results": said,
                "agreed": agreed and Ending(agreed.ending).name, "reviews": asked,
                "reviewed": confirmed}  # fmt: skip
    return Outcome(document, tuple(text))


def next_step(lease: LeaseState, agreed: ComputeResult | None) -> str:
    """What a result means to the licensee."""
    if agreed is None:
        return "Nothing is agreed yet."
    ending, number = Ending(agreed.ending), lease.lease_id
    if ending is not Ending.OK:
        back = "" if lease.started else f"; `lease end {number}` brings back all that was put down"
        return f"Agreed: it ended with {ending.name} and has no output{back}."
    then = "compute open" if lease.started else "lease start"
    return f"Agreed: it has an output. Next is `{then} {number}`."


@command(compute, "open")
@click.argument("number", metavar="LEASE", type=click.IntRange(1))
@click.option("--run", "which", type=click.IntRange(0), help="Instead of the last one that is admitted.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write.")
def open_(session: Session, number: int, which: int | None, out: Path) -> Outcome:
    """Write what a compute LEASE's program put out, checked against what a threshold of attestors signed."""
    lease, run = _lease(session, number, which)
    result = require_agreement(_standing(session, lease, run), number, run, len(session.dao.attestors()))
    program = program_of(ComputeBoard.of(session.board), lease)
    if result.program_hash != program.sha256:
        raise InvalidArgument(f"lease {number}: the attestors ran 0x{result.program_hash.hex()}, which was not agreed")
    folder = session.home / "keys"
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    keys = [session.key(name) for name in names if name != FINGERPRINT]
    output = open_output(session.dao.id, ComputeBoard.of(session.board), result, keys)
    if output is None:
        raise LeaseNotStarted(
            f"lease {number}: no attestor handed out the output of run {run} yet; they do once its payment is final"
        )
    with on_disk(str(out)):
        out.write_bytes(output)
    document = {"lease": number, "run": run, "file": out, "bytes": len(output), "fuel": result.fuel,
                "inputRoot": result.input_root, "programHash": result.program_hash}  # fmt: skip
    return Outcome(document, (f"{out}: {len(output)} bytes, as a threshold of attestors signed.",))


def _lease(session: Session, number: int, which: int | None) -> tuple[LeaseState, int]:
    """The lease as it is now, and the run. Raises `InvalidArgument` for one that is not admitted."""
    check_lease(session, number)
    lease = NodeView(session.dao.web3, session.dao.addresses, since=session.dao.since).lease(number, "latest")
    program_of(ComputeBoard.of(session.board), lease)
    if which is not None and which > last_run(lease):
        raise InvalidArgument(f"lease {number} admits runs up to {last_run(lease)}; each paid period admits another")
    return lease, last_run(lease) if which is None else which


def _reviewed(session: Session, agreed: ComputeResult | None) -> tuple[str, ...]:
    """Who confirmed the output of the agreed result."""
    if agreed is None:
        return ()
    board = ComputeBoard.of(session.board)
    said = board.reviews(agreed.lease_id, agreed.run)
    attestors = next(sets_until(session.dao, agreed.attestor_set_version))
    return reviewers(session.dao.id, said, agreed, attestors, checker(session.dao.web3))


def _standing(session: Session, lease: LeaseState, run: int) -> Standing:
    """What counts of the run, and of what is paid for nothing else."""
    dao, board = session.dao, ComputeBoard.of(session.board)
    results = paid_for(board.results(lease.lease_id, run), _payment(session, lease, run))
    sets = sets_until(dao, dao.read("registry", "attestorSetVersion"))
    return weigh_all(dao.id, results, lease.lease_id, run, sets, checker(dao.web3))[0]


def _payment(session: Session, lease: LeaseState, run: int) -> Payment | None:
    if not lease.started:
        return None
    session.index.sync()
    paid = payments_of(session.index.events("leases", *PAYMENTS)).get(lease.lease_id, [])
    with session.index.doubted():
        check_complete(len(paid), run + 1, f"instalments of lease {lease.lease_id}", lease.block)
    return paid[run]
