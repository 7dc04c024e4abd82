"""What an attestor knows of accepted records: marks of all batches that stood at a block, from chain and storage."""

from __future__ import annotations

from functools import partial

from datadao.attestor.known import KnownMarks
from datadao.attestor.units import Units, left_by
from datadao.batches import ALIVE, Published
from datadao.chain.events import decode, topic
from datadao.chain.rpc import read_block, read_logs
from datadao.cli.session import Session
from datadao.crypto.keyfile import FINGERPRINT, load_secret
from datadao.types import BatchStatus

FOLDER = "marks"
"""Below the role's folder; storage has what is in it."""


class ChainHistory:
    """A `datadao.attestor.units.History`. Raises what chain and storage raise, `DecryptionFailed` for marks that were
    sealed under another secret, `Malformed` for marks that are not as many as their batch's units."""

    def __init__(self, session: Session, secret: bytes, scheduler: str | None = None) -> None:
        self._session, self._secret = session, secret
        self._known = KnownMarks(session.home / FOLDER, scheduler)
        self._standing: dict[int, dict[str, set[int]]] = {}

    def known(self, marks: bytes, block: int) -> set[int]:
        if block not in self._standing:
            self._standing[block] = self._read(block)
        return self._known.among(marks, self._standing[block])

    def _read(self, block: int) -> dict[str, set[int]]:
        dao, catalog = self._session.dao, self._session.catalog
        published = catalog.batches(None)
        count = dao.read("registry", "batchCount", block=block)
        gone = self._erased(block)
        found: dict[str, set[int]] = {}
        for item in published:
            if item.batch_id <= count and self._status(item, block) in ALIVE:
                manifest = catalog.manifest(item)
                if manifest.earned is not None:
                    name = manifest.earned.marks.hex()
                    self._known.add(name, partial(left_by, manifest, self._session.store, self._secret))
                    found[name] = {place for place, leaf in enumerate(manifest.leaves) if leaf.fingerprint in gone}
        return found

    def _status(self, item: Published, block: int) -> BatchStatus:
        return BatchStatus(self._session.dao.read("registry", "batch", item.batch_id, block=block).status)

    def _erased(self, block: int) -> set[bytes]:
        """Fingerprints of the contributions that were erased by then."""
        dao, wanted = self._session.dao, [topic("DatasetRegistry", "ContributionErased")]
        logs = read_logs(dao.web3, [dao.addresses["registry"]], dao.since, read_block(dao.web3, block), wanted)
        return {event.fields["fingerprint"] for event in decode(logs, dao.addresses, ("fingerprint",))}


def units_of(session: Session, scheduler: str | None = None) -> Units:
    """What records earn after the latest block; a Dask cluster at that address looks them up, or this machine."""
    secret = load_secret(session.key_path(FINGERPRINT))
    block = read_block(session.dao.web3, "latest").number
    return Units(session.store, secret, ChainHistory(session, secret, scheduler), block)
