"""A slot's shares: how they are opened, from the files' envelopes or from what a leaver handed over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import BinaryIO, ClassVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from datadao.crypto.envelope import SHARE, Context, Envelope, open_wrap
from datadao.crypto.files import write_whole
from datadao.crypto.seal import public_key, seal, unseal
from datadao.encoding import Record, domain_hash
from datadao.errors import CommitmentMismatch, DataDAOError, Malformed, StoreUnavailable, UnsealFailed
from datadao.messages.submission import Submission
from datadao.storage.store import Store
from datadao.storage.together import together
from datadao.types import Dao, Leaf

Refused = dict[bytes, DataDAOError]
"""Contribution or submission id → why it was left out."""


_TOGETHER = 5_000
"""Shares in one file, at most."""


@dataclass(frozen=True)
class Kept(Record):
    """Opened shares as they are kept: `sealed` to the slot's own key, in the order of `ids`; `others` are files of
    other committees."""

    TYPES: ClassVar = ("bytes32[]", "bytes32[]", "bytes")
    LIMIT: ClassVar = 2**20

    ids: tuple[bytes, ...]
    others: tuple[bytes, ...]
    sealed: bytes


@dataclass
class KeyShares:
    """`inherited` are shares by contribution id that `datadao.messages.handover` took over.

    A share is never believed: it is the one its envelope commits to, in a context made of chain data, or it is refused.
    Those that were opened are kept in the folder `home`, if given, sealed to the slot's own key. A contribution's id
    names its envelope, so what its envelope committed to once it always does.
    """

    dao: Dao
    committee_version: int
    slot: int
    private_key: X25519PrivateKey
    store: Store
    inherited: dict[bytes, bytes] = field(default_factory=dict)
    home: Path | None = None

    @property
    def public_key(self) -> bytes:
        """The `hpkeKey` under which the chain knows this slot, 32 bytes."""
        return public_key(self.private_key)

    def share(self, dataset_id: int, item: Submission | Leaf, name: bytes = b"") -> bytes | None:
        """This slot's share of a file, 32 bytes; None for another committee's file. `name` is a contribution's id.

        Raises `UnsealFailed`, `CommitmentMismatch`, and what storage raises.
        """
        envelope, context = self._envelope(dataset_id, item)
        if envelope.committee_version != self.committee_version:
            return None
        try:
            return open_wrap(envelope, context, self.slot, self.private_key)
        except UnsealFailed:
            # Sealed to a predecessor, or noise.
            if name not in self.inherited:
                raise
            return envelope.check(context, self.slot, self.inherited[name])

    def shares(self, items: Mapping[bytes, tuple[int, Leaf]]) -> tuple[dict[bytes, bytes], Refused]:
        """Shares of contributions (dataset, leaf) by id, without those of other committees; and those that do not open.

        Raises `StoreUnavailable`.
        """
        kept = self._kept
        opened: dict[bytes, bytes] = {}
        refused: Refused = {}
        new = [(name, *item) for name, item in items.items() if name not in kept]
        try:
            for name, share in together(self._tried, new):
                if isinstance(share, DataDAOError):
                    refused[name] = share
                else:
                    opened[name] = share
        finally:
            self._keep(opened)
        found = {name: kept[name] for name in items if name in kept}
        return {name: share for name, share in found.items() if share}, refused

    def _tried(self, item: tuple[bytes, int, Leaf]) -> tuple[bytes, bytes | DataDAOError]:
        """A share by its contribution's id, empty for a file of another committee; or why it does not open."""
        name, dataset_id, leaf = item
        try:
            return name, self.share(dataset_id, leaf, name) or b""
        except StoreUnavailable:
            raise
        except DataDAOError as error:
            return name, error

    @cached_property
    def _kept(self) -> dict[bytes, bytes]:
        """Shares that were opened before, by id; empty for a file of another committee."""
        found: dict[bytes, bytes] = {}
        for path in sorted(self.home.glob("*.shares")) if self.home else ():
            with suppress(Malformed, UnsealFailed):  # damaged, or sealed to a former key: opened once more
                kept = Kept.decode(path.read_bytes())
                shares = unseal(kept.sealed, self.private_key, self._info(kept.ids))
                found |= {name: shares[SHARE * i : SHARE * (i + 1)] for i, name in enumerate(kept.ids)}
                found |= dict.fromkeys(kept.others, b"")
        return found

    def _keep(self, opened: Mapping[bytes, bytes]) -> None:
        self._kept.update(opened)
        if self.home is None:
            return
        names = list(opened)
        for start in range(0, len(names), _TOGETHER):
            some = names[start : start + _TOGETHER]
            ids = tuple(name for name in some if opened[name])
            sealed = seal(b"".join(opened[name] for name in ids), self.public_key, self._info(ids))
            data = Kept(ids, tuple(name for name in some if not opened[name]), sealed).encode()
            path = self.home / f"{hashlib.sha256(data).hexdigest()}.shares"
            write_whole(path, partial(_write, data), durable=True)

    def _info(self, ids: Sequence[bytes]) -> bytes:
        place = (self.dao.chain_id, self.dao.registry, self.committee_version, self.slot)
        return domain_hash("datadao/kept/1", *place, hashlib.sha256(b"".join(ids)).digest())

    def check(self, dataset_id: int, leaf: Leaf, share: bytes) -> None:
        """Raises `CommitmentMismatch` unless this is the slot's share of the file."""
        envelope, context = self._envelope(dataset_id, leaf)
        if envelope.committee_version != self.committee_version:
            raise CommitmentMismatch(self.slot)
        envelope.check(context, self.slot, share)

    def _envelope(self, dataset_id: int, item: Submission | Leaf) -> tuple[Envelope, Context]:
        envelope = Envelope.decode(self.store.get(item.envelope_hash, Envelope.LIMIT))
        return envelope, Context(self.dao, dataset_id, envelope.committee_version, item.contributor, item.file_hash)


def grouped(shares: Mapping[bytes, bytes], size: int) -> Iterator[tuple[tuple[bytes, ...], bytes]]:
    """Ids and their joined shares, at most `size` at a time."""
    names = list(shares)
    for start in range(0, len(names), size):
        ids = tuple(names[start : start + size])
        yield ids, b"".join(shares[name] for name in ids)


def _write(data: bytes, out: BinaryIO) -> None:
    out.write(data)
