"""`ape run deploy` in the hands of a person and of a machine.

- keyfile account: the passphrase from the environment, at a terminal, wrong, or nowhere; no question for each signature
- what is waited for is said: a block with the transaction, blocks on top of it; at most so long
- the node's address: missing, of no node, of another chain, misspelt; refused in one line, without its password
"""

from __future__ import annotations

import json
import os
import pty
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ape
import pytest
from click.testing import CliRunner
from eth_account import Account
from eth_utils import keccak

from assurance import ROOT
from assurance.harness.chain.node import Node
from assurance.harness.forked import program
from assurance.harness.pages import Player
from deployer.deploy import execute
from deployer.plan import make_plan
from deployer.send import DeploymentError
from scripts.deploy import cli as deploying
from scripts.verify import cli as verifying
from tests.deployer.world import local

KEY = keccak(text="a deployer")
ADDRESS = Account.from_key(KEY).address
HIDDEN = "0123456789abcdef"


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    made = Node()
    made.rpc("anvil_setBalance", ADDRESS, hex(10**20))
    yield made
    made.stop()


@pytest.fixture
def player(tmp_path: Path) -> Player:
    made = Player(tmp_path, {})
    made.account("deployer", KEY)
    return made


def deploy(player: Player, network: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command without a terminal, and with nothing to read."""
    words = ("run", "deploy", "--network", network, "--account", "deployer", "--yes")
    return subprocess.run(
        [program("ape", *words), *words, "--deployments", str(player.home / "d")],
        cwd=ROOT, env=player.environment | environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, start_new_session=True, timeout=180,
    )  # fmt: skip


def nonce(node: Node) -> int:
    return int(node.web3.eth.get_transaction_count(ADDRESS))


def test_deploy__yes_with_the_passphrase_in_the_environment__needs_no_terminal(node: Node, player: Player) -> None:
    done = deploy(player, node.url)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((player.home / "d" / "31337.json").read_text())
    assert record["deployments"][-1]["deployer"] == ADDRESS
    said = done.stdout + done.stderr
    assert "secret" not in said and "Sign:" not in said and "checks passed" in said


@pytest.mark.parametrize(
    ("passphrase", "message"),
    [
        ("open sesame", "account deployer: the passphrase is wrong; nothing was signed"),
        ("", "account deployer is locked and there is no terminal to ask at; set APE_ACCOUNTS_deployer_PASSPHRASE"),
    ],
    ids=["wrong", "none"],
)
def test_deploy__yes_without_the_right_passphrase__sends_nothing_and_says_so(
    node: Node, player: Player, passphrase: str, message: str
) -> None:
    before = nonce(node)
    done = deploy(player, node.url, APE_ACCOUNTS_deployer_PASSPHRASE=passphrase)
    assert done.returncode == 1 and done.stdout.splitlines()[-1] == message
    assert "Traceback" not in done.stdout + done.stderr and "sesame" not in done.stdout + done.stderr
    assert nonce(node) == before and not (player.home / "d").exists()


def test_deploy__at_a_terminal__asks_for_the_passphrase_once_and_shows_it_never(node: Node, player: Player) -> None:
    environment = player.environment.copy()
    del environment["APE_ACCOUNTS_deployer_PASSPHRASE"]
    master, slave = pty.openpty()
    process = subprocess.Popen(
        ["ape", "run", "deploy", "--network", node.url, "--account", "deployer",
         "--deployments", str(player.home / "d")],
        cwd=ROOT, env=environment, stdin=slave, stdout=slave, stderr=slave, preexec_fn=lambda: os.login_tty(slave),
        close_fds=False,
    )  # fmt: skip
    os.close(slave)
    answers, shown = [(b"Deploy? [y/N]: ", b"y\n"), (b"Passphrase of deployer: ", b"secret\n")], b""
    while True:
        try:
            shown += os.read(master, 4096)
        except OSError:  # the other side is closed
            break
        if answers and answers[0][0] in shown:
            os.write(master, answers.pop(0)[1])
    os.close(master)
    assert process.wait(timeout=60) == 0, shown.decode()
    assert shown.count(b"Passphrase of") == 1 and b"secret" not in shown and b"Sign:" not in shown


# Waiting


@pytest.fixture
def stopped() -> Iterator[Any]:
    """Ape's node, which mines only when it is asked."""
    provider = ape.networks.provider
    provider.make_request("evm_setAutomine", [False])
    yield provider
    provider.make_request("evm_setAutomine", [True])
    provider.make_request("evm_mine", [])


def test_deploy__no_block_yet__says_which_transaction_it_waits_for_and_how_long(
    stopped: Any, deployer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployer.send._PATIENCE", 0.1)
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        stopped.make_request("evm_mine", [])

    plan = make_plan(deployer.address, local())
    done = execute(deployer, plan, say=say)
    assert said == [
        f"{step.contract}: sent as {step.transaction}; waiting up to 20 s for a block with it" for step in done.steps
    ]


def test_deploy__blocks_that_confirm_are_missing__says_how_many(deployer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    provider, said = ape.networks.provider, list[str]()
    monkeypatch.setattr(type(provider.network), "required_confirmations", 2)

    def say(text: str) -> None:
        said.append(text)
        provider.make_request("anvil_mine", ["0x2"])

    done = execute(deployer, make_plan(deployer.address, local()), say=say)
    assert said == [
        f"{step.contract}: in block {step.block}; waiting for 2 more blocks on top of it" for step in done.steps
    ]


def test_deploy__no_block_in_time__gives_up_with_the_transaction_that_may_still_be_mined(
    stopped: Any, deployer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(stopped.network), "transaction_acceptance_timeout", 1.5)
    begun = time.monotonic()
    with pytest.raises(
        DeploymentError, match=r"(?s)no block has transaction 0x[0-9a-f]{64} after 1\.5 s; it may still"
    ):
        execute(deployer, make_plan(deployer.address, local()))
    assert time.monotonic() - begun < 15


# The node's address

UNKNOWN = (
    "no node is known for ethereum:sepolia: put its address into WEB3_PROVIDER_URI, or give it as the network"
    ' (docs/operating.md, "The address of a node")'
)


@pytest.mark.parametrize("command", [deploying, verifying], ids=["deploy", "verify"])
@pytest.mark.parametrize(
    ("network", "address", "message"),
    [
        ("ethereum:sepolia:node", "", UNKNOWN),
        ("ethereum:sepolia", "", UNKNOWN),
        (f"http://127.0.0.1:9/{HIDDEN}", "", "cannot connect to 127.0.0.1:9: cannot be reached"),
        (f"ethereum:sepolia:http://127.0.0.1:9/{HIDDEN}", "", "cannot connect to ethereum:sepolia:127.0.0.1:9: No "),
        ("ethereum:sepolia:node", f"http://127.0.0.1:9/{HIDDEN}", "cannot connect to ethereum:sepolia:node: No (supp"),
        ("ethereum:sepolia:node", "NODE", "cannot connect to ethereum:sepolia:node: Provider connected to chain ID "),
        ("ethereum:sepola:node", "", "cannot connect to ethereum:sepola:node: No network in 'ethereum' named "),
        ("etherium", "", "cannot connect to etherium: No ecosystem named 'etherium'"),
    ],
    ids=["none", "none, short", "url", "name and url", "variable", "another chain", "misspelt", "misspelt ecosystem"],
)
def test_network__that_cannot_be__is_refused_in_one_line(
    node: Node, tmp_path: Path, command: Any, network: str, address: str, message: str
) -> None:
    account = ("--account", "TEST::0", "--yes") if command is deploying else ()
    done = CliRunner().invoke(
        command,
        ["--network", network, *account, "--deployments", str(tmp_path / "d")],
        env={"WEB3_PROVIDER_URI": node.url if address == "NODE" else address},
    )
    assert done.exit_code == 1 and isinstance(done.exception, SystemExit), done.output
    (line,) = done.output.strip().splitlines()
    assert line.startswith(message) and HIDDEN not in line
    assert not (tmp_path / "d").exists()


def test_network__without_an_address__is_one_line_of_the_real_command(player: Player) -> None:
    done = deploy(player, "ethereum:sepolia:node")
    assert (done.returncode, done.stdout, done.stderr) == (1, UNKNOWN + "\n", "")


def test_node__in_the_variable_of_the_environment__is_deployed_to(player: Player) -> None:
    sepolia = Node("--chain-id", "11155111")
    try:
        done = deploy(player, "ethereum:sepolia:node", WEB3_PROVIDER_URI=sepolia.url)
        # As far as the configuration, which has nothing filled in.
        assert done.returncode == 1 and "sepolia.yaml: " in done.stdout, done.stdout + done.stderr
    finally:
        sepolia.stop()
