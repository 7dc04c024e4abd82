"""A custodian as a service: every lease, one round after the other, until stopped.

A round that fails half way has released nothing it should not have, and the next one goes on from there; so whatever
goes wrong with one lease, with storage or with the nodes is logged once and tried again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

from datadao.agreements import Agreed
from datadao.chain.connection import in_words
from datadao.chain.view import Counts, LeaseState
from datadao.compute.board import ComputeBoard
from datadao.custodian.compute import ComputeDuties
from datadao.custodian.custodian import Custodian
from datadao.custodian.key_shares import Refused
from datadao.custodian.manifests import Manifests
from datadao.errors import ChainUnavailable, DataDAOError, LeaseEnded, LeaseNotApproved, ResultsDisagree, StoreError
from datadao.messages.purposes import COMPUTE
from datadao.storage.board import Board
from datadao.text import visible_log
from datadao.types import Contribution

log = visible_log("datadao.custodian")


@dataclass(frozen=True)
class Outcome:
    """Where a lease stands with this slot after a round: files held back and files released, by number; `refused` are
    those left out, `error` is why the round stopped before its end."""

    held: int
    released: int
    refused: Refused = field(default_factory=dict)
    error: DataDAOError | None = None

    def __str__(self) -> str:
        left_out = f", {len(self.refused)} left out" if self.refused else ""
        stopped = f"; {type(self.error).__name__}: {self.error}" if self.error else ""
        return f"{self.released} files released, {self.held} held back{left_out}{stopped}"


@dataclass(frozen=True)
class Round:
    """`leases` are outcomes by id, of leases that are approved and not over; `tested` new submissions opened, `refused`
    did not. `error` is why test-opening stopped."""

    leases: Mapping[int, Outcome]
    tested: int = 0
    refused: Refused = field(default_factory=dict)
    error: DataDAOError | None = None

    @property
    def metrics(self) -> dict[str, int]:
        """Figures for a monitor; `stopped` are leases that were not served to the end."""
        outcomes = self.leases.values()
        return {
            "leases": len(outcomes),
            "released": sum(outcome.released for outcome in outcomes),
            "held": sum(outcome.held for outcome in outcomes),
            "refused": sum(len(outcome.refused) for outcome in outcomes) + len(self.refused),
            "stopped": sum(outcome.error is not None for outcome in outcomes) + (self.error is not None),
            "tested": self.tested,
        }


class Service:
    """One slot's duties. `board` is where submissions and readiness are posted; `name` stands before what is logged;
    `agreed` finds the agreement of a lease, which is said of each that is served first."""

    def __init__(
        self, custodian: Custodian, board: Board, name: str = "", agreed: Callable[[int], Agreed] | None = None
    ) -> None:
        self.custodian = custodian
        self.name = name or f"slot {custodian.committee_version}-{custodian.slot}"
        self._manifests = Manifests(custodian.dao, custodian.checks, custodian.store)
        self._board, self._inbox = board, Inbox(custodian, board)
        self._agreed = agreed
        self._over: set[int] = set()
        self._said: set[int] = set()
        self._first = 1
        self._prepared: dict[int, tuple[object, Refused]] = {}
        self._logged: dict[object, str] = {}
        self._gone: Callable[[int], Refused] = lambda _: {}

    def round(self) -> Round:
        """Test-opens new submissions and serves every lease, once. Raises `ChainUnavailable` when there is no chain.

        A round in which a node failed, as one that limits requests does, is followed by one that begins after the last
        lease that was served: otherwise the last leases would never have their turn.
        """
        try:
            counts = self.custodian.checks.counts()
        except ChainUnavailable as silence:
            self._log("nodes", f"{type(silence).__name__}: {silence}", logging.WARNING)
            raise
        self._log("nodes", "the nodes answer")
        tested, refused, error = self._test(counts)
        leases: dict[int, Outcome] = {}
        served, failed = self._first, False
        order = (*range(self._first, counts.leases + 1), *range(1, min(self._first, counts.leases + 1)))
        due = [lease_id for lease_id in order if lease_id not in self._over]
        try:
            states: Mapping[int, LeaseState] = self.custodian.checks.leases(due)
        except ChainUnavailable:
            states = {}  # each by itself, then
        contributions = cache(partial(self._manifests.contributions, count=counts.batches))
        self._gone = cache(lambda dataset: self.custodian.checks.gone_of(dataset, contributions(dataset)))
        for lease_id in due:
            outcome = self._serve(lease_id, states.get(lease_id), contributions)
            if outcome is not None:
                leases[lease_id] = outcome
                self._log(lease_id, f"lease {lease_id}: {outcome}", logging.WARNING if outcome.error else logging.INFO)
            if outcome is not None and isinstance(outcome.error, ChainUnavailable):
                failed = True
            else:
                served = lease_id
        self._first = served % max(counts.leases, 1) + 1 if failed else 1
        self._tidy()
        return Round(leases, tested, refused, error)

    def _tidy(self) -> None:
        try:
            self.custodian.tidy()
        except DataDAOError as reason:
            self._log("journal", f"the journal does not begin anew: {type(reason).__name__}: {reason}", logging.WARNING)

    def _test(self, counts: Counts) -> tuple[int, Refused, DataDAOError | None]:
        """Submissions are made for the current committee only."""
        if self.custodian.committee_version != counts.committees:
            return 0, {}, None
        try:
            tested, refused = self._inbox.round(range(1, counts.datasets + 1))
        except DataDAOError as error:
            self._log("submissions", f"submissions: {type(error).__name__}: {error}", logging.WARNING)
            return 0, {}, error
        for name, reason in refused.items():
            log.warning("%s: submission %s: %s: %s", self.name, name.hex(), type(reason).__name__, reason)
        if tested:
            log.info("%s: %d submissions test-opened", self.name, tested)
        self._logged.pop("submissions", None)
        return tested, refused, None

    def _serve(
        self, lease_id: int, state: LeaseState | None, listed: Callable[[int], list[Contribution]]
    ) -> Outcome | None:
        """None for a lease that asks nothing of a custodian: not approved yet, or finally over."""
        custodian = self.custodian
        refused: Refused = {}
        error: DataDAOError | None = None
        try:
            lease = custodian.checks.served(state) if state else custodian.checks.approved(lease_id)
        except ChainUnavailable as reason:
            return self._outcome(lease_id, {}, reason)
        except LeaseNotApproved:
            return None
        except LeaseEnded:
            custodian.forget(lease_id)
            self._over.add(lease_id)
            return None
        self._say_agreed(lease_id)
        try:
            contributions = listed(lease.dataset_id)
            if lease.purposes == COMPUTE:
                return self._compute(lease, contributions)
            refused = self._prepare(lease, contributions)
            if lease.started:
                refused = {**refused, **custodian.publish(lease_id, contributions)}
        except DataDAOError as reason:
            error = reason
        return self._outcome(lease_id, refused, error)

    def _say_agreed(self, lease_id: int) -> None:
        """What it is that keys are released for. For a custodian to know: nothing that it does depends on it, and that
        it cannot be read stops nothing."""
        if self._agreed is None or lease_id in self._said:
            return
        about = (lease_id, "agreement")
        try:
            found = self._agreed(lease_id)
        except Exception as error:
            self._log(about, f"lease {lease_id}: its agreement cannot be read: {in_words(error)}", logging.WARNING)
            return
        self._said.add(lease_id)
        told = "".join(f"; {text}" for text in found.differences)
        text = f"lease {lease_id}: agreement {found}{told}; in words: `datadao lease show {lease_id}`"
        self._log(about, text, logging.INFO if found.sound else logging.WARNING)

    def _compute(self, lease: LeaseState, contributions: Sequence[Contribution]) -> Outcome:
        """Keys go to the attestors; before the first instalment, readiness is signed for what they agree on."""
        duties = ComputeDuties(self.custodian, ComputeBoard.of(self._board))
        refused: Refused = {}
        error: DataDAOError | None = None
        try:
            refused = duties.release(lease.lease_id, contributions)
            if not lease.started and lease.committee_version == self.custodian.committee_version:
                self._board.ready(duties.sign_readiness(lease.lease_id, contributions))
        except ResultsDisagree as reason:
            self._log((lease.lease_id, "results"), str(reason))
        except DataDAOError as reason:
            error = reason
        computed = self.custodian.state.computed
        files = set[bytes]().union(*(ids for (number, *_), ids in computed.items() if number == lease.lease_id))
        return Outcome(0, len(files), refused, error)

    def _outcome(self, lease_id: int, refused: Refused, error: DataDAOError | None) -> Outcome:
        held = sum(len(bundle.ids) for bundle in self.custodian.state.of(lease_id))
        return Outcome(held, len(self.custodian.state.released.get(lease_id, ())), refused, error)

    def _prepare(self, lease: LeaseState, contributions: Sequence[Contribution]) -> Refused:
        """Prepares what is new since the last time: leaves, or the licensee's key."""
        state = (lease.hpke_key, len(contributions))
        known, refused = self._prepared.get(lease.lease_id, (None, {}))
        if known == state:
            return refused
        gone = partial(self._gone, lease.dataset_id)
        prepared = self.custodian.prepare(lease.lease_id, contributions, lease=lease, gone=gone)
        if not lease.started and lease.committee_version == self.custodian.committee_version:
            self._board.ready(self.custodian.sign_readiness(prepared))
        # What storage lacks today may be there tomorrow; a seal that does not open never will.
        if not any(isinstance(reason, StoreError) for reason in prepared.refused.values()):
            self._prepared[lease.lease_id] = (state, prepared.refused)
        return prepared.refused

    def _log(self, about: object, text: str, level: int = logging.INFO) -> None:
        """Logs what is new; the same again, round after round, is not."""
        if self._logged.get(about) != text:
            self._logged[about] = text
            log.log(level, "%s: %s", self.name, text)


class Inbox:
    """The submissions of a slot: each is read, and a refused one tried, once in the process."""

    def __init__(self, custodian: Custodian, board: Board) -> None:
        self._custodian, self._board = custodian, board
        self._seen: set[bytes] | None = None

    def round(self, datasets: Iterable[int]) -> tuple[int, Refused]:
        """Test-opens what is new in these datasets; returns how many files opened, and those that did not.

        Raises `StoreUnavailable`, `ChainUnavailable`, `SlotMismatch`.
        """
        custodian = self._custodian
        if self._seen is None:
            said = self._board.witnesses(custodian.committee_version, custodian.slot)
            # Any account can post in this slot's name: what its holder signed is what counts.
            mine = (w for w in said if custodian.check(custodian.holder().signer, w.typed(custodian.dao), w.signature))
            self._seen = {name for witness in mine for name in witness.submissions}
        new = dict(pair for number in datasets for pair in self._board.submissions(number, self._seen))
        witnesses, refused = custodian.test_open(list(new.values()))
        for witness in witnesses:
            self._board.witness(witness)
        self._seen |= new.keys()
        return len(new) - len(refused), refused
