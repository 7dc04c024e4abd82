"""Heirs in tests: what is signed for them, and the steps of a succession. `dao` is a `Dao` or a `Pair`."""

from __future__ import annotations

from typing import Any

from assurance.harness.chain.handles import Receipt
from assurance.harness.dao.system import DAY, Actor
from datadao.messages import eip712

DELAY = 30
"""The shortest delay, in days."""


def signed(dao: Any, signer: Actor, kind: str, *values: Any, **domain: Any) -> bytes:
    """`domain` says what is wrong with the place: `name`, `chain_id` or `contract`."""
    place = {"name": dao.token.name(), "chain_id": dao.chain.chain_id, "contract": dao.token.address} | domain
    return signer.sign(eip712.typed_data(*place.values(), kind, *values))


def bind(dao: Any, account: Actor, heir: Actor, days: int = DELAY) -> Receipt:
    receipt: Receipt = dao.token.bindHeir(heir.address, days, sender=account.address)
    return receipt


def opened(dao: Any, account: Actor, heir: Actor, days: int = DELAY) -> int:
    """Binds and opens; the second from which anyone may execute."""
    bind(dao, account, heir, days)
    dao.token.openSuccession(account.address, sender=heir.address)
    until: int = dao.chain.timestamp + days * DAY
    return until


def succeed(dao: Any, account: Actor, *pools: int, by: Actor | None = None) -> Receipt:
    sender = dao.token.address if by is None else by.address
    receipt: Receipt = dao.token.succeed(account.address, list(pools), sender=sender)
    return receipt


def succeeded(dao: Any, account: Actor, heir: Actor, *pools: int) -> Receipt:
    """Binds, opens, waits and executes."""
    until = opened(dao, account, heir)
    dao.chain.warp(until - dao.chain.timestamp)
    return succeed(dao, account, *pools, by=heir)
