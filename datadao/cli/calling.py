"""Any function of the DAO by name, with arguments as a person writes them: what `read`, `send` and `propose` share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from datadao import handwritten
from datadao.errors import AccountRefused, InvalidArgument

if TYPE_CHECKING:
    from datadao.chain import Call
    from datadao.cli.session import Session
    from datadao.deployment import Context

VIEWS, ACTIONS = ("view", "pure"), ("nonpayable", "payable")


def takes_call(function: Any) -> Any:
    """The arguments of a command that calls a function. ARGUMENTs that start with a minus sign follow `--`."""
    function = click.argument("words", nargs=-1, metavar="[ARGUMENT]...")(function)
    return click.argument("target", metavar="CONTRACT.FUNCTION")(function)


def resolve(session: Session, target: str, words: Sequence[str], kinds: Sequence[str]) -> Call:
    """The call that a person means by `registry.setAttestors` and its arguments, each checked against the ABI.

    Raises `InvalidArgument` for a function that is not there or not of these `kinds`, `ConfigError` for an argument.
    """
    from datadao.chain import Call, abi
    from datadao.deployment import Faults, positional, typed

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
    from datadao.chain import CONTRACTS

    dao = session.dao
    found = {key: (dao.addresses[key], contract) for key, contract in CONTRACTS.items()}
    return found | {"asset": (dao.read("leases", "asset"), "DataToken")}


def _read(where: str, word: str, kind: str) -> Any:
    if kind in ("string", "address"):
        return word
    from datadao.deployment import ConfigError

    value, twice = handwritten.read(word, f"{where}: {word!r}")
    if twice:
        raise ConfigError(*twice)
    return value


def _context(session: Session, contracts: dict[str, str]) -> Context:
    from datadao import wallet
    from datadao.deployment import Context

    def account(alias: str) -> str:
        if alias in contracts:
            return contracts[alias]
        try:
            return str(wallet.find(alias).address)
        except AccountRefused as error:
            raise InvalidArgument(f"{error}; the DAO's contracts are {', '.join(contracts)}") from None

    return Context(account, session.now, contracts["asset"])
