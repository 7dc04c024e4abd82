"""A custodian's memory: bundles held back until they are paid for, what was released, what was signed, what was taken
over from a leaver, as its journal has it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datadao.crypto.files import write_whole
from datadao.custodian.journal import Checkpoint, Entry, Journal
from datadao.custodian.numbers import Numbers
from datadao.errors import SlotMismatch


@dataclass(frozen=True)
class Held:
    """A bundle that waits: its name in storage, the contributions in it, the licensee key it is sealed to."""

    lease_id: int
    name: str
    ids: tuple[bytes, ...]
    hpke_key: bytes
    sha256: bytes


class State:
    """A private folder with a journal. Each event is on disk before the act it announces, each bundle before its event.

    Raises `SlotMismatch` if the folder belongs to another `slot`, and what `Journal` raises.
    """

    def __init__(self, home: Path, slot: dict[str, Any]) -> None:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._home = home
        self._slot = slot
        self._held: dict[str, Held] = {}
        self._numbers = Numbers()
        self.finalized = 0
        self.begun: set[str] = set()
        """Held bundles that may be out: an upload was begun."""
        self.released: defaultdict[int, set[bytes]] = defaultdict(set)
        self.computed: defaultdict[tuple[int, int, str], set[bytes]] = defaultdict(set)
        self.ready: dict[tuple[int, bytes], bytes] = {}
        self.inherited: defaultdict[bytes, set[bytes]] = defaultdict(set)
        self._journal = Journal(home / "journal.jsonl")
        try:
            for entry in self._journal.entries:
                self._apply(entry)
        except BaseException:
            self.close()
            raise
        if not self._journal.entries:
            self.record("slot", **slot)
        if self._journal.entries[0] != {"event": "slot", **slot}:
            self.close()
            raise SlotMismatch(f"{home.name} belongs to another slot or DAO; give every slot a folder of its own")
        if self._journal.torn:
            self.record("repaired", dropped=self._journal.torn)
        kept = {self._path(name) for name in self._held} | {self._inherited(digest) for digest in self.inherited}
        for pattern in (".part-*", "*.bundle", "*.handover"):  # what crashes left behind
            for path in home.glob(pattern):
                if path not in kept:
                    path.unlink()

    def close(self) -> None:
        """Lets another process take the folder."""
        self._journal.close()

    def of(self, lease_id: int) -> list[Held]:
        """Bundles that wait for this lease, oldest first."""
        return [held for held in self._held.values() if held.lease_id == lease_id]

    def hold(self, lease_id: int, name: str, ids: tuple[bytes, ...], hpke_key: bytes, data: bytes) -> None:
        """Keeps a bundle back, on disk."""
        write_whole(self._path(name), lambda out: out.write(data), durable=True)
        sha256 = hashlib.sha256(data).hexdigest()
        self.record("held", **self._numbers.named(ids), lease=lease_id, name=name, key=hpke_key.hex(), sha256=sha256)

    def read(self, held: Held) -> bytes | None:
        """The bundle's bytes, or None if its file is lost or damaged."""
        return _read(self._path(held.name), held.sha256)

    def publishing(self, held: Held, finalized: int, latest: int) -> None:
        """Notes that the bundle is about to leave, and the block numbers that allowed it."""
        self.record("publishing", name=held.name, finalized=finalized, latest=latest)

    def published(self, held: Held) -> None:
        """Notes that the bundle is out."""
        self.record("published", name=held.name)
        self._path(held.name).unlink(missing_ok=True)

    def discard(self, held: Held, why: str) -> None:
        """Drops a bundle that must not go out as it is."""
        self.record("discarded", name=held.name, why=why)
        self._path(held.name).unlink(missing_ok=True)

    def signed(self, lease_id: int, root: bytes, signature: bytes) -> None:
        """Keeps a readiness signature, so that no second one is made."""
        self.record("ready", lease=lease_id, root=root.hex(), signature=signature.hex())

    def computing(self, lease_id: int, version: int, attestor: str, ids: Iterable[bytes], finalized: int) -> None:
        """Notes that shares of these files are about to go to an attestor, and the block that allowed it."""
        where = {"lease": lease_id, "set": version, "attestor": attestor}
        self.record("computing", **where, **self._numbers.named(list(ids)), finalized=finalized)

    def compute(self, lease_id: int, version: int, attestor: str, ids: Iterable[bytes]) -> None:
        """Notes that they are out."""
        where = {"lease": lease_id, "set": version, "attestor": attestor}
        self.record("computed", **where, **self._numbers.named(list(ids)))

    def over(self, lease_id: int) -> None:
        """Forgets a lease that is finally over, which never runs again."""
        for held in self.of(lease_id):
            self.discard(held, "the lease is over")
        known = {
            *(lease for lease, ids in self.released.items() if ids),
            *(lease for lease, *_ in self.computed),
            *(lease for lease, _ in self.ready),
        }
        if lease_id in known:
            self.record("over", lease=lease_id)

    def inherit(self, data: bytes, ids: Iterable[bytes]) -> None:
        """Keeps a leaver's record on disk, and which of the shares in it were the committed ones."""
        digest = hashlib.sha256(data).digest()
        write_whole(self._inherited(digest), lambda out: out.write(data), durable=True)
        self.record("inherited", sha256=digest.hex(), ids=[i.hex() for i in sorted(ids)])

    def inheritance(self) -> Iterator[tuple[bytes, set[bytes]]]:
        """Leavers' records, with the ids of the shares in each that count. One whose file is lost is left out."""
        for digest, ids in self.inherited.items():
            data = _read(self._inherited(digest), digest)
            if data is not None:
                yield data, ids

    @property
    def checkpoint(self) -> Checkpoint | None:
        """What the journal's first entry stands for; None if it was never compacted."""
        return self._journal.checkpoint

    @property
    def wasteful(self) -> bool:
        """Whether most of the journal is of what is over, or was superseded."""
        kept: tuple[Sized, ...] = (
            self.released, self._held, self.begun, self.computed, self.ready, self.inherited
        )  # fmt: skip
        return len(self._journal.entries) > _FEW + 2 * sum(len(each) for each in kept)

    def compact(self, sign: Callable[[Checkpoint], Checkpoint]) -> None:
        """Replaces the journal by what it adds up to, behind a checkpoint of what it was, which `sign` signs. A crash
        leaves the old one or the new one."""
        numbers = Numbers()
        self._journal.restart(list(self._summary(numbers)), sign)
        self._numbers = numbers

    def _summary(self, numbers: Numbers) -> Iterator[Entry]:
        """Entries that add up to this state, with files numbered anew."""

        def of(event: str, ids: Iterable[bytes], **details: Any) -> Entry:
            # By their former numbers, which leaves few runs.
            return {"event": event, **details, **numbers.named(sorted(ids, key=self._numbers.place))}

        yield {"event": "slot", **self._slot}
        yield {"event": "final", "finalized": self.finalized}
        yield from (of("released", ids, lease=lease) for lease, ids in sorted(self.released.items()) if ids)
        for held in self._held.values():
            where = {"lease": held.lease_id, "name": held.name, "key": held.hpke_key.hex(), "sha256": held.sha256.hex()}
            yield {"event": "held", **where, **numbers.named(held.ids)}
        yield from ({"event": "begun", "name": name} for name in sorted(self.begun))
        for (lease, version, attestor), ids in sorted(self.computed.items()):
            yield of("computed", ids, lease=lease, set=version, attestor=attestor)
        for (lease, root), signature in sorted(self.ready.items()):
            yield {"event": "ready", "lease": lease, "root": root.hex(), "signature": signature.hex()}
        for digest, ids in self.inherited.items():
            yield {"event": "inherited", "sha256": digest.hex(), "ids": [name.hex() for name in sorted(ids)]}

    def record(self, event: str, **details: Any) -> None:
        """Journals an event and takes it in."""
        self._journal.append(event, **details)
        self._apply(self._journal.entries[-1])

    def _path(self, name: str) -> Path:
        return self._home / ("-".join(name.rsplit("/", 2)[1:]) + ".bundle")

    def _inherited(self, digest: bytes) -> Path:
        return self._home / f"{digest.hex()}.handover"

    def _apply(self, entry: Entry) -> None:
        """State is nothing but what the entries, old and new, add up to."""
        self._numbers.add(entry.get("new", ""))
        match entry["event"]:
            case "held":
                key, sha256 = bytes.fromhex(entry["key"]), bytes.fromhex(entry["sha256"])
                self._held[entry["name"]] = Held(entry["lease"], entry["name"], self._files(entry), key, sha256)
            case "computing" | "final":
                self.finalized = max(self.finalized, entry["finalized"])
            case "computed":
                self.computed[entry["lease"], entry["set"], entry["attestor"]].update(self._files(entry))
            case "publishing":
                self.finalized = max(self.finalized, entry["finalized"])
                self.begun.add(entry["name"])
            case "begun":
                self.begun.add(entry["name"])
            case "published":
                held = self._held.pop(entry["name"])
                self.begun.discard(held.name)
                self.released[held.lease_id].update(held.ids)
            case "released":
                self.released[entry["lease"]].update(self._files(entry))
            case "discarded":
                self._held.pop(entry["name"])
                self.begun.discard(entry["name"])
            case "ready":
                self.ready[entry["lease"], bytes.fromhex(entry["root"])] = bytes.fromhex(entry["signature"])
            case "inherited":
                self.inherited[bytes.fromhex(entry["sha256"])].update(map(bytes.fromhex, entry["ids"]))
            case "over":
                self.released.pop(entry["lease"], None)
                for place in [place for place in self.computed if place[0] == entry["lease"]]:
                    del self.computed[place]
                for signed in [signed for signed in self.ready if signed[0] == entry["lease"]]:
                    del self.ready[signed]

    def _files(self, entry: Entry) -> tuple[bytes, ...]:
        return self._numbers.ids(entry["files"])


_FEW = 64
"""Entries that are not worth a checkpoint."""


def _read(path: Path, sha256: bytes) -> bytes | None:
    data = path.read_bytes() if path.exists() else b""
    return data if hashlib.sha256(data).digest() == sha256 else None
