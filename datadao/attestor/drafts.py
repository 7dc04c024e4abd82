"""Drafts side by side: which of those on the board may still become batches, and what stands in them.

One contribution must not come into two batches: supply would double, and a claim of the second would be refused. The
registry does not see it (a root hides its leaves), so attestors do. Of two drafts with a contribution in common the one
of the lower dataset and sequence is signed; one that has its signatures can be published by any account, so it stands
whatever else is drafted; and no attestor signs two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from datadao.attestor.agreement import Agreement
from datadao.attestor.marks import MARK
from datadao.errors import (
    DataDAOError,
    DraftRefused,
    HashMismatch,
    Malformed,
    ObjectMissing,
    ObjectTooLarge,
    StoreUnavailable,
)
from datadao.messages.manifest import Manifest
from datadao.messages.score import Draft
from datadao.storage.manifests import read_manifest
from datadao.types import Leaf

if TYPE_CHECKING:
    from datadao.storage.board import Board
    from datadao.storage.store import Store


@dataclass(frozen=True)
class Posted:
    """A draft on the board that could still be published, and its dataset's `agreement`. `signatures` are good ones of
    attestors, its drafter's among them; `stored` is its manifest, or why storage does not have it as it was signed."""

    agreement: Agreement
    draft: Draft
    stored: Manifest | DataDAOError
    signatures: Mapping[str, bytes]

    @property
    def place(self) -> tuple[int, int]:
        """Dataset and sequence: which of two drafts comes first."""
        return self.draft.batch.dataset_id, self.draft.batch.sequence

    @property
    def complete(self) -> bool:
        """Has it the signatures it needs?"""
        return len(self.signatures) >= self.agreement.threshold

    @property
    def manifest(self) -> Manifest:
        """Its leaves. Raises what storage does wrong."""
        if isinstance(self.stored, DataDAOError):
            raise self.stored
        return self.stored

    @cached_property
    def leaves(self) -> Sequence[Leaf]:
        return () if isinstance(self.stored, DataDAOError) else self.stored.leaves

    @cached_property
    def marks(self) -> frozenset[bytes]:
        """Of its contributions, and of the records that they earned by, as far as this agreement can read them."""
        return frozenset(mark for leaf in self.leaves for mark in marks_of(leaf)) | self.records

    @cached_property
    def records(self) -> frozenset[bytes]:
        """Marks of the records that earned. Raises what storage does wrong with those of a complete draft."""
        units = self.agreement.units
        if units is None or isinstance(self.stored, DataDAOError):
            return frozenset()
        try:
            left = units.left_by(self.stored)
        except StoreUnavailable:
            raise
        except DataDAOError:
            if self.complete:
                raise
            return frozenset()
        return frozenset(marks[at : at + MARK] for marks in left for at in range(0, len(marks), MARK))

    @property
    def words(self) -> str:
        return f"draft {self.place[1]} of dataset {self.place[0]} by {self.draft.drafter}"

    def shared(self, marks: Collection[bytes]) -> str:
        """How many of its contributions carry one of these marks, in words."""
        count = sum(any(mark in marks for mark in marks_of(leaf)) for leaf in self.leaves)
        if not count and (records := sum(mark in marks for mark in self.records)):
            return f"{records} records of {self.words}"
        return f"{count} of {len(self.leaves)} contributions of {self.words}"


class Drafts:
    """What the board has now, of all datasets, in order of their places."""

    def __init__(self, posted: Iterable[Posted]) -> None:
        self.items = sorted(posted, key=lambda item: item.place)
        self._counted: dict[tuple[int, int], bool] = {}

    @classmethod
    def read(cls, agreements: Iterable[Agreement], board: Board, store: Store) -> Drafts:
        """Of each dataset by its agreement. Strangers' drafts, and those of other attestor sets, past their deadline or
        no longer in sequence, are left out."""
        return cls(item for agreement in agreements for item in _posted(agreement, board, store))

    def of(self, dataset_id: int) -> list[Posted]:
        """Those of one dataset."""
        return [item for item in self.items if item.place[0] == dataset_id]

    def standing(self, *, anew: str | None = None) -> dict[bytes, Posted]:
        """Marks of what stands in a draft that may still be published; without incomplete ones of `anew`, whose drafter
        replaces them.

        Raises as `Posted.manifest` if that of a complete draft is lost: what is in it cannot be known.
        """
        found: dict[bytes, Posted] = {}
        for item in self.items:
            if self._counts(item) and (item.draft.drafter != anew or item.complete):
                marks = {mark for leaf in item.manifest.leaves for mark in marks_of(leaf)} | item.records
                found = dict.fromkeys(marks, item) | found
        return found

    def check(self, item: Posted, signer: str) -> None:
        """Raises `DraftRefused` if another draft stands in the way of this attestor's signature of this one."""
        for other in self.items:
            first = other.place < item.place or other.complete or signer in other.signatures
            if other is not item and first and item.marks & other.marks and self._counts(other):
                raise DraftRefused(f"{item.shared(other.marks)} stand in {other.words} as well; sign that one")

    def publishable(self, dataset_id: int, taken: Collection[bytes]) -> Posted | None:
        """The first of a dataset that is complete and holds nothing that was published (`taken`); None if none is
        complete.

        Raises `DraftRefused` if all that are complete hold such, and as `Posted.manifest`.
        """
        refused = []
        for item in self.of(dataset_id):
            if item.complete:
                if not any(mark in taken for leaf in item.manifest.leaves for mark in marks_of(leaf)):
                    return item
                refused.append(f"{item.shared(taken)} are published already")
        if refused:
            raise DraftRefused(f"{'; '.join(refused)}; publishing them again would count them twice, so draft anew")
        return None

    def _counts(self, item: Posted) -> bool:
        """Can it still become a batch? One that is incomplete and that no honest attestor would sign cannot."""
        if item.place not in self._counted:
            outdone = self.replaced(item) or any(other.complete and other.marks & item.marks for other in self.items)
            self._counted[item.place] = item.complete or (not outdone and _sound(item))
        return self._counted[item.place]

    def replaced(self, item: Posted) -> bool:
        """Did its drafter draft some of it again, later, before it was complete?"""
        return not item.complete and any(
            other.draft.drafter == item.draft.drafter and other.place > item.place and other.marks & item.marks
            for other in self.of(item.place[0])
        )


def marks_of(leaf: Leaf) -> tuple[bytes, bytes]:
    """What makes a contribution the same as another: its data's fingerprint, its file's hash."""
    return leaf.fingerprint, leaf.file_hash


def _sound(item: Posted) -> bool:
    if isinstance(item.stored, DataDAOError):
        return False
    try:
        item.agreement.examine(item.draft, item.stored, None)
    except DraftRefused:
        return False
    return True


def _posted(agreement: Agreement, board: Board, store: Store) -> Iterator[Posted]:
    attestors = {party.signer for party in agreement.attestors}
    for draft in board.drafts(agreement.dataset_id):
        batch, message = draft.batch, draft.batch.typed(agreement.dao)
        live = batch.sequence > agreement.last_sequence and batch.deadline > agreement.now
        if not live or batch.attestor_set_version != agreement.set_version or draft.drafter not in attestors:
            continue
        if batch.dataset_id != agreement.dataset_id or not agreement.check(draft.drafter, message, draft.signature):
            continue
        good = {draft.drafter: draft.signature}
        for signed in board.signatures(batch.digest(agreement.dao)):
            if signed.signer in attestors and agreement.check(signed.signer, message, signed.signature):
                good.setdefault(signed.signer, signed.signature)
        yield Posted(agreement, draft, _read(agreement, store, batch.manifest_hash), good)


def _read(agreement: Agreement, store: Store, digest: bytes) -> Manifest | DataDAOError:
    try:
        return read_manifest(store, agreement.dao, digest)
    except (ObjectMissing, ObjectTooLarge, HashMismatch, Malformed) as error:
        return error
