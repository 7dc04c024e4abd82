"""The core: what the names of `datadao` bring, how large it is, and that a whole life needs nothing else of the client.

given an interpreter that uses the handle          its modules should have at most 1,500 lines of code
given one that uses every name, and contributes    no package of a role, the command line or Ape should be loaded
given an integrator's program                      it should contribute, claim, vote, lease, open and be paid
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from eth_account import Account
from eth_utils import keccak
from pygount import SourceAnalysis

from assurance import ROOT
from datadao import Leaf, Vote

from .chain_world import DATA, ChainWorld
from .integrator import TERMS, Integrator

HANDLE = "from datadao import Catalog, DataDAO, Terms, Vote"
"""Reads, claims, votes and leases."""
EVERYTHING = "from datadao import *; import datadao.contributor; Store('memory://')"
"""Contributes, stores and opens as well."""
LINES = {HANDLE: 1_500, EVERYTHING: 2_400}
"""Code, at most (decision 013)."""
OURS = ("assurance", "datadao", "deployer", "scripts", "tests")
EXTRAS = {
    "ape",
    "boto3",
    "click",
    "dask",
    "distributed",
    "duckdb",
    "jsonschema",
    "jsonschema_rs",
    "mlcroissant",
    "pyarrow",
    "referencing",
    "rfc8785",
    "rich",
    "silverback",
    "yaml",
}


def loaded(program: str) -> dict[str, str | None]:
    """Modules, with their files, of an interpreter that ran this."""
    listing = "import json, sys; print(json.dumps({n: getattr(m, '__file__', None) for n, m in sys.modules.items()}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\n{listing}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, str | None] = json.loads(done.stdout)
    return found


def code_lines(modules: dict[str, str | None]) -> int:
    """Of the client's modules, as pygount counts code."""
    files = [Path(path) for name, path in modules.items() if name.partition(".")[0] == "datadao" and path]
    return sum(SourceAnalysis.from_file(str(path), "datadao").code_count for path in files)


@pytest.mark.parametrize(("program", "most"), LINES.items(), ids=["the handle", "everything"])
def test_core__is_small_and_brings_nothing_of_the_extras(program: str, most: int) -> None:
    modules = loaded(program)
    assert {name.partition(".")[0] for name in modules} & EXTRAS == set()
    assert "datadao.client" in modules
    assert code_lines(modules) <= most


def test_integrator__imports_nothing_but_the_core_and_public_packages() -> None:
    tree = ast.parse((Path(__file__).parent / "integrator.py").read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} | {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    ours = {
        name for name in imported if name and name.partition(".")[0] in ("assurance", "datadao", "deployer", "tests")
    }
    assert ours == {"datadao"}


def test_life__contribute_claim_vote_lease_open__with_the_core_alone(leased: ChainWorld, tmp_path: Path) -> None:
    world, dao = leased, leased.dao
    person, company = Account.create(), Account.create()
    for account in (person, company):
        world.chain._rpc("anvil_setBalance", account.address, hex(10**18))
    dao.asset.mint(company.address, TERMS.escrow, sender=company.address)
    integrator = Integrator(world.url, dict(dao.addresses), world.home / "store", person, company)

    hashes = integrator.contribute(b"my diary")
    world.publish([Leaf(person.address, keccak(b"my diary"), *hashes, units=100, quality=10_000)])
    assert integrator.claim() > 0
    world.chain.warp(1)

    lease, proposal = integrator.request()
    dao.to_vote(proposal)
    integrator.vote(proposal)
    dao.vote(proposal, *world.members)
    dao.to_end_of_vote(proposal)
    assert integrator.dao.read("governor", "proposalVotes", proposal)[Vote.ABSTAIN] == 0
    dao.queue(dao.lease_proposal(lease))
    world.chain.warp(dao.governor.proposalEta(proposal) - world.chain.timestamp)
    integrator.start(lease)

    assert integrator.open(lease, tmp_path / "early") == [], "no key is out yet"
    world.finalize()
    for slot in range(3):
        with_keys = world.custodian(slot)
        with_keys.prepare(lease, world.contributions())
        assert with_keys.publish(lease, world.contributions()) == {}
        with_keys.close()
    assert sorted(integrator.open(lease, tmp_path / "opened")) == sorted([*DATA, b"my diary"])
    assert 0 < integrator.collect() <= TERMS.price_per_period
