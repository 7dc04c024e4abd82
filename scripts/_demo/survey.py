"""The data of the demo: the ANES-1996 survey, one respondent a contribution, and the model a licensee trains on it."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parents[2] / "tests" / "data" / "anes96.csv"
TARGET = "vote"
ANSWERS = ("popul", "TVnews", "selfLR", "ClinLR", "DoleLR", "PID", "age", "educ", "income", TARGET)

SCHEMA = json.dumps(
    {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ANES 1996, one respondent",
        "type": "object",
        "properties": {name: {"type": "integer", "minimum": 0} for name in ("respondent", *ANSWERS)},
        "required": ["respondent", *ANSWERS],
        "additionalProperties": False,
    },
    sort_keys=True,
).encode()
SCHEMA_HASH = hashlib.sha256(SCHEMA).digest()

HELD_OUT = 4
"""Every fourth respondent is held out."""


def rows() -> list[dict[str, int]]:
    """Each respondent's answers."""
    with DATA.open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    return [
        {"respondent": number} | {name: round(float(row[name])) for name in ANSWERS} for number, row in enumerate(found)
    ]


def respondents(count: int | None = None) -> list[bytes]:
    """Each respondent's answers as one line of JSON: what it keeps, and what it encrypts."""
    return [(json.dumps(row) + "\n").encode() for row in rows()[:count]]


@dataclass(frozen=True)
class Verdict:
    """How well `vote` was predicted on respondents the model has not seen, as shares of right answers, and what it
    learned: the weight of each answer once it is standardised, and the `intercept`."""

    trained_on: int
    tested_on: int
    accuracy: float
    majority: float
    weights: dict[str, float]


def train(table: Path) -> Verdict:
    """Trains a classifier of `vote` on a table of opened contributions and tests it on a held-out quarter of them.

    The majority baseline says what always naming the commoner answer of the training part would score.
    """
    # Imported late: `ape run` loads every script to list the commands, and these take seconds.
    import numpy as np
    from pyarrow import parquet
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    records = sorted(parquet.read_table(table).to_pylist(), key=lambda r: r["respondent"])
    names = sorted(name for name in ANSWERS if name != TARGET)
    features = np.array([[record[name] for name in names] for record in records], dtype=float)
    labels = np.array([record[TARGET] for record in records])
    # By the respondents' numbers, as in examples/compute/classifier.ts, whose figures are to be the same.
    held_out = np.array([record["respondent"] % HELD_OUT == HELD_OUT - 1 for record in records])
    seen, unseen, seen_labels, unseen_labels = (
        features[~held_out],
        features[held_out],
        labels[~held_out],
        labels[held_out],
    )
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, tol=1e-8)).fit(seen, seen_labels)
    learned = model[-1]
    commoner = np.bincount(seen_labels).argmax()
    return Verdict(
        trained_on=len(seen),
        tested_on=len(unseen),
        accuracy=float(model.score(unseen, unseen_labels)),
        majority=float((unseen_labels == commoner).mean()),
        weights=dict(zip([*names, "intercept"], map(float, [*learned.coef_[0], *learned.intercept_]), strict=True)),
    )


def printed(weights: dict[str, float]) -> str:
    """Weights as the demo shows them."""
    return ", ".join(f"{name} {value:+.3f}" for name, value in weights.items())
