"""Sending: every call is tried on the node first, its cost shown, its owner asked; then they go out one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from datadao.cli.money import decimal
from datadao.errors import InvalidArgument, PartlyDone, TransactionFailed

if TYPE_CHECKING:
    from datadao.chain import Call
    from datadao.cli.session import Session

_NATIVE = 18


def send(session: Session, calls: Sequence[Call], *, dependent: bool = False, note: str = "") -> list[Any]:
    """Receipts of Ape's, in order. `dependent` calls need the ones before them, so that only the first can be tried
    beforehand; `note` says what is at stake.

    Raises, before anything is sent, `Reverted` if a call would be refused, `InvalidArgument` if there is no money for
    the fee, `AccountRefused` if its owner says no; and `PartlyDone` when it stops half way, saying what was sent.
    """
    from ape import networks

    from datadao.reverts import estimate_gas

    web3, sender = session.dao.web3, session.dao.web3.to_checksum_address(session.address)
    limits = [estimate_gas(web3, sender, call) for call in (calls[:1] if dependent else calls)]
    price, symbol = web3.eth.gas_price, networks.ecosystem.fee_token_symbol
    session.say(f"From [bold]{sender}[/bold]:")
    for number, call in enumerate(calls):
        gas = f"about {limits[number]:,} gas" if number < len(limits) else "gas known after the one before"
        session.say(f"  {gas:>24} ", call.what)
    fee, held = sum(limits) * price, web3.eth.get_balance(sender)
    if held < fee:
        said = f"{sender} holds {decimal(held, _NATIVE)} {symbol}, the fee is about {decimal(fee, _NATIVE)} {symbol}"
        raise InvalidArgument(f"{said}; nothing was sent")
    cost = decimal(fee, _NATIVE)
    more = " and what the later ones cost" if len(limits) < len(calls) else ""
    session.say(f"Fee: about {cost} {symbol} at {price / 10**9:.3g} gwei{more}.", note)
    session.confirm(f"Send {len(calls)} transaction{'s' if len(calls) > 1 else ''}?")
    session.unlock()
    receipts: list[Any] = []
    with session.progress("transactions", len(calls)) as done:
        for number, call in enumerate(calls):
            try:
                limit = limits[number] if number < len(limits) else estimate_gas(web3, sender, call)
                receipts.append(_one(session, call, limit))
            except Exception as error:
                if not receipts:
                    raise
                sent = ", ".join(earlier.what for earlier in calls[:number])
                raise PartlyDone(f"{error}\nSent before: {sent}. The rest was not; run it again.") from error
            done(1)
    return receipts


def receipt_json(receipts: Sequence[Any]) -> list[dict[str, Any]]:
    """Transactions for a JSON document."""
    return [{"transaction": str(r.txn_hash), "block": int(r.block_number), "gas": int(r.gas_used)} for r in receipts]


def _one(session: Session, call: Call, gas: int) -> Any:
    from ape import networks
    from ape.exceptions import TransactionError

    transaction = networks.ecosystem.create_transaction(
        sender=session.address,
        receiver=call.to,
        data=call.data,
        # What others do between the estimate and the block may make it dearer.
        gas_limit=gas * 3 // 2,
        chain_id=session.dao.id.chain_id,
    )
    try:
        return session.account.call(transaction)
    except TransactionError as error:
        raise TransactionFailed(f"{call.what}: {str(error).partition(chr(10))[0]}") from error
