"""The leased table in other people's tools: five of them load it, and each gives what the survey says.

python -m scripts._demo.tools TABLE DESCRIPTION    the records by tool, as JSON
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scripts._demo.survey import rows


def loading(table: Path, description: Path) -> Callable[[], dict[str, list[Any]]]:
    """Starts to load, in a process without a part of ours, and gives what waits for the records of the table by tool;
    `description` is the Croissant document that names it."""
    command = [sys.executable, "-m", __name__, str(table), str(description)]
    ours = Path(__file__).parents[2]
    process = subprocess.Popen(command, cwd=ours, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def loaded() -> dict[str, list[Any]]:
        said, complaints = process.communicate()
        if process.returncode:
            raise AssertionError(f"the leased table cannot be loaded: {complaints[-2000:]}")
        found: dict[str, list[Any]] = json.loads(said)
        return found

    return loaded


def load(table: Path, description: Path) -> dict[str, list[Any]]:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # `datasets` has no one to ask about a local file
    import datasets  # type: ignore[import-untyped]
    import duckdb
    import mlcroissant
    import pandas
    import polars

    datasets.disable_progress_bars()
    found, cache = duckdb.read_parquet(str(table)), str(description.parent / "cache")
    return {
        "pandas": pandas.read_parquet(table).astype(object).to_dict("records"),
        "DuckDB": [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()],
        "polars": polars.read_parquet(table).to_dicts(),
        "datasets": list(datasets.load_dataset("parquet", data_files=str(table), cache_dir=cache, split="train")),
        "mlcroissant": [
            {name.rpartition("/")[2]: value for name, value in record.items()}
            for record in mlcroissant.Dataset(str(description)).records("records")
        ],
    }


def differing(loaded: Mapping[str, list[Any]], count: int) -> list[str]:
    """Which tools give anything else than the answers of the first `count` respondents, each exactly once."""
    expected = [row | {"_other": None} for row in rows()[:count]]
    return [
        tool for tool, records in loaded.items() if sorted(records, key=lambda record: record["respondent"]) != expected
    ]


if __name__ == "__main__":
    json.dump(load(*map(Path, sys.argv[1:])), sys.stdout)
