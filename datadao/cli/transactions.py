"""Sending: every call is tried on the node first, its cost shown, its owner asked; then they go out one by one, each
written down before it leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from datadao.chain import transactions
from datadao.chain.connection import patiently, pauses
from datadao.chain.costs import Gas, least_balance
from datadao.chain.data_fee import DataFee, Outgoing, data_fees
from datadao.chain.fees import Fee, choose, gwei
from datadao.chain.reverts import estimate_gas
from datadao.chain.rpc import Call
from datadao.chain.series import estimate_many
from datadao.chain.simulation import simulate, used_by
from datadao.chain.transactions import Mined, Sent, limit_of
from datadao.cli.money import decimal
from datadao.cli.session import Session, failures
from datadao.errors import DataDAOError, InvalidArgument, NodeRefused, NotMined, PartlyDone, TransactionFailed

_NATIVE = 18
_T = TypeVar("_T")


def send(
    session: Session,
    calls: Sequence[Call],
    *,
    dependent: bool = False,
    note: str = "",
    more: bool = False,
    check: Callable[[], None] = lambda: None,
) -> list[Mined]:
    """What became of the calls, in order. `dependent` ones need those before them: all are tried together, as one
    after another. `note` says what is at stake; `more` of the command follows;
    `check` is asked last of all, once the owner agreed, and raises if nothing may be sent after all.

    Raises, before anything is sent, `Reverted` if a call would be refused, `InvalidArgument` if there is no money for
    the fee, `AccountRefused` if its owner says no; `NotMined` when a transaction is not mined in time; and
    `PartlyDone` when it stops half way, saying what was sent.
    """
    web3, sender = session.dao.web3, session.dao.web3.to_checksum_address(session.address)
    fee = _fee(session)
    used, needed = _gas(session, sender, calls, dependent=dependent)
    sizes = [*needed, *[0] * (len(calls) - len(needed))]
    data = data_fees(web3, [Outgoing(call.to, call.data, size) for call, size in zip(calls, sizes, strict=True)])
    # What a rollup counts into gas is in its estimates alone, and a call that needs one before it has none yet.
    estimated = 1 if dependent else len(calls)
    needed = [most + own.gas * (n >= estimated) for n, (most, own) in enumerate(zip(needed, data, strict=False))]
    gas = [
        Gas(most if own.gas else least, limit_of(most, fee))
        for least, most, own in zip(used, needed, data, strict=False)
    ]
    _show(session, sender, calls, gas, fee, data, note, sure=estimated)
    session.confirm(f"Send {len(calls)} transaction{'s' if len(calls) > 1 else ''}?")
    session.unlock()
    check()
    done: list[Mined] = []
    with session.progress("transactions", len(calls)) as progress:
        for number, call in enumerate(calls):
            try:
                first = number == 0 or not dependent
                limit = gas[number].limit if first else limit_of(_next_gas(web3, sender, call), fee)
                last = number == len(calls) - 1 and not more
                done.append(_one(session, call, limit, fee, last=last))
            except NotMined as error:
                raise NotMined(str(error) + _sent_before(calls[:number]), error.transactions) from error
            except _outside() as error:
                if not done:
                    raise
                raise PartlyDone(f"{error}{_sent_before(calls[:number])} The rest was not; run it again.") from error
            progress(1)
    return done


def after(session: Session, mined: Mined, read: Callable[[int], _T]) -> _T:
    """What `read` finds at the block of a transaction, once the node answers from there.

    Raises `PartlyDone` if it does not: what was sent stands.
    """

    def ready() -> _T:
        if session.dao.web3.eth.block_number < mined.block:
            raise NodeRefused(f"the node shows no block {mined.block} yet")
        return read(mined.block)

    try:
        return patiently(ready)
    except _outside() as error:
        raise PartlyDone(f"{mined.hash} is mined; what it changed cannot be read now: {error}") from error


def receipt_json(done: Sequence[Mined]) -> list[dict[str, Any]]:
    """Transactions for a JSON document."""
    return [
        {"transaction": mined.hash, "block": mined.block, "gas": mined.gas_used, "gasLimit": mined.gas_limit}
        for mined in done
    ]


def _gas(session: Session, sender: str, calls: Sequence[Call], *, dependent: bool) -> tuple[list[int], list[int]]:
    """Gas that each call will use, and that it needs; of dependent ones perhaps of the first alone, and what later ones
    need is known when they are next."""
    web3 = session.dao.web3
    if not dependent or len(calls) == 1:
        if session.orders.mined:
            needed = patiently(lambda: estimate_many(web3, sender, calls))
        else:
            needed = estimate_many(web3, sender, calls)
        return used_by(web3, sender, calls) or needed, needed
    used = simulate(web3, sender, calls)
    first = estimate_gas(web3, sender, calls[0])
    return used or [first], [first, *(used or ())[1:]]


def _next_gas(web3: Any, sender: str, call: Call) -> int:
    """Gas of a call that needs what was mined just now, which not every back end of a node has seen."""
    return patiently(lambda: estimate_gas(web3, sender, call))


def _fee(session: Session) -> Fee:
    orders = session.orders
    fee = choose(session.dao.web3, orders.max_fee, orders.tip)
    fixed = orders.replace and (orders.max_fee is not None or orders.tip is not None)
    for most, tip in orders.above:
        fee = _above(fee, most, tip, fixed=fixed)
    return fee


def _above(fee: Fee, most: int, tip: int | None, *, fixed: bool) -> Fee:
    """A fee high enough to take the place of a pending transaction that offers `most` and `tip`, in wei; nodes ask for
    a tenth more of both. Raises `InvalidArgument` if the owner `fixed` less."""
    least, least_tip = most * 9 // 8 + 1, None if tip is None or fee.tip is None else tip * 9 // 8 + 1
    tip = None if fee.tip is None else max(fee.tip, least_tip or 0)
    raised = replace(fee, most=max(fee.most, least), tip=tip)
    if fixed and raised != fee:
        wanted = f"a max fee of {gwei(raised.most)} gwei" + (
            f" and a tip of {gwei(raised.tip)} gwei" if raised.tip is not None else ""
        )
        raise InvalidArgument(f"to take the place of the pending transaction needs {wanted}; nothing was sent")
    return raised


def _show(
    session: Session,
    sender: str,
    calls: Sequence[Call],
    gas: Sequence[Gas],
    fee: Fee,
    data: Sequence[DataFee],
    note: str,
    *,
    sure: int,
) -> None:
    """Says what will be sent and what it costs; the limits of the first `sure` calls are known. Raises
    `InvalidArgument` if the account cannot pay."""
    web3, symbol = session.dao.web3, session.symbol
    session.say(f"From [bold]{sender}[/bold]:")
    for number, call in enumerate(calls):
        figures = f"about {gas[number].used:,} gas" if number < len(gas) else "gas known after the one before"
        limit = f", limit {gas[number].limit:,}" if number < sure else ""
        session.say(f"  {figures + limit:>38} ", call.what)
    beside = [each.wei for each in data]
    cost = sum(each.used for each in gas) * fee.now + sum(beside)
    most = least_balance(gas, fee, beside[: len(gas)])
    balance = web3.eth.get_balance(web3.to_checksum_address(sender))
    if balance < most:
        raise InvalidArgument(
            f"{sender} holds {decimal(balance, _NATIVE)} {symbol}, the fee is about {decimal(cost, _NATIVE)} and may "
            f"be {decimal(most, _NATIVE)} {symbol}; nothing was sent"
        )
    later = " and what the later ones cost" if len(gas) < len(calls) else ""
    posted = sum(beside) + sum(each.gas for each in data[: len(gas)]) * fee.now
    if posted:
        later += f", of it {decimal(posted, _NATIVE)} for data, by the chain's oracle"
    session.say(f"Fee: about {decimal(cost, _NATIVE)} {symbol}{later} ({fee}).", note)


def _one(session: Session, call: Call, gas: int, fee: Fee, *, last: bool) -> Mined:
    web3, orders, outbox = session.dao.web3, session.orders, session.outbox
    sent = _handed_over(session, call, gas, fee, last=last)
    try:
        seconds = orders.wait or session.patience
        mined = transactions.wait(web3, sent, seconds, confirmations=session.dao.confirmations)
    except TransactionFailed:
        outbox.remove(sent)
        raise
    except KeyboardInterrupt:
        session.say("[bold]Sent, and not waited for:[/bold]", f"{call.what}: {sent.hash}; it may still be mined.")
        raise
    orders.nonce = sent.nonce + 1
    orders.mined.append((call.what, mined))
    for entry in outbox.waiting(session.address):
        if entry.sent.nonce <= sent.nonce:
            outbox.remove(entry.sent)
    return mined


def _handed_over(session: Session, call: Call, gas: int, fee: Fee, *, last: bool) -> Sent:
    """A transaction written down and given to the node. It takes the nonce of what the node does not know any more."""
    orders, outbox = session.orders, session.outbox
    while True:
        nonce = transactions.next_nonce(session.dao.web3, session.address) if orders.nonce is None else orders.nonce
        earlier = [entry.sent.hash for entry in outbox.waiting(session.address) if entry.sent.nonce == nonce]
        sent = transactions.sign(session.account, call, gas=gas, nonce=nonce, fee=fee, chain_id=session.dao.id.chain_id)
        outbox.put(sent, orders.command, last=last)
        try:
            transactions.broadcast(session.dao.web3, sent)
        except transactions.NonceTaken as error:
            outbox.remove(sent)
            if earlier:
                raise NotMined(
                    f"{error}: it went to another transaction of {session.address}, perhaps to {earlier[0]} of before; "
                    "run the same command again to learn it",
                    earlier,
                ) from error
            # A node may have answered from before a block that took the nonce.
            following = (transactions.next_nonce(session.dao.web3, session.address) for _ in pauses())
            orders.nonce = next((found for found in following if found > nonce), None)
            if orders.nonce is None:
                raise
            continue
        except TransactionFailed:
            outbox.remove(sent)
            raise
        return sent


def _sent_before(calls: Sequence[Call]) -> str:
    return f"\nSent before: {', '.join(call.what for call in calls)}." if calls else ""


def _outside() -> tuple[type[Exception], ...]:
    return DataDAOError, ValueError, *failures()
