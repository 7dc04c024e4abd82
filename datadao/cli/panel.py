"""An attestor's seat, and what all attestors of a dataset see."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from datadao.cli.keys import FINGERPRINT
from datadao.errors import InvalidArgument, SeatMismatch, StoreError

if TYPE_CHECKING:
    from datadao.cli.session import Session
    from datadao.proposal import Panel
    from datadao.scoring import JsonLinesScorer


def open_panel(session: Session, dataset_id: int) -> Panel:
    """Submissions, scores and what is accepted already, read from chain and storage."""
    from datadao.catalog import ALIVE
    from datadao.cli.reading import check_dataset
    from datadao.proposal import Panel

    check_dataset(session, dataset_id)
    dao = session.dao
    version = dao.read("registry", "attestorSetVersion")
    leaves = [leaf for _, manifest in session.catalog.manifests(None, ALIVE) for leaf in manifest.leaves]
    panel = Panel(
        dao=dao.id,
        dataset_id=dataset_id,
        policy=dao.policy(dataset_id),
        attestors=dao.attestors(),
        threshold=dao.read("registry", "attestors", version).threshold,
        set_version=version,
        last_sequence=dao.read("registry", "dataset", dataset_id).lastSequence,
        taken=frozenset(mark for leaf in leaves for mark in (leaf.fingerprint, leaf.file_hash)),
        now=session.now,
        submissions=dict(session.board.submissions(dataset_id)),
    )
    panel.hear(session.board.proposals(dataset_id))
    return panel


def my_slot(session: Session, panel: Panel) -> int:
    """The account's slot in the attestor set. Raises `SeatMismatch` if it has none."""
    for slot, party in enumerate(panel.attestors):
        if party.signer == session.address:
            return slot
    raise SeatMismatch(f"{session.address} is not an attestor of set {panel.set_version}; name the right --account")


def scorer_of(session: Session, dataset_id: int, schema: Path | None) -> JsonLinesScorer:
    """Scores by the dataset's schema, from the file or from storage, and the attestors' fingerprint secret."""
    from datadao.keyfile import load_secret
    from datadao.scoring import JsonLinesScorer

    digest = bytes(session.dao.read("registry", "currentPolicy", dataset_id).schemaHash)
    try:
        data = schema.read_bytes() if schema else session.store.get(digest)
    except StoreError as error:
        raise InvalidArgument(f"the schema of dataset {dataset_id} is not in storage; name it with --schema") from error
    return JsonLinesScorer(data, digest, load_secret(session.key_path(FINGERPRINT)))
