"""What a deployment takes, and whether the deployer can pay it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import ape

from datadao.chain.arguments import ConfigError
from datadao.chain.costs import Gas, least_balance
from datadao.chain.data_fee import Outgoing, data_fees
from datadao.chain.fees import choose, gwei
from deployer.plan import Plan
from deployer.rehearsal import rehearse, sizes
from deployer.rules import Rules, rules_of
from deployer.send import limit_of
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
    data: Mapping[str, int] = field(default_factory=dict)
    """Wei that a rollup asks for each transaction's data beside gas."""
    block: int = 0
    """Gas that a block has."""

    @cached_property
    def total(self) -> int:
        return sum(self.gas.values())

    @cached_property
    def posted(self) -> int:
        """Wei for the data of all."""
        return sum(self.data.values())

    def limit(self, key: str) -> int:
        """With which a transaction is sent if the node estimates what is expected."""
        return limit_of(self.gas[key], self.block)


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
    posted = {key: fee.wei for key, fee in zip(gas, data, strict=True)}
    return Estimate(gas, costs is not None, state, posted, rules.block)


def refuse_unaffordable(plan: Plan, expected: Estimate) -> None:
    """`ConfigError` if the deployer cannot send all of it: half a deployment is of no use. Of each transaction the node
    wants the whole limit at the max fee to be there."""
    provider = ape.networks.provider
    fee = choose(provider.web3)
    gas = [Gas(used, expected.limit(key)) for key, used in expected.gas.items()]
    needed = least_balance(gas, fee, [expected.data.get(key, 0) for key in expected.gas])
    balance = provider.get_balance(plan.deployer)
    if balance < needed:
        cost = expected.total * fee.now + expected.posted
        raise ConfigError(
            f"{plan.deployer} has {ether(balance)}: the deployment costs about {ether(cost)} now, and the node wants "
            f"{ether(needed)} to be there, for the limits of its transactions at the max fee of {gwei(fee.most)} gwei"
        )


def ether(wei: int) -> str:
    return f"{wei / 10**18:.6f}"


def _at_least(item: Transaction, rules: Rules) -> int:
    """What the bytes sent and the code left on chain cost, without the constructors' own work."""
    creations = sum(rules.account + rules.byte * size for size in sizes(item))
    words = 0 if item.calls else (len(item.data) + 31) // 32
    return max(
        rules.least(b"") + rules.calldata(item.data) + _INITCODE_WORD * words + creations, rules.least(item.data)
    )
