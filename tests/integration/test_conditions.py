"""The access conditions that the client writes for Lit and TACo, evaluated as their nodes do against `DataLeases`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from assurance.harness.dao.live import LiveDao
from datadao.cli.main import cli
from datadao.errors import InvalidArgument
from datadao.licensee.conditions import Access, lit, taco
from datadao.profile import Profile
from tests.integration.keepers import LIT_SCHEMA, TACO_SCHEMA, lit_opens, taco_opens

RESEARCH, TRAINING = 1, 2
Opens = Callable[[Access, str], bool]


@pytest.fixture(params=["lit", "taco"])
def opens(request: pytest.FixtureRequest, live: LiveDao) -> Opens:
    """Whether a network's document, read from its JSON, opens for an account."""

    def ask(access: Access, asker: str) -> bool:
        if request.param == "lit":
            document, evaluate = lit(access, "anvil"), lit_opens
        else:
            document, evaluate = taco(access), taco_opens
        return evaluate(live.web3, json.loads(json.dumps(document)), asker)

    return ask


def access(live: LiveDao, lease: int, purposes: int = RESEARCH) -> Access:
    return Access(live.dao.id, lease, 1, purposes)


def test_condition__over_the_life_of_a_lease__opens_while_it_is_paid(live: LiveDao, opens: Opens) -> None:
    market, licensee = live.market, live.market.licensee.address
    lease, proposal = market.request()
    assert not opens(access(live, lease), licensee), "asked for"
    live.dao.pass_(proposal, market.founder)
    assert not opens(access(live, lease), licensee), "approved, not paid"
    market.send("start", lease)
    assert opens(access(live, lease), licensee)
    market.warp_to(market.paid_until(lease) - 1)
    assert opens(access(live, lease), licensee), "the last second paid for"
    market.warp_to(market.paid_until(lease))
    assert not opens(access(live, lease), licensee)
    market.send("payInstalment", lease)
    assert opens(access(live, lease), licensee), "the next instalment"
    market.send("end", lease)
    assert opens(access(live, lease), licensee), "ended, and paid for still"
    market.warp_to(market.paid_until(lease))
    assert not opens(access(live, lease), licensee)


def test_condition__for_anyone_and_anything_else__stays_closed(live: LiveDao, opens: Opens) -> None:
    market, licensee = live.market, live.market.licensee.address
    lease = market.active()
    assert opens(access(live, lease), licensee)
    assert not opens(access(live, lease), market.stranger.address), "another address"
    for purposes in (TRAINING, RESEARCH | TRAINING, 1 << 255):
        assert not opens(access(live, lease, purposes), licensee), "a purpose that was not leased"
    assert not opens(access(live, lease + 1), licensee), "no such lease"
    assert not opens(dataclasses.replace(access(live, lease), dataset_id=2), licensee), "another dataset"


def test_condition__erasures_not_acknowledged_in_time__closes_until_they_are(live: LiveDao, opens: Opens) -> None:
    market, licensee = live.market, live.market.licensee.address
    batch, item = market.new_member("leaver")
    lease = market.active()
    live.dao.erase(batch, item)
    market.warp_to(market.now + live.dao.leases.ackWindow() + 1)
    assert market.now < market.paid_until(lease)
    assert not opens(access(live, lease), licensee)
    market.send("acknowledge", lease)
    assert opens(access(live, lease), licensee)


def test_documents__are_what_the_networks_publish(live: LiveDao) -> None:
    wanted = access(live, 3, RESEARCH | TRAINING)
    on_base = dataclasses.replace(wanted, dao=dataclasses.replace(wanted.dao, chain_id=8453))
    jsonschema.validate(lit(on_base), LIT_SCHEMA)
    jsonschema.validate(taco(on_base), TACO_SCHEMA)
    assert {condition["chain"] for condition in lit(on_base)["evmContractConditions"][::2]} == {"base"}
    assert {condition["chain"] for condition in taco(on_base)["operands"]} == {8453}


def test_documents__for_what_no_chain_has__are_refused(live: LiveDao) -> None:
    with pytest.raises(InvalidArgument, match="Lit's name of chain 31337"):
        lit(access(live, 1))
    for change in ({"lease_id": 0}, {"dataset_id": -1}, {"purposes": 1 << 256}):
        with pytest.raises(InvalidArgument, match=f"{next(iter(change))} "):
            dataclasses.replace(access(live, 1), **change)


@pytest.fixture
def command(live: LiveDao, tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    """`datadao lease condition` in a licensee's folder: exit code, results, messages."""
    store = {"url": (tmp_path / "storage").as_uri()}
    home = tmp_path / "home"
    Profile(home, network=live.node.url, deployment=dict(live.dao.addresses), account="TEST::0", store=store).write()

    def run(*arguments: str) -> tuple[int, str, str]:
        command = ["lease", "condition", *arguments, "--home", str(home)]
        done = CliRunner(mix_stderr=False).invoke(cli, command)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


def test_command__for_a_lease__prints_the_document_that_opens_it(live: LiveDao, command: Any) -> None:
    lease, licensee = live.market.active(purposes=RESEARCH | TRAINING), live.market.licensee.address
    for name, options, evaluate in (("lit", ("--lit-chain", "anvil"), lit_opens), ("taco", (), taco_opens)):
        for style in ((), ("--json",)):
            code, out, _ = command(str(lease), "--for", name, *options, *style)
            assert code == 0
            assert evaluate(live.web3, json.loads(out), licensee)
    _, out, _ = command(str(lease), "--for", "taco", "--purposes", "2")
    assert json.loads(out) == taco(access(live, lease, TRAINING))


def test_command__for_what_can_never_open__refuses(live: LiveDao, command: Any) -> None:
    lease = live.market.active()
    for arguments, message in (
        ((str(lease), "--for", "taco", "--purposes", "3"), "is for purposes 0x1 and would never open 0x3"),
        ((str(lease), "--for", "lit"), "Lit's name of chain 31337 is not known here"),
        ((str(lease + 1), "--for", "taco"), f"no lease {lease + 1}"),
    ):
        code, out, err = command(*arguments)
        assert (code, out) == (1, "")
        assert message in err
