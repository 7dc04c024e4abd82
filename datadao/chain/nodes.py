"""Several nodes as one `View`: an answer counts only when all of them give it.

One honest node is enough. Each is asked at its own finalized and its own latest block, so whatever is released was
allowed by every one of them; a node that lies, lags or is silent can hold a release up and cannot bring one about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from datadao.chain.connection import in_words
from datadao.chain.view import At, AttestorSet, BatchState, Counts, LeaseState, Payment, Standing, Tag, View
from datadao.errors import ChainUnavailable, InvalidArgument
from datadao.types import Contribution, Party, Slot

T = TypeVar("T")

_SHOWN = 160
"""Characters of a node's answer in a message."""


class NodesView:
    """`views` by names that may be shown. Raises `ChainUnavailable` when one gives no answer, or another than the rest.

    Honest nodes differ for the seconds in which a change reaches them: ask again.
    """

    def __init__(self, views: Mapping[str, View]) -> None:
        if not views:
            raise InvalidArgument("at least one node has to be asked")
        self._views = dict(views)

    def lease(self, lease_id: int, tag: Tag) -> LeaseState:
        """As all nodes see it, whether paid access is over included; the block is the lowest of theirs."""
        return self.lease_states([lease_id], tag)[0]

    def lease_states(self, lease_ids: Sequence[int], tag: Tag) -> list[LeaseState]:
        what = f"lease {lease_ids[0]}" if len(lease_ids) == 1 else f"{len(lease_ids)} leases"
        states = self._answers(what, tag, lambda view: list(view.lease_states(lease_ids, tag)))
        for place, number in enumerate(lease_ids):
            _unanimous(f"lease {number}", tag, {name: _facts(found[place]) for name, found in states.items()})
        return min(states.values(), key=lambda found: found[0].block.number) if lease_ids else []

    def batch(self, batch_id: int, tag: Tag) -> BatchState:
        return self.batch_states([batch_id], tag)[0]

    def batch_states(self, batch_ids: Sequence[int], tag: Tag) -> Sequence[BatchState]:
        what = f"batch {batch_ids[0]}" if len(batch_ids) == 1 else f"{len(batch_ids)} batches"
        return self._same(what, tag, lambda view: tuple(view.batch_states(batch_ids, tag)))

    def standing(self, contributions: Sequence[Contribution], tag: At) -> Sequence[Standing]:
        return self._same("contributions", tag, lambda view: tuple(view.standing(contributions, tag)))

    def payments(self, lease_id: int, count: int) -> Sequence[Payment]:
        what = f"instalments of lease {lease_id}"
        return self._same(what, "finalized", lambda view: tuple(view.payments(lease_id, count)))

    def custodian(self, version: int, slot: int, tag: Tag) -> Party:
        return self._same(f"slot {slot} of committee {version}", tag, lambda view: view.custodian(version, slot, tag))

    def custody(self, lease_id: int, version: int, slot: int, tag: Tag) -> tuple[LeaseState, Party]:
        what = f"lease {lease_id} and slot {slot} of committee {version}"
        found = self._answers(what, tag, lambda view: view.custody(lease_id, version, slot, tag))
        _unanimous(f"lease {lease_id}", tag, {name: _facts(state) for name, (state, _) in found.items()})
        holder = _unanimous(
            f"slot {slot} of committee {version}", tag, {name: party for name, (_, party) in found.items()}
        )
        return min((state for state, _ in found.values()), key=lambda state: state.block.number), holder

    def attestors(self, tag: Tag) -> AttestorSet:
        return self._same("the attestors", tag, lambda view: view.attestors(tag))

    def counts(self) -> Counts:
        return self._same("the number of leases and batches", "finalized", lambda view: view.counts())

    def manifest(self, batch_id: int) -> bytes:
        return self._same(f"the manifest of batch {batch_id}", "finalized", lambda view: view.manifest(batch_id))

    def slots(self) -> Mapping[Slot, Sequence[Party]]:
        def ask(view: View) -> dict[Slot, tuple[Party, ...]]:
            return {slot: tuple(holders) for slot, holders in view.slots().items()}

        return self._same("the holders of all slots", "finalized", ask)

    def close(self) -> None:
        """Lets go of what the views keep."""
        for view in self._views.values():
            getattr(view, "close", lambda: None)()

    def _same(self, what: str, tag: At, question: Callable[[View], T]) -> T:
        return _unanimous(what, tag, self._answers(what, tag, question))

    def _answers(self, what: str, tag: At, question: Callable[[View], T]) -> dict[str, T]:
        answers: dict[str, T] = {}
        for name, view in self._views.items():
            try:
                answers[name] = question(view)
            except Exception as error:
                raise ChainUnavailable(f"{name}, asked for {what} at its {tag} block: {in_words(error)}") from error
        return answers


def _facts(state: LeaseState) -> dict[str, object]:
    facts = {field.name: getattr(state, field.name) for field in fields(state) if field.name != "block"}
    return {**facts, "paid access": state.block.timestamp < state.paid_until}


def _unanimous(what: str, tag: At, answers: Mapping[str, T]) -> T:
    first, *others = answers.values()
    if any(other != first for other in others):
        shown = "; ".join(f"{name} says {_short(answer, list(answers.values()))}" for name, answer in answers.items())
        raise ChainUnavailable(f"the nodes disagree about {what} at their {tag} blocks: {shown}")
    return first


def _short(answer: object, answers: Sequence[Any]) -> str:
    if isinstance(answer, dict):  # of what has several fields, those that differ
        answer = {k: v for k, v in answer.items() if len({repr(other[k]) for other in answers}) > 1}
    text = str(answer)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
