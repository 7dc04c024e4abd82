"""`datadao proposals`, `queue`, `execute`, `cancel`: what is voted on, and carrying out what was agreed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from datadao.cli.frame import Outcome, command
from datadao.cli.groups import cli

if TYPE_CHECKING:
    from datadao.cli.reading import Proposal
    from datadao.cli.session import Session


@command(cli, "proposals")
@click.option("--all", "everything", is_flag=True, help="Those that are over, too.")
def proposals(session: Session, everything: bool) -> Outcome:
    """List proposals under way, with their votes."""
    from datadao.cli.reading import ProposalState
    from datadao.cli.reading import proposals as read

    over = (ProposalState.CANCELED, ProposalState.DEFEATED, ProposalState.EXPIRED, ProposalState.EXECUTED)
    found = []
    for item in read(session.dao):
        state = ProposalState(session.dao.read("governor", "state", item.proposal_id))
        if everything or state not in over:
            found.append(_described(session, item, state))
    return Outcome({"proposals": found}, (_table(found),) if found else ("No proposals are under way.",))


def _described(session: Session, item: Proposal, state: Any) -> dict[str, Any]:
    from datadao.cli.reading import word

    def asked(view: str) -> Any:
        return session.dao.read("governor", view, item.proposal_id)

    against, votes_for, abstain = asked("proposalVotes")
    snapshot = asked("proposalSnapshot")
    return {
        "id": str(item.proposal_id),
        "leaseId": item.lease_id,
        "state": word(state),
        "opens": snapshot,
        "closes": asked("proposalDeadline"),
        "executableAt": asked("proposalEta"),
        "for": str(votes_for),
        "against": str(against),
        "abstain": str(abstain),
        # Before the vote opens nobody knows the supply it is a part of.
        "quorum": str(asked("proposalQuorum")) if snapshot < session.now else None,
        "description": item.description,
    }


def _table(found: list[dict[str, Any]]) -> Any:
    from rich.table import Table
    from rich.text import Text

    from datadao.cli.money import decimal
    from datadao.cli.reading import TOKEN_DECIMALS, moment

    table = Table("proposal", "state", "for", "against", "quorum", "opens", "closes", "description")
    for item in found:
        name = f"lease:{item['leaseId']}" if item["leaseId"] else item["id"]
        votes = [decimal(int(item[side] or 0), TOKEN_DECIMALS) for side in ("for", "against", "quorum")]
        times = [moment(item["opens"]), moment(item["closes"])]
        # Anybody writes a description: it is shown as text, never as markup.
        table.add_row(name, item["state"], *votes, *times, Text(item["description"].partition("\n")[0][:80]))
    return table


@command(cli, "queue", sends=True)
@click.argument("proposal")
def queue(session: Session, proposal: str) -> Outcome:
    """Queue a PROPOSAL that succeeded: its delay begins. Anyone may."""
    return _carry(session, proposal, "queue")


@command(cli, "execute", sends=True)
@click.argument("proposal")
def execute(session: Session, proposal: str) -> Outcome:
    """Execute a queued PROPOSAL whose delay is over. Anyone may."""
    return _carry(session, proposal, "execute")


@command(cli, "cancel", sends=True)
@click.argument("proposal")
def cancel(session: Session, proposal: str) -> Outcome:
    """Cancel a PROPOSAL: its proposer before the vote opens, the guardian until it has ended."""
    return _carry(session, proposal, "cancel")


def _carry(session: Session, proposal: str, step: str) -> Outcome:
    from datadao.cli.reading import ProposalState, find_proposal, word
    from datadao.cli.sending import receipt_json, send
    from datadao.errors import InvalidArgument

    item = find_proposal(session.dao, proposal)
    state = ProposalState(session.dao.read("governor", "state", item.proposal_id))
    needed = {"queue": ProposalState.SUCCEEDED, "execute": ProposalState.QUEUED}.get(step)
    if needed is not None and state is not needed:
        raise InvalidArgument(f"proposal {proposal} is {word(state)}; to {step} it, it has to be {word(needed)}")
    receipts = send(session, [session.dao.call("governor", step, *item.call, what=f"{step} proposal {proposal}")])
    document = {"proposal": str(item.proposal_id), "transactions": receipt_json(receipts)}
    done = {"queue": "queued", "execute": "executed", "cancel": "canceled"}[step]
    return Outcome(document, (f"Proposal {proposal}: {done}.",))
