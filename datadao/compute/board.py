"""Under which names in storage the parties to a program's run find each other's records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from datadao.messages.compute import ComputeKeys, ComputeOutput, ComputeResult, ComputeReview
from datadao.storage.board import Board


class ComputeBoard(Board):
    """The notice board, with what is said of compute leases."""

    @classmethod
    def of(cls, board: Board) -> ComputeBoard:
        """The same board."""
        return cls(board.dao, board._store, board._inbox)

    def post_keys(self, keys: ComputeKeys) -> None:
        """Posts a custodian's shares for an attestor."""
        record = keys.encode()
        place = (keys.lease_id, keys.attestor_set_version, keys.attestor.lower())
        self._store.put(self._name("compute-keys", *place, hashlib.sha256(record).hexdigest()), record)

    def keys_for(self, lease_id: int, set_version: int, attestor: str) -> Iterator[ComputeKeys]:
        """Shares that custodians posted for an attestor; `datadao.compute.attestor` says which count."""
        return self._records(ComputeKeys, "compute-keys", lease_id, set_version, attestor.lower())

    def post_result(self, result: ComputeResult) -> None:
        """Posts an attestor's word on a run, as many as there are inputs it was run on."""
        record = result.encode()
        place = (result.lease_id, result.run, result.attestor.lower(), hashlib.sha256(record).hexdigest())
        self._store.put(self._name("compute-results", *place), record)

    def results(self, lease_id: int, run: int) -> Iterator[ComputeResult]:
        """What attestors said of a run."""
        found = self._records(ComputeResult, "compute-results", lease_id, run)
        return (result for result in found if (result.lease_id, result.run) == (lease_id, run))

    def post_review(self, review: ComputeReview) -> None:
        """Posts an attestor's word on an output."""
        record = review.encode()
        place = (review.lease_id, review.run, review.attestor.lower(), hashlib.sha256(record).hexdigest())
        self._store.put(self._name("compute-reviews", *place), record)

    def reviews(self, lease_id: int, run: int) -> Iterator[ComputeReview]:
        """What attestors said of a run's output; `datadao.compute.agreed` says which count."""
        return self._records(ComputeReview, "compute-reviews", lease_id, run)

    def post_output(self, output: ComputeOutput) -> None:
        """Posts the sealed output of a run."""
        place = (output.lease_id, output.run, output.attestor.lower())
        record = output.encode()
        self._store.put(self._name("compute-outputs", *place, hashlib.sha256(record).hexdigest()), record)

    def outputs(self, lease_id: int, run: int) -> Iterator[ComputeOutput]:
        """Sealed outputs of a run; the commitment shows which is the one."""
        return self._records(ComputeOutput, "compute-outputs", lease_id, run)
