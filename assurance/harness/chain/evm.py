"""The in-process back end: thousands of transactions a second instead of twenty.

Gas here counts state as warm that an earlier transaction touched; whole-transaction gas is measured on anvil.
"""

from __future__ import annotations

import contextlib
import re
from functools import lru_cache

# It has no build for Python 3.13, where what takes a node of its own runs without it.
with contextlib.suppress(ModuleNotFoundError):
    import pyrevm

from assurance.harness.chain.artifacts import IS_DEPLOYED_CODE
from assurance.harness.chain.handles import Log, Result, Reverted, reverted
from assurance.harness.chain.recording import recorded

FORK = "Cancun"
"""As pyrevm spells it. It takes any other word for its newest rules, without an error."""
_REVERT_DATA = re.compile(r"output: (0x[0-9a-f]*)")
# Code that is not the deployed one may be larger and cost more than a chain allows.
_GAS_LIMIT = 30_000_000 if IS_DEPLOYED_CODE else 200_000_000
_CODE_LIMIT = None if IS_DEPLOYED_CODE else 2**20
_PADDING = bytes(33)
"""revm's, behind code that it has analysed."""
_BALANCE = 10**24
_ENTRY = "0x" + "00" * 19 + "fa"
_CODE = "0x" + "00" * 19 + "fb"


@recorded
class Revm:
    """An EVM with a clock that moves on request only, and every event since its first block in `logs`."""

    def __init__(self, timestamp: int = 1_800_000_000, chain_id: int = 31337, code_limit: int | None = None) -> None:
        """`code_limit` lets twins be larger than a chain allows."""
        settings = pyrevm.CfgEnv(chain_id=chain_id, limit_contract_code_size=code_limit or _CODE_LIMIT)
        self._evm = pyrevm.EVM(env=pyrevm.Env(cfg=settings), spec_id=FORK)
        self._answers: dict[tuple[str, str, bytes], bytes] = {}
        self._keeps = True
        self._placed: set[str] = set()
        self.chain_id = chain_id
        self.timestamp, self.number = timestamp, 1
        self.logs: list[Log] = []
        self.log_times: list[int] = []
        self._set_block()

    @property
    def evm(self) -> pyrevm.EVM:
        """To read and change by hand; from then on no answer is kept."""
        self._keeps = False
        self._answers.clear()
        return self._evm

    def _set_block(self) -> None:
        self._answers.clear()
        self._evm.set_block_env(pyrevm.BlockEnv(number=self.number, timestamp=self.timestamp))

    def warp(self, seconds: int) -> None:
        """Moves on to a block `seconds` later."""
        self.timestamp += seconds
        self.number += 1
        self._set_block()

    def snapshot(self) -> tuple[pyrevm.JournalCheckpoint, int, int, int]:
        return self._evm.snapshot(), self.timestamp, self.number, len(self.logs)

    def revert(self, snapshot: tuple[pyrevm.JournalCheckpoint, int, int, int]) -> None:
        checkpoint, self.timestamp, self.number, known = snapshot
        self._evm.revert(checkpoint)
        del self.logs[known:], self.log_times[known:]
        self._set_block()

    def nonce(self, address: str) -> int:
        nonce: int = self._evm.basic(address).nonce
        return nonce

    def balance(self, address: str) -> int:
        """Ether, in wei."""
        balance: int = self._evm.get_balance(address)
        return balance

    def code(self, address: str) -> bytes:
        code: bytes = self._evm.get_code(address) or b""
        return code.removesuffix(_PADDING)

    def logs_of(self, address: str) -> list[Log]:
        """All it has ever said."""
        return [log for log in self.logs if log.address.lower() == address.lower()]

    def storage(self, address: str, slot: int) -> int:
        word: int = self._evm.storage(address, slot)
        return word

    def set_storage(self, address: str, slot: int, word: int) -> None:
        self._answers.clear()
        self._evm.insert_account_storage(address, slot, word)

    def call(self, sender: str, to: str, data: bytes) -> bytes:
        """The same call gets the same answer until a transaction succeeds, time passes or the state is put back."""
        question = sender, to, data
        if (answer := self._answers.get(question)) is None:
            answer = self._message(sender, to, data, 0, static=True)
            if self._keeps:
                self._answers[question] = answer
        return answer

    def transact(self, sender: str, to: str, data: bytes, value: int) -> Result:
        output = self._message(sender, to, data, value, static=False)
        self._answers.clear()
        return Result(output, self._done.gas_used, self._heard())

    @property
    def _done(self) -> pyrevm.ExecutionResult:
        """Of the last message."""
        assert self._evm.result is not None
        return self._evm.result

    def create(self, sender: str, code: bytes) -> str:
        try:
            address: str = self._evm.deploy(sender, code)
        except RuntimeError as error:
            raise _refusal(error) from None
        self._answers.clear()
        self._heard()
        return address

    def place(self, address: str, code: bytes) -> None:
        """For good: what is put back is what transactions did."""
        if address not in self._placed:
            self._evm.insert_account_info(address, _analysed(code))
            self._placed.add(address)

    def _heard(self) -> list[Log]:
        """Events of the transaction just sent."""
        logs = [Log(log.address, list(map(_topic, log.topics)), bytes(log.data[1])) for log in self._done.logs]
        self.logs += logs
        self.log_times += [self.timestamp] * len(logs)
        return logs

    def _message(self, sender: str, to: str, data: bytes, value: int, *, static: bool) -> bytes:
        evm = self._evm
        if value:
            self._answers.clear()
            evm.set_balance(sender, _BALANCE)
        # The EVM object does not end transactions by itself.
        evm.reset_transient_storage()
        try:
            out: bytes = evm.message_call(sender, to, calldata=data, is_static=static, value=value, gas=_GAS_LIMIT)
        except RuntimeError as error:
            if "RejectCallerWithCode" in str(error):
                return self._message_of_contract(sender, to, data, value, static=static)
            raise _refusal(error) from None
        return out

    def _message_of_contract(self, sender: str, to: str, data: bytes, value: int, *, static: bool) -> bytes:
        """A message that a contract could send. No transaction comes from an account with code (EIP-3607), so for as
        long as it lasts the account has code that passes it on, and passes all other calls to what its code was."""
        code = self.code(sender)
        self._put(_CODE, code)
        self._put(sender, _forwarder(to))
        try:
            return self._message(_ENTRY, sender, data, value, static=static)
        finally:
            self._put(sender, code)

    def _put(self, address: str, code: bytes) -> None:
        account = self._evm.basic(address)
        # pyrevm's stub does not know that an account has a balance.
        changed = pyrevm.AccountInfo(balance=account.balance, nonce=account.nonce, code=code)  # type: ignore[call-arg]
        self._evm.insert_account_info(address, changed)


@lru_cache(maxsize=10_000)
def _topic(text: str) -> bytes:
    """Of an event: most are names and addresses, the same again and again."""
    return bytes.fromhex(text[2:])


def _analysed(code: bytes) -> pyrevm.AccountInfo:
    """An account of that code. An EVM looks for the jump targets of code that was not created before each call."""
    evm = pyrevm.EVM(env=pyrevm.Env(cfg=pyrevm.CfgEnv(limit_contract_code_size=2**24)), spec_id=FORK)
    creation = bytes.fromhex(f"62 {len(code):06x} 80 600b 5f 39 5f f3") + code  # PUSH3 size DUP1 PUSH1 11, PUSH0 ...
    return evm.basic(evm.deploy(_ENTRY, creation))


def _forwarder(to: str) -> bytes:
    """Code that passes calls of `_ENTRY` to that address as its own, and others to the code at `_CODE`."""
    return bytes.fromhex(
        "36 5f 5f 37"  # CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY
        f"33 73{_ENTRY[2:]} 14 603c 57"  # CALLER, PUSH20 entry, EQ, PUSH1 60, JUMPI
        f"5f 5f 36 5f 73{_CODE[2:]} 5a f4 6059 56"  # DELEGATECALL with all gas; PUSH1 89, JUMP
        f"5b 5f 5f 36 5f 34 73{to[2:]} 5a f1"  # at 60: CALL with all gas and the value
        "5b 3d 5f 5f 3e 6064 57"  # at 89: JUMPDEST, RETURNDATACOPY of all, PUSH1 100, JUMPI
        "3d 5f fd 5b 3d 5f f3"  # REVERT; at 100: RETURN
    )


def _refusal(error: RuntimeError) -> Reverted:
    match = _REVERT_DATA.search(str(error))
    return reverted(bytes.fromhex(match.group(1)[2:])) if match else Reverted("Halt", str(error))
