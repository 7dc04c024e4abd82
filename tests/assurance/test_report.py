"""The page of the audit: made of results in the shape that the parts write, and looked at in a real browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assurance.audit.__main__ import PARTS
from assurance.audit.part import PartError
from assurance.audit.report.__main__ import main
from assurance.audit.report.look import faults, look
from assurance.audit.report.page import sections
from assurance.audit.report.results import read
from assurance.audit.year.__main__ import CONTRIBUTORS
from tests.assurance.sample_results import write_all


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which every part has left its result."""
    write_all(tmp_path, monkeypatch)
    return tmp_path


def page(results: Path) -> str:
    assert main(["--results", str(results)]) == 0
    return (results / "index.html").read_text()


def change(results: Path, part: str, **fields: Any) -> None:
    path = results / f"{part}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_sample__has_every_part_in_its_shape__and_no_part_is_without_a_section(results: Path) -> None:
    parts = read(results)
    assert {part.name for part in PARTS} == set(parts)
    assert [part.name for part in parts.values() if part.state != "ok"] == []
    assert {part.name for section in sections(parts) for part in section.parts} == set(parts)


def test_page__in_a_browser__is_whole_asks_for_nothing_fits_every_window_and_works_by_keyboard(results: Path) -> None:
    page(results)
    facts = look(results / "index.html", results / "pictures")
    assert faults(facts) == []
    assert facts["heading"] == f"All {len(PARTS)} parts ran and found nothing"
    assert [section["id"] for section in facts["sections"]] == [section.id for section in sections(read(results))]
    assert [note for section in facts["sections"] for note in section["notes"]] == []
    # Two clouds of the same people: what they were paid, and what they were paid less than due.
    assert sum(facts["points"]) == 2 * CONTRIBUTORS
    assert facts["bars"] > 5
    assert len(facts["drawn"]) == 4
    assert set(facts["pictures"]) == {"wide-light", "wide-dark", "narrow-light", "narrow-dark"}
    for name, picture in facts["pictures"].items():
        assert (results / "pictures" / f"{name}.png").stat().st_size > 50_000
        assert picture["width"] == (1280 if name.startswith("wide") else 390)

    # By keyboard: a filter, a column sorted down and put back, one series of a chart hidden.
    work = facts["work"]
    assert work["filtered"] == ["S-3"]
    assert work["all"] == work["restored"]
    assert work["all"][0] == "T-1"
    assert work["descending"] == sorted(work["all"], key=lambda name: (name[0], int(name[2:])), reverse=True)
    assert work["hidden"] == 1


def test_browser__of_a_spoiled_page__names_each_fault(results: Path) -> None:
    spoiled = page(results).replace("default-src 'none'", "default-src *").replace("</main>", SPOILS + "</main>")
    (results / "index.html").write_text(spoiled)
    found = "\n".join(faults(look(results / "index.html", results / "pictures")))
    for fault in (
        "request: http://127.0.0.1:9/picture.png",
        "error: broken on purpose",
        "console: said on purpose",
        "section hollow is empty",
        "a link leads nowhere: #nowhere",
        "two elements are called S-3",
        "narrow-light: wider than the window",
    ):
        assert fault in found


SPOILS = """
<section id="hollow"></section><a href="#nowhere">x</a><p id="S-3">x</p><div style="width: 500px">x</div>
<img alt="" src="http://127.0.0.1:9/picture.png">
<script>console.error("said on purpose"); setTimeout(() => { throw new Error("broken on purpose") })</script>
"""


def test_page__part_that_has_not_run__is_named_in_red_at_the_top_and_in_its_place(results: Path) -> None:
    (results / "reach.json").unlink()
    text = page(results)
    assert '<header class="verdict bad">' in text
    assert "<h1>Not run: reach</h1>" in text
    assert '<div class="note bad" role="alert"><strong>reach has not run, or broke off.</strong>' in text


def test_page__nothing_has_run__is_still_a_page_that_says_so(tmp_path: Path) -> None:
    text = page(tmp_path)
    for part in PARTS:
        assert f"<strong>{part.name} has not run, or broke off.</strong>" in text
    # After `make audit ARGS=slither` in a new clone there is hardly more, and it is no fault of the page.
    assert faults(look(tmp_path / "index.html", tmp_path / "pictures")) == []


def test_page__part_that_failed__lists_what_is_wrong(results: Path) -> None:
    change(results, "slither", ok=False, wrong=["untriaged: something at Pool.pay"])
    text = page(results)
    assert "<h1>Failed: slither</h1>" in text
    assert "<li>untriaged: something at Pool.pay</li>" in text


def test_page__property_whose_test_failed_or_was_not_run__is_red(results: Path) -> None:
    rows = json.loads((results / "properties.json").read_text())["properties"]
    rows[0]["failed"] = [next(iter(rows[0]["tests"]))]
    change(results, "properties", properties=rows[:-1])
    text = page(results)
    assert f'<tr id="{rows[0]["id"]}" class="failed">' in text
    assert f'<tr id="{rows[-1]["id"]}" class="not-run">' in text
    assert "<h1>Failed: some properties. Not run: some properties</h1>" in text


def test_page__part_that_ran_on_another_commit__keeps_the_page_from_passing(results: Path) -> None:
    change(results, "reach", commit={"id": "c0ffee" * 6, "subject": "before", "dirty": False})
    text = page(results)
    assert "<h1>Run on another commit: reach</h1>" in text
    assert "at commit <code>c0ffeec0ffee</code>" in " ".join(text.split())


def test_page__part_that_ran_in_part__says_what_was_asked_for(results: Path) -> None:
    change(results, "campaign", whole=False, asked="STEPS=1000")
    text = page(results)
    assert "<h1>Run in part: campaign (STEPS=1000)</h1>" in text
    assert "asked for: <code>STEPS=1000</code>" in " ".join(text.split())


def test_page__part_that_ran_with_local_changes__says_so(results: Path) -> None:
    change(results, "year", commit=json.loads((results / "year.json").read_text())["commit"] | {"dirty": True})
    assert "with local changes" in page(results)


def test_page__proof_that_does_not_hold__makes_its_property_red(results: Path) -> None:
    proofs = json.loads((results / "proofs.json").read_text())["proofs"]
    next(proof for proof in proofs if proof["id"] == "S-2")["answer"] = "solver out of time"
    change(results, "proofs", proofs=proofs)
    assert '<tr id="S-2" class="failed">' in page(results)


def test_page__text_of_a_result__is_never_markup(results: Path) -> None:
    change(results, "year", summary="<script>alert(1)</script> & <b>bold</b>")
    text = page(results)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;" in text


@pytest.mark.parametrize(
    ("part", "fields", "reported"),
    [
        ("slither", {"findings": None}, "slither.json.findings: Input should be a valid list"),
        ("year", {"seconds": "long"}, "year.json.seconds: Input should be a valid number"),
        ("campaign", {"machines": {"splitter": {}}}, "campaign.json.machines.splitter.steps: Field required"),
        ("mutation", {"score": True}, "mutation.json.score: Input should be a valid number"),
        ("proofs", {"proofs": [{"id": 3}]}, "proofs.json.proofs.0.id: Input should be a valid string"),
    ],
)
def test_page__result_of_another_shape__refused_by_name(
    results: Path, part: str, fields: dict[str, Any], reported: str
) -> None:
    change(results, part, **fields)
    with pytest.raises(PartError) as caught:
        main(["--results", str(results)])
    assert str(caught.value).startswith(reported)
    assert f"make audit ARGS={part}" in str(caught.value)


def test_page__result_that_is_no_json__refused_by_name(results: Path) -> None:
    (results / "reach.json").write_text("{")
    with pytest.raises(PartError, match=r"^reach\.json is not JSON"):
        main(["--results", str(results)])


def test_page__folder_that_is_not_there__refused(tmp_path: Path) -> None:
    with pytest.raises(PartError, match="there is no folder"):
        main(["--results", str(tmp_path / "nowhere")])


def test_look__browser_that_does_not_exist__says_so(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page(results)
    monkeypatch.setenv("CHROME", str(results / "chrome"))
    with pytest.raises(PartError, match=r"CHROME is .*chrome, and there is no such file"):
        look(results / "index.html", results / "pictures")
