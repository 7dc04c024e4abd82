"""`datadao contribute`: files are checked, encrypted, stored, signed and handed in; in this order, or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

import click
from rich.table import Table

from datadao import contributor
from datadao import convert as converting
from datadao.attestor.scoring import JsonLinesScorer
from datadao.chain.rpc import Call
from datadao.cli import receipts, signing
from datadao.cli.command import Outcome, command
from datadao.cli.main import cli
from datadao.cli.money import decimal
from datadao.cli.queries import TOKEN_DECIMALS, check_dataset
from datadao.cli.receipts import Receipt
from datadao.cli.session import Session
from datadao.cli.transactions import after, send
from datadao.crypto.merkle import leaf_hashes
from datadao.encoding import address
from datadao.errors import InvalidArgument, NothingToDo, ObjectTaken, PartlyDone, ScoreRefused, StoreError
from datadao.leaves import Mine, Standing, accepted
from datadao.messages.eip712 import TypedData
from datadao.messages.purposes import COMPUTE
from datadao.messages.requests import ClaimRequest, ErasureRequest, Request
from datadao.messages.sample import Consent
from datadao.records import skip_mark
from datadao.storage.together import together


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
@click.option("--sample-ok", is_flag=True, help="Agree that records of these files may be drawn and shown to anyone.")
@click.option("--unchecked", is_flag=True, help="Do not compare files with the dataset's schema first.")
def contribute(
    session: Session, files: Sequence[Path], dataset: int, again: bool, convert: bool, sample_ok: bool, unchecked: bool
) -> Outcome:
    """Encrypt FILES and hand them in to a dataset's attestors.

    A file is JSON Lines in UTF-8: one record a line, as the dataset's schema describes it (`datadao schema show`). Each
    file's key exists only while it is encrypted; custodians get shares of it, attestors can open it to score it. A
    receipt stays in this role's folder: interrupted, the same command goes on where it stopped, and what was handed in
    is not handed in twice.

    With --sample-ok, also later, one or two records of a file may be drawn by chance for everyone to see before they
    rent. The consent is signed; erasing the file takes the records away.
    """
    if convert and unchecked:
        raise click.UsageError("--convert goes by the dataset's schema, so it cannot be --unchecked")
    _refuse_unreadable(files, session.profile.max_file)
    check_dataset(session, dataset)
    digests = {path: receipts.digest_of(path) for path in files}
    sources = [_Source(path, digest, path) for path, digest in digests.items()]
    if not unchecked:
        sources = _fit(session, sources, dataset, again=again, convert=convert)
    submitter, done = _Submitter(session, dataset, again=again), dict[Path, tuple[Receipt, bool]]()

    # One after the other where the content is the same, so that it is handed in once.
    alike = defaultdict[bytes, list[_Source]](list)
    for source in sources:
        alike[source.digest].append(source)

    def hand_in(same: list[_Source]) -> int:
        for source in same:
            done[source.path] = submitter.hand_in(source)
        return len(same)

    try:
        with session.progress("encrypt, store, hand in", len(sources)) as advance:
            for count in together(hand_in, alike.values()):
                advance(count)
    except (StoreError, OSError) as error:
        if not done:
            raise
        answers = f"{len(done)} of {len(sources)} files are handed in, then: {error}\nRun the same command again."
        raise PartlyDone(answers) from error
    shown = [_shown(session, source.path, *done[source.path]) for source in sources]
    lines = [_line(item) for item in shown]
    if sample_ok:
        _consent(session, dataset, [done[source.path][0] for source in sources])
        lines.append("Agreed that records of them may be drawn and shown to anyone.")
    return Outcome({"dataset": dataset, "files": shown, "sampleOk": sample_ok}, tuple(lines))


def _consent(session: Session, dataset: int, handed_in: Sequence[Receipt]) -> None:
    for receipt in handed_in:
        consent = Consent(dataset, session.address, receipt.submission.file_hash, b"")
        with suppress(ObjectTaken):  # some accounts sign the same differently each time
            session.board.consent(consent.signed(session.dao.id, session.sign))


def _refuse_unreadable(files: Sequence[Path], largest: int) -> None:
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
    policy = session.dao.read("registry", "currentPolicy", dataset)
    if policy.purposes == COMPUTE:
        session.say(
            "Under today's policy no licensee ever holds this data:",
            "programs go to it, each after a vote, and run at the attestors'. A vote can allow more for what is in no "
            "batch yet.",
        )
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
    try:
        with path.open("rb") as file:
            quality = scorer.score(file)[0].quality
    except ScoreRefused as error:
        said = str(error)
    else:
        if quality >= least:
            return None
        said = f"its quality is {quality / 100:g} %, the dataset takes {least / 100:g} % or more"
    lacks = _flaws(scorer, path)
    return f"{said}: {lacks or 'each line is a record, but properties are missing'}"


def _flaws(scorer: JsonLinesScorer, path: Path) -> str:
    """The first lines that are no records, and how many there are; nothing if all are."""
    try:
        found, count = scorer.schema.flaws(path)
    except ScoreRefused as error:
        return str(error)
    if not count:
        return ""
    more = f"; and {count - len(found)} more lines" if count > len(found) else ""
    return "; ".join(map(str, found)) + more


class _Submitter:
    """Hands in files to whoever serves as the command starts, several at once."""

    def __init__(self, session: Session, dataset: int, *, again: bool) -> None:
        self._home, self._store, self._board = session.home, session.store, session.board
        self._dataset, self._again, self._contributor = dataset, again, session.address
        dao = session.dao
        self._dao, self._committee, self._attestors = dao.id, dao.committee(), dao.attestors()
        self._version: int = dao.read("registry", "attestorSetVersion")
        sign, one_at_a_time = session.sign, Lock()  # asks for the passphrase before the work begins

        def signer(typed_data: TypedData) -> bytes:
            # A wallet that asks its owner, or a device, does one thing after the other.
            with one_at_a_time:
                return sign(typed_data)

        self._sign = signer

    def hand_in(self, source: _Source) -> tuple[Receipt, bool]:
        """The receipt, and whether the file is new."""
        known = receipts.find(self._home, self._dataset, source.path, source.digest)
        if known is not None and known.submitted and not self._again:
            return known, False
        serving = self._committee.version, self._version
        if known is None or self._again or (known.committee_version, known.attestors) != serving:
            known = self._encrypted(source)
            known.write(self._home)
        self._board.submit(known.submission)
        known = replace(known, submitted=True)
        known.write(self._home)
        return known, True

    def _encrypted(self, source: _Source) -> Receipt:
        with source.content.open("rb") as content:
            made = contributor.contribute(
                # A mark is no part of the first record; what was not looked at is handed in as it is.
                skip_mark(content) if source.checked else content,
                dao=self._dao,
                dataset_id=self._dataset,
                contributor=self._contributor,
                committee=self._committee,
                attestors=self._attestors,
                store=self._store,
                signer=self._sign,
            )
        return Receipt(
            source=str(source.path.resolve()),
            digest=source.digest,
            submission=made,
            committee_version=self._committee.version,
            attestors=self._version,
            submitted=False,
            converted=_converted(source),
        )


def _converted(source: _Source) -> tuple[str, bytes] | None:
    return None if source.content == source.path else (str(source.content), receipts.digest_of(source.content))


def _shown(session: Session, path: Path, receipt: Receipt, new: bool) -> dict[str, Any]:
    item = receipt.submission
    hashes = {"submission": item.id(session.dao.id), "fileHash": item.file_hash, "envelopeHash": item.envelope_hash}
    return {"file": path, "new": new, "converted": receipt.converted and receipt.converted[0], **hashes}


def _line(item: dict[str, Any]) -> str:
    said = "handed in" if item["new"] else "was handed in before (--again repeats it)"
    made = f", as JSON Lines in {item['converted']}" if item["converted"] else ""
    return f"{item['file']}  {said}{made}, file hash {item['fileHash'].hex()}"


@command(cli, "contributions")
def contributions(session: Session) -> Outcome:
    """List this account's contributions: handed in, accepted, claimed, erased."""
    sources = {item.submission.file_hash: item for item in receipts.every(session.home)}
    mine = accepted(session.dao, session.catalog, session.address)
    found: list[dict[str, Any]] = []
    for item in mine:
        leaf = item.contribution.leaf
        receipt = sources.get(leaf.file_hash)
        found.append({
            "dataset": item.dataset_id, "batch": item.contribution.batch_id, "standing": item.standing.value,
            "counted": item.counted, "fileHash": leaf.file_hash, "units": leaf.units, "qualityBps": leaf.quality,
            "source": receipt.source if receipt else None,
        })  # fmt: skip
    for item in mine:
        sources.pop(item.contribution.leaf.file_hash, None)
    for file_hash, receipt in sources.items():
        standing = "handed in" if receipt.submitted else "not handed in: run contribute again"
        found.append({
            "dataset": receipt.submission.dataset_id, "batch": None, "standing": standing, "counted": None,
            "fileHash": file_hash, "units": None, "qualityBps": None, "source": receipt.source,
        })  # fmt: skip
    words = [*(item.words for item in mine), *(row["standing"] for row in found[len(mine) :])]
    table = Table("dataset", "batch", "standing", "units", "quality", "file hash", "source")
    for row, standing in zip(found, words, strict=True):
        quality = "" if row["qualityBps"] is None else f"{row['qualityBps'] / 100:g} %"
        cells = (row["dataset"], row["batch"] or "", standing, row["units"] or "", quality)
        table.add_row(*map(str, cells), row["fileHash"].hex(), row["source"] or "")
    return Outcome({"contributions": found}, (table,) if found else ("Nothing was handed in from here.",))


@command(cli, "erase", sends=True)
@click.argument("names", nargs=-1, metavar="FILE...")
@click.option("--all", "everything", is_flag=True, help="All contributions of this account.")
@signing.signable
def erase(session: Session, names: Sequence[str], everything: bool, sign: bool, desk: str | None) -> Outcome:
    """Erase contributions, each named by its source file or its file hash (`datadao contributions`). Irrevocable.

    Custodians release their keys no more, licensees have to delete them; shares and tokens go, what was
    earned stays claimable. The same data can never be contributed again.
    """
    if bool(names) is everything:
        raise click.UsageError("name the contributions to erase, or --all of them")
    signing.check(sign, desk)
    mine = accepted(session.dao, session.catalog, session.address)
    standing = [item for item in mine if item.standing in (Standing.CLAIMABLE, Standing.CLAIMED)]
    chosen = standing if everything else [_find(session, standing, name) for name in dict.fromkeys(names)]
    if not chosen:
        raise NothingToDo(f"{session.address} has no accepted contribution to erase")
    dao = session.dao
    if sign:
        until = signing.deadline(session)
        places = ((item.contribution.batch_id, item.contribution.leaf.fingerprint) for item in chosen)
        unsigned: list[Request] = [ErasureRequest(session.address, *place, until, b"") for place in places]
        return signing.hand_over(session, unsigned, desk, "Erasure cannot be undone.")
    calls = [
        dao.call("registry", "erase", c.batch_id, tuple(c.leaf), list(c.proof), what=f"erase {c.leaf.file_hash.hex()}")
        for c in (item.contribution for item in chosen)
    ]
    send(session, calls, note="Erasure cannot be undone.")
    hashes = [item.contribution.leaf.file_hash for item in chosen]
    lines = [f"Erased {file_hash.hex()}." for file_hash in hashes]
    removed = 0
    for item in chosen:
        try:
            removed += session.board.unshow(item.contribution.batch_id, leaf_of(session, item))
        except StoreError as error:
            # No reader shows them any more; the copies are the storage's to delete.
            lines.append(f"Its samples are still in storage, ask who runs it to delete them: {error}")
    if removed:
        lines.append(f"{removed} samples of them are deleted.")
    return Outcome({"erased": hashes, "samplesDeleted": removed}, tuple(lines))


def leaf_of(session: Session, item: Mine) -> bytes:
    """The hash that names a contribution in samples."""
    made = item.contribution
    (published,) = [found for found in session.catalog.batches(item.dataset_id) if found.batch_id == made.batch_id]
    (name,) = leaf_hashes(session.dao.id, item.dataset_id, published.batch.sequence, [made.leaf])
    return bytes(name)


def _find(session: Session, standing: list[Mine], name: str) -> Mine:
    wanted = name.removeprefix("0x").lower()
    path = Path(name)
    if path.is_file():
        digest = receipts.digest_of(path)
        every = receipts.every(session.home)
        known = {r.submission.file_hash.hex() for r in every if digest in (r.digest, r.converted and r.converted[1])}
    else:
        known = {wanted}
    for item in standing:
        if item.contribution.leaf.file_hash.hex() in known:
            return item
    raise InvalidArgument(
        f"{name}: no accepted contribution of {session.address}; `datadao contributions` lists them, and what is not "
        "accepted is not on chain and needs no erasure"
    )


_TOGETHER = 20
"""Contributions in one transaction."""


@command(cli, "claim", sends=True)
@click.option("--for", "owner", metavar="ADDRESS", help="Another contributor, who is paid; this account sends.")
@signing.signable
def claim(session: Session, owner: str | None, sign: bool, desk: str | None) -> Outcome:
    """Claim this account's contributions, then its income. Anyone may claim for anyone; only the owner is paid.

    What stands in two batches counts once: in the one that recorded it, else in the oldest.
    """
    signing.check(sign, desk)
    if sign:
        if owner:
            raise click.UsageError("--sign is for this account's own; it signs for no other")
        request = ClaimRequest(session.address, signing.deadline(session), b"")
        return signing.hand_over(session, [request], desk, "Only this account is paid, whoever sends it.")
    dao, money = session.dao, session.money
    owner = address(owner) if owner else session.address
    mine = accepted(session.dao, session.catalog, owner)
    waiting = [item for item in mine if item.standing is Standing.CLAIMABLE]
    twice = [item for item in mine if item.standing is Standing.DUPLICATE]
    before = dao.read("token", "balanceOf", owner)
    calls = [call for group in _groups(waiting) for call in _calls(session, group)]
    receipts = send(session, calls, more=True) if calls else []
    # What the contributions earned before they were claimed is owed only now.
    pools = list(range(dao.read("registry", "datasetCount") + 1))

    def earned(block: int | None = None) -> tuple[int, int]:
        held = dao.read("token", "balanceOf", owner, block=block)
        return held - before, dao.read("splitter", "claimable", owner, pools, block=block)

    tokens, income = after(session, receipts[-1], earned) if receipts else earned()
    if income:
        what = f"pay {money.text(income)} of income to {owner}"
        receipts += send(session, [dao.call("splitter", "claim", owner, pools, what=what)])
    duplicates = [
        {"fileHash": i.contribution.leaf.file_hash, "batch": i.contribution.batch_id, "counted": i.counted}
        for i in twice
    ]
    document = {
        "account": owner, "contributions": len(waiting), "tokens": str(tokens), "income": str(income),
        "duplicates": duplicates,
    }  # fmt: skip
    lines = [
        f"Not claimed: {i.contribution.leaf.file_hash.hex()} in batch {i.contribution.batch_id}, a {i.words}."
        for i in twice
    ]
    if not receipts:
        return Outcome(document, ("Nothing to claim.", *lines))
    text = f"{len(waiting)} contributions claimed: {decimal(tokens, TOKEN_DECIMALS)} tokens; {money.text(income)} paid."
    return Outcome(document, (text, *lines))


def _groups(waiting: list[Mine]) -> list[list[Mine]]:
    """Those of one batch together, so many as one transaction takes."""
    batches: defaultdict[int, list[Mine]] = defaultdict(list)
    for item in waiting:
        batches[item.contribution.batch_id].append(item)
    return [items[start : start + _TOGETHER] for items in batches.values() for start in range(0, len(items), _TOGETHER)]


def _calls(session: Session, group: list[Mine]) -> list[Call]:
    dao, first = session.dao, group[0]
    if len(group) == 1:
        return [dao.claim_call(first.contribution)]
    proof, flags = first.tree.multiproof(item.index for item in group)
    # The proof is of the leaves in ascending order, in which the batch has them.
    leaves = [tuple(item.contribution.leaf) for item in group]
    arguments = (first.contribution.batch_id, leaves, list(proof), list(flags))
    what = f"claim {len(group)} contributions of batch {first.contribution.batch_id}"
    return [dao.call("registry", "claimMany", *arguments, what=what)]
