"""Many reads at once: view calls, blocks, events. Works on any web3 provider.

A node is no single machine: one request may be answered by a back end that has the newest block, and the next by one
that has not. What is read is therefore fixed by a block, and what cannot be read to the end raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from datadao.chain.codec import decode, encode, named_result, signature
from datadao.chain.connection import Block as Block
from datadao.chain.connection import Web3, answers_of, ask, result, said
from datadao.chain.reverts import refused
from datadao.errors import ChainUnavailable, Malformed, NodeRefused, StatePruned

_PRUNED = re.compile(
    r"missing trie node|state .{0,40}(not available|unavailable|pruned|not found)|no state available|pruned|"
    r"historical state|maximum proof window|old data not available",
    re.I,
)
"""How nodes say that they no longer have a block's state; they agree on no code."""


@dataclass(frozen=True)
class Call:
    """A function call on a contract of the DAO, as bytes. Structs are tuples; `what` is words for an error message."""

    to: str
    contract: str
    function: str
    arguments: tuple[Any, ...]
    what: str = ""

    @property
    def data(self) -> bytes:
        selector, inputs, _ = signature(self.contract, self.function)
        return selector + encode(inputs, self.arguments)

    def decode(self, output: bytes) -> Any:
        """The result, structs as tuples, addresses in lower case; a tuple of results if there are several.

        Raises `Malformed` for what no such function returns, nothing at all among it.
        """
        types = signature(self.contract, self.function)[2]
        if types and not output:
            raise Malformed(f"{self.contract}.{self.function}: nothing at {self.to} answers; is the contract there?")
        values = decode(types, output)
        return values[0] if len(values) == 1 else values

    def named(self, output: bytes) -> Any:
        """The same with structs and several results as named tuples, addresses in checksummed spelling."""
        return named_result(self.contract, self.function, self.decode(output))


def request_many(web3: Web3, method: str, params: Sequence[list[Any]]) -> list[Any]:
    """JSON-RPC results in order, a few hundred per request, past the middleware that costs milliseconds a call.

    Raises `NodeRefused` with the node's own words at the first error.
    """
    return [result(method, answer) for answer in answers_of(web3, [(method, item) for item in params])]


def ask_many(web3: Web3, method: str, params: Sequence[list[Any]]) -> list[Any]:
    """The node's whole answers in order, errors among them."""
    return list(answers_of(web3, [(method, item) for item in params]))


def read_many(web3: Web3, calls: Sequence[Call], block: int) -> list[Any]:
    """Results of view calls at a block number, in order. Raises `Reverted` at the first that reverts, `NodeRefused`,
    `StatePruned` when the node no longer has that block's state."""
    return list(_outputs(web3, calls, block, Call.decode))


def try_many(web3: Web3, calls: Sequence[Call], block: int) -> list[Any]:
    """The same, with a `Reverted` in the place of what reverts. Raises `NodeRefused` for what the node fails to
    answer."""
    return list(_outputs(web3, calls, block, Call.decode, keep=True))


def read_named(web3: Web3, calls: Sequence[Call], block: int) -> list[Any]:
    """As `read_many`, each as `Call.named` gives it."""
    return list(_outputs(web3, calls, block, Call.named))


def _outputs(
    web3: Web3, calls: Sequence[Call], block: int, form: Callable[[Call, bytes], Any], *, keep: bool = False
) -> Iterator[Any]:
    from datadao.chain.multicall import viewed

    asked = [(call.to, call.data, signature(call.contract, call.function)[2]) for call in calls]
    for call, answer in zip(calls, viewed(web3, asked, block), strict=True):
        if "error" not in answer:
            yield form(call, bytes.fromhex(answer["result"][2:]))
            continue
        refusal = refused(call.what or f"{call.contract}.{call.function}", answer["error"])
        if refusal is not None:
            if not keep:
                raise refusal
            yield refusal
        elif _PRUNED.search(words := said(answer["error"])):
            raise StatePruned(
                f"eth_call: {words}: this node no longer has the state of block {block}; name one that keeps it for "
                "longer, back to its finalized block for custodians (docs/operating.md)"
            )
        else:
            result("eth_call", answer)


def read_block(web3: Web3, name: str | int) -> Block:
    """A block by its number, or as `latest` or `finalized`. Raises `ChainUnavailable` when the node has none, or not
    yet; `NodeRefused`."""
    try:
        found = ask(web3, "eth_getBlockByNumber", hex(name) if isinstance(name, int) else name, False)
    except NodeRefused as error:
        if name == "finalized" and error.code is not None:
            raise _no_finality(str(error)) from error
        raise
    if found is None:
        if name == "finalized":
            raise _no_finality("it answers with no block")
        raise ChainUnavailable(f"the node does not have block {name}; its back ends may lag: try again")
    return block_of(found)


def block_of(found: Mapping[str, Any]) -> Block:
    """A block as a node gives it."""
    return Block(quantity(found["number"]), bytes.fromhex(found["hash"][2:]), quantity(found["timestamp"]))


def confirm(web3: Web3, block: Block) -> None:
    """Raises `ChainUnavailable` unless the block is still part of the chain."""
    if read_block(web3, block.number).hash != block.hash:
        raise ChainUnavailable(f"block {block.number} changed while it was read; try again")


def _no_finality(words: str) -> ChainUnavailable:
    return ChainUnavailable(
        f"the node has no finalized block ({words}): on a young chain, wait for the first one; a node that does not "
        "know the tag serves no custodian, name another"
    )


def quantity(value: Any) -> int:
    """A number as nodes give it; 0 for none."""
    if isinstance(value, str):
        return int(value, 16) if value.startswith("0x") and len(value) > 2 else int(value) if value.isdecimal() else 0
    return value if isinstance(value, int) else 0


def _bytes(value: str | bytes) -> bytes:
    return bytes.fromhex(value[2:]) if isinstance(value, str) else bytes(value)


class Log(NamedTuple):
    """An event as the chain keeps it. `timestamp` is its block's, Unix seconds; `where` finds it again."""

    address: str
    topics: Sequence[bytes]
    data: bytes
    timestamp: int
    where: str

    @classmethod
    def of(cls, raw: Mapping[str, Any], timestamp: int) -> Log:
        """A log as JSON-RPC, or web3 after it, gives it."""
        return cls(
            raw["address"],
            [_bytes(topic) for topic in raw["topics"]],
            _bytes(raw["data"]),
            timestamp,
            f"block {quantity(raw['blockNumber'])}, log {quantity(raw['logIndex'])}",
        )


def read_logs(web3: Web3, addresses: Sequence[str], first: int, last: Block, *topics: Sequence[bytes]) -> list[Log]:
    """Events of these contracts in blocks `first` to `last`, oldest first; only those whose first topic is among the
    first of `topics`, if given, and so on.

    Asks for smaller ranges where a node refuses so many blocks, or so many events, at once. Raises `NodeRefused` when
    it refuses a single block, `ChainUnavailable` when a back end that does not have the last block answered.
    """
    from datadao.chain.scan import scan

    wanted = {"address": list(addresses)} | {"topics": [["0x" + t.hex() for t in choice] for choice in topics]}
    return timed(web3, [log for _, part in scan(web3, wanted, first, last) for log in part])


def timed(web3: Web3, found: Sequence[Mapping[str, Any]]) -> list[Log]:
    """Events as a node gave them, with their times. Raises `ChainUnavailable` when it does not have their blocks."""
    # Most nodes give the time of an event; some leave it out, or say 0.
    silent = list(dict.fromkeys(log["blockNumber"] for log in found if not quantity(log.get("blockTimestamp"))))
    blocks = request_many(web3, "eth_getBlockByNumber", [[number, False] for number in silent])
    if None in blocks:
        raise ChainUnavailable("the node does not have the blocks of its own events; its back ends may lag: try again")
    times = {number: block["timestamp"] for number, block in zip(silent, blocks, strict=True)}
    return [Log.of(log, quantity(times.get(log["blockNumber"], log.get("blockTimestamp")))) for log in found]


def check_complete(known: int, there: int, what: str, block: Block) -> None:
    """Raises `ChainUnavailable` where events show fewer than a contract counts, or holds, at the block."""
    if known < there:
        raise ChainUnavailable(
            f"the node's events show {known} {what}, the contracts {there} at block {block.number}: the node cuts its "
            "answers short, lags, or no longer has old events; try again, or name another"
        )


def logs_then_block(
    web3: Web3, tag: str, first: int, read: Callable[[int, Block], list[Log]]
) -> tuple[list[Log], Block]:
    """What `read(first, last)` gives of the blocks from `first` to the one that is `tag` afterwards, and that block.

    Events take a while to read, and a node soon forgets the state of old blocks: whoever reads state beside them fixes
    the block last.
    """
    reach = read_block(web3, tag)
    found = read(first, reach)
    last = read_block(web3, tag)
    if last.number <= reach.number:
        return found, reach
    found += read(max(first, reach.number + 1), last)
    confirm(web3, reach)
    return found, last
