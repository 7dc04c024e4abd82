"""Whether an account stands behind a message: by its key, or by what its contract says (ERC-1271)."""

from __future__ import annotations

from eth_abi import encode

from datadao.chain.connection import Web3, answer_of, ask, result
from datadao.messages import eip712

_MAGIC = bytes.fromhex("1626ba7e")
"""Selector of `isValidSignature(bytes32,bytes)`, and its answer."""
_WORD = 32
GAS = 3_000_000
"""That a wallet's check may burn here: passkeys in Solidity take a tenth of it."""


def checker(web3: Web3) -> eip712.SignatureCheck:
    """`eip712.signed_by`, and for accounts with code their own word at the latest block, asked as contracts ask it. It
    raises `NodeRefused` where the node does not answer: that is no "no"."""

    def check(account: str, data: eip712.TypedData, signature: bytes) -> bool:
        if eip712.signed_by(account, data, signature):
            return True
        asked = _MAGIC + encode(["bytes32", "bytes"], [eip712.digest(data), signature])
        call = {"data": "0x" + _statically(account, asked).hex(), "gas": hex(GAS)}
        answer = answer_of(web3, "eth_call", [call, "latest"])
        if "error" in answer:
            # Nodes have many words for code that fails, and a stranger's code must hold up nobody: it was the node that
            # failed if it does not answer the next question either.
            ask(web3, "eth_blockNumber")
            return False
        said = bytes.fromhex(str(result("eth_call", answer))[2:])
        succeeded, size, word = (said[place : place + _WORD] for place in (0, _WORD, 2 * _WORD))
        return any(succeeded) and int.from_bytes(size) >= _WORD and word == _MAGIC.ljust(_WORD, b"\0")

    return check


def _statically(account: str, data: bytes) -> bytes:
    """Code of a creation that calls the account statically and returns three words: whether it succeeded, how many
    bytes it returned, and the first word of them. A plain `eth_call` would let the account write."""

    def push(number: int) -> bytes:
        return b"\x61" + number.to_bytes(2, "big")

    size, after = push(len(data)), -(-len(data) // _WORD) * _WORD
    parts = [
        size, b"\x61\0\0", b"\x60\0\x39",  # codecopy(0, where the data begins, size)
        b"\x60\x20", push(after + 2 * _WORD), size, b"\x60\0", b"\x73" + bytes.fromhex(account[2:]), b"\x5a\xfa",
        push(after), b"\x52", b"\x3d", push(after + _WORD), b"\x52",  # mstore the success, and returndatasize
        b"\x60\x60", push(after), b"\xf3",
    ]  # fmt: skip
    parts[1] = push(len(b"".join(parts)))
    return b"".join(parts) + data
