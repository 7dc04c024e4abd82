"""Views that the books expect against the chain's answers, and the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from datadao.chain.arguments import spelled
from datadao.chain.codec import abi
from datadao.chain.events import contract_of
from datadao.chain.rpc import Call
from datadao.errors import Reverted
from datadao.ledger.base import Difference, View
from datadao.ledger.facts import Fact, settle
from datadao.ledger.ledger import Ledger
from datadao.text import visible

_EVENTS, _FACTS = "events", "facts"
_SHOWN = 20


Ask = Callable[[list[View]], Iterable[Any]]
"""The chain's answers to views, in order; a `Reverted` where one reverts."""


def calls(views: Sequence[View], addresses: Mapping[str, str]) -> list[Call]:
    """The view calls, in order; `addresses` by key, `asset` among them."""
    return [Call(addresses[v.contract], contract_of(v.contract), v.function, v.arguments) for v in views]


def compare(views: Iterable[View], ask: Ask) -> list[Difference]:
    """What the chain answers otherwise, field by field of a struct."""
    return settle((Fact((each,), partial(_differences, each)) for each in views), ask)


def _differences(expected: View, answer: Any) -> Iterator[Difference]:
    what = f"{expected.contract}.{expected.function}({', '.join(map(spelled, expected.arguments))})"
    if isinstance(answer, Reverted):
        yield Difference(what, _one(expected.rebuilt), str(answer))
        return
    names = _fields(contract_of(expected.contract), expected.function)
    if expected.part is not None:
        what, answer = f"{what}.{names[expected.part]}", answer[expected.part]
    if expected.least:
        if answer < expected.rebuilt[0]:
            yield Difference(what, f"at least {expected.rebuilt[0]}", answer)
    elif answer not in expected.rebuilt:
        if expected.part is None and len(names) > 1 and len(expected.rebuilt) == 1:
            for name, mine, theirs in zip(names, expected.rebuilt[0], answer, strict=True):
                if mine != theirs:
                    yield Difference(f"{what}.{name}", mine, theirs)
        else:
            yield Difference(what, _one(expected.rebuilt), answer)


@dataclass(frozen=True)
class Report:
    """The outcome of an audit at a block: `counts` by what was counted, `differences` in the order they showed."""

    block: int
    counts: Mapping[str, int]
    differences: Sequence[Difference]

    @property
    def ok(self) -> bool:
        return not self.differences

    def as_json(self) -> dict[str, Any]:
        """Plain values; amounts as decimal strings, since most readers of JSON lose units above 2**53."""
        named = [{"what": d.what, "rebuilt": spelled(d.rebuilt), "chain": spelled(d.chain)} for d in self.differences]
        return {"block": self.block, "ok": self.ok, "counts": dict(self.counts), "differences": named}

    def render(self) -> str:
        """A line with the outcome, and the first differences, one line each."""
        return "\n".join(map(visible, self._lines()))

    def _lines(self) -> Iterator[str]:
        subjects = ", ".join(f"{self.counts[what]:,} {what}" for what in self.counts if what not in (_EVENTS, _FACTS))
        scope = f"{self.counts[_FACTS]:,} facts about {subjects}, block {self.block}"
        books = f"books rebuilt from {self.counts[_EVENTS]:,} events"
        if self.ok:
            yield f"{books}: equal to the unit ({scope})"
            return
        yield f"{books}: {len(self.differences)} differences ({scope})"
        for what, rebuilt, chain in self.differences[:_SHOWN]:
            yield f"  {what}: rebuilt {spelled(rebuilt)}, chain {spelled(chain)}"
        if (more := len(self.differences) - _SHOWN) > 0:
            yield f"  and {more} more"


def report(ledger: Ledger, ask: Ask, block: int, due: Callable[[Iterable[View]], list[View]] = list) -> Report:
    """The outcome, contradictions among the events first. Of all facts, those that are `due` are asked for."""
    views = list(ledger.facts())
    counts = {
        _EVENTS: ledger.events,
        _FACTS: len(views),
        "accounts": len(ledger.token.balances),
        "contributions": len(ledger.registry.records),
        "batches": len(ledger.registry.batches),
        "leases": len(ledger.leases.leases),
        "models": len(ledger.models.models),
        "proposals": len(ledger.governor.proposals),
    }
    return Report(block, counts, [*ledger.differences, *compare(due(views), ask)])


@cache
def _fields(contract: str, function: str) -> list[str]:
    """Names of a view's results, or of the fields of the one struct it returns."""
    outputs = next(e["outputs"] for e in abi(contract) if e["type"] == "function" and e["name"] == function)
    if len(outputs) == 1 and outputs[0]["type"] == "tuple":
        outputs = outputs[0]["components"]
    return [output["name"] or str(place) for place, output in enumerate(outputs)]


def _one(rebuilt: tuple[Any, ...]) -> Any:
    return rebuilt[0] if len(rebuilt) == 1 else "one of " + ", ".join(map(spelled, rebuilt))
