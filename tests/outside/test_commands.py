"""Every command that asks a node, through a proxy that has one fault at a time: it ends as at an honest node, or it
refuses in words and has done nothing.

given a DAO in the middle of its life, whose texts are no UTF-8
  at an honest node                       each command should end as it has to
  at a node whose fault a caller survives  it should end alike
  at a node that hides what is there      it should end alike, or say so, and never show less than there is
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from assurance.harness.chain.faults import FAULTS, HARMLESS, faulty
from assurance.harness.chain.proxy import Asked
from assurance.harness.clock import Clock
from assurance.harness.commands import Ran, leaf_commands
from datadao.cli.command import PARTLY, REFUSED

from .world import COMMANDS, OFFLINE, World

EXPECTED = {"custodian once": 3, "attest score": 3, "custodian take-over": 0} | dict.fromkeys(
    ("heir open", "heir succeed", "compute review", "compute show", "compute open"), 1
)
"""Exit codes other than 0: submissions for the first committee do not open for the second, nor are they scored; of an
account without heir no place can be taken, and no program is run for a data lease."""
CHANGING = {"block", "time", "transactions", "gas", "delete", "path", "description", "file"}
"""What differs between runs that end alike."""
RANDOM = {"contribute", "attest draft"}
"""Commands whose outcome holds what is encrypted or signed anew."""
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
EXCUSE = re.compile(r"try again|name another|; wait|longer has|know the tag")
ENDS = {
    "logs behind": EXCUSE,
    "capped logs": EXCUSE,
    "pruned logs": EXCUSE,
    "no finalized tag": EXCUSE,
    "no finalized block": EXCUSE,
    "young chain": EXCUSE,
}
"""Faults that nothing helps against, with what is said of them."""
WAITS = "attest sample"
"""Says by itself which batches wait for a later final block, and does nothing for them."""
ERRORS = ("loud errors", "wrapped errors")
PASSES = [
    ("logs without times", "long extra data", "no batches"),
    ("too many requests", "refused items"),
    ("logs behind every other time",),
    ("state forgotten",),
    *((fault,) for fault in ENDS),
]
"""Faults that are met in one go: those that do not hide each other."""
REFUSALS = {
    "activate 99 --yes": "DatasetRegistry_UnknownBatch(batchId=99)",
    "lease end 2 --yes": "DataLeases_NotOver(leaseId=2)",
    "lease cancel 8 --yes": "DataLeases_NotLicensee(",
    "lease acknowledge 2 --yes": "DataLeases_NotLicensee(",
    "lease start 1 --without-keys --yes": "DataLeases_NotLicensee(",
    "send brake.pull --yes": "EmergencyBrake_NotGuardian(",
    "read registry.batch 99": "DatasetRegistry_UnknownBatch(batchId=99)",
    "propose registry.discard 99 --description no --yes": "DatasetRegistry_UnknownBatch(batchId=99)",
}
"""What a contract refuses the member, and why."""


def words_of(world: World, name: str) -> tuple[str, list[str]]:
    who, words = COMMANDS[name]
    return who, [*name.split(), *(word.replace("{home}", str(world.home(who))) for word in words), "--json"]


def steady(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: steady(inner) for key, inner in value.items() if key not in CHANGING}
    return [steady(inner) for inner in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Honest:
    """How a command ends at an honest node, and what it asks there."""

    ran: Ran
    asked: list[Asked]


@pytest.fixture(scope="session")
def honest(_built: World) -> dict[str, Honest]:
    found = {}
    with faulty(_built.node.url) as proxy:
        for name in COMMANDS:
            proxy.seen.clear()
            with _built.as_it_is():
                who, words = words_of(_built, name)
                found[name] = Honest(_built.run(who, *words, network=proxy.url), list(proxy.seen))
    return found


def test_commands__are_all_that_there_are() -> None:
    assert {" ".join(words) for words in leaf_commands()} == COMMANDS.keys() | OFFLINE


def test_commands__over_texts_that_are_no_utf8__end_as_they_have_to_X5(honest: dict[str, Honest]) -> None:
    wrong = {name: (one.ran.code, one.ran.err) for name, one in honest.items() if one.ran.code != EXPECTED.get(name, 0)}
    assert not wrong, wrong


def test_faults__are_all_met() -> None:
    assert sorted([*(fault for faults in PASSES for fault in faults), *ERRORS]) == sorted(FAULTS)
    assert set(HARMLESS) == FAULTS.keys() - ENDS.keys()


@pytest.mark.parametrize("faults", PASSES, ids=", ".join)
def test_commands__at_a_node_with_a_fault__end_as_at_an_honest_one_or_say_why_not(
    world: World, honest: dict[str, Honest], faults: tuple[str, ...], hasty: Clock
) -> None:
    wrong: dict[str, Any] = {}
    with faulty(world.node.url, *faults) as proxy:
        # What asks for no events cannot meet what is wrong with events.
        concerned = [n for n in COMMANDS if any(fault.concerns(honest[n].asked) for fault in proxy.faults)]
        for name in concerned:
            sender = world.actor(COMMANDS[name][0]).address
            before = world.dao.chain.nonce(sender)
            with world.as_it_is():
                who, words = words_of(world, name)
                ran = world.run(who, *words, network=proxy.url)
                sent = world.dao.chain.nonce(sender) - before
            if (fault := judged(name, ran, honest[name].ran, ENDS.get(faults[0]), sent)) is not None:
                wrong[name] = fault
        assert concerned and all(fault.hits for fault in proxy.faults), "no command met it"
    assert not wrong, wrong


@pytest.mark.parametrize("fault", ERRORS)
def test_commands__refused_by_a_contract_at_a_node_with_noise_in_its_words__are_refused_as_at_an_honest_one(
    world: World, fault: str
) -> None:
    with faulty(world.node.url, fault) as proxy:
        for words, reported in REFUSALS.items():
            before = world.dao.chain.nonce(world.actor("member").address)
            ran = world.run("member", *words.split(), network=proxy.url)
            assert (ran.code, CONTROL.search(ran.out + ran.err)) == (1, None), (words, ran)
            assert reported in ran.err and "xxx" not in ran.err, (words, ran.err)
            assert world.dao.chain.nonce(world.actor("member").address) == before
        assert proxy.faults[0].hits >= len(REFUSALS)


def judged(name: str, ran: Ran, wanted: Ran, excuse: re.Pattern[str] | None, sent: int) -> object:
    """What is wrong with how a command ended; None if nothing is."""
    if CONTROL.search(ran.out + ran.err) or "SECRET" in ran.out + ran.err:
        return "it prints what must not be seen", ran.out, ran.err
    if excuse is not None and excuse.search(ran.out) and ran.code in (REFUSED, PARTLY) and not sent:
        return None
    if ran.code != wanted.code:
        return ran.code, ran.out, ran.err
    if name == WAITS and excuse is not None and ran.document["waiting"] and not ran.document["posted"] and not sent:
        return None
    if name not in RANDOM and steady(ran.document) != steady(wanted.document):
        return steady(ran.document), steady(wanted.document)
    return None
