"""`datadao schema`: what a dataset's records look like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from datadao.cli.command import Outcome, command
from datadao.cli.main import Registered, cli
from datadao.cli.queries import check_dataset
from datadao.cli.session import Session
from datadao.errors import InvalidArgument, ObjectMissing
from datadao.schema import Schema
from datadao.storage.store import SMALL


@cli.group(cls=Registered)
def schema() -> None:
    """What the records of a dataset look like."""


@command(schema, "add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def add(session: Session, file: Path) -> Outcome:
    """Put a JSON Schema into storage and print its hash, the `schemaHash` of a dataset's policy.

    FILE describes one record, in JSON Schema 2020-12, with all that it refers to inside. The hash is the sha256 of its
    bytes: any change, even of a space, makes another schema.
    """
    data = file.read_bytes()
    if len(data) > SMALL:
        raise InvalidArgument(f"{file} has {len(data)} bytes; a schema has at most {SMALL}")
    try:
        names = list(Schema.new(data).properties)
    except InvalidArgument as error:
        raise InvalidArgument(f"{file}: {error}") from error
    if not names:
        session.say("[yellow]It names no properties[/yellow]", "at its top, so that completeness is not scored.")
    digest = session.store.put_bytes(data)
    return Outcome({"schemaHash": digest, "properties": names}, (f"schemaHash: 0x{digest.hex()}",))


@command(schema, "show")
@click.option("--dataset", type=click.IntRange(1), required=True, help="Dataset whose records are described.")
def show(session: Session, dataset: int) -> Outcome:
    """Show what a record of a dataset has to look like; --json prints the whole schema."""
    check_dataset(session, dataset)
    digest = bytes(session.dao.read("registry", "currentPolicy", dataset).schemaHash)
    if not any(digest):
        raise InvalidArgument(f"dataset {dataset} has no schema: the schemaHash of its policy is zero")
    try:
        found = Schema(session.store.get(digest), digest)
    except ObjectMissing as error:
        raise InvalidArgument(
            f"the schema of dataset {dataset}, 0x{digest.hex()}, is not in storage; who has it adds it with `datadao "
            "schema add`"
        ) from error
    table = Table("property", "what it is", "required", "meaning")
    for name, about in found.properties.items():
        said = about.get("description", "") if isinstance(about, dict) else ""
        table.add_row(name, _kind(about), "yes" if name in found.required else "", str(said))
    line = f"One record a line, in UTF-8. Schema of dataset {dataset}: 0x{digest.hex()}"
    document = {"dataset": dataset, "schemaHash": digest, "schema": found.parsed}
    return Outcome(document, (line, table) if found.properties else (line, "It names no properties; see --json."))


def _kind(about: Any) -> str:
    """A property's type in words."""
    if not isinstance(about, dict):
        return "anything" if about else "nothing"
    if isinstance(about.get("enum"), list):
        return "one of " + ", ".join(json.dumps(value, ensure_ascii=False) for value in about["enum"])
    kinds = about.get("type")
    words = [kinds] if isinstance(kinds, str) else list(kinds or ())
    return " or ".join(map(str, words)) or "see --json"
