"""`datadao open`: what a running lease has a right to read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from datadao.cli.frame import DONE, PARTLY, Outcome, command
from datadao.cli.groups import cli

if TYPE_CHECKING:
    from datadao.cli.session import Session
    from datadao.client import Terms
    from datadao.errors import DataDAOError
    from datadao.licensee import Fault, Licensee


@command(cli, "open")
@click.argument("number", metavar="LEASE", type=click.IntRange(1))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the files.")
def open_(session: Session, number: int, out: Path) -> Outcome:
    """Open every file of a LEASE whose keys custodians released, and describe them as a Croissant dataset.

    Files lie in DIR/data, named by the sha256 of their ciphertext, their description in DIR/croissant.json. Those
    already there are not opened again; those erased since must be deleted, and are named.
    """
    from datadao.cli.reading import LeaseStatus, check_lease, terms_of, word
    from datadao.croissant import DATA
    from datadao.errors import LeaseNotStarted

    info, terms = check_lease(session, number), terms_of(session.dao, number)
    dataset = terms.dataset_id
    licensees, faults = _licensees(session, number, bytes(info.hpkeKey))
    if not any(licensee.held for licensee in licensees):
        state = word(LeaseStatus(info.status))
        raise LeaseNotStarted(
            f"no keys are released for lease {number}, which is {state}: custodians release them once an instalment is "
            "paid and final; wait for them, or see `datadao lease show`"
        )
    data = out / DATA
    data.mkdir(parents=True, exist_ok=True)
    gone = _gone(session, dataset)
    opened, left = _open_all(session, dataset, licensees, data, gone)
    stale = sorted(str(data / name) for name in gone if (data / name).exists())
    description = _describe(session, number, terms, out)
    lines = [f"{len(opened)} files in {data}" + (f", described by {description}." if description else ".")]
    lines += [f"{item['fileHash'].hex()}  {item['kind']}: {item['reason']}" for item in left]
    lines += [f"Bad bundle {fault.name}: {_culprit(fault)}: {fault.reason}" for fault in faults]
    lines += [f"Erased by its contributor: delete {path} and every copy, then acknowledge." for path in stale]
    document = {
        "lease": number, "description": description, "opened": opened, "left": left, "delete": stale,
        "faults": [{"bundle": f.name, "seat": f.culprit, "reason": str(f.reason)} for f in faults],
    }  # fmt: skip
    return Outcome(document, tuple(lines), PARTLY if left else DONE)


def _licensees(session: Session, number: int, current: bytes) -> tuple[list[Licensee], list[Fault]]:
    """One for each key of this role that bundles may be sealed to: the lease's present key first, then earlier ones."""
    from datadao.cli.keys import FINGERPRINT
    from datadao.crypto.seal import public_key
    from datadao.errors import KeyFileRefused, UnsealFailed
    from datadao.licensee import Licensee

    folder, dao = session.home / "keys", session.dao
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    keys = [session.key(name) for name in names if name != FINGERPRINT]
    keys.sort(key=lambda key: public_key(key) != current)
    if not keys or public_key(keys[0]) != current:
        raise KeyFileRefused(f"no key in {folder} is that of lease {number}, 0x{current.hex()}; restore it from a copy")
    committees = {epoch: dao.committee(epoch) for epoch in range(1, dao.read("registry", "committeeEpoch") + 1)}
    made, shut, faults = [], [], []
    for key in keys:
        licensee = Licensee(dao=dao.id, lease_id=number, private_key=key, committees=committees, store=session.store)
        found = licensee.collect()
        made.append(licensee)
        shut.append({fault.name for fault in found if isinstance(fault.reason, UnsealFailed)})
        faults.append(found)
    # A bundle sealed to another of these keys is no fault.
    shut_to_all = set.intersection(*shut)
    return made, [f for f in faults[0] if not isinstance(f.reason, UnsealFailed) or f.name in shut_to_all]


def _gone(session: Session, dataset: int) -> set[str]:
    """Names of files whose contributions were erased, or never counted because another had them first."""
    from datadao.gate import Standing

    members = session.catalog.contributions(dataset)
    standing = session.dao.gate.standing(members, "latest")
    return {c.leaf.file_hash.hex() for c, now in zip(members, standing, strict=True) if now is not Standing.INCLUDED}


def _open_all(
    session: Session, dataset: int, licensees: Sequence[Licensee], out: Path, gone: set[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What is open now, and what is not, with the reason."""
    from dataclasses import replace

    from datadao.catalog import ACTIVATED

    opened: list[dict[str, Any]] = []
    left: list[dict[str, Any]] = []
    manifests = [manifest for _, manifest in session.catalog.manifests(dataset, ACTIVATED)]
    with session.progress("open", sum(len(manifest.leaves) for manifest in manifests)) as done:
        for manifest in manifests:
            wanted = [leaf for leaf in manifest.leaves if leaf.file_hash.hex() not in gone]
            shut = {leaf.file_hash: leaf for leaf in wanted if not (out / leaf.file_hash.hex()).exists()}
            done(len(manifest.leaves) - len(shut))
            reasons: dict[bytes, DataDAOError | None] = {}
            for turn, licensee in enumerate(licensees):
                for item in licensee.open_all(replace(manifest, leaves=tuple(shut.values())), out):
                    # The lease's present key comes first, and its reason is the one to tell.
                    reasons.setdefault(item.leaf.file_hash, item.error)
                    if item.path is not None:
                        del shut[item.leaf.file_hash]
                    if turn == 0:
                        done(1)
            for leaf in wanted:
                place = {"fileHash": leaf.file_hash, "contributor": leaf.contributor}
                if leaf.file_hash in shut:
                    error = reasons[leaf.file_hash]
                    left.append(place | {"kind": type(error).__name__, "reason": str(error)})
                else:
                    opened.append(place | {"path": out / leaf.file_hash.hex()})
    return opened, left


def _describe(session: Session, number: int, terms: Terms, out: Path) -> Path | None:
    """The Croissant description; None, and a word why, if it cannot be made. The files are open all the same."""
    from datetime import UTC, datetime

    from datadao.croissant import Dataset, describe
    from datadao.errors import DataDAOError

    policy = session.dao.read("registry", "currentPolicy", terms.dataset_id)
    digest = bytes(policy.schemaHash)
    try:
        dataset = Dataset(
            dao=session.dao.id,
            dataset_id=terms.dataset_id,
            lease_id=number,
            purposes=terms.purposes,
            agreement_hash=terms.agreement_hash,
            schema=session.store.get(digest),
            schema_hash=digest,
            uri=policy.uri,
        )
        return describe(out, dataset, datetime.fromtimestamp(session.now, UTC).date())
    except DataDAOError as error:
        session.say("[yellow]No Croissant description:[/yellow]", str(error))
        return None


def _culprit(fault: Fault) -> str:
    return f"signed by seat {fault.culprit[0]}-{fault.culprit[1]}" if fault.culprit else "signed by nobody"
