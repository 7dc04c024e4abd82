"""`datadao lease`: a lease's life after it was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from datadao.cli import lease_terms  # noqa: F401  # registers `request` and `accept` before these
from datadao.cli.calling import contracts_of
from datadao.cli.frame import Outcome, command
from datadao.cli.groups import lease
from datadao.cli.keys import key_option

if TYPE_CHECKING:
    from datadao.chain import Call
    from datadao.cli.session import Session

_id = click.argument("number", metavar="LEASE", type=click.IntRange(1))


@command(lease, "show")
@_id
def show(session: Session, number: int) -> Outcome:
    """Show a LEASE: its terms, what is paid, until when it opens its dataset, what its applicant wrote."""
    from datadao.cli.proposals import described, vote_rows
    from datadao.cli.reading import check_lease, proposals, terms_of
    from datadao.cli.wording import Actions, applicant_text, block, lease_rows, said
    from datadao.states import LeaseStatus, ProposalState, word
    from datadao.values import moment

    info, money = check_lease(session, number), session.money
    terms, (_, commons, treasury) = terms_of(session.dao, number), session.dao.read("leases", "leaseTerms", number)
    access = session.dao.read("leases", "leaseAccess", number)
    asked = next((item for item in proposals(session.dao) if item.lease_id == number), None)
    text = applicant_text(asked.description, number) if asked else ""
    document: dict[str, Any] = {
        "id": number, "status": word(LeaseStatus(info.status)), "licensee": info.licensee,
        "datasetId": terms.dataset_id, "purposes": terms.purposes, "pricePerPeriod": str(terms.price_per_period),
        "periodSeconds": terms.period_length, "periods": terms.periods, "paidPeriods": info.paidPeriods,
        "paidUntil": info.paidUntil, "startBy": info.startBy, "bond": str(info.bond), "escrow": str(info.escrow),
        "returnable": str(info.returnable), "royaltyBps": terms.royalty_bps, "exclusive": terms.exclusive,
        "commonsBps": commons, "treasuryBps": treasury, "hpkeKey": bytes(info.hpkeKey), "open": access.allowed,
        "overdue": session.dao.read("leases", "isOverdue", number), "agreementHash": terms.agreement_hash,
        "proposal": str(asked.proposal_id) if asked else None, "text": text,
    }  # fmt: skip
    rows = lease_rows(terms, str(info.licensee), money)
    rows += [
        ("paid", f"{info.paidPeriods} of {terms.periods} periods; {money.text(info.escrow)} in escrow, "
                 f"bond {money.text(info.bond)}, returnable {money.text(info.returnable)}"),
        ("access", ("open" if access.allowed else "closed")
                   + (f", paid until {moment(info.paidUntil)}" if info.paidUntil else "")),
        ("shares", f"of the rent {commons / 100:g} % to all members, {treasury / 100:g} % to the treasury"),
    ]  # fmt: skip
    if document["status"] == "Approved":
        rows.append(("start by", moment(info.startBy)))
    if asked is not None:
        rows.append(("proposal", str(asked.proposal_id)))
    if asked is not None and document["status"] == "Pending":
        state = ProposalState(session.dao.read("governor", "state", asked.proposal_id))
        actions = Actions(contracts_of(session), money)
        rows += [("vote", word(state)), *vote_rows(described(session, asked, state, actions))]
    lines: list[Any] = [f"Lease {number}: {document['status']}", block(rows)]
    if document["overdue"]:
        lines.append(f"Erasures are not acknowledged in time: delete them, then `datadao lease acknowledge {number}`.")
    if asked is not None:
        lines += said("applicant", text)
    return Outcome(document, tuple(lines))


@command(lease, "start", sends=True)
@_id
@click.option("--without-keys", is_flag=True, help="Do not wait for custodians to say that their keys are ready.")
def start(session: Session, number: int, without_keys: bool) -> Outcome:
    """Start an approved LEASE, paying the first instalment, once custodians said that keys are ready.

    Anyone may bring in what custodians signed; only the licensee may start without.
    """
    from datadao.cli.reading import check_lease

    info = check_lease(session, number)
    if without_keys:
        return _send(session, number, [session.dao.call("leases", "start", number, what=f"start lease {number}")])
    root, signatures = _ready(session, number, info)
    what = f"start lease {number}: pay the first instalment"
    return _send(session, number, [session.dao.call("leases", "confirmDelivery", number, root, signatures, what=what)])


@command(lease, "pay", sends=True)
@_id
def pay(session: Session, number: int) -> Outcome:
    """Pay the next instalment of a LEASE out of its escrow. Anyone may, around the end of a period."""
    return _simple(session, number, "startPeriod", f"pay the next instalment of lease {number}")


@command(lease, "end", sends=True)
@_id
def end(session: Session, number: int) -> Outcome:
    """End a LEASE: no further instalment; paid access runs on; unspent rent is returnable."""
    return _simple(session, number, "end", f"end lease {number}")


@command(lease, "withdraw", sends=True)
@_id
def withdraw(session: Session, number: int) -> Outcome:
    """Withdraw the request of a LEASE before its vote opens."""
    return _simple(session, number, "withdraw", f"withdraw the request of lease {number}")


@command(lease, "acknowledge", sends=True)
@_id
def acknowledge(session: Session, number: int) -> Outcome:
    """Declare that everything erased so far is deleted on the licensee's side of a LEASE."""
    from datadao.cli.reading import check_lease, terms_of
    from datadao.errors import NothingToDo
    from datadao.states import LeaseStatus

    info = check_lease(session, number)
    erased = session.dao.read("registry", "erasuresAt", terms_of(session.dao, number).dataset_id, session.now)
    if info.status in (LeaseStatus.APPROVED, LeaseStatus.ACTIVE, LeaseStatus.ENDED) and info.acknowledged >= erased:
        raise NothingToDo(f"all {erased} erasures under lease {number} are acknowledged")
    return _simple(session, number, "acknowledge", f"acknowledge all erasures under lease {number}")


@command(lease, "refund", sends=True)
@_id
def refund(session: Session, number: int) -> Outcome:
    """Pay the licensee of a LEASE everything that is returnable: a refused request, unspent rent, the bond when due."""
    from datadao.cli.reading import check_lease
    from datadao.cli.sending import receipt_json, send
    from datadao.errors import NothingToDo, Reverted
    from datadao.reverts import refusal
    from datadao.states import LeaseStatus, word

    info, dao, money = check_lease(session, number), session.dao, session.money
    calls: list[Call] = []
    if (
        info.status == LeaseStatus.ENDED
        and info.bond
        and session.now >= info.paidUntil + dao.read("leases", "bondDelay")
    ):
        calls.append(dao.call("leases", "releaseBond", number, what=f"release the bond of lease {number}"))
    calls.append(dao.call("leases", "claimRefund", number, what=f"pay {info.licensee} what lease {number} returns"))
    try:
        done = send(session, calls, dependent=True)
    except Reverted as error:
        if refusal(error.data)[0] == "DataLeases_NothingToWithdraw":
            state = word(LeaseStatus(info.status))
            raise NothingToDo(f"lease {number}, which is {state}, returns nothing now") from None
        raise
    (paid,) = done[-1].events("leases", "ReturnablePaid", dao.addresses["leases"])
    amount = paid.told["amount"]
    document = {"lease": number, "amount": str(amount), "transactions": receipt_json(done)}
    return Outcome(document, (f"Paid {money.text(amount)} to {info.licensee}.",))


@command(lease, "rotate-key", sends=True)
@_id
@key_option("The new key, which `datadao keys new NAME` made. Keep the old one for what was sealed to it.")
def rotate_key(session: Session, number: int, key_name: str) -> Outcome:
    """Change the key that custodians seal to for a LEASE."""
    from datadao.crypto.seal import public_key

    hpke_key = public_key(session.key(key_name))
    return _simple(session, number, "rotateKey", f"rotate the key of lease {number} to 0x{hpke_key.hex()}", hpke_key)


def _simple(session: Session, number: int, function: str, what: str, *arguments: Any) -> Outcome:
    from datadao.cli.reading import check_lease

    check_lease(session, number)
    return _send(session, number, [session.dao.call("leases", function, number, *arguments, what=what)])


def _send(session: Session, number: int, calls: list[Call]) -> Outcome:
    from datadao.cli.sending import after, receipt_json, send
    from datadao.states import LeaseStatus, word
    from datadao.values import moment

    receipts = send(session, calls)
    info = after(session, receipts[-1], lambda block: session.dao.read("leases", "lease", number, block=block))
    state = word(LeaseStatus(info.status))
    document = {"lease": number, "status": state, "paidPeriods": info.paidPeriods, "paidUntil": info.paidUntil}
    text = f"Lease {number} is {state}" + (f", paid until {moment(info.paidUntil)}." if info.paidUntil else ".")
    return Outcome(document | {"transactions": receipt_json(receipts)}, (text,))


def _ready(session: Session, number: int, info: Any) -> tuple[bytes, list[bytes]]:
    """The release root that enough custodians signed, and their signatures as the contract wants them."""
    from collections import defaultdict

    from datadao import eip712
    from datadao.errors import InvalidArgument, NotReady
    from datadao.states import LeaseStatus, word

    if info.status != LeaseStatus.APPROVED:
        raise InvalidArgument(
            f"lease {number} is {word(LeaseStatus(info.status))}; only an Approved one can be started"
        )
    committee = session.dao.committee(info.committeeEpoch)
    seats = {party.signer for party in committee.custodians}
    roots: defaultdict[bytes, dict[str, bytes]] = defaultdict(dict)
    for item in session.board.readiness(number):
        if item.lease_id != number or item.epoch != committee.epoch or item.signer not in seats:
            continue
        if eip712.signed_by(item.signer, item.typed(session.dao.id), item.signature):
            roots[item.root][item.signer] = item.signature
    root = max(roots, key=lambda r: len(roots[r]), default=b"")
    signatures = roots.get(root, {})
    if len(signatures) < committee.threshold:
        raise NotReady(number, len(signatures), committee.threshold)
    signers = sorted(signatures, key=lambda signer: int(signer, 16))[: committee.threshold]
    return root, [signatures[signer] for signer in signers]
