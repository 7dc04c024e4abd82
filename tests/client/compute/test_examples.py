"""The examples: built anew they are the modules of their manifest, and they say what is true of the survey.

given the compilers of the lock files     every module should have the hash that `programs.json` records
given the survey                          each program should give what numpy and scikit-learn give
"""

from __future__ import annotations

import io
import json
import runpy
import struct
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from assurance import ROOT
from datadao.compute.columns import write_columns
from datadao.compute.program import Program
from datadao.compute.sandbox import Ran, installed
from datadao.messages.compute import Ending, Limits
from datadao.records import read, valid_records
from datadao.schema import Schema
from scripts._demo.survey import ANSWERS, SCHEMA, TARGET, respondents

from .programs import records

FOLDER = ROOT / "examples" / "compute"
LIMITS = Limits(fuel=10**10, memory=64 * 1024**2, output=2048, seconds=600)
SURVEY = [json.loads(line) for line in respondents()]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    made = runpy.run_path(str(FOLDER / "build.py"))["build"](folder)
    assert made == json.loads((FOLDER / "programs.json").read_text())
    return folder


def run(built: Path, name: str, shard: int = 10**6) -> Ran:
    with records(b"".join(read(line)[1] + b"\n" for line in respondents())) as file:
        limits = Limits(LIMITS.fuel, LIMITS.memory, LIMITS.output, LIMITS.seconds, shard)
        ran = Program((built / f"{name}.wasm").read_bytes(), limits).run(file)
    assert ran.ending is Ending.OK
    return ran


def test_classifier__has_the_weights_and_the_accuracy_of_scikit_learn(built: Path) -> None:
    # Imported late: each process of tests imports this file, and one runs it.
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    found = json.loads(run(built, "classifier").output)
    names = sorted(name for name in ANSWERS if name != TARGET)
    features = np.array([[record[name] for name in names] for record in SURVEY], dtype=float)
    labels = np.array([record[TARGET] for record in SURVEY])
    seen = np.array([record["respondent"] % 4 != 3 for record in SURVEY])
    scaled = StandardScaler().fit(features[seen]).transform(features)
    model = LogisticRegression(max_iter=1000, tol=1e-10).fit(scaled[seen], labels[seen])
    right = int((model.predict(scaled[~seen]) == labels[~seen]).sum())
    assert (found["trainedOn"], found["testedOn"], found["right"]) == (seen.sum(), (~seen).sum(), right)
    weights = [*found["weights"].values(), found["intercept"]]
    assert list(found["weights"]) == names and weights == pytest.approx([*model.coef_[0], *model.intercept_], abs=1e-5)


@pytest.mark.parametrize("shard", [10**6, 100])
def test_histogram__tells_every_cell_but_the_small_ones_whatever_the_shards(built: Path, shard: int) -> None:
    counts = Counter((record["educ"], record["vote"]) for record in SURVEY)
    said = {
        (row, column): str(counts[row, column]) if counts[row, column] >= 10 else "fewer than 10"
        for row in range(8)
        for column in range(2)
    }
    lines = [f"{row},{column},{text}" for (row, column), text in said.items()]
    assert run(built, "histogram", shard).output.decode().splitlines() == ["educ,vote,respondents", *lines]


def test_regression__over_columns_is_the_classifier_to_the_last_digits_but_one(built: Path) -> None:
    schema = Schema.new(SCHEMA)
    agreed = Limits(LIMITS.fuel, LIMITS.memory, LIMITS.output, LIMITS.seconds, engine=installed(columns=True))
    found = []
    for shard in (10**6, 100):
        with tempfile.TemporaryFile() as file:
            parts = write_columns(file, valid_records(io.BytesIO(b"\n".join(respondents())), schema), schema, shard)
            ran = Program((built / "regression.wasm").read_bytes(), agreed).run(file, streams=parts)
        assert ran.ending is Ending.OK
        found.append(struct.unpack("<13d", ran.output))
    said = json.loads(run(built, "classifier").output)
    assert found[0] == found[1], "whatever the streams"
    assert found[0][:3] == (said["trainedOn"], said["testedOn"], said["right"])
    assert found[0][3:] == pytest.approx((said["intercept"], *said["weights"].values()), rel=1e-12)


def test_summary__is_numpys(built: Path) -> None:
    ages = np.array([record["age"] for record in SURVEY])
    found = struct.unpack("<3d", run(built, "summary").output)
    assert found == pytest.approx((len(ages), ages.mean(), ages.std()), rel=1e-12)
