"""`ape run custodian`: the commands of `datadao custodian`, for those who live in Ape."""

from datadao.cli.custodian import custodian as cli

__all__ = ["cli"]
