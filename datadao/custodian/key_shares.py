"""A slot's shares: how they are opened, from the files' envelopes or from what a leaver handed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from datadao.crypto.envelope import Context, Envelope, open_wrap
from datadao.crypto.seal import public_key
from datadao.errors import CommitmentMismatch, DataDAOError, StoreUnavailable, UnsealFailed
from datadao.messages.submission import Submission
from datadao.storage.store import Store
from datadao.types import Dao, Leaf

Refused = dict[bytes, DataDAOError]
"""Contribution or submission id → why it was left out."""


@dataclass
class KeyShares:
    """`inherited` are shares by contribution id that `datadao.messages.handover` took over; they are checked again at
    each use.

    A share is never believed: it is the one its envelope commits to, in a context made of chain data, or it is refused.
    """

    dao: Dao
    committee_version: int
    slot: int
    private_key: X25519PrivateKey
    store: Store
    inherited: dict[bytes, bytes] = field(default_factory=dict)

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
        shares: dict[bytes, bytes] = {}
        refused: Refused = {}
        for name, (dataset_id, leaf) in items.items():
            try:
                share = self.share(dataset_id, leaf, name)
            except StoreUnavailable:
                raise
            except DataDAOError as error:
                refused[name] = error
                continue
            if share is not None:
                shares[name] = share
        return shares, refused

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
