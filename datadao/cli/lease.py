"""`datadao lease`: a lease's life after it was asked for."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import click

from datadao.agreements import differences
from datadao.chain.reverts import try_call
from datadao.chain.rpc import Call
from datadao.chain.transactions import Mined
from datadao.cli.agreement import (
    agreed,
    agreed_program,
    agreement_of,
    read_file,
    terms_given,
    terms_options,
)
from datadao.cli.call import contracts_of
from datadao.cli.command import Outcome, command
from datadao.cli.holder import described, vote_rows
from datadao.cli.main import Registered, cli
from datadao.cli.queries import check_dataset, check_lease, terms_of
from datadao.cli.session import Session
from datadao.cli.setup import key_option
from datadao.cli.transactions import after, send
from datadao.cli.wording import Actions, applicant_text, block, lease_rows, said
from datadao.client import Terms, ordered
from datadao.crypto.files import write_whole
from datadao.crypto.seal import public_key
from datadao.errors import InvalidArgument, NothingToDo, NotReady, Reverted
from datadao.licensee import conditions
from datadao.messages import eip712
from datadao.messages.purposes import COMPUTE
from datadao.proposals import proposals
from datadao.types import LeaseStatus, ProposalState, word
from datadao.values import moment


@cli.group(cls=Registered)
def lease() -> None:
    """Ask for a dataset, pay for it, end it."""


_id = click.argument("number", metavar="LEASE", type=click.IntRange(1))


_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@command(lease, "show")
@_id
@click.option("--check", type=_file, help="Compare this agreement with the lease's; exit code 1 if it is another.")
def show(session: Session, number: int, check: Path | None) -> Outcome:
    """Show a LEASE: its terms and agreement, what is paid, until when it opens its dataset, its applicant's words."""
    info, money = check_lease(session, number), session.money
    terms = terms_of(session.dao, number)
    same = _same(session, number, info, terms, check) if check else []
    paper = agreed(session, terms, info.licensee, by_offer=bool(info.offerId))
    (_, commons, treasury) = session.dao.read("leases", "leaseTerms", number)
    access = session.dao.read("leases", "leaseAccess", number)
    asked = next((item for item in proposals(session.dao, session.index) if item.lease_id == number), None)
    text = applicant_text(asked.description, number) if asked else ""
    document: dict[str, Any] = {
        "id": number, "status": word(LeaseStatus(info.status)), "licensee": info.licensee,
        "datasetId": terms.dataset_id, "purposes": terms.purposes, "pricePerPeriod": str(terms.price_per_period),
        "periodSeconds": terms.period_length, "periods": terms.periods, "paidPeriods": info.paidPeriods,
        "paidUntil": info.paidUntil, "startBy": info.startBy, "bond": str(info.bond), "escrow": str(info.escrow),
        "returnable": str(info.returnable), "royaltyBps": terms.royalty_bps, "exclusive": terms.exclusive,
        "commonsBps": commons, "treasuryBps": treasury, "hpkeKey": bytes(info.hpkeKey), "open": access.allowed,
        "overdue": session.dao.read("leases", "isOverdue", number), "agreementHash": terms.agreement_hash,
        "proposal": str(asked.proposal_id) if asked else None, "text": text, "agreement": paper.document(),
    }  # fmt: skip
    rows = lease_rows(terms, str(info.licensee), money) + paper.rows()
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
    lines: list[Any] = [*same, f"Lease {number}: {document['status']}", block(rows)]
    if document["overdue"]:
        lines.append(f"Erasures are not acknowledged in time: delete them, then `datadao lease acknowledge {number}`.")
    lines += paper.lines()
    if asked is not None:
        lines += said("applicant", text)
    return Outcome(document, tuple(lines))


def _same(session: Session, number: int, info: Any, terms: Terms, path: Path) -> list[str]:
    """A line that says so. Raises `InvalidArgument` if the file is not the lease's agreement, with what differs."""
    found = read_file(path)
    if found.hash == terms.agreement_hash:
        return [f"{path} is the agreement of lease {number}."]
    own = differences(session.dao, found, terms, info.licensee, by_offer=bool(info.offerId))
    signed = f"has the hash 0x{terms.agreement_hash.hex()}" if any(terms.agreement_hash) else "has none"
    raise InvalidArgument(
        f"{path}, whose hash is 0x{found.hash.hex()}, is not the agreement of lease {number}, which {signed}: "
        + ("; ".join(own) or "its terms are the same, what it forbids or says in words is not")
    )


@command(lease, "agreement")
@terms_options
@click.option("--offer", is_flag=True, help="To anyone, for a standing offer, not to this account.")
@click.option("--prohibit", multiple=True, default=("distribute",), help="An action of ODRL's; repeat for more.")
@click.option("--clauses", type=_file, help="A text file of what is agreed beyond the terms.")
@click.option("--program", type=_file, help="The WebAssembly module of a compute lease, tried with `compute check`.")
@click.option("--fuel", type=click.IntRange(1), default=10**11, show_default=True, help="The most a run may use.")
@click.option("--memory", type=click.IntRange(1, 4096), default=256, show_default=True, help="The most, in MiB.")
@click.option("--output", type=click.IntRange(1), default=65_536, show_default=True, help="The most, in bytes.")
@click.option("--reviews", type=click.IntRange(0), default=0, help="Attestors that first look at the output.")
@click.option("--source", default="", metavar="URL", help="Where holders read the program's source.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
@click.option("--publish", is_flag=True, help="Put it into storage, as `lease request --agreement` does.")
def agreement(
    session: Session, offer: bool, prohibit: tuple[str, ...], clauses: Path | None, program: Path | None, fuel: int,
    memory: int, output: int, reviews: int, source: str, out: Path, publish: bool, **options: Any,
) -> Outcome:  # fmt: skip
    """Write the agreement that a lease's terms give, a W3C ODRL document, and print its hash, the `agreementHash`.

    Both sides get the same file from the same terms: its JSON is written as RFC 8785 says.
    """
    terms = terms_given(session.money, options)
    check_dataset(session, terms.dataset_id)
    words = _text(clauses) if clauses else ""
    runs = agreed_program(session, terms, program, (fuel, memory, output), reviews, source)
    licensee = None if offer else session.address
    made = agreement_of(session, terms, licensee, prohibited=prohibit, clauses=words, program=runs)
    data = made.encode()
    if out.exists() and out.read_bytes() != data:
        raise InvalidArgument(f"{out} holds something else; name another file, nothing was written")
    write_whole(out, lambda file: file.write(data))
    if publish:
        session.board.agree(data)
    where = " and storage" if publish else ""
    text = f"{out}{where}: the agreement of these terms, agreementHash 0x{made.hash.hex()}"
    return Outcome({"file": out, "hash": made.hash, "odrl": made.document()}, (text,))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidArgument(f"{path}: byte {error.start} is not UTF-8; the clauses are text") from error


@command(lease, "start", sends=True)
@_id
@click.option("--without-keys", is_flag=True, help="Do not wait for custodians to say that their keys are ready.")
def start(session: Session, number: int, without_keys: bool) -> Outcome:
    """Start an approved LEASE, paying the first instalment, once custodians said that keys are ready.

    Anyone may bring in what custodians signed; only the licensee may start without.
    """
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
    return _simple(session, number, "payInstalment", f"pay the next instalment of lease {number}")


@command(lease, "end", sends=True)
@_id
def end(session: Session, number: int) -> Outcome:
    """End a LEASE: no further instalment; paid access runs on; unspent rent is returnable."""
    return _simple(session, number, "end", f"end lease {number}")


@command(lease, "cancel", sends=True)
@_id
def cancel(session: Session, number: int) -> Outcome:
    """Cancel the request of a LEASE before its vote opens."""
    return _simple(session, number, "cancelRequest", f"cancel the request of lease {number}")


@command(lease, "acknowledge", sends=True)
@_id
def acknowledge(session: Session, number: int) -> Outcome:
    """Declare that everything erased so far is deleted on the licensee's side of a LEASE."""
    info = check_lease(session, number)
    erased = session.dao.read("registry", "erasuresAt", terms_of(session.dao, number).dataset_id, session.now)
    if info.status in (LeaseStatus.APPROVED, LeaseStatus.ACTIVE, LeaseStatus.ENDED) and info.acknowledged >= erased:
        raise NothingToDo(f"all {erased} erasures under lease {number} are acknowledged")
    return _simple(session, number, "acknowledge", f"acknowledge all erasures under lease {number}")


@command(lease, "refund", sends=True)
@_id
def refund(session: Session, number: int) -> Outcome:
    """Pay the licensee of a LEASE everything that is returnable: a refused request, unspent rent, the bond when due."""
    info, dao, money = check_lease(session, number), session.dao, session.money
    calls: list[Call] = []
    if (
        info.status == LeaseStatus.ENDED
        and info.bond
        and session.now >= info.paidUntil + dao.read("leases", "bondDelay")
    ):
        calls.append(dao.call("leases", "releaseBond", number, what=f"release the bond of lease {number}"))
    calls.append(dao.call("leases", "claimRefund", number, what=f"pay {info.licensee} what lease {number} returns"))
    if len(calls) == 1 and not dao.read("leases", "claimRefund", number):
        raise NothingToDo(f"lease {number}, which is {word(LeaseStatus(info.status))}, returns nothing now")
    done = send(session, calls, dependent=True)
    (paid,) = done[-1].events("leases", "ReturnablePaid", dao.addresses["leases"])
    amount = paid.fields["amount"]
    return Outcome({"lease": number, "amount": str(amount)}, (f"Paid {money.text(amount)} to {info.licensee}.",))


@command(lease, "rotate-key", sends=True)
@_id
@key_option("The new key, which `datadao keys new NAME` made. Keep the old one for what was sealed to it.")
def rotate_key(session: Session, number: int, key_name: str) -> Outcome:
    """Change the key that custodians seal to for a LEASE."""
    hpke_key = public_key(session.key(key_name))
    return _simple(session, number, "rotateKey", f"rotate the key of lease {number} to 0x{hpke_key.hex()}", hpke_key)


def _simple(session: Session, number: int, function: str, what: str, *arguments: Any) -> Outcome:
    check_lease(session, number)
    return _send(session, number, [session.dao.call("leases", function, number, *arguments, what=what)])


def _send(session: Session, number: int, calls: list[Call]) -> Outcome:
    receipts = send(session, calls)
    info = after(session, receipts[-1], lambda block: session.dao.read("leases", "lease", number, block=block))
    state = word(LeaseStatus(info.status))
    document = {"lease": number, "status": state, "paidPeriods": info.paidPeriods, "paidUntil": info.paidUntil}
    text = f"Lease {number} is {state}" + (f", paid until {moment(info.paidUntil)}." if info.paidUntil else ".")
    return Outcome(document, (text,))


def _ready(session: Session, number: int, info: Any) -> tuple[bytes, list[bytes]]:
    """The release root that enough custodians signed, and their signatures as the contract wants them."""
    if info.status != LeaseStatus.APPROVED:
        raise InvalidArgument(
            f"lease {number} is {word(LeaseStatus(info.status))}; only an Approved one can be started"
        )
    committee = session.dao.committee(info.committeeVersion)
    holders = {party.signer for party in committee.custodians}
    roots: defaultdict[bytes, dict[str, bytes]] = defaultdict(dict)
    for item in session.board.readiness(number):
        if item.lease_id != number or item.committee_version != committee.version or item.signer not in holders:
            continue
        if eip712.signed_by(item.signer, item.typed(session.dao.id), item.signature):
            roots[item.release_root][item.signer] = item.signature
    root = max(roots, key=lambda r: len(roots[r]), default=b"")
    signatures = roots.get(root, {})
    if len(signatures) < committee.threshold:
        raise NotReady(number, len(signatures), committee.threshold)
    return root, ordered(signatures, committee.threshold)


def _requested(session: Session, mined: Mined) -> Outcome:
    (event,) = mined.events("leases", "LeaseRequested", session.dao.addresses["leases"])
    number, proposal = event.fields["leaseId"], event.fields["proposalId"]
    escrow = Terms(*event.fields["terms"]).escrow
    document: dict[str, Any] = {"lease": number, "proposal": str(proposal), "escrow": str(escrow)}
    text = f"Lease {number} is requested; holders vote on lease:{number} (proposal {proposal})."
    return Outcome(document, (text,))


def _accepted(session: Session, mined: Mined) -> Outcome:
    (event,) = mined.events("leases", "OfferAccepted", session.dao.addresses["leases"])
    number = event.fields["leaseId"]
    document: dict[str, Any] = {"lease": number, "offer": event.fields["offerId"], "escrow": str(event.fields["cost"])}
    return Outcome(document, (f"Lease {number} is approved.",))


@command(lease, "request", sends=True, outcome=_requested)
@terms_options
@click.option("--agreement", "paper", type=_file, help="Of `lease agreement`: it gives the terms, and is stored.")
@click.option("--text", required=True, help="What holders read before they vote.")
@key_option("Key that custodians seal to.")
def request(session: Session, paper: Path | None, text: str, key_name: str, **options: Any) -> Outcome:
    """Escrow all rent and the bond, and ask the holders for a lease.

    The terms are those of the options, or those of an agreement, which is stored for holders and custodians to read.
    """
    hpke_key, dao, money = public_key(session.key(key_name)), session.dao, session.money
    made = read_file(paper) if paper else None
    terms = terms_given(money, options, made)
    check_dataset(session, terms.dataset_id)
    if terms.purposes == COMPUTE and (made is None or made.program is None):
        raise InvalidArgument("a lease for compute alone needs --agreement with a program; see `lease agreement`")
    if made:
        if wrong := differences(session.dao, made, terms, session.address, by_offer=False):
            raise InvalidArgument(f"{paper} is no agreement of this account with this DAO: {'; '.join(wrong)}")
        session.board.agree(made.encode())
    what = f"request a lease of dataset {terms.dataset_id}, escrowing {money.text(terms.escrow)}"
    call = dao.call("leases", "request", tuple(vars(terms).values()), hpke_key, text, what=what)
    done = send(session, [*_approval(session, terms.escrow), call], dependent=True)
    return _requested(session, done[-1])


@command(lease, "accept", sends=True, outcome=_accepted)
@click.argument("offer", type=click.IntRange(1))
@click.option("--max-cost", metavar="AMOUNT", help="Most to be escrowed; what the offer says now unless given.")
@key_option("Key that custodians seal to.")
def accept(session: Session, offer: int, max_cost: str | None, key_name: str) -> Outcome:
    """Take a place of a standing OFFER: all rent and the bond are escrowed, and the lease is approved at once."""
    hpke_key, dao, money = public_key(session.key(key_name)), session.dao, session.money
    count = dao.read("leases", "offerCount")
    if offer > count:
        raise InvalidArgument(f"no offer {offer}; there are {f'1 to {count}' if count else 'none'}")
    terms = Terms(*dao.read("leases", "offerTerms", offer)[0])
    cost, digest = terms.escrow, dao.terms_hash(terms)
    limit = money.units(max_cost, "--max-cost") if max_cost else cost
    call = dao.call(
        "leases", "accept", offer, digest, hpke_key, limit, what=f"accept offer {offer}, escrowing {money.text(cost)}"
    )
    done = send(session, [*_approval(session, cost), call], dependent=True)
    return _accepted(session, done[-1])


def _approval(session: Session, escrow: int) -> list[Call]:
    """What lets the leases contract pull the escrow, and no more. Raises `InvalidArgument` if the account lacks it."""
    money, leases = session.money, session.dao.addresses["leases"]
    held = money.read("balanceOf", session.address)
    if held < escrow:
        raise InvalidArgument(f"{session.address} holds {money.text(held)}, the lease escrows {money.text(escrow)}")
    allowed = money.read("allowance", session.address, leases)
    if allowed >= escrow:
        return []

    def approve(amount: int, what: str) -> Call:
        return Call(money.address, "DataToken", "approve", (leases, amount), what)

    allow = approve(escrow, f"allow the leases contract to take {money.text(escrow)}")
    if not allowed or _would(session, allow):
        return [allow]
    # USDT among others changes an allowance only from or to zero.
    return [approve(0, f"take back the allowance of {money.text(allowed)} that the leases contract has"), allow]


def _would(session: Session, call: Call) -> bool:
    """Whether the asset would do it; some return nothing when they do."""
    try:
        answer = try_call(session.dao.web3, session.address, call)
    except Reverted:
        return False
    return not answer or any(answer)


@command(lease, "condition")
@click.argument("number", metavar="LEASE", type=click.IntRange(1))
@click.option("--for", "keeper", type=click.Choice(["lit", "taco"]), required=True, help="Whose document.")
@click.option("--purposes", type=click.IntRange(1), help="Mask of what it is to open for; all that is leased.")
@click.option("--lit-chain", metavar="NAME", help="What Lit calls the chain, where this program does not know.")
def condition(session: Session, number: int, keeper: str, purposes: int | None, lit_chain: str | None) -> Outcome:
    """Print the access condition that opens something to the licensee while LEASE is paid."""
    check_lease(session, number)
    terms = terms_of(session.dao, number)
    purposes = purposes or terms.purposes
    if purposes & ~terms.purposes:
        raise InvalidArgument(f"lease {number} is for purposes {terms.purposes:#x} and would never open {purposes:#x}")
    access = conditions.Access(session.dao.id, number, terms.dataset_id, purposes)
    document = conditions.taco(access) if keeper == "taco" else conditions.lit(access, lit_chain)
    return Outcome(document, tuple(json.dumps(document, indent=2).splitlines()))
