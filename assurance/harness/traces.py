"""Is anything of some records in bytes that should hold none of it? A smoke test: what is spelled otherwise passes."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

FRAGMENT = 16
"""Bytes of a record that stand in a row."""


def traces(line: bytes) -> Iterator[bytes]:
    """Every fragment of a record, and the record as it would look in base64, wherever that begins, and in hex."""
    for at in range(len(line) - FRAGMENT + 1):
        yield line[at : at + FRAGMENT]
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + line)[4 : 4 + 24 * (len(line) // 18)]
        yield from (encoded[at : at + 24] for at in range(0, len(encoded) - 23, 24))
    yield line.hex().encode()[:64]


def found_in(places: bytes, records: Iterable[bytes], public: bytes) -> list[bytes]:
    """Traces of these lines in the places, but for what the public schema has too."""
    wanted = {trace for line in records for trace in traces(line) if trace not in public}
    sizes = {len(trace) for trace in wanted}
    windows = {places[at : at + size] for size in sizes for at in range(len(places) - size + 1)}
    return sorted(wanted & windows)
