"""Steps: tokens sold and given away, where that is allowed, and refused where it is not."""

from __future__ import annotations

from hypothesis import strategies as st
from web3.constants import ADDRESS_ZERO

from assurance.harness.machines.base import rule
from assurance.harness.machines.registry.life import RegistryLife, small
from assurance.harness.models.token_splitter import Token


class Trading(RegistryLife):
    token: Token

    @rule(giver=small, to=st.integers(0, 6), quarters=st.integers(1, 5))
    def transfer(self, giver: int, to: int, quarters: int) -> None:
        """A part of what a member has, all of it, or one unit more."""
        owner = self.members[giver]
        contracts = [ADDRESS_ZERO, self.dao.registry.address, self.dao.token.address]
        recipient = [*(member.address for member in self.members), *contracts][to]
        held = self.token.balances[owner.address]
        value = held + 1 if quarters == 5 else held * quarters // 4
        expect = lambda: self.token.transfer(owner.address, recipient, value)  # noqa: E731
        self.send("token", "transfer", recipient, value, expect=expect, by=owner)
