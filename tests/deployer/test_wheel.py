"""The client as an installed package: built, installed in an empty environment, talking to a deployed DAO.

Nothing of this folder is on its path; what it needs it declares, and what it reads it ships.
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path

import ape
import pytest

from assurance import ROOT
from assurance.harness.dao.packages import run

UV = [sys.executable, "-m", "uv"]
# Most of it `make setup` downloaded already.
CACHE = {"UV_CACHE_DIR": str(ROOT / ".cache/uv")}


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel and what it declares, at the locked versions."""
    home = tmp_path_factory.mktemp("empty")
    run(*UV, "venv", "--python", sys.executable, home / "venv", cwd=home, **CACHE)
    python = home / "venv/bin/python"
    run(*UV, "pip", "install", "--python", python, "--constraint", ROOT / "requirements.lock", wheel, cwd=home, **CACHE)
    return python


def test_wheel__in_an_empty_environment__reads_a_deployed_dao(python: Path, dao, tmp_path: Path) -> None:
    addresses = dao.addresses
    (tmp_path / "addresses.json").write_text(json.dumps(addresses))
    program = """
        import json, sys
        from pathlib import Path
        import ape
        import datadao
        from datadao.client import DataDAO

        assert "site-packages" in datadao.__file__, datadao.__file__
        with ape.networks.parse_network_choice(sys.argv[1]):
            dao = DataDAO(json.loads(Path("addresses.json").read_text()))
            committee = dao.committee()
            Path("seen.json").write_text(json.dumps({
                "symbol": dao.token.symbol(),
                "threshold": committee.threshold,
                "custodians": [party.signer for party in committee.custodians],
                "attestors": [party.signer for party in dao.attestors()],
                "rate": dao.policy(1).shares_per_unit,
            }))
    """
    node = ape.networks.provider.web3.provider.endpoint_uri
    home = {"HOME": str(tmp_path), "APE_DATA_FOLDER": str(tmp_path / ".ape")}
    run(python, "-c", textwrap.dedent(program), f"ethereum:local:{node}", cwd=tmp_path, **home)
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


def test_wheel__command_line__is_installed(python: Path, tmp_path: Path) -> None:
    told = run(python.parent / "datadao", "--help", cwd=tmp_path, HOME=str(tmp_path))
    assert {"contribute", "attest", "custodian", "open", "vote"} <= set(told.split())
