from __future__ import annotations

from assurance.harness.machines.base import living
from assurance.harness.machines.governance.checks import Government


def test_regression__government_after_transfer__holds() -> None:
    """Votes that were sold to a stranger were thought to be no account's: the DAO looked as if it could decide no
    more."""
    with living(Government, transferable=True) as state:
        state.create()
        state.nothing_seen_yet()
        state.transfer(who=0, to=5, part=1)
        state.transfer(who=1, to=5, part=1)
