"""What was deployed: `deployments/<chain-id>.json`, and the note a deployment keeps until it is through.

{"chain_id": ..., "genesis": ..., "deployments": [oldest, ..., newest]}, keys sorted. Nothing is ever taken out of the
file, except that a local node, which forgets everything, starts it anew.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import ape

from datadao.deployment import LOCAL_CHAIN_IDS
from datadao.errors import DataDAOError
from scripts._networks import ROOT, record_path
from scripts._plan import Plan
from scripts._values import plain


class RecordError(DataDAOError):
    """There is no record of a deployment, or it is of another chain."""


@dataclass(frozen=True)
class Step:
    """A contract that was created."""

    key: str
    contract: str
    address: str
    transaction: str
    block: int
    gas: int


def new_entry(plan: Plan, steps: tuple[Step, ...]) -> dict[str, Any]:
    """A deployment as it is recorded."""
    arguments = {item.contract: item.arguments for item in plan.contracts}
    contracts = {
        step.contract: {
            "address": step.address,
            "arguments": plain(arguments[step.contract]),
            "block": step.block,
            "gas": step.gas,
            "transaction": step.transaction,
        }
        for step in steps
    }
    path = plan.config.path
    return {
        "accounts": dict(plan.accounts),
        "asset": plan.asset,
        "commit": _commit(),
        "config": {"file": path.name, "sha256": sha256(path.read_bytes()).hexdigest()},
        "contracts": contracts,
        "deployer": plan.deployer,
        "now": plan.now,
    }


def append(folder: Path, entry: Mapping[str, Any]) -> Path:
    """Adds a deployment to the record of the connected chain."""
    path, genesis = record_path(folder), _genesis()
    chain_id = ape.networks.provider.chain_id
    record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if record and record["genesis"] != genesis:
        if chain_id not in LOCAL_CHAIN_IDS:
            raise RecordError(f"{path} is the record of another chain {chain_id}: its first block is another one")
        record = {}
    earlier = record.get("deployments", [])
    _write(path, {"chain_id": chain_id, "deployments": [*earlier, entry], "genesis": genesis})
    return path


def newest(folder: Path) -> dict[str, Any]:
    """The last deployment recorded for the connected chain. Raises `RecordError`."""
    path = record_path(folder)
    if not path.exists():
        raise RecordError(f"no deployment is recorded in {path}; `ape run deploy` writes it")
    record = json.loads(path.read_text(encoding="utf-8"))
    if record["genesis"] != _genesis():
        raise RecordError(f"{path} is the record of another chain: did the local node start anew? Deploy again")
    entry: dict[str, Any] = record["deployments"][-1]
    return entry


class Journal:
    """What a deployment under way has sent, on disk before it is sent: `deployments/.pending-<chain-id>.json`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f".pending-{record_path(folder).stem}.json"

    def read(self) -> dict[str, Any] | None:
        """The unfinished deployment, or None."""
        if not self.path.exists():
            return None
        note: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return note if note["genesis"] == _genesis() else None

    def begin(self, plan: Plan) -> None:
        note = {
            "deployer": plan.deployer,
            "fingerprint": plan.fingerprint,
            "genesis": _genesis(),
            "nonce": plan.nonce,
            "now": plan.now,
            "transactions": {},
        }
        _write(self.path, note)

    def sending(self, step: int, transaction: str) -> None:
        """Notes a transaction; a step can be sent again at another price."""
        note = json.loads(self.path.read_text(encoding="utf-8"))
        note["transactions"].setdefault(str(step), []).append(transaction)
        _write(self.path, note)

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    temporary.replace(path)


def _genesis() -> str:
    return "0x" + bytes(ape.networks.provider.get_block(0).hash).hex()


def _commit() -> str | None:
    """The commit that was deployed; `-dirty` with changes on top; None outside a repository."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return answer.stdout.strip() or None
