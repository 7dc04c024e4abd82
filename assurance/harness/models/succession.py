"""Who is whose heir, said a second time: as `Succession` in the contracts, with its errors and events."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Reverted

DAY = 86_400
MIN_DAYS, MAX_DAYS = 30, 365
MAX_STEPS = 8
Emitted = tuple[str, dict[str, Any]]


@dataclass
class Binding:
    """`since` is the binding's second, or the end of the wait after a veto; `opened` is 0 while it is not open."""

    heir: str
    days: int
    since: int
    opened: int = 0

    def later(self, time: int) -> int:
        return time + self.days * DAY


@dataclass
class Successions:
    """`contracts` are the DAO's."""

    contracts: Collection[str] = ()
    bindings: dict[str, Binding] = field(default_factory=dict)
    succeeded: set[str] = field(default_factory=set)

    def bind(self, now: int, account: str, heir: str, days: int) -> list[Emitted]:
        self._require_free(now, account)
        self.require_own(heir)
        if heir in (ADDRESS_ZERO, account) or {account, heir} & {*self.contracts}:
            raise Reverted("DataToken_InvalidHeir", account, heir)
        if not MIN_DAYS <= days <= MAX_DAYS:
            raise Reverted("DataToken_InvalidDelay", days, MIN_DAYS, MAX_DAYS)
        self.bindings[account] = Binding(heir, days, now)
        return [("HeirBound", {"account": account, "heir": heir, "delayDays": days})]

    def unbind(self, now: int, account: str) -> list[Emitted]:
        self._require_free(now, account)
        binding = self.bindings.pop(account, None)
        return [("HeirUnbound", {"account": account, "heir": binding.heir})] if binding else []

    def open(self, now: int, caller: str, account: str) -> list[Emitted]:
        heir = self._heir(account)
        if caller != heir:
            raise Reverted("DataToken_NotHeir", caller, heir)
        self.require_own(account)
        binding = self.bindings[account]
        if binding.opened:
            raise Reverted("DataToken_AlreadyOpen", account, binding.opened)
        if now < binding.since:
            raise Reverted("DataToken_TooEarly", account, binding.since)
        binding.opened = now
        return [("SuccessionOpened", {"account": account, "heir": heir, "until": binding.later(now)})]

    def veto(self, now: int, account: str) -> list[Emitted]:
        self._require_free(now, account)
        binding = self.bindings.get(account)
        if binding is None or not binding.opened:
            raise Reverted("DataToken_NotOpen", account, 0)
        binding.since, binding.opened = binding.later(now), 0
        return [("SuccessionVetoed", {"account": account, "heir": binding.heir, "until": binding.since})]

    def execute(self, now: int, caller: str, account: str) -> str:
        """The first time: whose everything is from now on."""
        heir, binding = self._heir(account), self.bindings[account]
        own = binding.later(binding.since)
        if caller != account or now < own:
            if not binding.opened:
                if caller == account:
                    raise Reverted("DataToken_TooEarly", account, own)
                raise Reverted("DataToken_NotOpen", account, 0)
            if now < (due := binding.later(binding.opened)):
                raise Reverted("DataToken_TooEarly", account, due)
        self.succeeded.add(account)
        return heir

    def chain(self, account: str) -> list[str]:
        """From the account to its holder."""
        found = [account]
        while found[-1] in self.succeeded:
            found.append(self.bindings[found[-1]].heir)
        return found

    def holder(self, account: str) -> str:
        return self.chain(account)[-1]

    def require_own(self, account: str) -> None:
        if account in self.succeeded:
            raise Reverted("DataToken_AccountSucceeded", account)

    def _require_free(self, now: int, account: str) -> None:
        self.require_own(account)
        binding = self.bindings.get(account)
        if binding and binding.opened and now >= (due := binding.later(binding.opened)):
            raise Reverted("DataToken_TooLate", account, due)

    def _heir(self, account: str) -> str:
        binding = self.bindings.get(account)
        if binding is None:
            raise Reverted("DataToken_NoHeir", account)
        if (heir := self.holder(binding.heir)) == account:
            raise Reverted("DataToken_SuccessionCircle", account)
        return heir
