"""What a rollup asks for a transaction's data beside gas, by its own oracle."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from datadao.chain.connection import Web3, answers_of

OP_ORACLE = "0x420000000000000000000000000000000000000F"
"""GasPriceOracle of the OP stack's chains."""
ARBITRUM_ORACLE = "0x00000000000000000000000000000000000000C8"
"""NodeInterface of Arbitrum's nodes."""

_DATA, _OPERATOR = (keccak(text=name)[:4] for name in ("getL1Fee(bytes)", "getOperatorFee(uint256)"))
_COMPONENT = keccak(text="gasEstimateL1Component(address,bool,bytes)")[:4]
_ENVELOPE = b"".join(keccak(bytes([number])) for number in range(4))
"""In place of what a transaction has beside its calldata: as long, and no less hard to compress."""
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_WORD = 32


@dataclass(frozen=True)
class Outgoing:
    """What is to be sent: `to`, or None for a creation; its data; about its gas."""

    to: str | None
    data: bytes
    gas: int


@dataclass(frozen=True)
class DataFee:
    """`wei` that a transaction takes beside its gas; `gas` of the rollup's own, which a node's estimate has and the EVM
    does not show."""

    wei: int = 0
    gas: int = 0


def data_fees(web3: Web3, sent: Sequence[Outgoing]) -> list[DataFee]:
    """For each transaction; nothing on a chain without such an oracle. Oracles follow the layer below, block by block.

    Raises `NodeRefused` for a node that does not answer.
    """
    if not sent:
        return []
    first = list(answers_of(web3, _asked(sent[0])))
    if all(_words(answer) == 0 for answer in first):
        return [DataFee()] * len(sent)
    answers = first + list(answers_of(web3, [asked for each in sent[1:] for asked in _asked(each)]))
    return [_fee(answers[start : start + len(first)]) for start in range(0, len(answers), len(first))]


def _asked(sent: Outgoing) -> list[tuple[str, list[Any]]]:
    to, creates = sent.to or "0x" + "00" * 20, sent.to is None
    questions = (
        (OP_ORACLE, _DATA + encode(["bytes"], [_ENVELOPE + sent.data])),
        (OP_ORACLE, _OPERATOR + encode(["uint256"], [sent.gas])),
        (ARBITRUM_ORACLE, _COMPONENT + encode(["address", "bool", "bytes"], [to, creates, sent.data])),
    )
    return [("eth_call", [{"to": at, "data": "0x" + data.hex()}, "latest"]) for at, data in questions]


def _fee(answers: Sequence[Any]) -> DataFee:
    data, operator, component = answers
    wei = sum(int(answer["result"], 16) for answer in (data, operator) if _words(answer) == 1)
    gas = int(component["result"][2 : 2 + 2 * _WORD], 16) if _words(component) == 3 else 0
    return DataFee(wei, gas)


def _words(answer: Any) -> int:
    """How many an oracle answers; none where there is none."""
    result = answer.get("result") if isinstance(answer, dict) else None
    return len(result) // (2 * _WORD) if isinstance(result, str) and _HEX.fullmatch(result) else 0
