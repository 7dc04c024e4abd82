"""Publications as files, for whoever compiles or submits them by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from datadao.chain.arguments import ConfigError
from deployer.publish.sources import Publication

INDEX = "publication.json"


def export(folder: Path, chain_id: int, found: Sequence[Publication]) -> Path:
    """Writes the standard JSON input of each contract, and an index with the rest; returns the index.

    Raises `ConfigError` for a folder that holds something already.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ConfigError(f"{folder} is not empty: name a new folder")
        for item in found:
            _write(folder / f"{item.contract}.json", item.input)
        contracts = {item.contract: _entry(item) for item in found}
        # Last: a folder without it is not whole.
        _write(folder / INDEX, {"chain_id": chain_id, "contracts": contracts})
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror}") from None
    return folder / INDEX


def _entry(item: Publication) -> dict[str, str]:
    return {
        "address": item.address,
        "compiler": item.compiler,
        "constructorArguments": "0x" + item.arguments.hex(),
        "contract": item.identifier,
        "input": f"{item.contract}.json",
        "transaction": item.transaction,
    }


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
