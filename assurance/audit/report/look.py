"""The page in a real browser: pictures of it, and what a reader would miss there."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assurance import ROOT
from assurance.audit.part import PartError

SCRIPT = Path(__file__).with_name("browse.mjs")
FEWEST_LETTERS = 60
FEWEST_COLOURS = 100


def look(page: Path, folder: Path) -> dict[str, Any]:
    """What browse.mjs reports; pictures are in the folder afterwards.

    Raises:
        PartError: the browser could not be started, or did not come to an end.
    """
    command = ["node", str(SCRIPT), str(page), str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise PartError(f"the page could not be opened in a browser: {done.stderr.strip().removeprefix('error: ')}")
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def faults(facts: dict[str, Any]) -> list[str]:
    """What is wrong with a page, one line each."""
    return [*facts["trouble"], *_gaps(facts), *_spoiled(facts["pictures"])]


def _gaps(facts: dict[str, Any]) -> Iterator[str]:
    for section in facts["sections"]:
        if not section["title"] or section["letters"] < FEWEST_LETTERS:
            yield f"section {section['id']} is empty"
        if not (section["rows"] or section["notes"]):
            yield f"section {section['id']} has neither a table nor a note why"
    yield from (f"a link leads nowhere: {link}" for link in facts["dead"])
    yield from (f"two elements are called {name}" for name in facts["twice"])
    for drawing in facts["drawn"]:
        if min(drawing["width"], drawing["height"]) < 100 or not all(drawing["labels"]) or len(drawing["labels"]) != 2:
            yield f"a chart is {drawing['width']} by {drawing['height']} with labels {drawing['labels']}"


def _spoiled(pictures: dict[str, Any]) -> Iterator[str]:
    for name, picture in pictures.items():
        if picture["overflow"]["page"] > 0 or picture["overflow"]["elements"]:
            yield f"{name}: wider than the window by {picture['overflow']}"
        if picture["colours"] < FEWEST_COLOURS:
            yield f"{name}: a picture of {picture['colours']} colours"
        if (picture["light"] < 128) != name.endswith("dark"):
            yield f"{name}: {picture['light']:.0f} of 255 light"
