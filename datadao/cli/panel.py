"""An attestor's seat, and what all attestors of a dataset see."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from datadao.cli.keys import FINGERPRINT
from datadao.errors import InvalidArgument, SeatMismatch, StoreError

if TYPE_CHECKING:
    from datadao.cli.session import Session
    from datadao.drafts import Drafts
    from datadao.proposal import Panel
    from datadao.scoring import JsonLinesScorer


def open_panel(session: Session, dataset_id: int) -> Panel:
    """Submissions, scores and what is accepted already, read from chain and storage."""
    from datadao.cli.reading import check_dataset
    from datadao.proposal import Panel

    check_dataset(session, dataset_id)
    dao = session.dao
    version = dao.read("registry", "attestorSetVersion")
    panel = Panel(
        dao=dao.id,
        dataset_id=dataset_id,
        policy=dao.policy(dataset_id),
        attestors=dao.attestors(),
        threshold=dao.read("registry", "attestors", version).threshold,
        set_version=version,
        last_sequence=dao.read("registry", "dataset", dataset_id).lastSequence,
        taken=taken(session),
        now=session.now,
        submissions=dict(session.board.submissions(dataset_id)),
    )
    panel.hear(session.board.proposals(dataset_id))
    return panel


def taken(session: Session) -> frozenset[bytes]:
    """Fingerprints and file hashes of what stands in a batch, of any dataset, that is published and not dead."""
    from datadao.catalog import ALIVE
    from datadao.drafts import marks_of

    leaves = (leaf for _, manifest in session.catalog.manifests(None, ALIVE) for leaf in manifest.leaves)
    return frozenset(mark for leaf in leaves for mark in marks_of(leaf))


def open_drafts(session: Session, panel: Panel) -> Drafts:
    """What is on the board now: drafts of the panel's dataset, and of the others, whose data may be the same."""
    from datadao.drafts import Drafts

    board, datasets = session.board, range(1, session.dao.read("registry", "datasetCount") + 1)
    others = [open_panel(session, n) for n in datasets if n != panel.dataset_id and any(board.drafts(n))]
    return Drafts.read([panel, *others], board, session.store)


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
