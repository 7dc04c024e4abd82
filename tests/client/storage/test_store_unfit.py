"""Storage that is not what it should be, each in earnest: a real S3 server with a vice, a full disk, a wrong address.

given an S3 server
  when it ignores or refuses conditions       it should be found out before anything is written, once a process
  when only reading is asked for              it should not be written to
  when its bucket is misspelt                 it should be said, and nothing be called missing
  when it denies, or credentials are half     it should be one sentence
  when it lets no one delete                  it should be said, and not be called unavailable
  when a key is one that no client wrote      it should not hide the others
given a folder
  when its name has odd characters            it should be that folder
  when it is not there, or not mounted        it should be refused and not be made
  when links in it lead round, or out         it should list what is in it
given a disk
  when it is full                             it should be said, and nothing half-written stay
"""

from __future__ import annotations

import errno
import io
import itertools
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from assurance.harness.chain.disks import limited_files, small_disk
from assurance.harness.chain.s3 import KEYS, S3Server, client, vicious
from assurance.harness.dao.parties import DAO, Wallet, World
from datadao.attestor.cluster import assess_all
from datadao.crypto import files
from datadao.errors import (
    DiskUnavailable,
    InvalidArgument,
    NameRefused,
    ObjectMissing,
    PackageMissing,
    StoreUnavailable,
    StoreUnfit,
)
from datadao.storage import store as module
from datadao.storage.store import Store

BUCKETS = itertools.count()
LARGE = bytes(module.SMALL + 1)
MIB = 1024 * 1024
Full = Callable[[], AbstractContextManager[str]]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with S3Server() as server:
        yield server.endpoint


@pytest.fixture
def bucket(server: str) -> str:
    name = f"data-{next(BUCKETS)}"
    client(server).create_bucket(Bucket=name)
    return name


def keys(server: str, bucket: str) -> list[str]:
    return [entry["Key"] for entry in client(server).list_objects_v2(Bucket=bucket).get("Contents", ())]


def store_at(endpoint: str, bucket: str, prefix: str = "") -> Store:
    return Store(f"s3://{bucket}{prefix}", endpoint=endpoint, http=True, timeout=5, **KEYS)


# Conditional writes


@pytest.mark.parametrize("vice", ["ignores", "refuses"])
def test_write__storage_without_conditional_writes__refused_before_anything_is_replaced(
    server: str, bucket: str, vice: str
) -> None:
    store_at(server, bucket).put("drafts/1", b"first")
    with vicious(server, vice) as proxy:
        store = store_at(proxy.endpoint, bucket)
        for write in (
            lambda: store.put("drafts/1", b"second"),
            lambda: store.put_bytes(b"small"),
            lambda: store.put_file(io.BytesIO(LARGE)),
        ):
            with pytest.raises(StoreUnfit, match=rf"^storage {bucket} replaces objects .*If-None-Match"):
                write()
        assert store.get("drafts/1") == b"first"
        assert set(keys(server, bucket)) <= {"drafts/1", "drafts/write-once", "sha256/write-once"}


def test_write__storage_with_conditional_writes__is_probed_once_a_process(server: str, bucket: str) -> None:
    with vicious(server, None) as proxy:
        for _ in range(2):
            store_at(proxy.endpoint, bucket).put("drafts/1", b"first")
        assert proxy.requests.count(("PUT", f"/{bucket}/drafts/write-once")) == 2
        store_at(proxy.endpoint, bucket).put("scores/1", b"x")
        assert proxy.count("PUT") == 2 + 2 + 1


def test_write__probe_of_an_earlier_process_is_there__is_one_request(server: str, bucket: str) -> None:
    client(server).put_object(Bucket=bucket, Key="drafts/write-once", Body=b"")
    with vicious(server, None) as proxy:
        store_at(proxy.endpoint, bucket).put("drafts/1", b"first")
        assert proxy.count("PUT") == 2


def test_read__storage_without_conditional_writes__is_not_written_to(server: str, bucket: str) -> None:
    digest = store_at(server, bucket).put_bytes(b"data")
    with vicious(server, "ignores") as proxy:
        store = store_at(proxy.endpoint, bucket)
        assert store.get(digest) == b"data" and store.has(digest) and not list(store.names("drafts"))
        assert not proxy.count("PUT") and not proxy.count("POST")


def test_names__of_a_folder_that_was_probed__leave_the_probe_out(server: str, bucket: str) -> None:
    store = store_at(server, bucket)
    store.put("drafts/1", b"first")
    assert "drafts/write-once" in keys(server, bucket)
    assert list(store.names("drafts")) == ["drafts/1"]


# Addresses and credentials


def test_s3__misspelt_bucket__is_said_for_every_action(server: str) -> None:
    store = store_at(server, "misspelt")
    for action in (
        lambda: store.get(bytes(32)),
        lambda: store.has(bytes(32)),
        lambda: list(store.names("drafts")),
        lambda: store.put("drafts/1", b"x"),
        lambda: store.put_file(io.BytesIO(LARGE)),
    ):
        with pytest.raises(StoreUnfit, match=r"^there is no such bucket; check the storage's address and endpoint$"):
            action()


def test_s3__object_missing__is_missing(server: str, bucket: str) -> None:
    store = store_at(server, bucket)
    assert not store.has(bytes(32))
    with pytest.raises(ObjectMissing):
        store.get(bytes(32))


def test_s3__credentials_refused__is_said(server: str, bucket: str) -> None:
    with vicious(server, "denies") as proxy:
        store = store_at(proxy.endpoint, bucket)
        for action in (lambda: store.get("drafts/1"), lambda: store.put("drafts/1", b"x")):
            with pytest.raises(StoreUnfit, match=r"^storage refuses these credentials at drafts/\S+; check them"):
                action()


def test_s3__deletion_refused__is_said_and_deletes_nothing(server: str, bucket: str) -> None:
    with vicious(server, "keeps") as proxy:
        store = store_at(proxy.endpoint, bucket)
        store.put("samples/1", b"x")
        with pytest.raises(StoreUnfit, match=r"^storage refuses to delete samples/1; check these credentials'"):
            store.delete("samples/1")
        assert store.get("samples/1") == b"x"
        proxy.vice = None
        store.delete("samples/1")
        assert not list(store.names("samples"))


@pytest.mark.parametrize("given", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
@pytest.mark.parametrize("other", [None, ""])
def test_s3__half_of_the_credentials__is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, given: str, other: str | None
) -> None:
    names = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    for name in names:
        monkeypatch.delenv(name, raising=False)
    (lacking,) = names - {given}
    monkeypatch.setenv(given, "something")
    if other is not None:
        monkeypatch.setenv(lacking, other)
    with pytest.raises(StoreUnfit) as refused:
        Store("s3://data")
    assert str(refused.value) == f"{given} is set and {lacking} is not; set both"


def test_s3__half_in_the_environment_and_half_configured__is_whole(
    monkeypatch: pytest.MonkeyPatch, server: str, bucket: str
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    options = {name: value for name, value in KEYS.items() if name != "secret_access_key"}
    Store(f"s3://{bucket}", endpoint=server, http=True, **options).put("drafts/1", b"x")
    assert "drafts/1" in keys(server, bucket)


@pytest.mark.parametrize("url", ["s3://", "s3:///prefix", "s3://a?b/c", "s3://UPPER/x", "s3://a%41bc"])
def test_s3__bucket_that_is_none__refused(url: str) -> None:
    with pytest.raises(NameRefused, match=r"^bucket "):
        Store(url)


def test_s3__prefix_with_odd_characters__is_that_prefix(server: str, bucket: str) -> None:
    Store(f"s3://{bucket}/a#b/c?d", endpoint=server, http=True, **KEYS).put("drafts/1", b"x")
    assert "a#b/c?d/drafts/1" in keys(server, bucket)


@pytest.mark.parametrize("name", ["a#b", "a?b", "e%41f", "sp ace", "ü"])
def test_file__name_with_odd_characters__is_that_folder(tmp_path: Path, name: str) -> None:
    Store(f"file://{tmp_path}/{name}", create=True).put("drafts/1", b"x")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / "drafts/1").read_bytes() == b"x"


def test_file__relative__refused() -> None:
    with pytest.raises(NameRefused, match=r"^storage address 'file://folder'"):
        Store("file://folder")


# Folders that are not there


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("", "there is no folder {}"),
        ("objects", "{} holds no storage (there is no folder sha256 in it)"),
    ],
    ids=["misspelt", "not mounted"],
)
def test_file__folder_that_is_no_storage__refused_and_not_made(tmp_path: Path, made: str, expected: str) -> None:
    root = tmp_path / "objects"
    (tmp_path / made).mkdir(exist_ok=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StoreUnfit) as refused:
        Store(f"file://{root}")
    assert str(refused.value) == (
        f"{expected.format(root)}; is it spelt right, and mounted? `datadao init` makes a new storage"
    )
    assert sorted(tmp_path.rglob("*")) == before


def test_file__percent_in_an_address_of_nothing__is_explained(tmp_path: Path) -> None:
    (tmp_path / "my storage").mkdir()
    with pytest.raises(StoreUnfit, match=r"my%20storage \(the address is taken as it is written, '%' too\)"):
        Store(f"file://{tmp_path}/my%20storage")


@pytest.mark.parametrize("leaves", [False, True], ids=["gone", "empty mount point"])
def test_file__folder_goes_missing_while_in_use__nothing_is_made_or_called_missing(
    tmp_path: Path, leaves: bool
) -> None:
    root = tmp_path / "objects"
    store = Store(f"file://{root}", create=True)
    digest = store.put_bytes(b"data")
    shutil.rmtree(root)
    if leaves:
        root.mkdir()
    for action in (
        lambda: store.get(digest),
        lambda: store.has(digest),
        lambda: list(store.names("drafts")),
        lambda: store.put("drafts/1", b"x"),
        lambda: store.put_file(io.BytesIO(LARGE)),
    ):
        with pytest.raises(StoreUnfit, match="mounted"):
            action()
    assert not root.exists() or not list(root.iterdir())


# Keys of others


@pytest.mark.parametrize("prefix", ["", "/some/prefix"])
@pytest.mark.parametrize(
    "key", ["bundles//x2", "bundles/1//x2", "bundles/1/", "bundles/1/./x", "bundles/1/a b", "bundles/1/\x7f"]
)
def test_names__foreign_key_in_a_bucket__hides_nothing(server: str, bucket: str, key: str, prefix: str) -> None:
    store, root = store_at(server, bucket, prefix), f"{prefix[1:]}/" if prefix else ""
    for name in ("bundles/1/a", "bundles/1/b"):
        store.put(name, b"x")
    client(server).put_object(Bucket=bucket, Key=f"{root}{key}", Body=b"" if key.endswith("/") else b"x")
    assert f"{root}{key}" in keys(server, bucket)
    assert list(store.names("bundles")) == ["bundles/1/a", "bundles/1/b"]
    assert list(store.names("bundles/1")) == ["bundles/1/a", "bundles/1/b"]


def test_names__foreign_key_without_boto3__names_the_extra(
    server: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    client(server).put_object(Bucket=bucket, Key="bundles//x2", Body=b"x")
    with pytest.raises(PackageMissing, match=r"pip install 'datadao\[s3\]'"):
        list(store_at(server, bucket).names("bundles"))


def test_names__foreign_key_among_thousands__hides_nothing(server: str, bucket: str) -> None:
    store, names = store_at(server, bucket), [f"bundles/1/{number:04}" for number in range(1_100)]
    foreign = client(server)
    for name in (*names, "bundles/1//x", "bundles/1/0500//x"):
        foreign.put_object(Bucket=bucket, Key=name, Body=b"x")
    assert list(store.names("bundles/1")) == names


def test_names__links_in_a_folder__hide_nothing_and_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "objects"
    store = Store(f"file://{root}", create=True)
    for name in ("bundles/1/a", "bundles/1/b"):
        store.put(name, b"x")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "c").write_bytes(b"x")
    (root / "bundles/1/up").symlink_to("..")
    (root / "bundles/1/out").symlink_to(tmp_path / "outside")
    (root / "bundles/1/Strange\nname").write_bytes(b"x")
    Path(os.fsdecode(os.fsencode(root) + b"/bundles/1/caf\xe9")).write_bytes(b"x")
    (root / "bundles/1/folder").mkdir()
    assert list(store.names("bundles/1")) == ["bundles/1/a", "bundles/1/b"]
    assert list(store.names("bundles/1/a")) == [] == list(store.names("nothing"))


# Full disks


@pytest.fixture(params=["small disk", "limited files"])
def full(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], AbstractContextManager[str]]:
    """Makes `tmp_path`/full take one mebibyte, and yields what its system says when it is full."""
    folder = tmp_path / "full"
    folder.mkdir()
    return partial(small_disk, folder, MIB) if request.param == "small disk" else partial(limited_files, MIB)


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_put__storage_full__is_said_and_nothing_half_written_stays(tmp_path: Path, full: Full) -> None:
    with full() as said:
        store = Store(f"file://{tmp_path}/full", create=True)
        for write in (
            lambda: store.put_bytes(bytes(2 * MIB)),
            lambda: store.put("drafts/1", bytes(2 * MIB)),
            lambda: store._put_seekable(io.BytesIO(LARGE)),  # a spooled copy would meet the limit on files first
        ):
            with pytest.raises(StoreUnavailable, match=rf"^storage is full at .*{said}.*make room"):
                write()
        assert left(tmp_path / "full") == []
        assert store.get(store.put_bytes(b"small")) == b"small"


def test_get_file__target_full__is_the_disk_and_not_the_storage(tmp_path: Path, full: Full) -> None:
    store = Store("memory://")
    digest = store.put_bytes(bytes(2 * MIB))
    with full() as said:
        with pytest.raises(DiskUnavailable, match=rf" cannot be written: {said}; make room, then run the same again$"):
            store.get_file(digest, tmp_path / "full" / "copy")
        assert left(tmp_path / "full") == []


def test_decrypt__target_full__is_the_disk_and_not_the_key(tmp_path: Path, full: Full) -> None:
    secret, source, target = files.new_secret(), tmp_path / "sealed", tmp_path / "full" / "plain"
    with source.open("wb") as sealed:
        digest = files.encrypt(io.BytesIO(bytes(2 * MIB)), sealed, secret)
    with full() as said:
        with pytest.raises(DiskUnavailable, match=rf"^{target} cannot be written: {said}; make room"):
            files.decrypt(source, target, secret, digest)
        assert left(target.parent) == []


def test_contribute__scratch_disk_full__is_the_disk_and_hands_in_nothing(
    world: World, tmp_path: Path, full: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "full"))
    with full() as said:
        with pytest.raises(DiskUnavailable, match=rf"^the encrypted copy cannot be written: {said}; make room"):
            world.contribute(bytes(2 * MIB), Wallet("alice"))
        assert left(tmp_path / "full") == []


def test_contribute__file_that_cannot_be_read__is_said_and_hands_in_nothing(world: World) -> None:
    class Failing(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _: object) -> int:
            raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(InvalidArgument, match=r"^the file cannot be read: .*Input/output error.*; nothing was stored$"):
        world.contribute(Failing(), Wallet("alice"))


def test_assess__scratch_disk_full__stops_and_does_not_refuse_the_file(
    world: World, tmp_path: Path, full: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = world.contribute(bytes(2 * MIB), Wallet("alice"))
    name = submission.id(DAO)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "full"))
    monkeypatch.setattr("datadao.attestor.attestor.SMALL", MIB)  # what is smaller never comes to the disk
    with full() as said, pytest.raises(DiskUnavailable, match=rf" cannot be written: {said}; make room"):
        list(assess_all(world.attestor(), {name: submission}, {name: set(range(5))}))
    assert left(tmp_path / "full") == []
