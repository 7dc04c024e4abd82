"""What a contributor keeps of each file it handed in: a private note that makes `contribute` resumable."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datadao.crypto.files import write_whole
from datadao.errors import InvalidArgument
from datadao.messages.submission import Submission

_CONVERTED = "converted"
"""Folder of what was made of files that were no JSON Lines, each named like the receipt."""


@dataclass(frozen=True)
class Receipt:
    """`submission` as it was signed, for attestor set `attestors` and committee `committee_version`; `submitted` once
    it is on the board. `source` and `digest` (sha256) are of the plaintext and leave this folder never; `converted` is
    the file that was made of it and handed in instead, if any, and its sha256."""

    source: str
    digest: bytes
    submission: Submission
    committee_version: int
    attestors: int
    submitted: bool
    converted: tuple[str, bytes] | None = None

    def write(self, home: Path) -> None:
        """Replaces the receipt of the same file and dataset, whole or not at all."""
        path = _path(home, self.submission.dataset_id, self.digest)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content: dict[str, Any] = {
            "source": self.source,
            "sha256": self.digest.hex(),
            "submission": self.submission.encode().hex(),
            "committee_version": self.committee_version,
            "attestors": self.attestors,
            "submitted": self.submitted,
        }
        if self.converted:
            content["converted"] = {"file": self.converted[0], "sha256": self.converted[1].hex()}
        data = json.dumps(content, indent=2).encode()
        write_whole(path, lambda out: out.write(data), durable=True)


def find(home: Path, dataset_id: int, path: Path, digest: bytes) -> Receipt | None:
    """The receipt of a file with this sha256, if it was handed in to the dataset from here; `path` may also be what was
    made of it."""
    place = _path(home, dataset_id, digest)
    if place.exists():
        return _read(place)
    place = place.with_name(f"{path.stem}.json")
    if path.resolve().parent == (home / _CONVERTED).resolve() and place.exists():
        found = _read(place)
        same = found.converted and (found.submission.dataset_id, found.converted[1]) == (dataset_id, digest)
        return found if same else None
    return None


def converted_path(home: Path, dataset_id: int, digest: bytes) -> Path:
    """Where the file is kept that was made of the one with this sha256."""
    return home / _CONVERTED / _path(home, dataset_id, digest).with_suffix(".jsonl").name


def every(home: Path) -> list[Receipt]:
    """All receipts."""
    return [_read(path) for path in sorted((home / "receipts").glob("*.json"))]


def digest_of(path: Path) -> bytes:
    """sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _path(home: Path, dataset_id: int, digest: bytes) -> Path:
    return home / "receipts" / f"{dataset_id}-{digest.hex()[:32]}.json"


def _read(path: Path) -> Receipt:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        submission = Submission.decode(bytes.fromhex(raw["submission"]))
        digest = bytes.fromhex(raw["sha256"])
        made = raw.get("converted")
        converted = (str(made["file"]), bytes.fromhex(made["sha256"])) if made else None
        return Receipt(
            raw["source"], digest, submission, raw["committee_version"], raw["attestors"], raw["submitted"], converted
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidArgument(f"{path} is no receipt; restore it from a copy, or move it away") from error
