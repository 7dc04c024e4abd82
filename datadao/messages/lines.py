"""Which lines of its files a batch paid for: sealed for who has a file's key, so that a licensee sees what earned."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from datadao.crypto.lock import derived, lock, unlock
from datadao.encoding import Record
from datadao.errors import Malformed

_PURPOSE = b"datadao/lines/1"
_MOST = 512 * 1024**2
"""Bytes of a bitmap: of four billion lines."""


@dataclass(frozen=True)
class EarnedLines(Record):
    """Of each leaf of a batch, in its order, the lines that earned, sealed; stored under the manifest's `lines`."""

    TYPES: ClassVar = ("bytes[]",)
    LIMIT: ClassVar = 1024**3

    items: tuple[bytes, ...]


def lines_key(file_secret: bytes) -> bytes:
    """What seals the lines of the file with this key, 32 bytes; it opens nothing else."""
    return derived(file_secret, _PURPOSE)


def seal_lines(key: bytes, lines: Iterable[int]) -> bytes:
    """Line numbers, from 1, as a bitmap, line 1 its lowest bit, compressed and sealed with a `lines_key`."""
    marked = sorted(lines)
    bits = bytearray((marked[-1] + 7) // 8 if marked else 0)
    for line in marked:
        bits[(line - 1) // 8] |= 1 << (line - 1) % 8
    return lock(key, _PURPOSE, zlib.compress(bytes(bits), 9))


def open_lines(key: bytes, sealed: bytes) -> list[tuple[int, int]]:
    """The lines that earned, as ranges (first, last) in their order. Raises `DecryptionFailed`, `Malformed`."""
    try:
        bits = zlib.decompressobj().decompress(unlock(key, _PURPOSE, sealed), _MOST)
    except zlib.error as error:
        raise Malformed(f"not the lines that earned: {error}") from error
    found: list[tuple[int, int]] = []
    first = 0  # of the range that goes on, if one does
    for at, byte in enumerate(bits):
        if byte == (0xFF if first else 0):
            continue
        for bit in range(8):
            line, earned = 8 * at + bit + 1, byte >> bit & 1
            if earned and not first:
                first = line
            elif first and not earned:
                found.append((first, line - 1))
                first = 0
    if first:
        found.append((first, 8 * len(bits)))
    return found
