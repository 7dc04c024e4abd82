"""`datadao proposals`, `queue`, `execute`, `cancel`: what is voted on, and carrying out what was agreed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from datadao.cli import signing
from datadao.cli.agreement import Agreed, agreed
from datadao.cli.call import contracts_of
from datadao.cli.command import Outcome, command
from datadao.cli.main import cli
from datadao.cli.money import decimal
from datadao.cli.queries import TOKEN_DECIMALS, check_lease, terms_of
from datadao.cli.session import Session
from datadao.cli.transactions import send
from datadao.cli.wording import Actions, Rows, applicant_text, block, lease_rows, said
from datadao.errors import InvalidArgument
from datadao.messages.requests import SignedBallot
from datadao.proposals import Proposal, find_proposal
from datadao.proposals import proposals as read
from datadao.types import ProposalState, word
from datadao.values import moment


@command(cli, "proposals")
@click.option("--all", "everything", is_flag=True, help="Those that are over, too.")
def proposals(session: Session, everything: bool) -> Outcome:
    """Show proposals under way: what each would do, in words, its votes, and what was written about it."""
    over = (ProposalState.CANCELED, ProposalState.DEFEATED, ProposalState.EXPIRED, ProposalState.EXECUTED)
    actions = Actions(contracts_of(session), session.money)
    found: list[dict[str, Any]] = []
    text: list[Any] = []
    items = read(session.dao, session.index)
    states = session.dao.read_together([("governor", "state", item.proposal_id) for item in items]) if items else []
    for item, state in zip(items, map(ProposalState, states), strict=True):
        if everything or state not in over:
            document = described(session, item, state, actions)
            found.append(document)
            paper = None
            if item.lease_id:
                info, terms = check_lease(session, item.lease_id), terms_of(session.dao, item.lease_id)
                paper = agreed(session, terms, info.licensee, by_offer=False)
                document["agreement"] = paper.document()
            text += [*([""] if text else []), *_lines(session, item, document, actions, paper)]
    return Outcome({"proposals": found}, tuple(text) or ("No proposals are under way.",))


def described(session: Session, item: Proposal, state: Any, actions: Actions) -> dict[str, Any]:
    """A proposal for programs."""
    dao = session.dao
    views = ("proposalVotes", "proposalSnapshot", "proposalProposer", "proposalDeadline", "proposalEta")
    votes, snapshot, proposer, deadline, eta = dao.read_together(("governor", view, item.proposal_id) for view in views)
    against, votes_for, abstain = votes
    # Before the vote opens the supply it is a part of is unknown.
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


def _lines(
    session: Session, item: Proposal, found: dict[str, Any], actions: Actions, paper: Agreed | None
) -> Iterator[Any]:
    """A block a proposal: what is decided, by whom and until when first, what its proposer wrote about it last."""
    rows: Rows = []
    if item.lease_id:
        yield f"lease:{item.lease_id}  {found['state']}: shall lease {item.lease_id} be approved?"
        terms = terms_of(session.dao, item.lease_id)
        rows += [("proposal", found["id"])]
        rows += lease_rows(terms, check_lease(session, item.lease_id).licensee, session.money)
        rows += paper.rows() if paper else []
        whose, text = "applicant", applicant_text(item.description, item.lease_id)
    else:
        yield f"{found['id']}  {found['state']}"
        rows.append(("proposer", found["proposer"]))
        calls = [line for call in zip(*item.actions, strict=True) for line in actions.words(*call)]
        rows += [("does" if number == 0 else "", line) for number, line in enumerate(calls)]
        whose, text = "proposer", item.description
    rows += vote_rows(found)
    yield block(rows)
    yield from paper.lines() if paper else ()
    yield from said(whose, text)


def vote_rows(found: dict[str, Any]) -> Rows:
    """How the vote on a proposal stands, what it needs, and when."""

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
    item = find_proposal(session.dao, proposal, session.index)
    state = ProposalState(session.dao.read("governor", "state", item.proposal_id))
    needed = {"queue": ProposalState.SUCCEEDED, "execute": ProposalState.QUEUED}.get(step)
    if needed is not None and state is not needed:
        raise InvalidArgument(f"proposal {proposal} is {word(state)}; to {step} it, it has to be {word(needed)}")
    send(session, [session.dao.call("governor", step, *item.call, what=f"{step} proposal {proposal}")])
    done = {"queue": "queued", "execute": "executed", "cancel": "canceled"}[step]
    return Outcome({"proposal": str(item.proposal_id)}, (f"Proposal {proposal}: {done}.",))


SIDES = ("against", "for", "abstain")
"""In the order of the governor's numbers."""


@command(cli, "vote", sends=True)
@click.argument("proposal")
@click.argument("side", type=click.Choice(SIDES))
@click.option("--reason", default="", help="Public, and for ever.")
@signing.signable
def vote(session: Session, proposal: str, side: str, reason: str, sign: bool, desk: str | None) -> Outcome:
    """Vote on a PROPOSAL, named by its id or as lease:<lease id>. A vote cannot be changed.

    With --sign this account needs no ether: whoever relays the ballot can cast it once, for the side that was signed,
    or not at all. A vote of one's own before takes it back.
    """
    signing.check(sign, desk)
    dao, item = session.dao, find_proposal(session.dao, proposal, session.index)
    state = ProposalState(dao.read("governor", "state", item.proposal_id))
    if sign and state is ProposalState.PENDING:
        return _signed(session, item, side, reason, desk)
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
    if sign:
        return _signed(session, item, side, reason, desk)
    name, extra = ("castVoteWithReason", (reason,)) if reason else ("castVote", ())
    votes = decimal(weight, TOKEN_DECIMALS)
    what = f"vote {side} proposal {proposal} with {votes} votes"
    send(session, [dao.call("governor", name, item.proposal_id, SIDES.index(side), *extra, what=what)])
    document = {"proposal": str(item.proposal_id), "side": side, "weight": str(weight)}
    return Outcome(document, (f"Voted {side} with {votes} votes.",))


def _signed(session: Session, item: Proposal, side: str, reason: str, desk: str | None) -> Outcome:
    ballot = SignedBallot(item.proposal_id, SIDES.index(side), session.address, reason, b"")
    return signing.hand_over(session, [ballot], desk, "Whoever has the ballot can cast it, as it is signed.")


@command(cli, "withdraw", sends=True)
@click.option("--treasury", is_flag=True, help="What leases owe the treasury, to the treasury. Anyone may.")
def withdraw(session: Session, treasury: bool) -> Outcome:
    """Pay out this account's credit from model payments."""
    dao, money = session.dao, session.money
    owed = dao.read("leases", "treasuryOwed") if treasury else dao.read("models", "creditOf", session.address)
    if not owed:
        return Outcome({"amount": "0"}, ("Nothing is owed.",))
    what = f"pay {money.text(owed)} to {'the treasury' if treasury else session.address}"
    call = ("leases", "withdrawTreasury") if treasury else ("models", "withdraw", session.address)
    send(session, [dao.call(*call, what=what)])
    return Outcome({"amount": str(owed)}, (f"Paid {money.text(owed)}.",))
