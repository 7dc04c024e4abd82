"""Runs one program, in a process of its own: started as a file by `datadao.compute.sandbox`, imported by nothing.

It gets an order, one line of JSON with the program's bytes after it, on its standard input; the records as a file that
is open already; and answers on its standard output with one line of JSON and the program's output after it. It opens no
file and no connection itself. Everything here that a result depends on is fixed: no clock, no randomness, no threads.

Of a program without the entry that was asked for nothing runs, and the answer may bring its compiled code, which later
orders of the same run hand back after the program: so shards are not compiled one by one.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import sys
from typing import Any, BinaryIO

import wasmtime

PAGE = 65_536
CALL = 16_384
"""Fuel of a call that leaves the program, besides one for each byte: about what it takes. Otherwise a loop of calls
would be stopped by the clock alone, and differently on every machine."""
STACK = 1024**2
SPARE = 1024**3
"""Bytes for the engine itself, the interpreter and the compiled program."""
INPUT = 3
"""The descriptor of the records, the first after the three that every process has."""
SIGNATURES = {"read": (2, 1), "write": (2, 0), "rewind": (0, 0)}
"""What a program may import from `datadao`: numbers of parameters and results, each an i32."""
ENTRIES = frozenset({"run", "map", "combine", "run_columns", "map_columns"})
FORMS = ({"run"}, {"map", "combine"}, {"run_columns"}, {"map_columns", "combine"})
"""What a program exports: one of these. It reads lines of JSON, or columns as streams of Arrow."""
INVALID, TRAP, FUEL, MEMORY, OUTPUT = "INVALID", "TRAP", "FUEL", "MEMORY", "OUTPUT"


class Ended(Exception):
    """The run is over. `detail` is for whoever runs a program over data of its own, and leaves with no other result."""

    def __init__(self, ending: str, detail: str) -> None:
        super().__init__(detail)
        self.ending, self.detail = ending, detail


def configured() -> wasmtime.Engine:
    """What differs between machines or runs is off, or pinned; the rest of WebAssembly 2.0 is on."""
    config = wasmtime.Config()
    config.consume_fuel = True
    config.cranelift_nan_canonicalization = True
    config.cranelift_opt_level = "speed"
    config.parallel_compilation = False
    config.memory_init_cow = False  # it would open a file
    config.max_wasm_stack = STACK
    config.wasm_simd = True
    config.wasm_relaxed_simd = False
    config.wasm_bulk_memory = True
    config.wasm_multi_value = True
    config.wasm_reference_types = True
    config.wasm_tail_call = False
    for off in (
        "threads", "memory64", "multi_memory", "gc", "function_references", "exceptions", "custom_page_sizes",
        "wide_arithmetic", "stack_switching", "component_model",
    ):  # fmt: skip
        setattr(config, f"wasm_{off}", False)
    config.gc_support = False
    return wasmtime.Engine(config)


def compiled(engine: wasmtime.Engine, data: bytes, code: bytes) -> wasmtime.Module:
    """The program, whose compiled `code` is believed if there is some. Raises `Ended` as INVALID unless it is one that
    may run."""
    if code:
        with contextlib.suppress(wasmtime.WasmtimeError):  # made for another processor
            return wasmtime.Module.deserialize(engine, code)
    try:
        if not data.startswith(b"\0asm"):
            raise Ended(INVALID, "not a WebAssembly module in binary form")
        module = wasmtime.Module(engine, data)
    except wasmtime.WasmtimeError as error:
        raise Ended(INVALID, f"it does not compile: {error}") from None
    for item in module.imports:
        expected = SIGNATURES.get(item.name or "") if item.module == "datadao" else None
        if expected is None or not _takes(item.type, *expected):
            allowed = ", ".join(f"datadao.{name}" for name in SIGNATURES)
            raise Ended(INVALID, f"it imports {item.module}.{item.name}; a program imports nothing but {allowed}")
    exports = {item.name: item.type for item in module.exports}
    if not isinstance(exports.get("memory"), wasmtime.MemoryType):
        raise Ended(INVALID, "it exports no `memory`")
    found = {name for name in ENTRIES if _takes(exports.get(name), 0, 0)}
    if found not in FORMS:
        raise Ended(
            INVALID,
            "it exports neither `run` nor `map` and `combine`, nor `run_columns`, nor `map_columns` and `combine`, and "
            "nothing else of these, each without parameters and results",
        )
    return module


def _takes(kind: Any, parameters: int, results: int) -> bool:
    if not isinstance(kind, wasmtime.FuncType):
        return False
    return ([str(t) for t in kind.params], [str(t) for t in kind.results]) == (["i32"] * parameters, ["i32"] * results)


class Run:
    """One instance of a program over one input: a range of a file, by its descriptor."""

    def __init__(self, engine: wasmtime.Engine, module: wasmtime.Module, order: dict[str, Any]) -> None:
        self._module, self._order = module, order
        self._at, self.output = order["start"], bytearray()
        self.store = wasmtime.Store(engine)
        self.store.set_limits(
            memory_size=order["memory"], table_elements=100_000, instances=1, tables=16, memories=1
        )  # fmt: skip
        self.store.set_fuel(order["fuel"])
        linker = wasmtime.Linker(engine)
        for name, (parameters, results) in SIGNATURES.items():
            i32 = wasmtime.ValType.i32()
            kind = wasmtime.FuncType([i32] * parameters, [i32] * results)
            function = wasmtime.Func(self.store, kind, getattr(self, name), access_caller=True)
            linker.define(self.store, "datadao", name, function)
        self._linker = linker

    @property
    def used(self) -> int:
        return int(self._order["fuel"]) - self.store.get_fuel()

    def entries(self) -> list[str]:
        return sorted(name for item in self._module.exports if (name := item.name or "") in ENTRIES)

    def __call__(self) -> None:
        """Raises `Ended` unless the program returns."""
        memory = next(item.type for item in self._module.exports if item.name == "memory")
        assert isinstance(memory, wasmtime.MemoryType)
        if memory.limits.min * PAGE > self._order["memory"]:
            raise Ended(MEMORY, f"it starts with {memory.limits.min * PAGE} bytes of memory")
        if self._order["entry"] not in self.entries():
            raise Ended(INVALID, f"it exports no `{self._order['entry']}`")
        instance: Any = None
        try:
            instance = self._linker.instantiate(self.store, self._module)
            instance.exports(self.store)[self._order["entry"]](self.store)
        except wasmtime.Trap as trap:
            code = trap.trap_code
            if code is wasmtime.TrapCode.OUT_OF_FUEL:
                raise Ended(FUEL, "it ran out of fuel") from None
            if instance is not None and self._full(instance.exports(self.store)["memory"]):
                raise Ended(MEMORY, "it has no page of memory left") from None
            raise Ended(TRAP, code.name.lower().replace("_", " ") if code else "trap") from None
        except wasmtime.WasmtimeError as error:
            raise Ended(MEMORY, str(error)) from None

    def _full(self, memory: wasmtime.Memory) -> bool:
        return memory.data_len(self.store) + PAGE > int(self._order["memory"])

    def _room(self, caller: wasmtime.Caller, pointer: int, length: int) -> Any:
        """These bytes of the program's memory, once they are paid for."""
        pointer, length = pointer % 2**32, length % 2**32
        fuel, cost = self.store.get_fuel(), CALL + length
        self.store.set_fuel(max(fuel - cost, 0))
        if cost > fuel:
            raise Ended(FUEL, "it ran out of fuel")
        memory = caller.get("memory")
        if not isinstance(memory, wasmtime.Memory) or pointer + length > memory.data_len(caller):
            raise Ended(TRAP, "it named bytes outside of its memory")
        start = ctypes.addressof(memory.data_ptr(caller).contents) + pointer
        return memoryview((ctypes.c_ubyte * length).from_address(start)).cast("B")

    def read(self, caller: wasmtime.Caller, pointer: int, length: int) -> int:
        """The next `length` bytes of the input, fewer only at its end; returns how many."""
        room, done = self._room(caller, pointer, length), 0
        room = room[: self._order["end"] - self._at]
        while done < len(room) and (got := os.preadv(self._order["input"], [room[done:]], self._at)):
            self._at += got
            done += got
        return done

    def write(self, caller: wasmtime.Caller, pointer: int, length: int) -> None:
        """Adds bytes to the output."""
        room = self._room(caller, pointer, length)
        if len(self.output) + len(room) > self._order["output"]:
            raise Ended(OUTPUT, f"it put out more than {self._order['output']} bytes")
        self.output += room

    def rewind(self, caller: wasmtime.Caller) -> None:
        """Lets `read` begin anew."""
        self._room(caller, 0, 0)
        self._at = self._order["start"]


def confine(order: dict[str, Any]) -> None:
    """The system's limits, beside the engine's: memory, time, and files, of which it can open no other."""
    if order["input"] != INPUT:
        os.dup2(order["input"], INPUT)
        os.close(order["input"])
        order["input"] = INPUT
    for name, most in (
        ("DATA", order["memory"] + order["output"] + SPARE),
        ("CPU", order["seconds"] + 2),
        ("FSIZE", max(order["output"], order["room"]) + 2 * PAGE),
        ("CORE", 0),
        ("NOFILE", INPUT + 1),
    ):
        which = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(which)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # What uses its time up is first told so.
        resource.setrlimit(which, (max(least - 1, 0) if name == "CPU" else least, least))
    if sys.platform == "linux":
        system = ctypes.CDLL(None)
        system.prctl(1, 9, 0, 0, 0)  # ends with the process that started it
        system.prctl(4, 0, 0, 0, 0)  # no other process of the user reads its memory
        system.prctl(38, 1, 0, 0, 0)  # no new privileges


def carry_out(order: dict[str, Any], program: bytes, code: bytes) -> tuple[dict[str, Any], bytes]:
    """The answer, and the output or the code."""
    run = module = None
    try:
        engine = configured()
        module = compiled(engine, program, code)
        run = Run(engine, module, order)
        if order["entry"]:
            run()
        return {"ending": "OK", "fuel": run.used, "entries": run.entries()}, bytes(run.output)
    except Ended as ended:
        answer = {"ending": ended.ending, "fuel": run.used if run else 0, "entries": run.entries() if run else []}
        # It has another entry, and did not begin.
        made = bytes(module.serialize()) if module and ended.ending == INVALID and order["room"] else b""
        return answer | {"detail": ended.detail}, made if len(made) <= order["room"] else b""


def main(orders: BinaryIO, answers: BinaryIO) -> None:
    order = json.loads(orders.readline())
    program, code = orders.read(order["program"]), orders.read()
    confine(order)
    answer, output = carry_out(order, program, code)
    if not order["explain"]:
        answer.pop("detail", None)
    answers.write(json.dumps(answer).encode() + b"\n" + output)
    answers.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
