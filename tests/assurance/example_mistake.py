"""A table of one mistake, for tests of what reads such tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ENTRY: dict[str, Any] = {
    "flaw": "The brake cools down for a day more.",
    "file": "contracts/EmergencyBrake.sol",
    "line": "COOL_DOWN = 7 days;",
    "becomes": "COOL_DOWN = 8 days;",
    "breaks": ["G-8"],
}


def table(folder: Path, contract: str = "EmergencyBrake", **changes: Any) -> Path:
    """A table of one entry, `<contract>.CoolsLonger`; a key that becomes `None` is left out."""
    entry = {key: value for key, value in (ENTRY | changes).items() if value is not None}
    edits = entry.pop("edits", None)
    lines = [f"[{contract}.CoolsLonger]", *(f"{key} = {json.dumps(value)}" for key, value in entry.items())]
    for edit in edits if isinstance(edits, list) else []:
        lines += [f"[[{contract}.CoolsLonger.edits]]", *(f"{key} = {json.dumps(value)}" for key, value in edit.items())]
    if edits and not isinstance(edits, list):
        lines.append(f"edits = {json.dumps(edits)}")
    path = folder / "table.toml"
    path.write_text("\n".join(lines) + "\n")
    return path
