"""The properties bite: each is broken by a twin of token or splitter with one line wrong, and by nothing in a twin
without a flaw.

The machine runs with one property switched on and the model off, so that it is that property which notices. What it
finds is not shrunk: it need only be found.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from enum import IntEnum

import pytest
from hypothesis import Phase, settings

from tests.invariant.splitter_checks import PropertyBroken, Setting
from tests.invariant.splitter_machine import SplitterMachine
from tests.support.handles import Reverted
from tests.support.machine import run
from tests.support.pair import SHARES, Pair
from tests.support.system import actor

# A flaw ends the run when it is noticed, mostly within a few lives; the bound is for the unlucky run.
QUICKLY = settings(
    max_examples=5_000,
    stateful_step_count=50,
    phases=[Phase.generate],
    database=None,
    report_multiple_bugs=False,
)


class SplitterFlaw(IntEnum):
    """`TwinSplitter.Flaw`."""

    NONE = 0
    REMOVES_UNSETTLED = 1
    ROUNDS_UP = 2
    PAYS_NEXT_COMER = 3
    CLAIM_REVERTS = 4
    IGNORES_ENTRY = 5
    DROPS_REMAINDER = 6
    BOOKS_FACE_VALUE = 7
    PAYS_THE_CALLER = 8


class TokenFlaw(IntEnum):
    """`TwinToken.Flaw`."""

    NONE = 0
    ZERO_DELEGATION_BURNS = 1
    REGISTRY_VOTES = 2
    MOVES_WITHOUT_SETTLING = 3
    IGNORES_TRANSFERABILITY = 4
    BURNS_THE_UNCLAIMED = 5
    DELEGATES_ONCE = 6


def live(setting: Setting, only: str | None, phases: settings) -> Counter[str]:
    reached: Counter[str] = Counter()
    machine = type("Twin", (SplitterMachine,), {"setting": setting, "only": only, "reached": reached})
    run(machine, phases)
    return reached


@pytest.mark.parametrize(
    ("name", "flaw"),
    [
        ("S-5", SplitterFlaw.REMOVES_UNSETTLED),
        ("S-3", SplitterFlaw.REMOVES_UNSETTLED),
        ("S-1", SplitterFlaw.ROUNDS_UP),
        ("S-10", SplitterFlaw.PAYS_NEXT_COMER),
        ("S-7", SplitterFlaw.CLAIM_REVERTS),
        ("S-6", SplitterFlaw.PAYS_THE_CALLER),
        ("S-11", SplitterFlaw.REMOVES_UNSETTLED),
        ("S-5", SplitterFlaw.IGNORES_ENTRY),
        ("S-2", SplitterFlaw.DROPS_REMAINDER),
        ("T-1", TokenFlaw.BURNS_THE_UNCLAIMED),
        ("T-2", TokenFlaw.ZERO_DELEGATION_BURNS),
        ("T-2", TokenFlaw.REGISTRY_VOTES),
        ("T-6", TokenFlaw.MOVES_WITHOUT_SETTLING),
        ("T-6", TokenFlaw.IGNORES_TRANSFERABILITY),
        ("T-7", TokenFlaw.DELEGATES_ONCE),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name.lower().replace("_", "-"),
)
def test_twin__one_line_wrong__breaks_the_property(name: str, flaw: SplitterFlaw | TokenFlaw) -> None:
    """A claim that always reverts breaks no rule about money, only that one may claim (AB-46)."""
    token, splitter = (flaw, None) if isinstance(flaw, TokenFlaw) else (None, flaw)
    transferable = flaw is TokenFlaw.MOVES_WITHOUT_SETTLING
    setting = Setting(transferable, token_flaw=token, splitter_flaw=splitter)
    with pytest.raises(PropertyBroken, match=f"^{name}: "):
        live(setting, name, QUICKLY)


@pytest.mark.parametrize("transferable", [False, True], ids=["fixed", "transferable"])
def test_twin__no_flaw__agrees_with_the_model(transferable: bool) -> None:
    setting = Setting(transferable, token_flaw=TokenFlaw.NONE, splitter_flaw=SplitterFlaw.NONE)
    reached = live(setting, None, settings(max_examples=40, stateful_step_count=50))
    assert {"deposit", "claim", "vestShares", "removeShares", "delegate"} <= reached.keys()


@pytest.mark.parametrize("flaw", [None, SplitterFlaw.NONE, SplitterFlaw.BOOKS_FACE_VALUE])
def test_twin__books_what_was_asked__owes_more_than_it_holds__s1_ab35_s9(flaw: SplitterFlaw | None) -> None:
    pair = Pair(asset="FeeAsset", splitter_flaw=flaw)
    pair.accept(actor("member"), SHARES)
    pair.fund(pair.payer, 10_000)
    with suppress(Reverted):
        pair.splitter.deposit(1, 10_000, sender=pair.payer.address)
    received, paid, _, _ = pair.splitter.conservation()
    solvent = pair.asset.balanceOf(pair.splitter.address) >= received - paid
    assert solvent == (flaw is not SplitterFlaw.BOOKS_FACE_VALUE)
