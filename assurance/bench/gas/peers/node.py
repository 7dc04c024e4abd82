"""A peer's contracts on the node: creation from published artifacts, calls by name, gas of the last transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from eth_utils import keccak, to_checksum_address
from hexbytes import HexBytes
from web3.contract import Contract

from assurance.bench.gas.meter import BLOCK
from assurance.harness.chain.anvil import Anvil


class Stage:
    """What `chain` does for contracts whose ABIs are not ours."""

    def __init__(self, chain: Anvil, owner: str) -> None:
        self.chain, self.owner = chain, owner

    def create(self, artifact: Mapping[str, Any], *args: Any, libraries: Mapping[str, str] | None = None) -> Contract:
        """Creates the contract as the owner; `libraries` are addresses by `source:Name`."""
        code = _linked(artifact["bytecode"], libraries or {})
        factory = self.chain.web3.eth.contract(abi=artifact["abi"], bytecode=code)
        data = bytes.fromhex(str(factory.constructor(*args).data_in_transaction).removeprefix("0x"))
        return self.at(artifact, self.chain.create(self.owner, data))

    def at(self, artifact: Mapping[str, Any], address: str) -> Contract:
        return self.chain.web3.eth.contract(address=to_checksum_address(address), abi=artifact["abi"])

    def send(self, contract: Contract, name: str, *args: Any, by: str | None = None) -> int:
        """Sends in a block of its own, as the owner unless said; returns the gas of the whole transaction. `name` may
        be a signature."""
        self.chain.warp(BLOCK)
        data = bytes.fromhex(str(contract.encode_abi(name, args=list(args))).removeprefix("0x"))
        return self.chain.transact(by or self.owner, contract.address, data, 0).gas

    def last(self) -> Any:
        """Receipt of the last transaction."""
        (sent,) = self.chain.web3.eth.get_block("latest")["transactions"]
        return self.chain.web3.eth.get_transaction_receipt(cast("HexBytes", sent))


def _linked(code: str, libraries: Mapping[str, str]) -> str:
    for name, address in libraries.items():
        place = f"__${keccak(text=name).hex()[:34]}$__"
        code = code.replace(place, address.removeprefix("0x").lower())
    if "__$" in code:
        raise ValueError("the artifact needs a library that was not given")
    return code
