"""`datadao attest`: score what was handed in, draft a batch, sign what others drafted, publish it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from datadao.cli.frame import DONE, PARTLY, REFUSED, Outcome, command
from datadao.cli.groups import attest
from datadao.cli.keys import key_option

if TYPE_CHECKING:
    from datadao.cli.session import Session
    from datadao.proposal import Draft, Panel

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
    from datadao.attest import Attestor, openers
    from datadao.cli.panel import my_slot, open_panel, scorer_of
    from datadao.cluster import assess_all
    from datadao.crypto.seal import public_key
    from datadao.errors import DataDAOError, NotReadable, PartlyDone, SeatMismatch, StoreUnavailable
    from datadao.proposal import propose

    key, panel = session.key(key_name), open_panel(session, dataset)
    slot = my_slot(session, panel)
    if public_key(key) != panel.attestors[slot].hpke_key:
        raise SeatMismatch(f"key {key_name} is not the one the chain names for {session.address}; name it with --key")
    committee, sign = session.dao.committee(), session.sign
    attestor = Attestor(
        dao=session.dao.id,
        slot=slot,
        private_key=key,
        committee=committee,
        store=session.store,
        scorer=scorer_of(session, dataset, schema),
        max_file=session.profile.max_file,
    )
    opened = openers(session.dao.id, committee, session.board.witnesses(committee.epoch))
    scored: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    new = panel.open(slot)
    with session.progress("open, check, score", len(new)) as done:
        try:
            for name, result in assess_all(attestor, new, opened, scheduler=scheduler, workers=workers):
                if isinstance(result, DataDAOError):
                    said = {"submission": name, "kind": type(result).__name__, "reason": str(result)}
                    (waiting if isinstance(result, NotReadable) else refused).append(said)
                else:
                    session.board.propose(propose(session.dao.id, dataset, name, result, session.address, sign))
                    scored.append({"submission": name, "units": result.units, "qualityBps": result.quality})
                done(1)
        except StoreUnavailable as error:
            if not scored:
                raise
            told = f"{len(scored)} of {len(new)} are scored, then: {error}\nRun the same command again."
            raise PartlyDone(told) from error
    lines = [f"{s['submission'].hex()}  {s['units']} units, quality {s['qualityBps'] / 100:g} %" for s in scored]
    lines += [f"{s['submission'].hex()}  {s['kind']}: {s['reason']}" for s in (*waiting, *refused)]
    lines.append(f"{len(scored)} scored, {len(waiting)} waiting for custodians, {len(refused)} refused.")
    document = {"dataset": dataset, "scored": scored, "waiting": waiting, "refused": refused}
    left_out = bool(waiting or refused)
    return Outcome(document, tuple(lines), (PARTLY if scored else REFUSED) if left_out else DONE)


@command(attest, "draft")
@_dataset
@click.option("--days", type=click.IntRange(1, 30), default=7, show_default=True, help="Until it must be published.")
def draft(session: Session, dataset: int, days: int) -> Outcome:
    """Draft a batch of everything that enough attestors scored alike, and sign it first."""
    from datadao.cli.panel import my_slot, open_panel
    from datadao.errors import ObjectTaken

    panel = open_panel(session, dataset)
    my_slot(session, panel)
    drafted = {item.batch.sequence for item in _drafts(session, panel)}
    while True:
        sequence = panel.next_sequence(drafted)
        made, manifest = panel.draft(sequence, panel.now + days * 86_400, session.address, session.sign)
        session.store.put_bytes(manifest.encode())
        try:
            session.board.draft(made)
            break
        except ObjectTaken:  # another attestor was quicker, or somebody put rubbish there
            drafted.add(sequence)
    document = {"dataset": dataset, "sequence": sequence, **_summary(session, made)}
    return Outcome(document, (f"Drafted and signed batch {sequence}: {_words(made)}.",))


@command(attest, "sign")
@_dataset
def sign(session: Session, dataset: int) -> Outcome:
    """Check what other attestors drafted against the scores, and sign it."""
    from datadao.batch import Manifest
    from datadao.cli.panel import my_slot, open_panel
    from datadao.errors import DataDAOError, StoreUnavailable
    from datadao.proposal import Signed

    panel = open_panel(session, dataset)
    slot = my_slot(session, panel)
    signed: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for item in _drafts(session, panel):
        if session.address in _signatures(session, panel, item):
            continue
        digest = item.batch.manifest_hash
        try:
            manifest = Manifest.decode(session.store.get(digest, Manifest.LIMIT), session.dao.id, digest)
            batch = panel.examine(item, manifest, slot)
        except StoreUnavailable:
            raise
        except DataDAOError as error:
            refused.append({"sequence": item.batch.sequence, "kind": type(error).__name__, "reason": str(error)})
            continue
        signature = session.sign(batch.typed(session.dao.id))
        session.board.sign(batch.digest(session.dao.id), Signed(session.address, signature))
        signed.append({"sequence": batch.sequence, **_summary(session, item)})
    lines = [f"Signed batch {item['sequence']}: {item['shares']} units of shares." for item in signed]
    lines += [f"Not signed: {item['kind']}: {item['reason']}" for item in refused]
    code = DONE if not refused else PARTLY if signed else REFUSED
    return Outcome({"signed": signed, "refused": refused}, tuple(lines) or ("Nothing to sign.",), code)


@command(attest, "publish", sends=True)
@_dataset
def publish(session: Session, dataset: int) -> Outcome:
    """Publish the oldest drafted batch that enough attestors signed. Anyone may."""
    from datadao.cli.panel import open_panel
    from datadao.cli.sending import after, receipt_json, send
    from datadao.errors import NotEnoughSignatures
    from datadao.store import content_name

    panel = open_panel(session, dataset)
    drafts = _drafts(session, panel)
    ready = [(item, found) for item in drafts if len(found := _signatures(session, panel, item)) >= panel.threshold]
    if not ready:
        have = max((len(_signatures(session, panel, item)) for item in drafts), default=0)
        raise NotEnoughSignatures(have, panel.threshold)
    item, found = min(ready, key=lambda pair: pair[0].batch.sequence)
    batch, dao = item.batch, session.dao
    signers = sorted(found, key=lambda signer: int(signer, 16))[: panel.threshold]
    arguments = (tuple(vars(batch).values()), [found[signer] for signer in signers], content_name(batch.manifest_hash))
    what = f"publish batch {batch.sequence} of dataset {dataset}: {_words(item)}"
    receipts = send(session, [dao.call("registry", "publish", *arguments, what=what)])
    (event,) = receipts[0].events("registry", "BatchPublished", dao.addresses["registry"])
    batch_id = event.told["batchId"]
    since = after(session, receipts[0], lambda block: dao.read("registry", "batch", batch_id, block=block).since)
    opens = since + dao.read("registry", "challengePeriod")
    document = {"batch": batch_id, "sequence": batch.sequence, "activatableAt": opens}
    text = f"Published as batch {batch_id}; `datadao activate {batch_id}` from {_moment(opens)} on."
    return Outcome(document | {"transactions": receipt_json(receipts)}, (text,))


def _drafts(session: Session, panel: Panel) -> list[Draft]:
    """Drafts of this attestor set that can still be published, oldest first; what strangers posted is left out."""
    attestors = {party.signer for party in panel.attestors}
    found = [
        item
        for item in session.board.drafts(panel.dataset_id)
        if item.batch.attestor_set_version == panel.set_version
        and item.batch.sequence > panel.last_sequence
        and item.batch.deadline > panel.now
        and item.drafter in attestors
        and panel.check(item.drafter, item.batch.typed(panel.dao), item.signature)
    ]
    return sorted(found, key=lambda item: item.batch.sequence)


def _signatures(session: Session, panel: Panel, item: Draft) -> dict[str, bytes]:
    """Good signatures of a draft by attestors of the set, its drafter's among them."""
    message, attestors = item.batch.typed(panel.dao), {party.signer for party in panel.attestors}
    posted = session.board.signatures(item.batch.digest(panel.dao))
    good = {s.signer: s.signature for s in posted if s.signer in attestors}
    good = {signer: data for signer, data in good.items() if panel.check(signer, message, data)}
    return good | {item.drafter: item.signature}


def _summary(session: Session, item: Draft) -> dict[str, Any]:
    batch = item.batch
    return {"digest": batch.digest(session.dao.id), "count": batch.count, "shares": str(batch.total_shares)}


def _words(item: Draft) -> str:
    from datadao.cli.money import decimal
    from datadao.cli.reading import TOKEN_DECIMALS

    return f"{item.batch.count} contributions, {decimal(item.batch.total_shares, TOKEN_DECIMALS)} shares"


def _moment(timestamp: int) -> str:
    from datadao.values import moment

    return moment(timestamp)
