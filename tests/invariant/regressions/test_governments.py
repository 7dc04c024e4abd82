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


def test_regression__government_after_a_succession_and_an_erasure__holds() -> None:
    """Tokens that could not move yet voted where their heir once delegated: its later delegation was thought to move
    them, which only `succeed` does."""
    with living(Government) as state:
        state.nothing_seen_yet()
        state.create()
        state.prepare_a_succession(heir=0, opened=True, seconds=0, who=1)
        state.succeed(pools=(), who=1)
        state.erase(who=0)
