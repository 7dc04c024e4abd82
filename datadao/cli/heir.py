"""`datadao heir`: who takes this account's place when its key is lost, and taking a lost account's place."""

from __future__ import annotations

import click

from datadao.cli import signing
from datadao.cli.command import Outcome, command
from datadao.cli.main import Registered, cli
from datadao.cli.money import decimal
from datadao.cli.queries import TOKEN_DECIMALS
from datadao.cli.session import Session
from datadao.cli.transactions import after, send
from datadao.cli.wording import block
from datadao.encoding import address
from datadao.errors import NothingToDo
from datadao.messages.requests import HeirBinding, HeirOpening, HeirUnbinding, HeirVeto
from datadao.proposals import Succession
from datadao.values import moment


@cli.group(cls=Registered)
def heir() -> None:
    """Name an heir for this account; take the place of an account whose key is lost.

    An heir protects against loss and not against a thief: whoever has the key can veto it and name another.
    """


@command(heir, "show")
@click.argument("lost", metavar="ACCOUNT", required=False)
def show(session: Session, lost: str | None) -> Outcome:
    """Show the heir of ACCOUNT, this one unless given, and how far its succession is."""
    of = address(lost) if lost else session.address
    found, holder = succession(session, of), session.dao.read("token", "holderOf", of)[0]
    document = {
        "account": of,
        "heir": found.heir,
        "delayDays": found.delay_days,
        "since": found.since,
        "openedAt": found.opened_at or None,
        "executableFrom": found.due or None,
        "succeeded": found.is_succeeded,
        "holder": holder,
    }
    return Outcome(document, (block([("account", of), *_rows(found, holder, session.now)]),))


@command(heir, "bind", sends=True)
@click.argument("to", metavar="HEIR")
@click.option("--delay", type=click.IntRange(30, 365), required=True, metavar="DAYS", help="30 to 365.")
@signing.signable
def bind(session: Session, to: str, delay: int, sign: bool, desk: str | None) -> Outcome:
    """Name HEIR, which may take this account's place DAYS days after it opened the succession, unless vetoed."""
    signing.check(sign, desk)
    chosen = address(to)
    note = (
        f"From now on {chosen} can open the succession and gets all that this account has {delay} days later, unless "
        f"you veto: run `datadao status` more often than every {delay} days. This is no help against a thief: whoever "
        "has your key vetoes, and names another heir."
    )
    if sign:
        binding = HeirBinding(session.address, chosen, delay, *_next(session), b"")
        return signing.hand_over(session, [binding], desk, note)
    call = session.dao.call("token", "bindHeir", chosen, delay, what=f"name {chosen} heir, {delay} days")
    send(session, [call], note=note)
    document = {"account": session.address, "heir": chosen, "delayDays": delay}
    return Outcome(document, (f"{chosen} is the heir of {session.address}, with {delay} days to veto.",))


@command(heir, "unbind", sends=True)
@signing.signable
def unbind(session: Session, sign: bool, desk: str | None) -> Outcome:
    """Have no heir any more; an open succession ends."""
    signing.check(sign, desk)
    found = succession(session, session.address)
    if found.heir is None:
        raise NothingToDo(f"{session.address} has no heir")
    note = "Without an heir, a lost key is lost income and lost votes, for ever."
    if sign:
        return signing.hand_over(session, [HeirUnbinding(session.address, *_next(session), b"")], desk, note)
    send(session, [session.dao.call("token", "unbindHeir", what=f"remove heir {found.heir}")], note=note)
    return Outcome({"account": session.address, "heir": None}, (f"{session.address} has no heir.",))


@command(heir, "open", sends=True)
@click.argument("lost", metavar="ACCOUNT")
@signing.signable
def open_(session: Session, lost: str, sign: bool, desk: str | None) -> Outcome:
    """Open the succession of ACCOUNT, which named this account its heir."""
    signing.check(sign, desk)
    old = address(lost)
    found = succession(session, old)
    note = (
        f"{old} can veto for {found.delay_days} days; after a veto it cannot be opened again for as long. Once "
        f"they are over, run `datadao heir succeed {old}`."
    )
    if sign:
        return signing.hand_over(session, [HeirOpening(old, session.address, *_next(session), b"")], desk, note)
    call = session.dao.call("token", "openSuccession", old, what=f"open the succession of {old}")
    done = send(session, [call], note=note)
    due = after(session, done[-1], lambda block: succession(session, old, block)).due
    document = {"account": old, "executableFrom": due}
    return Outcome(document, (f"Opened: executable from {moment(due)} on, unless {old} vetoes.",))


@command(heir, "veto", sends=True)
@signing.signable
def veto(session: Session, sign: bool, desk: str | None) -> Outcome:
    """End the open succession of this account."""
    signing.check(sign, desk)
    found = succession(session, session.address)
    if not found.opened_at:
        raise NothingToDo(f"no succession of {session.address} is open")
    note = (
        f"{found.heir} stays the heir and can open it again in {found.delay_days} days; `datadao heir bind` names "
        "another, `datadao heir unbind` none."
    )
    if sign:
        return signing.hand_over(session, [HeirVeto(session.address, found.opened_at, b"")], desk, note)
    done = send(session, [session.dao.call("token", "vetoSuccession", what=f"veto {found.heir}")], note=note)
    again = after(session, done[-1], lambda block: succession(session, session.address, block)).since
    document = {"account": session.address, "heir": found.heir, "openableFrom": again}
    return Outcome(document, (f"Vetoed: it cannot be opened again before {moment(again)}.",))


@command(heir, "succeed", sends=True)
@click.argument("lost", metavar="ACCOUNT")
@signing.signable
def succeed(session: Session, lost: str, sign: bool, desk: str | None) -> Outcome:
    """Move what ACCOUNT has in all datasets to its heir, once the delay is over. Anyone may, as often as more comes.

    Only the heir can leave it to a relay: it signs what it signed to open, and the relay takes the step that is due.
    """
    signing.check(sign, desk)
    dao, old = session.dao, address(lost)
    pools = list(range(1, dao.read("registry", "datasetCount") + 1))
    note = (
        "There is no way back: from now on the old key can no longer delegate, transfer, be paid elsewhere or erase, "
        "and all that it has is the heir's."
    )
    if succession(session, old).is_succeeded:
        note = "What the account got since moves as well."
    if sign:
        return signing.hand_over(session, [HeirOpening(old, session.address, *_next(session), b"")], desk, note)
    call = dao.call("token", "succeed", old, pools, what=f"move what {old} has to its heir")
    done = send(session, [call], note=note)
    holder, balance = after(session, done[-1], lambda block: dao.read("token", "holderOf", old, block=block))
    tokens = decimal(balance, TOKEN_DECIMALS)
    document = {"account": old, "holder": holder, "pools": pools, "tokens": str(balance)}
    return Outcome(document, (f"{holder} has taken the place of {old} and holds {tokens} tokens.",))


def _next(session: Session) -> tuple[int, int]:
    """Nonce and deadline of what this account signs now."""
    return session.dao.read("token", "nonces", session.address), signing.deadline(session)


def succession(session: Session, account: str, block: int | None = None) -> Succession:
    """Of any account, at a block or now."""
    return Succession(*session.dao.read("token", "succession", account, block=block))


def _rows(found: Succession, holder: str, now: int) -> list[tuple[str, str]]:
    if found.is_succeeded:
        return [("state", f"succeeded; {holder} has its place")]
    if found.heir is None:
        return [("heir", "none: a lost key is lost income and lost votes")]
    rows = [("heir", found.heir), ("delay", f"{found.delay_days} days")]
    if found.due:
        end = "executable since" if now >= found.due else "open; the account can veto until"
        return [*rows, ("state", f"{end} {moment(found.due)}")]
    return [*rows, ("state", "not open" if now >= found.since else f"vetoed; not before {moment(found.since)}")]
