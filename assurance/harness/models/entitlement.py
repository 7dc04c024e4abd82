"""Entitlement to a pool's income, from the history alone and in exact fractions."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import accumulate
from operator import mul


class Ledger:
    """Entitlement by definition: of each deposit, the part that the account's shares were of all shares then.

    It knows who held what at which deposit, and of accumulators only how far each deposit moved one. Deposits of a pool
    are its clock: shares that were pending are their owner's since the deposit before which they were activated.
    """

    def __init__(self) -> None:
        self._growths: defaultdict[int, list[int]] = defaultdict(list)
        self._deposits: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        """By pool, amounts and all shares then: none where the ledger was not given shares."""
        self._parts: defaultdict[int, list[Fraction]] = defaultdict(lambda: [Fraction(0)])
        """By pool, what one share got of the first so many deposits, as far as anybody asked."""
        self._held: defaultdict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
        self._totals: defaultdict[int, int] = defaultdict(int)

    def age(self, pool_id: int) -> int:
        """Deposits so far."""
        return len(self._growths[pool_id])

    def deposit(self, pool_id: int, amount: int, growth: int) -> None:
        self._deposits[pool_id].append((amount, self._totals[pool_id]))
        self._growths[pool_id].append(growth)

    def held(self, pool_id: int, account: str, change: int, since: int | None = None) -> None:
        """The account holds `change` more shares since that deposit; from now on, unless said."""
        self._held[pool_id, account].append((self.age(pool_id) if since is None else since, change))

    def total(self, pool_id: int, change: int) -> None:
        """The pool has `change` more shares from now on."""
        self._totals[pool_id] += change

    def entitlement(self, pool_id: int, account: str) -> Fraction:
        """Lifetime income of the account by the amounts deposited, in units, exact."""
        parts = self._parts[pool_id]
        for amount, shares in self._deposits[pool_id][len(parts) - 1 :]:
            parts.append(parts[-1] + Fraction(amount, shares))
        return sum((change * (parts[-1] - parts[since]) for since, change in self._held[pool_id, account]), Fraction(0))

    def income(self, pool_id: int, account: str) -> int:
        """The same with remainders carried from deposit to deposit, as the pool does: in 1/SCALE of a unit, exact."""
        held = self._history(pool_id, self._held[pool_id, account])
        return sum(map(mul, self._growths[pool_id], held))

    def _history(self, pool_id: int, changes: list[tuple[int, int]]) -> list[int]:
        """What the changes come to at each deposit."""
        at = [0] * (self.age(pool_id) + 1)
        for since, change in changes:
            at[since] += change
        return list(accumulate(at))[:-1]
