"""Whole states in one call: what a test compares before and after a refusal, or after every step of a property."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache, partial
from struct import Struct
from typing import Any, cast

import pytest
from eth_utils import keccak, to_checksum_address

from assurance.harness.chain.handles import Backend, Handle, Reverted, encoded

_WORD = 32
_CHUNK = 64
_STRIDE = 8 * _WORD
"""Bytes of results that are looked at together for what has changed."""
_READER = "0x" + "00" * 19 + "fe"

View = tuple[Handle, str, tuple[Any, ...]]
"""A contract, the name of one of its views, and the arguments."""
Words = Sequence[int | None]
"""What a view returns; none where the model does not care."""
Views = dict[View, Words]


number_of = cache(partial(int, base=16))
"""An address as a word."""


class Answers(Mapping[tuple[Any, ...], list[int]]):
    """What the chain answered, by contract address, name and arguments; and without the address where no other contract
    was asked for the same."""

    def __init__(self, places: dict[tuple[Any, ...], int], values: list[list[int]]) -> None:
        """`places` are those of names among the values: the same from step to step, where the values are not."""
        self._places, self._values = places, values

    def __getitem__(self, name: tuple[Any, ...]) -> list[int]:
        return self._values[self._places[name]]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class Reader:
    """Reads the same views again and again, in one call of a program that is made of them.

    The program calls view after view and returns what they returned, end to end. A contract that took the views as
    arguments would spend most of its time on them: revm's binding copies call data byte by byte, Solidity decodes it.
    """

    def __init__(
        self, chain: Backend, views: Sequence[View], data: Iterable[bytes] | None = None, *, varying: bool = False
    ) -> None:
        """`data` are the calls of the views, where they are known. `varying` readers ask with another last argument
        each time, the one that `words` is given."""
        self.chain, self.views = chain, views
        data = [_encoded(target.artifact.name, name, args) for target, name, args in views] if data is None else data
        self._calls = [(target.address, call) for (target, _, _), call in zip(views, data, strict=True)]
        self._address, code = _program(tuple(self._calls), varying)
        chain.place(self._address, code)
        self._data, self._words = b"", list[int]()

    def words(self, last: int | None = None) -> list[int]:
        """All results in order, as the words they are made of. A view that reverts is raised as itself."""
        argument = b"" if last is None else last.to_bytes(_WORD)
        try:
            data = self.chain.call(_READER, self._address, argument)
        except Reverted:
            for target, call in self._calls:
                self.chain.call(_READER, target, call[: len(call) - len(argument)] + argument)
            raise
        if data != self._data:
            self._words = self._parsed(data)
            self._data = data
        return self._words

    def _parsed(self, data: bytes) -> list[int]:
        """Most words are what they were before."""
        known = self._data
        if len(data) != len(known):
            return _numbers(data)
        words = self._words.copy()
        for at in range(0, len(data), _STRIDE):
            if (part := data[at : at + _STRIDE]) != known[at : at + _STRIDE]:
                words[at // _WORD : (at + _STRIDE) // _WORD] = _numbers(part)
        return words


class Comparison:
    """Reads views that become more from step to step and compares their words with those that are expected.

    It reads some at a time: a program is of limited size. A view stays with its reader, so that a new view makes one
    program new.
    """

    def __init__(self, chain: Backend) -> None:
        self.chain = chain
        self._views: list[View] = []
        self._forget()

    def _forget(self) -> None:
        self._readers: list[Reader] = []
        self._data: dict[View, bytes] = {}
        """Calls of the views in the order in which they are read."""
        self._places: list[list[int]] = []
        """By reader, where its views are among those asked for."""
        self._names: dict[tuple[Any, ...], int] = {}
        self._ambiguous: set[tuple[Any, ...]] = set()

    def answers(self, expected: Views) -> Answers:
        """What the chain answers. Raises `AssertionError` for a word that is not the one expected."""
        self._know(list(expected))
        wanted, values = list(expected.values()), list[Words]()
        for reader, places in zip(self._readers, self._places, strict=True):
            words, part = reader.words(), [wanted[place] for place in places]
            same = words == list(itertools.chain.from_iterable(part))
            values += part if same else _compared(reader.views, part, words)
        return Answers(self._names, cast(list[list[int]], values))

    def _know(self, views: list[View]) -> None:
        if views == self._views:
            return
        new = [view for view in views if view not in self._data]
        if len(self._data) + len(new) > len(views):
            self._forget()
            new = views
        for view in new:
            self._name(view)
            self._data[view] = _encoded(view[0].artifact.name, *view[1:])
        more = new
        if self._readers and len(self._readers[-1].views) < _CHUNK:
            more = [*self._readers.pop().views, *new]
        chunks = [more[i : i + _CHUNK] for i in range(0, len(more), _CHUNK)]
        self._readers += [Reader(self.chain, chunk, map(self._data.__getitem__, chunk)) for chunk in chunks]
        self._views = views
        place = {view: i for i, view in enumerate(views)}
        self._places = [[place[view] for view in reader.views] for reader in self._readers]

    def _name(self, view: View) -> None:
        """The next one to be read."""
        place, (target, name, args) = len(self._data), view
        self._names[target.address, name, *args] = place
        short = name, *args
        if short in self._ambiguous:
            return
        if self._names.setdefault(short, place) != place:
            self._ambiguous.add(short)
            del self._names[short]


def _compared(views: Sequence[View], wanted: Sequence[Sequence[int | None]], words: list[int]) -> list[list[int]]:
    """The words of each view."""
    answers, at = [], 0
    for (handle, name, args), answer in zip(views, wanted, strict=True):
        actual = words[at : at + len(answer)]
        at += len(answer)
        wrong = [i for i, (a, b) in enumerate(itertools.zip_longest(actual, answer)) if b not in (None, a)]
        assert not wrong, f"{handle.artifact.name}.{name}{args}: word {wrong} of {actual}, expected {answer}"
        answers.append(actual)
    assert at == len(words), f"{len(words)} words, expected {at}"
    return answers


def _numbers(data: bytes) -> list[int]:
    return list(map(int.from_bytes, _parts(len(data) // _WORD).unpack(data)))


@cache
def _parts(count: int) -> Struct:
    """Takes so many words apart."""
    return Struct(f"{_WORD}s" * count)


@lru_cache(maxsize=10_000)
def _known(contract: str, name: str, args: tuple[Any, ...]) -> bytes:
    return encoded(contract, name, args)


def _encoded(contract: str, name: str, args: tuple[Any, ...]) -> bytes:
    """The call of a view: lives ask for the same again and again, and for lists seldom."""
    try:
        return _known(contract, name, args)
    except TypeError:
        return encoded(contract, name, args)


@lru_cache(maxsize=10_000)
def _program(calls: tuple[tuple[str, bytes], ...], varying: bool) -> tuple[str, bytes]:
    """EVM code that returns the joined results of the calls, and the address where it belongs: lives ask for the same
    views. The stack holds how many bytes there are so far."""
    step = 57 if varying else 49
    fail = 3 + step * len(calls)
    at = fail + 4
    code = [b"\x5f"]  # PUSH0
    for target, call in calls:
        before, after = _piece(target, len(call), fail, varying)
        code += before, at.to_bytes(3), after
        at += len(call)
    code.append(bytes.fromhex("5f f3 5b 5f 5f fd"))  # PUSH0 RETURN; at `fail`: JUMPDEST PUSH0 PUSH0 REVERT
    joined = b"".join((*code, *(call for _, call in calls)))
    return to_checksum_address(keccak(joined)[12:]), joined


@cache
def _piece(target: str, size: int, fail: int, varying: bool) -> tuple[bytes, bytes]:
    """Code of one call, but for where in the program its data are: that stands between the two."""
    last = f"5f 35 81 61{size - _WORD:04x} 01 52" if varying else ""
    after = (
        "82 39"  # DUP3, CODECOPY: the call's data, behind the results
        f"{last}"  # PUSH0 CALLDATALOAD, DUP2, PUSH2 size - 32, ADD, MSTORE: its last word
        f"5f 5f 61{size:04x} 83 73{target[2:]} 5a fa"  # PUSH0 PUSH0, PUSH2 size, DUP4, PUSH20 target, GAS, STATICCALL
        f"15 61{fail:04x} 57"  # ISZERO, PUSH2 fail, JUMPI
        "3d 5f 82 3e 3d 01"  # RETURNDATASIZE PUSH0 DUP3 RETURNDATACOPY, RETURNDATASIZE ADD
    )
    return bytes.fromhex(f"61{size:04x} 62"), bytes.fromhex(after)  # PUSH2 size, PUSH3 and where


def money_views(
    splitter: Handle, token: Handle, asset: Handle, accounts: Sequence[str], pools: Sequence[int]
) -> list[View]:
    """Everything token and splitter know of these accounts and pools, and what they hold of the asset."""
    views: list[View] = [
        (splitter, "conservation", (0, max(pools, default=0) + 1)),
        (token, "totalSupply", ()),
        (token, "matureSince", ()),
    ]
    views += [(splitter, "pool", (pool,)) for pool in pools]
    for account in accounts:
        views += [
            (token, name, (account,)) for name in ("balanceOf", "getVotes", "delegates", "nonces", "memberNumber")
        ]
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


@contextmanager
def carried_out(what: str) -> Iterator[None]:
    """Asserts that the block, which sends one transaction, is not refused: where that is what a test is about."""
    try:
        yield
    except Reverted as error:
        raise AssertionError(f"{what} was refused: {error}") from error
