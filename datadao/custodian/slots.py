"""From a role's folder to custodians at work: which slots its keys hold is the chain's to say.

`datadao custodian`, `ape run custodian` and the fleet all begin here.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from datadao.agreements import agreed_of
from datadao.chain.abi import LOCAL_CHAIN_IDS
from datadao.chain.connection import host
from datadao.chain.nodes import NodesView
from datadao.chain.signatures import checker
from datadao.client import DataDAO
from datadao.crypto.keyfile import load_key
from datadao.crypto.seal import public_key
from datadao.custodian.checks import Checks
from datadao.custodian.custodian import Custodian
from datadao.custodian.service import Service
from datadao.errors import ChainUnavailable, InvalidArgument, SlotMismatch
from datadao.index.view import IndexedView
from datadao.messages import eip712
from datadao.profile import Profile
from datadao.storage.board import Board
from datadao.storage.store import Store
from datadao.text import visible_log
from datadao.types import Slot

MAX_AGE = 300.0
"""Seconds. A node whose newest block is older is not believed about the latest block; local chains stand still."""

log = visible_log("datadao.custodian")


@dataclass(frozen=True)
class Slots:
    """What a role has to do: `services` for the slots that its keys hold, `left` for those that they held."""

    services: list[Service]
    left: list[Custodian]
    view: NodesView

    def run(self, stop: Event, interval: float) -> int:
        """A round of every slot each `interval` seconds until `stop` is set, the one under way to its end.

        Returns how many were done. What goes wrong is logged and tried again.
        """
        rounds = 0
        while not stop.is_set():
            for service in self.services:
                with suppress(ChainUnavailable):  # which it logged
                    service.round()
            rounds += 1
            stop.wait(interval)
        return rounds

    def close(self) -> None:
        """Lets another process take the role's folder."""
        for custodian in (*(service.custodian for service in self.services), *self.left):
            custodian.close()
        self.view.close()


def open_slots(dao: DataDAO, profile: Profile, signer: eip712.Signer, keys: Sequence[str] = ("sealing",)) -> Slots:
    """Every slot that the named keys of the role's folder hold or held, in any committee.

    The connected node is asked, and each of the profile's `nodes` beside it. Raises `KeyFileRefused`, `ProfileRefused`,
    `ChainUnavailable`, `JournalBusy`, `JournalCorrupt`; `SlotMismatch` if no key ever held a slot.
    """
    store = Store(**profile.needed("store"))
    board = Board(dao.id, store, Store(**profile.inbox) if profile.inbox else None)
    view = view_of(dao, profile.nodes, profile.home)
    slots, check = Slots([], [], view), checker(dao.web3)
    agreed = partial(agreed_of, dao, board.agreement)

    def custodian(key: X25519PrivateKey, place: Slot) -> Custodian:
        # A holder that renewed its key has the slot twice: to hand over, and to take over.
        home = profile.home / "custody" / f"{place[0]}-{place[1]}-{public_key(key).hex()[:16]}"
        parts = {"private_key": key, "signer": signer, "view": view, "store": store, "home": home, "check": check}
        return Custodian(dao.id, *place, **parts)  # type: ignore[arg-type]

    try:
        for name in keys:
            key = load_key(profile.home / "keys" / name)
            held, left = Checks(view, dao.id).slots_of(public_key(key))
            slots.services.extend(Service(custodian(key, slot), board, agreed=agreed) for slot in held)
            slots.left.extend(custodian(key, slot) for slot in left)
    except BaseException:
        slots.close()
        raise
    if not slots.services and not slots.left:
        slots.close()
        raise SlotMismatch(f"no key of {profile.home / 'keys'} ({', '.join(keys)}) holds or held a slot, finally")
    return slots


def view_of(dao: DataDAO, nodes: Sequence[str], home: Path) -> NodesView:
    """The connected node and the further ones as one; each has to answer, and all alike. What each has said of events
    is kept in the folder `home`. `close` it."""
    first = str(getattr(dao.web3.provider, "endpoint_uri", ""))
    if not first.startswith("http"):
        raise InvalidArgument("the connected node has no http address; name a network that has one")
    urls = [first, *nodes]
    if len(set(urls)) < len(urls):
        raise InvalidArgument("two of the nodes are the same: only independent ones can correct each other")
    if len(urls) == 1:
        log.warning("only one node is asked: whoever runs it can have keys or outputs released; add others")
    from datadao.chain.patience import connect  # with web3, which the help of `datadao custodian` does without

    age = None if dao.id.chain_id in LOCAL_CHAIN_IDS else MAX_AGE
    options: dict[str, Any] = {"chain_id": dao.id.chain_id, "max_age": age, "since": dao.since}
    return NodesView({
        f"node {number} ({host(url)})": IndexedView(connect(url), dao.addresses, home / _file_of(url), **options)
        for number, url in enumerate(urls, 1)
    })  # fmt: skip


def _file_of(url: str) -> str:
    """A node's read model; its address may hold a password."""
    return f"node-{sha256(url.encode()).hexdigest()[:16]}.sqlite"
