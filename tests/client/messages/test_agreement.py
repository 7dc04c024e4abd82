"""The agreement of a lease: equal terms give equal bytes, and a JSON-LD reader sees every term that the hash is of.

- each text in the document: whatever is changed about it changes what the RDF says, or is refused
- a name that the context does not map, or maps to another term: refused, though a hash of the RDF would not change
- another spelling of the JSON: the same hash; a name twice, a number, depth, size, another's form: refused
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from eth_utils import keccak
from pyld import jsonld

from assurance.harness.dao.parties import DAO
from datadao.errors import InvalidArgument, Malformed
from datadao.messages.agreement import CONTEXT, CONTEXT_URL, LIMIT, PROFILE, Agreement, Program, canonical, check_terms

COMPANY, TIMELOCK, ASSET = (f"0x{digit * 40}" for digit in "123")
AGREED = Agreement(
    dao=DAO,
    timelock=TIMELOCK,
    asset=ASSET,
    licensee=COMPANY,
    dataset_id=3,
    purposes=0b11,
    price_per_period=2**96 - 1,
    period_length=30 * 86_400,
    periods=12,
    bond=50 * 10**6,
    royalty_bps=250,
    exclusive=True,
    min_shares=1000,
    ack_window=7 * 86_400,
    prohibited=("sell", "distribute"),
    clauses="Nobody is re-identified.\nSweden\u2019s law holds.",
)
PROGRAM = Program(bytes(range(32)), "wasmtime 50.0.1", 10**12, 2**28, 2**16)
OTHERS = {
    "plain": replace(AGREED, royalty_bps=0, exclusive=False, clauses="", prohibited=(), min_shares=0),
    "offer": replace(AGREED, licensee=None),
    "compute": replace(AGREED, program=PROGRAM),
    "reviewed": replace(AGREED, program=replace(PROGRAM, reviews=2, source="https://example.org/program.c?at=1#L2")),
    "free": replace(AGREED, price_per_period=0, royalty_bps=10_000, purposes=1),
}


def offline(url: str, _: Any) -> dict[str, Any]:
    assert url == CONTEXT_URL, "nothing else is read"
    return {"contextUrl": None, "documentUrl": url, "document": json.loads(CONTEXT.read_bytes())}


def rdf(document: Any) -> str:
    """What a JSON-LD reader makes of it, canonicalised."""
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": offline}
    return str(jsonld.normalize(document, options))


def texts(value: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """The places of all texts outside of the context."""
    if isinstance(value, str):
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if key != "@context":
            yield from texts(inner, *path, key)


def at(document: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def changed(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    made = copy.deepcopy(document)
    at(made, path[:-1])[path[-1]] = value
    return made


@pytest.mark.parametrize("agreed", [AGREED, *OTHERS.values()], ids=["full", *OTHERS])
def test_agreement__written_and_read__is_the_same(agreed: Agreement) -> None:
    data = agreed.encode()
    assert Agreement.decode(data) == agreed and keccak(data) == agreed.hash
    again = json.dumps(json.loads(data), indent=3, sort_keys=False).encode()
    assert Agreement.decode(again, canonically=False).hash == agreed.hash
    with pytest.raises(Malformed, match="not written as RFC 8785 says"):
        Agreement.decode(again)


def test_agreement__every_term_of_it_changes_the_hash() -> None:
    assert len({made.hash for made in (AGREED, *OTHERS.values())}) == 6
    for change in ({"bond": 1}, {"periods": 11}, {"ack_window": 1}, {"timelock": ASSET}, {"asset": TIMELOCK}):
        assert replace(AGREED, **change).hash != AGREED.hash


def test_agreement__every_text_of_it_is_in_what_a_reader_sees() -> None:
    document = OTHERS["reviewed"].document()
    whole, seen = rdf(document), 0
    for path in texts(document):
        value = at(document, path)
        other = changed(document, path, f"{value}x")
        with pytest.raises(Malformed):
            Agreement.decode(canonical(other))
        try:
            check_terms(other)
        except Malformed:
            continue  # a word that the vocabulary does not have
        assert rdf(other) != whole, (path, value)
        seen += 1
    assert seen > 60
    price = f'"{2**96 - 1}"^^<http://www.w3.org/2001/XMLSchema#integer>'
    assert price in whole and "<http://www.w3.org/ns/odrl/2/payAmount>" in whole
    assert "<urn:ietf:id:draft-ietf-aipref-vocab-08#train-ai>" in whole
    assert "<http://purl.obolibrary.org/obo/DUO_0000042>" in whole and f"<{PROFILE}#depositBond>" in whole


def test_agreement__a_term_that_no_context_maps__is_refused_though_its_rdf_is_the_same() -> None:
    document = AGREED.document()
    for name in ("price", "priceCurrency", "@foo"):
        hidden = changed(document, ("obligation", 0, name), "1")
        assert rdf(hidden) == rdf(document), "the trap"
        with pytest.raises(Malformed, match=f"'{name}' is no term"):
            Agreement.decode(canonical(hidden))


@pytest.mark.parametrize(
    ("path", "word"),
    [
        (("permission", 0, "constraint", 0, "operator"), "neq"),
        (("permission", 0, "constraint", 0, "leftOperand"), "industry"),
        (("permission", 0, "action"), "odrl:usee"),
        (("permission", 0, "action"), "nosuch:use"),
        (("type",), "Licence"),
    ],
)
def test_agreement__a_word_that_the_context_does_not_have_or_spells_otherwise__refused(
    path: tuple[str | int, ...], word: str
) -> None:
    with pytest.raises(Malformed, match=f"'{word}' is no term"):
        Agreement.decode(canonical(changed(AGREED.document(), path, word)))


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("obligation", 0, "action", 0, "refinement", 0, "rightOperand", "@value"), "1", "uid is"),
        (("obligation", 0, "action", 0, "refinement", 0, "rightOperand", "@value"), "01", "has not the form"),
        (("permission", 0, "target"), "data/3", "is no identifier"),
        (("permission", 0, "target"), "urn:isbn:3", "has not the form"),
        (("permission", 0, "constraint", 0, "rightOperand", 0, "@id"), "urn:datadao:purpose:7", "no published meaning"),
        (("permission", 0, "constraint", 0, "rightOperand", 0, "skos:prefLabel"), "any use", "prefLabel is 'any use'"),
        (("prohibition", 0, "action"), "use", "'use' is no action"),
        (("prohibition",), {"action": "sell"}, "a part of it is missing"),
        (("obligation",), [], "a part of it is missing"),
        (("dct:description",), 7, "where agreements have text"),
        (("dct:description",), None, "where agreements have text"),
        (("dct:description",), {"@id": "urn:x"}, "is no text"),
        (("assignee",), "did:pkh:eip155:1:0x12", "has not the form"),
        (("@context",), CONTEXT_URL, "its @context is not"),
        (("@context",), [CONTEXT_URL, {"datadao": f"{PROFILE}#", "payAmount": "urn:x:y"}], "its @context is not"),
    ],
)
def test_agreement__not_what_its_own_terms_give__refused(path: tuple[str | int, ...], value: Any, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        Agreement.decode(canonical(changed(AGREED.document(), path, value)))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON in UTF-8"),
        (b"%PDF-1.7", "not JSON in UTF-8"),
        (b'{"uid":"a:b","uid":"a:b"}', "a name stands twice"),
        (b"\xff{}", "not JSON in UTF-8"),
        (b"[" * 10_000, "nests deeper"),
        (b'{"a":' * 100, "nests deeper"),
        (b"[]", "its @context is not"),
        (b"1e999", "its @context is not"),
        (b'"' + b"x" * LIMIT + b'"', f"at most {LIMIT} are read"),
        (AGREED.encode().replace(b"Nobody", b"\\ud800"), "not JSON that two parties write alike"),
        (AGREED.encode() + b"\n", "not written as RFC 8785 says"),
    ],
)
def test_agreement__text_of_others__refused_in_words(data: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        Agreement.decode(data)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"purposes": 0}, "at least one purpose"),
        ({"purposes": 1 << 40}, "no published meaning"),
        ({"prohibited": ("neq",)}, "'neq' is no action of ODRL"),
        ({"clauses": "x" * 40_000}, "at most 32768"),
        ({"licensee": "0x12"}, "is not an address"),
    ],
)
def test_agreement__of_terms_that_it_cannot_say__refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidArgument, match=reason):
        replace(AGREED, **change)
