"""Whole states in one call: what a test compares before and after a refusal, or after every step of a property."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.handles import Backend, Handle, Reverted, deploy
from tests.support.system import actor

_WORD = 32
_READER = "0x" + "00" * 19 + "fe"

View = tuple[Handle, str, tuple[Any, ...]]
"""A contract, the name of one of its views, and the arguments."""


class Reader:
    """Reads the same views again and again; encoded once."""

    def __init__(self, chain: Backend, views: Sequence[View]) -> None:
        self.chain, self.views = chain, views
        handle = deploy(chain, "BatchReader", sender=actor("reader").address)
        targets = [handle.address for handle, _, _ in views]
        calls = [target.encode(name, *args) for target, name, args in views]
        self._address, self._call = handle.address, handle.encode("read", targets, calls)

    def words(self) -> list[int]:
        """All results in order, as the words they are made of."""
        data = self.chain.call(_READER, self._address, self._call)
        heads = 2 * _WORD
        words: list[int] = []
        for i in range(len(self.views)):
            at = heads + _int(data, heads + i * _WORD)
            words.extend(_int(data, at + _WORD * (1 + j)) for j in range(_int(data, at) // _WORD))
        return words


def _int(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + _WORD], "big")


def money_views(
    splitter: Handle, token: Handle, asset: Handle, accounts: Sequence[str], pools: Sequence[int]
) -> list[View]:
    """Everything token and splitter know of these accounts and pools, and what they hold of the asset."""
    views: list[View] = [(splitter, "conservation", ()), (token, "totalSupply", ()), (token, "matureSince", ())]
    views += [(splitter, "pool", (pool,)) for pool in pools]
    for account in accounts:
        views += [(token, name, (account,)) for name in ("balanceOf", "getVotes", "delegates", "nonces")]
        views += [(splitter, "sharesOf", (pool, account)) for pool in pools]
        views += [(splitter, "claimable", (account, [pool])) for pool in pools]
    return views + [(asset, "balanceOf", (holder,)) for holder in (*accounts, splitter.address)]


@contextmanager
def refused(state: Callable[[], Any], error: str, *args: Any) -> Iterator[None]:
    """The body reverts with exactly this error, and the state is afterwards what it was."""
    before = state()
    with pytest.raises(Reverted) as caught:
        yield
    assert caught.value == Reverted(error, *args)
    assert state() == before
