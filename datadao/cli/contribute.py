"""`datadao contribute`: files are checked, encrypted, stored, signed and handed in; in this order, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from datadao.cli.frame import Outcome, command
from datadao.cli.groups import cli

if TYPE_CHECKING:
    from datadao.cli.receipts import Receipt
    from datadao.cli.session import Session
    from datadao.scoring import JsonLinesScorer


@dataclass(frozen=True)
class _Source:
    """A file to hand in: its sha256, and what is encrypted in its place. `checked` says that this is JSON Lines."""

    path: Path
    digest: bytes
    content: Path
    checked: bool = False


@command(cli, "contribute")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dataset", type=click.IntRange(1), required=True, help="Dataset to contribute to.")
@click.option("--again", is_flag=True, help="Hand in again what was handed in before, under a new key.")
@click.option("--convert", is_flag=True, help="Make JSON Lines of CSV files and JSON arrays; the files are left alone.")
@click.option("--unchecked", is_flag=True, help="Do not compare files with the dataset's schema first.")
def contribute(
    session: Session, files: Sequence[Path], dataset: int, again: bool, convert: bool, unchecked: bool
) -> Outcome:
    """Encrypt FILES and hand them in to a dataset's attestors.

    A file is JSON Lines in UTF-8: one record a line, as the dataset's schema describes it (`datadao schema show`). Each
    file's key exists only while it is encrypted; custodians get shares of it, attestors can open it to score it. A
    receipt stays in this role's folder: interrupted, the same command goes on where it stopped, and what was handed in
    is not handed in twice.
    """
    from datadao.cli import receipts
    from datadao.cli.reading import check_dataset
    from datadao.errors import PartlyDone, StoreError

    if convert and unchecked:
        raise click.UsageError("--convert goes by the dataset's schema, so it cannot be --unchecked")
    _refuse_unreadable(files, session.profile.max_file)
    check_dataset(session, dataset)
    digests = {path: receipts.digest_of(path) for path in files}
    sources = [_Source(path, digest, path) for path, digest in digests.items()]
    if not unchecked:
        sources = _fit(session, sources, dataset, again=again, convert=convert)
    _ = session.sign  # asks for the passphrase before the work begins
    done: list[tuple[Path, Receipt, bool]] = []
    with session.progress("encrypt, store, hand in", len(sources)) as advance:
        for source in sources:
            try:
                done.append((source.path, *_hand_in(session, source, dataset, again=again)))
            except (StoreError, OSError) as error:
                if not done:
                    raise
                told = f"{len(done)} of {len(sources)} files are handed in, then: {error}\nRun the same command again."
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


def _fit(session: Session, sources: Sequence[_Source], dataset: int, *, again: bool, convert: bool) -> list[_Source]:
    """The same, made JSON Lines where they are not. What its attestors will refuse is better refused before it is
    stored for ever: raises `InvalidArgument`, with the lines and the schema's reasons."""
    from datadao.cli import receipts
    from datadao.errors import InvalidArgument
    from datadao.scoring import JsonLinesScorer

    policy = session.dao.read("registry", "currentPolicy", dataset)
    digest = bytes(policy.schemaHash)
    if not any(digest) or not session.store.has(digest):
        if convert:
            raise InvalidArgument(
                "--convert needs the dataset's schema, which is not in storage; nothing was handed in"
            )
        session.say("[yellow]The dataset's schema is not in storage: files are not checked against it.[/yellow]")
        return list(sources)
    # Any secret will do: the fingerprint is not looked at.
    scorer = JsonLinesScorer(session.store.get(digest), digest, bytes(32))
    checked = []
    for source in sources:
        known = receipts.find(session.home, dataset, source.path, source.digest)
        if again or known is None or not known.submitted:
            try:
                source = _checked(session, source, dataset, scorer, policy.minQuality, convert=convert)
            except InvalidArgument as error:
                raise InvalidArgument(f"{source.path}: {error}; nothing was handed in") from error
        checked.append(source)
    return checked


def _checked(
    session: Session, source: _Source, dataset: int, scorer: JsonLinesScorer, least: int, *, convert: bool
) -> _Source:
    from dataclasses import replace

    from datadao import convert as converting
    from datadao.cli import receipts
    from datadao.errors import InvalidArgument, ScoreRefused

    problem = _problem(scorer, source.path, least)
    if problem is None:
        if lacks := _flaws(scorer, source.path):
            session.say("[yellow]Some lines will not count:[/yellow]", f"{source.path}: {lacks}")
        return replace(source, checked=True)
    try:
        shape = converting.shape_of(source.path, scorer.schema)
    except ScoreRefused as error:
        raise InvalidArgument(str(error)) from error
    if shape is None:
        raise InvalidArgument(problem)
    if not convert:
        raise InvalidArgument(
            f"it is {shape.value}, not JSON Lines: pass --convert, which makes JSON Lines of it and leaves it as it is"
        )
    target = receipts.converted_path(session.home, dataset, source.digest)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    converting.convert(source.path, target, shape, scorer.schema)
    problem, size = _problem(scorer, target, least), target.stat().st_size
    if problem is None and size > session.profile.max_file:
        problem = f"as JSON Lines it has {size} bytes; at most {session.profile.max_file} are handed in"
    if problem is not None:
        target.unlink()
        raise InvalidArgument(f"made JSON Lines of {shape.value}: {problem}")
    if lacks := _flaws(scorer, target):
        session.say("[yellow]Some lines will not count:[/yellow]", f"{source.path} as JSON Lines, {target}: {lacks}")
    return replace(source, content=target, checked=True)


def _problem(scorer: JsonLinesScorer, path: Path, least: int) -> str | None:
    """Why attestors would refuse the file, with its first flaws; None if they would not."""
    from datadao.errors import ScoreRefused

    try:
        quality = scorer.score(path).quality
    except ScoreRefused as error:
        said = str(error)
    else:
        if quality >= least:
            return None
        said = f"its quality is {quality / 100:g} %, the dataset takes {least / 100:g} % or more"
    lacks = _flaws(scorer, path)
    return f"{said}: {lacks or 'each line is a record, but properties are missing or records repeat'}"


def _flaws(scorer: JsonLinesScorer, path: Path) -> str:
    """The first lines that are no records, and how many there are; nothing if all are."""
    from datadao.errors import ScoreRefused

    try:
        found, count = scorer.schema.flaws(path)
    except ScoreRefused as error:
        return str(error)
    if not count:
        return ""
    more = f"; and {count - len(found)} more lines" if count > len(found) else ""
    return "; ".join(map(str, found)) + more


def _hand_in(session: Session, source: _Source, dataset: int, *, again: bool) -> tuple[Receipt, bool]:
    """The receipt, and whether the file is new."""
    from dataclasses import replace

    from datadao import submission
    from datadao.cli import receipts
    from datadao.records import skip_mark

    dao, known = session.dao, receipts.find(session.home, dataset, source.path, source.digest)
    if known is not None and known.submitted and not again:
        return known, False
    committee, version = dao.committee(), dao.read("registry", "attestorSetVersion")
    if known is None or again or (known.epoch, known.attestors) != (committee.epoch, version):
        with source.content.open("rb") as content:
            made = submission.contribute(
                # A mark is no part of the first record; what was not looked at is handed in as it is.
                skip_mark(content) if source.checked else content,
                dao=dao.id,
                dataset_id=dataset,
                contributor=session.address,
                committee=committee,
                attestors=dao.attestors(),
                store=session.store,
                signer=session.sign,
            )
        known = receipts.Receipt(
            source=str(source.path.resolve()),
            digest=source.digest,
            submission=made,
            epoch=committee.epoch,
            attestors=version,
            submitted=False,
            converted=_converted(source),
        )
        known.write(session.home)
    session.board.submit(known.submission)
    known = replace(known, submitted=True)
    known.write(session.home)
    return known, True


def _converted(source: _Source) -> tuple[str, bytes] | None:
    from datadao.cli import receipts

    return None if source.content == source.path else (str(source.content), receipts.digest_of(source.content))


def _shown(session: Session, path: Path, receipt: Receipt, new: bool) -> dict[str, Any]:
    item = receipt.submission
    hashes = {"submission": item.id(session.dao.id), "fileHash": item.file_hash, "envelopeHash": item.envelope_hash}
    return {"file": path, "new": new, "converted": receipt.converted and receipt.converted[0], **hashes}


def _line(item: dict[str, Any]) -> str:
    said = "handed in" if item["new"] else "was handed in before (--again repeats it)"
    made = f", as JSON Lines in {item['converted']}" if item["converted"] else ""
    return f"{item['file']}  {said}{made}, file hash {item['fileHash'].hex()}"
