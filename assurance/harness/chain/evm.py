"""The in-process back end: thousands of transactions a second instead of twenty.

Gas here counts state as warm that an earlier transaction touched; whole-transaction gas is measured on anvil.
"""

from __future__ import annotations

import re

import pyrevm

from assurance.harness.chain.artifacts import IS_DEPLOYED_CODE
from assurance.harness.chain.handles import Log, Result, Reverted, reverted
from assurance.harness.chain.recording import recorded

_REVERT_DATA = re.compile(r"output: (0x[0-9a-f]*)")
# Code that is not the deployed one may be larger and cost more than a chain allows.
_GAS_LIMIT = 30_000_000 if IS_DEPLOYED_CODE else 200_000_000
_CODE_LIMIT = None if IS_DEPLOYED_CODE else 2**20
_PADDING = bytes(33)
"""revm's, behind code that it has analysed."""
_BALANCE = 10**24


@recorded
class Revm:
    """An EVM with a clock that moves on request only, and every event since its first block in `logs`."""

    def __init__(self, timestamp: int = 1_800_000_000, chain_id: int = 31337, code_limit: int | None = None) -> None:
        """`code_limit` lets twins be larger than a chain allows."""
        settings = pyrevm.CfgEnv(chain_id=chain_id, limit_contract_code_size=code_limit or _CODE_LIMIT)
        self.evm = pyrevm.EVM(env=pyrevm.Env(cfg=settings), spec_id="CANCUN")
        self.chain_id = chain_id
        self.timestamp, self.number = timestamp, 1
        self.logs: list[Log] = []
        self.log_times: list[int] = []
        self._set_block()

    def _set_block(self) -> None:
        self.evm.set_block_env(pyrevm.BlockEnv(number=self.number, timestamp=self.timestamp))

    def warp(self, seconds: int) -> None:
        """Moves on to a block `seconds` later."""
        self.timestamp += seconds
        self.number += 1
        self._set_block()

    def snapshot(self) -> tuple[pyrevm.JournalCheckpoint, int, int, int]:
        return self.evm.snapshot(), self.timestamp, self.number, len(self.logs)

    def revert(self, snapshot: tuple[pyrevm.JournalCheckpoint, int, int, int]) -> None:
        checkpoint, self.timestamp, self.number, known = snapshot
        self.evm.revert(checkpoint)
        del self.logs[known:], self.log_times[known:]
        self._set_block()

    def nonce(self, address: str) -> int:
        nonce: int = self.evm.basic(address).nonce
        return nonce

    def balance(self, address: str) -> int:
        """Ether, in wei."""
        balance: int = self.evm.get_balance(address)
        return balance

    def code(self, address: str) -> bytes:
        code: bytes = self.evm.get_code(address) or b""
        return code.removesuffix(_PADDING)

    def logs_of(self, address: str) -> list[Log]:
        """All it has ever said."""
        return [log for log in self.logs if log.address.lower() == address.lower()]

    def storage(self, address: str, slot: int) -> int:
        word: int = self.evm.storage(address, slot)
        return word

    def set_storage(self, address: str, slot: int, word: int) -> None:
        self.evm.insert_account_storage(address, slot, word)

    def call(self, sender: str, to: str, data: bytes) -> bytes:
        return self._message(sender, to, data, 0, static=True)

    def transact(self, sender: str, to: str, data: bytes, value: int) -> Result:
        output = self._message(sender, to, data, value, static=False)
        return Result(output, self._done.gas_used, self._heard())

    @property
    def _done(self) -> pyrevm.ExecutionResult:
        """Of the last message."""
        assert self.evm.result is not None
        return self.evm.result

    def create(self, sender: str, code: bytes) -> str:
        try:
            address: str = self.evm.deploy(sender, code)
        except RuntimeError as error:
            raise _refusal(error) from None
        self._heard()
        return address

    def _heard(self) -> list[Log]:
        """Events of the transaction just sent."""
        logs = [
            Log(log.address, [bytes.fromhex(t[2:]) for t in log.topics], bytes(log.data[1])) for log in self._done.logs
        ]
        self.logs += logs
        self.log_times += [self.timestamp] * len(logs)
        return logs

    def _message(self, sender: str, to: str, data: bytes, value: int, *, static: bool) -> bytes:
        if value:
            self.evm.set_balance(sender, _BALANCE)
        # The EVM object does not end transactions by itself.
        self.evm.reset_transient_storage()
        try:
            out: bytes = self.evm.message_call(sender, to, calldata=data, is_static=static, value=value, gas=_GAS_LIMIT)
        except RuntimeError as error:
            if "RejectCallerWithCode" in str(error):
                return self._message_of_contract(sender, to, data, value, static=static)
            raise _refusal(error) from None
        return out

    def _message_of_contract(self, sender: str, to: str, data: bytes, value: int, *, static: bool) -> bytes:
        """A message that a contract could send. No transaction comes from an account with code (EIP-3607), so the
        account is without while it lasts: for calls that answer to their caller, not for those that call it back."""
        account = self.evm.basic(sender)
        # pyrevm's stub does not know that an account has a balance.
        codeless = pyrevm.AccountInfo(balance=account.balance, nonce=account.nonce)  # type: ignore[call-arg]
        self.evm.insert_account_info(sender, codeless)
        try:
            return self._message(sender, to, data, value, static=static)
        finally:
            self.evm.insert_account_info(sender, account)


def _refusal(error: RuntimeError) -> Reverted:
    match = _REVERT_DATA.search(str(error))
    return reverted(bytes.fromhex(match.group(1)[2:])) if match else Reverted("Halt", str(error))
