"""A role's folder: what is missing, wrong, readable by others or of another chain is reported in one line."""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path

import click
import pytest

from assurance.harness.commands import leaf_commands, put_key
from datadao.cli.session import Session
from tests.cli.conftest import FreshDao
from tests.cli.world import DATADAO


@pytest.mark.parametrize("command", [(), *leaf_commands()], ids=" ".join)
def test_help__of_every_command__says_what_it_does(command: tuple[str, ...]) -> None:
    from click.testing import CliRunner

    from datadao.cli.main import cli

    result = CliRunner().invoke(cli, [*command, "--help"])
    assert result.exit_code == 0
    assert "Usage: " in result.output and len(result.output.splitlines()) > 5


def test_commands__registered_by_the_files__are_those_of_the_table() -> None:
    from datadao.cli.main import COMMANDS, cli

    context = click.Context(cli)
    assert all(cli.get_command(context, name) is not None for name in COMMANDS)
    assert cli.commands.keys() == COMMANDS.keys()


def test_init__writes_a_private_configuration_and_never_a_second_time(live: FreshDao) -> None:
    home = live.folder / "new"
    said = ("init", "--network", live.node.url, "--account", "TEST::3", "--deployment", str(live.record))
    store = ("--store", "s3://bucket", "--endpoint", "http://127.0.0.1:9", "--region", "eu", "--http")
    assert live.run(home, *said, *store).code == 0
    config = home / "config.yaml"
    assert config.stat().st_mode & 0o777 == 0o600
    written = config.read_text()
    assert (
        live.run(home, *said, "--store", "s3://other").refusal
        == f"{config} exists; edit it, or name another folder with --home"
    )
    assert config.read_text() == written


def test_init__without_network__is_wrong_usage(live: FreshDao) -> None:
    done = live.run(live.folder / "new", "init", "--deployment", str(live.record), "--store", "s3://bucket")
    assert done.code == 2 and "--network is needed" in done.err
    assert not (live.folder / "new").exists()


def test_no_configuration__is_refused_with_how_to_make_one(live: FreshDao) -> None:
    home = live.folder / "unknown"
    assert live.run(home, "status").refusal == (
        f"no {home / 'config.yaml'}; `datadao init` writes it, --home names another folder"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("networks: x\n", "config.yaml: unknown networks; did you mean network?"),
        ("nodez: []\nnodes: []\n", "config.yaml: unknown nodez; expected network, deployment, account"),
        ("network: a\nnetwork: b\n", "config.yaml: line 2: network stands twice, first in line 1"),
        ("network: 7\n", "network: expected text, got int"),
        ("max_file: true\n", "max_file: expected a number, got bool"),
        ("store: {url: s3://b, key: x}\n", "store: unknown key; expected url, endpoint"),
        ("store: {endpoint: x}\n", "store: no url; expected url, endpoint"),
        ("[1, 2]\n", "expected a mapping, got list"),
        ("a: b: c\n", "is not YAML: line 1: mapping values are not allowed here"),
        ("", "expected a mapping, got NoneType"),
    ],
)
def test_configuration__with_a_mistake__names_the_entry(live: FreshDao, text: str, expected: str) -> None:
    home = live.folder / "role"
    home.mkdir()
    (home / "config.yaml").write_text(text)
    assert expected in live.run(home, "status").refusal


def test_configuration__with_a_storage_password__has_to_be_private(live: FreshDao) -> None:
    store = {"url": "s3://bucket", "access_key_id": "id", "secret_access_key": "unspeakable"}
    home = live.home("role", store=store)
    (home / "config.yaml").chmod(0o640)
    refusal = live.run(home, "status").refusal
    assert "has mode 0640, so others can read it" in refusal and "unspeakable" not in refusal


def test_network__that_does_not_answer__is_reported_without_its_password(live: FreshDao) -> None:
    home = live.home("role", network="http://user:pa55word@127.0.0.1:9/secret-path")
    done = live.run(home, "status")
    assert "cannot connect to 127.0.0.1:9" in done.refusal
    assert "pa55word" not in done.err and "secret-path" not in done.err


def test_network__of_which_no_node_is_known__says_where_its_address_goes(
    live: FreshDao, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEB3_PROVIDER_URI", raising=False)
    home = live.home("role", network="ethereum:sepolia:node")
    assert live.run(home, "status").refusal == (
        "no node is known for ethereum:sepolia: put its address into WEB3_PROVIDER_URI, or give it as the network"
        ' (docs/operating.md, "The address of a node")'
    )


def test_network__whose_address_is_in_the_environment__is_refused_without_its_password(
    live: FreshDao, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB3_PROVIDER_URI", "http://user:pa55word@127.0.0.1:9/secret-path")
    done = live.run(live.home("role", network="ethereum:sepolia:node"), "status")
    assert done.refusal.startswith("cannot connect to ethereum:sepolia:node: ")
    assert "pa55word" not in done.err and "secret-path" not in done.err


@pytest.mark.parametrize(
    "message",
    [
        "http://user:pa55word@node.example/v3/k3y?token=t0ken refused",
        "HTTPSConnectionPool(host='node.example', port=443): Max retries exceeded with url: /v3/k3y?token=t0ken",
        "401 for user:pa55word",
    ],
)
def test_message_of_a_library__loses_what_of_the_address_may_be_a_password(tmp_path: Path, message: str) -> None:
    url = "http://user:pa55word@node.example/v3/k3y?token=t0ken"
    shown = Session(tmp_path, url, None, as_json=False, yes=False, stack=ExitStack()).discreet(message)
    assert not any(secret in shown for secret in ("pa55word", "k3y", "t0ken"))
    assert ("node.example" in shown) is ("node.example" in message)


def test_deployment__not_recorded__says_who_writes_it(live: FreshDao) -> None:
    missing = live.folder / "nowhere.json"
    refusal = live.run(live.home("role", deployment=str(missing)), "status").refusal
    assert refusal == f"no deployment recorded in {missing}; `ape run deploy` writes it"


@pytest.mark.parametrize("change", [{"chain_id": 1}, {"genesis": "0x" + "00" * 32}])
def test_deployment__of_another_chain__is_refused(live: FreshDao, change: dict[str, object]) -> None:
    other = live.folder / "other.json"
    other.write_text(json.dumps(json.loads(live.record.read_text()) | change))
    refusal = live.run(live.home("role", deployment=str(other)), "status").refusal
    assert f"is of another chain {change.get('chain_id', 31337)}, and the node is of chain 31337" in refusal


def test_deployment__of_addresses_without_a_contract__is_refused(live: FreshDao) -> None:
    addresses = dict.fromkeys(live.addresses, "0x" + "12" * 20)
    refusal = live.run(live.home("role", deployment=addresses), "status").refusal
    assert refusal.startswith("no contract at 0x1212121212121212121212121212121212121212 on chain 31337; check")


def test_deployment__by_inline_addresses__works(live: FreshDao) -> None:
    addresses = {key: live.addresses[key] for key in sorted(live.addresses)}
    assert live.run(live.home("role", deployment=addresses), "status", "--json").document["contracts"] == addresses


def test_account__that_looks_like_a_private_key__is_refused_and_not_repeated(live: FreshDao) -> None:
    key = "ab" * 32
    for typed in (key, "0x" + key):
        done = live.run(live.home(f"role{len(typed)}"), "status", "--account", typed)
        assert done.refusal.startswith("that looks like a private key: never type one")
        assert key not in done.err
        new = live.folder / f"new{len(typed)}"
        said = ("--network", "x", "--account", typed, "--deployment", str(live.record), "--store", "s3://b")
        assert live.run(new, "init", *said).refusal.startswith("that looks like a private key")
        assert not new.exists()


def test_account__unknown__says_which_there_are(live: FreshDao) -> None:
    home = live.home("role")
    assert (
        "account 'unknown' is neither an address nor one of Ape's accounts"
        in live.run(home, "status", "--account", "unknown").refusal
    )
    assert live.run(home, "status", "--account", "TEST::99").refusal.startswith(
        "account TEST::99 is unknown; there are"
    )


def test_keys__are_private_files_that_are_never_overwritten(live: FreshDao) -> None:
    home = live.home("role")
    made = live.run(home, "keys", "new", "--json").document
    path = Path(made["file"])
    assert path == home / "keys" / "sealing" and path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    content = path.read_bytes()
    again = live.run(home, "keys", "new")
    assert again.refusal == f"{path} exists and is never overwritten; take another name"
    assert path.read_bytes() == content
    assert live.run(home, "keys", "show", "--json").document == {"keys": {"sealing": made["hpkeKey"]}}
    assert live.run(home, "keys", "new", "../../escape").refusal.startswith("key name '../../escape'")
    secret = live.run(home, "keys", "new-fingerprint", "--json").document
    assert Path(secret["file"]).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda path: path.unlink(), "no key file"),
        (lambda path: path.chmod(0o640), "has mode 0640, so others can read it"),
        (lambda path: path.chmod(0o604), "has mode 0604, so others can read it"),
        (lambda path: path.write_text("-----BEGIN PRIVATE KEY-----\nunspeakable\n"), "expected an unencrypted X25519"),
    ],
)
def test_key__missing_readable_by_others_or_damaged__is_refused_and_not_shown(live: FreshDao, spoil, expected) -> None:
    home = live.home("attestor", "TEST::2")
    path = put_key(home, "attestor-0")
    body = path.read_text().splitlines()[1]
    spoil(path)
    done = live.run(home, "attest", "score", "--dataset", "1")
    assert expected in done.refusal and str(path) in done.refusal
    assert body not in done.err and "unspeakable" not in done.err


def test_command__in_a_shell__has_the_exit_code_and_no_traceback(live: FreshDao) -> None:
    home = live.home("role", network="http://127.0.0.1:9")
    done = subprocess.run(
        [DATADAO, "status", "--home", str(home), "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert json.loads(done.stdout)["error"]["kind"] == "NetworkRefused"
