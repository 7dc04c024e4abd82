"""The page reads the agreement of a lease as the client does.

given agreements, and documents that differ from one in a single text
  when both read them
    each should be an agreement for both or for neither, and say the same
    the page should name what is another than in the first, as the client does
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from assurance.harness.browser.page import bundle
from assurance.harness.dao.parties import DAO
from datadao.errors import Malformed
from datadao.messages.agreement import LIMIT, Agreement, canonical
from tests.client.messages.test_agreement import AGREED, ASSET, OTHERS, PROGRAM, TIMELOCK, changed, texts

CHANGES: dict[str, Any] = {
    "datasetId": {"dataset_id": 4},
    "purposes": {"purposes": 1},
    "pricePerPeriod": {"price_per_period": 2**96},
    "periodLength": {"period_length": 86_400},
    "periods": {"periods": 11},
    "bond": {"bond": 0},
    "royaltyBps": {"royalty_bps": 251},
    "exclusive": {"exclusive": False},
    "minShares": {"min_shares": 0},
    "dao": {"dao": replace(DAO, chain_id=DAO.chain_id + 1)},
    "timelock": {"timelock": ASSET},
    "asset": {"asset": TIMELOCK},
    "ackWindow": {"ack_window": 3600},
    "licensee": {"licensee": TIMELOCK},
}
"""What makes an agreement another than `AGREED`, by how the page calls it."""


def named(document: Any) -> bytes:
    """With the identifier that belongs to it, so that nothing but the change itself can be found fault with."""
    body = {name: value for name, value in document.items() if name != "uid"}
    return canonical(body | {"uid": f"urn:uuid:{uuid5(NAMESPACE_URL, canonical(body).decode())}"})


def tampered(agreed: Agreement) -> list[bytes]:
    """With each text another, with what was there doubled or left out."""
    document = agreed.document()
    values = ("", "sell", "1", "urn:datadao:purpose:0", "0x" + "ab" * 20, "PT1S", ["use"], {"@id": "urn:x"})
    made = [named(changed(document, path, value)) for path in texts(document) for value in values]
    for name, value in document.items():
        made.append(named({key: item for key, item in document.items() if key != name}))
        if isinstance(value, list):
            made += [named(document | {name: value + value[:1]}), named(document | {name: value[1:]})]
    made += [named(document | {"uid": "urn:x"})[:-2] + b'0"}', json.dumps(document).encode(), agreed.encode() + b"\n"]
    made += [named(document | {"dct:description": "x" * 32_769}), b"[]", b"{}", b"\xff", b"x" * (LIMIT + 1)]
    return made


def by_client(data: bytes) -> Agreement | None:
    try:
        return Agreement.decode(data)
    except Malformed:
        return None


def as_page(agreed: Agreement) -> dict[str, Any]:
    program = asdict(agreed.program) if agreed.program else None
    for name in ("fuel", "memory", "output", "reviews") if program else ():
        program[name] = str(program[name])
    return {
        "chainId": str(agreed.dao.chain_id),
        "registry": agreed.dao.registry,
        "leases": agreed.dao.leases,
        "timelock": agreed.timelock,
        "asset": agreed.asset,
        "licensee": agreed.licensee,
        "datasetId": str(agreed.dataset_id),
        "purposes": str(agreed.purposes),
        "pricePerPeriod": str(agreed.price_per_period),
        "periodLength": str(agreed.period_length),
        "periods": str(agreed.periods),
        "bond": str(agreed.bond),
        "royaltyBps": str(agreed.royalty_bps),
        "exclusive": agreed.exclusive,
        "minShares": str(agreed.min_shares),
        "ackWindow": str(agreed.ack_window),
        "prohibited": list(agreed.prohibited),
        "clauses": agreed.clauses,
        "program": program and program | {"sha256": program["sha256"].hex()},
    }


def read(folder: Path, documents: list[bytes]) -> list[dict[str, Any] | None]:
    program, given = folder / "agreement.mjs", folder / "given.json"
    bundle("test/agreement.ts", program)
    given.write_text(json.dumps({"documents": [data.hex() for data in documents]}))
    done = subprocess.run(["node", program, given], check=True, capture_output=True, text=True)
    found: list[dict[str, Any] | None] = json.loads(done.stdout)
    return found


def test_agreement__whatever_is_changed_in_it__is_one_for_both_or_for_neither(tmp_path: Path) -> None:
    several = [AGREED, *OTHERS.values()]
    most = replace(AGREED, program=replace(PROGRAM, reviews=65_535, source="https://example.org/" + "x" * 2_000))
    documents = [made.encode() for made in (*several, most)] + [data for made in several for data in tampered(made)]
    theirs = [by_client(data) for data in documents]
    for data, expected, said in zip(documents, theirs, read(tmp_path, documents), strict=True):
        if said is not None:
            del said["differs"]
        assert said == (expected and as_page(expected)), data
    assert sum(expected is not None for expected in theirs) > 20 and theirs.count(None) > 1_000


@pytest.mark.parametrize("form", ["data", "compute"])
def test_agreement__another_than_the_lease__is_named_by_each_difference(tmp_path: Path, form: str) -> None:
    about = replace(AGREED, program=PROGRAM) if form == "compute" else AGREED
    changes = [replace(about, **change) for change in CHANGES.values()]
    found = read(tmp_path, [made.encode() for made in (about, *changes, replace(about, **CHANGES["bond"], periods=1))])
    assert [said and said["differs"] for said in found] == [[], *([name] for name in CHANGES), ["periods", "bond"]]
