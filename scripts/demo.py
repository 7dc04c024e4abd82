"""Plays the whole life of a Data DAO on a local node, with real encrypted data: `make demo`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ape
import click
from ape.exceptions import ApeException
from ape.logging import LogLevel, logger
from requests.exceptions import RequestException
from rich.markup import escape
from web3.exceptions import Web3Exception

from datadao.chain.abi import LOCAL_CHAIN_IDS
from datadao.chain.wallet import connected
from datadao.client import DataDAO
from datadao.errors import DataDAOError
from datadao.storage.store import Store
from datadao.types import Vote
from deployer.config import Config
from deployer.deploy import deploy
from deployer.networks import network_option
from scripts._demo import card, farming, program, steps, succession
from scripts._demo.actors import Actors, Role, create_actors
from scripts._demo.console import Output
from scripts._demo.survey import SCHEMA_HASH, printed

CONFIG = Path(__file__).parents[1] / "deploy-config" / "local.yaml"


@click.command()
@network_option
@click.option("--store", type=click.Choice(["local", "s3"]), default="local", help="where encrypted files are kept")
@click.option("--members", type=click.IntRange(300, 944), help="how many respondents take part; all 944 unless said")
def cli(network: str, store: str, members: int | None) -> None:
    """Play the whole life of a Data DAO on a local node, with real encrypted data."""
    out = Output()
    home = Path(tempfile.mkdtemp(prefix="datadao-demo-"))
    try:
        with logger.at_level(LogLevel.ERROR), connected(network), _storage(store, home) as public:
            _play(out, public, home, members)
    except DataDAOError as error:
        _stop(out, f"{type(error).__name__}: {error}")
    except (ApeException, Web3Exception, RequestException, OSError) as error:
        _stop(out, f"the node or the storage failed: {error}\nNothing is left to clean up; run the demo again.")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _stop(out: Output, message: str) -> None:
    out.console.print(f"\n[bold red]The demo stopped.[/bold red] {escape(message)}")
    sys.exit(1)


@contextmanager
def _storage(kind: str, home: Path) -> Iterator[Store]:
    """A folder, or a local server that speaks the S3 protocol."""
    if kind == "local":
        yield Store(f"file://{home / 'public'}", create=True)
        return
    from assurance.harness.chain.s3 import KEYS, S3Server

    with S3Server() as server:
        server.bucket("datadao")
        yield Store("s3://datadao", http=True, endpoint=server.endpoint, **KEYS)


def _play(out: Output, public: Store, home: Path, count: int | None) -> None:
    if ape.networks.provider.chain_id not in LOCAL_CHAIN_IDS:
        raise DataDAOError("the demo turns the clock and mints its own money: run it on a local node")
    people = create_actors(count)
    out.console.print(
        f"[bold]A Data DAO from creation to last claim[/bold]: {len(people.members)} respondents of the "
        "American National Election Study 1996,\neach with its own account and its own encrypted file; "
        "3 attestors, 5 custodians, 2 companies."
    )

    out.step("1. Creation: eight contracts, no owner, no set-up transaction")
    deployed = deploy(ape.accounts.test_accounts[0], Config.load(CONFIG), overrides=_roles(people))
    for step in deployed.steps:
        out.gas(f"deploy {step.contract}", [step.gas])
    dao = DataDAO(deployed.addresses, ape.networks.provider.web3)
    demo = steps.Demo(out, people, dao, deployed.asset, public, home)
    out.say(f"timelock {dao.addresses['timelock']} holds every power; governor {dao.addresses['governor']}")

    out.step("2. Contribution: encrypted before it leaves its owner")
    submissions = steps.encrypt(demo)
    card.agree(demo, submissions)
    witnesses = steps.test_open(demo, submissions)
    scored = steps.score(demo, submissions, witnesses)

    out.step("3. Acceptance: 2 of 3 attestors sign, anyone relays, everyone owns")
    steps.accept(demo, scored)
    supply = dao.read("token", "totalSupply")
    out.say(f"{supply // 10**9:,} tokens, all with their contributors, all voting without a delegation")
    farming.play(demo)

    out.step("4. A company asks, holders agree")
    lease, proposal, terms = steps.request(demo, people.winner, "voting research, open weights", steps.RESEARCH, 40_000)
    steps.fail_to_open(demo, people.winner, lease)
    agreed = steps.read_agreement(demo, people.winner, lease)
    steps.vote(demo, proposal, Vote.FOR)
    out.say(f"so is agreement 0x{agreed.hex()[:16]}… voted on: it says what the lease says")
    steps.grant(demo, lease, proposal)

    out.step("5. Keys ready, then money, then keys")
    steps.deliver(demo, lease)
    verdict = steps.learn(demo, people.winner, lease)
    out.say(
        f"{people.winner.name} trained on {verdict.trained_on} respondents: held-out accuracy "
        f"[bold green]{verdict.accuracy:.1%}[/bold green] on {verdict.tested_on}; "
        f"always naming the majority scores {verdict.majority:.1%}"
    )

    out.step("6. Another company asks, holders refuse")
    refused, defeated, asked = steps.request(demo, people.loser, "political advertising", 2, 90_000)
    steps.vote(demo, defeated, Vote.AGAINST)
    steps.refund(demo, people.loser, refused, asked)
    steps.fail_to_open(demo, people.loser, refused)

    out.step("7. Code goes to the data: the same model, and no record leaves")
    bought = program.buy(demo, people.winner)
    got, had = ((f"{it.accuracy:.1%}", it.tested_on, printed(it.weights)) for it in (bought, verdict))
    if got != had:
        raise AssertionError(f"the program says {bought}, the data lease {verdict}")
    out.say(f"held-out accuracy [bold green]{bought.accuracy:.1%}[/bold green] and weights as with the data in hand:")
    out.say(printed(bought.weights))

    out.step("8. Rent flows until the lease ends")
    heir = succession.lose_a_key(demo)
    steps.pay_on(demo, lease)
    income = steps.collect(demo, heir.lost)

    out.step("9. A respondent lost its key: its heir is paid")
    income[heir.address] = succession.succeed(demo, heir)

    out.step("10. What the next company sees before it asks")
    card.draw(demo, submissions, witnesses)
    card.show(demo)

    out.show_gas()
    paid_in = {people.winner.name: terms.escrow + bought.escrow, people.loser.name: asked.escrow}
    steps.books(demo, paid_in, sum(income.values()))
    steps.rebuild(demo)
    out.console.print(f"\n[bold green]Done[/bold green] in {out.elapsed:.0f} s.")
    out.console.print("`make play` starts a DAO that stays, and says where to open its members' page in a browser.")


def _roles(people: Actors) -> dict[str, Any]:
    """The configuration's parties with the keys that this demo made."""
    config = Config.load(CONFIG)
    policy = dict(config.contracts["DatasetRegistry"]["params"]["policies"][0])
    policy["schemaHash"] = "0x" + SCHEMA_HASH.hex()
    return {
        "EmergencyBrake.guardian": people.guardian.address,
        "DatasetRegistry.params.attestors": [_party(party) for party in people.attestors],
        "DatasetRegistry.params.custodians": [_party(party) | {"uri": party.name} for party in people.custodians],
        "DatasetRegistry.params.policies": [policy],
    }


def _party(party: Role) -> dict[str, str]:
    return {"signer": party.address, "hpkeKey": "0x" + party.hpke_key.hex()}
