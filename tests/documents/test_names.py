"""Every file, folder, module, test and link that a document names exists."""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from assurance import ROOT
from assurance.harness.pages import PAGES

PACKAGES = ("assurance", "datadao", "deployer", "scripts", "tests")
FOLDERS = (*PACKAGES, "contracts", "docs", "interfaces", "toolchain", "findings", "deploy-config", r"\.github", r"\.ci")
CODE = re.compile(r"```(?:ts|solidity|yaml)\n.*?```", re.DOTALL)
PLACEHOLDER = re.compile(r"\b(?:NAME|PATH)\b")
PATH = re.compile(rf"(?<![\w./~<-])(?:{'|'.join(FOLDERS)})/[\w./-]*")
MODULE = re.compile(rf"(?<![\w./-])(?:{'|'.join(PACKAGES)})(?:\.(?!md\b)[A-Za-z_]\w*)+(?![\w/(-])")
SOURCE = re.compile(r"(?<=`)\w+\.(?:py|sol|toml)(?=`|::)")
TEST = re.compile(r"((?:[\w/]+/)?test_\w+\.py)::(?:Test\w+::)?(\w+\*?)")
# But for the cross references of docs/reference.md by Python names, which are its generator's.
LINK = re.compile(r"\]\((?!#[A-Z]|#\w+\.)([^)\s]+)\)")
FILES = {path.name for folder in FOLDERS if (ROOT / folder).is_dir() for path in (ROOT / folder).rglob("*.*")}
FILES |= {path.name for path in ROOT.glob("*.*")}


def missing(page: Path) -> Iterator[str]:
    """What a page names and is not there."""
    text = CODE.sub("", page.read_text())
    paths = (name.rstrip(".") for name in PATH.findall(text) if not PLACEHOLDER.search(name))
    yield from (name for name in paths if not (ROOT / name).exists())
    yield from (name for name in SOURCE.findall(text) if name not in FILES)
    yield from (name for name in MODULE.findall(text) if not _importable(name))
    yield from (f"{file}::{name}" for file, name in TEST.findall(text) if not _has_test(file, name))
    yield from (
        link for link in LINK.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)) if not _leads(page, link)
    )


def _importable(name: str) -> bool:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:length])
        if path.is_dir() or path.with_suffix(".py").is_file():
            found = importlib.import_module(".".join(parts[:length])) if length < len(parts) else None
            for attribute in parts[length:]:
                if not hasattr(found, attribute):
                    return False
                found = getattr(found, attribute)
            return True
    return False


def _has_test(file: str, name: str) -> bool:
    """`name` may end in `*`; a file without its folder is any of that name."""
    files = [path for path in (ROOT / "tests").rglob(Path(file).name) if path.as_posix().endswith(file)]
    tests = {test for path in files for test in _functions(path)}
    return any(test.startswith(name[:-1]) if name.endswith("*") else test == name for test in tests)


@functools.cache
def _functions(path: Path) -> frozenset[str]:
    return frozenset(re.findall(r"^\s*def (test_\w+)\(", path.read_text(), re.MULTILINE))


def _leads(page: Path, link: str) -> bool:
    target, _, anchor = link.partition("#")
    if "://" in link:
        return True
    file = (page.parent / target).resolve() if target else page
    return file.exists() and (not anchor or anchor in _anchors(file))


@functools.cache
def _anchors(file: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_names__of_a_page__all_exist(page: str) -> None:
    assert list(missing(ROOT / page)) == []


@pytest.mark.parametrize(
    "text",
    [
        "`datadao/nothing.py`",
        "`assurance/nothing/`",
        "`nothing_here.toml`",
        "`python -m assurance.audit.nothing`",
        "`datadao.client.Nothing`",
        "`tests/cli/test_pending.py::test_nothing__*`",
        "[it](nothing.md)",
        "[it](page.md#nothing)",
    ],
)
def test_missing__something_that_is_not_there__is_found(text: str, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(f"# A heading\n\n{text}, `datadao.client.DataDAO`, [this](#a-heading).\n")
    assert list(missing(tmp_path / "page.md")) == [re.sub(r"`|python -m |\[it\]\(|\)", "", text)]
