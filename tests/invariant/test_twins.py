"""The properties bite: each is broken by a twin of token or splitter with one line wrong, and by nothing in a twin
without a flaw (S-1 to S-3, S-5 to S-7, S-10, S-11, T-1, T-2, T-6, T-7, T-9, T-10).

The machine runs with one property switched on and the model off, so that it is that property which notices. What it
finds is not shrunk: it need only be found.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import Phase, settings

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import actor
from assurance.harness.machines.driver import run
from assurance.harness.machines.splitter.checks import PropertyBroken, Setting
from assurance.harness.machines.splitter.machine import SplitterMachine
from assurance.harness.mistakes import Mistake, tried_in

# A flaw ends the run when it is noticed, mostly within a few lives; the bound is for the unlucky run.
QUICKLY = settings(
    max_examples=5_000,
    stateful_step_count=50,
    phases=[Phase.generate],
    database=None,
    report_multiple_bugs=False,
)


MISTAKES = tried_in(__file__)
TAKES_FEES = "RevenueSplitter.BooksFaceValue"
"""Shows in an asset that takes a fee, of which lives have none."""
BROKEN = [
    (name, mistake) for mistake in MISTAKES if mistake.id != TAKES_FEES for name in mistake.breaks if name != "S-4"
]
"""Properties that lives are looked at for, each with a mistake that breaks it; S-4 compares lives with each other."""


def live(setting: Setting, only: str | None, phases: settings) -> Counter[str]:
    reached: Counter[str] = Counter()
    machine = type("Twin", (SplitterMachine,), {"setting": setting, "only": only, "reached": reached})
    run(machine, phases)
    return reached


@pytest.mark.parametrize(
    ("name", "mistake"), BROKEN, ids=lambda value: value.name if isinstance(value, Mistake) else value
)
def test_twin__one_line_wrong__breaks_the_property(name: str, mistake: Mistake) -> None:
    """A claim that always reverts breaks no rule about money, only that one may claim (AB-46).

    Holds T-1, T-2, T-6, T-7, T-9, T-10, S-1 to S-3, S-5 to S-7, S-10, S-11, AB-46.
    """
    setting = Setting(twins=(mistake.id,), moving="T-10" in mistake.breaks)
    with pytest.raises(PropertyBroken, match=f"^{name}: "):
        live(setting, name, QUICKLY)


@pytest.mark.parametrize("transferable", [False, True], ids=["fixed", "transferable"])
def test_twin__no_flaw__agrees_with_the_model(transferable: bool) -> None:
    setting = Setting(transferable, twins=("DataToken", "RevenueSplitter"))
    reached = live(setting, None, settings(max_examples=40, stateful_step_count=50))
    assert {"deposit", "claim", "vestShares", "removeShares", "delegate"} <= reached.keys()


@pytest.mark.parametrize("twins", [(), ("RevenueSplitter",), (TAKES_FEES,)], ids=str)
def test_twin__books_what_was_asked__owes_more_than_it_holds__s1_ab35_s9(twins: tuple[str, ...]) -> None:
    pair = Pair(asset="FeeAsset", twins=twins)
    pair.accept(actor("member"), SHARES)
    pair.fund(pair.payer, 10_000)
    with suppress(Reverted):
        pair.splitter.deposit(1, 10_000, sender=pair.payer.address)
    received, paid, _, _ = pair.splitter.conservation(0, pair.splitter.poolCount())
    solvent = pair.asset.balanceOf(pair.splitter.address) >= received - paid
    assert solvent == (twins != (TAKES_FEES,))
