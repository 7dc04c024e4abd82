"""Entitlement to a pool's income, from the history alone and in exact fractions."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import accumulate
from operator import mul

COMMONS = 0

Age = tuple[int, int]
"""Deposits so far to a dataset and to the commons."""


class Ledger:
    """Entitlement by definition: of each deposit to a dataset, the part that the account's shares were of its shares
    then; of each deposit to the commons, the part that they were of all datasets' shares.

    It knows who held what at which deposit, and of accumulators only how far each deposit moved one. Deposits are its
    clock: shares that were pending are their owner's since the deposits before which they were activated.
    """

    def __init__(self) -> None:
        self._growths: defaultdict[int, list[int]] = defaultdict(list)
        self._deposits: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        """By pool, amounts and all shares then: none where the ledger does not learn of shares."""
        self._parts: defaultdict[int, list[Fraction]] = defaultdict(lambda: [Fraction(0)])
        """By pool, what one share got of the first so many deposits, as far as it was asked for."""
        self._held: defaultdict[tuple[int, str], list[tuple[Age, int]]] = defaultdict(list)
        self._totals: defaultdict[int, int] = defaultdict(int)

    def deposits(self, pool_id: int) -> int:
        """Deposits so far."""
        return len(self._growths[pool_id])

    def age(self, dataset: int) -> Age:
        return self.deposits(dataset), self.deposits(COMMONS)

    def deposit(self, pool_id: int, amount: int, growth: int) -> None:
        self._deposits[pool_id].append((amount, self._totals[pool_id]))
        self._growths[pool_id].append(growth)

    def held(self, dataset: int, account: str, change: int, since: Age | None = None) -> None:
        """The account holds `change` more shares since those deposits; from now on, unless said."""
        self._held[dataset, account].append((self.age(dataset) if since is None else since, change))

    def total(self, dataset: int, change: int) -> None:
        """The dataset, and so the commons, has `change` more shares from now on."""
        self._totals[dataset] += change
        self._totals[COMMONS] += change

    def move(self, dataset: int, account: str, heir: str) -> None:
        """All that the account ever held in the dataset counts as the heir's."""
        if account != heir:
            self._held[dataset, heir] += self._held.pop((dataset, account), [])

    def entitlement(self, dataset: int, account: str) -> Fraction:
        """Lifetime income of the account's shares of the dataset by the amounts deposited, in units, exact."""
        total = Fraction(0)
        for place, pool_id in enumerate((dataset, COMMONS)):
            parts = self._parts[pool_id]
            for amount, shares in self._deposits[pool_id][len(parts) - 1 :]:
                parts.append(parts[-1] + Fraction(amount, shares))
            held = self._held[dataset, account]
            total += sum((change * (parts[-1] - parts[since[place]]) for since, change in held), Fraction(0))
        return total

    def income(self, dataset: int, account: str) -> int:
        """The same with remainders carried from deposit to deposit, as the pools do: in 1/SCALE of a unit, exact."""
        held = self._held[dataset, account]
        return sum(
            sum(map(mul, self._growths[pool_id], self._history(pool_id, [(since[place], n) for since, n in held])))
            for place, pool_id in enumerate((dataset, COMMONS))
        )

    def _history(self, pool_id: int, changes: list[tuple[int, int]]) -> list[int]:
        """What the changes come to at each deposit."""
        at = [0] * (self.deposits(pool_id) + 1)
        for since, change in changes:
            at[since] += change
        return list(accumulate(at))[:-1]
