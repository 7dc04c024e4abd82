"""The licensee: collects bundles, drops bad shares by commitment, puts keys together, opens files.

Nothing here needs the chain but its facts: the lease, the manifests, the committees. A custodian that hands out a wrong
share is named with a bundle it signed, which anyone can check.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from datadao.crypto import files
from datadao.crypto.envelope import Context, Envelope, recover
from datadao.errors import BundleRefused, DataDAOError, Malformed, StoreUnavailable
from datadao.messages import eip712
from datadao.messages.bundle import Bundle, bundles_of
from datadao.messages.lines import EarnedLines, lines_key, open_lines
from datadao.storage.store import Store
from datadao.types import Committee, Dao, Leaf, Slot

if TYPE_CHECKING:
    from datadao.messages.manifest import Manifest


@dataclass(frozen=True)
class Fault:
    """A bundle that gave nothing. `culprit` is the slot that signed it, None if storage may have made it up."""

    name: str
    culprit: Slot | None
    reason: DataDAOError


@dataclass(frozen=True)
class Opened:
    """One contribution: `path` of its plaintext, or why there is none; `culprits` handed out a share not committed.
    `earned` are the lines that its units were paid for, as ranges (first, last), where that is known of records."""

    id: bytes
    leaf: Leaf
    path: Path | None
    error: DataDAOError | None
    culprits: tuple[Slot, ...]
    earned: tuple[tuple[int, int], ...] | None = None


@dataclass(kw_only=True)
class Licensee:
    """A lease's holder at work. `committees` by version as on-chain (with the present signer of each slot)."""

    dao: Dao
    lease_id: int
    private_key: X25519PrivateKey
    committees: Mapping[int, Committee]
    store: Store
    check: eip712.SignatureCheck = eip712.signed_by
    _shares: defaultdict[bytes, dict[Slot, bytes]] = field(
        default_factory=lambda: defaultdict(dict), repr=False, init=False
    )

    def collect(self) -> list[Fault]:
        """Reads all bundles published for the lease; what they hold is kept for `open_all`. Repeat as more appear."""
        faults = []
        for name in self.store.names(bundles_of(self.dao, self.lease_id)):
            culprit = None
            try:
                bundle = Bundle.decode(self.store.get(name, Bundle.LIMIT))
                self._authenticate(bundle)
                culprit = (bundle.committee_version, bundle.slot)
                for contribution, share in bundle.open(self.dao, self.private_key).items():
                    self._shares[contribution][culprit] = share
            except StoreUnavailable:
                raise
            except DataDAOError as error:
                faults.append(Fault(name, culprit, error))
        return faults

    @property
    def held(self) -> frozenset[bytes]:
        """Ids of the contributions that `collect` found shares of."""
        return frozenset(self._shares)

    def earned(self, manifest: Manifest) -> Mapping[bytes, bytes]:
        """By file hash the lines that earned in a batch, sealed to who has the file's key: for `open_all`. Empty where
        what is scored is not records. Raises what storage raises, `Malformed`."""
        if manifest.earned is None:
            return {}
        sealed = EarnedLines.decode(self.store.get(manifest.earned.lines, EarnedLines.LIMIT)).items
        if len(sealed) != len(manifest.leaves):
            raise Malformed(f"lines of {len(sealed)} files, and batch {manifest.sequence} has {len(manifest.leaves)}")
        return {leaf.file_hash: lines for leaf, lines in zip(manifest.leaves, sealed, strict=True)}

    def open_all(
        self, manifest: Manifest, folder: Path, earned: Mapping[bytes, bytes] | None = None
    ) -> Iterator[Opened]:
        """Opens every contribution of a batch into `folder`, in order; a file is named by its ciphertext's sha256.

        One that does not open does not stop the others, nor do lines of `earned` that are not as many as its units.
        Raises only what makes going on pointless (`StoreUnavailable`).
        """
        from datadao.storage.together import together  # with its threads, which few need

        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            items = enumerate(zip(manifest.ids, manifest.leaves, strict=True))
            yield from together(
                lambda i: self._open(*i[1], manifest.dataset_id, folder, Path(scratch, f"{i[0]}"), earned or {}), items
            )

    def _authenticate(self, bundle: Bundle) -> None:
        if bundle.lease_id != self.lease_id:
            raise BundleRefused(f"a bundle for lease {bundle.lease_id}, replayed here; ignore it")
        committee = self.committees.get(bundle.committee_version)
        if committee is None or bundle.slot >= len(committee.custodians):
            raise BundleRefused(
                f"no custodian sits in slot {bundle.slot} of committee {bundle.committee_version}; ignore it"
            )
        signer = committee.custodians[bundle.slot].signer
        if not self.check(signer, bundle.typed(self.dao), bundle.signature):
            raise BundleRefused(f"not signed by {signer}, which holds slot {bundle.slot}; ignore it")

    def _open(
        self, name: bytes, leaf: Leaf, dataset_id: int, folder: Path, sealed: Path, earned: Mapping[bytes, bytes]
    ) -> Opened:
        culprits: Iterable[int] = ()
        version = -1
        try:
            envelope = Envelope.decode(self.store.get(leaf.envelope_hash, Envelope.LIMIT))
            version = envelope.committee_version
            offered = {slot: share for (at, slot), share in self._shares.get(name, {}).items() if at == version}
            context = Context(self.dao, dataset_id, version, leaf.contributor, leaf.file_hash)
            secret, culprits = recover(envelope, context, offered)
            target = folder / leaf.file_hash.hex()
            self.store.get_file(leaf.file_hash, sealed)
            files.decrypt(sealed, target, secret, leaf.file_hash)
            sealed.unlink()
            named = tuple((version, slot) for slot in culprits)
            return Opened(name, leaf, target, None, named, _lines(leaf, secret, earned.get(leaf.file_hash)))
        except StoreUnavailable:
            raise
        except DataDAOError as error:
            culprits = getattr(error, "culprits", culprits)
            return Opened(name, leaf, None, error, tuple((version, slot) for slot in culprits))


def _lines(leaf: Leaf, secret: bytes, sealed: bytes | None) -> tuple[tuple[int, int], ...] | None:
    """None unless they are as many as the units that were paid."""
    if sealed is None:
        return None
    try:
        found = open_lines(lines_key(secret), sealed)
    except DataDAOError:
        return None
    return tuple(found) if sum(last + 1 - first for first, last in found) == leaf.units else None
