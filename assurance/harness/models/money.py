"""A settlement asset of any species in plain Python: what it moves, and with which words it refuses at times."""

from __future__ import annotations

from assurance.harness.chain.handles import Handle, Reverted
from assurance.harness.dao.zoo import FAILURES, Species
from assurance.harness.models.token_splitter import Asset, Done

ANYBODY = "anybody"


class Money(Asset):
    """`failing` are the accounts it does nothing for: single ones, or `ANYBODY` if its species knows none."""

    def __init__(self, species: Species, address: str) -> None:
        super().__init__()
        self.species, self.address = species, address
        self.failure = next((f for f in FAILURES if f.contract == species.contract), None)
        self.failing: set[str] = set()

    def toggle(self, handle: Handle, account: str) -> None:
        """Here and on the chain, fails from now on, or no longer: for the account, or for all if the species knows no
        single ones."""
        assert self.failure is not None
        subject = account if self.failure.one_account else ANYBODY
        change = self.failure.mend if subject in self.failing else self.failure.fail
        change(handle, account)
        self.failing ^= {subject}

    def require(self, sender: str, to: str, value: int) -> None:
        """Refuses as a transfer would; who does not send zero must not ask for it."""
        for account in (sender, to):
            if self.failure and self.failing & {account, ANYBODY}:
                # Of the asset, an error names no more than the address.
                raise self.failure.error(self, account)
        if value > self.balances[sender]:
            if self.species.contract == "FalseAsset":
                raise Reverted("SafeERC20FailedOperation", self.address)
            raise self.species.too_little(sender, sender, self.balances[sender], value)

    def require_pull(self, owner: str, to: str, value: int, contract: str) -> None:
        """Refuses as `contract`, at address `to`, does when it pulls from an owner that approved it without limit."""
        if value == 0:
            return
        self.require(owner, to, value)
        if self.species.contract == "FeeAsset":
            raise Reverted(f"{contract}_WrongAmountReceived", value, value - max(1, value // 100))

    def transfer(self, sender: str, to: str, value: int) -> Done:
        self.require(sender, to, value)
        return super().transfer(sender, to, value)
