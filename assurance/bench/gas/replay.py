"""The same transactions under the rules of the next hard fork, in a virtual machine that has them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Set
from pathlib import Path
from typing import Any, NamedTuple

from assurance.harness.chain.anvil import Anvil

_PROGRAM = Path(__file__).with_name("replay.mjs")


class ReplayError(Exception):
    """The virtual machine does not repeat what the node did, under the node's own rules; it says where."""


class Cost(NamedTuple):
    """Of a transaction under Amsterdam's rules: gas, new storage slots, and the least limit with which it does the same
    as without one. Each new slot is 97,920 of the gas."""

    gas: int
    slots: float
    limit: int | None


def replay(chain: Anvil, asked: Set[str], limited: Set[str]) -> dict[str, Cost]:
    """Costs of the transactions asked for, by hash, with a limit of those in `limited`. Raises `ReplayError`."""
    if not asked:
        return {}
    names = {"asked": sorted(asked), "limited": sorted(limited)}
    history = {"chainId": chain.chain_id, "blocks": _blocks(chain), **names}
    done = subprocess.run(["node", _PROGRAM], input=json.dumps(history), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReplayError(done.stderr.strip())
    answer: dict[str, dict[str, Any]] = json.loads(done.stdout)
    if answer.keys() != asked:
        raise ReplayError(f"the chain has no transaction {', '.join(sorted(asked - answer.keys()))}")
    return {name: Cost(**cost) for name, cost in answer.items()}


def _blocks(chain: Anvil) -> list[dict[str, Any]]:
    """Those of the whole chain that have transactions, as the program takes them, with what was written into storage
    before."""
    found, written, ask = [], 0, chain.web3.provider.make_request
    for number in range(chain.web3.eth.block_number + 1):
        block: Any = ask("eth_getBlockByNumber", [hex(number), True])["result"]  # type: ignore[arg-type]
        transactions = [
            {name: sent[key] for name, key in (("hash", "hash"), ("from", "from"), ("to", "to"), ("data", "input"))}
            | {"value": int(sent["value"], 16)}
            for sent in block["transactions"]
        ]
        if transactions:
            numbers = {name: int(block[name], 16) for name in ("number", "timestamp", "gasUsed")}
            before = sum(after < number for after, *_ in chain.edits)
            edits = [
                (address, f"{slot:064x}", f"{word:064x}") for _, address, slot, word in chain.edits[written:before]
            ]
            written = before
            found.append(numbers | {"edits": edits, "transactions": transactions})
    return found
