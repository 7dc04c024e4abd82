"""The command line `datadao`: the library's steps for the four roles, one small file a command; no rule of its own."""

import sys
from importlib.util import find_spec

_NEEDED = ("ape", "boto3", "click", "jsonschema", "jsonschema_rs", "referencing", "rich", "yaml")
"""Packages of the extra `cli`, as they are imported."""


def run() -> None:
    """Runs the command line; without the packages of its extra it says what to install and exits with code 2."""
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        print(
            f"datadao: the command line needs {', '.join(missing)}, not installed here: pip install 'datadao[cli]'",
            file=sys.stderr,
        )
        sys.exit(2)
    from datadao.cli.main import cli

    cli()
