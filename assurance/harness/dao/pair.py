"""A token and a splitter whose registry is an account: the two contracts alone, driven to states and errors that a
well-behaved registry does not bring about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.evm import Revm
from assurance.harness.chain.handles import Receipt, deploy
from assurance.harness.chain.reader import Reader, money_views
from assurance.harness.chain.twins import CODE_LIMIT, in_place
from assurance.harness.dao.system import Actor, actor
from datadao.chain.abi import ORDER, create_address

SHARES = 2**30
"""A little more than the smallest live pool; it divides the scale, so that incomes come out in whole units."""
INCOME = 4 * 5**9
"""The same for pools of 10**9 times a power of two, the shares of whole units of data."""


@dataclass
class Lot:
    """Shares of one activation not claimed yet, and the indices at which they entered dataset and commons."""

    dataset: int
    shares: int
    entry: int
    commons_entry: int


class Pair:
    """Verbs do what the registry does in one of its transactions, call by call in the same order."""

    def __init__(
        self,
        chain: Revm | Anvil | None = None,
        *,
        transferable: bool = False,
        decimals: int = 6,
        asset: str = "TestAsset",
        maturity: int = 10**12,
        twins: Sequence[str] = (),
    ) -> None:
        """`twins` are deployed instead of token or splitter, as in `assurance.harness.chain.twins`."""
        self.chain: Any = chain or Revm(code_limit=CODE_LIMIT if twins else None)
        self.registry, self.payer = actor("registry"), actor("payer")
        deployer = actor("pair-deployer").address
        self.asset = deploy(self.chain, asset, "Test Dollar", "TUSD", decimals, sender=deployer)
        self.addresses = {key: actor(f"counterpart-{key}").address for key, _ in ORDER}
        nonce = self.chain.nonce(deployer)
        self.addresses |= {
            "registry": self.registry.address,
            "token": create_address(deployer, nonce),
            "splitter": create_address(deployer, nonce + 1),
        }
        deployed = in_place(["DataToken", "RevenueSplitter"], twins)
        names = (self.addresses, "Data", "DATA", transferable, maturity)
        self.token = deploy(self.chain, deployed["DataToken"], *names, sender=deployer)
        books = (self.addresses, self.asset)
        self.splitter = deploy(self.chain, deployed["RevenueSplitter"], *books, sender=deployer)

    def reader(self, *accounts: Actor, pools: tuple[int, ...] = (0, 1, 2)) -> Reader:
        """The state of these accounts and of the registry."""
        addresses = [a.address for a in (*accounts, self.registry)]
        return Reader(self.chain, money_views(self.splitter, self.token, self.asset, addresses, pools))

    # What the registry does

    def activate(self, dataset: int, shares: int) -> Lot:
        by = self.registry.address
        entry = self.splitter.addPendingShares(dataset, shares, sender=by).value
        commons_entry = self.splitter.addPendingShares(0, shares, sender=by).value
        self.token.mint(by, shares, sender=by)
        return Lot(dataset, shares, entry, commons_entry)

    def vest(self, lot: Lot, account: Actor, shares: int | None = None) -> None:
        """Gives the account the lot, or part of it."""
        by, part = self.registry.address, lot.shares if shares is None else shares
        self.splitter.vestShares(lot.dataset, account.address, part, lot.entry, sender=by)
        self.splitter.vestShares(0, account.address, part, lot.commons_entry, sender=by)
        self.token.transfer(account.address, part, sender=by)
        lot.shares -= part

    def accept(self, account: Actor, shares: int, dataset: int = 1) -> None:
        """Activates and vests at once."""
        self.vest(self.activate(dataset, shares), account)

    def erase(self, account: Actor, shares: int, dataset: int = 1) -> None:
        by = self.registry.address
        burned = min(shares, self.token.balanceOf(account.address))
        self.splitter.removeShares(dataset, account.address, shares, sender=by)
        self.splitter.removeShares(0, account.address, burned, sender=by)
        self.token.burn(account.address, burned, sender=by)

    # Money

    def fund(self, account: Actor, amount: int) -> None:
        """Mints the asset and approves it, without limit, to the splitter."""
        self.asset.mint(account.address, amount, sender=account.address)
        self.asset.approve(self.splitter.address, 2**256 - 1, sender=account.address)

    def deposit(self, pool: int, amount: int) -> Receipt:
        self.fund(self.payer, amount)
        receipt: Receipt = self.splitter.deposit(pool, amount, sender=self.payer.address)
        return receipt

    def claimable(self, account: Actor, *pools: int) -> int:
        owed: int = self.splitter.claimable(account.address, list(pools or (0, 1, 2)))
        return owed

    def claim(self, account: Actor, *pools: int) -> int:
        """Anyone's claim for the account."""
        paid: int = self.splitter.claim(account.address, list(pools or (0, 1, 2)), sender=self.payer.address).value
        return paid
