"""The playground and the worked example of docs/cli.md, which are the same commands: played literally by a newcomer
with an empty home."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from assurance import ROOT
from assurance.harness.pages import Player, blocks, commands
from scripts._play.guide import steps

PAGE, SECTION = "docs/cli.md", "A worked example"


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    """A newcomer, and a playground of its own: the page's `.play` lies elsewhere."""
    home = tmp_path_factory.mktemp("newcomer")
    made = Player(home, {})
    (home / "ape" / "accounts").rmdir()
    (home / "ape").rmdir()
    del made.environment["APE_DATA_FOLDER"]
    yield made
    play(made, "stop")


def place(player: Player) -> Path:
    return player.home.with_name(f"{player.home.name}-play")


def play(player: Player, words: str = "") -> str:
    return player.play(f'make --no-print-directory play ARGS="--folder {place(player)} {words}"')


def refused(player: Player, words: str, folder: Path | None = None) -> str:
    done = subprocess.run(
        ["toolchain/run", "ape", "run", "play", "--folder", str(folder or place(player)), *words.split()],
        cwd=ROOT, env=player.environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, ""), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


def now(player: Player) -> int:
    url = (place(player) / "node.url").read_text().strip()
    request = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["latest", False]}
    return int(requests.post(url, json=request, timeout=20).json()["result"]["timestamp"], 16)


def test_example__of_the_page__is_what_make_play_prints() -> None:
    (block,) = [block for block in blocks(PAGE, "sh") if block.section == SECTION]
    assert commands(block) == [step.command for step in steps(".play")]
    titles = [line.partition(". ")[2] for line in block.text.splitlines() if line.startswith("# ")]
    assert titles == [step.what for step in steps(".play")]
    assert len(titles) == 10


def test_playground__without_one__has_no_time_and_nothing_to_stop(player: Player) -> None:
    assert refused(player, "wait 1d") == "no playground runs; `make play` starts one"
    assert "No playground runs." in play(player, "stop")


@pytest.mark.parametrize(
    ("folder", "message"),
    [("theirs", "is there and is no playground's; name another with --folder"), ("a b", "has a space in it")],
)
def test_playground__where_it_cannot_be__is_refused_and_nothing_is_touched(
    player: Player, tmp_path: Path, folder: str, message: str
) -> None:
    theirs = tmp_path / folder / "thesis.tex"
    theirs.parent.mkdir()
    theirs.write_text("years of work")
    done = subprocess.run(
        ["toolchain/run", "ape", "run", "play", "--folder", str(theirs.parent)],
        cwd=ROOT, env=player.environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr
    assert theirs.read_text() == "years of work" and [theirs] == list(theirs.parent.iterdir())


def test_newcomer__with_what_is_printed_and_nothing_else__lives_all_four_roles(player: Player) -> None:
    folder = place(player)
    printed = play(player)
    block = blocks_of(printed)
    assert block == [step.command for step in steps(str(folder))]
    page = members_page(printed)

    said = [player.play(command) for command in block]
    assert "20 records" in said[2] and "Published as batch 1" in said[3] and "20 tokens" in said[4]
    assert "Voted for with 30 votes" in said[6] and "Active" in said[8]
    taken = sorted(path.read_bytes() for path in (folder / "acme" / "data" / "data").iterdir())
    assert taken == sorted((folder / who / "answers.jsonl").read_bytes() for who in ("alice", "bob"))
    # 100 dollars less the treasury's 5 %, by answers; rounded down once: one index over the dataset and the commons.
    assert "37.999999 TUSD paid" in said[9] and "56.999999 TUSD paid" in said[9]
    audit = player.play(f"toolchain/run datadao audit --json --home {folder}/alice")
    assert json.loads(audit)["ok"] is True
    assert list(player.home.iterdir()) == [], "a playground writes nothing into its user's home"

    # It stays, and says so
    url = (folder / "node.url").read_text()
    again = play(player)
    assert "The playground runs already" in again and blocks_of(again) == block
    assert (folder / "node.url").read_text() == url
    before = now(player)
    assert refused(player, "wait soon") == "expected a time like 90s, 15m, 2h or 3d, ten years at most, got 'soon'"
    assert now(player) - before < 86_400
    play(player, "wait 30d")
    assert now(player) - before >= 30 * 86_400

    # It ends on request, and the next one loses nothing of it
    assert "has ended" in play(player, "stop")
    with pytest.raises(requests.ConnectionError):
        requests.get(page, timeout=20)
    pid = (folder / "node.pid").exists()
    assert not pid and taken == sorted(path.read_bytes() for path in (folder / "acme" / "data" / "data").iterdir())
    (folder / "alice" / "mine.jsonl").write_text("{}")
    assert "are in " in play(player)
    kept = folder.with_name(f"{folder.name}-before")
    assert (kept / "alice" / "mine.jsonl").read_text() == "{}"
    assert not (folder / "alice" / "mine.jsonl").exists()


def members_page(printed: str) -> str:
    """The address that was printed, where the members' page of this very DAO is served whole."""
    (address,) = re.findall(r"The members' page is at (\S+)\. A wallet", printed)
    (node,) = re.findall(r"A Data DAO runs on a node at (\S+) until", printed)
    index = requests.get(address, timeout=20)
    assert (index.status_code, index.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<title>Survey of voters</title>" in index.text
    (config,) = re.findall(r'<script type="application/json" id="config">(.*?)</script>', index.text)
    code = {"jsonrpc": "2.0", "id": 1, "method": "eth_getCode"}
    for name, contract in json.loads(config)["contracts"].items():
        asked = code | {"params": [contract, "latest"]}
        assert len(requests.post(node, json=asked, timeout=20).json()["result"]) > 2, f"no {name} at {contract}"
    files = re.findall(r'(?:src|href)="((?!data:)[^"]+)" integrity=', index.text)
    assert len(files) == 2
    for file in files:
        assert requests.get(f"{address.rstrip('/')}/{file.removeprefix('./')}", timeout=20).status_code == 200, file
    return address


def blocks_of(printed: str) -> list[str]:
    """The commands of what was printed, as a reader copies them: each after its comment, to the next empty line."""
    parts = [part.splitlines() for part in printed.split("\n\n")]
    copied = ["\n".join(lines[1:]) for lines in parts if lines[0].startswith("# ")]
    return [" ".join(word for word in text.replace("\\\n", " ").split(" ") if word) for text in copied]


def test_clean__while_the_playground_runs__removes_nothing(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    (clone / "toolchain").mkdir(parents=True)
    for name in ("accounts", "clean"):
        (clone / "toolchain" / name).symlink_to(ROOT / "toolchain" / name)
    (clone / ".play").mkdir()
    (clone / ".play" / "node.pid").write_text(f"{os.getpid()}\n")
    done = subprocess.run(["toolchain/clean"], cwd=clone, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 1 and "  .play: the playground runs; `make play ARGS=stop` ends it" in done.stderr
    assert (clone / ".play" / "node.pid").exists()
