"""What a chain's rules ask for new state and allow a transaction: asked of the node, for no table knows every chain."""

from __future__ import annotations

from dataclasses import dataclass, replace

from datadao.chain.connection import Web3, answer_of, ask
from datadao.chain.fees import PROBE, SLOT, slot_of
from datadao.chain.transactions import TRANSACTION_LIMIT

TRANSACTION = 21_000
"""Gas of a transaction that does nothing."""
_APART = 12_000
"""The same, at least, where state is paid apart: what it moves or touches is asked for beside (EIP-2780)."""

_ZERO_BYTE, _BYTE, _FLOOR = 4, 16, 64
"""Gas a byte of calldata (EIP-2028), and the least for each of all of them where state is paid apart (EIP-7976)."""

_SAMPLE = 64
"""Bytes of code in the probe's second account."""
_GAS = 4_000_000
"""Of the probe: less than what is kept for state apart, so that GAS shows all."""
_LARGE = 24_000
"""Bytes of code that any account may have."""
_OVERHEAD = 2_500_000
"""Gas that creating them may take beside, at most."""


@dataclass(frozen=True)
class Rules:
    """Gas of a new storage slot, of an account, of a byte of code; and of a whole block."""

    slot: int
    account: int
    byte: int
    block: int

    @property
    def apart(self) -> bool:
        """Whether state is paid beside execution (EIP-8037): GAS does not show it, and the limit of a transaction binds
        execution alone."""
        return self.byte > 1_000

    @property
    def most(self) -> int:
        """The highest limit that a transaction may have."""
        return self.block if self.apart else TRANSACTION_LIMIT

    @property
    def cold(self) -> int:
        """What an account takes at the first touch beyond what it takes later."""
        return 2_900 if self.apart else 2_500

    def calldata(self, data: bytes) -> int:
        """What the bytes of a transaction take."""
        zeros = data.count(0)
        return zeros * _ZERO_BYTE + (len(data) - zeros) * _BYTE

    def least(self, data: bytes) -> int:
        """What a transaction with these bytes takes at least, whatever it does."""
        return _APART + _FLOOR * len(data) if self.apart else TRANSACTION + self.calldata(data)


TODAY = Rules(slot=SLOT, account=32_000, byte=200, block=30_000_000)
"""The rules of 2025."""


def rules_of(web3: Web3) -> Rules:
    """Those of the next block: creations that measure themselves are tried on the node, and take no state override.

    A node that tries no creations out is believed to have the rules of 2025. Raises `NodeRefused` for one that shows no
    block.
    """
    block = int(ask(web3, "eth_getBlockByNumber", "latest", False)["gasLimit"], 16)
    answer = answer_of(web3, "eth_call", [{"data": "0x" + _probe().hex(), "gas": hex(_GAS)}, "latest"])
    result = answer.get("result")
    if not isinstance(result, str) or len(result) != 2 + 64 * 2:
        return replace(TODAY, block=block)
    empty, sample = (int(result[2 + 64 * n :][:64], 16) for n in range(2))
    slot = slot_of(answer_of(web3, *PROBE))
    return Rules(slot, empty // 100 * 100, (sample - empty) // _SAMPLE, block)


def gives(web3: Web3, rules: Rules, gas: int) -> bool:
    """Whether the node gives a call as much, where state is paid apart: it tries to create accounts that take it."""
    code, left = b"\x5f", gas - _OVERHEAD
    while left > 0:
        size = min(_LARGE, left // rules.byte)
        left -= _LARGE * rules.byte
        # PUSH6 (PUSH3 size PUSH0 RETURN) PUSH0 MSTORE; CREATE of the word's last six bytes, ISZERO OR
        code += bytes.fromhex(f"6562{size:06x}5ff35f526006601a5ff01517")
    code += bytes.fromhex("5f5260205ff3")  # PUSH0 MSTORE PUSH1 32 PUSH0 RETURN
    answer = answer_of(web3, "eth_call", [{"data": "0x" + code.hex(), "gas": hex(gas)}, "latest"])
    return bool(answer.get("result") == "0x" + "00" * 32)


def _probe() -> bytes:
    """Code that returns two words: the gas of an account without code, and of one with `_SAMPLE` bytes."""
    empty = "5f5f5ff050"  # CREATE of nothing, POP
    sample = "600460fc5ff050"  # CREATE of the last four bytes of the word at 224, POP
    store = f"63{'60' + f'{_SAMPLE:02x}' + '5ff3'}60e052"  # PUSH4 (PUSH1 64 PUSH0 RETURN), at 224
    code = bytes.fromhex(store)
    for place, work in enumerate((empty, sample)):
        # GAS ... GAS SWAP1 SUB, PUSH1 place MSTORE
        code += bytes.fromhex(f"5a{work}5a900360{32 * place:02x}52")
    return code + bytes.fromhex("60405ff3")
