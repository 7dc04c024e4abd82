"""A relay as a Silverback bot, beside custodians: a round at each new block, with metrics.

    DATADAO_RELAY=/srv/relay silverback run datadao.relay.bot --network ethereum:mainnet:node

The role's folder is as for `datadao relay`; the passphrase comes from APE_ACCOUNTS_<alias>_PASSPHRASE.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from threading import Lock
from typing import Any

import ape
from silverback import SilverbackBot

from datadao.batches import Catalog
from datadao.chain import wallet
from datadao.chain.patience import patient
from datadao.client import DataDAO
from datadao.errors import AccountRefused, DataDAOError, ProfileRefused
from datadao.profile import Profile
from datadao.relay.relay import Relay, log, open_relay
from datadao.storage.board import Board
from datadao.storage.store import Store


class Service:
    """The relay of one role's folder."""

    def __init__(self, home: str) -> None:
        self._home = home
        self._relay: Relay | None = None
        self._busy = Lock()

    def start(self) -> None:
        """Opens the folder. Raises whatever it refuses."""
        if not self._home:
            raise ProfileRefused("DATADAO_RELAY names no folder; name the relay's")
        profile = Profile.load(Path(self._home).expanduser())
        account = wallet.ApeAccount(wallet.find(profile.needed("account")))
        account.unlock(_no_terminal)
        dao = DataDAO.configured(profile, patient(ape.networks.provider.web3))
        store = Store(**profile.needed("store"))
        board = Board(dao.id, store, Store(**profile.inbox) if profile.inbox else None)
        self._relay = open_relay(dao, profile, account, board, Catalog(dao, store, dao.since))

    def round(self) -> dict[str, int]:
        """A round's figures; none while another one is under way: {}. `silent` is one that could not end."""
        if self._relay is None or not self._busy.acquire(blocking=False):
            return {}
        try:
            return {**self._relay.round().metrics, "silent": 0}
        except DataDAOError as error:
            log.warning("%s: %s", type(error).__name__, error)
            return {"silent": 1}
        finally:
            self._busy.release()

    def stop(self) -> None:
        """Ends the round under way."""
        with self._busy:
            self._relay = None


def _no_terminal(alias: str) -> str:
    raise AccountRefused(f"account {alias} is locked and a bot cannot ask; set APE_ACCOUNTS_{alias}_PASSPHRASE")


bot = SilverbackBot()
service = Service(os.environ.get("DATADAO_RELAY", ""))


@bot.on_startup()  # type: ignore[untyped-decorator]  # Silverback's decorators have no types
async def start(_: Any) -> None:
    """Before the first block."""
    await asyncio.to_thread(service.start)


@bot.on_(ape.chain.blocks)  # type: ignore[untyped-decorator]
async def serve(_: Any) -> dict[str, int]:
    """Sends what is due; what comes meanwhile waits for the next block."""
    return await asyncio.to_thread(service.round)


@bot.on_shutdown()  # type: ignore[untyped-decorator]
async def stop() -> None:
    """After the last block."""
    await asyncio.to_thread(service.stop)
