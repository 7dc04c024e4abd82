"""Programs of tests, in WebAssembly's text form."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO

from wasmtime import wat2wasm

from datadao.messages.compute import PAGE, Limits

LIMITS = Limits(fuel=50_000_000, memory=4 * PAGE, output=4096, seconds=600)
IMPORTS = """
  (import "datadao" "read" (func $read (param i32 i32) (result i32)))
  (import "datadao" "write" (func $write (param i32 i32)))
  (import "datadao" "rewind" (func $rewind))
"""
ECHO = """(loop $more (local.set $n (call $read (i32.const 0) (i32.const 1000)))
  (call $write (i32.const 0) (local.get $n)) (br_if $more (local.get $n)))"""

COUNT = """(loop $more (local.set $n (call $read (i32.const 16) (i32.const 60000)))
  (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.extend_i32_u (local.get $n))))
  (br_if $more (local.get $n))) (call $write (i32.const 0) (i32.const 8))"""
"""Puts out how many bytes the records have."""
SUM = """(loop $more (local.set $n (call $read (i32.const 16) (i32.const 16)))
  (if (local.get $n) (then
    (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.load (i32.const 24)))) (br $more))))
  (call $write (i32.const 0) (i32.const 8))"""
"""The `combine` for which that is `map`."""


def module(body: str, *, entry: str = "run", pages: int = 1, rest: str = "", imports: str = IMPORTS) -> bytes:
    """A module whose only entry does this; `$n` is an i32, `$x` an f64."""
    code = f'(func (export "{entry}") (local $n i32) (local $x f64) {body})'
    return bytes(wat2wasm(f'(module {imports} (memory (export "memory") {pages}) {code} {rest})'))


def sharded(map_: str, combine: str) -> bytes:
    """A module with `map` and `combine`."""
    return module(map_, entry="map", rest=f'(func (export "combine") (local $n i32) {combine})')


@contextmanager
def records(data: bytes = b"") -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        yield file


def limits(**changes: int) -> Limits:
    return replace(LIMITS, **changes)  # type: ignore[arg-type]  # `engine` is not among them
