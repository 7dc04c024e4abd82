"""`datadao attest`: score what was handed in, draft a batch, sign what others drafted, publish it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from datadao.attestor.agreement import Agreement, sign_score
from datadao.attestor.attestor import Attestor, openers
from datadao.attestor.cluster import assess_all
from datadao.attestor.drafts import Drafts, marks_of
from datadao.attestor.samples import Withheld, agreed, drawing_block, sample_of, unshow_erased
from datadao.attestor.scoring import JsonLinesScorer
from datadao.attestor.units import Units
from datadao.batches import ALIVE, Published
from datadao.chain.node import NodeView
from datadao.chain.signatures import checker
from datadao.chain.view import Standing
from datadao.cli.command import DONE, PARTLY, REFUSED, Outcome, command
from datadao.cli.main import Registered, cli
from datadao.cli.money import decimal
from datadao.cli.queries import DAY, TOKEN_DECIMALS, check_dataset
from datadao.cli.session import Session
from datadao.cli.setup import key_option
from datadao.cli.transactions import after, send
from datadao.cli.units import units_of
from datadao.client import ordered
from datadao.crypto.keyfile import FINGERPRINT, load_secret
from datadao.crypto.seal import public_key
from datadao.errors import (
    DataDAOError,
    DraftRefused,
    InvalidArgument,
    NotEnoughSignatures,
    NothingToDo,
    NotReadable,
    ObjectTaken,
    PartlyDone,
    SlotMismatch,
    StoreError,
    StoreUnavailable,
)
from datadao.messages.sample import DELAY, drawn
from datadao.messages.score import Draft, Signed
from datadao.schema import Schema
from datadao.storage.manifests import store_manifest
from datadao.storage.store import content_name
from datadao.types import ACTIVATED
from datadao.values import moment


@cli.group(cls=Registered)
def attest() -> None:
    """Score submissions, agree on batches, publish them."""


_dataset = click.option("--dataset", type=click.IntRange(1), required=True, help="Dataset to attest for.")


@command(attest, "score")
@_dataset
@click.option("--schema", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Unless it is in storage.")
@key_option("Key that submissions are sealed to.")
@click.option("--workers", type=click.IntRange(1), help="Processes that score; one a core unless said.")
@click.option("--scheduler", metavar="ADDRESS", help="The attestor's own Dask cluster, instead of this machine.")
def score(
    session: Session, dataset: int, schema: Path | None, key_name: str, workers: int | None, scheduler: str | None
) -> Outcome:
    """Open and score submissions that enough custodians could open, and post the scores, signed."""
    agreement, sign = open_agreement(session, dataset), session.sign
    slot, attestor = my_slot(session, agreement), _attestor(session, agreement, schema, key_name)
    committee = attestor.committee
    opened = openers(session.dao.id, committee, session.board.witnesses(committee.version))
    scored: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    new = agreement.open(slot)
    with session.progress("open, check, score", len(new)) as done:
        try:
            for name, result in assess_all(attestor, new, opened, scheduler=scheduler, workers=workers):
                if isinstance(result, DataDAOError):
                    said = {"submission": name, "kind": type(result).__name__, "reason": str(result)}
                    (waiting if isinstance(result, NotReadable) else refused).append(said)
                else:
                    session.board.post_score(sign_score(session.dao.id, dataset, name, result, session.address, sign))
                    scored.append({"submission": name, "records": result.units, "qualityBps": result.quality})
                done(1)
        except StoreUnavailable as error:
            if not scored:
                raise
            answers = f"{len(scored)} of {len(new)} are scored, then: {error}\nRun the same command again."
            raise PartlyDone(answers) from error
    lines = [f"{s['submission'].hex()}  {s['records']} records, quality {s['qualityBps'] / 100:g} %" for s in scored]
    lines += [f"{s['submission'].hex()}  {s['kind']}: {s['reason']}" for s in (*waiting, *refused)]
    lines.append(f"{len(scored)} scored, {len(waiting)} waiting for custodians, {len(refused)} refused.")
    document = {"dataset": dataset, "scored": scored, "waiting": waiting, "refused": refused}
    left_out = bool(waiting or refused)
    return Outcome(document, tuple(lines), (PARTLY if scored else REFUSED) if left_out else DONE)


def _attestor(session: Session, agreement: Agreement, schema: Path | None, key_name: str) -> Attestor:
    """This account's, with its key. Raises `SlotMismatch` if that is not the one the chain names."""
    key, slot = session.key(key_name), my_slot(session, agreement)
    if public_key(key) != agreement.attestors[slot].hpke_key:
        raise SlotMismatch(f"key {key_name} is not the one the chain names for {session.address}; name it with --key")
    return Attestor(
        dao=session.dao.id,
        slot=slot,
        private_key=key,
        committee=session.dao.committee(),
        store=session.store,
        scorer=scorer_of(session, agreement.dataset_id, schema),
        max_file=session.profile.max_file,
        check=checker(session.dao.web3),
    )


_cluster = click.option(
    "--scheduler", metavar="ADDRESS", help="The attestor's own Dask cluster, which sees the role's folder too."
)


@command(attest, "draft")
@_dataset
@_cluster
@click.option("--days", type=click.IntRange(1, 30), default=7, show_default=True, help="Until it must be published.")
@click.option("--anew", is_flag=True, help="Replace this account's own drafts that still lack signatures.")
def draft(session: Session, dataset: int, scheduler: str | None, days: int, anew: bool) -> Outcome:
    """Draft a batch of everything that enough attestors scored alike, and sign it first.

    What stands in another draft that may still be published, or in a batch, is left out.
    """
    session.keep_objects()
    agreement = open_agreement(session, dataset, units_of(session, scheduler))
    my_slot(session, agreement)
    occupied: set[int] = set()
    while True:
        drafts = open_drafts(session, agreement)
        standing = drafts.standing(anew=session.address if anew else None)
        sequence = agreement.next_sequence({item.place[1] for item in drafts.of(dataset)} | occupied)
        made, manifest = agreement.draft(
            sequence,
            agreement.now + days * DAY,
            session.address,
            session.sign,
            {mark: item.words for mark, item in standing.items()},
        )
        store_manifest(session.store, manifest)
        try:
            session.board.draft(made)
            break
        except ObjectTaken:  # another attestor was quicker, whose draft is read now; or it is rubbish
            occupied.add(sequence)
    beside = sorted({item.words for item in standing.values()})
    document = {"dataset": dataset, "sequence": sequence, **_summary(session, made), "beside": beside}
    lines = [f"Drafted and signed batch {sequence}: {_words(made)}."]
    return Outcome(document, (*lines, *(f"Without what stands in {words}." for words in beside)))


@command(attest, "sign")
@_dataset
@_cluster
def sign(session: Session, dataset: int, scheduler: str | None) -> Outcome:
    """Check what other attestors drafted against the scores and against each other, and sign it."""
    session.keep_objects()
    agreement = open_agreement(session, dataset, units_of(session, scheduler))
    slot = my_slot(session, agreement)
    signed: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    drafts = open_drafts(session, agreement)
    for item in drafts.of(dataset):
        if session.address in item.signatures or drafts.replaced(item):
            continue
        try:
            batch = agreement.examine(item.draft, item.manifest, slot)
            drafts.check(item, session.address)
        except StoreUnavailable:
            raise
        except DataDAOError as error:
            refused.append({"sequence": item.place[1], "kind": type(error).__name__, "reason": str(error)})
            continue
        signature = session.sign(batch.typed(session.dao.id))
        session.board.sign(batch.digest(session.dao.id), Signed(session.address, signature))
        signed.append({"sequence": batch.sequence, **_summary(session, item.draft)})
    lines = [f"Signed batch {item['sequence']}: {item['shares']} units of shares." for item in signed]
    lines += [f"Not signed: {item['kind']}: {item['reason']}" for item in refused]
    code = DONE if not refused else PARTLY if signed else REFUSED
    return Outcome({"signed": signed, "refused": refused}, tuple(lines) or ("Nothing to sign.",), code)


@command(attest, "publish", sends=True)
@_dataset
def publish(session: Session, dataset: int) -> Outcome:
    """Publish the oldest drafted batch that enough attestors signed. Anyone may."""
    agreement = open_agreement(session, dataset)
    drafts = open_drafts(session, agreement)
    item = drafts.publishable(dataset, agreement.taken)
    if item is None and not drafts.of(dataset):
        raise NothingToDo(f"no batch of dataset {dataset} is drafted and unpublished")
    if item is None:
        have = max((len(other.signatures) for other in drafts.of(dataset)), default=0)
        raise NotEnoughSignatures(have, agreement.threshold)

    def check() -> None:
        if drafts.publishable(dataset, taken(session)) is not item:
            raise DraftRefused(
                f"some of batch {batch.sequence} was published meanwhile; nothing was sent, run it again"
            )

    batch, dao = item.draft.batch, session.dao
    signatures = ordered(item.signatures, agreement.threshold)
    arguments = (tuple(vars(batch).values()), signatures, content_name(batch.manifest_hash))
    what = f"publish batch {batch.sequence} of dataset {dataset}: {_words(item.draft)}"
    receipts = send(session, [dao.call("registry", "publish", *arguments, what=what)], check=check)
    (event,) = receipts[0].events("registry", "BatchPublished", dao.addresses["registry"])
    batch_id = event.fields["batchId"]
    since = after(session, receipts[0], lambda block: dao.read("registry", "batch", batch_id, block=block).since)
    opens = since + dao.read("registry", "challengePeriod")
    document = {"batch": batch_id, "sequence": batch.sequence, "activatableAt": opens}
    text = f"Published as batch {batch_id}; `datadao activate {batch_id}` from {_moment(opens)} on."
    return Outcome(document, (text,))


@command(attest, "sample")
@_dataset
@key_option("Key that submissions are sealed to.")
def sample(session: Session, dataset: int, key_name: str) -> Outcome:
    """Draw records of active batches for everyone to see, from files whose contributors agreed, and post them, signed.

    A block that is mined after the batch was published draws, once it is final; readers show what enough attestors
    signed alike. What was drawn before is not drawn again, and samples of contributions that were erased are deleted.
    """
    agreement, sign = open_agreement(session, dataset), session.sign
    attestor = _attestor(session, agreement, None, key_name)
    opened = openers(session.dao.id, attestor.committee, session.board.witnesses(attestor.committee.version))
    submissions = {item.file_hash: item for item in agreement.submissions.values()}
    consents, view = list(session.board.consents(dataset)), NodeView(session.dao.web3, session.dao.addresses)
    posted: list[dict[str, Any]] = []
    withheld: list[dict[str, Any]] = []
    deleted: list[dict[str, Any]] = []
    undeleted: list[dict[str, Any]] = []
    waiting: list[int] = []
    for item, manifest in session.catalog.manifests(dataset, ACTIVATED):
        block_hash = drawing_block(session.dao.web3, item.block)
        if block_hash is None:
            waiting.append(item.batch_id)
            continue
        number, places = item.batch_id, {name: place for place, name in enumerate(manifest.ids)}
        for name, gone in unshow_erased(session.board, view, number, manifest):
            if isinstance(gone, int):
                deleted.append({"batch": number, "contribution": name, "samples": gone})
            else:
                undeleted.append(_left_out(number, name, gone))
        leaves = agreed(session.dao.id, consents, manifest)
        members = [manifest.contribution(number, places[name]) for name in leaves]
        standing = zip(leaves, view.standing(members, "latest"), strict=True)
        wanted = {name: leaves[name] for name, now in standing if now is Standing.INCLUDED}
        done = {name for name, attestor in session.board.shown(number) if attestor == session.address.lower()}
        order = [name for name in drawn(block_hash, wanted) if name not in done]
        schema = schema_of(session, item)
        for name in order:
            found = sample_of(
                attestor, schema, number, block_hash, name, wanted[name], submissions, opened, session.address, sign
            )
            if isinstance(found, Withheld):
                withheld.append(_left_out(number, found.contribution, found.reason))
            else:
                session.board.show(found)
                posted.append({"batch": number, "contribution": name, "records": len(found.lines)})
    lines = [f"Batch {one['batch']}: {one['records']} records of {one['contribution'].hex()}" for one in posted]
    lines += [f"Batch {one['batch']}: none of {one['contribution'].hex()}: {one['reason']}" for one in withheld]
    for one in deleted:
        lines.append(f"Batch {one['batch']}: {one['contribution'].hex()} was erased; {one['samples']} samples deleted")
    for one in undeleted:
        what = f"{one['contribution'].hex()} was erased, but its samples are still there: {one['reason']}"
        lines.append(f"Batch {one['batch']}: {what}")
    lines += [
        f"Batch {number} is drawn {DELAY} blocks after it was published, once that is final." for number in waiting
    ]
    document = {
        "dataset": dataset, "posted": posted, "withheld": withheld, "deleted": deleted, "undeleted": undeleted,
        "waiting": waiting,
    }  # fmt: skip
    partly = undeleted or (withheld and posted)
    return Outcome(document, tuple(lines) or ("Nothing to draw.",), PARTLY if partly else DONE)


def _left_out(batch_id: int, name: bytes, reason: DataDAOError) -> dict[str, Any]:
    return {"batch": batch_id, "contribution": name, "kind": type(reason).__name__, "reason": str(reason)}


def schema_of(session: Session, item: Published) -> Schema:
    """What the batch's records were scored by. Raises `StoreError`."""
    policy = session.dao.read("registry", "policy", item.batch.dataset_id, item.batch.policy_version)
    digest = bytes(policy.schemaHash)
    return Schema(session.store.get(digest), digest)


def _summary(session: Session, item: Draft) -> dict[str, Any]:
    batch = item.batch
    return {"digest": batch.digest(session.dao.id), "count": batch.count, "shares": str(batch.total_shares)}


def _words(item: Draft) -> str:
    return f"{item.batch.count} contributions, {decimal(item.batch.total_shares, TOKEN_DECIMALS)} shares"


def _moment(timestamp: int) -> str:
    return moment(timestamp)


def open_agreement(session: Session, dataset_id: int, units: Units | None = None) -> Agreement:
    """Submissions, scores and what is accepted already, read from chain and storage; with `units`, for who is to say
    what records earn."""
    session.keep_objects()
    check_dataset(session, dataset_id)
    dao = session.dao
    version = dao.read("registry", "attestorSetVersion")
    agreement = Agreement(
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
        units=units,
    )
    agreement.add(session.board.scores(dataset_id))
    return agreement


def taken(session: Session) -> frozenset[bytes]:
    """Fingerprints and file hashes of what stands in a batch, of any dataset, that is published and not dead."""
    leaves = (leaf for _, manifest in session.catalog.manifests(None, ALIVE) for leaf in manifest.leaves)
    return frozenset(mark for leaf in leaves for mark in marks_of(leaf))


def open_drafts(session: Session, agreement: Agreement) -> Drafts:
    """What is on the board now: drafts of the agreement's dataset, and of the others, whose data may be the same."""
    board, datasets = session.board, range(1, session.dao.read("registry", "datasetCount") + 1)
    drafted = [n for n in datasets if n != agreement.dataset_id and any(board.drafts(n))]
    others = [open_agreement(session, n, agreement.units) for n in drafted]
    return Drafts.read([agreement, *others], board, session.store)


def my_slot(session: Session, agreement: Agreement) -> int:
    """The account's slot in the attestor set. Raises `SlotMismatch` if it has none."""
    for slot, party in enumerate(agreement.attestors):
        if party.signer == session.address:
            return slot
    raise SlotMismatch(f"{session.address} is not an attestor of set {agreement.set_version}; name the right --account")


def scorer_of(session: Session, dataset_id: int, schema: Path | None) -> JsonLinesScorer:
    """Scores by the dataset's schema, from the file or from storage, and the attestors' fingerprint secret. Raises
    `InvalidArgument` for one that makes other records the same than the dataset's first."""
    versions = range(1, session.dao.read("registry", "dataset", dataset_id).policyVersion + 1)
    policies = session.dao.read_together([("registry", "policy", dataset_id, version) for version in versions])
    hashes = [bytes(policy.schemaHash) for policy in policies]
    digest = hashes[-1]
    data = schema.read_bytes() if schema else _schema(session, dataset_id, digest)
    made = JsonLinesScorer(data, digest, load_secret(session.key_path(FINGERPRINT)), dataset_id)
    first = next(filter(any, hashes))  # a dataset may be made before its schema is
    if first != digest:
        identity = Schema(_schema(session, dataset_id, first), first).identity
        if identity != made.schema.identity:
            raise InvalidArgument(
                f"the schema of dataset {dataset_id} makes two records the same by {_same(made.schema.identity)}, its "
                f"first one by {_same(identity)}; that never changes, so restore x-identity, or make another dataset"
            )
    return made


def _schema(session: Session, dataset_id: int, digest: bytes) -> bytes:
    try:
        return session.store.get(digest)
    except StoreError as error:
        raise InvalidArgument(
            f"the schema 0x{digest.hex()} of dataset {dataset_id} is not in storage; name it with --schema if it is "
            "the present one, add an older one with `datadao schema add`"
        ) from error


def _same(identity: Sequence[str]) -> str:
    return " and ".join(identity) or "all properties"


@command(cli, "activate", sends=True)
@click.argument("batch", type=click.IntRange(1))
def activate(session: Session, batch: int) -> Outcome:
    """Activate a published BATCH after its challenge period. Anyone may."""
    send(session, [session.dao.call("registry", "activate", batch, what=f"activate batch {batch}")])
    return Outcome({"batch": batch}, (f"Batch {batch} is active.",))
