"""`verify` passes on what `deploy` made, and names whatever is otherwise: contract and field.

- nothing wrong: every check passes, before and after a DAO has lived
- wiring: each constructor given each wrong counterpart
- code: one byte changed, an immutable changed, no code at all
- record: wrong transaction, deployer, arguments
- parameters and the asset are in test_verify_parameters.py, roles in test_verify_roles.py, each row in
  test_verify_rows.py
- nodes: without batches, with short ranges of events, without events
"""

from __future__ import annotations

import copy
from types import SimpleNamespace

import ape
import pytest
from eth_utils import keccak
from web3 import Web3

from deployer.artifacts import runtime_code
from deployer.config import Config
from deployer.plan import make_plan, override
from deployer.verify import remarks, verify
from deployer.verify.code import holes
from tests.deployer.world import CONTRACTS, LOCAL, code_misses, deployed, live, local, misses, raw, rewired


def rpc(method, *params):
    return ape.networks.provider.make_request(method, list(params))


def test_verify__new_dao__every_check_passes(fresh):
    checks = verify(fresh[1], local())
    assert [check for check in checks if not check.ok] == []
    names = [f"{check.contract}.{check.field}" for check in checks]
    assert len(names) == len(set(names))
    assert {check.contract for check in checks} == {*CONTRACTS, "asset", "configuration"}


WIRES = {
    # Where the constructor does not notice by itself: counterparts that are deployed later, or of which it only asks
    # that they have code.
    "EmergencyBrake": {"timelock": "asset"},
    "DataToken": {"registry": "deployer", "splitter": "deployer"},
    "RevenueSplitter": {"registry": "deployer", "token": "asset"},
    "DataGovernor": {"timelock": "asset", "brake": "asset", "leases": "deployer"},
    "DataLeases": {"brake": "asset", "registry": "deployer"},
    "ModelRegistry": {"timelock": "asset", "leases": "asset"},
    "DatasetRegistry": {"timelock": "asset", "brake": "asset", "token": "asset", "governor": "asset"},
}


@pytest.mark.parametrize(
    ("contract", "key", "wrong"),
    [(contract, key, wrong) for contract, wires in WIRES.items() for key, wrong in wires.items()],
)
def test_verify__constructor_given_a_wrong_counterpart__is_named(deployer, contract, key, wrong):
    plan = make_plan(deployer.address, local())
    address = plan.asset if wrong == "asset" else deployer.address
    _, entry = deployed(deployer, rewired(plan, contract, key, address))
    found = misses(entry)
    assert f"{contract}.constructor arguments" in found
    # The governor keeps its timelock in storage; the token has no use for the splitter.
    if (contract, key) not in (("DataGovernor", "timelock"), ("DataToken", "splitter")):
        assert f"{contract}.immutables" in found
    assert not any(name.endswith("code hash") for name in found)


def test_verify__deployer_in_the_registrys_place__can_mint_and_is_found_out(deployer):
    deployment, entry = deployed(deployer, rewired(make_plan(deployer.address, local()), "DataToken", "registry",
                                                   deployer.address))  # fmt: skip
    deployment.token.mint(deployer, 10**9, sender=deployer)
    assert {
        "DataToken.registry", "DataToken.totalSupply", "DataToken.mint is for", "DataToken.burn is for",
        "DataToken.immutables", "DataToken.constructor arguments",
    } <= misses(entry)  # fmt: skip


@pytest.mark.parametrize("contract", CONTRACTS)
def test_verify__other_code__is_named(fresh, contract):
    entry = fresh[1]
    address = entry["contracts"][contract]["address"]
    code = bytearray(bytes(ape.networks.provider.get_code(address)))
    code[-1] ^= 1
    rpc("anvil_setCode", address, "0x" + code.hex())
    assert misses(entry) == {f"{contract}.code hash"}


@pytest.mark.parametrize("contract", [name for name in CONTRACTS if name != "DataTimelock"])
def test_verify__every_immutable_of_the_code__is_looked_at(fresh, contract):
    entry = fresh[1]
    address = entry["contracts"][contract]["address"]
    original = bytes(ape.networks.provider.get_code(address))
    places = holes(runtime_code(contract))
    assert places
    for place in places:
        code = original[:place] + keccak(text="another") + original[place + 32 :]
        rpc("anvil_setCode", address, "0x" + code.hex())
        assert code_misses(entry, contract) == {f"{contract}.immutables"}


def test_holes__are_the_immutables_of_the_compiler():
    """Operands of `PUSH32 0` and nothing that only looks like it."""
    assert holes(b"\x7f" + bytes(32) + b"\x00") == [1]
    assert holes(b"\x7f" + bytes(31) + b"\x01") == []
    assert holes(b"\x60\x7f" + bytes(40)) == []
    assert holes(b"\x61\x00\x7f" + bytes(32)) == []
    assert holes(b"\x7f" + bytes(20)) == []


def test_verify__contract_without_code__is_named(fresh):
    entry = fresh[1]
    rpc("anvil_setCode", entry["contracts"]["DataLeases"]["address"], "0x")
    found = misses(entry)
    assert {"DataLeases.code hash", "DataLeases.asset", "DataLeases.solvency", "DataLeases.approve is for"} <= found
    assert all(name.startswith("DataLeases.") for name in found)


def test_verify__asset_without_code__is_named(fresh):
    rpc("anvil_setCode", fresh[1]["asset"], "0x")
    assert f"asset.{fresh[1]['asset']}" in misses(fresh[1])


def test_verify__wrong_record__is_named(fresh):
    entry = fresh[1]

    def altered(contract, **changes):
        other = copy.deepcopy(entry)
        other["contracts"][contract] |= changes
        return misses(other)

    token = entry["contracts"]["DataToken"]
    assert "DataLeases.created at" in altered("DataLeases", transaction=token["transaction"])
    assert altered("DataLeases", transaction="0x" + "00" * 32) == {"DataLeases.creation"}
    assert altered("DataToken", arguments={**token["arguments"], "symbol_": "X"}) == {"DataToken.constructor arguments"}
    other = {**entry, "deployer": entry["accounts"]["TEST::1"]}
    assert misses(other) == {
        *(f"{contract}.created by" for contract in CONTRACTS),
        "configuration.powers of the deployer",  # the guardian
    }


def test_remarks__no_veto_or_tokens_for_sale__is_said(deployer, fresh):
    floor = (
        "maturitySupply: the quorum floor of 250 votes is no more than what one epoch may mint, 2,000 votes: the first "
        "epoch's contributors can reach it alone."
    )
    assert remarks(fresh[1], local()) == [floor]
    config = override(local(), {"DatasetRegistry.params.challengePeriod": 0, "DataToken.transferable": True})
    _, entry = live(deployer, config)
    assert misses(entry, config) == set()
    assert remarks(entry, config) == [
        "challengePeriod = 0: batches can be activated at once, the guardian has no veto.",
        "transferable = true: votes can be bought, and a seller keeps its income.",
        floor,
    ]


def test_verify__without_the_deployers_accounts__takes_them_from_the_record(fresh):
    content = copy.deepcopy(raw())
    content["contracts"]["EmergencyBrake"]["guardian"] = "our-safe"
    entry = copy.deepcopy(fresh[1])
    entry["accounts"]["our-safe"] = entry["accounts"]["TEST::1"]
    assert misses(entry, Config.parse(content, LOCAL)) == set()


class Counting(Web3.HTTPProvider):
    """A node that counts what it is sent over HTTP."""

    requests = 0

    def make_request(self, method, params):
        self.requests += 1
        return super().make_request(method, params)

    def make_batch_request(self, requests):
        self.requests += 1
        return super().make_batch_request(requests)


def over(provider, monkeypatch):
    """Verifies over another connection from now on."""
    elsewhere = SimpleNamespace(networks=SimpleNamespace(provider=SimpleNamespace(web3=Web3(provider))))
    monkeypatch.setattr("deployer.verify.ape", elsewhere)


def test_verify__of_hundreds_of_checks__takes_a_dozen_requests(fresh, first, monkeypatch):
    for entry in (fresh[1], first[2]):
        provider = Counting(ape.networks.provider.http_uri)
        over(provider, monkeypatch)
        assert len(verify(entry, local())) > 200
        assert provider.requests <= 12


class Picky(Web3.HTTPProvider):
    """A node that takes no batches and gives the events of few blocks at a time."""

    blocks = 200

    def make_request(self, method, params):
        asked = params[0] if method == "eth_getLogs" else None
        if (
            asked is not None
            and int(asked.get("toBlock", "0x0"), 16) - int(asked.get("fromBlock", "0x0"), 16) > self.blocks
        ):
            return {"jsonrpc": "2.0", "id": 1, "error": {"code": -32005, "message": "block range is too wide"}}
        return super().make_request(method, params)

    def make_batch_request(self, requests):
        raise ValueError("batches are not supported")


def test_verify__node_without_batches_and_with_short_ranges__reads_the_same(fresh, monkeypatch):
    rpc("anvil_mine", hex(1000))
    wanted = verify(fresh[1], local())
    over(Picky(ape.networks.provider.http_uri), monkeypatch)
    assert verify(fresh[1], local()) == wanted
    assert all(check.ok for check in wanted)


def test_verify__node_that_gives_no_events__is_named(fresh, monkeypatch):
    monkeypatch.setattr(Picky, "blocks", -1)
    over(Picky(ape.networks.provider.http_uri), monkeypatch)
    assert misses(fresh[1]) == {
        "DataTimelock.role events", "DataGovernor.proposalThreshold as set", "DatasetRegistry.events",
    }  # fmt: skip
