"""What a deployment sends, transaction by transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datadao.chain.abi import initcode
from deployer.artifacts import abi_of, creation_code


@dataclass(frozen=True)
class Planned:
    """A contract to be created: its constructor arguments by ABI name, and where it will be."""

    key: str
    contract: str
    address: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Transaction:
    """Creates what will be at `address`, or `calls` what is there; `creates` are the contracts of a DAO in it."""

    key: str
    name: str
    address: str
    data: bytes
    creates: tuple[Planned, ...] = ()
    calls: bool = False


def creating(item: Planned) -> Transaction:
    """The transaction that creates one contract."""
    data = initcode(abi_of(item.contract), creation_code(item.contract), list(item.arguments.values()))
    return Transaction(item.key, item.contract, item.address, data, (item,))
