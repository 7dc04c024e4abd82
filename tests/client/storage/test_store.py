"""Storage is write-once, named by content, and never believed.

given a store of each kind
  when content is put, also twice            it should come back, once stored
  when a name holds something else           it should be refused and unchanged
  when storage alters, loses or bloats       it should be noticed before anything appears
  when a name or address has another form    it should be refused before any I/O
"""

from __future__ import annotations

import hashlib
import io
import itertools
import re
import string
from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assurance.harness.chain.s3 import KEYS, S3Server
from datadao.errors import (
    HashMismatch,
    InvalidArgument,
    NameRefused,
    ObjectMissing,
    ObjectTaken,
    ObjectTooLarge,
    StoreError,
    StoreUnavailable,
)
from datadao.storage import backend
from datadao.storage import store as module
from datadao.storage.store import Store, content_name

BUCKETS = itertools.count()


@pytest.fixture(scope="module")
def s3_server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture(params=["file", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "s3":
        server: S3Server = request.getfixturevalue("s3_server")
        name = f"bucket-{next(BUCKETS)}"
        server.bucket(name)
        return Store(f"s3://{name}/some/prefix", endpoint=server.endpoint, http=True, **KEYS)
    return Store("memory://") if request.param == "memory" else Store(f"file://{tmp_path}/objects", create=True)


def overwrite(store: Store, name: str, data: bytes) -> None:
    """What only a hostile or broken storage does."""
    obstore.put(store._store, name, data, mode="overwrite")


@pytest.mark.parametrize("size", [0, 1, 100_000, module.SMALL, module.SMALL + 1, 2 * module.SMALL + 7])
def test_put_file__any_size__is_named_by_sha256_and_comes_back(store: Store, tmp_path: Path, size: int) -> None:
    data = hashlib.shake_128(b"content").digest(size)
    digest = store.put_file(io.BytesIO(data))
    assert digest == hashlib.sha256(data).digest()
    store.get_file(digest, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == data
    source = tmp_path / "source"
    source.write_bytes(data)
    assert store.put_file(source) == digest  # a second time, from a file: nothing changes
    assert store.get(digest, limit=size) == data


def test_put__same_bytes_again__is_no_change_and_other_bytes_are_refused(store: Store) -> None:
    store.put("bundles/1/a", b"one")
    store.put("bundles/1/a", b"one")
    with pytest.raises(ObjectTaken):
        store.put("bundles/1/a", b"two")
    assert store.get("bundles/1/a") == b"one"


def test_put_bytes__name_squatted_with_other_content__refused(store: Store) -> None:
    digest = hashlib.sha256(b"honest").digest()
    overwrite(store, content_name(digest), b"squatter")
    with pytest.raises(ObjectTaken):
        store.put_bytes(b"honest")


def test_put_file__large_name_squatted__refused_and_unchanged(store: Store) -> None:
    data = bytes(module.SMALL + 1)
    overwrite(store, content_name(hashlib.sha256(data).digest()), b"squatter")
    with pytest.raises(ObjectTaken):
        store.put_file(io.BytesIO(data))


@pytest.mark.parametrize("lie", [b"", b"hones", b"honest!", b"hOnest"])
def test_get__storage_lies__noticed_and_nothing_appears(store: Store, tmp_path: Path, lie: bytes) -> None:
    digest = store.put_bytes(b"honest")
    overwrite(store, content_name(digest), lie)
    with pytest.raises(HashMismatch):
        store.get(digest)
    folder = tmp_path / "empty"
    folder.mkdir()
    with pytest.raises(HashMismatch):
        store.get_file(digest, folder / "copy")
    assert list(folder.iterdir()) == []


def test_get__object_lost__missing(store: Store, tmp_path: Path) -> None:
    for key in (bytes(32), "bundles/none"):
        assert not store.has(key)
        with pytest.raises(ObjectMissing):
            store.get(key)
    with pytest.raises(ObjectMissing):
        store.get_file(bytes(32), tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_get__longer_than_allowed__refused_K4_AB89(store: Store, tmp_path: Path) -> None:
    digest = store.put_bytes(b"x" * 1_000)
    assert len(store.get(digest, limit=1_000)) == 1_000
    with pytest.raises(ObjectTooLarge):
        store.get(digest, limit=999)
    with pytest.raises(ObjectTooLarge):
        store.get_file(digest, tmp_path / "copy", limit=999)
    assert not (tmp_path / "copy").exists()


def test_names__lists_one_folder_sorted_and_leaves_strange_names_out(store: Store) -> None:
    for name in ("bundles/1/b", "bundles/1/a", "bundles/10/c", "other/d"):
        store.put(name, b"x")
    overwrite(store, "bundles/1/Strange Name", b"x")
    assert list(store.names("bundles/1")) == ["bundles/1/a", "bundles/1/b"]
    assert list(store.names("nothing")) == []


class Forbidden:
    """Stands in for `obstore`: any use is I/O that should not have happened."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"reached obstore.{name}")


LETTERS = set(string.ascii_lowercase + string.digits + "-_")


def allowed(name: str) -> bool:
    """The rule of the store in other words than its own."""
    parts = re.split(r"[./]", name)
    return 0 < len(name) <= 200 and name[0] not in "-_" and all(part and set(part) <= LETTERS for part in parts)


@given(
    st.one_of(
        st.text(max_size=30),
        st.text("abz09-_./\\ A%:~\0", max_size=30),
        st.text("abz09-_./", min_size=1, max_size=12),
        st.text("ab", min_size=1, max_size=9).map(lambda name: name + "/../" + name),
        st.text("ab/", min_size=201, max_size=300),
    )
)
@example("../../etc/passwd")
@example("/etc/passwd")
@example("a/./b")
@example("a//b")
@example("a/..")
@example("a\\b")
@example("a\n")
@example("con:stream")
@example("")
@example("sha256/" + "ab/" + "ab" * 32)
def test_names__outside_the_allowed_forms__never_reach_io_K4_AB89(name: str) -> None:
    """K-4. The store refuses on its own; it does not lean on what obstore or the file system would say."""
    store = Store("memory://")
    fine = allowed(name)
    patch = pytest.MonkeyPatch()
    with patch.context() as patched:
        patched.setattr(module, "obstore", Forbidden())
        patched.setattr(backend, "obstore", Forbidden())
        for call in (lambda: store.get(name), lambda: store.has(name), lambda: list(store.names(name))):
            with pytest.raises(AssertionError if fine else NameRefused):
                call()
        with pytest.raises(AssertionError if fine and not name.startswith("sha256/") else NameRefused):
            store.put(name, b"")


@pytest.mark.parametrize("size", [0, 31, 33])
def test_get__digest_of_another_length__refused(size: int) -> None:
    with pytest.raises(InvalidArgument):
        Store("memory://").get(bytes(size))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/tmp/x",
        "http://127.0.0.1/x",
        "https://a.example/x",
        "gs://b",
        "az://c/d",
        "file:///tmp/../etc",
        "FILE:///x",
    ],
)
def test_store__address_of_another_form__refused(url: str) -> None:
    with pytest.raises(NameRefused):
        Store(url)


def test_store__unknown_option__refused() -> None:
    with pytest.raises(StoreError):
        Store("s3://bucket", no_such_option="x")


def test_put_file__file_changes_while_it_is_read__stores_nothing(tmp_path: Path) -> None:
    """The upload of a large file is the second reading of it: what was hashed must be what was sent."""
    store = Store(f"file://{tmp_path}/objects", create=True)

    class Changing(io.BytesIO):
        def seek(self, offset: int, whence: int = 0) -> int:
            if self.rewound == 1:
                self.getbuffer()[7] ^= 1
            self.rewound += 1
            return super().seek(offset, whence)

        rewound = 0

    data = bytes(module.SMALL + 1)
    with pytest.raises(HashMismatch):
        store._put_seekable(Changing(data))
    assert not store.has(hashlib.sha256(data).digest())
    assert [path for path in (tmp_path / "objects").rglob("*") if path.is_file()] == []


def test_s3__server_gone_and_back__refused_then_complete(tmp_path: Path) -> None:
    """Nothing is half-registered: the same call, run again, completes."""
    server = S3Server()
    server.bucket("data")
    store = Store("s3://data", endpoint=server.endpoint, http=True, timeout=1, **KEYS)
    first = store.put_bytes(b"before")
    server.stop()
    data = bytes(module.SMALL + 1)
    for attempt in (lambda: store.put_bytes(b"x"), lambda: store.put_file(io.BytesIO(data)), lambda: store.get(first)):
        with pytest.raises(StoreUnavailable):
            attempt()
    with S3Server(server.port):
        assert store.get(store.put_bytes(b"x")) == b"x"
        assert store.get(store.put_file(io.BytesIO(data)), limit=len(data)) == data


def test_s3__unencrypted_endpoint__needs_to_be_asked_for(s3_server: S3Server) -> None:
    s3_server.bucket("plain")
    with pytest.raises(StoreUnavailable):
        Store("s3://plain", endpoint=s3_server.endpoint, timeout=1, **KEYS).put_bytes(b"x")
