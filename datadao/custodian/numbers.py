"""Files by small numbers, so that a journal names each once and not in every bundle of every lease."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence

from datadao.errors import JournalCorrupt

_ID = 32


class Numbers:
    """Ids of contributions, each with the number of its place in the order in which they were added."""

    def __init__(self) -> None:
        self._ids: list[bytes] = []
        self._places: dict[bytes, int] = {}

    def place(self, name: bytes) -> int:
        """The number of a file that has one."""
        return self._places[name]

    def named(self, ids: Sequence[bytes]) -> dict[str, str]:
        """An entry's words for these files, in their order: `files` are runs of numbers like `0-499,502`, `new` the ids
        that get the next numbers by this entry, if there are any."""
        new = b64encode(b"".join(dict.fromkeys(name for name in ids if name not in self._places))).decode()
        self.add(new)
        runs = ",".join(f"{first}-{last}" if first < last else f"{first}" for first, last in self._runs(ids))
        return ({"new": new} if new else {}) | {"files": runs}

    def add(self, text: str) -> None:
        """Numbers further ids; those that have one keep it. Raises `JournalCorrupt`."""
        try:
            data = b64decode(text, validate=True)
        except (binascii.Error, ValueError, TypeError) as error:
            raise JournalCorrupt(f"the ids of new files are no base64: {error}; keep it, restore a copy") from error
        for at in range(0, len(data), _ID):
            if self._places.setdefault(data[at : at + _ID], len(self._ids)) == len(self._ids):
                self._ids.append(data[at : at + _ID])

    def ids(self, runs: str) -> tuple[bytes, ...]:
        """The files of such runs. Raises `JournalCorrupt`."""
        found: list[bytes] = []
        for run in filter(None, runs.split(",")):
            first, _, last = run.partition("-")
            try:
                part: Sequence[bytes] = self._ids[int(first) : int(last or first) + 1]
            except ValueError:
                part = ()
            if not part:
                raise JournalCorrupt(f"it numbers files {run}, and has {len(self._ids)}; keep it, restore a copy")
            found += part
        return tuple(found)

    def _runs(self, ids: Iterable[bytes]) -> Iterator[tuple[int, int]]:
        first = last = None
        for place in map(self._places.__getitem__, ids):
            if first is None or last is None:
                first = last = place
            elif place == last + 1:
                last = place
            else:
                yield first, last
                first = last = place
        if first is not None and last is not None:
            yield first, last
