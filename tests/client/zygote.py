"""Starts custodians that can be killed: a process that has imported everything, and forks for each line it reads.

    python -m tests.client.zygote < settings, one JSON object a line

It answers with the process id of the child and, at the next line, whatever it says, with its exit status. Until then
the process id is no other's.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from assurance.harness.dao.system import Actor
from datadao.chain.node import NodeView
from datadao.chain.patience import connect
from datadao.custodian import custodian as custody
from datadao.custodian.custodian import Custodian
from datadao.custodian.service import Service
from datadao.storage.board import Board
from datadao.storage.store import Store
from datadao.types import Dao

from .chain_world import COMMITTEE_VERSION, custodian_key


def live(settings: dict[str, Any]) -> None:
    """One round of one custodian, a bundle for every file."""
    dao = Dao(**settings["dao"])
    store = Store(**settings["store"])
    custodian = Custodian(
        dao=dao,
        committee_version=COMMITTEE_VERSION,
        slot=settings["slot"],
        private_key=custodian_key(settings["slot"]),
        signer=Actor("custodian", "", bytes.fromhex(settings["wallet"])).sign,
        view=NodeView(connect(settings["url"]), settings["addresses"]),
        store=store,
        home=Path(settings["home"]),
    )
    with patch.object(custody, "MAX_FILES", 1):
        found = Service(custodian, Board(dao, store)).round()
    if any(outcome.error for outcome in found.leases.values()):
        raise SystemExit(str(found))


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            live(json.loads(line))
            os._exit(0)
        print(child, flush=True)
        sys.stdin.readline()
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
