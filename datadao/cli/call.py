"""`datadao read`, `send`, `propose`: every function of the DAO that has no command of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click
from eth_utils import keccak

from datadao import handwritten
from datadao.chain.abi import named, positional
from datadao.chain.arguments import ConfigError, Context, Faults, plain, spelled, typed
from datadao.chain.codec import CONTRACTS, abi, function
from datadao.chain.connection import ask
from datadao.chain.reverts import try_call
from datadao.chain.rpc import Call
from datadao.cli.command import Outcome, command
from datadao.cli.main import cli
from datadao.cli.money import decimal, units_of
from datadao.cli.session import Session
from datadao.cli.transactions import send
from datadao.errors import AccountRefused, InvalidArgument, Malformed, NodeRefused

ETHER = "ether.transfer"
"""Stands for a payment in the chain's own coin, which is no contract's."""
_DECIMALS = 18
VIEWS, ACTIONS = ("view", "pure"), ("nonpayable", "payable")


def takes_call(function: Any) -> Any:
    """The arguments of a command that calls a function. ARGUMENTs that start with a minus sign follow `--`."""
    function = click.argument("words", nargs=-1, metavar="[ARGUMENT]...")(function)
    return click.argument("target", metavar="CONTRACT.FUNCTION")(function)


@command(cli, "read")
@takes_call
def read(session: Session, target: str, words: tuple[str, ...]) -> Outcome:
    """Ask a view, such as `registry.currentPolicy 1`. Structs are mappings, in YAML."""
    call = resolve(session, target, words, VIEWS)
    answer = _tried(session, call)
    try:
        decoded = call.decode(answer)
    except Malformed:
        raise NodeRefused(f"{call.what} is no such view: it answers 0x{answer.hex()}") from None
    outputs = function(call.contract, call.function)["outputs"]
    values = decoded if len(outputs) > 1 else [decoded]
    names = [entry["name"].rstrip("_") or f"result{number}" for number, entry in enumerate(outputs, 1)]
    results = {name: named(entry, value) for name, entry, value in zip(names, outputs, values, strict=True)}
    return Outcome(plain(results), tuple(f"{name}: {spelled(value)}" for name, value in results.items()))


@command(cli, "send", sends=True)
@takes_call
def send_call(session: Session, target: str, words: tuple[str, ...]) -> Outcome:
    """Call a function that anyone, or this account, may: `brake.pull`, `models.register ...`."""
    call = resolve(session, target, words, ACTIONS)
    send(session, [call])
    return Outcome({}, (f"Sent {call.what}.",))


@command(cli, "propose", sends=True)
@takes_call
@click.option("--description", required=True, help="For voters. Public, and for ever.")
@click.option("--untried", is_flag=True, help="Propose even what would be refused if it were executed now.")
def propose(session: Session, target: str, words: tuple[str, ...], description: str, untried: bool) -> Outcome:
    """Propose to the holders what only they can do: `registry.setAttestors ...`, `asset.transfer PAYEE AMOUNT`, or
    `ether.transfer PAYEE AMOUNT` of what the treasury holds in the chain's own coin.

    It is tried first as it would be executed, so that no weeks are spent voting on a mistake.
    """
    call = _payment(session, words) if target == ETHER else resolve(session, target, words, ACTIONS)
    value = call.value if isinstance(call, Payment) else 0
    if isinstance(call, Call) and call.contract == "DataGovernor":
        # It obeys only what it is executing itself, so that a call from outside cannot try it.
        session.say("The governor's own settings cannot be tried before: compare the value with the documented bounds.")
    elif not untried:
        _tried(session, call, value)
    # Only this account can make the proposal of this description: no other can copy it first and cancel it.
    text = f"{description}#proposer={session.address.lower()}"
    actions = [call.to], [value], [call.data]
    send(session, [session.dao.call("governor", "propose", *actions, text, what=f"propose {call.what}")])
    proposal = session.dao.read("governor", "getProposalId", *actions, keccak(text=text))
    return Outcome(
        {"proposal": str(proposal)}, (f"Proposed as {proposal}.", f"{call.what}: voting opens after the voting delay.")
    )


@dataclass(frozen=True)
class Payment:
    """Of `value` wei."""

    to: str
    value: int
    what: str
    data: bytes = b""


def _payment(session: Session, words: Sequence[str]) -> Payment:
    if len(words) != 2:
        raise InvalidArgument(f"{ETHER} takes to (address), amount ({session.symbol}); got {len(words)} arguments")
    contracts = {key: address for key, (address, _) in contracts_of(session).items()}
    to = str(typed(f"{ETHER}.to", words[0], {"type": "address"}, _context(session, contracts)))
    value = units_of(words[1], _DECIMALS, session.symbol, f"{ETHER}.amount")
    return Payment(to, value, f"{ETHER}({', '.join(words)})")


def _tried(session: Session, call: Call | Payment, value: int = 0) -> bytes:
    """What the call would return if the DAO made it now. Raises `Reverted` and `NodeRefused`, and `InvalidArgument` for
    more wei than it has."""
    treasury = session.dao.addresses["timelock"]
    if value and value > (held := int(ask(session.dao.web3, "eth_getBalance", treasury, "latest"), 16)):
        has = f"{decimal(held, _DECIMALS)} {session.symbol}"
        raise InvalidArgument(f"{call.what}: the treasury {treasury} has {has}; whoever sends it some adds to it")
    return try_call(session.dao.web3, treasury, call, value=value)


def resolve(session: Session, target: str, words: Sequence[str], kinds: Sequence[str]) -> Call:
    """The call that a person means by `registry.setAttestors` and its arguments, each checked against the ABI.

    Raises `InvalidArgument` for a function that is not there or not of these `kinds`, `ConfigError` for an argument.
    """
    key, _, name = target.partition(".")
    contracts = contracts_of(session)
    if key not in contracts:
        raise InvalidArgument(f"no contract {key!r} in {target!r}; there are {', '.join(contracts)}")
    address, contract = contracts[key]
    functions = {e["name"]: e for e in abi(contract) if e["type"] == "function" and e["stateMutability"] in kinds}
    if name not in functions:
        raise InvalidArgument(f"{key} has no function {name!r} for this; it has {', '.join(sorted(functions))}")
    inputs = functions[name]["inputs"]
    labels = [entry["name"].rstrip("_") or f"argument {number}" for number, entry in enumerate(inputs, 1)]
    if len(words) != len(inputs):
        wanted = (
            ", ".join(f"{label} ({entry['type']})" for label, entry in zip(labels, inputs, strict=True)) or "nothing"
        )
        raise InvalidArgument(f"{target} takes {wanted}; got {len(words)} arguments")
    context = _context(session, {key: address for key, (address, _) in contracts.items()})
    faults, values = Faults(), []
    for label, word, entry in zip(labels, words, inputs, strict=True):
        where = f"{target}.{label}"
        with faults.gather():
            values.append(positional(entry, typed(where, _read(where, word, entry["type"]), entry, context)))
    faults.refuse()
    return Call(address, contract, name, tuple(values), f"{target}({', '.join(words)})")


def contracts_of(session: Session) -> dict[str, tuple[str, str]]:
    """Address and ABI of each contract by its key; the settlement asset is what every ERC-20 is, like the token."""
    dao = session.dao
    found = {key: (dao.addresses[key], contract) for key, contract in CONTRACTS.items()}
    return found | {"asset": (dao.read("leases", "asset"), "DataToken")}


def _read(where: str, word: str, kind: str) -> Any:
    if kind in ("string", "address"):
        return word

    value, twice = handwritten.read(word, f"{where}: {word!r}")
    if twice:
        raise ConfigError(*twice)
    return value


def _context(session: Session, contracts: dict[str, str]) -> Context:
    def account(alias: str) -> str:
        if alias in contracts:
            return contracts[alias]
        try:
            return session.address_of(alias)
        except AccountRefused as error:
            raise InvalidArgument(f"{error}; the DAO's contracts are {', '.join(contracts)}") from None

    return Context(account, session.now, contracts["asset"])
