"""`datadao init` makes a storage folder; no other command does, and one that is not what it was is refused in words."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from assurance.harness.commands import put_key
from datadao.crypto.keyfile import new_secret
from tests.cli.conftest import FreshDao

LINE = json.dumps({"name": "n", "diary": "d"}) + "\n"


def started(live: FreshDao, name: str, store: str, *more: str) -> tuple[Path, tuple[str, ...]]:
    said = ("init", "--network", live.node.url, "--account", "TEST::12", "--deployment", str(live.record))
    return live.folder / name, (*said, "--store", store, *more)


def test_init__new_folders__makes_storage_and_inbox_once(live: FreshDao) -> None:
    places = [live.folder / "new#1", live.folder / "in%20box"]
    home, said = started(live, "first", f"file://{places[0]}", "--inbox", f"file://{places[1]}")
    assert live.run(home, *said).code == 0
    assert all([path.name for path in place.iterdir()] == ["sha256"] for place in places)
    (places[0] / "sha256" / "kept").write_text("x")
    home, said = started(live, "second", f"file://{places[0]}")
    assert live.run(home, *said).code == 0 and (places[0] / "sha256" / "kept").exists()


def test_init__storage_that_cannot_be__leaves_no_configuration(live: FreshDao) -> None:
    (live.folder / "file").write_text("x")
    home, said = started(live, "role", f"file://{live.folder}/file/storage")
    assert live.run(home, *said).refusal.startswith(f"cannot open file://{live.folder}/file/storage: ")
    assert not (home / "config.yaml").exists()


def test_init__half_of_the_credentials__is_one_sentence(live: FreshDao, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    home, said = started(live, "role", "s3://bucket")
    assert live.run(home, *said).refusal == "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not; set both"
    assert not (home / "config.yaml").exists()


@pytest.mark.parametrize("empty", [False, True], ids=["misspelt", "not mounted"])
def test_commands__storage_folder_missing__refuse_and_make_none(live: FreshDao, empty: bool) -> None:
    home, attestor, custodian = (
        live.home("member", "TEST::12"),
        live.home("att", "TEST::2"),
        live.home("cus", "TEST::5"),
    )
    put_key(attestor, "attestor-0")
    new_secret(attestor / "keys" / "fingerprint")
    put_key(custodian, "custodian-0")
    path = home / "diary.jsonl"
    path.write_text(LINE)
    storage = live.folder / "storage"
    shutil.rmtree(storage)
    if empty:
        storage.mkdir()
    for role, *command in (
        (home, "contribute", str(path), "--dataset", "1"),
        (home, "contribute", str(path), "--dataset", "1", "--unchecked"),
        (attestor, "attest", "score", "--dataset", "1"),
        (attestor, "attest", "draft", "--dataset", "1"),
        (attestor, "attest", "sign", "--dataset", "1"),
        (custodian, "custodian", "once"),
    ):
        refusal = live.run(role, *command).refusal
        assert str(storage) in refusal and "is it spelt right, and mounted? `datadao init` makes" in refusal
    assert list(storage.iterdir()) == [] if empty else not storage.exists()
    assert not (home / "receipts").exists()
