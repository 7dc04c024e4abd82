"""A leased dataset as MLCommons Croissant: a folder of files and the `croissant.json` that describes them.

Any Croissant reader loads it: `mlcroissant.Dataset("croissant.json").records("records")` gives the records of all
files, typed by the dataset's JSON Schema.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datadao.crypto.files import write_whole
from datadao.errors import HashMismatch, InvalidArgument, PackageMissing
from datadao.messages.purposes import AI_DRAFT, purposes_of
from datadao.text import lines
from datadao.types import Dao

if TYPE_CHECKING:
    import mlcroissant

DATA = "data"
"""Folder of the files, below that of the description."""
NAME = "croissant.json"
_TYPES = {"string": "TEXT", "integer": "INTEGER", "number": "FLOAT", "boolean": "BOOL"}
"""JSON Schema's name of a type, that of `mlcroissant.DataType`."""


@dataclass(frozen=True)
class Dataset:
    """What was leased. `schema` is the dataset's JSON Schema, whose sha256 its policy names; `purposes` a mask."""

    dao: Dao
    dataset_id: int
    lease_id: int
    purposes: int
    agreement_hash: bytes
    schema: bytes
    schema_hash: bytes
    uri: str = ""


def describe(folder: Path, dataset: Dataset, published: date) -> Path:
    """Writes `folder/croissant.json` over the JSON Lines files in `folder/data`, and returns its path.

    Raises `HashMismatch` if the schema is not the policy's, `PackageMissing` without `mlcroissant`.
    """
    try:
        import mlcroissant as mlc
    except ImportError:
        raise PackageMissing("mlcroissant", "licensee") from None
    actual = hashlib.sha256(dataset.schema).digest()
    if actual != dataset.schema_hash:
        raise HashMismatch("dataset schema", dataset.schema_hash, actual)
    dao, allowed = dataset.dao, list(purposes_of(dataset.purposes))
    place = f"urn:datadao:{dao.chain_id}:{dao.registry.lower()}"
    files = mlc.FileSet(id="files", name="files", encoding_formats=["application/jsonlines"], includes=[f"{DATA}/*"])
    metadata = mlc.Metadata(
        ctx=mlc.Context(is_live_dataset=True),
        name=f"Data DAO dataset {dataset.dataset_id}",
        description=(
            f"Dataset {dataset.dataset_id} of the Data DAO at {dao.registry} on chain {dao.chain_id}, under lease "
            f"{dataset.lease_id}, for {' and '.join(purpose.name for purpose in allowed)} only. Each file is one "
            "contribution, named by the sha256 of its ciphertext; a contributor may erase it at any time."
        ),
        url=dataset.uri or f"{place}:{dataset.dataset_id}",
        license=[f"urn:sha256:{dataset.agreement_hash.hex()}"],
        cite_as=f"{place}:{dataset.dataset_id}",
        version="1.0.0",
        date_published=published.isoformat(),
        data_use_cases=[
            f"{purpose.name}: {purpose.duo} ({purpose.duo_label}); {AI_DRAFT} {purpose.ai}" for purpose in allowed
        ],
        distribution=[files],
        record_sets=[mlc.RecordSet(id="records", name="records", fields=list(_fields(mlc, dataset.schema)))],
    )
    text = json.dumps(metadata.to_json(), indent=2, default=str) + "\n"
    target = folder / NAME
    write_whole(target, lambda out: out.write(text.encode()))
    return target


def _fields(mlc: Any, schema: bytes) -> Iterator[mlcroissant.Field]:
    """One for each property of a record that is a plain value; nested ones stay in the files."""
    parsed = json.loads(schema)
    properties = parsed.get("properties") if isinstance(parsed, dict) else None
    if not isinstance(properties, dict) or not properties:
        raise InvalidArgument("the dataset's schema names no properties, so there is nothing for Croissant to describe")
    for number, (name, about) in enumerate(properties.items()):
        kind = _kind(about)
        if kind is not None:
            source = mlc.Source(file_set="files", extract=mlc.Extract(column=name))
            # A property may be called anything, an id may not.
            node = f"records/{name}" if name.isidentifier() else f"records/property-{number}"
            meaning = _readable(about.get("description"))
            yield mlc.Field(
                id=node, name=name, description=meaning, data_types=[getattr(mlc.DataType, kind)], source=source
            )


def _readable(text: Any) -> str | None:
    """What the schema's author says of a property, for people to read; None if nothing."""
    return "\n".join(lines(text)) if isinstance(text, str) else None


def _kind(about: Any) -> str | None:
    """Croissant's type of a property, None if it is not a plain value."""
    if not isinstance(about, Mapping):
        return None
    kinds = about.get("type")
    plain = {kinds} if isinstance(kinds, str) else set(kinds or ()) - {"null"}
    if plain == {"integer", "number"}:
        plain = {"number"}
    return _TYPES.get(plain.pop()) if len(plain) == 1 else None
