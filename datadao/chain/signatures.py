"""Whether an account stands behind a message: by its key, or by what its contract says (ERC-1271)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eth_abi import encode

from datadao.chain.connection import Web3, answer_of, result
from datadao.chain.reverts import revert_data
from datadao.messages import eip712

_MAGIC = bytes.fromhex("1626ba7e")
"""Selector of `isValidSignature(bytes32,bytes)`, and its answer."""
GAS = 3_000_000
"""That a wallet's check may burn here: passkeys in Solidity take a tenth of it."""


def checker(web3: Web3) -> eip712.SignatureCheck:
    """`eip712.signed_by`, and for accounts with code their own word at the latest block. It raises `NodeRefused` where
    the node does not answer: that is no "no"."""

    def check(account: str, data: eip712.TypedData, signature: bytes) -> bool:
        if eip712.signed_by(account, data, signature):
            return True
        asked = _MAGIC + encode(["bytes32", "bytes"], [eip712.digest(data), signature])
        call = {"to": account, "data": "0x" + asked.hex(), "gas": hex(GAS)}
        answer = answer_of(web3, "eth_call", [call, "latest"])
        if "error" in answer and _refuses(answer["error"]):
            return False
        said = bytes.fromhex(str(result("eth_call", answer))[2:])
        return len(said) >= 32 and said[:32] == _MAGIC.ljust(32, b"\0")

    return check


def _refuses(error: Any) -> bool:
    """Whether it was the contract that failed, and not the node."""
    words = str(error.get("message", "")) if isinstance(error, Mapping) else ""
    return revert_data(error) is not None or "gas" in words.lower() or "opcode" in words.lower()
