"""The command `datadao`. Importing a command's file registers it; what a command needs it imports when it runs."""

from __future__ import annotations

from datadao.cli.groups import cli

# One line a file, in the order of a contribution's life.
from datadao.cli import (  # isort: skip  # noqa: F401
    init,
    keys,
    status,
    schema,
    contribute,
    contributions,
    attest,
    activate,
    claim,
    proposals,
    vote,
    lease,
    condition,
    custodian,
    handover,
    open_files,
    erase,
    withdraw,
    functions,
    audit,
)

__all__ = ["cli"]
