"""The page as the desk serves it, over a real server.

given a folder with a built page
  when a file is asked for        it should be the file's bytes, under the policy
  when its name has a hash        it may be kept for ever, any other file is asked for each time
  when a path leads out of it     there should be nothing
given a folder that is no page    the desk should not begin
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from assurance.harness.desk import Served
from datadao.desk.app import Desk, application
from datadao.desk.static import LIMIT, Page, policy
from datadao.errors import InvalidArgument

NODE = "https://node.example"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "page" / "assets").mkdir(parents=True)
    (tmp_path / "page" / "index.html").write_text("<!doctype html>hello")
    (tmp_path / "page" / "assets" / "app-0a1b2c3d.js").write_text("1")
    (tmp_path / "page" / ".hidden").write_text("secret")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "page" / "link").symlink_to(tmp_path / "secret")
    return tmp_path / "page"


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    with Served(application(Desk(None, None, None, None, None, None, Page(folder)), policy([f"{NODE}/key"]))) as desk:
        yield desk


def test_index__is_asked_for_each_time_and_runs_under_the_policy(served: Served) -> None:
    answer = served.get()
    assert (answer.status_code, answer.text) == (200, "<!doctype html>hello")
    assert answer.headers["Cache-Control"] == "no-cache" and answer.headers["Content-Type"].startswith("text/html")
    allowed = answer.headers["Content-Security-Policy"]
    assert f"connect-src 'self' {NODE};" in allowed and "default-src 'none'" in allowed and "unsafe" not in allowed
    again = served.get(headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_file_with_its_hash_in_its_name__may_be_kept_for_ever(served: Served) -> None:
    answer = served.get("assets/app-0a1b2c3d.js")
    assert "immutable" in answer.headers["Cache-Control"] and "javascript" in answer.headers["Content-Type"]


@pytest.mark.parametrize("path", [".hidden", "link", "../secret", "..%2fsecret", "assets", "nothing", "index.html/"])
def test_what_is_no_file_of_the_page__is_not_served(served: Served, path: str) -> None:
    answer = served.get(path)
    assert (answer.status_code, b"secret" in answer.content) == (404, False)


def test_post__to_the_page__is_refused(served: Served) -> None:
    assert served.ask("POST", "").status_code == 405


def test_sha256__of_the_page__is_that_of_what_sha256sum_prints_of_all_but_the_index(folder: Path) -> None:
    listed = f"{hashlib.sha256(b'1').hexdigest()}  assets/app-0a1b2c3d.js\n"
    assert Page(folder).sha256 == hashlib.sha256(listed.encode()).hexdigest()
    (folder / "index.html").write_text("<!doctype html>of another DAO")
    (folder / "assets" / "app-0a1b2c3d.js").write_text("2")
    assert Page(folder).sha256 != hashlib.sha256(listed.encode()).hexdigest()


def test_page__without_an_index_or_too_large__is_none(folder: Path) -> None:
    with (folder / "large").open("wb") as file:
        file.truncate(LIMIT)
    with pytest.raises(InvalidArgument, match="holds more than"):
        Page(folder)
    (folder / "large").unlink()
    (folder / "index.html").unlink()
    with pytest.raises(InvalidArgument, match=r"holds no index\.html"):
        Page(folder)
    with pytest.raises(InvalidArgument, match="there is no folder"):
        Page(folder / "elsewhere")


@pytest.mark.parametrize("node", ["node.example", "ftp://x", "https://x; script-src *", "https://"])
def test_policy__for_what_is_no_address_of_a_node__is_refused(node: str) -> None:
    with pytest.raises(InvalidArgument, match="expected an address"):
        policy([node])


def test_api__openapi_and_its_page__are_served_and_any_page_may_read_them(served: Served) -> None:
    answer = served.get("openapi.json")
    assert answer.json()["openapi"] == "3.1.0" and answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "/v1/submissions" in served.get("api").text
    preflight = served.ask("OPTIONS", "v1/submissions")
    assert preflight.status_code == 204 and "PUT" in preflight.headers["Access-Control-Allow-Methods"]
