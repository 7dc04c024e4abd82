"""What makes two records the same stays what the dataset's first schema said: `x-identity`, for good. R-14."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from assurance.harness.chain.node import FINALITY
from assurance.harness.commands import SCHEMA, put_key
from datadao.storage.store import Store
from tests.cli.conftest import FreshDao


def schema(*identity: str, note: str = "") -> bytes:
    """The test DAO's, with these properties for `x-identity`."""
    named = {"x-identity": list(identity)} if identity else {}
    return json.dumps(json.loads(SCHEMA) | named | {"$comment": note}).encode()


def decide(live: FreshDao, data: bytes | None, dataset: int | None = 1) -> None:
    """The schema of the next version of a dataset's policy, or of a new dataset; None for a policy without one."""
    policy: list[Any] = list(live.dao.read("registry", "currentPolicy", dataset or 1))
    policy[10] = bytes(32) if data is None else sha256(data).digest()
    if data is not None:
        Store((live.folder / "storage").as_uri()).put_bytes(data)
    if dataset is None:
        live.decide("registry", "createDataset", tuple(policy))
    else:
        live.decide("registry", "updatePolicy", dataset, tuple(policy))


def attestor(live: FreshDao, dataset: int) -> Any:
    """What scores a file of one record, which custodians opened, whenever it is called."""
    giver = live.home("giver", "TEST::12")
    (giver / "a.jsonl").write_text('{"name": "a", "diary": "d"}\n')
    given = live.run(giver, "contribute", str(giver / "a.jsonl"), "--dataset", str(dataset))
    assert given.code == 0, given.err
    live.node.rpc("anvil_mine", hex(FINALITY))
    for slot in range(4):
        home = live.home(f"custodian-{slot}", f"TEST::{5 + slot}")
        put_key(home, f"custodian-{slot}")
        assert live.run(home, "custodian", "once", "--json").document["testOpened"] == 1
    home = live.home("attestor", "TEST::2")
    put_key(home, "attestor-0")
    live.run(home, "keys", "new-fingerprint")
    return lambda *more: live.run(home, "attest", "score", "--dataset", str(dataset), *more)


def refusal(dataset: int, now: str, first: str) -> str:
    return (
        f"the schema of dataset {dataset} makes two records the same by {now}, its first one by {first}; "
        "that never changes, so restore x-identity, or make another dataset"
    )


def scores(live: FreshDao) -> list[Any]:
    return [path for path in live.objects if "scores" in path.parts]


@pytest.mark.parametrize(
    ("now", "said"), [(("name",), "name"), (("name", "diary"), "name and diary"), (("diary", "name"), "diary and name")]
)
def test_r14_score__another_identity_than_the_first_schemas__refused_until_it_is_restored(
    live: FreshDao, now: tuple[str, ...], said: str
) -> None:
    score = attestor(live, 1)
    decide(live, schema(*now))
    before = live.objects
    assert score().refusal == refusal(1, said, "all properties")
    assert live.objects == before
    decide(live, schema(note="the same otherwise"))
    assert len(score("--json").document["scored"]) == 1 and len(scores(live)) == 1


def test_r14_score__dataset_made_without_a_schema__keeps_the_identity_of_its_first_one(live: FreshDao) -> None:
    """Between the versions of such a dataset the same records would be new again."""
    decide(live, None, None)
    decide(live, schema("name"), 2)
    score = attestor(live, 2)
    for now, said in ((schema("diary"), "diary"), (schema(), "all properties")):
        decide(live, now, 2)
        decide(live, now, 2)  # neither the version before counts, nor the last but one
        before = live.objects
        assert score().refusal == refusal(2, said, "name")
        assert live.objects == before
    decide(live, schema("name", note="the same otherwise"), 2)
    assert len(score("--json").document["scored"]) == 1 and len(scores(live)) == 1


def test_score__dataset_whose_first_schema_is_not_in_storage__refused_with_how_to_add_it(live: FreshDao) -> None:
    score = attestor(live, 1)
    decide(live, schema("name"))
    (first,) = [path for path in live.objects if path.name == sha256(SCHEMA).hexdigest()]
    first.unlink()
    before = live.objects
    assert score().refusal == (
        f"the schema 0x{sha256(SCHEMA).hexdigest()} of dataset 1 is not in storage; name it with --schema if it is the "
        "present one, add an older one with `datadao schema add`"
    )
    assert live.objects == before
