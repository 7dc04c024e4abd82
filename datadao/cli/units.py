"""What an attestor knows of accepted records: marks of all batches that stood at a block, from chain and storage."""

from __future__ import annotations

from functools import partial

from datadao.attestor.known import KnownMarks
from datadao.attestor.units import Units, left_by
from datadao.batches import ALIVE
from datadao.chain.events import decode, topic
from datadao.chain.rpc import read_block, read_logs
from datadao.cli.session import Session
from datadao.crypto.keyfile import FINGERPRINT, load_secret

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
        count = dao.read("registry", "batchCount", block=block)
        items = [item for item in catalog.batches(None) if item.batch_id <= count]
        asked = [("registry", "batch", item.batch_id) for item in items]
        infos = dao.read_together(asked, block) if asked else []
        gone = self._erased(block)
        found: dict[str, set[int]] = {}
        for item, info in zip(items, infos, strict=True):
            if info.status in ALIVE:
                manifest = catalog.manifest(item)
                if manifest.earned is not None:
                    # Not of its marks, which a dead batch of the same records, split otherwise, may have left as well.
                    name = item.batch.manifest_hash.hex()
                    self._known.add(name, partial(left_by, manifest, self._session.store, self._secret))
                    found[name] = {place for place, leaf in enumerate(manifest.leaves) if leaf.fingerprint in gone}
        return found

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
