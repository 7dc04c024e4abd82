"""`ape run custodian`: the commands of `datadao custodian`, for those who live in Ape."""

from datadao.cli import main
from datadao.cli.groups import custodian as cli

__all__ = ["cli", "main"]
