"""Many independent transactions of one account, in flight together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from eth_utils import to_checksum_address

from datadao.chain.connection import LAG, Question, Web3, answers_of, outside, pauses
from datadao.chain.fees import ASKED, choose
from datadao.chain.reverts import Asked, outcome, request_of
from datadao.chain.rpc import Call, ask_many
from datadao.chain.transactions import (
    Account,
    Mined,
    Sent,
    asked,
    believed,
    counting,
    limit_of,
    next_nonce,
    placed,
    result,
    sign,
    wait,
)
from datadao.errors import NotMined, TransactionFailed

_IN_FLIGHT = 250
"""Transactions sent before the first of them is waited for."""


def send_all(
    web3: Web3,
    calls: Sequence[Call],
    account: Account,
    progress: Callable[[int], None] = lambda _: None,
    *,
    chain_id: int | None = None,
    max_fee: int | None = None,
    tip: int | None = None,
    seconds: float = 300.0,
    confirmations: int = 0,
) -> list[Mined]:
    """Sends independent calls from one account, many in flight, and waits `seconds` for each lot of them.

    Each call has an estimate of its own. Raises, before anything is sent, `Reverted` for the first that a contract
    refuses and `InvalidArgument` for a fee that no block takes; `TransactionFailed` at the first that is known to have
    failed, and `NotMined` with the hashes of all that may still be mined. Those sent before stay sent.
    """
    if not calls:
        return []
    sender = to_checksum_address(str(account.address))
    # In one request, for as many calls as go together.
    found = list(answers_of(web3, [*counting(sender), *ASKED, *estimating(sender, calls)]))
    limits, fee = estimate_many(web3, sender, calls, found[5:]), choose(web3, max_fee, tip, found[2:5])
    nonce, chain = next_nonce(web3, sender, found[:2]), chain_id or web3.eth.chain_id
    done: list[Mined] = []
    for part in _lots(limits, fee.block):
        lot = [
            sign(account, calls[i], gas=limit_of(limits[i], fee), nonce=nonce + i, fee=fee, chain_id=chain)
            for i in part
        ]
        done += _lot(web3, lot, seconds, confirmations)
        progress(len(lot))
    return done


def estimate_many(web3: Web3, sender: str, calls: Sequence[Asked], answers: Iterable[Any] = ()) -> list[int]:
    """Gas of each call if `sender` sent it now, on the state as it is; `answers` to `estimating`, unless they are to be
    asked. Raises as `estimate_gas`, at the first that is refused."""
    answers = answers or answers_of(web3, estimating(sender, calls))
    return [int(outcome(call, answer), 16) for call, answer in zip(calls, answers, strict=True)]


def estimating(sender: str, calls: Sequence[Asked]) -> list[Question]:
    """What `estimate_many` asks."""
    return [("eth_estimateGas", [request_of(sender, call)]) for call in calls]


def receipts(web3: Web3, lot: Sequence[Sent]) -> dict[str, Any]:
    """The receipts of those that the node shows as mined, by their hashes, in one question."""
    try:
        answers = ask_many(web3, "eth_getTransactionReceipt", [[sent.hash] for sent in lot])
    except outside():
        return {}
    found = (placed(answer.get("result")) if isinstance(answer, dict) else None for answer in answers)
    return {sent.hash: receipt for sent, receipt in zip(lot, found, strict=True) if receipt}


def _lots(gas: Sequence[int], block: int) -> Iterator[range]:
    """What is in flight together, by estimates no more than fills nine tenths of a block: a node that makes blocks of
    transactions (anvil) leaves what one does not take to wait for the next transaction."""
    start = total = 0
    for number, needed in enumerate(gas):
        total += needed
        if number > start and (number - start == _IN_FLIGHT or 0 < block * 9 // 10 < total):
            yield range(start, number)
            start, total = number, needed
    yield range(start, len(gas))


def _lot(web3: Web3, lot: Sequence[Sent], seconds: float, confirmations: int) -> list[Mined]:
    """Transactions with nonces in a row, given to the node together."""
    taken: list[Sent] = []
    behind: list[str] = []
    refused: TransactionFailed | None = None
    for sent, answer in zip(lot, _given(web3, lot), strict=True):
        try:
            believed(web3, sent, answer)
        except TransactionFailed as error:
            refused = refused or error
        else:
            if refused is None:
                taken.append(sent)
            else:
                behind.append(sent.hash)
    done: list[Mined] = []
    deadline, patience = time.monotonic() + seconds, min(seconds, LAG)
    mined: dict[str, Any] = {}
    # A receipt is asked for so often together with others; of a node that takes no batches each costs a request.
    left = 3 * len(taken)
    for number, sent in enumerate(taken):
        try:
            if sent.hash not in mined and left > 0:
                ready = taken[number : _ready(web3, taken, confirmations, patience)]
                mined |= receipts(web3, ready) if ready else {}
                left, patience = left - max(1, len(ready)), 0.0
            if sent.hash in mined:
                done.append(result(web3, sent, mined[sent.hash]))
            else:
                done.append(wait(web3, sent, seconds, deadline, confirmations=confirmations))
        except NotMined as error:
            late = [*(s.hash for s in taken[number:]), *behind]
            more = f"; {len(late) - 1} more after it may too" if len(late) > 1 else ""
            raise NotMined(f"{error}{more}", late) from error
    if refused is not None and behind:
        raise NotMined(
            f"{refused}; {len(behind)} transactions after it wait for its nonce and may still be mined", behind
        ) from refused
    if refused is not None:
        raise refused
    return done


def _ready(web3: Web3, lot: Sequence[Sent], confirmations: int, patience: float) -> int:
    """How many of the lot are mined, `confirmations` blocks deep, by the account's nonce there: once all of them are,
    or so many seconds are over."""
    found = 0
    for _ in pauses(patience, first=0.05):
        block = "latest"
        if confirmations:
            head = asked(web3, "eth_blockNumber")
            block = hex(max(0, int(head or "0x0", 16) - confirmations))
        used = asked(web3, "eth_getTransactionCount", lot[0].sender, block)
        found = 0 if used is None else int(used, 16) - lot[0].nonce
        if found >= len(lot):
            break
    return max(0, found)


def _given(web3: Web3, lot: Sequence[Sent]) -> list[Any]:
    """What the node answers to each; nothing where it cannot be known whether it has them."""
    try:
        return ask_many(web3, "eth_sendRawTransaction", [[sent.raw] for sent in lot])
    except outside():
        return [{} for _ in lot]
