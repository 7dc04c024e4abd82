"""RELEASING.md: one version number, and a changelog whose newest dated release has it."""

from __future__ import annotations

import datetime
import json
import re
import tomllib

from assurance import ROOT


def test_version__is_in_pyproject_alone_and_is_the_newest_release() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert "version" not in json.loads((ROOT / "package.json").read_text())
    releases = re.findall(r"^## \[(.+)\] - (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert releases[0][0] == version
    assert all(datetime.date.fromisoformat(date) for _, date in releases)


def test_changelog__begins_with_what_is_unreleased() -> None:
    headings = re.findall(r"^## .+$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "## [Unreleased]"
