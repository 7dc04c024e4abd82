"""What a deployment, or what is left of one, will cost: measured by its rehearsal, or at least what its bytes take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import ape

from datadao.deployment import ConfigError
from datadao.factory import storing
from scripts._artifacts import runtime_code
from scripts._plan import Plan
from scripts._rehearse import CREATION, TRANSACTION, calldata_gas, rehearse
from scripts._transaction import Transaction

_CODE_BYTE, _INITCODE_WORD = 200, 2


@dataclass(frozen=True)
class Estimate:
    """Gas of each transaction that is still to be sent, by key."""

    gas: Mapping[str, int]
    rehearsed: bool
    """Every constructor ran with its values; if not, nobody has looked at their ranges, and `gas` is a lower bound."""

    @cached_property
    def total(self) -> int:
        return sum(self.gas.values())


def estimate(plan: Plan, done: int = 0) -> Estimate:
    """Of a plan whose first `done` transactions are on chain. Raises `ConfigError` where a constructor would refuse."""
    left = plan.transactions[done:]
    gas = rehearse(plan, done) if left else {}
    return Estimate({item.key: _at_least(item) for item in left}, False) if gas is None else Estimate(gas, True)


def refuse_unaffordable(plan: Plan, expected: Estimate) -> None:
    """`ConfigError` if the deployer cannot pay for all of it: half a deployment is money lost."""
    provider = ape.networks.provider
    cost, balance = expected.total * provider.gas_price, provider.get_balance(plan.deployer)
    if balance < cost:
        raise ConfigError(
            f"{plan.deployer} has {balance / 10**18:.6f} of the about {cost / 10**18:.6f} that the deployment costs now"
        )


def _at_least(item: Transaction) -> int:
    """What any node charges for the bytes sent and the code left on chain, whatever a constructor does besides."""
    stored = [len(runtime_code(planned.contract)) for planned in item.creates] or [_left_by(item)]
    creations = sum(CREATION + _CODE_BYTE * size for size in stored)
    words = 0 if item.calls else (len(item.data) + 31) // 32
    return TRANSACTION + calldata_gas(item.data) + _INITCODE_WORD * words + creations


def _left_by(item: Transaction) -> int:
    """Bytes of code of a factory, or of a blueprint: all that is sent but its loader."""
    return len(runtime_code(item.name)) if item.key == "factory" else len(item.data) - len(storing(b""))
