"""A node that has rules which no installable one knows: `@ethereumjs/vm` behind JSON-RPC.

What tests do to a node of their own has anvil's names.
"""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from eth_account import Account
from web3 import Web3

from assurance.harness.chain.node import FINALITY, MNEMONIC, until

AMSTERDAM = "amsterdam"
_PROGRAM = Path(__file__).with_name("door.mjs")
_ACCOUNTS = 20


class Door:
    """Listens on a free port until `stop`; `rules` are a hard fork's.

    `block_gas` is a block's limit, `call_gas` what a call or an estimate may take: geth's default is 50,000,000. Ape's
    first twenty test accounts hold 10,000 ether each. Raises `OSError` if it cannot listen.
    """

    def __init__(
        self,
        rules: str = AMSTERDAM,
        *,
        block_gas: int = 200_000_000,
        call_gas: int | None = None,
        chain_id: int = 31_337,
        port: int = 0,
    ) -> None:
        settings = {
            "rules": rules, "chainId": chain_id, "blockGas": str(block_gas), "callGas": str(call_gas or block_gas),
            "rich": _rich(), "port": port,
        }  # fmt: skip
        # It ends with this process, however that ends.
        self.process = subprocess.Popen(
            ["node", _PROGRAM, json.dumps(settings)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        listening = self.process.stdout.readline().strip()
        if not listening:
            raise OSError(f"no node can listen on port {port}")
        self.url = f"http://127.0.0.1:{listening}"
        self.web3 = Web3(Web3.HTTPProvider(self.url, request_kwargs={"timeout": 120}))
        until(self.web3.is_connected)

    def rpc(self, method: str, *params: Any) -> Any:
        response = self.web3.provider.make_request(method, list(params))  # type: ignore[arg-type]
        assert "error" not in response, response
        return response["result"]

    def finalize(self) -> None:
        """Mines, without time passing, until every block so far is final."""
        self.rpc("anvil_mine", hex(FINALITY), "0x0")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@cache
def _rich() -> list[str]:
    Account.enable_unaudited_hdwallet_features()
    return [
        Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{number}").address for number in range(_ACCOUNTS)
    ]
