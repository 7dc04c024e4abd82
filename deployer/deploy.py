"""Deploys a Data DAO through Ape: what `ape run deploy`, the demo and the tests call.

There is no set-up transaction. Every role is a constructor argument, and each constructor reverts at any address but
the one that the other contracts were given; the registry, which all of them need, comes last. A factory does the same
in two transactions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import ape
from ape.exceptions import ApeException
from ape.logging import LogLevel, logger
from requests.exceptions import RequestException
from web3.exceptions import Web3Exception

from datadao.errors import NodeRefused
from deployer.artifacts import abi_of
from deployer.config import Config
from deployer.plan import Plan, make_plan, override
from deployer.record import Journal, Step
from deployer.send import DeploymentError, NonceSpent, Say, send

Report = Callable[[Step], None]
"""Called with each transaction once it is on chain."""

FAILURES = (ApeException, Web3Exception, RequestException, OSError)
"""What Ape and the connection to a node raise."""


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
    account: Any,
    config: Config,
    *,
    overrides: Mapping[str, Any] | None = None,
    factory: str | None = None,
    report: Report | None = None,
) -> Deployment:
    """Deploys the DAO that `config` describes from `account`, on the network Ape is connected to.

    `overrides` replaces entries by dotted path, such as `{"DataToken.transferable": True}`. `factory` is the
    transaction that created the one to use, or `NEW`. `report` is called after each transaction. Raises `ConfigError`
    before anything is sent, `DeploymentError` when it stops half way.
    """
    plan = make_plan(account.address, override(config, overrides or {}), factory=factory)
    return execute(account, plan, report=report)


def execute(
    account: Any,
    plan: Plan,
    *,
    done: tuple[Step, ...] = (),
    journal: Journal | None = None,
    report: Report | None = None,
    say: Say = lambda _: None,
    expected: Mapping[str, int] = MappingProxyType({}),
) -> Deployment:
    """Sends a plan, transaction by transaction, after the steps that an earlier run has `done`; `say` gets a line
    about what is waited for. `expected` is the gas of each by key, for nodes that estimate none so large."""
    steps = list(done)
    for number in range(len(done), len(plan.transactions)):
        try:
            with logger.at_level(LogLevel.ERROR):
                steps.append(send(account, plan, steps, journal, say, expected))
        except (KeyboardInterrupt, SystemExit) as error:  # Ape turns Ctrl-C into the second.
            raise DeploymentError(_stopped(plan, number, "interrupted")) from error
        except (DeploymentError, NodeRefused, *FAILURES) as error:
            spent = isinstance(error, NonceSpent)
            raise DeploymentError(_stopped(plan, number, _reason(error), spent=spent)) from error
        if report is not None:
            report(steps[-1])
    handles = {item.key: _handle(item.address, abi_of(item.contract)) for item in plan.contracts}
    handles.setdefault("asset", _handle(plan.asset, list(_erc20())))
    return Deployment(plan, tuple(steps), handles)


def _stopped(plan: Plan, done: int, reason: str, *, spent: bool = False) -> str:
    names = [item.name for item in plan.transactions]
    return "\n".join([
        f"Stopped at {names[done]}, transaction {done + 1} of {len(names)}: {reason}",
        f"On chain: {', '.join(names[:done]) or 'nothing'}. Nothing of it can be used: its registry does not exist.",
        *_how_to_go_on(plan, done, spent=spent),
    ])  # fmt: skip


def _how_to_go_on(plan: Plan, done: int, *, spent: bool) -> list[str]:
    again = "To resume, run the same command again"
    item = plan.transactions[done]
    if item.key == "complete":
        return [f"{again}. Any other account may complete the DAO too, with the parameters it was begun with."]
    if item.calls:
        return [f"{again}."]
    if spent:
        return [
            f"{item.name} can no longer be created at {item.address}, which the others expect: the same command starts",
            "over at new addresses, and what is on chain stays unused.",
        ]
    return [
        f"{again} while nonce {plan.nonce + done} is the next of",
        f"{plan.deployer}. If that account has sent another transaction, the command starts over at new addresses,",
        "and what is on chain stays unused.",
    ]


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
