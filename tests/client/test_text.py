"""Text that others wrote, on a screen and in a log.

- what is hidden, turns others round or moves the cursor is shown as a replacement; languages stay readable
- one line is one line; more lines are marked, or stand further in
- a terminal's strings are text and never markup; what it renders is visible, whole, and in its encoding
"""

from __future__ import annotations

import io
import logging
import sys
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from rich.table import Table
from rich.text import Text

from assurance.harness.text import BIDI, DANGEROUS, FLOOD, HIDDEN, HOSTILE
from datadao.cli.session import Session
from datadao.ledger.base import Difference
from datadao.ledger.compare import Report
from datadao.text import BAR, LINE_END, REPLACEMENT, LogFormatter, Terminal, lines, quoted, visible, visible_log


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ti\u1ebfng Vi\u1ec7t", "Ti\u1ebfng Vi\u1ec7t"),
        ("Vie\u0323\u0302t", "Vie\u0323\u0302t"),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u094d\u0926\u0940"),
        ("\u05e9\u05c1\u05bc\u05b8\u05dc\u05d5\u05b9\u05dd", "\u05e9\u05c1\u05bc\u05b8\u05dc\u05d5\u05b9\u05dd"),
        ("\u2764\ufe0f", "\u2764"),
        ("a\tb\u00a0c\u3000d", "a b c d"),
        ("\u0336x", f"{REPLACEMENT}x"),
        ("1 \u0336", f"1 {REPLACEMENT}"),
        ("a\ud800b", f"a{REPLACEMENT}b"),
        ("a\r\nb\u2028c", f"a{LINE_END}b{LINE_END}c"),
        (BIDI + HIDDEN, REPLACEMENT * len(BIDI + HIDDEN)),
        (FLOOD, "Z\u0336\u0353\u0489\u0336" + REPLACEMENT),
    ],
)
def test_visible__keeps_languages_and_loses_tricks(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


def test_visible__leaves_nothing_that_a_terminal_obeys() -> None:
    for code in range(0x110000):
        shown = visible(f"a{chr(code)}b")
        assert shown.isprintable() and "\n" not in shown, hex(code)


def test_lines__of_any_kind_of_end__are_lines_and_quoted_ones_are_marked() -> None:
    text = "a\r\nb\nc\rd\u2028e\u2029f\x85g\x0bh\x0ci"
    assert lines(text) == list("abcdefghi")
    assert quoted(text) == [BAR + letter for letter in "abcdefghi"]
    assert quoted("a" + "\n" * 4000 + " \nb\n\nc") == [BAR + "a", BAR, BAR + "b", BAR, BAR + "c"]


def narrow(item: Any, encoding: str = "utf-8") -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    out = Terminal(file=file, width=40, force_terminal=True, color_system=None, soft_wrap=True)
    out.print(out.as_line(item) if isinstance(item, str) else item)
    file.flush()
    return file.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]


def test_cell_of_a_table__is_text_on_one_line_and_never_cut() -> None:
    table = Table("[red]name", "what", title="[red]a title")
    table.add_row(HOSTILE, "0x" + "ab" * 32)
    table.add_row(Text(HOSTILE), "")
    shown = narrow(table)
    assert not DANGEROUS.search(shown) and "…" not in shown
    assert "[red]name" in shown and "[red]a title" in shown
    cells = [line.split("│")[2].strip() for line in shown.split("\n") if line.count("│") == 3]
    assert "".join(cells).endswith("ab" * 32)


def test_line__wider_than_the_terminal__goes_on_further_in() -> None:
    shown = narrow("Dataset 1 (x" + " " * 60 + "Lease 9 is approved, " * 5).rstrip("\n").split("\n")
    assert len(shown) > 2 and all(line.startswith("  ") for line in shown[1:])
    assert all(len(line) <= 40 for line in shown)


def test_text__that_the_outputs_encoding_does_not_have__is_shown_all_the_same() -> None:
    assert narrow("caf\u00e9 \u2192", "ascii") == "caf? ?\n"


def test_log__is_one_line_a_record_and_tracebacks_stand_further_in() -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "lease %s", (HOSTILE,), None)
    shown = LogFormatter("%(levelname)s %(message)s").format(record)
    assert shown.startswith("WARNING lease Good science.") and "\n" not in shown and not DANGEROUS.search(shown)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "stopped", (), sys.exc_info())
    first, *rest = LogFormatter("%(message)s").format(record).split("\n")
    assert first == "stopped" and rest
    assert all(line.startswith("  ") and not DANGEROUS.search(line) for line in rest)


def test_log_of_the_custodian__is_visible_for_any_handler(caplog: Any) -> None:
    visible_log("datadao.custodian").warning("lease %d: %s", 1, HOSTILE)
    assert visible_log("datadao.custodian") is logging.getLogger("datadao.custodian")
    assert len(logging.getLogger("datadao.custodian").filters) == 1
    (message,) = caplog.messages
    assert message == f"lease 1: {visible(HOSTILE)}"


def test_report_of_an_audit__is_one_line_a_difference() -> None:
    differences = [Difference(f"x({HOSTILE})", HOSTILE, b"\x1b"), Difference("y", 1, 2)]
    shown = Report(7, {"events": 1, "facts": 2}, differences).render().split("\n")
    assert len(shown) == 3 and shown[2] == "  y: rebuilt 1, chain 2"
    assert not any(DANGEROUS.search(line) for line in shown)


def session(home: Path) -> Session:
    return Session(home, None, None, as_json=False, yes=False, stack=ExitStack())


def test_error_of_a_node__with_control_characters_and_lines__stands_further_in(tmp_path: Path, capsys: Any) -> None:
    opened = session(tmp_path)
    opened.say("[bold red]Refused:[/bold red]", f"the node says {HOSTILE}")
    first, *rest = capsys.readouterr().err.rstrip("\n").split("\n")
    assert first.startswith("Refused: the node says Good science.")
    assert rest and all(line.startswith("  ") for line in rest)
    assert not any(DANGEROUS.search(line) for line in [first, *rest])
    opened.show(f"Dataset 1 ({HOSTILE})")
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and LINE_END in out and not DANGEROUS.search(out)


def test_question__with_text_of_others__is_one_visible_line(tmp_path: Path, monkeypatch: Any) -> None:
    asked: list[str] = []
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(click, "confirm", lambda question, **_: asked.append(question) or True)
    session(tmp_path).confirm(f"Send to {HOSTILE}?")
    (question,) = asked
    assert "\n" not in question and not DANGEROUS.search(question)
