"""One transaction: signed before anything leaves, broadcast, waited for, and what became of it.

What left this machine and is not known to have failed may still be mined, however long it takes and whatever the node
says meanwhile; only a mined transaction, or another one at its nonce, ends that.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from eth_utils import keccak, to_checksum_address

from datadao.chain import connection
from datadao.chain.connection import Question, Web3, answer_of, answers_of, ask, outside, pauses, said
from datadao.chain.events import Event, decode
from datadao.chain.fees import Fee, choose
from datadao.chain.reverts import estimate_gas, try_call
from datadao.chain.rpc import Call, Log
from datadao.errors import AccountRefused, NodeRefused, NotMined, Reverted, TransactionFailed

_AGAIN = 5.0
"""Seconds after which a transaction that the node does not know is given to it again."""
TRANSACTION_LIMIT = 2**24
"""Gas that a transaction may take (EIP-7825); where state is paid apart (EIP-8037), that its execution may."""
_LATER = 3
"""Slots that a call may open beyond its estimate. On nodes as geth an estimate has the last block's time, at which it
writes over checkpoints of that second; a later one takes new ones, of an account's votes, of the supply, of erasures.
"""


class Account(Protocol):
    """Who signs: an `eth_account` `LocalAccount`, or anything else with these. `datadao.chain.wallet.ApeAccount` makes
    one of an Ape account."""

    @property
    def address(self) -> Any: ...

    def sign_transaction(self, transaction_dict: Any, /) -> Any:
        """A transaction as web3 gives it (`to`, `value`, `data`, `nonce`, `gas`, `chainId` and the fee): an object
        whose `raw_transaction` is what is broadcast. Raises `AccountRefused` where its owner declines."""

    def sign_typed_data(self, *, full_message: Any) -> Any:
        """EIP-712 data: an object whose `signature` has 65 bytes."""


@dataclass(frozen=True)
class Sent:
    """A signed transaction. `raw` is what is broadcast; `what` it does, in words."""

    hash: str
    sender: str
    nonce: int
    raw: str
    to: str
    data: bytes
    what: str
    gas: int
    max_fee: int
    tip: int | None


@dataclass(frozen=True)
class Mined:
    """A transaction that succeeded. It used `gas_used` of its limit, `gas_limit`. Where state is paid apart (EIP-8037)
    it may have needed far more than it used, so a limit is never made of `gas_used`."""

    hash: str
    block: int
    gas_used: int
    gas_limit: int
    logs: tuple[Log, ...]

    def events(self, contract: str, name: str, address: str) -> list[Event]:
        """Events of this name of the contract with this key."""
        return [event for event in decode(self.logs, {contract: address}) if event.name == name]


class Fate(Enum):
    """What the node says of a transaction."""

    MINED, FAILED, PENDING, UNKNOWN, REPLACED = range(5)


class NonceTaken(TransactionFailed):
    """A transaction was not taken because its account sent another one at its nonce."""


def sign(account: Account, call: Call, *, gas: int, nonce: int, fee: Fee, chain_id: int) -> Sent:
    """A call, signed and not sent. Raises `AccountRefused` when the account's owner declines."""
    fields = {"to": call.to, "value": 0, "data": call.data, "nonce": nonce, "gas": gas, "chainId": chain_id}
    try:
        raw = bytes(account.sign_transaction(fields | fee.fields).raw_transaction)
    except AccountRefused as error:
        raise AccountRefused(f"{error}: {call.what}; nothing of it was sent") from error
    return Sent(
        "0x" + keccak(raw).hex(), str(account.address), nonce, "0x" + raw.hex(), call.to, call.data,
        call.what, gas, fee.most, fee.tip,
    )  # fmt: skip


def broadcast(web3: Web3, sent: Sent) -> None:
    """Gives a transaction to the node. Returns when it has it, and when that cannot be known.

    Raises `NonceTaken`, or `TransactionFailed` in the node's words, where it certainly was not taken.
    """
    try:
        answer = answer_of(web3, "eth_sendRawTransaction", [sent.raw])
    except NodeRefused:
        return
    believed(web3, sent, answer)


def believed(web3: Web3, sent: Sent, answer: Any) -> None:
    """Raises as `broadcast` if this answer to a broadcast says that the node did not take it."""
    if "error" in answer and not _may_have_it(answer["error"]) and fate(web3, sent) in (Fate.UNKNOWN, Fate.REPLACED):
        words = said(answer["error"])
        kind = NonceTaken if "nonce" in words.lower() else TransactionFailed
        raise kind(f"{sent.what}: the node did not take the transaction: {words}")


def _may_have_it(error: Any) -> bool:
    """Whether a node that answers with this error may have passed the transaction on: one that failed inside or was in
    a hurry, not one that looked at it and declined."""
    code = error.get("code") if isinstance(error, dict) else None
    words = ("known", "already", "timeout", "timed out", "internal")
    return code in (-32603, -32005, None) or any(word in said(error).lower() for word in words)


def fate(web3: Web3, sent: Sent) -> Fate:
    """What the node says of it now. `UNKNOWN` also where it says nothing that can be understood."""
    return _seen(web3, sent)[0]


def _seen(web3: Web3, sent: Sent) -> tuple[Fate, Any]:
    """And its receipt, which a node that lags may never show again."""
    receipt = placed(asked(web3, "eth_getTransactionReceipt", sent.hash))
    if receipt is not None:
        return Fate.MINED if int(receipt["status"], 16) == 1 else Fate.FAILED, receipt
    used = asked(web3, "eth_getTransactionCount", sent.sender, "latest")
    if used is not None and int(used, 16) > sent.nonce:
        return Fate.REPLACED, None
    known = asked(web3, "eth_getTransactionByHash", sent.hash)
    return Fate.UNKNOWN if known is None else Fate.PENDING, None


def settled_fate(web3: Web3, sent: Sent) -> Fate:
    """The same, once the node keeps saying so where it may lag: that another transaction took the nonce."""
    for _ in pauses():
        if (found := fate(web3, sent)) is not Fate.REPLACED:
            break
    return found


def wait(web3: Web3, sent: Sent, seconds: float, deadline: float | None = None, *, confirmations: int = 0) -> Mined:
    """The transaction once it is mined, and `confirmations` blocks follow its own.

    Raises `NotMined` when that takes longer than `seconds`, which may have begun earlier and end at `deadline`;
    or when another transaction of the account seems to have taken its place; `TransactionFailed` if it reverted.
    """
    again, replaced = time.monotonic() + _AGAIN, 0.0
    deadline = time.monotonic() + seconds if deadline is None else deadline
    for _ in pauses(math.inf, first=0.05):
        now = time.monotonic()
        found, receipt = _seen(web3, sent)
        if receipt is not None and (now > deadline or _confirmed(web3, receipt, confirmations)):
            return result(web3, sent, receipt)
        replaced = (replaced or now) if found is Fate.REPLACED else 0.0
        if replaced and now - replaced > connection.LAG:
            raise NotMined(
                f"{sent.what}: nonce {sent.nonce} of {sent.sender} is used, and the node shows no receipt of "
                f"{sent.hash}: it is mined, or another transaction took its place; run the same again to learn it",
                [sent.hash],
            )
        if found is Fate.UNKNOWN and now > again:
            asked(web3, "eth_sendRawTransaction", sent.raw)
            again = now + _AGAIN
        if now > deadline:
            raise NotMined(
                f"{sent.what}: {sent.hash} was sent and is not mined after {seconds:g} s; it may still be mined",
                [sent.hash],
            )
    raise AssertionError("infinity is over")


def send(web3: Web3, call: Call, account: Account, *, seconds: float = 300.0, confirmations: int = 0) -> Mined:
    """Sends one call and waits `seconds` for it, at the fee that `choose` gives.

    Raises, before anything is sent, `Reverted` if a contract refuses it and `AccountRefused` if the account's owner
    does; `TransactionFailed` where it is known to have failed, `NotMined` where it may still be mined.
    """
    sender = to_checksum_address(str(account.address))
    gas, fee, nonce = estimate_gas(web3, sender, call), choose(web3), next_nonce(web3, sender)
    sent = sign(account, call, gas=limit_of(gas, fee), nonce=nonce, fee=fee, chain_id=web3.eth.chain_id)
    broadcast(web3, sent)
    return wait(web3, sent, seconds, confirmations=confirmations)


def next_nonce(web3: Web3, sender: str, answers: Iterable[Any] = ()) -> int:
    """Of the account's next transaction, behind those that it sent from elsewhere and that wait; `answers` to
    `counting`, unless they are to be asked."""
    answers = answers or answers_of(web3, counting(sender))
    return max(int(connection.result("eth_getTransactionCount", answer), 16) for answer in answers)


def counting(sender: str) -> list[Question]:
    """What `next_nonce` asks."""
    return [("eth_getTransactionCount", [to_checksum_address(sender), block]) for block in ("latest", "pending")]


def limit_of(gas: int, fee: Fee) -> int:
    """Gas limit of a transaction for which the node estimates this: others, and the time, may make it dearer before it
    is mined. An estimate beyond what a transaction may take shows that the limit may be what a block has."""
    most = TRANSACTION_LIMIT if gas <= TRANSACTION_LIMIT else fee.block
    return max(gas, min(gas * 3 // 2 + _LATER * fee.slot, most))


def result(web3: Web3, sent: Sent, receipt: Any) -> Mined:
    """What a receipt says. Raises `TransactionFailed` with a contract's reason."""
    block, used = int(receipt["blockNumber"], 16), int(receipt["gasUsed"], 16)
    if int(receipt["status"], 16) != 1:
        reason = _reason(web3, sent, block, used)
        raise TransactionFailed(f"{sent.what}: {reason} (transaction {sent.hash}, whose fee is spent)")
    return Mined(sent.hash, block, used, sent.gas, tuple(Log.of(log, 0) for log in receipt["logs"]))


def _reason(web3: Web3, sent: Sent, block: int, used: int) -> str:
    """Why it reverted, as the node repeats it on the state around its block."""
    for state in (block - 1, block):
        try:
            try_call(web3, sent.sender, sent, hex(state))
        except Reverted as error:
            return error.reason
        except outside():
            continue
    # Gas for state that is not spent comes back.
    if used >= min(sent.gas, TRANSACTION_LIMIT):
        return f"it ran out of its {sent.gas:,} gas"
    return "it reverted, and the node does not repeat why"


def _confirmed(web3: Web3, receipt: Any, wanted: int) -> bool:
    head = asked(web3, "eth_blockNumber") if wanted else None
    return not wanted or (head is not None and int(head, 16) >= int(receipt["blockNumber"], 16) + wanted)


def placed(receipt: Any) -> Any:
    """A node's receipt, if it is of a mined transaction: some show those of pending ones."""
    return receipt if isinstance(receipt, dict) and receipt.get("blockNumber") else None


def asked(web3: Web3, method: str, *params: Any) -> Any:
    """The node's answer, or None where it has none: that it does not answer means nothing."""
    try:
        return ask(web3, method, *params)
    except NodeRefused:
        return None
