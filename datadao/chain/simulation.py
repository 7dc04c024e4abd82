"""Calls that depend on each other, tried out on the node one after another before the first of them is sent."""

from __future__ import annotations

from collections.abc import Sequence

from datadao.chain.codec import CONTRACTS
from datadao.chain.connection import Web3, answer_of
from datadao.chain.reverts import described, refusal, revert_data, try_call
from datadao.chain.rpc import Call
from datadao.errors import NodeRefused, Reverted

_TRANSACTION, _BYTE = 21_000, 16
_ALL = 2**24
"""Gas of them together, which shows to the unit what they take: GAS tells nothing of more (EIP-8037)."""
_INDEX = 32
# Bytes of code: for each call, for each result, for the end.
_BLOCK, _END, _RETURN = 66, 4, 5


def simulate(web3: Web3, sender: str, calls: Sequence[Call]) -> list[int] | None:
    """About the gas of each call if `sender` sent them in this order now; nothing is sent.

    None where the node can pretend nothing (it knows neither `eth_simulateV1` nor state overrides of `eth_call`), and
    whatever could be seen without was in order. Raises `Reverted` naming the first call that a contract would refuse.
    """
    for pretend in (_simulated, _overridden):
        gas = pretend(web3, sender, calls)
        if gas is not None:
            return gas
    _try_last(web3, sender, calls)
    return None


def used_by(web3: Web3, sender: str, calls: Sequence[Call]) -> list[int] | None:
    """The gas that each would use, sent in this order; None where the node cannot tell. Unlike an estimate it has what
    is given back at the end, and says nothing of the limit that is needed until then."""
    try:
        return _simulated(web3, sender, calls)
    except (NodeRefused, Reverted):
        return None


def _simulated(web3: Web3, sender: str, calls: Sequence[Call]) -> list[int] | None:
    wanted = [{"from": sender, "to": call.to, "data": "0x" + call.data.hex()} for call in calls]
    answer = answer_of(web3, "eth_simulateV1", [{"blockStateCalls": [{"calls": wanted}]}, "latest"])
    result = answer.get("result")
    if not isinstance(result, list) or len(result) != 1 or len(result[0].get("calls", ())) != len(calls):
        return None
    for call, outcome in zip(calls, result[0]["calls"], strict=True):
        if int(outcome["status"], 16) != 1:
            data = revert_data(outcome.get("error")) or bytes.fromhex(str(outcome.get("returnData") or "0x")[2:])
            raise Reverted(call.what, described(data), data)
    return [int(outcome["gasUsed"], 16) for outcome in result[0]["calls"]]


def _overridden(web3: Web3, sender: str, calls: Sequence[Call]) -> list[int] | None:
    """The node is asked to believe that the sender is a contract that makes these calls."""
    code = {sender: {"code": "0x" + calling(calls).hex()}}
    request = {"from": sender, "to": sender, "data": "0x", "gas": hex(_ALL)}
    answer = answer_of(web3, "eth_call", [request, "latest", code])
    result = answer.get("result")
    if isinstance(result, str) and len(result) == 2 + 64 * len(calls):
        used = bytes.fromhex(result[2:])
        inside = [int.from_bytes(used[32 * n : 32 * n + 32]) for n in range(len(calls))]
        return [_TRANSACTION + _BYTE * len(c.data) + gas for c, gas in zip(calls, inside, strict=True)]
    data = revert_data(answer.get("error"))
    if data is None or len(data) < _INDEX or (number := int.from_bytes(data[:_INDEX])) >= len(calls):
        return None
    raise Reverted(calls[number].what, described(data[_INDEX:]), data[_INDEX:])


def calling(calls: Sequence[Call]) -> bytes:
    """Code of an account that makes these calls in order and returns the gas of each as a word; it reverts with the
    number of the first that is refused, as a word, and what that one reverted with."""
    blocks: list[bytes] = []
    # The calldata follows the code.
    size = len(calls) * (_BLOCK + _END) + _RETURN
    position = 0
    for number, call in enumerate(calls):
        length = len(call.data).to_bytes(3)
        # PUSH3 length PUSH3 where PUSH0 CODECOPY; GAS; PUSH0 PUSH0 PUSH3 length PUSH0 PUSH0 PUSH20 to GAS CALL
        block = b"\x62" + length + b"\x62" + (size + position).to_bytes(3) + bytes.fromhex("5f395a5f5f62") + length
        block += bytes.fromhex("5f5f73") + bytes.fromhex(call.to[2:]) + bytes.fromhex("5af1")
        good = (number + 1) * _BLOCK - 4
        # PUSH3 good JUMPI; PUSH1 number PUSH0 MSTORE; RETURNDATASIZE PUSH0 PUSH1 32 RETURNDATACOPY
        block += b"\x62" + good.to_bytes(3) + b"\x57\x60" + bytes([number]) + bytes.fromhex("5f523d5f60203e")
        # RETURNDATASIZE PUSH1 32 ADD PUSH0 REVERT; JUMPDEST GAS SWAP1 SUB
        block += bytes.fromhex("3d602001" + "5ffd" + "5b5a9003")
        blocks.append(block)
        position += len(call.data)
    # PUSH2 32 * number MSTORE, last first; PUSH2 32 * count PUSH0 RETURN
    ends = [b"\x61" + (32 * number).to_bytes(2) + b"\x52" for number in reversed(range(len(calls)))]
    code = b"".join((*blocks, *ends)) + b"\x61" + (32 * len(calls)).to_bytes(2) + b"\x5f\xf3"
    return code + b"".join(call.data for call in calls)


def _try_last(web3: Web3, sender: str, calls: Sequence[Call]) -> None:
    """The DAO's contracts look at everything else before they pull money: if one of them refuses the call, it is not
    for the allowance that does not stand yet."""
    *before, last = calls
    if any(call.function != "approve" for call in before):
        return
    try:
        try_call(web3, sender, last)
    except Reverted as error:
        contract = refusal(error.data)[0].partition("_")[0]
        if contract in CONTRACTS.values():
            raise
