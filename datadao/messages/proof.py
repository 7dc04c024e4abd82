"""A leaf's proof, made when it is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload


class Proof(Sequence[bytes]):
    """A leaf's proof: of a million, few are looked at, and all together they take more room than the leaves."""

    __slots__ = ("_index", "_manifest")

    def __init__(self, manifest: Any, index: int) -> None:
        self._manifest, self._index = manifest, index

    def _made(self) -> tuple[bytes, ...]:
        proof: tuple[bytes, ...] = self._manifest.tree.proof(self._index)
        return proof

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[bytes, ...]: ...
    def __getitem__(self, place: Any) -> Any:
        return self._made()[place]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._made())

    def __len__(self) -> int:
        return len(self._made())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._made() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._made())
