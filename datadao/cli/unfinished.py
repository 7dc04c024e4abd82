"""What earlier commands sent and did not see mined: looked up before the next command sends anything."""

from __future__ import annotations

import time

from datadao.chain.connection import Web3
from datadao.chain.series import receipts
from datadao.chain.transactions import Fate, Mined, Sent, result, settled_fate
from datadao.cli.outbox import Entry, paths
from datadao.cli.queries import moment
from datadao.cli.session import Session
from datadao.errors import InvalidArgument, NotMined, TransactionFailed

_SURE = 300.0
"""Seconds after which a node that shows no receipt of a transaction, whose nonce is used, is believed."""


def resume(session: Session) -> tuple[Mined, str] | None:
    """The last transaction of an earlier run of the same command and its name, if it is mined; else the command runs.

    Raises `InvalidArgument` while a transaction of this account is pending, unless it is to be replaced.
    """
    if not any(paths(session.home / "outbox")):
        return None
    found: tuple[Mined, str] | None = None
    for entry in session.outbox.waiting(session.address):
        found = _look(session, entry) or found
    return found


def _look(session: Session, entry: Entry) -> tuple[Mined, str] | None:
    web3, sent, orders = session.dao.web3, entry.sent, session.orders
    name = f"{sent.hash} of {moment(entry.since)} ({sent.what})"
    match settled_fate(web3, sent):
        case Fate.MINED:
            done = mined(web3, sent)
            if entry.last and tuple(entry.command) == orders.command and not orders.again:
                # Kept until it is said.
                session.at_end(lambda: session.outbox.remove(sent))
                return done, name
            session.say("[bold]Mined meanwhile:[/bold]", name)
            session.outbox.remove(sent)
        case Fate.FAILED:
            session.say("[bold]Failed meanwhile:[/bold]", _reason(session, entry))
            session.outbox.remove(sent)
        case Fate.REPLACED if time.time() - entry.since < _SURE:
            raise InvalidArgument(
                f"the nonce of {name} is used, and the node shows no receipt of it: it is mined, or another "
                "transaction took its place; run this again in a few minutes, when all its back ends know it; "
                "nothing was sent"
            )
        case Fate.REPLACED:
            session.say("[bold]Void:[/bold]", f"{name}: another transaction of this account took nonce {sent.nonce}")
            session.outbox.remove(sent)
        case Fate.PENDING if not orders.replace:
            raise InvalidArgument(
                f"{name} is pending and may still be mined; wait, and run this again, or send it with --replace "
                f"in its place, so that only one of both is ever mined; nothing was sent"
            )
        case _:
            _take_place(session, entry, name)
    return None


def _take_place(session: Session, entry: Entry, name: str) -> None:
    """What is sent next takes the nonce of what is pending or nowhere to be seen."""
    web3, sent, orders = session.dao.web3, entry.sent, session.orders
    if web3.eth.get_transaction_count(web3.to_checksum_address(sent.sender)) < sent.nonce:
        raise InvalidArgument(
            f"{name} may still be mined, and the node does not know the transaction before it (nonce {sent.nonce - 1}) "
            "either; it may lag: run this again in a minute; nothing was sent"
        )
    session.say(
        "[bold]Not mined:[/bold]",
        f"{name}; what is sent now takes its nonce {sent.nonce}, so that only one of both can be mined",
    )
    orders.nonce = sent.nonce
    orders.above.append((sent.max_fee, sent.tip))


def _reason(session: Session, entry: Entry) -> str:
    try:
        mined(session.dao.web3, entry.sent)
    except TransactionFailed as error:
        return str(error)
    return entry.sent.what


def mined(web3: Web3, sent: Sent) -> Mined:
    """A transaction of which the node has a receipt. Raises `TransactionFailed` with a contract's reason."""
    receipt = receipts(web3, [sent]).get(sent.hash)
    if receipt is None:
        raise NotMined(f"{sent.what}: the receipt of {sent.hash} is gone again; it may still be mined", [sent.hash])
    return result(web3, sent, receipt)
