"""What the desk says of the chain is what the chain says, in the shapes of the document.

given a DAO with accepted contributions and a lease
  when any of it is asked for        the answer should be the chain's, and fit the document
  when many ask at once              the node should be asked once
  when a block comes                 the answer should be of that block
  when a page ends                   the following one should begin there
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from assurance.harness.dao.dao import leaf as made
from datadao.desk import kept
from datadao.desk import reads as reading
from datadao.desk.document import document, validator
from datadao.storage.board import Board
from datadao.types import LeaseStatus

from .conftest import DeskWorld, hexed, refused


def told(desk: DeskWorld, path: str, shape: str) -> Any:
    answer = desk.served.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    validator(shape).validate(answer.json())
    return answer.json()


def test_dao__and_datasets__are_the_chains(desk: DeskWorld) -> None:
    dao, found = desk.world.dao, told(desk, "v1/dao", "Dao")
    assert (found["chainId"], found["contracts"]) == (dao.chain.chain_id, dict(desk.world.handle.addresses))
    assert (found["datasets"], found["batches"], found["leases"]) == (1, 1, 1)
    assert found["token"]["supply"] == str(dao.token.totalSupply()) and found["relay"] is None
    (dataset,) = told(desk, "v1/datasets", "Datasets")["datasets"]
    policy = desk.world.handle.read("registry", "currentPolicy", 1)
    assert (dataset["schemaHash"], dataset["purposes"]) == (hexed(policy.schemaHash), str(policy.purposes))
    assert dataset["shares"] == found["token"]["supply"]


def test_lease_and_its_proposal__are_the_chains(desk: DeskWorld) -> None:
    (lease,) = told(desk, "v1/leases", "Leases")["leases"]
    terms = desk.world.handle.read("leases", "leaseTerms", 1)[0]
    assert (lease["id"], lease["status"], lease["licensee"]) == (1, "Approved", desk.world.licensee_account.address)
    assert lease["terms"]["pricePerPeriod"] == str(terms.pricePerPeriod)
    assert desk.world.handle.read("leases", "lease", 1).status == LeaseStatus.APPROVED
    found = told(desk, "v1/proposals", "Proposals")
    (proposal,) = found["proposals"]
    assert (proposal["leaseId"], proposal["state"], found["next"]) == (1, "Executed", None)
    assert proposal["description"].startswith("Lease 1 terms ") and "for research" in proposal["description"]
    assert proposal["actions"][0]["target"] == desk.world.handle.addresses["leases"]
    assert told(desk, f"v1/proposals/{proposal['id']}", "Proposal") == proposal
    assert told(desk, "v1/proposals?open=true", "Proposals") == {"proposals": [], "next": None}
    assert told(desk, "v1/offers", "Offers") == {"offers": [], "next": None}


def test_account_and_books__are_the_chains(desk: DeskWorld) -> None:
    dao, member = desk.world.dao, desk.world.members[0].address
    dao.deposit(1, 10**9)
    found = told(desk, f"v1/accounts/{member}", "Account")
    owed = str(dao.splitter.claimable(member, [1]))
    assert found["claimable"] == owed and int(owed) > 0
    assert found["datasets"] == [{"id": 1, "shares": str(dao.token.balanceOf(member)), "claimable": owed}]
    assert (found["votes"], found["delegate"], found["heir"]) == (found["tokens"], member, None)
    books = told(desk, "v1/books", "Books")
    assert (books["received"], books["paid"], books["splitter"]) == (str(10**9), "0", str(10**9))
    nobody = told(desk, "v1/accounts/0x" + "11" * 20, "Account")
    assert (nobody["tokens"], nobody["datasets"]) == ("0", [])


def test_contributions__of_an_account__are_those_of_the_manifests_page_by_page(desk: DeskWorld) -> None:
    member = desk.world.members[0]
    (first,) = told(desk, f"v1/accounts/{member.address}/contributions", "Contributions")["contributions"]
    leaf = desk.world.manifest.leaves[0]
    assert (first["standing"], first["fileHash"], first["units"]) == ("claimed", hexed(leaf.file_hash), leaf.units)
    other = desk.world.dao.who("another")
    desk.world.publish([made(other, f"data {number}") for number in range(3)])
    page = told(desk, f"v1/accounts/{other.address}/contributions?limit=2", "Contributions")
    assert [row["standing"] for row in page["contributions"]] == ["claimable"] * 2 and page["next"] == "1"
    rest = told(desk, f"v1/accounts/{other.address}/contributions?limit=2&before=1", "Contributions")
    seen = {row["fingerprint"] for row in (*page["contributions"], *rest["contributions"])}
    assert len(seen) == 3 and rest["next"] is None


def test_object__that_is_small_and_stored__is_given_as_bytes(desk: DeskWorld) -> None:
    digest = desk.world.store.put_bytes(b"<script>alert(1)</script>")
    answer = desk.served.get(f"v1/objects/{hexed(digest)}")
    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment" and "immutable" in answer.headers["Cache-Control"]
    large = desk.world.store.put_bytes(b"x" * (1024 * 1024 + 1))
    assert refused(desk.served.get(f"v1/objects/{hexed(large)}"), 413, "ObjectTooLarge")
    assert refused(desk.served.get("v1/objects/0x" + "01" * 32), 404, "ObjectMissing")


def test_agreement__is_given_by_the_hash_that_terms_have(desk: DeskWorld) -> None:
    digest = Board(desk.world.dao.id, desk.world.store).agree(b'{"agreed": true}')
    answer = desk.served.get(f"v1/agreements/{hexed(digest)}")
    assert answer.content == b'{"agreed": true}' and answer.headers["Content-Disposition"] == "attachment"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert refused(desk.served.get("v1/agreements/0x" + "01" * 32), 404, "ObjectMissing")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("v1/nothing", 404, "Not Found"),
        ("v1/accounts/0x12", 400, "is not an address"),
        ("v1/proposals/7", 404, "no proposal 7"),
        ("v1/proposals?limit=0", 400, "limit '0': expected 1 to 100"),
        ("v1/leases?before=x", 404, "before=x: expected a number"),
        ("v1/objects/12", 400, "expected 0x and 64 hex digits"),
    ],
)
def test_what_is_not_there__is_refused_by_name(desk: DeskWorld, path: str, status: int, words: str) -> None:
    answer = desk.served.get(path)
    validator("Error").validate(answer.json())
    assert answer.status_code == status and words in answer.json()["error"]["message"]


def test_pages__follow_one_another(desk: DeskWorld) -> None:
    for _ in range(2):
        desk.world.approved()
    first = told(desk, "v1/leases?limit=2", "Leases")
    assert ([lease["id"] for lease in first["leases"]], first["next"]) == ([3, 2], "2")
    rest = told(desk, "v1/leases?limit=2&before=2", "Leases")
    assert ([lease["id"] for lease in rest["leases"]], rest["next"]) == ([1], None)
    proposals = told(desk, "v1/proposals?limit=1", "Proposals")
    assert proposals["proposals"][0]["leaseId"] == 3
    following = told(desk, f"v1/proposals?limit=1&before={proposals['next']}", "Proposals")
    assert following["proposals"][0]["leaseId"] == 2


def test_answers__of_one_moment__ask_the_node_once(desk: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "SECONDS", 60.0)
    asked = []
    whole = reading.Reads.datasets
    monkeypatch.setattr(reading.Reads, "datasets", lambda self: asked.append(1) or whole(self))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: desk.served.get("v1/datasets").json(), range(16)))
    assert len(asked) == 1 and all(item == found[0] for item in found)


def test_answers__after_a_block__are_of_that_block(desk: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "SECONDS", 60.0)
    (member, dao) = (desk.world.members[0].address, desk.world.dao)
    for _ in range(2):
        dao.deposit(1, 10**9)
        owed = str(dao.splitter.claimable(member, [1]))
        assert desk.served.get(f"v1/accounts/{member}").json()["claimable"] == owed
        dao.splitter.claim(member, [1], sender=member)
        assert desk.served.get(f"v1/accounts/{member}").json()["claimable"] == "0"


def test_every_path_of_the_document__answers_something_else_than_not_found(desk: DeskWorld) -> None:
    for path, methods in document()["paths"].items():
        for method in methods:
            if method == "parameters":
                continue
            answer = desk.served.ask(method.upper(), path.lstrip("/").replace("{", "").replace("}", ""))
            assert answer.status_code != 405 and "Not Found" not in answer.text, path
