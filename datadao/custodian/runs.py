"""What an attestor owes to compute leases, round by round: to run what is due, sign how it ended, and hand out what is
paid for. `datadao compute run` does it once, a fleet's bot at every block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from datadao.chain.signatures import checker
from datadao.chain.view import AttestorSet, LeaseState, Payment
from datadao.client import DataDAO
from datadao.compute.agreed import (
    Standing,
    last_run,
    paid_for,
    program_of,
    require_reviews,
    reviewers,
    weigh_all,
)
from datadao.compute.attestor import ComputeAttestor, Input
from datadao.compute.board import ComputeBoard
from datadao.compute.program import Map, Program
from datadao.crypto.keyfile import FINGERPRINT, SEALING, load_key, load_secret
from datadao.custodian.checks import Checks
from datadao.custodian.manifests import Manifests
from datadao.custodian.slots import view_of
from datadao.errors import ChainUnavailable, DataDAOError, LeaseRefused, OutputMissing, ResultsDisagree, SlotMismatch
from datadao.messages import eip712
from datadao.messages.agreement import Program as Agreed
from datadao.messages.compute import ComputeResult, Ending
from datadao.profile import Profile
from datadao.schema import Schema
from datadao.storage.board import Board
from datadao.storage.store import Store
from datadao.types import Contribution, Party


@dataclass(frozen=True)
class Served:
    """What was done for a lease: `run` ended with `ending`, `new` if that was now, and the outputs of runs `handed_out`
    went to the licensee; `waits` says for what the output of the last run waits, `error` why nothing was done."""

    lease_id: int
    run: int = 0
    ending: Ending | None = None
    new: bool = False
    handed_out: tuple[int, ...] = ()
    waits: str = ""
    error: DataDAOError | None = None


@dataclass(kw_only=True)
class Runs:
    """An attestor at work. `key` opens what custodians seal to it, `secret` is the attestors' common one; `home` is the
    role's folder. `spread`, if there is one, maps the shards of a program."""

    dao: DataDAO
    address: str
    key: X25519PrivateKey
    secret: bytes
    signer: eip712.Signer
    store: Store
    board: ComputeBoard
    home: Path
    nodes: Sequence[str] = ()
    seconds: int = 3600
    spread: Callable[[Program, BinaryIO], Map] | None = None

    def __post_init__(self) -> None:
        self.view = view_of(self.dao, self.nodes, self.home)
        self.checks = Checks(self.view, self.dao.id)
        self.manifests = Manifests(self.dao.id, self.checks, self.store)
        self._check = checker(self.dao.web3)
        self._schemas: dict[bytes, Schema] = {}

    def round(self) -> Iterator[Served]:
        """Every compute lease that gives a right to a run; what goes wrong with one does not stop the others.

        Raises `SlotMismatch` for an account that is in no attestor set of now, `ChainUnavailable`.
        """
        attestors, attestor = self.now()
        for number in range(1, self.checks.counts().leases + 1):
            try:
                lease = self.checks.computing(number)
            except ChainUnavailable:
                raise
            except LeaseRefused:
                continue
            try:
                yield self._serve(lease, attestors, attestor)
            except DataDAOError as error:
                yield Served(number, error=error)

    def now(self) -> tuple[AttestorSet, ComputeAttestor]:
        """The attestor set at the finalized block, and this attestor in it. Raises `SlotMismatch`."""
        attestors = self.checks.attestors()
        if self.address not in {party.signer for party in attestors.attestors}:
            raise SlotMismatch(
                f"{self.address} is not an attestor of set {attestors.version}; name the right --account"
            )
        versions = range(1, self.dao.read("registry", "committeeVersion") + 1)
        return attestors, ComputeAttestor(
            dao=self.dao.id,
            address=self.address,
            set_version=attestors.version,
            private_key=self.key,
            secret=self.secret,
            signer=self.signer,
            committees={version: self.dao.committee(version) for version in versions},
            store=self.store,
            board=self.board,
            home=self.home / "compute",
            seconds=self.seconds,
            check=self._check,
        )

    def close(self) -> None:
        """Lets another process take what the nodes said."""
        self.view.close()

    def _serve(self, lease: LeaseState, attestors: AttestorSet, attestor: ComputeAttestor) -> Served:
        program, run = program_of(self.board, lease), last_run(lease)
        ending, new = self._ended(lease, run, program, attestors, attestor)
        handed, waits = [], ""
        for number in range(run + 1):
            if number < run and not attestor.keeps(lease.lease_id, number):
                continue
            try:
                agreed = self._agreed(lease, number, program, attestors)
                if agreed and lease.started and attestor.hand_out(lease, agreed):
                    handed.append(number)
            except ResultsDisagree as reason:
                waits = str(reason)
        return Served(lease.lease_id, run, ending, new, tuple(handed), waits)

    def _ended(
        self, lease: LeaseState, run: int, program: Agreed, attestors: AttestorSet, attestor: ComputeAttestor
    ) -> tuple[Ending, bool]:
        """How the run ended, and whether it was made now.

        One payment is for one output, as two of them could be compared. So the first run is made again for other data
        only as long as nothing is paid, and a run that is paid for is over the data at the block of its payment, which
        all attestors find whenever they look. Raises `OutputMissing` for a paid result that storage does not have.
        """
        payment = self._payment(lease, run)
        over = self._now(lease, run, attestors) if payment is None else None
        mine = self._mine(lease, run, payment, over, attestors)
        if mine is not None:
            return Ending(mine.ending), False
        if payment is not None:
            agreed = self._standing(lease, run, payment, attestors)[0].agreed()
            if payment.root and agreed is None:
                raise OutputMissing(
                    f"lease {lease.lease_id} is paid for result 0x{payment.root.hex()}, which storage does not have as "
                    "a threshold of attestors signed it"
                )
            over = None if payment.root else self._then(lease, payment, attestor)
            if agreed is not None and (over is None or over.root != agreed.input_root):
                return Ending(agreed.ending), False
        assert over is not None
        made = attestor.run(lease, run, program, over, self.spread)
        self.board.post_result(made)
        return Ending(made.ending), True

    def _payment(self, lease: LeaseState, run: int) -> Payment | None:
        """The instalment that the run is for; None before the first."""
        return self.checks.payments(lease)[run] if lease.started else None

    def _now(self, lease: LeaseState, run: int, attestors: AttestorSet) -> Input:
        """What belongs to the dataset at the finalized block. The block is the one that others of the set named before
        for the same contributions, so that their results can be equal."""
        members, _ = self.checks.members(lease, self.manifests.contributions(lease.dataset_id))
        gone = self.checks.gone(members, "finalized")
        here = self._input(lease.block.number, {name: item for name, item in members.items() if name not in gone})
        named = [
            result.input_block
            for result in self.board.results(lease.lease_id, run)
            if result.input_root == here.root and result.input_block <= here.block and self._counts(result, attestors)
        ]
        return Input(max(named, default=here.block), here.leaves, here.schemas)

    def _then(self, lease: LeaseState, payment: Payment, attestor: ComputeAttestor) -> Input:
        """What belonged to the dataset at the block of a payment. Without what left since, if custodians had not given
        its key by then: they never will, and the run could not be made."""
        listed = self.manifests.contributions(lease.dataset_id)
        members, _ = self.checks.members(lease, listed, payment.timestamp)
        gone = self.checks.gone(members, payment.block)
        there = {name: item for name, item in members.items() if name not in gone}
        left = {name: there[name].leaf for name in self.checks.gone(there, "finalized")}
        lost = left.keys() - attestor.openable(lease.lease_id, left)
        return self._input(payment.block, {name: item for name, item in there.items() if name not in lost})

    def _input(self, block: int, members: Mapping[bytes, Contribution]) -> Input:
        leaves = {name: item.leaf for name, item in members.items()}
        return Input(block, leaves, {name: self._schema(item.batch_id) for name, item in members.items()})

    def _schema(self, batch_id: int) -> Schema:
        """By which the batch's records were accepted, whatever was voted since."""
        digest = self.checks.schema(batch_id)
        if digest not in self._schemas:
            self._schemas[digest] = Schema(self.store.get(digest), digest)
        return self._schemas[digest]

    def _counts(self, result: ComputeResult, attestors: AttestorSet) -> bool:
        """Is it signed by an attestor of the set?"""
        known = result.attestor in {party.signer for party in attestors.attestors}
        of_set = result.attestor_set_version == attestors.version
        return known and of_set and self._check(result.attestor, result.typed(self.dao.id), result.signature)

    def _mine(
        self, lease: LeaseState, run: int, payment: Payment | None, over: Input | None, attestors: AttestorSet
    ) -> ComputeResult | None:
        """What this attestor signed of the run that is paid for, or over this input."""
        for result in paid_for(self.board.results(lease.lease_id, run), payment):
            own = result.attestor == self.address and (over is None or result.input_root == over.root)
            if own and self._counts(result, attestors):
                return result
        return None

    def _standing(
        self, lease: LeaseState, run: int, payment: Payment | None, attestors: AttestorSet
    ) -> tuple[Standing, AttestorSet]:
        """What counts, and by which set. What is paid for stays so when the set changes."""
        results = paid_for(self.board.results(lease.lease_id, run), payment)
        sets = sets_until(self.dao, attestors.version) if payment else (attestors,)
        return weigh_all(self.dao.id, results, lease.lease_id, run, sets, self._check)

    def _agreed(self, lease: LeaseState, run: int, program: Agreed, attestors: AttestorSet) -> ComputeResult | None:
        """The result with an output that a threshold signed. Raises `ResultsDisagree` while it waits for reviews."""
        standing, by = self._standing(lease, run, self._payment(lease, run), attestors)
        agreed = standing.agreed()
        if agreed is None or agreed.ending != Ending.OK:
            return None
        said = self.board.reviews(lease.lease_id, run)
        require_reviews(program, agreed, reviewers(self.dao.id, said, agreed, by, self._check))
        return agreed


def sets_until(dao: DataDAO, version: int) -> Iterator[AttestorSet]:
    """The attestor sets up to a version, newest first."""
    for number in range(version, 0, -1):
        members, threshold = dao.read("registry", "attestors", number)
        yield AttestorSet(number, threshold, tuple(Party(*member) for member in members))


def open_runs(dao: DataDAO, profile: Profile, signer: eip712.Signer, address: str) -> Runs:
    """The duties of the attestor whose folder this is. Raises `KeyFileRefused`, `ProfileRefused` and what `view_of`
    raises."""
    store = Store(**profile.needed("store"))
    board = Board(dao.id, store, Store(**profile.inbox) if profile.inbox else None)
    keys = profile.home / "keys"
    return Runs(
        dao=dao,
        address=address,
        key=load_key(keys / SEALING),
        secret=load_secret(keys / FINGERPRINT),
        signer=signer,
        store=store,
        board=ComputeBoard.of(board),
        home=profile.home,
        nodes=profile.nodes,
    )
