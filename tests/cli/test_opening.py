"""What a command loads and asks before it can answer: libraries take longer than everything that `status` does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import ape
import pytest
from eth_account import Account
from web3 import HTTPProvider

from datadao.chain.accounts import account_of
from datadao.cli.main import COMMANDS
from datadao.errors import AccountRefused
from tests.cli.conftest import FreshDao

HEAVY = {
    "boto3",
    "botocore",
    "dask",
    "distributed",
    "jsonschema",
    "mlcroissant",
    "numpy",
    "pandas",
    "pyarrow",
    "silverback",
}
"""No command but those that use them."""
APE = {"ape.managers", "ape_accounts", "ape_ethereum", "ape_test"}
"""Ape's accounts and networks, without which its utilities are small."""
STORAGE = {"cryptography", "obstore", "pyrage"}
"""With encryption."""
CHAIN = {"web3", "eth_account", "aiohttp", "ens"}


def loaded(*words: str, before: str = "") -> set[str]:
    """Modules of an interpreter that ran `datadao` with these words."""
    program = (
        f"{before}\nimport atexit, sys; from datadao.cli import run; sys.argv[0] = 'datadao';"
        "atexit.register(lambda: print('\\n' + ' '.join(sys.modules), file=sys.stderr)); run()"
    )
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


def test_help__loads_click_alone() -> None:
    assert loaded("--help").isdisjoint({*HEAVY, *APE, *STORAGE, *CHAIN, "ape", "requests", "eth_abi", "yaml", "rich"})


def test_help__of_any_command__loads_no_connection_and_no_account() -> None:
    files = ", ".join(sorted({f"datadao.cli.{file}" for file, _ in COMMANDS.values()}))
    found = loaded("--help", before=f"import {files}")
    assert found.isdisjoint({*HEAVY - {"jsonschema"}, *APE, *CHAIN, "ape"})


@pytest.mark.parametrize("account", ["TEST::10", "member"])
def test_status__by_a_nodes_address__loads_no_ape_and_no_storage(
    live: FreshDao, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if account == "member":
        keyfile(live.folder, account)
        monkeypatch.setenv("APE_DATA_FOLDER", str(live.folder))
    found = loaded("status", "--home", str(live.home("role", account)))
    assert found.isdisjoint({*HEAVY, *APE, *STORAGE}) and "web3" in found


def test_status__asks_a_node_eleven_times(live: FreshDao, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    for name in ("make_request", "make_batch_request"):
        real = getattr(HTTPProvider, name)
        monkeypatch.setattr(HTTPProvider, name, lambda self, *said, real=real: asked.append(said) or real(self, *said))
    assert live.run(live.home("role"), "status").code == 0
    assert len(asked) == 11, asked


def known(alias: str, chain_id: int) -> str | None:
    found = account_of(alias, chain_id)
    return found.address if found else None


def test_send__by_a_nodes_address__signs_with_a_key_file_and_loads_no_ape(
    live: FreshDao, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = keyfile(live.folder, "member")
    live.node.web3.provider.make_request("anvil_setBalance", [address, hex(10**18)])
    monkeypatch.setenv("APE_DATA_FOLDER", str(live.folder))
    monkeypatch.setenv("APE_ACCOUNTS_member_PASSPHRASE", "secret")
    words = ("send", "token.delegate", address, "--yes", "--home", str(live.home("role", "member")))
    found = loaded(*words)
    assert found & {*HEAVY, *APE} == set() and "eth_account" in found
    assert live.node.web3.eth.get_transaction_count(address) == 1


def test_unlock__wrong_passphrase_or_the_key_of_another__is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = keyfile(tmp_path, "member")
    monkeypatch.setenv("APE_DATA_FOLDER", str(tmp_path))
    account = account_of("member", 1)
    assert account
    with pytest.raises(AccountRefused, match="the passphrase is wrong; nothing was signed"):
        account.unlock(lambda _: "guess")
    with pytest.raises(AccountRefused, match="account member is locked"):
        account.sign_typed_data(full_message={})
    account.unlock(lambda _: "secret")
    path = tmp_path / "accounts" / "member.json"
    other = Account.create().address
    path.write_text(json.dumps(json.loads(path.read_text()) | {"address": other}))
    renamed = account_of("member", 1)
    assert renamed
    said = f"its file has the key of {address}, not {other}"
    with pytest.raises(AccountRefused, match=said):
        renamed.unlock(lambda _: "secret")


def keyfile(folder: Path, alias: str) -> str:
    """The address of a new key file of Ape's."""
    account = Account.create()
    (folder / "accounts").mkdir()
    content = Account.encrypt(account.key, "secret", kdf="pbkdf2", iterations=1)
    (folder / "accounts" / f"{alias}.json").write_text(json.dumps(content))
    return str(account.address)


def test_address__of_a_key_file_and_of_test_accounts__is_apes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = keyfile(tmp_path, "member")
    monkeypatch.setenv("APE_DATA_FOLDER", str(tmp_path))
    assert known("member", 1) == address
    tests = ape.accounts.test_accounts
    assert [known(f"TEST::{n}", 31337) for n in (0, 39)] == [tests[0].address, tests[39].address]


@pytest.mark.parametrize(
    ("alias", "chain_id"),
    [("TEST::0", 1), ("TEST::40", 31337), ("TEST::x", 31337), ("stranger", 1), ("../member", 1), ("0x" + "12" * 20, 1)],
)
def test_address__that_only_ape_knows__is_left_to_it(
    alias: str, chain_id: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APE_DATA_FOLDER", str(tmp_path / "accounts"))
    keyfile(tmp_path, "member")
    assert known(alias, chain_id) is None


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("data/ape-config.yaml", "test: {}"),
        ("ape-config.json", "{}"),
        ("pyproject.toml", "[tool.ape.test]"),
        ("variable", ""),
    ],
)
def test_address__of_a_test_account_configured_elsewhere__is_left_to_ape(
    file: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APE_DATA_FOLDER", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    assert known("TEST::0", 31337) == ape.accounts.test_accounts[0].address
    (tmp_path / file).write_text(text)
    if file == "variable":
        monkeypatch.setenv("APE_TEST_MNEMONIC", os.urandom(4).hex())
    assert known("TEST::0", 31337) is None
