"""What the desk takes and gives, as its OpenAPI document has it: the one place where shapes of bodies are written."""

from __future__ import annotations

import html
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from datadao.errors import InvalidArgument
from datadao.index import TABLES
from datadao.index.schema import Table
from datadao.records import parse

_URI = "urn:datadao:desk"
_SHOWN = 200


@cache
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document, with a path and a shape for each table of the read model."""
    text = (resources.files("datadao.desk") / "openapi.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    for name, table in TABLES.items():
        found["paths"][f"/v1/tables/{name}"] = {"get": _rows(name, table)}
        found["components"]["schemas"][shape(name)] = _shape(table)
    return found


def shape(table: str) -> str:
    """What the shape of a table's page is called."""
    return f"Table{table.capitalize()}"


def _rows(name: str, table: Table) -> dict[str, Any]:
    asked = [{"name": column, "in": "query", "schema": _KINDS[kind]} for column, kind in table.filters.items()]
    shared = [{"$ref": f"#/components/parameters/{key}"} for key in ("After", "Limit")]
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{shape(name)}"}}}
    return {
        "operationId": f"table{name.capitalize()}",
        "summary": f"Rows of `{name}`, in the order of {' and '.join(table.key)}",
        "parameters": [*asked, *shared],
        "responses": {"200": {"description": "A page", "content": content},
                      "default": {"$ref": "#/components/responses/Error"}},
    }  # fmt: skip


def _shape(table: Table) -> dict[str, Any]:
    row = {"type": "object", "additionalProperties": False, "required": list(table.kinds),
           "properties": {column: _KINDS[kind] for column, kind in table.kinds.items()}}  # fmt: skip
    following = {"description": "What to give as `after` for the following page; null at the end",
                 "type": ["string", "null"]}  # fmt: skip
    known = {
        "block": {"$ref": "#/components/schemas/Block"},
        "rows": {"type": "array", "items": row},
        "next": following,
    }
    return {"type": "object", "required": list(known), "properties": known}


_KINDS: dict[str, dict[str, Any]] = {
    "int": {"type": "integer", "minimum": 0},
    "amount": {"$ref": "#/components/schemas/Amount"},
    "account": {"$ref": "#/components/schemas/Address"},
    "word": {"$ref": "#/components/schemas/Hash"},
    "flag": {"type": "boolean"},
    "text": {"type": "string"},
}
"""Of columns, as the read model's schema has them."""


@cache
def validator(schema: str) -> Draft202012Validator:
    """Of a named schema of the document."""
    registry: Registry[Any] = Registry().with_resource(_URI, Resource.from_contents(document(), DRAFT202012))
    return Draft202012Validator({"$ref": f"{_URI}#/components/schemas/{schema}"}, registry=registry)


def parsed(body: bytes, schema: str) -> dict[str, Any]:
    """A JSON body of this shape. Raises `InvalidArgument` naming the field, its value and what was expected."""
    try:
        found = parse(body)
    except ValueError as error:
        raise InvalidArgument(f"the body: {error}") from None
    for fault in validator(schema).iter_errors(found):
        place = "".join(f"/{part}" for part in fault.absolute_path) or "the body"
        message = fault.message if len(fault.message) <= _SHOWN else f"{fault.message[:_SHOWN]}..."
        raise InvalidArgument(f"{place}: {message}")
    assert isinstance(found, dict)
    return found


def page() -> str:
    """The document for people: every call, what it takes and what it gives. No script, no style of others."""
    found = document()
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{html.escape(found['info']['title'])}</title><h1>{html.escape(found['info']['title'])}</h1>"
        f"<p>{html.escape(found['info']['description'])}</p>"
        f"<p>For programs: <a href=openapi.json>openapi.json</a></p>{''.join(_calls(found))}"
        f"<h2>Shapes</h2>{''.join(_shapes(found))}"
    )


def _calls(found: dict[str, Any]) -> Iterator[str]:
    for path, methods in found["paths"].items():
        for method, call in methods.items():
            if method == "parameters":
                continue
            yield f"<h3><code>{method.upper()} {html.escape(path)}</code></h3><p>{html.escape(call['summary'])}."
            yield f" {html.escape(call.get('description', ''))}</p>"
            body = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            yield f"<p>Takes {_link(body)}</p>" if body else ""


def _shapes(found: dict[str, Any]) -> Iterator[str]:
    for name, schema in found["components"]["schemas"].items():
        text = yaml.safe_dump(schema, sort_keys=False, allow_unicode=True)
        yield f"<h4 id={name}>{name}</h4><pre>{html.escape(text)}</pre>"


def _link(schema: dict[str, str]) -> str:
    name = schema["$ref"].rpartition("/")[2]
    return f"<a href='#{name}'>{name}</a>"
