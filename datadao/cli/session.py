"""One run of a command: the role's folder, and what it opens of chain, storage and keys when first asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from datadao.chain.accounts import account_of, ask
from datadao.chain.connection import discreet, with_libraries
from datadao.chain.rpc import read_block
from datadao.cli.money import Money
from datadao.cli.orders import Orders
from datadao.client import DataDAO
from datadao.errors import AccountRefused, InvalidArgument
from datadao.profile import Profile
from datadao.text import Terminal, lines, visible

if TYPE_CHECKING:  # what a command opens is imported when it does: storage and keys take as long as `datadao status`
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from datadao.batches import Catalog
    from datadao.cli.outbox import Outbox
    from datadao.index import Index
    from datadao.messages import eip712
    from datadao.storage.board import Board
    from datadao.storage.store import Store

_WIDE = 160
"""Columns of a file or a pipe."""


class Session:
    """Raises `ProfileRefused` for what is not configured, and whatever opening something raises."""

    def __init__(
        self,
        home: Path,
        network: str | None,
        alias: str | None,
        *,
        as_json: bool,
        yes: bool,
        stack: ExitStack,
        orders: Orders | None = None,
    ) -> None:
        self.home, self.as_json, self.yes = home, as_json, yes
        self.orders = orders or Orders(())
        self.network, self.alias, self._stack = network, alias, stack
        self._err = _console(stderr=True)
        self._unlocked = False
        self._opener: Callable[..., Store] | None = None

    # What a role has

    @cached_property
    def profile(self) -> Profile:
        return Profile.load(self.home)

    @cached_property
    def dao(self) -> DataDAO:
        """The DAO on the configured network, once it is certain that its contracts are there."""
        if self._by_address:
            # Without Ape, whose loading takes longer than all the reads of a command.
            from datadao.chain.patience import reached

            return DataDAO.configured(self.profile, reached(self._network))
        return DataDAO.configured(self.profile, self.ape.web3, self.ape.network.required_confirmations)

    @cached_property
    def ape(self) -> Any:
        """Ape's provider of the configured network, which its accounts need."""
        network = self._network
        from ape.logging import LogLevel, logger

        logger.set_level(LogLevel.ERROR)
        from datadao.chain.wallet import connected

        return self._stack.enter_context(connected(network))

    @cached_property
    def store(self) -> Store:
        return self._open("store")

    @cached_property
    def board(self) -> Board:
        from datadao.storage.board import Board

        return Board(self.dao.id, self.store, self._open("inbox") if self.profile.inbox else None)

    @cached_property
    def catalog(self) -> Catalog:
        from datadao.batches import Catalog

        return Catalog(self.dao, self.store, self.dao.since, self.index)

    @cached_property
    def index(self) -> Index:
        """The read model in the role's folder."""
        from datadao.index import Index

        return self._stack.enter_context(Index(self.home / "index.sqlite", self.dao))

    @cached_property
    def outbox(self) -> Outbox:
        """What this role sent on the connected chain and did not see mined."""
        from datadao.cli.outbox import Outbox

        genesis = "0x" + read_block(self.dao.web3, 0).hash.hex()
        return Outbox(self.home / "outbox", (self.dao.id.chain_id, genesis))

    @cached_property
    def account(self) -> Any:
        """Who signs: a `datadao.chain.transactions.Account`, which may still be locked."""
        alias = self.alias or str(self.profile.needed("account"))
        if self._by_address and (found := account_of(alias, self.dao.id.chain_id)):
            return found
        _ = self.dao, self.ape
        from datadao.chain import wallet

        return wallet.ApeAccount(wallet.find(alias))

    @cached_property
    def address(self) -> str:
        """The account's address."""
        return self.address_of(self.alias or self.profile.needed("account"))

    def address_of(self, alias: str) -> str:
        """The address of any account of Ape's. Raises `AccountRefused`."""
        if known := account_of(alias, self.dao.id.chain_id):
            return known.address
        _ = self.ape
        from datadao.chain import wallet

        return str(wallet.find(alias).address)

    @cached_property
    def money(self) -> Money:
        return Money.of(self.dao)

    @property
    def sign(self) -> eip712.Signer:
        """Signs messages with the account, unlocked."""
        from datadao.messages import eip712

        self.unlock()
        return eip712.signer(self.account)

    @property
    def now(self) -> int:
        """The chain's time, Unix seconds."""
        return read_block(self.dao.web3, "latest").timestamp

    def key_path(self, name: str) -> Path:
        """Where the role keeps the secret of this name."""
        if not name.replace("-", "").replace("_", "").isalnum():
            raise InvalidArgument(f"key name {name!r}: use letters, digits, '-' and '_'")
        return self.home / "keys" / name

    def key(self, name: str) -> X25519PrivateKey:
        """The role's X25519 key of this name."""
        from datadao.crypto.keyfile import load_key

        return load_key(self.key_path(name))

    def at_end(self, action: Callable[[], None]) -> None:
        """Does this when the command is over and its result printed."""
        self._stack.callback(action)

    def unlock(self) -> None:
        """Lets the account sign; asks for its passphrase at most once."""
        if not self._unlocked:
            self.account.unlock(ask)
            self._unlocked = True

    # What a person sees

    def show(self, *items: Any) -> None:
        """Prints results: a string is one line, whatever it holds."""
        out = _console(stderr=False)
        for item in items:
            out.print(out.as_line(item) if isinstance(item, str | Text) else item)

    def say(self, markup: str, text: str = "") -> None:
        """Prints what is no result. Only `markup` is markup; the lines of `text` after its first stand further in, so
        that what another party wrote into an error cannot pass for another message."""
        first, *rest = lines(text)
        self._err.print(self._err.as_line(Text.from_markup(markup) + Text(f" {first}" if first else "")))
        for line in rest:
            self._err.print(self._err.as_line(f"  {line}"))

    def confirm(self, question: str) -> None:
        """Asks, unless --yes was given. Raises `AccountRefused` at a no, and where there is no terminal."""
        if self.yes:
            return
        if not sys.stdin.isatty():
            raise AccountRefused("there is no terminal to confirm at: pass --yes; nothing was sent")
        if not click.confirm(visible(question), err=True):
            raise AccountRefused("not confirmed; nothing was sent")

    @contextmanager
    def progress(self, text: str, total: int) -> Iterator[Callable[[int], None]]:
        """A progress bar on a terminal, nothing elsewhere; yields what takes the number of items newly done."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._err, transient=True, disable=not self._err.is_terminal) as progress:
            task = progress.add_task(text, total=total)
            yield lambda done: progress.advance(task, done)

    def discreet(self, message: str) -> str:
        """A message without what of the node's address may be a password: all but its host."""
        configured = self.network or (self.__dict__["profile"].network if "profile" in self.__dict__ else None)
        return discreet(message, configured or "")

    @property
    def _by_address(self) -> bool:
        """Whether the network is a node's address, which needs no Ape."""
        return self._network.startswith(("http://", "https://"))

    @property
    def symbol(self) -> str:
        """Of what fees are paid in."""
        return "ETH" if self._by_address else str(self.ape.network.ecosystem.fee_token_symbol)

    @property
    def patience(self) -> float:
        """Seconds to wait for a transaction to be mined, unless `--wait` says otherwise: Ape's, where it is used."""
        return 120.0 if self._by_address else float(self.ape.network.transaction_acceptance_timeout)

    @property
    def _network(self) -> str:
        return self.network or str(self.profile.needed("network"))

    def keep_objects(self) -> None:
        """From now on storage is read through what this role read of it before: for who reads the board again at every
        command."""
        from datadao.storage.kept import KeptStore

        self._opener = partial(KeptStore, keep=self.home / "objects.sqlite")

    def _open(self, name: str) -> Store:
        if self._opener is not None:
            return self._opener(**self.profile.needed(name))
        from datadao.storage.store import Store

        return Store(**self.profile.needed(name))


def _console(*, stderr: bool) -> Terminal:
    out = Terminal(stderr=stderr, soft_wrap=True)
    return out if out.is_terminal else Terminal(stderr=stderr, soft_wrap=True, width=_WIDE)


def failures() -> tuple[type[Exception], ...]:
    """What the libraries in use raise when something outside fails; Ape, which may not be loaded, then did not."""
    ape = sys.modules.get("ape.exceptions")
    return with_libraries(OSError, *((ape.ApeException,) if ape else ()))
