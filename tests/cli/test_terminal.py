"""A person at a terminal: passphrases are asked for and not shown, nothing is sent without a yes."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from datadao.crypto.keyfile import new_key
from datadao.profile import Profile
from tests.cli.conftest import FreshDao
from tests.cli.test_refusals import REQUEST, written
from tests.cli.world import DATADAO, Role

ROOT = Path(__file__).parents[2]


@pytest.fixture
def holder(live: FreshDao) -> Role:
    """A role with an encrypted key file."""
    logs = live.folder / "logs"
    logs.mkdir()
    role = Role("holder", live.folder / "holder", logs)
    store = {"url": (live.folder / "storage").as_uri()}
    Profile(role.home, network=live.node.url, deployment=str(live.record), account="holder", store=store).write()
    written(role.home)
    return role


def without(role: Role, **changes: str) -> dict[str, str]:
    """The role's environment without its passphrase."""
    return {name: value for name, value in role.environment.items() if "PASSPHRASE" not in name} | changes


def at_terminal(arguments: Sequence[str], environment: dict[str, str], prompt: str, answer: str) -> tuple[int, str]:
    """Exit code and everything the terminal showed; `answer` is typed once the whole prompt is there."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [DATADAO, *arguments], cwd=ROOT, env=environment, stdin=slave, stdout=slave, stderr=slave,
        preexec_fn=lambda: os.login_tty(slave), close_fds=False,
    )  # fmt: skip
    os.close(slave)
    shown, asked = b"", False
    while select.select([master], [], [], 60)[0]:
        try:
            shown += os.read(master, 4096)
        except OSError:  # the other side is closed
            break
        if not asked and prompt.encode() in shown:
            asked = True
            os.write(master, answer.encode() + b"\n")
    else:
        process.kill()
    os.close(master)
    return process.wait(timeout=60), shown.decode()


def test_passphrase__wrong_in_the_environment__is_reported_and_signs_nothing(live: FreshDao, holder: Role) -> None:
    before = live.objects
    wrong = without(holder, APE_ACCOUNTS_holder_PASSPHRASE="open sesame")
    done = holder.run("contribute", "diary.jsonl", "--dataset", "1", environment=wrong)
    assert (done.code, done.out) == (1, "")
    assert done.err.strip().splitlines()[-1] == "Refused: account holder: the passphrase is wrong; nothing was signed"
    assert "open sesame" not in done.err and live.objects == before


def test_passphrase__no_terminal_to_ask__names_the_variable(live: FreshDao, holder: Role) -> None:
    done = holder.run("contribute", "diary.jsonl", "--dataset", "1", environment=without(holder))
    assert done.code == 1 and "set APE_ACCOUNTS_holder_PASSPHRASE" in done.err and "Traceback" not in done.err


@pytest.mark.parametrize("right", [True, False])
def test_passphrase__typed__is_not_shown(live: FreshDao, holder: Role, right: bool) -> None:
    file, before = str(holder.home / "diary.jsonl"), len(live.objects)
    typed = holder.passphrase if right else "open sesame"
    code, shown = at_terminal(("contribute", file, "--dataset", "1"), without(holder), "Passphrase of holder: ", typed)
    assert code == (0 if right else 1), shown
    assert typed not in shown and "Traceback" not in shown
    assert len(live.objects) - before == (3 if right else 0)


@pytest.mark.parametrize(("answer", "sent"), [("y", 2), ("n", 0), ("", 0)])
def test_confirm__only_a_yes_sends(live: FreshDao, answer: str, sent: int) -> None:
    home = live.home("licensee")
    new_key(home / "keys" / "sealing")
    before = live.nonce(10)
    command = ("lease", "request", *REQUEST, "--price", "100", "--bond", "50", "--home", str(home))
    code, shown = at_terminal(command, dict(os.environ), "Send 2 transactions? [y/N]:", answer)
    assert code == (0 if sent else 1), shown
    assert ("nothing was sent" in shown) is not bool(sent)
    assert live.nonce(10) - before == sent
