"""Signing instead of sending: what a relay then pays for lies on the board, or with a desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import click
import requests

from datadao.cli.command import Outcome
from datadao.cli.session import Session
from datadao.errors import DataDAOError, InvalidArgument
from datadao.messages.requests import Request

F = TypeVar("F", bound=Callable[..., Any])

VALID = 7 * 86_400
"""Seconds for which a signed message may be sent, unless it says otherwise."""
_TIMEOUT = 30


class DeskRefused(DataDAOError):
    """A desk did not take what was signed. Nothing was sent."""


def signable(command: F) -> F:
    """Adds --sign and --desk to a command."""
    desk = click.option("--desk", metavar="URL", help="With --sign: hand it to this desk, not to the board.")
    sign = click.option("--sign", is_flag=True, help="Only sign: a relay sends it, and pays.")
    return sign(desk(command))


def check(sign: bool, desk: str | None) -> None:
    """Raises `UsageError` for a desk without a signature."""
    if desk and not sign:
        raise click.UsageError("--desk is for what is signed: pass --sign too")


def deadline(session: Session) -> int:
    """Of what is signed now, Unix seconds by the chain's clock."""
    return session.now + VALID


def hand_over(session: Session, unsigned: list[Request], desk: str | None, note: str) -> Outcome:
    """Signs each and leaves it for a relay."""
    from datadao.relay.judge import domains_of

    session.say(note)
    session.confirm(f"Sign {len(unsigned)} message{'s' if len(unsigned) > 1 else ''}?")
    domains, sign = domains_of(session.dao), session.sign
    signed = [replace(item, signature=sign(item.typed(domains))) for item in unsigned]  # type: ignore[call-arg]
    for item in signed:
        if desk:
            _to_desk(desk, item)
        else:
            session.board.request(item, session.now)
    where = f"with {desk}" if desk else "on the board"
    rows = [{"kind": item.KIND, "id": item.id, "signer": item.signer} for item in signed]
    lines = (f"Signed, and left {where} for a relay: {item.KIND} {item.id.hex()}" for item in signed)
    return Outcome({"signed": rows, "desk": desk}, tuple(lines))


def _to_desk(url: str, item: Request) -> None:
    if not url.startswith(("http://", "https://")):
        raise InvalidArgument(f"desk {url!r}: expected an address like https://desk.example")
    try:
        answer = requests.post(f"{url.rstrip('/')}/v1/requests/{item.KIND}", json=item.document, timeout=_TIMEOUT)
        error = answer.json().get("error") if answer.status_code >= 400 else None
    except (requests.RequestException, ValueError, AttributeError) as failure:
        raise DeskRefused(f"{url} does not answer as a desk ({type(failure).__name__}); try again") from None
    if answer.status_code != 202:
        words = error.get("message") if isinstance(error, dict) else f"status {answer.status_code}"
        raise DeskRefused(f"{url}: {words}")
