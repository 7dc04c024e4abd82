"""What happens to every change and at a release: workflows, one version number, a changelog that has it."""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from typing import Any

import yaml

from assurance import ROOT

TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def workflow(name: str) -> Any:
    return yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())["jobs"]


def runs(job: Any) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_ci__runs_what_a_developer_runs_and_shows_gas() -> None:
    jobs = workflow("ci.yml")
    assert runs(jobs["test"]) == [".ci/run"]
    assert "\nmake test " in (ROOT / ".ci" / "run").read_text()
    (shown,) = runs(jobs["gas"])
    assert (ROOT / shown.split()[0]).is_file()


def test_nightly__runs_audit_and_proofs_and_the_newest_libraries_on_the_newest_python() -> None:
    (job,) = workflow("nightly.yml").values()
    matrix = job["strategy"]["matrix"]["target"]
    targets = {target.split()[0] for target in matrix}
    assert {"audit", "prove", "test"} <= targets <= TARGETS
    newest = "3.13"
    assert {"newest", f"newest ON=python{newest}"} <= set(matrix)
    (pythons,) = (
        step["with"]["python-version"].split() for step in job["steps"] if "setup-python" in step.get("uses", "")
    )
    assert newest in pythons[:-1], "there for `newest`, and not what all others run on"
    assert runs(job) == ["make ${{ matrix.target }}"]


def test_pre_commit__runs_commands_of_the_toolchain() -> None:
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    entries = [hook["entry"].split() for hook in repository["hooks"]]
    assert all((ROOT / word).is_file() for words in entries for word in words)


def test_version__is_in_pyproject_alone_and_is_the_newest_release() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert "version" not in json.loads((ROOT / "package.json").read_text())
    releases = re.findall(r"^## \[(.+)\] - (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert releases[0][0] == version
    assert all(datetime.date.fromisoformat(date) for _, date in releases)


def test_changelog__begins_with_what_is_unreleased() -> None:
    headings = re.findall(r"^## .+$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "## [Unreleased]"
