"""`datadao read`, `send`, `propose`: every function of the DAO that has no command of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from eth_utils import keccak

from datadao.cli.calling import ACTIONS, VIEWS, resolve, takes_call
from datadao.cli.frame import Outcome, command
from datadao.cli.groups import cli
from datadao.errors import Malformed, NodeRefused

if TYPE_CHECKING:
    from datadao.chain import Call
    from datadao.cli.session import Session


@command(cli, "read")
@takes_call
def read(session: Session, target: str, words: tuple[str, ...]) -> Outcome:
    """Ask a view, such as `registry.currentPolicy 1`. Structs are mappings, in YAML."""
    from datadao.codec import function
    from datadao.deployment import named
    from datadao.values import plain, spelled

    call = resolve(session, target, words, VIEWS)
    answer = _tried(session, call)
    try:
        decoded = call.decode(answer)
    except Malformed:
        raise NodeRefused(f"{call.what} is no such view: it answers 0x{answer.hex()}") from None
    outputs = function(call.contract, call.function)["outputs"]
    values = decoded if len(outputs) > 1 else [decoded]
    names = [entry["name"].rstrip("_") or f"result{number}" for number, entry in enumerate(outputs, 1)]
    results = {name: named(entry, value) for name, entry, value in zip(names, outputs, values, strict=True)}
    return Outcome(plain(results), tuple(f"{name}: {spelled(value)}" for name, value in results.items()))


@command(cli, "send", sends=True)
@takes_call
def send_call(session: Session, target: str, words: tuple[str, ...]) -> Outcome:
    """Call a function that anyone, or this account, may: `brake.pull`, `models.register ...`."""
    from datadao.cli.sending import receipt_json, send

    call = resolve(session, target, words, ACTIONS)
    receipts = send(session, [call])
    return Outcome({"transactions": receipt_json(receipts)}, (f"Sent {call.what}.",))


@command(cli, "propose", sends=True)
@takes_call
@click.option("--description", required=True, help="For voters. Public, and for ever.")
@click.option("--untried", is_flag=True, help="Propose even what would be refused if it were executed now.")
def propose(session: Session, target: str, words: tuple[str, ...], description: str, untried: bool) -> Outcome:
    """Propose to the holders what only they can do: `registry.setAttestors ...`, `asset.transfer PAYEE AMOUNT`.

    It is tried first as it would be executed, so that nobody votes for weeks on a mistake.
    """
    from datadao.cli.sending import receipt_json, send

    call = resolve(session, target, words, ACTIONS)
    if call.contract == "DataGovernor":
        # It obeys only what it is executing itself, so that nobody can ask what it would say.
        session.say("The governor's own settings cannot be tried before: compare the value with the documented bounds.")
    elif not untried:
        _tried(session, call)
    # Only this account can make the proposal of this description: nobody can copy it first and cancel it.
    text = f"{description}#proposer={session.address.lower()}"
    actions = [call.to], [0], [call.data]
    receipts = send(session, [session.dao.call("governor", "propose", *actions, text, what=f"propose {call.what}")])
    proposal = session.dao.read("governor", "getProposalId", *actions, keccak(text=text))
    document = {"proposal": str(proposal), "transactions": receipt_json(receipts)}
    return Outcome(document, (f"Proposed as {proposal}.", f"{call.what}: voting opens after the voting delay."))


def _tried(session: Session, call: Call) -> bytes:
    """What the call would return if the DAO made it now. Raises `Reverted` and `NodeRefused`."""
    from datadao.reverts import try_call

    return try_call(session.dao.web3, session.dao.addresses["timelock"], call)
