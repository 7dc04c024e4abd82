"""What was deployed: `deployments/<chain-id>.json`, and the journal of a deployment that is not finished.

{"chain_id": ..., "genesis": ..., "deployments": [oldest, ..., newest], "factories": [oldest, ..., newest]}, keys
sorted, factories only where there are any. Entries are only added; a local node with another first block starts the
file anew.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ape

from datadao.chain.abi import LOCAL_CHAIN_IDS
from datadao.chain.arguments import ConfigError, plain
from datadao.encoding import address
from datadao.errors import DataDAOError, InvalidArgument
from deployer.factory import Factory
from deployer.networks import ROOT, record_path
from deployer.plan import Plan


class RecordError(DataDAOError):
    """There is no record of a deployment, or it is of another chain."""


@dataclass(frozen=True)
class Step:
    """A transaction that is on chain: `contract` and `address` are what it created, or called."""

    key: str
    contract: str
    address: str
    transaction: str
    block: int
    gas: int


def new_entry(plan: Plan, steps: tuple[Step, ...]) -> dict[str, Any]:
    """A deployment as it is recorded."""
    contracts = {
        item.contract: {
            "address": item.address,
            "arguments": plain(item.arguments),
            "block": step.block,
            "transaction": step.transaction,
            # A factory's transaction creates several contracts; its gas is no contract's own.
            **({} if transaction.calls else {"gas": step.gas}),
        }
        for transaction, step in zip(plan.transactions, steps, strict=True)
        for item in transaction.creates
    }
    config = plan.config
    return {
        "accounts": dict(plan.accounts),
        "asset": plan.asset,
        "commit": commit(),
        "config": {"file": config.path.name, "sha256": config.sha256, "text": config.text},
        "contracts": contracts,
        "deployer": plan.deployer,
        "now": plan.now,
        **({"factory": _factory(plan.factory, steps)} if plan.factory else {}),
    }


def _factory(factory: Factory, steps: Sequence[Step]) -> dict[str, str]:
    created = next((step.transaction for step in steps if step.key == "factory"), factory.transaction)
    return {"address": factory.address, "transaction": created}


def append(folder: Path, entry: Mapping[str, Any]) -> Path:
    """Adds a deployment to the record of the connected chain."""
    return _add(folder, "deployments", entry)


def append_factory(folder: Path, plan: Plan, steps: Sequence[Step]) -> None:
    """Adds the factory that a plan's `steps` deployed, unless there is none or it is known already."""
    step = next((step for step in steps if step.key == "factory"), None)
    if step is None or newest_factory(folder) == step.transaction:
        return
    entry = {
        "address": step.address,
        "block": step.block,
        "blueprints": [s.address for s in steps if s.key.startswith("blueprint ")],
        "commit": commit(),
        "deployer": plan.deployer,
        "transaction": step.transaction,
    }
    _add(folder, "factories", entry)


def newest(folder: Path) -> dict[str, Any]:
    """The last deployment recorded for the connected chain. Raises `RecordError`."""
    path = record_path(folder)
    record = _read(path)
    if not record.get("deployments"):
        raise RecordError(f"no deployment is recorded in {path}; `ape run deploy` writes it")
    if record["genesis"] != _genesis():
        raise RecordError(f"{path} is the record of another chain: did the local node start anew? Deploy again")
    entry: dict[str, Any] = record["deployments"][-1]
    return entry


def deployments(folder: Path) -> int:
    """How many are recorded for the connected chain."""
    record = _read(record_path(folder))
    return len(record.get("deployments", [])) if record.get("genesis") == _genesis() else 0


def newest_factory(folder: Path, at: str | None = None) -> str | None:
    """The transaction that created the last factory recorded for the connected chain, or the one at an address; None
    if there is none."""
    record = _read(record_path(folder))
    factories = record.get("factories", []) if record.get("genesis") == _genesis() else []
    found = [item["transaction"] for item in factories if at in (None, item["address"])]
    return found[-1] if found else None


def factory_given(folder: Path, text: str) -> str:
    """The transaction that created the factory which `--factory` names: by that transaction, or by the address of a
    factory that is recorded. Raises `ConfigError`."""
    if re.fullmatch(r"0x[0-9a-fA-F]{64}", text):
        return text.lower()
    try:
        wanted = address(text)
    except InvalidArgument as error:
        raise ConfigError(f"factory: {error}") from None
    found = newest_factory(folder, wanted)
    if found is None:
        raise ConfigError(f"factory: {wanted} is not recorded here; give the transaction that created it")
    return found


def _add(folder: Path, kind: str, entry: Mapping[str, Any]) -> Path:
    path, genesis = record_path(folder), _genesis()
    chain_id = ape.networks.provider.chain_id
    record = _read(path)
    if record and record["genesis"] != genesis:
        if chain_id not in LOCAL_CHAIN_IDS:
            raise RecordError(f"{path} is the record of another chain {chain_id}: its first block is another one")
        record = {}
    record = {"chain_id": chain_id, "deployments": [], "genesis": genesis, **record}
    replaced(path, {**record, kind: [*record.get(kind, []), entry]})
    return path


def _read(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return record


class Journal:
    """The transactions of an unfinished deployment, each written before it is sent: `.pending-<chain-id>.json`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f".pending-{record_path(folder).stem}.json"

    def read(self) -> dict[str, Any] | None:
        """The unfinished deployment, or None."""
        if not self.path.exists():
            return None
        note: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return note if note["genesis"] == _genesis() else None

    def begin(self, plan: Plan) -> None:
        note: dict[str, Any] = {
            "alone": plan.alone,
            "deployer": plan.deployer,
            "factory": plan.factory_option,
            "fingerprint": plan.fingerprint,
            "genesis": _genesis(),
            "nonce": plan.nonce,
            "now": plan.now,
            "transactions": {},
        }
        replaced(self.path, note)

    def sending(self, step: int, transaction: str) -> None:
        """Notes a transaction; a step can be sent again at another price."""
        note = json.loads(self.path.read_text(encoding="utf-8"))
        note["transactions"].setdefault(str(step), []).append(transaction)
        replaced(self.path, note)

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)


def replaced(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a file as JSON, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    temporary.replace(path)


def _genesis() -> str:
    return "0x" + bytes(ape.networks.provider.get_block(0).hash).hex()


def commit() -> str | None:
    """The commit that was deployed; `-dirty` with changes on top; None outside a repository."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return answer.stdout.strip() or None
