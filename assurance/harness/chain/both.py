"""Both back ends as one: every call and transaction is made on each, and they must agree."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pyrevm

from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.evm import FORK, Revm
from assurance.harness.chain.handles import Result, Reverted


@contextmanager
def in_place_of_revm(make: Callable[..., Any]) -> Iterator[None]:
    """What tests create while this lasts lives on chains that `make` makes."""
    loaded = [module for name, module in sys.modules.items() if name.startswith(("assurance.", "tests."))]
    users = [module for module in loaded if vars(module).get("Revm") is Revm and module.__name__ != __name__]
    for module in users:
        vars(module)["Revm"] = make
    try:
        yield
    finally:
        for module in users:
            vars(module)["Revm"] = Revm


T = TypeVar("T")


class Disagreement(AssertionError):
    pass


class Both:
    """A chain that lives in process and on anvil at once. What either says is said if the other says the same: the
    bytes returned or the very error, the events and, of transactions, the gas.

    In process, state that an earlier transaction touched costs less. So the gas compared with anvil's is that of a
    third EVM, the in-process one again, which starts each transaction from the state that anvil serves.
    """

    def __init__(self, anvil: Anvil, deployer: str) -> None:
        """`deployer` is who creates contracts."""
        self.anvil, self.revm = anvil, Revm(anvil.timestamp, anvil.chain_id)
        self.transactions = self.refusals = 0
        # Addresses of contracts follow from their deployer's nonce, and anvil has lived through other tests.
        self.revm.evm.insert_account_info(deployer, pyrevm.AccountInfo(nonce=anvil.nonce(deployer)))

    @property
    def chain_id(self) -> int:
        return self.anvil.chain_id

    @property
    def timestamp(self) -> int:
        return self._agree("timestamp", self.revm.timestamp, self.anvil.timestamp)

    def warp(self, seconds: int) -> None:
        self.revm.warp(seconds)
        self.anvil.warp(seconds)

    def snapshot(self) -> tuple[Any, Any]:
        return self.revm.snapshot(), self.anvil.snapshot()

    def revert(self, snapshot: tuple[Any, Any]) -> None:
        self.revm.revert(snapshot[0])
        self.anvil.revert(snapshot[1])

    def nonce(self, address: str) -> int:
        return self._agree("nonce", self.revm.nonce(address), self.anvil.nonce(address))

    def call(self, sender: str, to: str, data: bytes) -> bytes:
        return self._each("call", lambda chain: chain.call(sender, to, data))

    def create(self, sender: str, code: bytes) -> str:
        return self._each("create", lambda chain: chain.create(sender, code).lower())

    def place(self, address: str, code: bytes) -> None:
        for chain in (self.revm, self.anvil):
            chain.place(address, code)

    def transact(self, sender: str, to: str, data: bytes, value: int) -> Result:
        gas = self.gas_of(sender, to, data, value)
        _, result = self._each("transact", lambda chain: _noted(chain.transact(sender, to, data, value)))
        self.transactions += 1
        self._agree("gas", gas, result.gas)
        return result

    def gas_of(self, sender: str, to: str, data: bytes, value: int) -> int | None:
        """What the transaction costs an EVM that has seen nothing yet; none if it reverts."""
        web3 = self.anvil.web3
        url = web3.provider.endpoint_uri  # type: ignore[attr-defined]
        settings = pyrevm.Env(cfg=pyrevm.CfgEnv(chain_id=self.chain_id))
        evm = pyrevm.EVM(fork_url=url, fork_block="latest", env=settings, spec_id=FORK)
        evm.set_block_env(pyrevm.BlockEnv(number=web3.eth.block_number + 1, timestamp=self.timestamp))
        try:
            evm.message_call(sender, to, calldata=data, value=value, gas=16_000_000)
        except RuntimeError:
            return None
        assert evm.result is not None
        return evm.result.gas_used

    def _each(self, what: str, act: Callable[[Revm | Anvil], T]) -> T:
        """Acts on both. Returns anvil's answer, or raises what both refused with."""
        here, there = _answer(act, self.revm), _answer(act, self.anvil)
        compared = [answer[0] if isinstance(answer, _Noted) else answer for answer in (here, there)]
        self._agree(what, *compared)
        if isinstance(there, Reverted):
            self.refusals += 1
            raise there
        return there

    def _agree(self, what: str, here: T, there: T) -> T:
        if here != there:
            raise Disagreement(f"{what}: in process {here}, on anvil {there}")
        return there


class _Noted(tuple[Any, Result]):
    """A result: first what both must agree on, then all of it."""


def _noted(result: Result) -> _Noted:
    logs = [(log.address.lower(), [bytes(topic) for topic in log.topics], log.data) for log in result.logs]
    return _Noted(((result.output, logs), result))


def _answer(act: Callable[[Revm | Anvil], T], chain: Revm | Anvil) -> T | Reverted:
    try:
        return act(chain)
    except Reverted as refusal:
        return refusal
