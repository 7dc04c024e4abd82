"""A lease as an access condition for networks that keep keys by themselves, in the documents that Lit and TACo take.

Their nodes call the chain before they let an account decrypt. Two calls to `DataLeases` have to hold: the lease opens
its dataset now (started, paid, not overdue), and the account may use that dataset for all of the purposes. Both views
answer false in every doubt and never revert.

Unlike this project's custodians, such nodes ask at the latest block and not at the finalized one: a reorganisation can
show them a payment that never was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datadao.chain.codec import abi
from datadao.errors import InvalidArgument
from datadao.messages.purposes import COMPUTE
from datadao.types import Dao

ASKER = ":userAddress"
"""For both networks the address that whoever asks has proved to be theirs."""

LIT_CHAINS: Mapping[int, str] = {
    1: "ethereum",
    10: "optimism",
    137: "polygon",
    8453: "base",
    42161: "arbitrum",
    84532: "baseSepolia",
    11155111: "sepolia",
}
"""Lit's names of chains by chain id: those a DAO is likely to live on."""


@dataclass(frozen=True)
class Access:
    """What is tested: `purposes` is a mask, of which every bit has to be leased."""

    dao: Dao
    lease_id: int
    dataset_id: int
    purposes: int

    def __post_init__(self) -> None:
        for name in ("lease_id", "dataset_id", "purposes"):
            value = getattr(self, name)
            if not 0 < value < 1 << 256:
                raise InvalidArgument(f"{name} {value}: expected 1 to 2**256 - 1")
        if self.purposes & COMPUTE:
            raise InvalidArgument(
                f"purposes {self.purposes:#x} hold compute, under which no network may open data to the licensee: its "
                "program goes to the attestors"
            )

    @property
    def calls(self) -> tuple[tuple[str, tuple[int | str, ...]], ...]:
        """Views of `DataLeases` with their arguments; the first thing each returns has to be true."""
        return (
            ("leaseAccess", (self.lease_id,)),
            ("isAccessAllowed", (self.dataset_id, ASKER, self.purposes)),
        )


def lit(access: Access, chain: str | None = None) -> dict[str, Any]:
    """Lit's `evmContractConditions`; `chain` is Lit's name of the chain, where `LIT_CHAINS` has none.

    Raises `InvalidArgument` for a chain without a name.
    """
    chain = chain or LIT_CHAINS.get(access.dao.chain_id)
    if chain is None:
        raise InvalidArgument(f"Lit's name of chain {access.dao.chain_id} is not known here; say what Lit calls it")
    first, second = (
        {
            "contractAddress": access.dao.leases,
            "chain": chain,
            "functionName": function,
            "functionParams": [str(argument) for argument in arguments],
            "functionAbi": _view(function),
            # No key: the first output.
            "returnValueTest": {"key": "", "comparator": "=", "value": "true"},
        }
        for function, arguments in access.calls
    )
    return {"evmContractConditions": [first, {"operator": "and"}, second]}


def taco(access: Access) -> dict[str, Any]:
    """TACo's condition, a compound of two contract conditions."""
    return {
        "conditionType": "compound",
        "operator": "and",
        "operands": [
            {
                "conditionType": "contract",
                "contractAddress": access.dao.leases,
                "chain": access.dao.chain_id,
                "method": function,
                "parameters": list(arguments),
                "functionAbi": _view(function),
                "returnValueTest": _first_output(_view(function)["outputs"]) | {"comparator": "==", "value": True},
            }
            for function, arguments in access.calls
        ],
    }


def _view(name: str) -> dict[str, Any]:
    """The ABI of a function that is not overloaded."""
    (entry,) = (entry for entry in abi("DataLeases") if entry["type"] == "function" and entry["name"] == name)
    return entry


def _first_output(outputs: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Where TACo finds the first of several outputs; of a single one it takes the value as it is."""
    return {"index": 0} if len(outputs) > 1 else {}
