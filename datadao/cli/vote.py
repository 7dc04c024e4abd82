"""`datadao vote`: a holder's say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from datadao.cli.frame import Outcome, command
from datadao.cli.groups import cli

if TYPE_CHECKING:
    from datadao.cli.session import Session

SIDES = ("against", "for", "abstain")
"""In the order of the governor's numbers."""


@command(cli, "vote", sends=True)
@click.argument("proposal")
@click.argument("side", type=click.Choice(SIDES))
@click.option("--reason", default="", help="Public, and for ever.")
def vote(session: Session, proposal: str, side: str, reason: str) -> Outcome:
    """Vote on a PROPOSAL, named by its id or as lease:<lease id>. A vote cannot be changed."""
    from datadao.cli.money import decimal
    from datadao.cli.reading import TOKEN_DECIMALS, find_proposal
    from datadao.cli.sending import receipt_json, send
    from datadao.errors import InvalidArgument
    from datadao.states import ProposalState, word

    dao, item = session.dao, find_proposal(session.dao, proposal)
    state = ProposalState(dao.read("governor", "state", item.proposal_id))
    if state is not ProposalState.ACTIVE:
        raise InvalidArgument(f"proposal {proposal} is {word(state)}; only an Active one can be voted on")
    if dao.read("governor", "hasVoted", item.proposal_id, session.address):
        raise InvalidArgument(f"{session.address} has voted on proposal {proposal} already")
    weight = dao.read(
        "governor", "getVotes", session.address, dao.read("governor", "proposalSnapshot", item.proposal_id)
    )
    if not weight:
        raise InvalidArgument(
            f"{session.address} had no votes when proposal {proposal} opened; the vote counts nothing"
        )
    name, extra = ("castVoteWithReason", (reason,)) if reason else ("castVote", ())
    votes = decimal(weight, TOKEN_DECIMALS)
    what = f"vote {side} proposal {proposal} with {votes} votes"
    receipts = send(session, [dao.call("governor", name, item.proposal_id, SIDES.index(side), *extra, what=what)])
    document = {"proposal": str(item.proposal_id), "side": side, "weight": str(weight)}
    return Outcome(document | {"transactions": receipt_json(receipts)}, (f"Voted {side} with {votes} votes.",))
