"""The demo's act about a lost key: its heir asks, waits, and takes its place. Both sign, a relayer pays."""

from __future__ import annotations

from typing import Any

from eth_account import Account

from datadao.chain.rpc import read_block
from datadao.messages import eip712
from datadao.messages.heirs import BIND, OPEN
from scripts._demo.actors import Heir
from scripts._demo.console import wait_until
from scripts._demo.steps import DATASET, Demo

HEIRS_DELAY = 30
"""Days that the lost account has to veto, the fewest that there are."""


def lose_a_key(demo: Demo) -> Heir:
    """A respondent had named an heir and loses its key; the heir asks for its place."""
    dao, lost = demo.dao, demo.actors.members[0]
    heir = Heir(lost.address, Account.create())
    name, until = dao.read("token", "name"), read_block(dao.web3, "latest").timestamp + 86_400

    def relay(function: str, kind: str, signer: eip712.Signer, *values: Any) -> None:
        typed = eip712.typed_data(name, dao.id.chain_id, dao.addresses["token"], kind, *values)
        sent = dao.send("token", function, *_relayed(function, values), signer(typed), sender=demo.actors.relayer)
        demo.out.gas(f"{function}, by signature", sent)

    nonce = dao.read("token", "nonces", lost.address)
    relay("bindHeirBySig", BIND, lost.sign, lost.address, heir.address, HEIRS_DELAY, nonce, until)
    relay("openSuccessionBySig", OPEN, eip712.signer(heir.account), lost.address, heir.address, 0, until)
    heir.executable = read_block(dao.web3, "latest").timestamp + HEIRS_DELAY * 86_400
    demo.out.say(f"one respondent loses its key; its heir has asked, and {HEIRS_DELAY} days pass without a veto")
    return heir


def _relayed(function: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values as the contract takes them: it knows the heir that opens."""
    return values[:1] + values[2:] if function == "openSuccessionBySig" else values


def succeed(demo: Demo, heir: Heir) -> int:
    """Shares, tokens and votes become the heir's, with what they had earned; its income in units."""
    dao, relayer = demo.dao, demo.actors.relayer
    held = dao.read("token", "balanceOf", heir.lost)
    owed = dao.read("splitter", "claimable", heir.lost, [DATASET])
    wait_until(heir.executable)
    demo.out.gas("take a lost account's place", dao.send("token", "succeed", heir.lost, [DATASET], sender=relayer))
    dao.send("splitter", "claim", heir.address, [DATASET], sender=relayer)
    dao.send("splitter", "claim", heir.lost, [DATASET], sender=relayer)
    paid, lost = (int(demo.asset.balanceOf(account)) for account in (heir.address, heir.lost))
    if (paid, lost) != (owed, 0) or dao.read("token", "getVotes", heir.address) != held:
        raise AssertionError(f"of {owed} units and {held} votes the heir has {paid} units")
    demo.out.say(f"the heir is paid {paid:,} units and has {held // 10**9:,} votes; the lost account has nothing")
    return paid
