"""A deployment tried out on the node before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ape
import eth_abi
from eth_utils import keccak
from web3.types import RPCEndpoint

from datadao.deployment import ConfigError
from datadao.reverts import described
from scripts._artifacts import runtime_code
from scripts._plan import Plan

_SELECTOR = keccak(text="rehearse(bytes[])")[:4]
_TRANSACTION = 21_000
_ZERO_BYTE, _BYTE = 4, 16
# Counterparts that the rehearsal finds warm and each real transaction finds cold: at most nine.
_COLD = 9 * 2_500


def rehearse(plan: Plan) -> dict[str, int] | None:
    """Runs all constructors on the node, at the addresses and on the state they will have; nothing is sent.

    Returns about the gas of each contract's transaction by key, or None where the node cannot pretend (it must know
    state overrides of `eth_call`). Raises `ConfigError` with what a constructor refused.
    """
    initcodes = [item.initcode for item in plan.contracts]
    data = _SELECTOR + eth_abi.encode(["bytes[]"], [initcodes])
    answer = _call(plan, data)
    if answer is None:
        return None
    (outcomes,) = eth_abi.decode(["(address,uint256,bytes)[]"], answer)
    gas: dict[str, int] = {}
    for item, initcode, (created, used, refused) in zip(plan.contracts, initcodes, outcomes, strict=True):
        if int(created, 16) == 0:
            raise ConfigError(f"{plan.config.path.name}: {item.contract} would refuse: {described(refused)}")
        zeros = initcode.count(0)
        calldata = zeros * _ZERO_BYTE + (len(initcode) - zeros) * _BYTE
        gas[item.key] = used + calldata + _TRANSACTION + _COLD
    return gas


def refuse_unaffordable(plan: Plan, gas: Mapping[str, int]) -> None:
    """`ConfigError` if the deployer cannot pay for all of it: half a deployment is money lost."""
    provider = ape.networks.provider
    cost, balance = sum(gas.values()) * provider.gas_price, provider.get_balance(plan.deployer)
    if balance < cost:
        raise ConfigError(
            f"{plan.deployer} has {balance / 10**18:.6f} of the about {cost / 10**18:.6f} that the deployment costs now"
        )


def _call(plan: Plan, data: bytes) -> bytes | None:
    provider = ape.networks.provider
    pretend = {plan.deployer: {"code": "0x" + runtime_code("Rehearsal").hex()}}
    # A chain of one block has no clock yet but that of the next.
    block = "latest" if provider.get_block("latest").number else "pending"
    request: list[Any] = [{"to": plan.deployer, "data": "0x" + data.hex()}, block, pretend]
    response = provider.web3.provider.make_request(RPCEndpoint("eth_call"), request)
    result = response.get("result")
    # Without the override the deployer has no code, and the answer no content.
    return bytes.fromhex(result[2:]) if isinstance(result, str) and len(result) > 2 else None
