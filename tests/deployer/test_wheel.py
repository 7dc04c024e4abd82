"""The client as an installed package: built, installed in empty environments, talking to a deployed DAO.

Nothing of this folder is on its path; what it needs it declares, and what it reads it ships.

given the package alone       the core should read a deployed DAO; the command should name the extra to install
given the extra `cli`         the command should show its help
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from assurance import ROOT
from assurance.harness.dao.packages import run

UV = [sys.executable, "-m", "uv"]
# Most of it `make setup` downloaded already.
CACHE = {"UV_CACHE_DIR": str(ROOT / ".cache/uv")}


@pytest.fixture(scope="module")
def install(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Installs the wheel with extras, and what it declares at the locked versions; gives the interpreter."""

    def install(extras: str) -> Path:
        home = tmp_path_factory.mktemp("empty")
        run(*UV, "venv", "--python", sys.executable, home / "venv", cwd=home, **CACHE)
        python = home / "venv/bin/python"
        locked = ("--constraint", ROOT / "requirements.lock", f"datadao{extras} @ {wheel.as_uri()}")
        run(*UV, "pip", "install", "--python", python, *locked, cwd=home, **CACHE)
        return python

    return install


@pytest.fixture(scope="module")
def python(install: Callable[[str], Path]) -> Path:
    """The interpreter of an environment with the core alone."""
    return install("")


def test_wheel__in_an_empty_environment__reads_a_deployed_dao(python: Path, dao, tmp_path: Path) -> None:
    addresses = dao.addresses
    (tmp_path / "addresses.json").write_text(json.dumps(addresses))
    program = """
        import json, sys
        from pathlib import Path
        import datadao

        assert "site-packages" in datadao.__file__, datadao.__file__
        assert all(hasattr(datadao, name) for name in datadao.__all__)
        dao = datadao.DataDAO(json.loads(Path("addresses.json").read_text()), datadao.connect(sys.argv[1]))
        committee = dao.committee()
        Path("seen.json").write_text(json.dumps({
            "symbol": dao.read("token", "symbol"),
            "threshold": committee.threshold,
            "custodians": [party.signer for party in committee.custodians],
            "attestors": [party.signer for party in dao.attestors()],
            "rate": dao.policy(1).shares_per_unit,
        }))
    """
    node = dao.chain.web3.provider.endpoint_uri
    run(python, "-c", textwrap.dedent(program), node, cwd=tmp_path, HOME=str(tmp_path))
    seen = json.loads((tmp_path / "seen.json").read_text())
    custodians, threshold = dao.registry.committee(1)
    attestors, _ = dao.registry.attestors(1)
    assert seen == {
        "symbol": dao.token.symbol(),
        "threshold": threshold,
        "custodians": [custodian.signer for custodian in custodians],
        "attestors": [attestor.signer for attestor in attestors],
        "rate": dao.registry.policy(1, 1).sharesPerUnit,
    }


def test_command__without_its_extra__says_what_to_install(python: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [python.parent / "datadao", "--help"], cwd=tmp_path, env={}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("datadao: the command line needs ape, ")
    assert done.stderr.endswith("not installed here: pip install 'datadao[cli]'\n")


def test_command__with_its_extra__is_installed(install: Callable[[str], Path], tmp_path: Path) -> None:
    shown = run(install("[cli]").parent / "datadao", "--help", cwd=tmp_path, HOME=str(tmp_path))
    assert {"contribute", "attest", "custodian", "open", "vote"} <= set(shown.split())
