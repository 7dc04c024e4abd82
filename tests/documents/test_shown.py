"""Every command that a page shows is executed by a test, or stands in shown.toml with the reason why not."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator

from assurance import ROOT
from assurance.harness.pages import PAGES, blocks, commands

TESTS = ROOT / "tests"
ENTRIES = tomllib.loads((TESTS / "documents" / "shown.toml").read_text())["command"]
# A command with its arguments; a program that is only named is none.
COMMAND = re.compile(
    r"((?:[A-Za-z_]+=\S+ )*(?:make(?= [a-z])|datadao(?= [a-z])|ape(?= (?:run|accounts|test|console) \w)"
    r"|toolchain/run(?= )|npm(?= )|pip(?= )|silverback(?= )).*)"
)


def shown() -> Iterator[tuple[str, str]]:
    """Where, and which command."""
    for page in PAGES:
        for block in blocks(page):
            if block.language in ("", "sh"):
                yield from ((block.where, line) for line in commands(block) if COMMAND.fullmatch(line))
        prose = re.sub(r"```.*?```", "", (ROOT / page).read_text(), flags=re.DOTALL)
        yield from ((page, span) for span in re.findall(r"`([^`\n]+)`", prose) if COMMAND.fullmatch(span))


def entry_of(command: str) -> int | None:
    """The entry with the longest beginning."""
    fits = [(len(b), n) for n, entry in enumerate(ENTRIES) for b in entry["begins"] if command.startswith(b)]
    return max(fits)[1] if fits else None


def test_shown_commands__each__is_executed_somewhere_or_says_why_not() -> None:
    found = list(shown())
    assert len(found) > 80, "the pages show many; if this is all, they are not read"
    assert [(where, command) for where, command in found if entry_of(command) is None] == []


def test_entries__each__has_a_test_that_exists_or_a_reason_and_is_needed() -> None:
    used = {entry_of(command) for _, command in shown()}
    assert [entry["begins"] for number, entry in enumerate(ENTRIES) if number not in used] == []
    for entry in ENTRIES:
        assert entry.keys() in ({"begins", "by"}, {"begins", "apart"})
        if "by" in entry:
            path, _, name = entry["by"].partition("::")
            tree = ast.parse((TESTS / path).read_text())
            assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, entry["by"]
