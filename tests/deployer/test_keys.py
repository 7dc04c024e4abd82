"""Where Ethereum keys lie: private to their owner, and not lost with a clone or with what `make clean` removes.

Each test has a clone of its own, which shares only the installed packages with this one.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from eth_account import Account

from assurance.harness.forked import program

ROOT = Path(__file__).resolve().parents[2]
KEY = "0x" + "5e" * 32
TYPED = f"{KEY}\npass words\npass words\n"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    made = tmp_path / "clone"
    shutil.copytree(ROOT / "toolchain", made / "toolchain", ignore=shutil.ignore_patterns("solc*"))
    shutil.copy(ROOT / "Makefile", made)
    installed(made)
    return made


def installed(clone: Path) -> None:
    """The packages of this clone; its `ape` forks, but for the first."""
    venv, ours = clone / ".venv", ROOT / ".venv"
    (venv / "bin").mkdir(parents=True)
    for path in (*ours.iterdir(), *(ours / "bin").iterdir()):
        if path.name not in {"bin", "ape"}:
            (venv / path.relative_to(ours)).symlink_to(path)
    (venv / "bin" / "ape").write_text(f'#!/bin/sh\nexec "{program("ape", "accounts")}" "$@"\n')
    (venv / "bin" / "ape").chmod(0o700)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    return made


@pytest.fixture
def run(clone: Path, home: Path) -> Run:
    """A command in the clone by a user whose umask lets others read."""

    def command(*words: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPYCACHEPREFIX") if name in os.environ}
        return subprocess.run(
            words, cwd=clone, env=kept | {"HOME": str(home)} | environment, input=typed, capture_output=True,
            text=True, check=False, timeout=120, start_new_session=True, umask=0o022,
        )  # fmt: skip

    return command


def imported(run: Run, alias: str = "alice", **environment: str) -> subprocess.CompletedProcess[str]:
    done = run("toolchain/run", "ape", "accounts", "import", alias, typed=TYPED, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def modes(path: Path) -> list[str]:
    return [oct(stat.S_IMODE(item.stat().st_mode)) for item in (path.parent, path)]


def test_key__imported__lies_in_its_owners_home_and_is_private(run: Run, home: Path, clone: Path) -> None:
    imported(run)
    key = home / ".ape" / "accounts" / "alice.json"
    assert modes(key) == ["0o700", "0o600"]
    assert [path for path in clone.rglob("alice.json") if path.resolve() != key] == []


def test_key__imported_in_the_shell_of_make__lies_there_too(run: Run, home: Path) -> None:
    # `make shell` is this shell, after the set-up.
    done = run("toolchain/run", "bash", "--noprofile", "--norc", "-c", "ape accounts import bob", typed=TYPED)
    assert done.returncode == 0, done.stdout + done.stderr
    assert modes(home / ".ape" / "accounts" / "bob.json") == ["0o700", "0o600"]


def test_key__imported__outlives_clean_and_is_found_by_the_next_clone(run: Run, home: Path, clone: Path) -> None:
    imported(run)
    done = run("make", "clean")
    assert done.returncode == 0, done.stderr
    assert not (clone / ".ape").exists() and not (clone / ".venv").exists()
    installed(clone)
    listed = run("toolchain/run", "ape", "accounts", "list")
    assert Account.from_key(KEY).address in listed.stdout and "alice" in listed.stdout


def test_keys__open_to_others__are_closed_by_the_next_import(run: Run, home: Path) -> None:
    folder = home / ".ape" / "accounts"
    folder.mkdir(parents=True)
    (folder / "bob.json").write_text("{}")
    (folder / "bob.json").chmod(0o644)
    folder.chmod(0o755)
    imported(run)
    assert modes(folder / "bob.json") == ["0o700", "0o600"]


def test_clone__used_without_a_key__writes_nothing_into_the_home(run: Run, home: Path) -> None:
    done = run("toolchain/run", "python", "-c", "import ape; print(list(ape.accounts.aliases))")
    assert done.stdout == "[]\n", done.stderr
    assert list(home.iterdir()) == []


def test_key__of_another_home__is_not_seen(run: Run, tmp_path: Path) -> None:
    imported(run)
    ask = ("toolchain/run", "python", "-c", "import ape; print(list(ape.accounts.aliases))")
    assert run(*ask, HOME=str(tmp_path / "elsewhere")).stdout == "[]\n"
    assert run(*ask).stdout == "['alice']\n"


@pytest.mark.parametrize("where", ["", "/dev/null/none"], ids=["no home", "home cannot be written"])
def test_key__without_a_home__stays_and_clean_refuses(run: Run, clone: Path, where: str) -> None:
    said = imported(run, HOME=where).stderr
    key = clone / ".ape" / "accounts" / "alice.json"
    assert modes(key) == ["0o700", "0o600"]
    kept = key.read_text()
    done = run("make", "clean", HOME=where)
    assert done.returncode != 0 and (clone / ".venv").exists() and key.read_text() == kept
    assert done.stderr.splitlines()[:2] == [
        "datadao: nothing was removed, for this would be lost:",
        "  .ape/accounts/alice.json: a key; `toolchain/accounts move` takes it to ~/.ape/accounts",
    ]
    assert "Traceback" not in said


def old(clone: Path, alias: str, content: str = "{}") -> Path:
    """A key that an earlier version left in the clone, readable by all."""
    path = clone / ".ape" / "accounts" / f"{alias}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_key__of_an_earlier_version__is_kept_by_clean_named_and_moved(run: Run, home: Path, clone: Path) -> None:
    key = old(clone, "carol", '{"address": "00"}')
    assert run("make", "clean").returncode != 0 and key.exists()
    listed = run("toolchain/run", "ape", "accounts", "list")
    assert "datadao: keys lie in this clone, in .ape/accounts; toolchain/accounts move" in listed.stderr
    done = run("toolchain/accounts", "move")
    moved = home / ".ape" / "accounts" / "carol.json"
    assert (done.returncode, done.stdout) == (0, f"{moved}\n"), done.stderr
    assert moved.read_text() == '{"address": "00"}' and modes(moved) == ["0o700", "0o600"]
    assert run("make", "clean").returncode == 0 and moved.exists()


def test_key__whose_name_is_taken__stays_and_both_are_kept(run: Run, home: Path, clone: Path) -> None:
    imported(run, "dora")
    there = home / ".ape" / "accounts" / "dora.json"
    before = there.read_text()
    (clone / ".ape" / "accounts").unlink()
    here = old(clone, "dora", "another key")
    done = run("toolchain/accounts", "move")
    assert done.returncode == 1 and f"{there} exists; rename one of them" in done.stderr
    assert (there.read_text(), here.read_text()) == (before, "another key")


def test_clean__where_settings_of_the_user_lie__refuses(run: Run, clone: Path) -> None:
    (clone / ".ape").mkdir()
    (clone / ".ape" / "ape-config.yaml").write_text("node: {}\n")
    done = run("make", "clean")
    assert done.returncode != 0 and "  .ape/ape-config.yaml: settings of yours; move them elsewhere" in done.stderr
    assert (clone / ".ape" / "ape-config.yaml").exists() and (clone / ".venv").exists()
