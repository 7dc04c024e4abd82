"""The sandbox: what a program may do, how each thing that it may not do ends, and that all of it repeats.

given a program that reads and writes         its output and its fuel should be the same at every run
given one that takes more than was agreed     the run should end with the class of what it took
given one that imports anything else          it should be refused, and never run
given an engine that aborts                   the child should be gone, and its parent go on
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmtime import wat2wasm

from datadao.attestor.cluster import connected
from datadao.compute.program import Program
from datadao.compute.sandbox import ENGINE, Ran, Sandbox
from datadao.compute.spread import on
from datadao.errors import EngineMismatch, InvalidArgument, ProgramRefused
from datadao.messages.compute import MAX_PROGRAM, PAGE, Ending, Limits

from .programs import COUNT, ECHO, IMPORTS, LIMITS, SUM, limits, module, records, sharded

DATA = b'{"a":1}\n{"a":2}\n{"a":3}\n'
NANS = """(local.set $x (f64.div (f64.const 0) (f64.const 0)))
  (f64.store (i32.const 0) (local.get $x))
  (f64.store (i32.const 8) (f64.add (f64.const nan:0x123) (local.get $x))) (call $write (i32.const 0) (i32.const 16))"""
"""Writes two results that are no numbers; processors give them different signs and payloads."""
RECURSION = "(call $down (i32.const 0))"
DOWN = "(func $down (param i32) (call $down (i32.add (local.get 0) (i32.const 1))) (drop (i32.const 0)))"


def run(program: bytes, data: bytes = DATA, agreed: Limits = LIMITS, sandbox: Sandbox | None = None) -> Ran:
    with records(data) as file:
        return Program(program, agreed, sandbox or Sandbox()).run(file)


def test_program__reads_the_input_and_its_output_is_the_result() -> None:
    assert run(module(ECHO)).output == DATA


def test_program__may_read_the_input_again() -> None:
    assert run(module(f"{ECHO} (call $rewind) {ECHO}")).output == DATA * 2


def test_program__gets_as_much_as_it_asked_for_until_the_end() -> None:
    size = 3 * 65_536 + 1
    asks = "(loop $more (i32.store (i32.const 0) (call $read (i32.const 16) (i32.const 60000)))"
    asks += "(call $write (i32.const 0) (i32.const 4)) (br_if $more (i32.load (i32.const 0))))"
    found = run(module(asks, pages=2), b"x" * size).output
    asked = [int.from_bytes(found[i : i + 4], "little") for i in range(0, len(found), 4)]
    assert asked == [60_000, 60_000, 60_000, size - 180_000, 0]


@settings(max_examples=4, deadline=None)
@given(st.binary(max_size=3000), st.sampled_from([module(ECHO), module(NANS), module("unreachable")]))
def test_run__is_the_same_at_every_repeat_K7(data: bytes, program: bytes) -> None:
    assert run(program, data) == run(program, data)


@pytest.mark.parametrize(
    ("body", "rest", "agreed", "ending"),
    [
        ("(loop $on (br $on))", "", LIMITS, Ending.FUEL),
        ("(loop $on (drop (call $read (i32.const 0) (i32.const 0))) (br $on))", "", LIMITS, Ending.FUEL),
        ("(loop $on (call $rewind) (br $on))", "", LIMITS, Ending.FUEL),
        ("(loop $on (br_if $on (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable", "", LIMITS,
         Ending.MEMORY),
        (RECURSION, DOWN, limits(fuel=10**12), Ending.TRAP),
        ("(loop $on (call $write (i32.const 0) (i32.const 1000)) (br $on))", "", LIMITS, Ending.OUTPUT),
        ("unreachable", "", LIMITS, Ending.TRAP),
        ("(drop (i32.load (i32.const 65536)))", "", LIMITS, Ending.TRAP),
        ("(drop (call $read (i32.const 65530) (i32.const 7)))", "", LIMITS, Ending.TRAP),
        ("(call $write (i32.const -1) (i32.const 1))", "", LIMITS, Ending.TRAP),
        ("(call $write (i32.const 0) (i32.const -1))", "", limits(fuel=2**40), Ending.TRAP),
        ("(loop $on (br $on))", "", Limits(2**62, PAGE, 1, 1), Ending.WALL),
    ],
    ids=["loop", "loop of reads", "loop of rewinds", "memory", "recursion", "output", "trap", "past its memory",
         "reads past its memory", "writes from nowhere", "writes all", "clock"],
)  # fmt: skip
def test_hostile_program__ends_with_its_class_and_nothing_else_K7(
    body: str, rest: str, agreed: Limits, ending: Ending
) -> None:
    ran = run(module(body, rest=rest), agreed=agreed)
    assert (ran.ending, ran.output, ran.detail) == (ending, b"", "")


def test_program_that_starts_with_too_much_memory__never_starts() -> None:
    assert run(module("", pages=5)).ending is Ending.MEMORY
    assert run(module("", pages=4)).ending is Ending.OK


def test_program_with_data_of_its_own__runs_though_it_can_open_no_file() -> None:
    data = '(data (i32.const 0) "said")'
    assert run(module("(call $write (i32.const 0) (i32.const 4))", rest=data)).output == b"said"


def test_output__may_be_as_large_as_agreed_and_no_larger() -> None:
    assert len(run(module("(call $write (i32.const 0) (i32.const 4096))")).output) == 4096
    assert run(module("(call $write (i32.const 0) (i32.const 4097))")).ending is Ending.OUTPUT


def test_fuel__may_be_used_up() -> None:
    done = run(module(ECHO))
    assert run(module(ECHO), agreed=limits(fuel=done.fuel)) == done
    assert run(module(ECHO), agreed=limits(fuel=done.fuel // 2)).ending is Ending.FUEL


def bare(text: str) -> bytes:
    return bytes(wat2wasm(f"(module {text})"))


MEMORY = '(memory (export "memory") 1)'
RUN = '(func (export "run"))'
SMUGGLED = {
    "randomness": ('(import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))', r"random_get"),
    "a clock": ('(import "env" "now" (func (result f64)))', r"env\.now"),
    "another type": ('(import "datadao" "read" (func (param i32) (result i32)))', r"datadao\.read"),
    "another name": ('(import "datadao" "open" (func))', r"datadao\.open"),
    "a memory": ('(import "datadao" "write" (memory 1))', r"datadao\.write"),
}


@pytest.mark.parametrize("smuggled", SMUGGLED)
def test_smuggled_import__is_refused_and_never_run_K7(smuggled: str) -> None:
    text, named = SMUGGLED[smuggled]
    program = bare(f"{text} {'' if smuggled == 'a memory' else MEMORY} {RUN}")
    with pytest.raises(ProgramRefused, match=named):
        Sandbox().check(program, LIMITS)
    assert run(program) == Ran(Ending.INVALID, 0)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (b"", "not a WebAssembly module"),
        (b"(module)", "not a WebAssembly module"),
        (b"\0asm\1\0\0\0rubbish", "does not compile"),
        (b"\0asm" + bytes(MAX_PROGRAM), "at most"),
        (bare(RUN), "no `memory`"),
        (bare(MEMORY), "neither `run` nor"),
        (bare(f'{MEMORY} (func (export "run") (param i32))'), "neither `run` nor"),
        (bare(f'{MEMORY} (func (export "map"))'), "neither `run` nor"),
        (bare(f'{RUN} (memory (export "memory") i64 1)'), "memory64"),
        (bare(f'{RUN} (memory (export "memory") 1 1 shared)'), "threads"),
        (bare(f"{MEMORY} {RUN} (func (param v128) (result v128) (i32x4.relaxed_trunc_f32x4_s (local.get 0)))"),
         "relaxed SIMD"),
    ],
)  # fmt: skip
def test_module_that_is_no_program__is_refused_with_the_reason(program: bytes, reason: str) -> None:
    with pytest.raises(ProgramRefused, match=reason):
        Sandbox().check(program, LIMITS)
    assert run(program) == Ran(Ending.INVALID, 0)


def test_sandbox_of_another_engine__refuses_to_run() -> None:
    with pytest.raises(EngineMismatch, match=r"wasmtime 49\.0\.0 is agreed and wasmtime 50\.0\.1 is installed"):
        run(module(""), agreed=Limits(1, PAGE, 1, 1, engine="wasmtime 49.0.0"))


@pytest.mark.parametrize("wrong", [{"fuel": 0}, {"memory": 1}, {"output": 0}, {"seconds": 0}, {"shard": -1}])
def test_limits__are_refused_out_of_range(wrong: dict[str, int]) -> None:
    (name,) = wrong
    with pytest.raises(InvalidArgument, match=name):
        limits(**wrong)


# The child


def engine(tmp_path: Path, *replaced: tuple[str, str], before: str = "", more: str = "") -> Sandbox:
    """A child whose engine differs."""
    text = ENGINE.read_text()
    for old, new in replaced:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = tmp_path / "engine.py"
    path.write_text(text.replace("    confine(order)\n", f"{before}    confine(order)\n{more}"))
    return Sandbox(path, explain=True)


@pytest.mark.parametrize(
    ("act", "ending"),
    [
        ("    os.abort()\n", Ending.CRASH),
        ('    answers.write(b\'{"ending": "OK", "fuel": -1}\'); answers.flush(); os._exit(0)\n', Ending.CRASH),
        ("    answers.write(b'[]'); answers.flush(); os._exit(0)\n", Ending.CRASH),
        ("    open('/tmp/out', 'w')\n", Ending.CRASH),
        ("    bytearray(2 * 1024**3)\n", Ending.CRASH),
        ("    answers.write(bytes(10**6)); answers.flush(); os._exit(0)\n", Ending.CRASH),
        ("    while True: pass\n", Ending.WALL),
        ("    import time; time.sleep(60)\n", Ending.WALL),
    ],
    ids=["aborts", "lies", "answers nothing", "opens a file", "takes memory", "floods", "loops", "waits"],
)
def test_child_that_misbehaves__takes_nothing_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str, ending: Ending
) -> None:
    if ending is Ending.WALL:
        monkeypatch.setattr("datadao.compute.sandbox.GRACE", 1.5)
    act = act.replace("/tmp/out", str(tmp_path / "out"))
    seconds = 1 if ending is Ending.WALL else LIMITS.seconds
    ran = run(module(ECHO), agreed=limits(seconds=seconds), sandbox=engine(tmp_path, more=act))
    assert (ran.ending, ran.output) == (ending, b"")
    assert not (tmp_path / "out").exists()


def test_child__inherits_neither_environment_nor_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATADAO_SECRET", "of the attestor's")
    (tmp_path / "secret").write_text("of the attestor's")
    say = "    answers.write(json.dumps({'ending': 'OK', 'fuel': 0}).encode() + b'\\n' + json.dumps("
    say += "[dict(os.environ), os.getcwd(), sorted(os.listdir('/proc/self/fd'))]).encode())\n"
    say += "    os._exit(answers.flush() or 0)\n"
    with (tmp_path / "secret").open() as open_file:
        os.set_inheritable(open_file.fileno(), False)
        found = run(module(ECHO), sandbox=engine(tmp_path, before=say)).output.decode()
    assert "attestor" not in found and "DATADAO" not in found
    assert found.count('"', found.index("/")) <= 14  # in, out, errors, the records, the listing itself


# Twins: what the properties above would not hold without


def test_twin__without_canonical_nans_the_bits_are_the_processors_K7(tmp_path: Path) -> None:
    canonical = run(module(NANS)).output
    twin = engine(tmp_path, ("cranelift_nan_canonicalization = True", "cranelift_nan_canonicalization = False"))
    assert canonical == bytes.fromhex("000000000000f87f") * 2
    assert run(module(NANS), sandbox=twin).output != canonical


def test_twin__that_lets_an_import_through_gives_another_result_at_every_run_K7(tmp_path: Path) -> None:
    program = bare(
        f'{IMPORTS} (import "env" "now" (func $now (result f64))) {MEMORY}'
        '(func (export "run") (f64.store (i32.const 0) (call $now)) (call $write (i32.const 0) (i32.const 8)))'
    )
    twin = engine(
        tmp_path,
        ("        if expected is None or", "        if item.module == 'env': continue\n        if expected is None or"),
        (
            "        self._linker = linker",
            "        import time; kind = wasmtime.FuncType([], [wasmtime.ValType.f64()])\n"
            "        linker.define(self.store, 'env', 'now', wasmtime.Func(self.store, kind, time.time))\n"
            "        self._linker = linker",
        ),
    )
    assert run(program).ending is Ending.INVALID
    assert run(program, sandbox=twin).output != run(program, sandbox=twin).output


def test_twin__whose_calls_cost_nothing_is_stopped_by_the_clock_alone_K7(tmp_path: Path) -> None:
    flood = module("(loop $on (drop (call $read (i32.const 0) (i32.const 0))) (br $on))")
    twin = engine(tmp_path, ("CALL + length", "0"))
    assert run(flood).ending is Ending.FUEL
    assert run(flood, agreed=limits(seconds=1, fuel=2**40), sandbox=twin).ending is Ending.WALL


def test_twin__that_tells_why_shows_what_a_program_saw_K7(tmp_path: Path) -> None:
    """A program can choose its way to fail by the data: so nothing but the class is told."""
    tells = module(
        "(drop (call $read (i32.const 0) (i32.const 1))) (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 49))"
        "(then unreachable) (else (drop (i32.div_u (i32.const 1) (i32.const 0)))))"
    )
    assert {run(tells, data).detail for data in (b"0", b"1")} == {""}
    assert len({run(tells, data, sandbox=Sandbox(explain=True)).detail for data in (b"0", b"1")}) == 2


# Shards

COPY = "(local.set $n (call $read (i32.const 0) (i32.const 4000))) (call $write (i32.const 0) (local.get $n))"


def test_sharded_program__gets_whole_records_and_combines_them_in_order() -> None:
    agreed = limits(shard=2)
    ran = run(sharded(COPY, COPY), agreed=agreed)
    first, second = DATA[:16], DATA[16:]
    assert ran.output == b"".join(len(part).to_bytes(8, "little") + part for part in (first, second))
    assert run(sharded(COPY, COPY)).output == len(DATA).to_bytes(8, "little") + DATA
    assert run(sharded(COPY, COPY), b"", agreed).output == bytes(8)


def test_program_that_reads_past_its_input_or_back_before_it__gets_nothing_more_K7() -> None:
    greedy = f"{ECHO} {COPY} (call $rewind) {COPY}"
    assert run(module(greedy)).output == DATA * 2
    ran = run(sharded(greedy, COPY), agreed=limits(shard=2))
    first, second = DATA[:16] * 2, DATA[16:] * 2
    assert ran.output == b"".join(len(part).to_bytes(8, "little") + part for part in (first, second))


def test_input_larger_than_the_memory_agreed__streams() -> None:
    line = b'{"a":"%s"}\n' % (b"x" * 1000)
    data = line * 3000
    assert len(data) > 40 * PAGE
    assert run(module(COUNT), data, limits(memory=PAGE)).output == len(data).to_bytes(8, "little")


def test_fuel_of_a_sharded_program__is_that_of_all_its_parts_together() -> None:
    used = run(sharded(COPY, COPY), agreed=limits(shard=1)).fuel
    assert run(sharded(COPY, COPY), agreed=limits(shard=1, fuel=used)).fuel == used
    assert run(sharded(COPY, COPY), agreed=limits(shard=1, fuel=used // 2)).ending is Ending.FUEL


def test_sharded_program_on_dask__has_the_result_of_one_process() -> None:
    agreed = limits(shard=1)
    with records(DATA * 4) as file, connected(None, 2) as client:
        places = client.run(os.getpid)
        assert len(places) == 2 and os.getpid() not in places.values(), "to each the program has to be sent"
        for program in (sharded(COPY, COPY), sharded(COUNT, SUM), sharded("unreachable", COPY)):
            made = Program(program, agreed)
            assert made.run(file, on(client, made, file, ahead=3)) == made.run(file)


def test_code_that_shards_share__changes_nothing_and_is_made_where_nothing_ran(tmp_path: Path) -> None:
    program, rubbish = Program(sharded(COPY, COPY), limits(shard=1)), b"of another processor"
    with records(DATA) as file:
        code = program.sandbox.run(program.data, program.limits, file).code
        assert code and not program.sandbox.run(module(ECHO), LIMITS, file).code
        compiled = program.map(file, (0, 16))
        assert compiled.ending is Ending.OK
        assert [program.map(file, (0, 16), given) for given in (code, rubbish)] == [compiled] * 2
        telling = ("return wasmtime.Module.deserialize(engine, code)", "raise Ended(TRAP, 'believed')")
        believing = engine(tmp_path, telling)
        assert Program(program.data, program.limits, believing).run(file).detail == "believed"


def test_shard_that_traps__is_the_result() -> None:
    assert run(sharded("unreachable", COPY)).ending is Ending.TRAP
    assert run(sharded(COPY, "unreachable")).ending is Ending.TRAP
