"""A settlement asset that is on chain already: what it says of itself is shown before it is chosen.

- plan: name, label, decimals, and each thing that is unusual; nothing that a terminal obeys
- verify: the same things beside the checks, which pass
"""

from __future__ import annotations

import io

import ape
import pytest

from assurance.harness.dao.zoo import METADATA, Named
from assurance.harness.text import DANGEROUS
from datadao.text import Terminal
from deployer.console import show_checks, show_plan
from deployer.estimate import Estimate
from deployer.plan import make_plan
from deployer.verify import remarks, verify
from tests.deployer.world import changed, deployed

TOKEN = "0x" + "7e" * 20


def placed(fresh, named: Named) -> str:
    """The token at an address of its own; it stays the DAO's test asset in all but what it says."""
    (_, entry) = fresh
    ape.networks.provider.make_request("anvil_setCode", [TOKEN, "0x" + named.metadata.code(entry["asset"]).hex()])
    return TOKEN


def printed(show, *arguments) -> str:
    file = io.StringIO()
    show(Terminal(file=file, width=200), *arguments)
    return file.getvalue()


ODD = [
    named for named in METADATA if named.id in ("plain", "bytes32", "nothing", "control and direction", "255", "long")
]


@pytest.mark.parametrize("named", ODD, ids=lambda named: named.id)
def test_deploy__odd_asset__says_what_it_saw(deployer, fresh, named):
    token = ape.networks.provider.web3.to_checksum_address(placed(fresh, named))
    plan = make_plan(deployer.address, changed("asset", token))
    shown = printed(show_plan, plan, Estimate({}, rehearsed=True), ())
    label = named.label or token
    assert len(shown) < 20_000, "no name floods the screen"
    assert f"amounts are shown like 1 {label}, with {named.decimals} decimals." in shown
    assert [line for line in shown.split("\n") if line.startswith("The asset's ")] == [
        f"The asset's {sentence}." for sentence in named.seen
    ]
    assert not any(DANGEROUS.search(line) for line in shown.split("\n"))


@pytest.mark.parametrize("named", ODD[1:3], ids=lambda named: named.id)
def test_verify__odd_asset__passes_and_says_what_it_saw(deployer, fresh, named):
    token = ape.networks.provider.web3.to_checksum_address(placed(fresh, named))
    config = changed("asset", token)
    _, entry = deployed(deployer, make_plan(deployer.address, config))
    checks, said = verify(entry, config), remarks(entry, config)
    assert said[0].startswith("maturitySupply: ")
    assert said[1:] == [f"asset {token}: {sentence}." for sentence in named.seen]
    assert printed(show_checks, checks, said).rstrip().endswith("but the guardian's.")
