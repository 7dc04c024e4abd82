"""Token and splitter against the model: random lives of a pool, compared to the unit after every step.

Members, a payer and a stranger deposit, claim, claim to others, donate, transfer, delegate and trespass; an account in
the registry's place activates, vests, drops and erases, with inputs one beyond what is legal; time passes. The model is
asked first: the step must succeed with the value and the events it names, or revert with the very error and arguments.
Dividend arithmetic that only looks right (AB-34) and books that do not add up after any life (B-23) end here.
After every step all views are compared, and S-1, S-2, S-5, S-6, S-7, S-9, S-10, T-1, T-2, T-3 and T-6 checked on what
the chain says. Every life ends with all accounts claiming (S-11), a comparison with exact fractions (S-3), a look at
all checkpoints (T-4), and all leaving (T-7).

S-11, the bound: what is left is the pools' remainders and the income of shares never claimed, and less than one unit
for each removal, transfer and erasure of unclaimed data, `shares held / 2**64` of a unit for each vesting and claim,
and one unit for each member and pool.

`DATADAO_DEPTH=50` in the environment makes the run fifty times as long.
"""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import settings

from assurance.harness.machines import moments
from assurance.harness.machines.depth import DEPTH
from assurance.harness.machines.driver import run
from assurance.harness.machines.reaching import live_until_met
from assurance.harness.machines.splitter.checks import Setting
from assurance.harness.machines.splitter.machine import SplitterMachine

LIVES = settings(max_examples=40 * DEPTH, stateful_step_count=50)
# What even the shortest run must have met, or it has shown nothing about it.
MET = {
    "deposit",
    "deposit RevenueSplitter_NoShares",
    "deposit RevenueSplitter_TooMuchOwed",
    "deposit ERC20InsufficientAllowance",
    "claim",
    "claimTo",
    "claimFor",
    "claimWithin RevenueSplitter_NotSelf",
    "depositMany",
    "depositMany RevenueSplitter_NoShares",
    "depositMany RevenueSplitter_LengthMismatch",
    "moveMember RevenueSplitter_NotToken",
    "claimTo RevenueSplitter_InvalidRecipient",
    "addPendingShares RevenueSplitter_TooManyShares",
    "vestShares",
    "vestShares RevenueSplitter_InvalidEntryIndex",
    "vestShares RevenueSplitter_TooManyShares",
    "dropPendingShares",
    "dropPendingShares RevenueSplitter_InvalidEntryIndex",
    "dropPendingShares RevenueSplitter_InsufficientShares",
    "removeShares",
    "removeShares RevenueSplitter_InsufficientShares",
    "mint",
    "burn",
    "burn ERC20InsufficientBalance",
    "delegate",
    "delegate DataToken_InvalidDelegate",
    "look back",
}
MET_IF_TRANSFERABLE = {"transfer ERC20InsufficientBalance", "transfer DataToken_InvalidRecipient"}
MET_WITH_HEIRS = {
    "succeed",
    "succeed DataToken_TooEarly",
    "succeed DataToken_NotOpen",
    "succeed DataToken_NoHeir",
    "bindHeir DataToken_InvalidHeir",
    "bindHeir DataToken_InvalidDelay",
    "bindHeir DataToken_AccountSucceeded",
    "openSuccession DataToken_NotHeir",
    "vetoSuccession",
    "vetoSuccession DataToken_TooLate",
    "claimTo RevenueSplitter_AccountSucceeded",
    "delegate DataToken_AccountSucceeded",
    "openSuccession DataToken_SuccessionCircle",
    *moments.BINDINGS,
    *moments.DELEGATIONS,
    *moments.POOLS,
    moments.CLAIMED,
}
MET_IF_FIXED = {"transfer DataToken_NotTransferable"}


@pytest.mark.parametrize("transferable", [False, True], ids=["fixed", "transferable"])
def test_token_and_splitter__any_life__agree_with_the_model(transferable: bool) -> None:
    """Holds T-1 to T-4, T-6, T-7, S-1 to S-3, S-5 to S-7, S-9 to S-11, S-13, AB-34, B-23."""
    reached: Counter[str] = Counter()
    started = time.process_time()

    def live() -> None:
        for decimals in (0, 6, 18):
            fields = {"setting": Setting(transferable, decimals), "reached": reached}
            machine = type(f"With{decimals}Decimals", (SplitterMachine,), fields)
            run(machine, LIVES)

    live_until_met(live, reached, MET | (MET_IF_TRANSFERABLE if transferable else MET_IF_FIXED))
    rate = reached["steps"] / (time.process_time() - started)
    print(f"\n{rate:.0f} steps a second of processor time: {dict(reached.most_common())}")


@pytest.mark.parametrize(
    ("setting", "met"),
    [
        (
            Setting(transferable=True, decimals=18, filling=True),
            {"deposit RevenueSplitter_TooMuchOwed", "claim", "removeShares", "transfer"},
        ),
        (Setting(decimals=18, wrapping=True), {"deposit", "claim", "vestShares", "dropPendingShares"}),
        (Setting(transferable=True, filling=True, wrapping=True, moving=True), MET_WITH_HEIRS | {"removeShares"}),
        (Setting(moving=True), MET_WITH_HEIRS),
    ],
    ids=["all that can be owed", "accumulators that wrap", "members with heirs who may sell", "members with heirs"],
)
def test_token_and_splitter__at_the_edge_of_the_books__everything_else_goes_on(setting: Setting, met: set[str]) -> None:
    """Holds S-8, T-9, T-10, X-6: what is owed alone refuses a deposit, and claims make room; no lifetime total does:
    an heir has what the old account had, to the unit, whatever is bound, vetoed and moved."""
    reached: Counter[str] = Counter()
    machine = type("Edge", (SplitterMachine,), {"setting": setting, "reached": reached})
    live_until_met(lambda: run(machine, LIVES), reached, met)
