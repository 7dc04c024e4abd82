"""A deployment simulated on the node before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import ape

from datadao.chain.abi import create_address, predict
from datadao.chain.arguments import ConfigError
from datadao.chain.reverts import described
from datadao.chain.transactions import TRANSACTION_LIMIT
from deployer.artifacts import CONTRACTS, runtime_code
from deployer.creation import storing
from deployer.plan import Plan
from deployer.rules import TRANSACTION, Rules
from deployer.simulation import Cost, Pretended, Refused, Short, Trial, Unable
from deployer.transaction import Transaction, creating

# What the rehearsal finds warm and each real transaction finds cold, at most: nine counterparts; for a factory also
# ten blueprints and the sixteen slots that name them.
_COUNTERPARTS, _BLUEPRINTS, _COLD_SLOTS = 9, 10, 16 * 2_000
# Enough for a DAO, its factory and all blueprints; nodes that allow a call less give it that.
_ALL_GAS = 100_000_000
_CREATE3 = 400_000
"""Gas that a contract takes beyond its creation when a factory creates it, at most, where state is dearest."""
_ELSEWHERE = 1_000
"""Nonces ahead, where the deployer has created nothing."""


def rehearse(plan: Plan, rules: Rules, done: int = 0) -> dict[str, Cost] | None:
    """Runs all constructors on the node, on the state and at the addresses they will have; nothing is sent. A factory
    creates the same DAO for another creator, at other addresses. The first `done` transactions are on chain already.

    Returns about the gas of each transaction by key, or None where the node has no state overrides of `eth_call`, or
    gives a call too little gas. Raises `ConfigError` with what a constructor refused, or where a transaction would take
    more gas than any may.
    """
    left = plan.transactions[done:]
    nonce = ape.networks.provider.get_nonce(plan.deployer)
    for item in left if rules.apart else ():
        _refuse_beyond_block(plan, item, rules.byte * sum(sizes(item)), rules)
    try:
        costs = _rehearsed(plan, left, rules, nonce)
    except (Short, Unable):
        return None
    for item in left:
        _refuse_too_large(plan, item, costs[item.key], rules)
    return costs


def sizes(item: Transaction) -> list[int]:
    """Bytes of code of each account that a transaction leaves: contracts, a factory, or a blueprint, which is all that
    is sent but its loader."""
    if item.creates:
        return [len(runtime_code(planned.contract)) for planned in item.creates]
    return [len(runtime_code(item.name)) if item.key == "factory" else len(item.data) - len(storing(b""))]


def _rehearsed(plan: Plan, left: Sequence[Transaction], rules: Rules, nonce: int) -> dict[str, Cost]:
    if not rules.apart:
        try:
            return _together(plan, left, rules, nonce)
        except Short:
            pass  # this node gives a call less than all of it takes
    return _one_by_one(plan, left, rules, nonce)


def _together(plan: Plan, left: Sequence[Transaction], rules: Rules, nonce: int) -> dict[str, Cost]:
    creator = _creator(plan, left, nonce)
    trial = Trial(plan.deployer, [_initcode(plan, item, creator) for item in left], {})
    try:
        used = trial.together(_ALL_GAS)
    except Refused as error:
        raise _refusal(plan, left[error.number], error) from None
    return {item.key: _cost(item, Cost(gas, gas), rules) for item, gas in zip(left, used, strict=True)}


def _one_by_one(
    plan: Plan, left: Sequence[Transaction], rules: Rules, nonce: int, before: Pretended = MappingProxyType({})
) -> dict[str, Cost]:
    """Each in a call of its own, which is told what those `before` it left on chain."""
    creator = _creator(plan, left, nonce)
    costs: dict[str, Cost] = {}
    # A new factory has storage, which is made anew in each call of it.
    factory: list[Transaction] = []
    kept = 0
    for number, item in enumerate(left):
        group = [*(factory if item.calls else ()), item]
        pretended = {**before, plan.deployer: {"nonce": hex(nonce + left.index(group[0]))}}
        initcodes = [_initcode(plan, one, creator) for one in group]
        trial = Trial(plan.deployer, initcodes, pretended, _watched(plan, item, creator))
        try:
            measured, codes = trial.last(rules, kept if item.calls else 0, rules.byte * sum(sizes(item)))
        except Refused as error:
            raise _refusal(plan, group[error.number], error) from None
        except Short:
            if not item.calls:
                raise
            return costs | _directly(plan, left[number:], rules, nonce, before)
        costs[item.key] = _cost(item, measured, rules)
        if item.key == "factory":
            factory, kept = [item], measured.used - measured.execution
        else:
            before = {**before, **codes}
    return costs


def _directly(plan: Plan, left: Sequence[Transaction], rules: Rules, nonce: int, before: Pretended) -> dict[str, Cost]:
    """What the calls of a factory take, by the same contracts created without one: no call is given gas for more."""
    first = nonce + _ELSEWHERE
    system = predict(plan.deployer, first)
    moved = [
        replace(item, address=system[item.key], arguments={**item.arguments, "system": system})
        for item in plan.contracts
        if item.key != "asset"
    ]
    costs = _one_by_one(plan, [creating(item) for item in moved], rules, first, before)

    def total(item: Transaction) -> Cost:
        own = [costs[planned.key] for planned in item.creates]
        return Cost(sum(c.used + _CREATE3 for c in own), sum(c.execution + _CREATE3 for c in own))

    return {item.key: total(item) for item in left}


def _cost(item: Transaction, measured: Cost, rules: Rules) -> Cost:
    """What a transaction takes, by the creation that was tried in its place."""
    around = rules.calldata(item.data) + TRANSACTION + _COUNTERPARTS * rules.cold
    if item.calls or item.key == "factory":
        around += _BLUEPRINTS * rules.cold + _COLD_SLOTS
    # A call is tried by an account that is created for it.
    used = measured.used + around - (rules.account if item.calls else 0)
    return Cost(max(used, rules.least(item.data)), measured.execution + around)


def _refuse_too_large(plan: Plan, item: Transaction, cost: Cost, rules: Rules) -> None:
    where = f"{plan.config.path.name}: {item.name} takes about"
    bound = max(cost.execution, rules.least(item.data)) if rules.apart else cost.used
    if bound > TRANSACTION_LIMIT:
        what = "gas of execution" if rules.apart else "gas"
        raise ConfigError(
            f"{where} {bound:,} {what}, more than the {TRANSACTION_LIMIT:,} of a transaction: shorten its lists"
        )
    if rules.apart:
        _refuse_beyond_block(plan, item, cost.used, rules)


def _refuse_beyond_block(plan: Plan, item: Transaction, gas: int, rules: Rules) -> None:
    if gas > rules.block:
        smaller = f"deploy without --factory, in {len(CONTRACTS)} smaller transactions"
        if plan.contract:
            smaller = f"no Safe can create a DAO on this chain; from an account with a key, {smaller}"
        instead = f"; {smaller}" if item.calls else ""
        raise ConfigError(
            f"{plan.config.path.name}: {item.name} takes about {gas:,} gas, more than the {rules.block:,} of a block"
            f"{instead}"
        )


def _refusal(plan: Plan, item: Transaction, error: Refused) -> ConfigError:
    """What refused: a constructor by name where it is known; otherwise its error names it."""
    name = plan.contracts[-1].contract if item.key == "complete" else item.name
    if item.key == "begin":
        name = "begin, which creates all but the registries,"
    return ConfigError(f"{plan.config.path.name}: {name} would refuse: {described(error.data)}")


def _creator(plan: Plan, left: Sequence[Transaction], nonce: int) -> str:
    """Whose the rehearsed DAO is: one that was begun is completed as it was begun, one that was not is the account's
    that makes the call."""
    begins = [number for number, item in enumerate(left) if item.key == "begin"]
    return create_address(plan.deployer, nonce + begins[0]) if begins else plan.deployer


def _initcode(plan: Plan, item: Transaction, creator: str) -> bytes:
    """What the rehearsal creates: a contract, or an account that makes the call."""
    if not item.calls:
        return item.data
    creation = plan.creation(creator)
    return calling(item.address, creation.begin if item.key == "begin" else creation.complete)


def _watched(plan: Plan, item: Transaction, creator: str) -> list[str]:
    if not item.calls:
        return [item.address]
    system = plan.creation(creator).system
    return [system[planned.key] for planned in item.creates]


def calling(to: str, data: bytes) -> bytes:
    """Creation code of an empty account that calls `to` while it is created, and reverts with what `to` says."""
    size = len(data).to_bytes(3, "big")
    # PUSH3 size, PUSH1 51, PUSH0, CODECOPY; PUSH0 PUSH0 PUSH3 size PUSH0 PUSH0 PUSH20 to GAS CALL; PUSH1 49 JUMPI
    called = b"\x62" + size + bytes.fromhex("60335f39") + b"\x5f\x5f\x62" + size + bytes.fromhex("5f5f73")
    called += bytes.fromhex(to[2:]) + bytes.fromhex("5af1603157")
    # RETURNDATASIZE PUSH0 PUSH0 RETURNDATACOPY RETURNDATASIZE PUSH0 REVERT; JUMPDEST STOP
    return called + bytes.fromhex("3d5f5f3e3d5ffd5b00") + data
