"""What sending takes: two figures of gas, and the money that an account must hold for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from datadao.chain.fees import Fee


@dataclass(frozen=True)
class Gas:
    """Of one transaction: about what it will use, and the limit that it is sent with. What is given back at the end, as
    for a slot that is set and cleared, is needed until then: a limit may have to be six times what is used (EIP-8037).
    """

    used: int
    limit: int


def least_balance(gas: Sequence[Gas], fee: Fee, beside: Sequence[int]) -> int:
    """Wei that an account must hold to send these one after another, with what each asks for `beside` its gas: a node
    wants a transaction's whole limit at the max fee to be there, though less is paid."""
    spent = most = 0
    for each, wei in zip(gas, beside, strict=True):
        most = max(most, spent + each.limit * fee.most + wei)
        spent += each.used * fee.now + wei
    return most
