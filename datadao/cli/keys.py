"""`datadao keys`: encryption keys in files that their owner alone can read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from datadao.cli.frame import Outcome, command
from datadao.cli.groups import keys

if TYPE_CHECKING:
    from datadao.cli.session import Session

SEALING, FINGERPRINT = "sealing", "fingerprint"
"""Names of the key that things are sealed to, unless another is said, and of the attestors' common secret."""


def key_option(text: str) -> Callable[[Any], Any]:
    """`--key`, alike everywhere."""
    return click.option("--key", "key_name", default=SEALING, show_default=True, metavar="NAME", help=text)


@command(keys, "new")
@click.argument("name", default=SEALING)
def new(session: Session, name: str) -> Outcome:
    """Make an X25519 key and show its public half, which goes on chain as `hpkeKey`."""
    from datadao.crypto.seal import public_key
    from datadao.keyfile import new_key

    path = session.key_path(name)
    public = public_key(new_key(path))
    return Outcome({"name": name, "file": path, "hpkeKey": public}, (f"hpkeKey 0x{public.hex()}  ({path})",))


@command(keys, "new-fingerprint")
def new_fingerprint(session: Session) -> Outcome:
    """Make the fingerprint secret of a new DAO's attestors.

    The first attestor makes it, and hands the file to the others over a channel that nobody else reads. It never
    changes: fingerprints of old and new data would not compare.
    """
    from datadao.keyfile import new_secret

    path = session.key_path(FINGERPRINT)
    new_secret(path)
    return Outcome({"file": path}, (f"Wrote {path}. Hand it to the other attestors, unchanged.",))


@command(keys, "show")
def show(session: Session) -> Outcome:
    """Show the public halves of this role's keys."""
    from datadao.crypto.seal import public_key

    folder = session.home / "keys"
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    found = {name: public_key(session.key(name)) for name in names if name != FINGERPRINT}
    lines = [f"{name:<16} hpkeKey 0x{public.hex()}" for name, public in found.items()]
    return Outcome({"keys": found}, tuple(lines) or (f"No keys in {folder}; `datadao keys new` makes one.",))
