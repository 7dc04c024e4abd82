"""`datadao proposals`, `queue`, `execute`, `cancel`: what is voted on, and carrying out what was agreed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from datadao.cli.calling import contracts_of
from datadao.cli.frame import Outcome, command
from datadao.cli.groups import cli

if TYPE_CHECKING:
    from datadao.cli.reading import Proposal
    from datadao.cli.session import Session
    from datadao.cli.wording import Actions, Rows


@command(cli, "proposals")
@click.option("--all", "everything", is_flag=True, help="Those that are over, too.")
def proposals(session: Session, everything: bool) -> Outcome:
    """Show proposals under way: what each would do, in words, its votes, and what was written about it."""
    from datadao.cli.reading import proposals as read
    from datadao.cli.wording import Actions
    from datadao.states import ProposalState

    over = (ProposalState.CANCELED, ProposalState.DEFEATED, ProposalState.EXPIRED, ProposalState.EXECUTED)
    actions = Actions(contracts_of(session), session.money)
    found: list[dict[str, Any]] = []
    text: list[Any] = []
    for item in read(session.dao):
        state = ProposalState(session.dao.read("governor", "state", item.proposal_id))
        if everything or state not in over:
            document = described(session, item, state, actions)
            found.append(document)
            text += [*([""] if text else []), *_told(session, item, document, actions)]
    return Outcome({"proposals": found}, tuple(text) or ("No proposals are under way.",))


def described(session: Session, item: Proposal, state: Any, actions: Actions) -> dict[str, Any]:
    """A proposal for programs."""
    from datadao.states import word

    dao = session.dao
    views = ("proposalVotes", "proposalSnapshot", "proposalProposer", "proposalDeadline", "proposalEta")
    votes, snapshot, proposer, deadline, eta = dao.read_views("governor", views, item.proposal_id)
    against, votes_for, abstain = votes
    # Before the vote opens nobody knows the supply it is a part of.
    quorum = str(dao.read("governor", "proposalQuorum", item.proposal_id)) if snapshot < session.now else None
    return {
        "id": str(item.proposal_id),
        "leaseId": item.lease_id,
        "state": word(state),
        "proposer": proposer,
        "opens": snapshot,
        "closes": deadline,
        "executableAt": eta,
        "for": str(votes_for),
        "against": str(against),
        "abstain": str(abstain),
        "quorum": quorum,
        "description": item.description,
        "actions": [actions.document(*call) for call in zip(*item.actions, strict=True)],
    }


def _told(session: Session, item: Proposal, found: dict[str, Any], actions: Actions) -> Iterator[Any]:
    """A block a proposal: what is decided, by whom and until when first, what somebody wrote about it last."""
    from datadao.cli.reading import check_lease, terms_of
    from datadao.cli.wording import applicant_text, block, lease_rows, said

    rows: Rows = []
    if item.lease_id:
        yield f"lease:{item.lease_id}  {found['state']}: shall lease {item.lease_id} be approved?"
        terms = terms_of(session.dao, item.lease_id)
        rows += [("proposal", found["id"])]
        rows += lease_rows(terms, check_lease(session, item.lease_id).licensee, session.money)
        whose, text = "applicant", applicant_text(item.description, item.lease_id)
    else:
        yield f"{found['id']}  {found['state']}"
        rows.append(("proposer", found["proposer"]))
        calls = [line for call in zip(*item.actions, strict=True) for line in actions.words(*call)]
        rows += [("does" if number == 0 else "", line) for number, line in enumerate(calls)]
        whose, text = "proposer", item.description
    rows += vote_rows(found)
    yield block(rows)
    yield from said(whose, text)


def vote_rows(found: dict[str, Any]) -> Rows:
    """How the vote on a proposal stands, what it needs, and when."""
    from datadao.cli.money import decimal
    from datadao.cli.reading import TOKEN_DECIMALS
    from datadao.values import moment

    def votes(units: str) -> str:
        return decimal(int(units), TOKEN_DECIMALS)

    quorum = (
        f"{votes(found['quorum'])} votes for or abstain" if found["quorum"] else "a quorum that is fixed as it opens"
    )
    rows = [
        ("votes", f"{votes(found['for'])} for, {votes(found['against'])} against, {votes(found['abstain'])} abstain"),
        ("needs", f"{quorum}, and more for than against"),
        ("opens", moment(found["opens"])),
        ("closes", moment(found["closes"])),
    ]
    if found["executableAt"]:
        rows.append(("executable", f"from {moment(found['executableAt'])} on"))
    return rows


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
    from datadao.cli.reading import find_proposal
    from datadao.cli.sending import receipt_json, send
    from datadao.errors import InvalidArgument
    from datadao.states import ProposalState, word

    item = find_proposal(session.dao, proposal)
    state = ProposalState(session.dao.read("governor", "state", item.proposal_id))
    needed = {"queue": ProposalState.SUCCEEDED, "execute": ProposalState.QUEUED}.get(step)
    if needed is not None and state is not needed:
        raise InvalidArgument(f"proposal {proposal} is {word(state)}; to {step} it, it has to be {word(needed)}")
    receipts = send(session, [session.dao.call("governor", step, *item.call, what=f"{step} proposal {proposal}")])
    document = {"proposal": str(item.proposal_id), "transactions": receipt_json(receipts)}
    done = {"queue": "queued", "execute": "executed", "cancel": "canceled"}[step]
    return Outcome(document, (f"Proposal {proposal}: {done}.",))
