"""A custodian on duty: every lease, one round after the other, until told to stop.

A round that fails half way has released nothing it should not have, and the next one goes on from there; so whatever
goes wrong with one lease, with storage or with the nodes is told, once, and tried again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event

from datadao.board import Board
from datadao.custody import Custodian, Prepared
from datadao.errors import DataDAOError, GateUnavailable, LeaseEnded, LeaseNotApproved, StoreError
from datadao.gate import LeaseState
from datadao.keyring import Refused
from datadao.manifests import Manifests
from datadao.release import Readiness
from datadao.types import Contribution

log = logging.getLogger("datadao.custodian")


@dataclass(frozen=True)
class Outcome:
    """Where a lease stands with this seat after a round: files held back and files released, by number; `refused` are
    those left out, `error` is why the round stopped before its end."""

    held: int
    released: int
    refused: Refused = field(default_factory=dict)
    error: DataDAOError | None = None

    def __str__(self) -> str:
        left_out = f", {len(self.refused)} left out" if self.refused else ""
        stopped = f"; {type(self.error).__name__}: {self.error}" if self.error else ""
        return f"{self.released} files released, {self.held} held back{left_out}{stopped}"


Round = Mapping[int, Outcome]
"""Outcomes by lease id, of the leases that are approved and not over."""


class Watch:
    """One seat's loop. `name` stands before what it logs."""

    def __init__(self, custodian: Custodian, name: str = "") -> None:
        self.custodian = custodian
        self.name = name or f"seat {custodian.epoch}-{custodian.slot}"
        self._manifests = Manifests(custodian.dao, custodian.warden, custodian.store)
        self._board = Board(custodian.dao, custodian.store)
        self._over: set[int] = set()
        self._prepared: dict[int, tuple[object, Refused]] = {}
        self._told: dict[object, str] = {}

    def round(self) -> Round:
        """Serves every lease once. Raises `GateUnavailable` when not even their number can be read."""
        outcomes: dict[int, Outcome] = {}
        for lease_id in self.custodian.warden.leases():
            if lease_id in self._over:
                continue
            try:
                outcome = self._serve(lease_id)
            except GateUnavailable as error:
                outcome = self._outcome(lease_id, {}, error)
            if outcome is not None:
                outcomes[lease_id] = outcome
                self._tell(lease_id, f"lease {lease_id}: {outcome}", error=outcome.error is not None)
        self._tell(None, "the nodes answer", error=False)
        return outcomes

    def run(self, stop: Event, interval: float) -> None:
        """A round every `interval` seconds until `stop` is set; ends after the round under way."""
        while not stop.is_set():
            try:
                self.round()
            except DataDAOError as error:
                self._tell(None, f"{type(error).__name__}: {error}", error=True)
            stop.wait(interval)

    def _serve(self, lease_id: int) -> Outcome | None:
        """None for a lease that asks nothing of a custodian: not approved yet, or finally over."""
        seat = self.custodian
        refused: Refused = {}
        error: DataDAOError | None = None
        try:
            lease = seat.warden.approved(lease_id)
        except LeaseNotApproved:
            return None
        except LeaseEnded:
            seat.forget(lease_id)
            self._over.add(lease_id)
            return None
        try:
            contributions = self._manifests.contributions(lease.dataset_id)
            refused = self._prepare(lease, contributions)
            if lease.started:
                refused = {**refused, **seat.publish(lease_id, contributions)}
        except DataDAOError as reason:
            error = reason
        return self._outcome(lease_id, refused, error)

    def _outcome(self, lease_id: int, refused: Refused, error: DataDAOError | None) -> Outcome:
        held = sum(len(bundle.ids) for bundle in self.custodian.vault.of(lease_id))
        return Outcome(held, len(self.custodian.released(lease_id)), refused, error)

    def _prepare(self, lease: LeaseState, contributions: Sequence[Contribution]) -> Refused:
        """Prepares what is new since the last time: leaves, or the licensee's key."""
        state = (lease.hpke_key, len(contributions))
        known, refused = self._prepared.get(lease.lease_id, (None, {}))
        if known == state:
            return refused
        prepared = self.custodian.prepare(lease.lease_id, contributions)
        if not lease.started and lease.committee_epoch == self.custodian.epoch:
            self._announce(prepared)
        # What storage lacks today may be there tomorrow; a seal that does not open never will.
        if not any(isinstance(reason, StoreError) for reason in prepared.refused.values()):
            self._prepared[lease.lease_id] = (state, prepared.refused)
        return prepared.refused

    def _announce(self, prepared: Prepared) -> None:
        seat = self.custodian
        signature = seat.sign_readiness(prepared)
        place = (prepared.lease_id, prepared.release_root, prepared.committee_epoch)
        self._board.ready(Readiness(*place, seat.seat().signer, signature))

    def _tell(self, about: object, text: str, *, error: bool) -> None:
        """Logs what is new; the same again, round after round, is not."""
        if self._told.get(about) != text:
            self._told[about] = text
            log.log(logging.WARNING if error else logging.INFO, "%s: %s", self.name, text)
