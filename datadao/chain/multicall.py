"""Many view calls in one: code that no contract holds, run by `eth_call` as if it were being deployed.

It calls each contract in turn and returns what all answered, at one block and whatever is deployed there. What it does
not answer well is left to be asked by itself: nothing that it says stands for a refusal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from datadao.chain.codec import is_dynamic
from datadao.chain.connection import Web3, answers_of

_CODE = bytes.fromhex(
    # Behind the code stand the calls: an address, two bytes of length, data. `ptr` is where the next one is, `out`
    # where its answer goes. Comments show the stack after each line, its top to the right.
    "60556000"  # ptr out
    "5b38821015605157"  # loop, while ptr is below the size of the code
    "6016828239805180"  # the first 22 bytes: ptr out head head
    "60501c61ffff16"  # ptr out head length
    "80846016018439"  # the data, copied to out
    "6000600082858560601c5afa"  # ptr out head length success
    "60181b3d1760e01b8352"  # a byte of success and three of size, written to out
    "3d6000846004013e"  # and behind them what the contract returned
    "6016019050820191506004013d01"  # the next ptr, the next out
    "6004565b6000f3"  # again; at the end all that was written is returned
)
_ASKED, _TOLD = 40_000, 12_000
"""Bytes of one question, which nodes limit as they do the code of a new contract; and of its answer, likewise."""
_TEXT = 512
"""Bytes that an answer of unknown length is taken for."""


Asked = Sequence[tuple[str, bytes, Sequence[str]]]
"""Of each call the address, the data and the types of its results."""


def viewed(web3: Web3, asked: Asked, block: int) -> Iterator[Any]:
    """The node's answer to each call at a block, an error among them, in few questions."""
    known = _gathered(web3, asked, block) if len(asked) > 1 else [None] * len(asked)
    alone = [
        ("eth_call", [{"to": to, "data": "0x" + data.hex()}, hex(block)])
        for (to, data, _), output in zip(asked, known, strict=True)
        if output is None
    ]
    answers = answers_of(web3, alone)
    return (next(answers) if output is None else {"result": "0x" + output.hex()} for output in known)


def _gathered(web3: Web3, asked: Asked, block: int) -> list[bytes | None]:
    """What each call returns; None for one that has to be asked by itself, as it failed or returned nothing."""
    found: list[bytes | None] = [None] * len(asked)
    parts = list(_parts(asked))
    questions = []
    for part in parts:
        calls = (
            bytes.fromhex(to[2:]) + len(data).to_bytes(2, "big") + data for to, data, _ in (asked[i] for i in part)
        )
        questions.append(("eth_call", [{"data": "0x" + (_CODE + b"".join(calls)).hex()}, hex(block)]))
    for part, answer in zip(parts, answers_of(web3, questions), strict=True):
        for place, output in zip(part, _outputs(answer, len(part)), strict=True):
            found[place] = output
    return found


def _parts(asked: Asked) -> Iterator[list[int]]:
    part: list[int] = []
    asks = tells = 0
    for place, (_, data, types) in enumerate(asked):
        if len(data) > _ASKED // 2 or not types:
            continue
        size = (22 + len(data), 4 + sum(_width(kind) for kind in types))
        if part and (asks + size[0] > _ASKED or tells + size[1] > _TOLD):
            yield part
            part, asks, tells = [], 0, 0
        part.append(place)
        asks, tells = asks + size[0], tells + size[1]
    if part:
        yield part


def _width(kind: str) -> int:
    """Bytes of a result of this type, as a guess where it has no fixed size."""
    return _TEXT if is_dynamic(kind) else 32 * (kind.count(",") + 1)


def _outputs(answer: Any, count: int) -> list[bytes | None]:
    """The results in a node's answer; nothing of one that is no answer of this code."""
    nothing: list[bytes | None] = [None] * count
    try:
        data = bytes.fromhex(answer["result"][2:])
    except (KeyError, TypeError, ValueError):
        return nothing
    found: list[bytes | None] = []
    at = 0
    while at < len(data):
        success, size = data[at], int.from_bytes(data[at + 1 : at + 4], "big")
        output = data[at + 4 : at + 4 + size]
        if success > 1 or len(output) < size:
            return nothing
        found.append(output if success and size else None)
        at += 4 + size
    return found if len(found) == count else nothing
