"""Deploys a Data DAO through Ape: what `ape run deploy`, the demo and the tests call.

No set-up transaction exists. Every role is a constructor argument, and each contract refuses to live at any address but
the one its counterparts were given; the registry, which every other one needs, comes last.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import ape
from ape.exceptions import ApeException
from ape.logging import LogLevel, logger
from requests.exceptions import RequestException
from web3.exceptions import Web3Exception

from datadao.deployment import Config
from datadao.errors import DataDAOError
from scripts._artifacts import abi_of
from scripts._plan import Plan, make_plan, override
from scripts._record import Journal, Step

Report = Callable[[Step], None]
"""Told of each contract as soon as it is on chain."""

_POLL = 0.1
"""Seconds between two looks for a receipt."""

FAILURES = (ApeException, Web3Exception, RequestException, OSError)
"""What Ape and the connection to a node raise."""


class DeploymentError(DataDAOError):
    """A deployment stopped half way. Says what is on chain and how to go on."""


@dataclass(frozen=True)
class Deployment:
    """A DAO on the chain that Ape is connected to: `dao.addresses["registry"]`, and Ape's handle `dao.registry`."""

    plan: Plan
    steps: tuple[Step, ...]
    contracts: Mapping[str, Any] = field(repr=False)

    @property
    def addresses(self) -> dict[str, str]:
        return self.plan.addresses

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__") or key not in self.contracts:
            raise AttributeError(key)
        return self.contracts[key]


def deploy(
    account: Any, config: Config, *, overrides: Mapping[str, Any] | None = None, report: Report | None = None
) -> Deployment:
    """Deploys the DAO that `config` describes from `account`, on the network Ape is connected to.

    `overrides` replaces entries by dotted path, such as `{"DataToken.transferable": True}`. `report` is called after
    each contract. Raises `ConfigError` before anything is sent, `DeploymentError` when it stops half way.
    """
    return execute(account, make_plan(account.address, override(config, overrides or {})), report=report)


def execute(
    account: Any,
    plan: Plan,
    *,
    done: tuple[Step, ...] = (),
    journal: Journal | None = None,
    report: Report | None = None,
) -> Deployment:
    """Sends a plan, contract by contract, after the steps that an earlier run has `done`."""
    steps = list(done)
    for number in range(len(done), len(plan.contracts)):
        try:
            with logger.at_level(LogLevel.ERROR):
                steps.append(_create(account, plan, number, journal))
        except (KeyboardInterrupt, SystemExit) as error:  # Ape turns Ctrl-C into the second.
            raise DeploymentError(_stopped(plan, number, "interrupted")) from error
        except (DeploymentError, *FAILURES) as error:
            raise DeploymentError(_stopped(plan, number, _reason(error))) from error
        if report is not None:
            report(steps[-1])
    handles = {item.key: _handle(item.address, abi_of(item.contract)) for item in plan.contracts}
    handles.setdefault("asset", _handle(plan.asset, list(_erc20())))
    return Deployment(plan, tuple(steps), handles)


def _create(account: Any, plan: Plan, number: int, journal: Journal | None) -> Step:
    item, nonce = plan.contracts[number], plan.nonce + number
    if account.nonce != nonce:
        raise DeploymentError(f"{account.address} meanwhile sent a transaction of its own (nonce {account.nonce})")
    creation = ape.networks.ecosystem.create_transaction(data=item.initcode, nonce=nonce, sender=account.address)
    signed = account.sign_transaction(account.prepare_transaction(creation))
    if signed is None:
        raise DeploymentError(f"{account.address} did not sign")
    if journal is not None:
        journal.sending(number, "0x" + bytes(signed.txn_hash).hex())
    receipt = _send(signed)
    if receipt["status"] != 1:
        raise DeploymentError(f"its constructor refused (transaction {receipt['transactionHash'].to_0x_hex()})")
    if receipt["contractAddress"] != item.address:
        raise DeploymentError(f"it was created at {receipt['contractAddress']} instead of {item.address}")
    transaction = receipt["transactionHash"].to_0x_hex()
    return Step(item.key, item.contract, item.address, transaction, receipt["blockNumber"], receipt["gasUsed"])


def _send(signed: Any) -> Any:
    """Receipt of a signed transaction, once it has the confirmations that Ape's network asks for.

    Not by Ape's own `send_transaction`, which stumbles over a creation that reverts.
    """
    provider = ape.networks.provider
    web3, network = provider.web3, provider.network
    transaction = web3.eth.send_raw_transaction(signed.serialize_transaction())
    receipt = web3.eth.wait_for_transaction_receipt(
        transaction, timeout=network.transaction_acceptance_timeout, poll_latency=_POLL
    )
    while web3.eth.block_number < receipt["blockNumber"] + network.required_confirmations:
        time.sleep(network.block_time or _POLL)
    return receipt


def _stopped(plan: Plan, done: int, reason: str) -> str:
    names = [item.contract for item in plan.contracts]
    on_chain = ", ".join(names[:done]) or "nothing"
    return "\n".join([
        f"Stopped at {names[done]}, contract {done + 1} of {len(names)}: {reason}",
        f"On chain: {on_chain}. Nothing of it can be used: it obeys a registry that does not exist.",
        f"To resume, run the same command again: it goes on from here while nonce {plan.nonce + done} is the next of",
        f"{plan.deployer}. If that account has sent anything else, it starts over at new addresses;",
        "what is on chain then stays as it is, useless and harmless.",
    ])  # fmt: skip


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _handle(address: str, abi: list[dict[str, Any]]) -> Any:
    return ape.chain.contracts.instance_at(address, abi=abi, fetch_from_explorer=False, detect_proxy=False)


def _erc20() -> Iterator[dict[str, Any]]:
    wanted = ("balanceOf", "transfer", "approve", "allowance", "decimals", "symbol", "name", "totalSupply", "Transfer")
    for entry in abi_of("DataToken"):
        if entry.get("name") in wanted:
            yield entry
