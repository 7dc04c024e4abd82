"""A deployment simulated on the node before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ape
import eth_abi
from eth_utils import keccak
from web3.types import RPCEndpoint

from datadao.chain.abi import create_address
from datadao.chain.arguments import ConfigError
from datadao.chain.reverts import described
from deployer.artifacts import runtime_code
from deployer.creation import storing
from deployer.plan import Plan
from deployer.transaction import Transaction

_CODE_BYTE, _INITCODE_WORD = 200, 2
"""Gas (Yellow Paper, appendix G; EIP-3860)."""

TRANSACTION_LIMIT = 16_777_216
"""Gas that a transaction may take (EIP-7825)."""

_SELECTOR = keccak(text="rehearse(bytes[])")[:4]
TRANSACTION, CREATION = 21_000, 32_000
_ZERO_BYTE, _BYTE = 4, 16
# What the rehearsal finds warm and each real transaction finds cold, at most: nine counterparts; for a factory also
# ten blueprints and the sixteen slots that name them.
_COLD = 9 * 2_500
_COLD_BLUEPRINTS = 10 * 2_500 + 16 * 2_000
# Enough for a DAO, its factory and all blueprints; nodes that allow a call less give it that.
_ALL_GAS = 100_000_000


def rehearse(plan: Plan, done: int = 0) -> dict[str, int] | None:
    """Runs all constructors on the node, on the state and at the addresses they will have; nothing is sent. A factory
    creates the same DAO for another creator, at other addresses. The first `done` transactions are on chain already.

    Returns about the gas of each transaction by key, or None where the node has no state overrides of `eth_call`.
    Raises `ConfigError` with what a constructor refused, or where a transaction would take more gas than any may.
    """
    initcodes = list(_initcodes(plan, done))
    data = _SELECTOR + eth_abi.encode(["bytes[]"], [initcodes])
    answer = _call(plan, data)
    if answer is None:
        return None
    (outcomes,) = eth_abi.decode(["(address,uint256,bytes)[]"], answer)
    gas: dict[str, int] = {}
    for item, (created, used, refused) in zip(plan.transactions[done:], outcomes, strict=False):
        if int(created, 16) == 0:
            raise ConfigError(f"{plan.config.path.name}: {_blamed(plan, item.key, item.name)}{described(refused)}")
        gas[item.key] = used + _around(item)
        if gas[item.key] > TRANSACTION_LIMIT:
            raise ConfigError(
                f"{plan.config.path.name}: {item.name} takes about {gas[item.key]:,} gas, more than the "
                f"{TRANSACTION_LIMIT:,} of a transaction: shorten its lists"
            )
    return gas


def _around(item: Transaction) -> int:
    """What a transaction takes beside the creation that the rehearsal measured."""
    blueprints = _COLD_BLUEPRINTS if item.calls or item.key == "factory" else 0
    return calldata_gas(item.data) + TRANSACTION + _COLD + blueprints - (CREATION if item.calls else 0)


def calldata_gas(data: bytes) -> int:
    """What the bytes of a transaction take."""
    zeros = data.count(0)
    return zeros * _ZERO_BYTE + (len(data) - zeros) * _BYTE


def _blamed(plan: Plan, key: str, name: str) -> str:
    """What refused: a constructor by name where it is known; otherwise its error names it."""
    if key == "begin":
        return "begin, which creates all but the registries, would refuse: "
    return f"{plan.contracts[-1].contract if key == 'complete' else name} would refuse: "


def _initcodes(plan: Plan, done: int) -> Iterator[bytes]:
    """What the rehearsal creates: the contracts that the deployer creates, and accounts that make its calls."""
    left = plan.transactions[done:]
    numbers = {item.key: number for number, item in enumerate(left)}
    # A DAO that was begun is completed as it was begun; one that was not is the rehearsal's own.
    creator = plan.deployer
    if "begin" in numbers:
        # Before a call the account may have sent something else.
        creator = create_address(creator, ape.networks.provider.get_nonce(creator) + numbers["begin"])
    for item in left:
        if not item.calls:
            yield item.data
            continue
        creation = plan.creation(creator)
        yield calling(item.address, creation.begin if item.key == "begin" else creation.complete)


def calling(to: str, data: bytes) -> bytes:
    """Creation code of an empty account that calls `to` while it is created, and reverts with what `to` says."""
    size = len(data).to_bytes(3, "big")
    # PUSH3 size, PUSH1 51, PUSH0, CODECOPY; PUSH0 PUSH0 PUSH3 size PUSH0 PUSH0 PUSH20 to GAS CALL; PUSH1 49 JUMPI
    called = b"\x62" + size + bytes.fromhex("60335f39") + b"\x5f\x5f\x62" + size + bytes.fromhex("5f5f73")
    called += bytes.fromhex(to[2:]) + bytes.fromhex("5af1603157")
    # RETURNDATASIZE PUSH0 PUSH0 RETURNDATACOPY RETURNDATASIZE PUSH0 REVERT; JUMPDEST STOP
    return called + bytes.fromhex("3d5f5f3e3d5ffd5b00") + data


def _call(plan: Plan, data: bytes) -> bytes | None:
    provider = ape.networks.provider
    pretend = {plan.deployer: {"code": "0x" + runtime_code("Rehearsal").hex()}}
    # A chain of one block has no time but that of the next.
    block = "latest" if provider.get_block("latest").number else "pending"
    call = {"to": plan.deployer, "data": "0x" + data.hex(), "gas": hex(_ALL_GAS)}
    request: list[Any] = [call, block, pretend]
    response = provider.web3.provider.make_request(RPCEndpoint("eth_call"), request)
    result = response.get("result")
    # Without the override the deployer has no code, and the answer no content.
    return bytes.fromhex(result[2:]) if isinstance(result, str) and len(result) > 2 else None


@dataclass(frozen=True)
class Estimate:
    """Gas of each transaction that is still to be sent, by key."""

    gas: Mapping[str, int]
    rehearsed: bool
    """Every constructor ran with its values; if not, their ranges are unchecked, and `gas` is a lower bound."""

    @cached_property
    def total(self) -> int:
        return sum(self.gas.values())


def estimate(plan: Plan, done: int = 0) -> Estimate:
    """Of a plan whose first `done` transactions are on chain. Raises `ConfigError` where a constructor would refuse."""
    left = plan.transactions[done:]
    gas = rehearse(plan, done) if left else {}
    return Estimate({item.key: _at_least(item) for item in left}, False) if gas is None else Estimate(gas, True)


def refuse_unaffordable(plan: Plan, expected: Estimate) -> None:
    """`ConfigError` if the deployer cannot pay for all of it: half a deployment is of no use."""
    provider = ape.networks.provider
    cost, balance = expected.total * provider.gas_price, provider.get_balance(plan.deployer)
    if balance < cost:
        raise ConfigError(
            f"{plan.deployer} has {balance / 10**18:.6f} of the about {cost / 10**18:.6f} that the deployment costs now"
        )


def _at_least(item: Transaction) -> int:
    """What the bytes sent and the code left on chain cost, without the constructors' own work."""
    stored = [len(runtime_code(planned.contract)) for planned in item.creates] or [_left_by(item)]
    creations = sum(CREATION + _CODE_BYTE * size for size in stored)
    words = 0 if item.calls else (len(item.data) + 31) // 32
    return TRANSACTION + calldata_gas(item.data) + _INITCODE_WORD * words + creations


def _left_by(item: Transaction) -> int:
    """Bytes of code of a factory, or of a blueprint: all that is sent but its loader."""
    return len(runtime_code(item.name)) if item.key == "factory" else len(item.data) - len(storing(b""))
