"""A fleet of custodians as a Silverback bot: a round of every slot at each new block, with metrics.

    DATADAO_HOMES=/srv/custodian-a:/srv/custodian-b silverback run datadao.custodian.bot --network ethereum:mainnet:node

A role's folder holds slots of one DAO, as for `datadao custodian`; all DAOs of a fleet are on the bot's network. The
block only says when to look: what is released is decided by the nodes of each folder, as in any other process.
Passphrases come from APE_ACCOUNTS_<alias>_PASSPHRASE.

Folders in DATADAO_ATTESTORS are attestors': after the slots, programs of compute leases are run there, as `datadao
compute run` does. A program may take its time, so let attestors have a bot of their own.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from pathlib import Path
from threading import Lock
from typing import Any

import ape
from silverback import SilverbackBot

from datadao.chain import wallet
from datadao.chain.patience import patient
from datadao.client import DataDAO
from datadao.custodian.runs import Runs, open_runs
from datadao.custodian.slots import Slots, open_slots
from datadao.errors import AccountRefused, DataDAOError, ProfileRefused
from datadao.profile import Profile
from datadao.text import visible_log

log = visible_log("datadao.custodian")


class Fleet:
    """The slots of several role folders, and the runs of attestors'. One that fails does not stop the others."""

    def __init__(self, homes: list[Path], attestors: list[Path]) -> None:
        self._homes, self._attestors = homes, attestors
        self._slots: dict[Path, Slots] = {}
        self._runs: dict[Path, Runs] = {}
        self._busy = Lock()

    def start(self) -> None:
        """Opens every folder. Raises whatever one of them refuses."""
        if not self._homes and not self._attestors:
            raise ProfileRefused("DATADAO_HOMES names no folder; list the custodians' folders, separated by colons")
        for home in self._homes:
            self._open(home)
        for home in self._attestors:
            self._open_runs(home)

    def round(self) -> dict[str, int]:
        """A round of every slot and every attestor: their figures together; `silent` folders could not even begin. None
        while another round is under way: {}."""
        if not self._busy.acquire(blocking=False):
            return {}
        try:
            total = Counter(silent=0)
            for home in self._homes:
                total.update(self._serve(home))
            for home in self._attestors:
                total.update(self._run(home))
            return dict(total)
        finally:
            self._busy.release()

    def stop(self) -> None:
        """Ends the round under way, then lets other processes take the folders."""
        with self._busy:
            while self._slots:
                self._slots.popitem()[1].close()
            while self._runs:
                self._runs.popitem()[1].close()

    def _serve(self, home: Path) -> Counter[str]:
        total: Counter[str] = Counter()
        try:
            for service in (self._slots.get(home) or self._open(home)).services:
                total.update(service.round().metrics)
        except DataDAOError as error:
            log.warning("%s: %s: %s", home.name, type(error).__name__, error)
            total["silent"] += 1
        except OSError as error:
            # A full disk closes the slot's log; it is opened again, and mended, at the next block.
            log.error("%s: %s", home.name, error)
            total["silent"] += 1
            if home in self._slots:
                self._slots.pop(home).close()
        return total

    def _run(self, home: Path) -> Counter[str]:
        """`ran` programs now, handed `outputs` out; `stopped` are leases that were not served."""
        total = Counter(ran=0, outputs=0, stopped=0)
        try:
            for served in (self._runs.get(home) or self._open_runs(home)).round():
                if served.error:
                    log.warning("%s: lease %d: %s", home.name, served.lease_id, served.error)
                total.update(ran=served.new, outputs=len(served.handed_out), stopped=served.error is not None)
        except (DataDAOError, OSError) as error:
            log.warning("%s: %s: %s", home.name, type(error).__name__, error)
            total["silent"] += 1
        return total

    def _open(self, home: Path) -> Slots:
        dao, profile, account = _folder(home)
        self._slots[home] = open_slots(dao, profile, wallet.signer(account))
        return self._slots[home]

    def _open_runs(self, home: Path) -> Runs:
        dao, profile, account = _folder(home)
        self._runs[home] = open_runs(dao, profile, wallet.signer(account), str(account.address))
        return self._runs[home]


def _folder(home: Path) -> tuple[DataDAO, Profile, Any]:
    """A role's DAO, configuration and unlocked account."""
    profile = Profile.load(home)
    account = wallet.find(profile.needed("account"))
    wallet.unlock(account, _no_terminal)
    return DataDAO.configured(profile, patient(ape.networks.provider.web3)), profile, account


def _no_terminal(alias: str) -> str:
    raise AccountRefused(f"account {alias} is locked and a bot cannot ask; set APE_ACCOUNTS_{alias}_PASSPHRASE")


def _folders(name: str) -> list[Path]:
    return [Path(home).expanduser() for home in os.environ.get(name, "").split(os.pathsep) if home]


bot = SilverbackBot()
fleet = Fleet(_folders("DATADAO_HOMES"), _folders("DATADAO_ATTESTORS"))


@bot.on_startup()  # type: ignore[untyped-decorator]  # Silverback's decorators have no types
async def start(_: Any) -> None:
    """Before the first block."""
    await asyncio.to_thread(fleet.start)


@bot.on_(ape.chain.blocks)  # type: ignore[untyped-decorator]
async def serve(_: Any) -> dict[str, int]:
    """Serves every slot; what comes meanwhile waits for the next block."""
    return await asyncio.to_thread(fleet.round)


@bot.on_shutdown()  # type: ignore[untyped-decorator]
async def stop() -> None:
    """After the last block."""
    await asyncio.to_thread(fleet.stop)
