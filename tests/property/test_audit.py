"""X-3: the ledger rebuilt from events alone equals the chain, to the unit; and whatever is missing from the events, or
wrong in them, is noticed.

given a life in which every kind of event occurs
    its events: books and chain agree
    an event less, of any kind that a book follows: they do not, or the events contradict each other
    another value in any field of any event: likewise, but for the fields that no view repeats
    two events in the wrong order, where order matters: likewise
given a contract with a flaw: the books say what should have been
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assurance.harness.dao.books import answers_of, audited, events_of, fold_of
from assurance.harness.dao.chronicle import NEVER, chronicle
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.leases import TOLERANCE
from datadao.chain.codec import CONTRACTS, abi
from datadao.chain.events import SILENT
from datadao.ledger import Event, Report, View
from datadao.ledger.compare import compare, report

KINDS = sorted(
    {(key, entry["name"]) for key, name in CONTRACTS.items() for entry in abi(name) if entry["type"] == "event"} - NEVER
    | {("asset", "Transfer")}
)
FOLLOWED, PASSED_OVER = ([kind for kind in KINDS if (kind in SILENT) is side] for side in (False, True))
UNMISSED = {
    # The chain keeps the last guardian only.
    ("brake", "GuardianAppointed"): 2,
    # Nothing came of it yet, and no view counts proposals.
    ("governor", "ProposalCreated"): 1,
    # Another heir was bound afterwards; the opening was vetoed.
    ("token", "HeirUnbound"): 1,
    ("token", "SuccessionOpened"): 1,
}
"""How many events of a kind can be missing without a trace."""
UNHEARD = {
    # Replaced by a later event.
    ("brake", "GuardianAppointed"): {"guardian", "until"},
    ("leases", "LeaseRequested"): {"hpkeKey"},
    ("registry", "CommitteeSet"): {"custodians.3.0", "custodians.3.1", "custodians.3.2"},
    ("token", "HeirBound"): {"delayDays"},
    # Said for people; contracts keep none of it.
    ("token", "SuccessionOpened"): {"until"},
    ("token", "SuccessionVetoed"): {"heir"},
    ("governor", "ProposalCreated"): {f"signatures.{n}" for n in range(12)},
    ("governor", "VoteCast"): {"reason"},
    ("governor", "VoteCastWithParams"): {"reason", "params"},
    # `manifestHash` and `deadline`: signed by the attestors, checked and forgotten.
    ("registry", "BatchPublished"): {"batch.5", "batch.8", "manifestURI"},
    # Kept in a mapping without a view.
    ("registry", "DuplicateDropped"): {"leaf"},
    # What comes in may come from any account.
    ("splitter", "Deposited"): {"payer"},
    ("models", "ModelPaid"): {"payer"},
}
"""Fields that nothing on the chain repeats: reading them wrong changes no book."""


class Life:
    """A finished life: its events, and what its chain answers, asked once."""

    def __init__(self, dao: Dao) -> None:
        self.dao, self.events = dao, events_of(dao)
        self._answers: dict[Any, Any] = {}

    def audit(self, events: list[Event]) -> Report:
        """The audit of other events than the chain's own."""
        ledger = fold_of(self.dao, events)

        def ask(views: list[View]) -> list[Any]:
            new = [view for view in views if view[:3] not in self._answers]
            self._answers |= zip((view[:3] for view in new), answers_of(self.dao, new), strict=True)
            return [self._answers[view[:3]] for view in views]

        return report(ledger, ask, 0)

    def places(self, kind: tuple[str, str]) -> list[int]:
        return [place for place, event in enumerate(self.events) if event[:2] == kind]

    def with_(self, place: int, *events: Event) -> list[Event]:
        """The events with others in the place of one."""
        return [*self.events[:place], *events, *self.events[place + 1 :]]


@pytest.fixture(scope="module")
def life() -> Life:
    return Life(chronicle())


def test_life_with_every_kind_of_event__books_and_chain_agree_X3(life: Life) -> None:
    assert {event[:2] for event in life.events} == set(KINDS)
    outcome = life.audit(life.events)
    assert outcome.ok, outcome.render()
    assert outcome.counts["events"] == len(life.events)


def test_every_edge_of_time_to_come__books_and_chain_agree_X3(life: Life) -> None:
    """What no event reports, but time brings: ends of votes, expiry, lapse, epochs, access and liveness of leases."""
    dao, ledger = life.dao, fold_of(life.dao, life.events)
    rules, leases, proposals = ledger.rules, ledger.leases.leases.values(), ledger.governor.proposals.values()
    edges = {
        (dao.chain.timestamp // rules.epoch_length + 1) * rules.epoch_length,
        *(b.since + rules.challenge_period + 2 * rules.epoch_length for b in ledger.registry.batches.values()),
        *(edge for lease in leases for edge in (lease.start_by, lease.paid_until, lease.paid_until + TOLERANCE)),
        *(edge for p in proposals for edge in (p.start, p.end, p.end + rules.expiry, p.eta + rules.expiry)),
    }
    to_come = sorted(edge for edge in edges if edge > dao.chain.timestamp)
    assert len(to_come) > 10
    for moment in (edge + offset for edge in to_come for offset in (-1, 0, 1)):
        snapshot = dao.chain.snapshot()
        dao.chain.warp(moment - dao.chain.timestamp)
        outcome = audited(dao)
        dao.chain.revert(snapshot)
        assert outcome.ok, outcome.render()


@pytest.mark.parametrize("missing", [-1, 0, 1])
def test_a_unit_less_than_is_owed__is_named_and_a_unit_more_is_a_present(life: Life, missing: int) -> None:
    facts = [fact for fact in fold_of(life.dao, life.events).facts() if fact.least]
    held = [fact.rebuilt[0] - missing for fact in facts]
    answers = [balance if fact.part is None else (balance, 0) for fact, balance in zip(facts, held, strict=True)]
    assert [fact.contract for fact in facts] == ["asset", "leases", "models"]
    assert [difference.chain for difference in compare(facts, lambda _: answers)] == (held if missing > 0 else [])


@pytest.mark.parametrize("kind", FOLLOWED, ids=".".join)
def test_event_dropped__is_noticed_X3(life: Life, kind: tuple[str, str]) -> None:
    unnoticed = [place for place in life.places(kind) if life.audit(life.with_(place)).ok]
    assert len(unnoticed) == UNMISSED.get(kind, 0), [life.events[place] for place in unnoticed]


@pytest.mark.parametrize("kind", PASSED_OVER, ids=".".join)
def test_event_that_no_book_follows__is_not_missed(life: Life, kind: tuple[str, str]) -> None:
    assert life.audit([event for event in life.events if event[:2] != kind]).ok


@pytest.mark.parametrize("kind", FOLLOWED, ids=".".join)
def test_any_field_altered__is_noticed_unless_nothing_repeats_it_X3(life: Life, kind: tuple[str, str]) -> None:
    first, *_, last = [life.places(kind)[0], *life.places(kind)]
    unheard = {
        field
        for place in {first, last}
        for field, fields in _altered(life.events[place].fields)
        if life.audit(life.with_(place, life.events[place]._replace(fields=fields))).ok
    }
    assert unheard == UNHEARD.get(kind, set())


@pytest.mark.parametrize(
    "kinds",
    [
        "splitter.Deposited splitter.PendingSharesAdded",
        "splitter.Deposited splitter.Claimed",
        "splitter.SharesRemoved splitter.Deposited",
        "token.DelegateChanged token.Transfer",
        "token.Transfer governor.VoteCast",
        "registry.ContributionClaimed registry.ContributionErased",
        "registry.BatchSlept registry.ContributionErased",
        "registry.BatchPublished registry.BatchActivated",
        "registry.ContributionErased leases.ErasuresAcknowledged",
        "leases.InstalmentPaid leases.LeaseEnded",
        "leases.LeaseRefunded leases.ReturnablePaid",
        "leases.OfferCreated leases.OfferAccepted",
        "models.RoyaltyPaid models.ModelPaid",
        "governor.VotingDelaySet governor.ProposalCreated",
        "governor.ProposalCreated governor.VoteCast",
    ],
)
def test_two_events_in_the_wrong_order__are_noticed_X3(life: Life, kinds: str) -> None:
    former, latter = (tuple(kind.split(".")) for kind in kinds.split())
    pairs = [(first, then) for first in life.places(former) for then in life.places(latter) if first < then]
    pool = "poolId"
    first, then = next(
        (first, then)
        for first, then in reversed(pairs)
        if life.events[first].fields.get(pool, 1) == life.events[then].fields.get(pool, 1)
    )
    one, two = life.events[first], life.events[then]
    events = life.with_(first, one._replace(contract=two.contract, name=two.name, fields=two.fields))
    events[then] = two._replace(contract=one.contract, name=one.name, fields=one.fields)
    assert not life.audit(events).ok, (one, two)


def _altered(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The value with one of its leaves changed, leaf by leaf, and where."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from ((where, value | {name: other}) for where, other in _altered(inner, name))
    elif isinstance(value, tuple):
        for place, inner in enumerate(value):
            for where, other in _altered(inner, f"{path}.{place}"):
                yield where, (*value[:place], other, *value[place + 1 :])
    elif isinstance(value, bool):
        yield path, not value
    elif isinstance(value, int):
        yield path, value + 1
    elif isinstance(value, bytes):
        yield path, bytes([value[0] ^ 1]) + value[1:] if value else b"\1"
    elif value.startswith("0x") and len(value) == 42:
        yield path, value[:-1] + ("1" if value[-1] == "0" else "0")
    else:
        yield path, value + "!"
