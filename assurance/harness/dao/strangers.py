"""Random calls to every function of the eight contracts, with the arguments a hostile caller would try.

The caller is a stand-in until the call is made, so that two callers can make the same calls and be answered alike.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import eth_abi
from eth_utils import keccak, to_checksum_address

from assurance.harness.chain.artifacts import artifacts
from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.system import DAY
from datadao.chain.abi import ORDER, canonical_type, signature_of

ADMIN = bytes(32)
ROLES = {name: keccak(text=name) for name in ("PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE")}
CALLER = "0x" + "ca" * 20
"""Stands for whoever calls, in arguments and in answers."""
_CALLER = bytes.fromhex(CALLER[2:])


@dataclass(frozen=True)
class Function:
    """One that changes state: the contract's key in a DAO and its name, and the function's entry in the ABI."""

    key: str
    contract: str
    entry: dict[str, Any]

    @property
    def name(self) -> str:
        name: str = self.entry["name"]
        return name

    @cached_property
    def selector(self) -> bytes:
        return keccak(text=signature_of(self.entry))[:4]

    @cached_property
    def types(self) -> list[str]:
        return [canonical_type(i) for i in self.entry["inputs"]]


FUNCTIONS = [
    Function(key, name, entry)
    for key, name in ORDER
    for entry in artifacts()[name].abi
    if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
]


def lived_in(chain: Any = None) -> Dao:
    """A DAO with members, income, a running lease, an open request and a batch that waits."""
    dao = Dao(chain=chain)
    members = [dao.who(f"member-{i}") for i in range(3)]
    dao.contribute(*(leaf(member, member.name, units=100) for member in members))
    lease, proposal = dao.request(dao.who("licensee"))
    dao.pass_(proposal, *members)
    dao.deliver(lease)
    dao.request(dao.who("rival"))
    dao.publish([leaf(members[0], "more", units=5)])
    return dao


class Chance:
    """Known addresses, small numbers, numbers that exist; always the same ones in the same order."""

    def __init__(self, dao: Dao) -> None:
        self.random = random.Random(7)
        people = [dao.actors[name].address for name in ("guardian", "attestor-0", "custodian-0")]
        self.addresses = [CALLER] * 4 + list(dao.addresses.values()) + people + [dao.asset.address, "0x" + "00" * 20]
        proposal = dao.lease_proposal(2)
        self.words = [ADMIN, *ROLES.values(), keccak(text="anything"), proposal.description_hash]
        self.numbers = [0, 1, 2, 3, 10**6, 10**9, proposal.id, dao.chain.timestamp + DAY, 1 << 31]
        grant = keccak(text="grantRole(bytes32,address)")[:4]
        self.calls = [grant + role + bytes(12) + _CALLER for role in (ADMIN, *ROLES.values())]

    def calls_of(self, number: int) -> Iterator[tuple[Function, bytes]]:
        """So many functions with calldata; each function once to begin with, so that none is left out."""
        for i in range(number):
            function = FUNCTIONS[i] if i < len(FUNCTIONS) else self.random.choice(FUNCTIONS)
            values = [self._value(entry) for entry in function.entry["inputs"]]
            yield function, function.selector + eth_abi.encode(function.types, values)

    def _value(self, entry: dict[str, Any]) -> Any:
        kind: str = entry["type"]
        if kind.endswith("[]"):
            return [self._value({**entry, "type": kind[:-2]}) for _ in range(self.random.choice((0, 1, 1, 2)))]
        if kind == "tuple":
            return tuple(self._value(part) for part in entry["components"])
        if kind == "address":
            return self.random.choice(self.addresses)
        if kind == "bool":
            return self.random.random() < 0.5
        if kind == "string":
            return self.random.choice(("", "text"))
        if kind == "bytes":
            return self.random.choice((b"", bytes(65), *self.calls))
        if kind.startswith("bytes"):
            return self.random.choice(self.words)[: int(kind[5:])]
        assert kind.startswith("uint")
        return self.random.choice(self.numbers) % (1 << int(kind[4:]))


def answer(dao: Dao, caller: str, function: Function, data: bytes) -> tuple[str, list[Any]]:
    """What the contract says: "accepted" and which events, or the error and its arguments, with the stand-in in place
    of the caller. Hashes over the caller are left out."""
    try:
        sent = data.replace(_CALLER, bytes.fromhex(caller[2:]))
        result = dao.chain.transact(caller, dao.addresses[function.key], sent, 0)
    except Reverted as refusal:
        # Proposal and operation numbers are hashes too.
        values = [v for v in refusal.values if not isinstance(v, bytes) and not (isinstance(v, int) and v >> 128)]
        return refusal.name, [CALLER if isinstance(v, str) and v.lower() == caller.lower() else v for v in values]
    return "accepted", [(to_checksum_address(log.address), log.topics[0]) for log in result.logs]
