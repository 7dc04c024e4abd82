"""`datadao init`: a role's folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from datadao.cli.frame import Outcome, command
from datadao.cli.groups import cli
from datadao.profile import Profile

if TYPE_CHECKING:
    from datadao.cli.session import Session


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
    from datadao.errors import StoreError
    from datadao.store import Store

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
