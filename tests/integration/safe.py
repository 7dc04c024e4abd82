"""A Safe 1.5.0 from its published artifacts: factory, singleton, fallback handler, owners who sign."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from web3 import Web3
from web3.constants import ADDRESS_ZERO
from web3.contract import Contract
from web3.logs import DISCARD
from web3.types import TxReceipt

from assurance import ROOT
from assurance.harness.chain.handles import Handle, Reverted, reverted
from assurance.harness.dao.system import Actor

ARTIFACTS = ROOT / "node_modules/@safe-global/safe-smart-account/build/artifacts/contracts"
_DOMAIN = [{"name": "chainId", "type": "uint256"}, {"name": "verifyingContract", "type": "address"}]
_MESSAGE = [{"name": "message", "type": "bytes"}]
_TRANSACTION = [
    {"name": "to", "type": "address"},
    {"name": "value", "type": "uint256"},
    {"name": "data", "type": "bytes"},
    {"name": "operation", "type": "uint8"},
    {"name": "safeTxGas", "type": "uint256"},
    {"name": "baseGas", "type": "uint256"},
    {"name": "gasPrice", "type": "uint256"},
    {"name": "gasToken", "type": "address"},
    {"name": "refundReceiver", "type": "address"},
    {"name": "nonce", "type": "uint256"},
]


class Safe:
    """An account of several owners, of whom `threshold` have to sign. `relayer` sends what they signed, and has
    ether on the node of `web3`, which signs for it."""

    def __init__(self, web3: Web3, owners: Sequence[Actor], threshold: int, relayer: Actor) -> None:
        self.web3, self.owners, self.threshold, self.relayer = web3, owners, threshold, relayer.address
        singleton, factory = (
            self._deploy("Safe.sol/Safe"),
            self._deploy("proxies/SafeProxyFactory.sol/SafeProxyFactory"),
        )
        handler = self._deploy("handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler")
        members = [owner.address for owner in owners]
        setup = singleton.encode_abi(
            "setup", [members, threshold, ADDRESS_ZERO, b"", handler.address, ADDRESS_ZERO, 0, ADDRESS_ZERO]
        )
        receipt = self._send(factory.functions.createProxyWithNonce(singleton.address, setup, 1))
        (created,) = factory.events.ProxyCreation().process_receipt(receipt, errors=DISCARD)
        self.contract = self.web3.eth.contract(address=created["args"]["proxy"], abi=singleton.abi)
        self.address: str = self.contract.address

    @property
    def actor(self) -> Actor:
        """As tests name people; it has no key."""
        return Actor("safe", self.address, b"")

    def execute(self, handle: Handle, function: str, *arguments: Any, signers: int | None = None) -> TxReceipt:
        """Makes the Safe call a contract. Raises `Reverted` with what that contract, or the Safe, refused it with."""
        return self.call(handle.address, handle.encode(function, *arguments), signers)

    def call(self, to: str, data: bytes, signers: int | None = None) -> TxReceipt:
        """The same with calldata."""
        fields = self.transaction(to, data)
        nonce = self.contract.functions.nonce().call()
        signatures = self._signed("SafeTx", _TRANSACTION, fields | {"nonce": nonce}, signers)
        return self._send(self.contract.functions.execTransaction(*fields.values(), signatures))

    def transaction(self, to: str, data: bytes) -> dict[str, Any]:
        """What its owners sign, but for the number."""
        return {
            "to": to,
            "value": 0,
            "data": data,
            "operation": 0,
            "safeTxGas": 0,
            "baseGas": 0,
            "gasPrice": 0,
            "gasToken": ADDRESS_ZERO,
            "refundReceiver": ADDRESS_ZERO,
        }

    def sign(self, digest: bytes, signers: int | None = None) -> bytes:
        """What `isValidSignature` takes for the digest (ERC-1271): owners sign it as a message of this Safe."""
        return self._signed("SafeMessage", _MESSAGE, {"message": digest}, signers)

    def _signed(self, kind: str, fields: list[dict[str, str]], message: dict[str, Any], signers: int | None) -> bytes:
        """Signatures of as many owners, the threshold unless said, one after another in ascending order."""
        typed = {
            "types": {"EIP712Domain": _DOMAIN, kind: fields},
            "primaryType": kind,
            "domain": {"chainId": self.web3.eth.chain_id, "verifyingContract": self.address},
            "message": message,
        }
        count = self.threshold if signers is None else signers
        present = sorted(self.owners[:count], key=lambda owner: int(owner.address, 16))
        return b"".join(owner.sign(typed) for owner in present)

    def _deploy(self, path: str) -> Contract:
        artifact = json.loads((ARTIFACTS / f"{path}.json").read_text())
        contract = self.web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        address = self._send(contract.constructor())["contractAddress"]
        assert address is not None, f"{path} was not deployed"
        return self.web3.eth.contract(address=address, abi=artifact["abi"])

    def _send(self, call: Any) -> TxReceipt:
        try:
            sent = call.transact({"from": self.relayer})
        except Exception as error:
            raise _refusal(error) from None
        receipt = self.web3.eth.wait_for_transaction_receipt(sent)
        assert receipt["status"] == 1
        return receipt


def _refusal(error: Exception) -> Exception:
    data = getattr(error, "data", None)
    return reverted(bytes.fromhex(data[2:])) if isinstance(data, str) else error


def refused_by_safe(code: str) -> Reverted:
    """The Safe's own refusal, whose codes its documentation lists."""
    return Reverted("Error", code)


def as_signer(safe: Safe, digest: bytes, signers: int | None = None) -> bytes:
    """An entry in a list of signatures that does not name its signers: address, then signature (decision 002)."""
    return bytes.fromhex(safe.address[2:]) + safe.sign(digest, signers)
