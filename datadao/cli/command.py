"""What all commands share: their options, lines for people or one JSON document for programs, exit codes."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from datadao.cli.orders import OPTIONS, Orders, taken
from datadao.cli.session import Session, failures
from datadao.errors import DataDAOError, NothingToDo, PartlyDone

if TYPE_CHECKING:
    from datadao.chain.transactions import Mined

DONE, REFUSED, USAGE, PARTLY, INTERRUPTED = 0, 1, 2, 3, 130


@dataclass(frozen=True)
class Outcome:
    """What a command did: `document` for programs, `text` (lines, or anything rich can print) for people."""

    document: Mapping[str, Any]
    text: tuple[Any, ...] = ()
    code: int = DONE


Action = Callable[..., Outcome]


def command(
    group: click.Group, name: str, *, sends: bool = False, outcome: Callable[..., Outcome] | None = None
) -> Callable[[Action], click.Command]:
    """Registers a function of a `Session` and its own options as a command.

    One that `sends` takes the options of `datadao.cli.orders`; `outcome` makes its result of a `Session` and its last
    transaction, for the run that learns that an earlier run's is mined. What was sent is added to its document.
    """
    options = [
        click.option("--home", type=click.Path(path_type=Path, file_okay=False), envvar="DATADAO_HOME",
                     default=Path("~/.datadao"), help="The role's folder; $DATADAO_HOME, else ~/.datadao."),
        click.option("--network", metavar="NETWORK", help="Instead of the configured one: Ape's name or a URL."),
        click.option("--account", metavar="ALIAS", help="Instead of the configured one: an account of Ape."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON document; all else goes to stderr."),
    ]  # fmt: skip
    if sends:
        options += OPTIONS

    def register(function: Action) -> click.Command:
        @functools.wraps(function)
        def run(home: Path, network: str | None, account: str | None, as_json: bool, **arguments: Any) -> None:
            orders, yes = taken(f"{group.name} {name}", arguments) if sends else (Orders(()), False)
            with ExitStack() as stack:
                session = Session(
                    home.expanduser(), network, account, as_json=as_json, yes=yes, stack=stack, orders=orders
                )
                code = _conduct(session, lambda: act(session, arguments))
            sys.exit(code)

        def act(session: Session, arguments: Mapping[str, Any]) -> Outcome:
            if not sends:
                return function(session, **arguments)
            from datadao.cli.transactions import receipt_json  # reading does without what sends
            from datadao.cli.unfinished import resume

            if earlier := resume(session):
                return _meanwhile(*earlier, outcome(session, earlier[0]) if outcome else Outcome({}))
            done = function(session, **arguments)
            sent = receipt_json([mined for _, mined in session.orders.mined])
            return replace(done, document={**done.document, "transactions": sent})

        for option in reversed(options):
            option(run)
        return group.command(name)(run)

    return register


def _meanwhile(done: Mined, name: str, outcome: Outcome) -> Outcome:
    """What an earlier run's transaction did, which is mined meanwhile."""
    from datadao.cli.transactions import receipt_json

    document = {**outcome.document, "earlier": done.hash, "transactions": receipt_json([done])}
    first = f"Your earlier {name} was mined in block {done.block}; nothing was sent now, --again sends another."
    return Outcome(document, (first, *outcome.text))


def _conduct(session: Session, action: Callable[[], Outcome]) -> int:
    try:
        outcome = action()
    except NothingToDo as error:
        outcome = Outcome({"nothing": str(error)}, (f"Nothing to do: {error}",))
    except DataDAOError as error:
        code = PARTLY if isinstance(error, PartlyDone) else REFUSED
        return _fail(session, type(error).__name__, str(error), code, getattr(error, "transactions", ()))
    except (click.Abort, KeyboardInterrupt):
        return _fail(session, "Interrupted", "Interrupted; nothing more was done.", INTERRUPTED)
    except failures() as error:
        return _fail(session, type(error).__name__, f"The node, the storage or a file failed: {error}")
    if session.as_json:
        click.echo(json.dumps(outcome.document, default=_plain, indent=2))
    else:
        session.show(*outcome.text)
    return outcome.code


def _fail(session: Session, kind: str, message: str, code: int = REFUSED, transactions: Sequence[str] = ()) -> int:
    message = session.discreet(message)
    if code == REFUSED and session.orders.mined:
        # What was sent and mined is no refusal, whatever failed afterwards.
        code = PARTLY
        message += "\nMined before: " + ", ".join(f"{what} ({done.hash})" for what, done in session.orders.mined)
    if session.as_json:
        error: dict[str, Any] = {"kind": kind, "message": message}
        if transactions:
            error["transactions"] = list(transactions)
        click.echo(json.dumps({"error": error}, indent=2))
    word = {REFUSED: "Refused", PARTLY: "Partly done", INTERRUPTED: "Stopped"}[code]
    if transactions:
        word = "Sent, not mined yet"
    session.say(f"[bold red]{word}:[/bold red]", message)
    return code


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{value!r} has no place in a JSON document")
