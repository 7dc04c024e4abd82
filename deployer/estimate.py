"""What a deployment takes, and whether the deployer can pay it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import ape

from datadao.chain.arguments import ConfigError
from datadao.chain.data_fee import Outgoing, data_fees
from deployer.plan import Plan
from deployer.rehearsal import rehearse, sizes
from deployer.rules import Rules, rules_of
from deployer.transaction import Transaction

_INITCODE_WORD = 2
"""Gas (EIP-3860)."""


@dataclass(frozen=True)
class Estimate:
    """Gas of each transaction that is still to be sent, by key."""

    gas: Mapping[str, int]
    rehearsed: bool
    """Every constructor ran with its values; if not, their ranges are unchecked, and `gas` is a lower bound."""
    state: int = 0
    """What of the total is for new state, where that is paid apart."""
    data: int = 0
    """Wei that a rollup asks for the transactions' data beside gas."""

    @cached_property
    def total(self) -> int:
        return sum(self.gas.values())


def estimate(plan: Plan, done: int = 0) -> Estimate:
    """Of a plan whose first `done` transactions are on chain. Raises `ConfigError` where a constructor would refuse."""
    left = plan.transactions[done:]
    if not left:
        return Estimate({}, True)
    web3 = ape.networks.provider.web3
    rules = rules_of(web3)
    costs = rehearse(plan, rules, done)
    gas = {item.key: costs[item.key].used if costs else _at_least(item, rules) for item in left}
    outgoing = [Outgoing(item.address if item.calls else None, item.data, gas[item.key]) for item in left]
    data = data_fees(web3, outgoing)
    gas = {key: used + fee.gas for (key, used), fee in zip(gas.items(), data, strict=True)}
    state = sum(cost.used - cost.execution for cost in costs.values()) if costs and rules.apart else 0
    return Estimate(gas, costs is not None, state, sum(fee.wei for fee in data))


def refuse_unaffordable(plan: Plan, expected: Estimate) -> None:
    """`ConfigError` if the deployer cannot pay for all of it: half a deployment is of no use."""
    provider = ape.networks.provider
    cost = expected.total * provider.gas_price + expected.data
    balance = provider.get_balance(plan.deployer)
    if balance < cost:
        raise ConfigError(
            f"{plan.deployer} has {balance / 10**18:.6f} of the about {cost / 10**18:.6f} that the deployment costs now"
        )


def _at_least(item: Transaction, rules: Rules) -> int:
    """What the bytes sent and the code left on chain cost, without the constructors' own work."""
    creations = sum(rules.account + rules.byte * size for size in sizes(item))
    words = 0 if item.calls else (len(item.data) + 31) // 32
    return max(
        rules.least(b"") + rules.calldata(item.data) + _INITCODE_WORD * words + creations, rules.least(item.data)
    )
