"""A licensee of the fresh DAO, and the pool of its node."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ape
from ape.logging import LogLevel, logger
from eth_utils import keccak

from assurance.harness.clock import Clock
from assurance.harness.commands import Ran
from datadao.chain.codec import CONTRACTS
from datadao.chain.reverts import try_call
from datadao.chain.rpc import Call
from datadao.crypto.keyfile import new_key
from tests.cli.conftest import FreshDao

ESCROW = 250 * 10**6
"""Of 2 periods of 100 and a bond of 50 Test Dollars."""
HELD = 10**9
"""Units of the asset that the licensee has at first."""


class Licensee:
    """Test account 10, what it sends, and what it has."""

    clock: Clock | None = None
    """Which is hasty while the node does not mine."""

    def __init__(self, live: FreshDao, name: str = "licensee") -> None:
        self.live, self.home = live, live.home(name)
        self.account = ape.accounts.test_accounts[10]
        self.address = str(self.account.address)
        new_key(self.home / "keys" / "sealing")

    def run(self, *arguments: str) -> Ran:
        return self.live.run(self.home, *arguments)

    def allow(self, amount: int = 10 * ESCROW) -> None:
        """Beforehand, so that a request is the only transaction."""
        assert self.run("send", "asset.approve", "leases", str(amount), "--yes").code == 0

    def mining(self, on: bool) -> None:
        if self.clock:
            self.clock.hasty = not on
        self.live.node.rpc("evm_setAutomine", on)

    def mine(self) -> None:
        self.live.node.rpc("evm_mine")

    def pull_brake(self, tip: int = 10**9) -> None:
        """The guardian does."""
        self._elsewhere(1, self.live.addresses["brake"], keccak(text="pull()")[:4], tip)

    def elsewhere(self, tip: int = 10**9) -> None:
        """The licensee's other wallet sends something, with a nonce of its own count."""
        self._elsewhere(10, self.address, b"", tip)

    def _elsewhere(self, account: int, to: str, data: bytes, tip: int) -> None:
        sender = ape.accounts.test_accounts[account]
        # What Ape says of the connection would stand in the output of the command that runs meanwhile.
        quiet, node = logger.at_level(LogLevel.ERROR), ape.networks.parse_network_choice(self.live.node.url)
        with quiet, node as provider:
            unsigned = ape.networks.ecosystem.create_transaction(
                sender=sender.address, receiver=to, data=data, nonce=self.live.nonce(account), gas_limit=200_000,
                max_fee=10 * tip, max_priority_fee=tip, chain_id=provider.web3.eth.chain_id,
            )  # fmt: skip
            raw = bytes(sender.sign_transaction(unsigned).serialize_transaction())
        self.live.node.rpc("eth_sendRawTransaction", "0x" + raw.hex())

    def view(self, key: str, function: str, *arguments: Any) -> Any:
        """What the chain says now."""
        address, contract = (
            (str(self.live.asset.address), "DataToken")
            if key == "asset"
            else (self.live.addresses[key], CONTRACTS[key])
        )
        call = Call(address, contract, function, arguments, function)
        return call.decode(try_call(self.live.node.web3, self.address, call))

    @property
    def escrowed(self) -> int:
        """What the licensee no longer has."""
        return HELD - int(self.view("asset", "balanceOf", self.address))

    @property
    def allowance(self) -> int:
        return int(self.view("asset", "allowance", self.address, self.live.addresses["leases"]))

    @property
    def leases(self) -> int:
        return int(self.view("leases", "leaseCount"))

    @property
    def nonce(self) -> int:
        return self.live.nonce(10)

    @property
    def pool(self) -> int:
        """Transactions that are pending or wait for a nonce before them."""
        content = self.live.node.rpc("txpool_status")
        return int(content["pending"], 16) + int(content["queued"], 16)

    @property
    def kept(self) -> list[Path]:
        """Records of what was sent and is not known to be mined."""
        return sorted((self.home / "outbox").glob("*"))

    def age(self, seconds: int) -> None:
        """Makes all records as much older."""
        for path in self.kept:
            record = json.loads(path.read_text())
            path.write_text(json.dumps(record | {"since": record["since"] - seconds}))

    def raw(self, name: str) -> str:
        """A transaction as it was broadcast."""
        return str(json.loads((self.home / "outbox" / f"{name}.json").read_text())["transaction"]["raw"])
