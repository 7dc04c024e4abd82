"""What a transaction offers for gas. All figures are wei per unit of gas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from datadao.chain.connection import Question, Web3, answers_of, result
from datadao.errors import InvalidArgument, NodeRefused

GWEI = 10**9
SLOT = 22_100
"""Gas of a new storage slot by the rules of 2025."""
# GAS PUSH1 1 PUSH0 SSTORE GAS SWAP1 SUB PUSH0 MSTORE PUSH1 32 PUSH0 RETURN, with less gas than is kept for state apart
# (EIP-8037), so that GAS shows all.
PROBE: Question = ("eth_call", [{"data": "0x5a60015f555a90035f5260205ff3", "gas": hex(4_000_000)}, "latest"])
"""A creation that measures a new storage slot; it is tried on the node and takes no state override."""
ASKED: Sequence[Question] = [("eth_getBlockByNumber", ["latest", False]), ("eth_maxPriorityFeePerGas", []), PROBE]
"""What `choose` asks first."""


@dataclass(frozen=True)
class Fee:
    """`most` is the most that is paid; of it `tip` goes to the block's producer, beside the `base` fee that the last
    block burns. Chains without a base fee (before EIP-1559) have neither. `block` is the gas that the last one has,
    `slot` what a new storage slot takes."""

    most: int
    tip: int | None = None
    base: int | None = None
    block: int = 0
    slot: int = SLOT

    @property
    def now(self) -> int:
        """What is paid in a block like the last one."""
        return self.most if self.tip is None else min(self.most, (self.base or 0) + self.tip)

    @property
    def fields(self) -> dict[str, int]:
        """As web3 names them in a transaction."""
        most, tip = self.most, self.tip
        return {"gasPrice": most} if tip is None else {"maxFeePerGas": most, "maxPriorityFeePerGas": tip}

    def __str__(self) -> str:
        if self.tip is None:
            return f"{gwei(self.most)} gwei"
        return f"base fee {gwei(self.base or 0)} gwei, tip {gwei(self.tip)}, at most {gwei(self.most)}"


def choose(web3: Web3, most: int | None = None, tip: int | None = None, answers: Iterable[Any] = ()) -> Fee:
    """The fee of the next transactions: what is given, else twice the last base fee and the tip that the node suggests,
    at least 1 wei; `answers` to `ASKED`, unless they are to be asked. Raises `InvalidArgument` for a fee that no block
    would take, `NodeRefused`."""
    found, suggested, probed = answers or answers_of(web3, ASKED)
    last, slot = result("eth_getBlockByNumber", found), slot_of(probed)
    stated, block = last.get("baseFeePerGas"), int(last.get("gasLimit") or "0x0", 16)
    if stated is None:
        if tip is not None:
            raise InvalidArgument("this chain has no tips; say the max fee alone")
        return Fee(web3.eth.gas_price if most is None else most, block=block, slot=slot)
    base = int(stated, 16)
    if most is not None and most < base:
        raise InvalidArgument(
            f"a max fee of {gwei(most)} gwei is below the last block's base fee of {gwei(base)} gwei; nothing was sent"
        )
    if most is not None and tip is not None and tip > most:
        raise InvalidArgument(f"a tip of {gwei(tip)} gwei is above the max fee of {gwei(most)} gwei; nothing was sent")
    if tip is None:
        tip = min(max(_suggested(web3, base, suggested), 1), 2**256 if most is None else most)
    return Fee(2 * base + tip if most is None else most, tip, base, block, slot)


def slot_of(answer: Any) -> int:
    """Gas of a new storage slot, by the answer to `PROBE`: no table knows every chain's rules. A node that tries no
    creations out is believed to have those of 2025."""
    found = str(answer.get("result"))
    return int(found, 16) // 10 * 10 if len(found) == len("0x") + 64 else SLOT


def gwei(wei: int) -> str:
    """`1.5` of 1500000000; nothing is rounded."""
    whole, rest = divmod(wei, GWEI)
    return f"{whole:,}.{rest:09}".rstrip("0").rstrip(".")


def _suggested(web3: Web3, base: int, answer: Any) -> int:
    try:
        return int(result("eth_maxPriorityFeePerGas", answer), 16)
    except (NodeRefused, TypeError, ValueError):
        # Nodes without the method count the tip into the price that they suggest.
        return web3.eth.gas_price - base
