"""The command line `datadao`: the library's steps for the four roles, one small file a command; no rule of its own."""

from datadao.cli.main import cli

__all__ = ["cli"]
