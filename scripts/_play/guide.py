"""What a newcomer reads: who is there, and ten commands that live the four roles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_DATADAO = "toolchain/run datadao"


class Step(NamedTuple):
    what: str
    command: str


def steps(folder: str) -> list[Step]:
    """The life of a contribution, from handing it in to its rent. `folder` as a shell in the project takes it."""

    def each(names: str, command: str, home: str) -> str:
        return f"for who in {names}; do {_DATADAO} {command} --home {folder}/{home}$who; done"

    def by(role: str, command: str) -> str:
        return f"{_DATADAO} {command} --home {folder}/{role}"

    def contributors(command: str) -> str:
        return each("alice bob", command, "")

    custodians = each("1 2 3", "custodian once", "custodian-")
    return [
        Step("Two contributors encrypt their answers and hand them in.",
             contributors(f"contribute {folder}/$who/answers.jsonl --dataset 1")),
        Step("Three custodians try whether their share of each key opens.", custodians),
        Step("Three attestors open and score what the custodians could open.",
             each("1 2 3", "attest score --dataset 1", "attestor-")),
        Step("One attestor drafts a batch of the median scores, another signs it, the third brings it on chain.",
             " && ".join([by("attestor-1", "attest draft --dataset 1"), by("attestor-2", "attest sign --dataset 1"),
                          by("attestor-3", "attest publish --dataset 1 --yes")])),
        Step("After a day without a veto the batch starts, and its contributors claim their tokens.",
             " && ".join([wait("1d", folder), by("alice", "activate 1 --yes"), contributors("claim --yes")])),
        Step("A company asks for the data and puts down the rent and a bond.",
             by("acme", "lease request --dataset 1 --purposes 1 --price 100 --period-days 30 --periods 2 --bond 50"
                " --text 'open research' --yes")),
        Step("After a day for reading, the contributors vote.",
             " && ".join([wait("1d", folder), by("alice", "proposals"), contributors("vote lease:1 for --yes")])),
        Step("The vote ends after three days; two days are left to leave; then the lease is approved, and soon final.",
             " && ".join([wait("3d", folder), by("alice", "queue lease:1 --yes"), wait("2d", folder),
                          by("bob", "execute lease:1 --yes"), wait("1m", folder)])),
        Step("Custodians make the keys ready, the company pays the first month, custodians release.",
             " && ".join([f"({custodians})", by("acme", "lease start 1 --yes"), wait("1m", folder),
                          f"({custodians})"])),
        Step("The company reads, and its rent is with the contributors.",
             " && ".join([by("acme", f"open 1 --out {folder}/acme/data"), contributors("claim --yes")])),
    ]  # fmt: skip


def wrapped(command: str) -> str:
    """The same on several lines, one a part."""
    return command.replace(" && ", " \\\n  && ")


def wait(duration: str, folder: str) -> str:
    """The command that lets time pass."""
    return _play(folder, f"wait {duration}")


def guide(folder: str, url: str, page: str) -> Iterator[str]:
    """Lines to print."""
    yield f"A Data DAO runs on a node at {url} until `{_play(folder, 'stop')}`. Its people:"
    yield ""
    for names, what in (
        ("alice, bob", "contributors, with 20 and 30 answers of a survey in answers.jsonl"),
        ("attestor-1 to -3", "score what is handed in; two of three sign a batch"),
        ("custodian-1 to -3", "hold the keys' shares; two of three open a file"),
        ("acme", "a company with 1,000 test dollars"),
        ("guardian", "can pause, veto and cancel"),
        ("operator", "runs the desk, which takes what members hand in, and pays for what they sign"),
    ):
        yield f"  {names:<18} {what}"
    yield ""
    yield f"Each has a folder below {folder}. Ten commands live their roles, one after the other:"
    for number, step in enumerate(steps(folder), 1):
        yield ""
        yield f"# {number}. {step.what}"
        yield wrapped(step.command)
    yield ""
    yield f"The members' page is at {page}. A wallet in your browser acts for them with these accounts of the words"
    yield "“test test test test test test test test test test test junk”: alice the 11th, bob the 12th, acme the 13th."
    yield ""
    yield f"Look around with `{_DATADAO} status --home {folder}/alice`, `{_DATADAO} audit --home {folder}/alice` or"
    yield f"`{_DATADAO} --help`; `{wait('30d', folder)}` lets time pass."


def shown(folder: Path, root: Path) -> str:
    """A folder as a command in the project names it."""
    return str(folder.relative_to(root) if folder.is_relative_to(root) else folder)


def _play(folder: str, words: str) -> str:
    apart = "" if folder == ".play" else f"--folder {folder} "
    return f'make play ARGS="{apart}{words}"'
