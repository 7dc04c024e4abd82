"""Facts against answers, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from datadao.chain.codec import abi
from datadao.chain.events import contract_of
from datadao.chain.rpc import Call
from datadao.errors import Reverted
from datadao.ledger.base import Difference, Fact
from datadao.ledger.ledger import Ledger
from datadao.text import visible

_EVENTS, _FACTS = "events", "facts"
_SHOWN = 20


def calls(facts: Sequence[Fact], addresses: Mapping[str, str]) -> list[Call]:
    """The view calls that ask for the facts, in order; `addresses` by key, `asset` among them."""
    return [Call(addresses[f.contract], contract_of(f.contract), f.function, f.arguments) for f in facts]


def compare(facts: Sequence[Fact], answers: Sequence[Any]) -> Iterator[Difference]:
    """What the chain answers otherwise, field by field of a struct. A `Reverted` is a view that reverts."""
    for each, answer in zip(facts, answers, strict=True):
        what = f"{each.contract}.{each.function}({', '.join(map(_spelled, each.arguments))})"
        if isinstance(answer, Reverted):
            yield Difference(what, _one(each.rebuilt), str(answer))
            continue
        names = _fields(contract_of(each.contract), each.function)
        if each.part is not None:
            what, answer = f"{what}.{names[each.part]}", answer[each.part]
        if each.least:
            if answer < each.rebuilt[0]:
                yield Difference(what, f"at least {each.rebuilt[0]}", answer)
        elif answer not in each.rebuilt:
            if each.part is None and len(names) > 1 and len(each.rebuilt) == 1:
                for name, mine, theirs in zip(names, each.rebuilt[0], answer, strict=True):
                    if mine != theirs:
                        yield Difference(f"{what}.{name}", mine, theirs)
            else:
                yield Difference(what, _one(each.rebuilt), answer)


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
        named = [{"what": d.what, "rebuilt": _spelled(d.rebuilt), "chain": _spelled(d.chain)} for d in self.differences]
        return {"block": self.block, "ok": self.ok, "counts": dict(self.counts), "differences": named}

    def render(self) -> str:
        """For people: a line that says how it went, and the first differences, one line each."""
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
            yield f"  {what}: rebuilt {_spelled(rebuilt)}, chain {_spelled(chain)}"
        if (more := len(self.differences) - _SHOWN) > 0:
            yield f"  and {more} more"


def report(ledger: Ledger, facts: Sequence[Fact], answers: Sequence[Any], block: int) -> Report:
    """The outcome, contradictions among the events first."""
    differences = [*ledger.differences, *compare(facts, answers)]
    counts = Counter({_EVENTS: ledger.events, _FACTS: len(facts)})
    for what, book in (
        ("accounts", ledger.token.balances),
        ("contributions", ledger.registry.records),
        ("batches", ledger.registry.batches),
        ("leases", ledger.leases.leases),
        ("models", ledger.models.models),
        ("proposals", ledger.governor.proposals),
    ):
        counts[what] = len(book)
    return Report(block, counts, differences)


@cache
def _fields(contract: str, function: str) -> list[str]:
    """Names of a view's results, or of the fields of the one struct it returns."""
    outputs = next(e["outputs"] for e in abi(contract) if e["type"] == "function" and e["name"] == function)
    if len(outputs) == 1 and outputs[0]["type"] == "tuple":
        outputs = outputs[0]["components"]
    return [output["name"] or str(place) for place, output in enumerate(outputs)]


def _one(rebuilt: tuple[Any, ...]) -> Any:
    return rebuilt[0] if len(rebuilt) == 1 else "one of " + ", ".join(map(_spelled, rebuilt))


def _spelled(value: Any) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(_spelled, value)) + ")"
    return str(value)
