"""`ModelRegistry` in plain Python, over the models of leases, splitter and asset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Reverted
from assurance.harness.models.leases.model import Leases
from assurance.harness.models.leases.records import BPS

MAX_LEASES = 8


class Royalty(NamedTuple):
    lease: int
    dataset: int
    bps: int


@dataclass
class Model:
    """A registered model, with what it took in and what of that went where."""

    owner: str
    beneficiary: str
    hash: bytes
    open_source: bool
    royalties: list[Royalty]
    paid: int = 0
    to_pools: int = 0
    to_treasury: int = 0
    to_beneficiary: int = 0


def refuse(reason: str, *args: object) -> NoReturn:
    raise Reverted(f"ModelRegistry_{reason}", *args)


class Models:
    def __init__(self, address: str, timelock: str, leases: Leases) -> None:
        self.address, self.timelock, self.leases = address, timelock, leases
        self.splitter, self.asset = leases.splitter, leases.asset
        self.models: list[Model] = []
        self.credits: Counter[str] = Counter()
        self.asset.approved.add((address, self.splitter.address))

    def register(
        self, caller: str, lease_ids: Sequence[int], digest: bytes, open_source: bool, beneficiary: str
    ) -> None:
        if not 1 <= len(lease_ids) <= MAX_LEASES:
            refuse("InvalidLeaseCount", len(lease_ids), 1, MAX_LEASES)
        if beneficiary in (ADDRESS_ZERO, self.address):
            refuse("InvalidBeneficiary", beneficiary)
        royalties: list[Royalty] = []
        for number in lease_ids:
            if royalties and number <= royalties[-1].lease:
                refuse("LeasesNotAscending", royalties[-1].lease, number)
            lease = self.leases.leases.get(number)
            if lease is None or lease.licensee != caller:
                refuse("NotLicensee", number, caller, lease.licensee if lease else ADDRESS_ZERO)
            if lease.paid_until == 0:
                refuse("NotStarted", number)
            royalties.append(Royalty(number, lease.terms.dataset, lease.terms.royalty_bps))
        together = sum(royalty.bps for royalty in royalties)
        if together > BPS:
            refuse("RoyaltiesTooHigh", together, BPS)
        self.models.append(Model(caller, beneficiary, digest, open_source, royalties))

    def pay(self, payer: str, model_id: int, amount: int) -> None:
        if not 1 <= model_id <= len(self.models):
            refuse("UnknownModel", model_id)
        model = self.models[model_id - 1]
        self.asset.require_pull(payer, self.address, amount, "ModelRegistry")
        parts = [(r.dataset, amount * r.bps // BPS) for r in model.royalties]
        living = [(pool, part) for pool, part in parts if part and not self.leases.is_dead(pool, part)]
        if living:
            # Failing for the payer's money would have shown above; it may still fail for the splitter.
            self.asset.require(self.address, self.splitter.address, 0)
        if amount:
            self.asset.transfer(payer, self.address, amount)
        for pool, part in living:
            self.splitter.deposit(self.address, pool, part)
        to_pools = sum(part for _, part in living)
        to_treasury = sum(part for _, part in parts) - to_pools
        rest = amount - to_pools - to_treasury
        self.credits[self.timelock] += to_treasury
        self.credits[model.beneficiary] += rest
        model.paid += amount
        model.to_pools += to_pools
        model.to_treasury += to_treasury
        model.to_beneficiary += rest

    def withdraw(self, account: str) -> None:
        self._withdraw(account, account)

    def withdraw_to(self, caller: str, recipient: str) -> None:
        if recipient in (ADDRESS_ZERO, self.address):
            refuse("InvalidRecipient", recipient)
        self._withdraw(caller, recipient)

    def _withdraw(self, account: str, recipient: str) -> None:
        if self.credits[account] == 0:
            refuse("NothingToWithdraw", account)
        self.asset.transfer(self.address, recipient, self.credits[account])
        self.credits[account] = 0
