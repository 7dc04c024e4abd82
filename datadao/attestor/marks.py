"""Marks: what attestors keep of accepted records, so that a record earns once in the DAO's life.

A mark is an HMAC of a record under the attestors' secret, cut to 16 bytes: whoever has no secret cannot tell which
record a mark is of, nor test a guess. Two of n different records share a mark, and one of them then earns nothing, with
a chance of n^2 / 2^129: under 1 in 10^20 for a billion records. Nobody without the secret can look for such a pair.

All that is stored is encrypted deterministically (AES-SIV), so that every attestor writes the same bytes, under the
same hash, and equal hashes mean equal scores.
"""

from __future__ import annotations

import hmac
import struct
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from datadao.crypto.lock import derived
from datadao.errors import InvalidArgument, Malformed

MARK = 16
"""Bytes."""
FILE, BATCH = b"datadao/marks/file/1", b"datadao/marks/batch/1"
"""What tables of marks are encrypted for."""
_KEY = 32
_HEAD = struct.Struct(">BI")


class Marker:
    """Makes marks. Raises `InvalidArgument` for a secret of less than 32 bytes."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < _KEY:
            raise InvalidArgument("the fingerprint secret has at least 32 bytes, or data could be guessed from marks")
        self._record = derived(secret, b"datadao/mark/1")
        self._order = derived(secret, b"datadao/order/1")

    def mark(self, canonical: bytes, space: bytes = b"") -> bytes:
        """Of a record's canonical bytes: the whole record in the DAO's one space, its identity in a dataset's own."""
        return hmac.digest(self._record, space + b"\0" + canonical, "sha256")[:MARK]

    def order(self, mark: bytes, submission: bytes) -> bytes:
        """Of the files of one batch that hold a record, the one for which this is least earns it. It is drawn anew for
        each record, and nobody without the secret can compute it: making files until it is small is a blind guess, and
        a file that waits longer gains nothing by it."""
        return hmac.digest(self._order, mark + submission, "sha256")


@dataclass(frozen=True)
class Table:
    """The distinct records of one file, sorted by `marks`; of each the line it first stands in, and its mark.

    In a dataset whose schema names identity properties a mark is of these, and `wholes` has those of whole records, by
    which other datasets know them. `key` seals the lines that earned, to whoever has the file's key.
    """

    key: bytes = field(repr=False)
    lines: Sequence[int]
    marks: bytes
    wholes: bytes = b""

    @property
    def per_record(self) -> int:
        """Marks that a record leaves: 1, or 2 in a dataset with identity properties."""
        return 2 if self.wholes else 1

    def mark(self, index: int) -> bytes:
        return self.marks[MARK * index : MARK * (index + 1)]

    def left(self, index: int) -> bytes:
        """All marks that record `index` leaves."""
        return self.mark(index) + self.wholes[MARK * index : MARK * (index + 1)]

    def encode(self) -> bytes:
        lines = array("I", self.lines)  # packed by `struct` they would all be objects at once
        if sys.byteorder == "little":
            lines.byteswap()
        return b"".join((self.key, _HEAD.pack(self.per_record, len(self.lines)), lines, self.marks, self.wholes))

    @classmethod
    def decode(cls, data: bytes) -> Table:
        """Raises `Malformed`."""
        try:
            per_record, count = _HEAD.unpack_from(data, _KEY)
            lines = struct.unpack_from(f">{count}I", data, at := _KEY + _HEAD.size)
            rest = data[at + 4 * count :]
        except struct.error as error:
            raise Malformed(f"no table of marks: {error}") from error
        if per_record not in (1, 2) or len(rest) != MARK * count * per_record:
            raise Malformed(f"a table of {count} records has {len(rest)} bytes of marks")
        return cls(data[:_KEY], lines, rest[: MARK * count], rest[MARK * count :])
