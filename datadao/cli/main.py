"""The command `datadao`. Importing a command's file registers it; what a command needs it imports when it runs."""

from __future__ import annotations

from datadao.cli.groups import cli

# One line a file, in the order of a contribution's life.
from datadao.cli import (  # isort: skip  # noqa: F401
    setup,
    status,
    schema,
    contributor,
    attestor,
    holder,
    lease,
    custodian,
    open,
    call,
)

__all__ = ["cli"]
