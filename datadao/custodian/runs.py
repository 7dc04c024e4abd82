"""What an attestor owes to compute leases, round by round: to run what is due, sign how it ended, and hand out what is
paid for. `datadao compute run` does it once, a fleet's bot at every block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from datadao.chain.signatures import checker
from datadao.chain.view import AttestorSet, LeaseState
from datadao.client import DataDAO
from datadao.compute.agreed import last_run, program_of, require_reviews, reviewers, weigh
from datadao.compute.attestor import ComputeAttestor, Input
from datadao.compute.board import ComputeBoard
from datadao.compute.program import Map, Program
from datadao.crypto.keyfile import FINGERPRINT, SEALING, load_key, load_secret
from datadao.custodian.checks import Checks
from datadao.custodian.manifests import Manifests
from datadao.custodian.slots import view_of
from datadao.errors import ChainUnavailable, DataDAOError, LeaseRefused, ResultsDisagree, SlotMismatch
from datadao.messages import eip712
from datadao.messages.agreement import Program as Agreed
from datadao.messages.compute import ComputeResult, Ending
from datadao.profile import Profile
from datadao.schema import Schema
from datadao.storage.board import Board
from datadao.storage.store import Store


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
        over = self._over(lease, run, attestors)
        mine = self._signed(lease, run, over, attestors)
        new = mine is None
        if mine is None:
            mine = attestor.run(lease, run, program, over, self.spread)
            self.board.post_result(mine)
        handed, waits = [], ""
        for number in range(run + 1):
            try:
                agreed = self._agreed(lease, number, program, attestors)
                if agreed and lease.started and attestor.hand_out(lease, agreed):
                    handed.append(number)
            except ResultsDisagree as reason:
                waits = str(reason)
        return Served(lease.lease_id, run, Ending(mine.ending), new, tuple(handed), waits)

    def _over(self, lease: LeaseState, run: int, attestors: AttestorSet) -> Input:
        """What belongs to the dataset at the finalized block. The block is the one that others of the set named before
        for the same contributions, so that their results can be equal."""
        members, _ = self.checks.members(lease, self.manifests.contributions(lease.dataset_id))
        gone = self.checks.gone(members, "finalized")
        digest = bytes(self.dao.read("registry", "currentPolicy", lease.dataset_id).schemaHash)
        leaves = {name: item.leaf for name, item in members.items() if name not in gone}
        here = Input(lease.block.number, leaves, Schema(self.store.get(digest), digest))
        named = [
            result.input_block
            for result in self.board.results(lease.lease_id, run)
            if result.input_root == here.root and result.input_block <= here.block and self._counts(result, attestors)
        ]
        return Input(max(named, default=here.block), leaves, here.schema)

    def _counts(self, result: ComputeResult, attestors: AttestorSet) -> bool:
        """Is it signed by an attestor of the set?"""
        known = result.attestor in {party.signer for party in attestors.attestors}
        of_set = result.attestor_set_version == attestors.version
        return known and of_set and self._check(result.attestor, result.typed(self.dao.id), result.signature)

    def _signed(self, lease: LeaseState, run: int, over: Input, attestors: AttestorSet) -> ComputeResult | None:
        """What this attestor signed of the run over this input."""
        for result in self.board.results(lease.lease_id, run):
            if result.attestor == self.address and result.input_root == over.root and self._counts(result, attestors):
                return result
        return None

    def _agreed(self, lease: LeaseState, run: int, program: Agreed, attestors: AttestorSet) -> ComputeResult | None:
        """The result with an output that a threshold signed. Raises `ResultsDisagree` while it waits for reviews."""
        found = self.board.results(lease.lease_id, run)
        agreed = weigh(self.dao.id, found, lease.lease_id, run, attestors, self._check).agreed()
        if agreed is None or agreed.ending != Ending.OK:
            return None
        said = self.board.reviews(lease.lease_id, run)
        require_reviews(program, agreed, reviewers(self.dao.id, said, agreed, attestors, self._check))
        return agreed


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
