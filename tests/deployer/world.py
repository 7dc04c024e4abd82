"""Helpers of the deployment tests: the configuration with changes, a node of the test's own, the real commands."""

from __future__ import annotations

import copy
import os
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import ape
import yaml
from requests.exceptions import ConnectionError as NodeGone

from assurance import ROOT
from assurance.harness.chain.node import Node
from assurance.harness.forked import program
from datadao.chain.abi import ORDER
from deployer.config import Config
from deployer.deploy import Deployment, execute
from deployer.networks import CONFIGS
from deployer.plan import Plan, make_plan
from deployer.record import new_entry
from deployer.verify import expected_arguments, verify
from deployer.verify.code import check_runtime
from deployer.verify.reader import Reader

LOCAL = CONFIGS / "local.yaml"
CONTRACTS = tuple(name for _, name in ORDER)


def raw(path: Path = LOCAL) -> dict[str, Any]:
    """A configuration as its file has it."""
    return copy.deepcopy(_read(path))


@cache
def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    return content


def changed(path: str, value: Any) -> Config:
    """The local configuration with the entry at a dotted path replaced; numbers are places in lists."""
    return all_changed({path: value})


def all_changed(changes: dict[str, Any]) -> Config:
    """The same with several entries replaced."""
    content = raw()
    for path, value in changes.items():
        *parents, leaf = path.split(".")
        section: Any = content
        for parent in parents:
            section = section[int(parent) if parent.isdecimal() else parent]
        section[int(leaf) if leaf.isdecimal() else leaf] = value
    return Config.parse(content, LOCAL)


def local() -> Config:
    return Config.load(LOCAL)


def rewired(plan: Plan, contract: str, key: str, address: str) -> Plan:
    """The plan, in which the constructor of one contract gets another address for `key` of the system."""
    items = [
        replace(item, arguments={**item.arguments, "system": {**item.arguments["system"], key: address}})
        if item.contract == contract
        else item
        for item in plan.contracts
    ]
    return replace(plan, contracts=tuple(items))


def deployed(account: Any, plan: Plan) -> tuple[Deployment, dict[str, Any]]:
    """Sends the plan; with its record."""
    deployment = execute(account, plan)
    return deployment, new_entry(plan, deployment.steps)


def live(account: Any, config: Config | None = None) -> tuple[Deployment, dict[str, Any]]:
    """A DAO and its record."""
    return deployed(account, make_plan(account.address, config or local()))


def misses(entry: dict[str, Any], config: Config | None = None) -> set[str]:
    """Names of the checks that fail. The configuration is taken for the recorded one."""
    config = config or local()
    entry = {**entry, "config": {**entry["config"], "sha256": config.sha256}}
    return {f"{check.contract}.{check.field}" for check in verify(entry, config) if not check.ok}


def otherwise(*contracts: str) -> set[str]:
    """Names of the checks which say that these were created otherwise than configured."""
    return {f"{contract}.created as configured" for contract in contracts}


def code_misses(entry: dict[str, Any], contract: str) -> set[str]:
    """The same for the code of one contract alone."""
    addresses = {name: entry["contracts"][name]["address"] for name in CONTRACTS}
    reader = Reader(ape.networks.provider.web3, addresses)
    checks = reader.settle([check_runtime(reader, contract, expected_arguments(entry, local(), addresses))])
    return {f"{check.contract}.{check.field}" for check in checks if not check.ok}


def altered(address: str) -> None:
    """Changes the last byte of the code at an address, or puts it back."""
    provider = ape.networks.provider
    code = bytearray(bytes(provider.get_code(address)))
    code[-1] ^= 1
    provider.make_request("anvil_setCode", [address, "0x" + code.hex()])


def blueprints(plan: Plan) -> dict[str, list[str]]:
    """Accounts of the blueprints by contract."""
    found: dict[str, list[str]] = {}
    for item in plan.transactions:
        if item.key.startswith("blueprint "):
            found.setdefault(item.key.split()[1], []).append(item.address)
    return found


class Failing:
    """An Ape account that signs `good` transactions and then fails."""

    def __init__(self, account: Any, good: int, cause: Any) -> None:
        self.account, self.good, self.cause = account, good, cause

    def __getattr__(self, name: str) -> Any:
        return getattr(self.account, name)

    def sign_transaction(self, transaction: Any) -> Any:
        if self.good == 0:
            if isinstance(self.cause, BaseException):
                raise self.cause
            return self.cause(self.account)
        self.good -= 1
        return self.account.sign_transaction(transaction)


def refuse(account: Any) -> None:
    """Its owner presses "reject"."""
    return None  # noqa: RET501


CAUSES = {
    "interrupted": SystemExit(130),
    "did not sign": refuse,
    "the node is gone": NodeGone("the node is gone"),
}


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    """`ape run SCRIPT ...`: the first of each is started, others are forked."""
    environment = {key: value for key, value in os.environ.items() if key != "APE_FOUNDRY_HOST"}
    return subprocess.Popen(
        [program("ape", "run", script), "run", script, *arguments], cwd=ROOT, env=environment, text=True,
        start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def finish(process: subprocess.Popen[str], answer: str = "") -> tuple[int, str]:
    """Exit code and output of a command; it never shows a traceback."""
    output, _ = process.communicate(answer, timeout=180)
    assert "Traceback" not in output
    return process.returncode, output


def run(script: str, *arguments: str, answer: str = "") -> tuple[int, str]:
    return finish(start(script, *arguments), answer)


def arguments(node: Node, folder: Path, *more: str) -> tuple[str, ...]:
    """What `deploy` takes to deploy to the node from its first account."""
    return ("--network", node.url, "--account", "TEST::0", "--deployments", str(folder), *more)
