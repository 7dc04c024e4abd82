"""Governor, timelock and brake against a plain model: random governments, compared after every step.

The model is asked first: each step succeeds with these events and this result, or reverts with the very error and
arguments. After every step all proposals, settings and roles are compared, and checked on what the chain says: no more
votes than past supply (G-1), nothing executed without quorum, majority and delays, each operation once (G-2), nothing
about a proposal changes but its count, its one extension and its eta, and nothing leaves an end (G-3), ballots count
once (G-4), the guardian does what it may and no more (G-8), roles stay (G-10), the past stays (T-3). Every life ends
with time passing and every proposal in an end (G-6), and with a member of the threshold still able to decide (G-5),
also in a DAO that never grew up (G-13).

`DATADAO_DEPTH=50` in the environment makes the run fifty times as long.
"""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import Phase, settings

from assurance.harness.machines import moments
from assurance.harness.machines.depth import DEPTH
from assurance.harness.machines.driver import run
from assurance.harness.machines.governance.checks import Government
from assurance.harness.machines.reaching import live_until_met, noticed
from assurance.harness.mistakes import Mistake, tried_in

EXAMPLES = 250
# What even the shortest run must have met, or it has shown nothing about it.
MET = {
    "VoteCast",
    "by signature",
    "by list",
    *(f"skipped for {fault}" for fault in range(4)),
    "ProposalExtended",
    "ProposalQueued",
    "ProposalExecuted",
    "ProposalCanceled",
    "canceled by the guardian",
    "canceled by its proposer",
    "Pulled",
    "executed approve",
    "executed set",
    "ends 2",
    "ends 3",
    "ends 6",
    "ends 7",
    "GovernorUnexpectedProposalState",
    "GovernorAlreadyCastVote",
    "GovernorInvalidVoteType",
    "GovernorInvalidSignature",
    "GovernorInsufficientProposerVotes",
    "GovernorUnableToCancel",
    "DataGovernor_LicenseeCannotVote",
    "DataGovernor_ReservedAction",
    "DataGovernor_SettingOutOfRange",
    "DataGovernor_Disabled",
    "DataTimelock_RolesFrozen",
    "EmergencyBrake_NotGuardian",
    "EmergencyBrake_CoolingDown",
    "EmergencyBrake_Pulled",
    "TimelockUnexpectedOperationState",
    "succeeded",
    "succeeded during a vote",
    "DataToken_AccountSucceeded",
    "DataToken_TooEarly",
    "decided below maturity, after the floor",
    "governed at the end, below the floor",
    "DataToken_SuccessionCircle",
    *moments.BINDINGS,
    *moments.DELEGATIONS,
    moments.ERASED,
}


@pytest.mark.parametrize("transferable", [False, True], ids=["fixed", "transferable"])
def test_government__any_life__agrees_with_the_model(transferable: bool) -> None:
    """Holds T-3, T-10, G-1 to G-6, G-8, G-10, G-12, G-13."""
    reached: Counter[str] = Counter()
    started = time.process_time()
    machine = type("Life", (Government,), {"transferable": transferable, "reached": reached, "worlds": {}})
    lives = settings(max_examples=EXAMPLES * DEPTH, stateful_step_count=60)
    live_until_met(lambda: run(machine, lives), reached, MET)
    rate = reached["steps"] / (time.process_time() - started)
    print(f"\n{rate:.0f} steps a second of processor time: {dict(reached.most_common())}")


# A flaw ends the run when it is noticed, after a life or after a thousand; the same lives each time, not by luck.
QUICKLY = settings(
    max_examples=5_000,
    stateful_step_count=40,
    phases=[Phase.generate],
    database=None,
    derandomize=True,
    report_multiple_bugs=False,
)


def live(wanted: settings, *twins: str) -> Counter[str]:
    reached: Counter[str] = Counter()
    machine = type("Twin", (Government,), {"twins": twins, "reached": reached})
    run(machine, wanted)
    return reached


def test_twins_without_a_flaw__live_like_the_original() -> None:
    # The same lives each time: a late quorum is rare, and a run without one would say nothing about it.
    reached = live(settings(QUICKLY, max_examples=80), "DataGovernor", "DataTimelock")
    assert reached["ProposalExecuted"] and reached["ProposalExtended"]


def mistakes_of(contract: str) -> list[Mistake]:
    return [mistake for mistake in tried_in(__file__) if mistake.contract == contract]


@pytest.mark.parametrize("mistake", mistakes_of("DataGovernor"), ids=lambda mistake: mistake.name)
def test_twin_of_the_governor__with_one_line_wrong__is_noticed(mistake: Mistake) -> None:
    """Among them a young DAO without its floor (G-11) and ordinary proposals that approve a lease (L-3).

    Holds L-3, G-1 to G-4, G-6, G-8, G-11, G-12.
    """
    with pytest.raises(AssertionError):
        live(QUICKLY, mistake.id)


@pytest.mark.parametrize("mistake", mistakes_of("DataTimelock"), ids=lambda mistake: mistake.name)
def test_twin_of_the_timelock__with_one_line_wrong__is_noticed(mistake: Mistake) -> None:
    """Holds G-6, G-10."""
    with pytest.raises(AssertionError):
        live(QUICKLY, mistake.id)


@pytest.mark.parametrize("mistake", mistakes_of("DataToken"), ids=lambda mistake: mistake.name)
def test_twin_of_the_token__with_one_line_of_its_successions_wrong__is_noticed_T10(mistake: Mistake) -> None:
    with noticed():
        live(QUICKLY, mistake.id)
