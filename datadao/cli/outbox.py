"""What was sent from a role's folder and is not known to be mined: one file a transaction, written before it leaves.

So no crash and no silence of a node lets anyone pay twice: the next command first asks what became of it, and what is
sent while the node knows nothing of it takes its nonce, so that only one of the two can ever be mined.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from datadao.chain.transactions import Sent
from datadao.crypto.files import write_whole
from datadao.errors import InvalidArgument


@dataclass(frozen=True)
class Entry:
    """A transaction, and the `command` with its options that sent it; `last` if nothing of the command follows it.
    `since` is when, Unix seconds."""

    sent: Sent
    command: Sequence[str]
    last: bool
    since: int


@dataclass(frozen=True)
class Outbox:
    """Of one chain: `chain` is its id and the hash of its first block."""

    folder: Path
    chain: tuple[int, str]

    def put(self, sent: Sent, command: Sequence[str], *, last: bool) -> None:
        """Keeps a transaction that is about to be sent; it is on the disk when this returns."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = {
            "chainId": self.chain[0],
            "genesis": self.chain[1],
            "transaction": asdict(replace(sent, data=b"")) | {"data": "0x" + sent.data.hex()},
            "command": list(command),
            "last": last,
            "since": int(time.time()),
        }
        data = json.dumps(content, indent=2).encode()
        write_whole(self._path(sent), lambda out: out.write(data), durable=True)

    def remove(self, sent: Sent) -> None:
        """Forgets a transaction whose fate is known."""
        self._path(sent).unlink(missing_ok=True)

    def waiting(self, sender: str) -> list[Entry]:
        """What this account sent on this chain, in the order of nonces. Raises `InvalidArgument` for a damaged file."""
        found = [entry for path in paths(self.folder) if (entry := self._read(path)) and entry.sent.sender == sender]
        return sorted(found, key=lambda entry: (entry.sent.nonce, entry.since))

    def _path(self, sent: Sent) -> Path:
        return self.folder / f"{sent.hash}.json"

    def _read(self, path: Path) -> Entry | None:
        """None for an entry of another chain."""
        try:
            raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if (raw["chainId"], raw["genesis"]) != self.chain:
                return None
            fields = raw["transaction"]
            sent = Sent(**fields | {"data": bytes.fromhex(fields["data"][2:])})
            return Entry(sent, tuple(raw["command"]), raw["last"], raw["since"])
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidArgument(
                f"{path} is no record of a transaction that was sent; restore it from a copy, or look up what became "
                "of the transaction that names it and move it away"
            ) from error


def paths(folder: Path) -> Iterator[Path]:
    """Files of an outbox, of whatever chain."""
    return iter(sorted(folder.glob("0x*.json")))
