"""A custodian's part in a compute lease: keys of files go to the attestors, who read them anyway, and to nobody else;
readiness is signed for a result that a threshold of them agree on, over what this custodian released."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from datadao.chain.view import AttestorSet, LeaseState
from datadao.compute.agreed import program_of, require_agreement, require_reviews, reviewers, weigh
from datadao.compute.board import ComputeBoard
from datadao.crypto.seal import seal
from datadao.custodian.custodian import Custodian, Prepared
from datadao.custodian.key_shares import Refused, grouped
from datadao.errors import ResultsDisagree, SlotMismatch
from datadao.messages.bundle import Readiness
from datadao.messages.compute import ComputeKeys, Limits, input_root, keys_info
from datadao.messages.submission import MAX_FILES
from datadao.types import Contribution, Party


@dataclass
class ComputeDuties:
    """The duties of one slot. What was released, to whom and at which blocks, is in the custodian's journal."""

    custodian: Custodian
    board: ComputeBoard

    def release(self, lease_id: int, contributions: Sequence[Contribution]) -> Refused:
        """Posts the shares of what belongs to the dataset now, sealed to each attestor of the current set, once.

        Takes all leaves of the dataset's active batches. Raises the `LeaseRefused` that says why a lease gives no right
        to a run, `ComputeLease` for a data lease, `ProgramRefused` for one without a program, `ChainUnavailable`.
        """
        custodian = self.custodian
        lease, attestors = self._lease(lease_id)
        program_of(self.board, lease)
        members, _ = custodian.checks.members(lease, contributions)
        for tag in ("finalized", "latest"):
            gone = custodian.checks.gone(members, tag)
            members = {name: item for name, item in members.items() if name not in gone}
        refused: Refused = {}
        for party in attestors.attestors:
            done = custodian.state.computed[lease_id, attestors.version, party.signer]
            due = {name: (lease.dataset_id, item.leaf) for name, item in members.items() if name not in done}
            opened, failed = custodian.key_shares.shares(due)
            refused |= failed
            for ids, shares in grouped(opened, MAX_FILES):
                self._post(lease, attestors.version, party, ids, shares)
        return refused

    def sign_readiness(self, lease_id: int, contributions: Sequence[Contribution]) -> Readiness:
        """The signature for `DataLeases.confirmDelivery` of an agreed first result over what this slot released.

        Raises `ResultsDisagree` while there is none, naming who differs, and while too few attestors confirmed its
        output, where the agreement asks for that.
        """
        custodian = self.custodian
        lease, attestors = self._lease(lease_id)
        program = program_of(self.board, lease)
        limits = Limits.agreed(program, 1)
        standing = weigh(custodian.dao, self.board.results(lease_id, 0), lease_id, 0, attestors, custodian.check)
        result = require_agreement(standing, lease_id, 0, len(attestors.attestors))
        said = (result.program_hash, result.engine, result.fuel_limit, result.memory_limit, result.output_limit)
        if said != (program.sha256, limits.engine, limits.fuel, limits.memory, limits.output):
            raise ResultsDisagree(f"lease {lease_id}: the attestors ran another program than the one agreed")
        said_so = reviewers(custodian.dao, self.board.reviews(lease_id, 0), result, attestors, custodian.check)
        require_reviews(program, result, said_so)
        if result.input_root != self.input_root(lease, contributions):
            raise ResultsDisagree(
                f"lease {lease_id}: what the attestors ran over is not the dataset of now; they run anew"
            )
        if lease.committee_version != custodian.committee_version:
            raise SlotMismatch(f"committee {lease.committee_version} signs for lease {lease_id}")
        return custodian.sign_readiness(Prepared(lease_id, result.release_root, lease.committee_version, 0, {}))

    def input_root(self, lease: LeaseState, contributions: Sequence[Contribution]) -> bytes:
        """Of what belongs to the dataset at the finalized block, in the leaves' order."""
        members, _ = self.custodian.checks.members(lease, contributions)
        gone = self.custodian.checks.gone(members, "finalized")
        return input_root([name for name in members if name not in gone])

    def _lease(self, lease_id: int) -> tuple[LeaseState, AttestorSet]:
        checks = self.custodian.checks
        lease = checks.computing(lease_id)
        return lease, checks.attestors()

    def _post(self, lease: LeaseState, version: int, party: Party, ids: tuple[bytes, ...], shares: bytes) -> None:
        custodian = self.custodian
        place = (lease.lease_id, custodian.committee_version, custodian.slot, version, party.signer)
        sealed = seal(shares, party.hpke_key, keys_info(custodian.dao, *place, ids))
        keys = ComputeKeys(*place, ids, sealed, b"")
        holder = custodian.holder()
        signature = custodian.signed_as(holder, keys.typed(custodian.dao))
        custodian.state.computing(lease.lease_id, version, party.signer, ids, custodian.checks.finalized)
        self.board.post_keys(ComputeKeys(*place, ids, sealed, signature))
        custodian.state.compute(lease.lease_id, version, party.signer, ids)
