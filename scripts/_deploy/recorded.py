"""What is on chain and recorded: before a deployment, DAOs of earlier ones; at its end its own, which is read back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datadao.errors import DataDAOError
from datadao.text import Terminal
from deployer.config import Config
from deployer.console import show_checks
from deployer.deploy import FAILURES
from deployer.networks import record_path
from deployer.record import deployments
from deployer.send import DeploymentError
from deployer.verify import remarks, verify


def remark_on_earlier(out: Terminal, folder: Path) -> None:
    """Says if a DAO is recorded for this chain, as whoever runs a command again may mean that one."""
    if before := deployments(folder):
        out.print(f"{before} recorded in {record_path(folder)} already: this deploys another DAO.", style="yellow")


def verified(out: Terminal, entry: Mapping[str, Any], config: Config) -> bool:
    """True iff every check passed. Raises `DeploymentError` if the node does not answer: the same command again would
    not go on, but deploy another DAO."""
    out.print("Reading every role, parameter and code back from the chain ...")
    try:
        checks, said = verify(entry, config), remarks(entry, config)
    except (DataDAOError, *FAILURES) as error:
        raise DeploymentError(
            f"{str(error).partition(chr(10))[0] or type(error).__name__}\n"
            "The DAO is deployed and recorded, but not verified: `ape run verify` does that once the node answers. "
            "This command would deploy another one."
        ) from error
    return show_checks(out, checks, said)
