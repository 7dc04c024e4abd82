"""Creations that a node pretends: what each takes, and what it leaves on chain.

Where state is paid apart (EIP-8037), GAS shows what was paid for it only once the gas kept for it is spent. So less is
kept than is needed: what a creation then takes of the rest, and what was kept, are all that it takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ape
import eth_abi
from eth_utils import keccak

from datadao.chain.connection import answer_of
from datadao.chain.transactions import TRANSACTION_LIMIT
from deployer.artifacts import runtime_code
from deployer.rules import Rules, gives

FAILED = keccak(text="FailedDeployment()")[:4]
"""What CREATE3 says of a creation that ran out of gas."""

Pretended = Mapping[str, Mapping[str, Any]]
"""Code and nonces that accounts do not have, as `eth_call` takes them."""

_SELECTOR = keccak(text="rehearse(bytes[],address[])")[:4]
_RETURNED = ("(address,uint256,uint256,bytes)[]", "bytes[]")
_UNKEPT, _STEP = 13_000_000, 2_000_000
"""Gas for state that is not kept at first, and by how much less at each further attempt."""
_SHIFT = 1_000_000
"""By how much more is kept to see that it is: a node may give a call less than it was asked for."""


class Short(Exception):
    """The node gives a call less gas than the creations take."""


class Unable(Exception):
    """The node pretends nothing: it has no state overrides of `eth_call`."""


class Refused(Exception):
    """A constructor refused; `data` is what it reverted with, `number` its place."""

    def __init__(self, number: int, data: bytes) -> None:
        super().__init__(number, data)
        self.number, self.data = number, data


@dataclass(frozen=True)
class Cost:
    """Gas in all, and no less than what of it is execution."""

    used: int
    execution: int


@dataclass(frozen=True)
class Trial:
    """Creations one after another by `deployer`, on the chain as it would be with what is `pretended`."""

    deployer: str
    initcodes: Sequence[bytes]
    pretended: Pretended
    watched: Sequence[str] = ()
    """Addresses whose code is asked for."""

    def together(self, gas: int) -> list[int]:
        """What each takes, tried with as much gas, where GAS shows it. Raises `Refused`, `Short`, `Unable`."""
        return self._ask(gas)[0]

    def last(self, rules: Rules, kept: int, least: int) -> tuple[Cost, dict[str, Any]]:
        """What the last one takes, and what to pretend after it. Those before it take `kept` for state, it takes at
        `least` so much. Raises as `together`."""
        if not rules.apart:
            gas, codes = self._ask(max(rules.block, 2 * TRANSACTION_LIMIT))
            return Cost(gas[-1], gas[-1]), codes
        first = max(0, kept + least - _UNKEPT)
        if not gives(ape.networks.provider.web3, rules, TRANSACTION_LIMIT + first):
            raise Short
        for keep in range(first, kept + least + _UNKEPT, _STEP):
            try:
                gas, codes = self._ask(TRANSACTION_LIMIT + keep)
            except Short:
                continue
            shift = min(_SHIFT, least // 2)
            used = gas[-1] + keep - kept
            if self._ask(TRANSACTION_LIMIT + keep + shift)[0][-1] != gas[-1] - shift:
                break  # the node gave less than it was asked for
            try:
                execution = self._ask(TRANSACTION_LIMIT + kept + used)[0][-1]
            except Short:
                execution = used
            return Cost(used, min(execution, used - least)), codes
        raise Short

    def _ask(self, gas: int) -> tuple[list[int], dict[str, Any]]:
        pretended = {account: dict(fields) for account, fields in self.pretended.items()}
        pretended.setdefault(self.deployer, {})["code"] = "0x" + runtime_code("Rehearsal").hex()
        data = _SELECTOR + eth_abi.encode(["bytes[]", "address[]"], [list(self.initcodes), list(self.watched)])
        provider = ape.networks.provider
        # A chain of one block has no time but that of the next.
        block = "latest" if provider.get_block("latest").number else "pending"
        call = {"to": self.deployer, "data": "0x" + data.hex(), "gas": hex(gas)}
        answer = answer_of(provider.web3, "eth_call", [call, block, pretended])
        result = answer.get("result")
        if not isinstance(result, str):
            raise Short if "gas" in str(answer.get("error")).lower() else Unable
        if len(result) <= 2:  # without the override the deployer has no code, and the answer no content
            raise Unable
        outcomes, codes = eth_abi.decode(_RETURNED, bytes.fromhex(result[2:]))
        for number, (created, used, left, refusal) in enumerate(outcomes):
            if int(created, 16) == 0:
                # Each frame keeps a 64th of its gas from the one inside it.
                raise Short if left * 15 < used or refusal == FAILED else Refused(number, refusal)
        found = {account: {"code": "0x" + code.hex()} for account, code in zip(self.watched, codes, strict=True)}
        return [used for _, used, _, _ in outcomes], found
