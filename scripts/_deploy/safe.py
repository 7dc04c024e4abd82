"""`ape run deploy --factory --safe`: what its owners are to send, then the record and the verification."""

from __future__ import annotations

from pathlib import Path

from datadao.chain.arguments import ConfigError
from datadao.text import Terminal
from deployer.config import Config
from deployer.console import show_plan
from deployer.estimate import estimate
from deployer.networks import record_path
from deployer.record import append, factory_given, newest_factory
from deployer.safe import Note, entry_of, given_safe, on_chain, proposed, write
from deployer.send import RECORDED
from scripts._deploy.recorded import remark_on_earlier, verified


def create_by_safe(
    out: Terminal, text: str, config: Config, folder: Path, factory: str | None, *, restart: bool
) -> bool:
    """Writes the calls that are left, or, if none is, the record. Raises `ConfigError`."""
    safe, note = given_safe(text), Note(record_path(folder))
    plan, since = note.plan(safe, config, _existing(folder, factory), restart=restart)
    done = on_chain(plan, since)
    if len(done) < len(plan.transactions):
        show_plan(out, plan, estimate(plan, len(done)), done)
        if not done:
            remark_on_earlier(out, folder)
        calls = proposed(plan, safe, len(done))
        out.print(f"For {safe}:")
        for call, path in zip(calls, write(folder, plan, safe, calls), strict=True):
            out.print(f"  {call.item.name}: {path}")
            out.print(f"    as its transaction {call.nonce}: hash {call.hash}")
            out.print(f"    domain hash {call.domain_hash}, message hash {call.message_hash}")
        out.print(
            "Import each file alone into the Safe's transaction builder, in this order, compare the hashes, and run "
            "the same command again when they are on chain. Any account may send `complete` too."
        )
        return True
    entry = entry_of(plan, done)
    out.print(f"Recorded in {append(folder, entry)}")
    note.forget()
    return verified(out, entry, plan.config)


def _existing(folder: Path, factory: str | None) -> str:
    """The transaction that created the factory. One is enough for a chain, and a Safe cannot create it."""
    if factory is None:
        raise ConfigError("--safe: a Safe creates a DAO through a factory only: add --factory")
    found = newest_factory(folder) if factory == RECORDED else factory_given(folder, factory)
    if found is None:
        raise ConfigError(
            "--safe: no factory is recorded here: give --factory the transaction that created one by this project's "
            "code, or deploy one with --factory --alone from any account with a key"
        )
    return found
