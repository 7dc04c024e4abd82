"""`datadao contribute`: files are checked, encrypted, stored, signed and handed in; in this order, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from datadao.cli.frame import Outcome, command
from datadao.cli.groups import cli

if TYPE_CHECKING:
    from datadao.cli.receipts import Receipt
    from datadao.cli.session import Session


@command(cli, "contribute")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dataset", type=click.IntRange(1), required=True, help="Dataset to contribute to.")
@click.option("--again", is_flag=True, help="Hand in again what was handed in before, under a new key.")
@click.option("--unchecked", is_flag=True, help="Do not compare files with the dataset's schema first.")
def contribute(session: Session, files: Sequence[Path], dataset: int, again: bool, unchecked: bool) -> Outcome:
    """Encrypt FILES and hand them in to a dataset's attestors.

    Each file's key exists only while it is encrypted; custodians get shares of it, attestors can open it to score it.
    A receipt stays in this role's folder: interrupted, the same command goes on where it stopped, and what was handed
    in is not handed in twice.
    """
    from datadao.cli.reading import check_dataset
    from datadao.errors import PartlyDone, StoreError

    _refuse_unreadable(files, session.profile.max_file)
    check_dataset(session, dataset)
    if not unchecked:
        _refuse_worthless(session, files, dataset)
    _ = session.sign  # asks for the passphrase before the work begins
    done: list[tuple[Path, Receipt, bool]] = []
    with session.progress("encrypt, store, hand in", len(files)) as advance:
        for path in files:
            try:
                done.append((path, *_hand_in(session, path, dataset, again=again)))
            except (StoreError, OSError) as error:
                if not done:
                    raise
                told = f"{len(done)} of {len(files)} files are handed in, then: {error}\nRun the same command again."
                raise PartlyDone(told) from error
            advance(1)
    shown = [_shown(session, *item) for item in done]
    return Outcome({"dataset": dataset, "files": shown}, tuple(_line(item) for item in shown))


def _refuse_unreadable(files: Sequence[Path], largest: int) -> None:
    from datadao.errors import InvalidArgument

    for path in files:
        try:
            with path.open("rb") as file:
                size = file.seek(0, 2)
        except OSError as error:
            raise InvalidArgument(f"{path}: {error.strerror}; nothing was handed in") from error
        if not 0 < size <= largest:
            raise InvalidArgument(f"{path}: expected 1 to {largest} bytes, got {size}; nothing was handed in")


def _refuse_worthless(session: Session, files: Sequence[Path], dataset: int) -> None:
    """A file that its attestors will refuse is better refused before it is stored for ever."""
    from datadao.errors import InvalidArgument, ScoreRefused
    from datadao.scoring import JsonLinesScorer

    policy = session.dao.read("registry", "currentPolicy", dataset)
    schema = bytes(policy.schemaHash)
    if not any(schema) or not session.store.has(schema):
        session.say("[yellow]The dataset's schema is not in storage: files are not checked against it.[/yellow]")
        return
    # Any secret will do: the fingerprint is not looked at.
    scorer = JsonLinesScorer(session.store.get(schema), schema, bytes(32))
    for path in files:
        try:
            quality = scorer.score(path).quality
        except ScoreRefused as error:
            raise InvalidArgument(f"{path}: {error}; nothing was handed in") from error
        if quality < policy.minQuality:
            wanted = f"the dataset takes {policy.minQuality / 100:g} % or more"
            raise InvalidArgument(f"{path}: its quality is {quality / 100:g} %, {wanted}; nothing was handed in")


def _hand_in(session: Session, path: Path, dataset: int, *, again: bool) -> tuple[Receipt, bool]:
    """The receipt, and whether the file is new."""
    from dataclasses import replace

    from datadao import submission
    from datadao.cli import receipts

    dao, digest = session.dao, receipts.digest_of(path)
    known = receipts.find(session.home, dataset, digest)
    if known is not None and known.submitted and not again:
        return known, False
    committee, version = dao.committee(), dao.read("registry", "attestorSetVersion")
    if known is None or again or (known.epoch, known.attestors) != (committee.epoch, version):
        with path.open("rb") as source:
            made = submission.contribute(
                source,
                dao=dao.id,
                dataset_id=dataset,
                contributor=session.address,
                committee=committee,
                attestors=dao.attestors(),
                store=session.store,
                signer=session.sign,
            )
        known = receipts.Receipt(str(path.resolve()), digest, made, committee.epoch, version, False)
        known.write(session.home)
    session.board.submit(known.submission)
    known = replace(known, submitted=True)
    known.write(session.home)
    return known, True


def _shown(session: Session, path: Path, receipt: Receipt, new: bool) -> dict[str, Any]:
    item = receipt.submission
    hashes = {"submission": item.id(session.dao.id), "fileHash": item.file_hash, "envelopeHash": item.envelope_hash}
    return {"file": path, "new": new, **hashes}


def _line(item: dict[str, Any]) -> str:
    said = "handed in" if item["new"] else "was handed in before (--again repeats it)"
    return f"{item['file']}  {said}, file hash {item['fileHash'].hex()}"
