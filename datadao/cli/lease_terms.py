"""`datadao lease request` and `accept`: money is escrowed, and a vote begins or a lease is approved."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from datadao.cli.frame import Outcome, command
from datadao.cli.groups import lease
from datadao.cli.keys import key_option

if TYPE_CHECKING:
    from datadao.chain import Call
    from datadao.cli.session import Session
    from datadao.transactions import Mined

_DAY = 86_400


def _requested(session: Session, mined: Mined) -> Outcome:
    from datadao.cli.sending import receipt_json
    from datadao.client import Terms

    (event,) = mined.events("leases", "LeaseRequested", session.dao.addresses["leases"])
    number, proposal = event.told["leaseId"], event.told["proposalId"]
    escrow = Terms(*event.told["terms"]).escrow
    document: dict[str, Any] = {"lease": number, "proposal": str(proposal), "escrow": str(escrow)}
    text = f"Lease {number} is requested; holders vote on lease:{number} (proposal {proposal})."
    return Outcome(document | {"transactions": receipt_json([mined])}, (text,))


def _accepted(session: Session, mined: Mined) -> Outcome:
    from datadao.cli.sending import receipt_json

    (event,) = mined.events("leases", "OfferAccepted", session.dao.addresses["leases"])
    number = event.told["leaseId"]
    document: dict[str, Any] = {"lease": number, "offer": event.told["offerId"], "escrow": str(event.told["cost"])}
    return Outcome(document | {"transactions": receipt_json([mined])}, (f"Lease {number} is approved.",))


@command(lease, "request", sends=True, outcome=_requested)
@click.option("--dataset", type=click.IntRange(1), required=True)
@click.option("--purposes", type=click.IntRange(1), required=True, help="Mask, see docs/architecture.md: 1 research.")
@click.option("--price", required=True, metavar="AMOUNT", help="Rent of one period, in the settlement asset.")
@click.option("--period-days", type=click.IntRange(1, 366), required=True, help="Length of a period.")
@click.option("--periods", type=click.IntRange(1), required=True, help="Number of periods.")
@click.option("--bond", required=True, metavar="AMOUNT", help="Returned after the lease unless slashed.")
@click.option("--royalty-bps", type=click.IntRange(0, 10_000), default=0, help="Part of models' income offered.")
@click.option("--exclusive", is_flag=True, help="No other lease of the dataset at the same time.")
@click.option("--agreement", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its sha256 is signed.")
@click.option("--text", required=True, help="What holders read before they vote.")
@key_option("Key that custodians seal to.")
def request(
    session: Session,
    dataset: int,
    purposes: int,
    price: str,
    period_days: int,
    periods: int,
    bond: str,
    royalty_bps: int,
    exclusive: bool,
    agreement: Path | None,
    text: str,
    key_name: str,
) -> Outcome:
    """Escrow all rent and the bond, and ask the holders for a lease."""
    from datadao.cli.reading import check_dataset
    from datadao.cli.sending import receipt_json, send
    from datadao.client import Terms
    from datadao.crypto.seal import public_key

    hpke_key, dao, money = public_key(session.key(key_name)), session.dao, session.money
    check_dataset(session, dataset)
    terms = Terms(
        dataset_id=dataset,
        purposes=purposes,
        price_per_period=money.units(price, "--price"),
        period_length=period_days * _DAY,
        periods=periods,
        bond=money.units(bond, "--bond"),
        royalty_bps=royalty_bps,
        exclusive=exclusive,
        agreement_hash=hashlib.sha256(agreement.read_bytes()).digest() if agreement else bytes(32),
    )
    what = f"request a lease of dataset {dataset}, escrowing {money.text(terms.escrow)}"
    call = dao.call("leases", "request", tuple(vars(terms).values()), hpke_key, text, what=what)
    done = send(session, [*_approval(session, terms.escrow), call], dependent=True)
    outcome = _requested(session, done[-1])
    return Outcome({**outcome.document, "transactions": receipt_json(done)}, outcome.text)


@command(lease, "accept", sends=True, outcome=_accepted)
@click.argument("offer", type=click.IntRange(1))
@click.option("--max-cost", metavar="AMOUNT", help="Most to be escrowed; what the offer says now unless given.")
@key_option("Key that custodians seal to.")
def accept(session: Session, offer: int, max_cost: str | None, key_name: str) -> Outcome:
    """Take a seat of a standing OFFER: all rent and the bond are escrowed, and the lease is approved at once."""
    from datadao.cli.sending import receipt_json, send
    from datadao.client import Terms
    from datadao.crypto.seal import public_key
    from datadao.errors import InvalidArgument

    hpke_key, dao, money = public_key(session.key(key_name)), session.dao, session.money
    count = dao.read("leases", "offerCount")
    if offer > count:
        raise InvalidArgument(f"no offer {offer}; there are {f'1 to {count}' if count else 'none'}")
    cost = Terms(*dao.read("leases", "offerTerms", offer)[0]).escrow
    limit = money.units(max_cost, "--max-cost") if max_cost else cost
    call = dao.call(
        "leases", "accept", offer, hpke_key, limit, what=f"accept offer {offer}, escrowing {money.text(cost)}"
    )
    done = send(session, [*_approval(session, cost), call], dependent=True)
    outcome = _accepted(session, done[-1])
    return Outcome({**outcome.document, "transactions": receipt_json(done)}, outcome.text)


def _approval(session: Session, escrow: int) -> list[Call]:
    """What lets the leases contract pull the escrow, and no more. Raises `InvalidArgument` if the account lacks it."""
    from datadao.chain import Call
    from datadao.errors import InvalidArgument

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
    from datadao.errors import Reverted
    from datadao.reverts import try_call

    try:
        answer = try_call(session.dao.web3, session.address, call)
    except Reverted:
        return False
    return not answer or any(answer)
