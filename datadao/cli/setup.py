"""`datadao init`: a role's folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from datadao.cli.command import Outcome, command
from datadao.cli.main import Registered, cli
from datadao.cli.session import Session
from datadao.crypto.keyfile import FINGERPRINT, SEALING, new_key, new_secret
from datadao.crypto.seal import public_key
from datadao.errors import StoreError
from datadao.profile import Profile
from datadao.storage.store import Store


@cli.group(cls=Registered)
def keys() -> None:
    """Make and show this role's encryption keys."""


@command(cli, "init")
@click.option(
    "--deployment",
    type=click.Path(exists=True, path_type=Path, resolve_path=True),
    required=True,
    help="Record that `ape run deploy` wrote, or the folder with it.",
)
@click.option("--store", metavar="URL", help="s3://bucket[/prefix] or file:///folder; not for who only reads the chain")
@click.option("--endpoint", metavar="URL", help="S3 server, unless it is Amazon's.")
@click.option("--region", help="S3 region.")
@click.option("--http", is_flag=True, help="Allow an endpoint without TLS.")
@click.option("--inbox", metavar="URL", help="Storage for submissions, which should expire; --store unless said.")
def init(
    session: Session,
    deployment: Path,
    store: str | None,
    endpoint: str | None,
    region: str | None,
    http: bool,
    inbox: str | None,
) -> Outcome:
    """Make this role's folder and write its configuration.

    --network and --account are kept in it. S3 credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. A
    file:// storage is made if it is not there; no other command makes one.
    """

    def options(url: str) -> dict[str, Any]:
        given = {"endpoint": endpoint, "region": region, "http": http} if url.startswith("s3://") else {}
        return {"url": url, **{name: value for name, value in given.items() if value}}

    if session.network is None:
        raise click.UsageError("--network is needed: Ape's name of a network, or a node's URL")
    profile = Profile(
        session.home,
        network=session.network,
        deployment=str(deployment),
        account=session.alias,
        store=options(store) if store else None,
        inbox=options(inbox) if inbox else None,
    )
    path = profile.write()
    try:
        for settings in (profile.store, profile.inbox):
            if settings:
                Store(**settings, create=True)
    except StoreError:
        path.unlink()
        raise
    Profile.load(session.home)
    return Outcome({"config": path}, (f"Wrote {path}.",))


def key_option(text: str) -> Callable[[Any], Any]:
    """`--key`, alike everywhere."""
    return click.option("--key", "key_name", default=SEALING, show_default=True, metavar="NAME", help=text)


@command(keys, "new")
@click.argument("name", default=SEALING)
def new(session: Session, name: str) -> Outcome:
    """Make an X25519 key and show its public half, which goes on chain as `hpkeKey`."""
    path = session.key_path(name)
    public = public_key(new_key(path))
    return Outcome({"name": name, "file": path, "hpkeKey": public}, (f"hpkeKey 0x{public.hex()}  ({path})",))


@command(keys, "new-fingerprint")
def new_fingerprint(session: Session) -> Outcome:
    """Make the fingerprint secret of a new DAO's attestors.

    The first attestor makes it, and hands the file to the others over a private channel. It never
    changes: fingerprints of old and new data would not compare.
    """
    path = session.key_path(FINGERPRINT)
    new_secret(path)
    return Outcome({"file": path}, (f"Wrote {path}. Hand it to the other attestors, unchanged.",))


@command(keys, "show")
def show(session: Session) -> Outcome:
    """Show the public halves of this role's keys."""
    folder = session.home / "keys"
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    found = {name: public_key(session.key(name)) for name in names if name != FINGERPRINT}
    lines = [f"{name:<16} hpkeKey 0x{public.hex()}" for name, public in found.items()]
    return Outcome({"keys": found}, tuple(lines) or (f"No keys in {folder}; `datadao keys new` makes one.",))
