"""The second form of a program: typed columns, as streams of Arrow with the types of the licensed Parquet.

given records                     the streams should hold what the Parquet holds, in the same bytes at every run
given a program of columns        it should get whole streams, shard by shard, whoever maps them
given terms of the other form     nothing should run, and both sides say why
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import Client
from pyarrow import ipc, parquet

from assurance.harness.commands import run as command
from assurance.harness.dao.parties import LEASE, World, contributions
from datadao.compute.columns import write_columns
from datadao.compute.program import Part, Program
from datadao.compute.sandbox import Sandbox, installed, with_entries
from datadao.compute.spread import on
from datadao.errors import EngineMismatch, ProgramRefused
from datadao.licensee.tables import write_table
from datadao.messages import agreement
from datadao.messages.compute import Ending, Limits
from datadao.messages.purposes import COMPUTE
from datadao.records import ValidRecord, valid_records
from datadao.schema import Schema

from .programs import ECHO, LIMITS, limits, module, records
from .test_run_life import ComputeWorld

SCHEMA = Schema.new(
    json.dumps({
        "type": "object",
        "properties": {
            "age": {"type": "integer"},
            "height": {"type": "number"},
            "name": {"type": "string"},
            "agrees": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "home": {"type": "object", "properties": {"town": {"type": "string"}, "at": {"type": "number"}}},
        },
        "required": ["age"],
    }).encode()
)  # fmt: skip
LINES = b"".join(
    json.dumps(record).encode() + b"\n"
    for record in (
        {"age": 7, "height": 1.5, "name": "ann", "agrees": True, "tags": ["a", "b"], "home": {"town": "x", "at": 1}},
        {"age": 2**60, "height": 3, "name": "", "more": "beside"},
        {"age": 0, "home": {"other": 1}},
    )
)
COLUMNS = Limits(LIMITS.fuel, 2**20, 65_536, 600, engine=installed(columns=True))
ECHO_ALL = ECHO.replace("(i32.const 1000)", "(i32.const 60000)")


def valid(data: bytes = LINES) -> list[ValidRecord]:
    return list(valid_records(io.BytesIO(data), SCHEMA))


def streams(shard: int = 10, data: bytes = LINES) -> tuple[bytes, list[Part]]:
    with tempfile.TemporaryFile() as file:
        written = write_columns(file, valid(data), SCHEMA, shard)
        file.seek(0)
        return file.read(), written


def rows(data: bytes) -> list[dict]:
    return list(ipc.open_stream(data).read_all().to_pylist())


def sharded(map_: str, combine: str) -> bytes:
    return module(map_, entry="map_columns", rest=f'(func (export "combine") (local $n i32) {combine})')


@pytest.fixture
def written() -> Iterator[tuple[io.BufferedRandom, list[Part]]]:
    data, parts = streams(shard=2)
    with records(data) as file:
        yield file, parts


def test_columns__hold_what_the_licensed_parquet_holds(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(LINES)
    write_table(tmp_path / "table.parquet", [tmp_path / "file"], SCHEMA)
    table = parquet.read_table(tmp_path / "table.parquet")
    data, _ = streams()
    assert rows(data) == table.to_pylist() and len(rows(data)) == 3
    assert ipc.open_stream(data).schema.equals(table.schema.remove_metadata())


def test_columns__are_the_same_bytes_at_every_run_K7() -> None:
    assert streams() == streams() and streams(shard=2) == streams(shard=2)


def test_columns__of_each_shard_are_a_stream_of_their_own() -> None:
    data, parts = streams(shard=2)
    assert [end for _, end in parts][:-1] == [start for start, _ in parts][1:] and parts[-1][1] == len(data)
    assert [len(rows(data[start:end])) for start, end in parts] == [2, 1]
    assert [row for start, end in parts for row in rows(data[start:end])] == rows(streams()[0])
    none, parts = streams(data=b"")
    assert rows(none) == [] and parts == [(0, len(none))]


def test_program_of_columns__reads_all_streams_one_after_the_other(written: tuple) -> None:
    file, parts = written
    ran = Program(module(ECHO_ALL, entry="run_columns"), COLUMNS).run(file, streams=parts)
    assert ran.ending is Ending.OK and ran.output == streams(shard=2)[0]


def test_map_of_columns__gets_a_stream_and_no_more_of_the_input_on_dask_as_in_one_process(written: tuple) -> None:
    file, parts = written
    made = Program(sharded(ECHO_ALL, ECHO_ALL), COLUMNS)
    ran = made.run(file, streams=parts)
    data = streams(shard=2)[0]
    assert ran.output == b"".join((end - start).to_bytes(8, "little") + data[start:end] for start, end in parts)
    with Client(processes=False, dashboard_address=None, n_workers=1) as client:
        assert made.run(file, on(client, made, file), parts) == ran


@pytest.mark.parametrize(
    ("entry", "agreed"), [("run", COLUMNS), ("run_columns", LIMITS)], ids=["lines as columns", "columns as lines"]
)
def test_program_of_the_other_form__does_not_run(entry: str, agreed: Limits) -> None:
    with records(LINES) as file:
        ran = Program(module(ECHO, entry=entry), agreed).run(file)
    assert (ran.ending, ran.output) == (Ending.INVALID, b"")


def test_columns_of_another_pyarrow__are_refused() -> None:
    other = limits()
    agreed = Limits(other.fuel, other.memory, other.output, engine="wasmtime 50.0.1, pyarrow 24.0.0")
    with records() as file, pytest.raises(EngineMismatch, match=r"pyarrow 24\.0\.0 is agreed"):
        Program(module(ECHO, entry="run_columns"), agreed).run(file)


@pytest.mark.parametrize(
    "program",
    [
        module("", entry="map_columns"),
        module("", entry="run", rest='(func (export "run_columns"))'),
        module("", entry="map_columns", rest='(func (export "combine")) (func (export "map"))'),
        module("", entry="run_column"),
    ],
    ids=["map alone", "both forms", "both maps", "neither"],
)
def test_module_of_neither_form_or_of_both__is_refused(program: bytes) -> None:
    with pytest.raises(ProgramRefused, match="nor `run_columns`, nor `map_columns` and `combine`"):
        Sandbox().check(program, LIMITS)


def test_engine_that_is_agreed__follows_from_the_entries() -> None:
    assert with_entries(LIMITS, ["combine", "map"]).engine == installed() == "wasmtime 50.0.1"
    for entries in (["run_columns"], ["combine", "map_columns"]):
        assert with_entries(LIMITS, entries).engine == installed(columns=True) == "wasmtime 50.0.1, pyarrow 25.0.1"


def test_check__of_a_program_of_columns__makes_them_of_the_schema_and_needs_one(tmp_path: Path) -> None:
    program, schema, own = tmp_path / "p.wasm", tmp_path / "schema.json", tmp_path / "own.jsonl"
    program.write_bytes(module(ECHO_ALL, entry="run_columns", pages=2))
    schema.write_text(json.dumps(SCHEMA.parsed))
    own.write_bytes(LINES)
    words = ("compute", "check", str(program), "--records", str(own), "--out", str(tmp_path / "out"))
    done = command(tmp_path, *words, "--schema", str(schema), "--json").document
    assert (done["entries"], done["engine"], done["records"]) == (["run_columns"], COLUMNS.engine, 3)
    assert (tmp_path / "out").read_bytes() == streams()[0]
    assert command(tmp_path, *words).refusal == (
        "it reads columns, whose types are the schema's: give --schema or --dataset"
    )


def test_attestors__agree_on_a_program_of_columns(world: World) -> None:
    leaves = contributions(
        world.activate(world.members(b'{"age": 1}\n', b'{"age": 2}\n{"age": 3}\n'), purposes=COMPUTE)
    )
    life = ComputeWorld(world, leaves, module(ECHO_ALL, entry="run_columns"))
    life.schema = SCHEMA
    life.agreed = agreement.Program(life.agreed.sha256, COLUMNS.engine, 10_000_000, 262_144, 8192)
    life.release()
    results = [life.run(index) for index in (0, 1)]
    assert results[0].content == results[1].content and results[0].ending == Ending.OK
    output = life.attestor(0).output(results[0])
    assert sorted(row["age"] for row in rows(output)) == [1, 2, 3]
    assert life.standing().agreed() and results[0].lease_id == LEASE


def test_records_of_two_schemas__come_in_streams_of_their_own(world: World) -> None:
    """As `datadao open` writes a table with types of its own for each batch."""
    leaves = contributions(world.activate(world.members(b'{"age": 1}\n', b'{"age": 2}\n'), purposes=COMPUTE))
    life = ComputeWorld(world, leaves, module(ECHO_ALL, entry="run_columns"))
    life.agreed = agreement.Program(life.agreed.sha256, COLUMNS.engine, 10_000_000, 262_144, 8192)
    life.release()
    later = Schema.new(b'{"type": "object", "properties": {"age": {"type": "number"}, "mood": {"type": "string"}}}')
    over = life.over()
    over = replace(over, schemas=dict(zip(over.leaves, (SCHEMA, later), strict=True)))
    attestor = life.attestor(0)
    output = io.BytesIO(attestor.output(attestor.run(life.lease, 0, life.agreed, over)))
    first, second = (ipc.open_stream(output).read_all() for _ in range(2))
    assert not output.read()
    assert (str(first.schema.field("age").type), str(second.schema.field("age").type)) == ("int64", "double")
    assert "mood" in second.column_names and "mood" not in first.column_names
    assert {first.num_rows, second.num_rows} == {1}
