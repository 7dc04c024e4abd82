"""A leased dataset as MLCommons Croissant 1.1: a folder of files and the `croissant.json` that describes them.

Any Croissant reader loads it: `mlcroissant.Dataset("croissant.json").records("records")` gives the records of all
tables, typed by the dataset's JSON Schema. The raw files are described beside the tables, and both lead back to the
batches that they came from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datadao.arrow import columns_of
from datadao.columns import Column, Kind
from datadao.crypto.files import write_whole
from datadao.errors import PackageMissing
from datadao.licensee.tables import FOLDER
from datadao.messages.agreement import purpose_iri
from datadao.messages.purposes import AI_DRAFT, Purpose, purposes_of
from datadao.schema import Schema
from datadao.text import lines
from datadao.types import Dao

if TYPE_CHECKING:
    import mlcroissant

DATA = "data"
"""Folder of the raw files, below that of the description."""
NAME = "croissant.json"
_TYPES = {Kind.INTEGER: "INTEGER", Kind.NUMBER: "FLOAT", Kind.BOOLEAN: "BOOL"}
"""`mlcroissant.DataType` by kind; all others are text."""
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DUO = "http://purl.obolibrary.org/obo/"
_PREFIXES = {"duo": f"{_DUO}DUO_", "odrl": "http://www.w3.org/ns/odrl/2/", "prov": "http://www.w3.org/ns/prov#"}


@dataclass(frozen=True)
class Part:
    """A batch of what was leased, scored by this schema, and the name of its table below `records`."""

    batch_id: int
    manifest_hash: bytes
    schema: Schema
    table: str


@dataclass(frozen=True)
class Dataset:
    """What was leased; `purposes` is a mask."""

    dao: Dao
    dataset_id: int
    lease_id: int
    purposes: int
    agreement_hash: bytes
    uri: str = ""


def describe(folder: Path, dataset: Dataset, parts: Sequence[Part], published: date) -> Path:
    """Writes `folder/croissant.json` over `folder/data` and the tables of these parts, and returns its path.

    Parts of one schema are one record set: the last part's is `records`, one of another schema `records-1` and so on.
    Raises `PackageMissing` without `mlcroissant`.
    """
    try:
        import mlcroissant as mlc
    except ImportError:
        raise PackageMissing("mlcroissant", "licensee") from None
    dao, allowed = dataset.dao, list(purposes_of(dataset.purposes))
    place = f"urn:datadao:{dao.chain_id}:{dao.registry.lower()}"
    files = mlc.FileSet(id="files", name="files", encoding_formats=["application/jsonlines"], includes=[f"{DATA}/*"])
    sets = list(_record_sets(parts))
    metadata = mlc.Metadata(
        ctx=mlc.Context(is_live_dataset=True, conforms_to="http://mlcommons.org/croissant/1.1"),
        name=f"Data DAO dataset {dataset.dataset_id}",
        description=(
            f"Dataset {dataset.dataset_id} of the Data DAO at {dao.registry} on chain {dao.chain_id}, under lease "
            f"{dataset.lease_id}, for {' and '.join(purpose.name for purpose in allowed)} only. Each raw file is one "
            "contribution, named by the sha256 of its ciphertext; a contributor may erase it at any time. Tables hold "
            "the valid records of a batch as they were scored."
        ),
        url=dataset.uri or f"{place}:{dataset.dataset_id}",
        license=[f"urn:keccak256:{dataset.agreement_hash.hex()}"],
        cite_as=f"{place}:{dataset.dataset_id}",
        version="1.0.0",
        date_published=published.isoformat(),
        data_use_cases=[f"{use.name}: {use.duo} ({use.duo_label}); {AI_DRAFT} {use.ai}" for use in allowed],
        distribution=[files, *(_tables(mlc, name, same) for name, same in sets)],
        record_sets=[_record_set(mlc, name, same[0].schema) for name, same in sets],
    )
    document = metadata.to_json()
    document["@context"] |= _PREFIXES
    document["usageInfo"] = [*map(_term, allowed), _policy(dataset, allowed)]
    document["prov:wasDerivedFrom"] = [
        {
            "@id": f"{place}:batch:{part.batch_id}",
            "name": f"batch {part.batch_id}",
            "identifier": f"urn:sha256:{part.manifest_hash.hex()}",
        }
        for part in parts
    ]
    text = json.dumps(document, indent=2, default=str) + "\n"
    target = folder / NAME
    write_whole(target, lambda out: out.write(text.encode()))
    return target


def _record_sets(parts: Sequence[Part]) -> Iterator[tuple[str, list[Part]]]:
    by_schema: dict[str, list[Part]] = {}
    for part in reversed(parts):
        by_schema.setdefault(json.dumps(part.schema.parsed, sort_keys=True), []).insert(0, part)
    for number, same in enumerate(by_schema.values()):
        yield f"records-{number}" if number else "records", same


def _tables(mlc: Any, name: str, parts: Sequence[Part]) -> mlcroissant.FileSet:
    places = [f"{FOLDER}/{part.table}" for part in parts]
    return mlc.FileSet(id=f"{name}-tables", name=name, encoding_formats=["application/x-parquet"], includes=places)


def _record_set(mlc: Any, name: str, schema: Schema) -> mlcroissant.RecordSet:
    return mlc.RecordSet(id=name, name=name, fields=list(_fields(mlc, name, schema)))


def _fields(mlc: Any, record_set: str, schema: Schema) -> Iterator[mlcroissant.Field]:
    """One for each column that Croissant has words for: plain values, lists of them, objects and lists of objects of
    plain values. What nests deeper is in the tables alone."""
    for number, (name, column) in enumerate(columns_of(schema)):
        # A property may be called anything, an id may not.
        node = f"{record_set}/{name}" if name.isidentifier() else f"{record_set}/property-{number}"
        is_list = column.kind is Kind.LIST
        inner = column.parts[0][1] if is_list else column
        given: dict[str, Any] = {"id": node, "name": name, "description": _readable(column.description)}
        if is_list:
            given |= {"is_array": True, "array_shape": "-1"}
        if inner.kind is Kind.OBJECT:
            below = list(_below(mlc, node, name, record_set, inner))
            if below:
                yield mlc.Field(**given, sub_fields=below)
        elif inner.kind is not Kind.LIST:
            yield mlc.Field(**given, data_types=[_type(mlc, inner)], source=_source(mlc, record_set, name))


def _below(mlc: Any, node: str, name: str, record_set: str, column: Column) -> Iterator[mlcroissant.Field]:
    for inner, part in column.parts:
        if part.kind not in (Kind.OBJECT, Kind.LIST) and _PLAIN_NAME.fullmatch(inner):
            source = _source(mlc, record_set, name, mlc.Transform(json_path=inner))
            said = _readable(part.description)
            yield mlc.Field(
                id=f"{node}/{inner}", name=inner, description=said, data_types=[_type(mlc, part)], source=source
            )


def _source(mlc: Any, record_set: str, column: str, *transforms: Any) -> mlcroissant.Source:
    return mlc.Source(file_set=f"{record_set}-tables", extract=mlc.Extract(column=column), transforms=list(transforms))


def _type(mlc: Any, column: Column) -> Any:
    return getattr(mlc.DataType, _TYPES.get(column.kind, "TEXT"))


def _readable(said: str) -> str | None:
    """What the schema's author says of a property, for people to read; None if nothing."""
    return "\n".join(lines(said)) if said else None


def _term(purpose: Purpose) -> dict[str, Any]:
    code = purpose.duo.replace(":", "_")
    return {"@type": "sc:DefinedTerm", "name": purpose.duo_label, "termCode": code, "url": f"{_DUO}{code}"}


def _policy(dataset: Dataset, allowed: Sequence[Purpose]) -> dict[str, Any]:
    """What the lease permits, as Croissant has ODRL; the agreement says all of it, under its hash."""
    return {
        "@type": ["sc:CreativeWork", "odrl:Offer"],
        "name": f"Lease {dataset.lease_id}",
        "identifier": f"urn:keccak256:{dataset.agreement_hash.hex()}",
        "odrl:permission": {
            "@type": "odrl:Permission",
            "odrl:action": {"@id": "odrl:use"},
            "odrl:constraint": {
                "@type": "odrl:Constraint",
                "odrl:leftOperand": {"@id": "odrl:purpose"},
                "odrl:operator": {"@id": "odrl:isAnyOf"},
                "odrl:rightOperand": [{"@id": purpose_iri(purpose), "name": purpose.name} for purpose in allowed],
            },
        },
    }
