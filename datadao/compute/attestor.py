"""An attestor's part in a compute lease: it opens the input, runs the program, signs how that ended, and hands the
output to the licensee once it is paid for."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from datadao.chain.view import LeaseState
from datadao.compute.board import ComputeBoard
from datadao.compute.columns import write_columns
from datadao.compute.program import Map, Part, Program
from datadao.compute.sandbox import require
from datadao.crypto import files
from datadao.crypto.envelope import SHARE, Context, Envelope, recover
from datadao.crypto.seal import seal, unseal
from datadao.errors import BundleRefused, DataDAOError, Malformed, OutputMissing, StoreUnavailable
from datadao.messages import eip712
from datadao.messages.agreement import Program as Agreed
from datadao.messages.compute import (
    MAX_PROGRAM,
    ComputeKeys,
    ComputeOutput,
    ComputeResult,
    ComputeReview,
    Ending,
    Limits,
    commit,
    input_root,
    output_info,
    run_key,
)
from datadao.records import ValidRecord, valid_records
from datadao.schema import Schema
from datadao.storage.store import Store
from datadao.types import Committee, Dao, Leaf, Slot

Shares = defaultdict[bytes, dict[Slot, bytes]]
"""Of files by id, by the slots they are of."""
WAITING = ".waiting"
"""Suffix of an output that is not paid for."""


@dataclass(frozen=True)
class Input:
    """What a run is over: contributions by id in the leaves' order, as they stand at the final block `block`, and for
    each the schema that says what in it is a record."""

    block: int
    leaves: Mapping[bytes, Leaf]
    schemas: Mapping[bytes, Schema]

    @property
    def root(self) -> bytes:
        """Raises `NothingToRelease` for an empty one."""
        return input_root(list(self.leaves))


@dataclass(kw_only=True)
class ComputeAttestor:
    """An attestor of set `set_version`. `secret` is the attestors' common one, `committees` are as on-chain; `home` is
    a private folder, in which outputs wait until they are paid for."""

    dao: Dao
    address: str
    set_version: int
    private_key: X25519PrivateKey
    secret: bytes
    signer: eip712.Signer
    committees: Mapping[int, Committee]
    store: Store
    board: ComputeBoard
    home: Path
    seconds: int = 3600
    check: eip712.SignatureCheck = eip712.signed_by

    def run(
        self,
        lease: LeaseState,
        run: int,
        agreed: Agreed,
        over: Input,
        spread: Callable[[Program, BinaryIO], Map] | None = None,
    ) -> ComputeResult:
        """Runs the program over the input and signs how it ended; the output stays here. `spread` maps shards.

        Raises `NotEnoughShares` while custodians have not released a file, `HashMismatch` for another module behind
        the hash, and what storage raises.
        """
        limits = Limits.agreed(agreed, self.seconds)
        program = self.store.get(agreed.sha256, MAX_PROGRAM)
        require(limits)
        with files.on_disk("the records to run over"), tempfile.TemporaryFile() as records:
            streams = self.gather(lease, over, records, limits)
            made = Program(program, limits)
            ran = made.run(records, spread(made, records) if spread else None, streams)
        key = run_key(self.secret, self.dao, lease.lease_id, run, over.root, agreed.sha256)
        commitment = commit(key, ran.ending, ran.output)
        if ran.ending is Ending.OK:
            self._keep(lease.lease_id, run, commitment, key + ran.output)
        fuel = limits.told(ran.fuel) if ran.ending in (Ending.OK, Ending.FUEL) else 0
        return ComputeResult(
            lease.lease_id, run, over.block, over.root, agreed.sha256, agreed.engine, limits.fuel, limits.memory,
            limits.output, self.set_version, ran.ending, fuel, commitment, self.address, b"",
        ).signed(self.dao, self.signer)  # fmt: skip

    def gather(self, lease: LeaseState, over: Input, records: BinaryIO, limits: Limits) -> list[Part] | None:
        """Writes the valid records of the input: one a line, in canonical form; for a program of columns as streams,
        each of one schema, and says where they are. Memory does not grow with the records."""
        shares = self._shares(lease.lease_id)
        streams: list[Part] = []
        for schema, names in groupby(over.leaves, over.schemas.__getitem__):
            found = self._opened(lease, {name: over.leaves[name] for name in names}, schema, shares)
            if limits.columns:
                streams += write_columns(records, found, schema, limits.shard)
            else:
                records.writelines(record.canonical + b"\n" for record in found)
        records.flush()
        return streams if limits.columns else None

    def _opened(
        self, lease: LeaseState, leaves: Mapping[bytes, Leaf], schema: Schema, shares: Shares
    ) -> Iterator[ValidRecord]:
        with tempfile.TemporaryDirectory(prefix="datadao-") as folder:
            sealed, plain = Path(folder, "sealed"), Path(folder, "plain")
            for name, leaf in leaves.items():
                envelope = Envelope.decode(self.store.get(leaf.envelope_hash, Envelope.LIMIT))
                version = envelope.committee_version
                offered = {slot: share for (at, slot), share in shares[name].items() if at == version}
                context = Context(self.dao, lease.dataset_id, version, leaf.contributor, leaf.file_hash)
                secret, _ = recover(envelope, context, offered)
                self.store.get_file(leaf.file_hash, sealed)
                files.decrypt(sealed, plain, secret, leaf.file_hash)
                with plain.open("rb") as file:
                    yield from valid_records(file, schema)
                sealed.unlink()
                plain.unlink()

    def hand_out(self, lease: LeaseState, result: ComputeResult) -> bool:
        """Seals the output of the agreed result to the lease's key and posts it; False if this attestor has another.

        Only for a run that is paid for at a final block: whoever calls this has asked the chain.
        """
        path = self._path(result.lease_id, result.run, result.commitment)
        if not path.exists():
            return False
        kept = path.read_bytes()
        info = output_info(self.dao, result.lease_id, result.run, result.commitment)
        sealed = seal(kept, lease.hpke_key, info)
        self.board.post_output(ComputeOutput(result.lease_id, result.run, self.address, sealed))
        path.rename(path.with_suffix(".out"))
        for unpaid in self._waiting(result.lease_id, result.run):
            unpaid.unlink()
        return True

    def keeps(self, lease_id: int, run: int) -> bool:
        """Does an output of this run wait here?"""
        return any(self._waiting(lease_id, run))

    def openable(self, lease_id: int, leaves: Mapping[bytes, Leaf]) -> set[bytes]:
        """Those of which custodians released enough shares to this attestor."""
        shares, found = self._shares(lease_id), set()
        for name, leaf in leaves.items():
            version = Envelope.decode(self.store.get(leaf.envelope_hash, Envelope.LIMIT)).committee_version
            if sum(at == version for at, _ in shares[name]) >= self.committees[version].threshold:
                found.add(name)
        return found

    def output(self, result: ComputeResult) -> bytes:
        """What came out of a run that this attestor made, to be looked at. Raises `OutputMissing` for any other."""
        path = self._path(result.lease_id, result.run, result.commitment)
        for kept in (path, path.with_suffix(".out")):
            if kept.exists():
                return kept.read_bytes()[SHARE:]
        raise OutputMissing(
            f"this attestor keeps no output of run {result.run} of lease {result.lease_id} with commitment "
            f"0x{result.commitment.hex()}; `compute run` makes it"
        )

    def confirm(self, result: ComputeResult) -> ComputeReview:
        """Says that this output, which a person looked at, may go out, and posts it. Raises `OutputMissing`."""
        self.output(result)
        place = (result.lease_id, result.run, self.set_version, result.commitment, self.address)
        review = ComputeReview(*place, b"").signed(self.dao, self.signer)
        self.board.post_review(review)
        return review

    def _shares(self, lease_id: int) -> Shares:
        """What custodians released to this attestor. A bundle that is not one of theirs counts nothing."""
        found: Shares = defaultdict(dict)
        for keys in self.board.keys_for(lease_id, self.set_version, self.address):
            try:
                self._authenticate(keys, lease_id)
                opened = keys.shares(self.private_key, keys.info(self.dao))
            except StoreUnavailable:
                raise
            except DataDAOError:
                continue
            for name, share in opened.items():
                found[name][keys.committee_version, keys.slot] = share
        return found

    def _authenticate(self, keys: ComputeKeys, lease_id: int) -> None:
        place = (keys.lease_id, keys.attestor_set_version, keys.attestor)
        committee = self.committees.get(keys.committee_version)
        if place != (lease_id, self.set_version, self.address) or committee is None:
            raise BundleRefused("keys for another lease, attestor or set, replayed here; ignore them")
        if keys.slot >= len(committee.custodians):
            raise BundleRefused(f"no custodian sits in slot {keys.slot}; ignore them")
        if not self.check(committee.custodians[keys.slot].signer, keys.typed(self.dao), keys.signature):
            raise BundleRefused(f"not signed by who holds slot {keys.slot}; ignore them")

    def _keep(self, lease_id: int, run: int, commitment: bytes, data: bytes) -> None:
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write_whole(self._path(lease_id, run, commitment), lambda out: out.write(data), durable=True)

    def _waiting(self, lease_id: int, run: int) -> Iterator[Path]:
        return self.home.glob(f"{lease_id}-{run}-*{WAITING}")

    def _path(self, lease_id: int, run: int, commitment: bytes) -> Path:
        return self.home / f"{lease_id}-{run}-{commitment.hex()}{WAITING}"


def open_output(dao: Dao, board: ComputeBoard, result: ComputeResult, keys: Sequence[X25519PrivateKey]) -> bytes | None:
    """The output of an agreed result, for the licensee; None while no attestor handed it out as it was signed."""
    info = output_info(dao, result.lease_id, result.run, result.commitment)
    for output in board.outputs(result.lease_id, result.run):
        for key in keys:
            try:
                plain = unseal(output.sealed, key, info)
                if len(plain) < SHARE:
                    raise Malformed("too short for a key")
            except DataDAOError:
                continue
            if commit(plain[:SHARE], Ending.OK, plain[SHARE:]) == result.commitment:
                return plain[SHARE:]
    return None
