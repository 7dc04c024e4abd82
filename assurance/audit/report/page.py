"""The page, from results to one string of HTML."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from assurance.audit.mutation import full
from assurance.audit.part import PartError, commit
from assurance.audit.report import charts, view
from assurance.audit.report.results import FAILED, NOT_RUN, OK, Part
from assurance.audit.report.versions import versions
from assurance.audit.slither import IMPACTS
from assurance.bench.gas import document, record
from assurance.bench.gas.comparison import COMPARISONS

TEMPLATES = Path(__file__).with_name("templates")
SHOWN = "shown"
"""State of a section that no part decides."""
IN_PART, OTHER_COMMIT = "run in part", "run on another commit"
POOLS = ("commons", "dataset 1", "dataset 2", "dataset 3")
# Links of the documents lead to files beside them, which the page has not.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable(["link", "image", "autolink"])


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    about: str
    parts: list[Part]
    template: str
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def states(self) -> set[str]:
        rows: set[str] = self.extra.get("states", set())
        return rows | {part.state for part in self.parts}

    @property
    def state(self) -> str:
        """The worst of them."""
        return next((state for state in (FAILED, NOT_RUN, OK) if state in self.states), SHOWN)


def sections(parts: Mapping[str, Part]) -> list[Section]:
    """In the order of the page."""

    def of(name: str, title: str, about: str) -> Section:
        return Section(name, title, about, [parts[name]], f"{name}.html")

    return [
        Section("summary", "Summary", "What ran, what it took, what came out.", [], "summary.html"),
        _claims(
            "properties",
            "Properties",
            "property",
            "What must be true of the DAO in every reachable state, the attack each excludes, and the contract with "
            "one line wrong that its tests must notice. Steps are those of random lives in this run.",
            parts,
        ),
        _claims(
            "abuse_cases",
            "Abuse cases",
            "what happened",
            "What was done to others, and the tests that try it here.",
            parts,
        ),
        of(
            "campaign",
            "Random lives",
            "Whole contracts beside a plain model, compared after every step.",
        ),
        of(
            "reach",
            "Reach",
            "Every function, custom error, event and state has been met by some test, or has a reason why none can.",
        ),
        of(
            "coverage",
            "Coverage",
            "Lines of the contracts that the property suite runs: random lives, property tests, and every unit test "
            "that a property or abuse case names. What no test of any suite runs has a reason.",
        ),
        _mutants(parts["mutation"]),
        of(
            "proofs",
            "Proofs",
            "Symbolic execution, for all values of the widths in docs/proofs.md; each proof must refute a broken twin.",
        ),
        of("slither", "Static analysis", "Each finding of Slither with the reason why it is none."),
        of("seeded", "Seeded bugs", "Bugs put in on purpose, each caught by the property it breaks."),
        of("replay", "Replay", "The same traces in process and on a node, with equal results, gas and events."),
        _gas(),
        _year(parts["year"]),
    ]


def _claims(page: str, title: str, heading: str, about: str, parts: Mapping[str, Part]) -> Section:
    found = view.claims(page, parts)
    extra = {
        "claims": found,
        "tally": view.tally(found),
        "heading": heading,
        "states": {claim.state for claim in found},
    }
    return Section(page.replace("_", "-"), title, about, [parts["properties"]], "claims.html", extra)


def _mutants(part: Part) -> Section:
    last = full.read()
    extra = {"full": last, "unchanged": last is not None and last["contracts"] == full.contracts()}
    about = "The contracts with one small mistake each: tests must notice."
    return Section("mutation", "Mutants", about, [part], "mutation.html", extra)


def _gas() -> Section:
    committed = record.load()
    if not committed["figures"]:
        raise PartError("docs/gas.json is missing: `make gas ARGS=--write` measures it")
    shown = [table for table in document.tables(committed) if table.title in ("Sizes", "Goals", "Beside other systems")]
    shown.sort(key=lambda table: table.title != "Sizes")
    reasons = [(row.operation, row.why) for row in COMPARISONS if row.why]
    about = "The committed record, docs/gas.json, which `make gas` holds to what it measures."
    return Section("gas", "Sizes and gas", about, [], "gas.html", {"tables": shown, "reasons": reasons})


def _year(part: Part) -> Section:
    about = (
        "A simulated year on the real contracts: people join in weekly batches, claim early, late or never, erase; "
        "leases are requested, voted on, paid by instalments and slashed, models sold. Every payout is compared with "
        "exact fractions, which know nothing of the splitter's arithmetic (property S-3)."
    )
    extra = {}
    if part.result:
        people = part.result["people"]
        extra = {
            "payouts": charts.payouts(people),
            "errors": charts.errors(people),
            "deviations": charts.deviations(people),
            "income": charts.income(part.result["income"], POOLS),
        }
    return Section("year", "A year of payouts", about, [part], "year.html", extra)


def render(parts: Mapping[str, Part]) -> str:
    shown = sections(parts)
    homes = {part.name: section.id for section in reversed(shown) for part in section.parts}
    # A part may have been asked for some of its rows only; what is missing then shows in the section.
    failed, missing = (
        [*(part.name for part in parts.values() if part.state == state), *_only_here(shown, state)]
        for state in (FAILED, NOT_RUN)
    )
    results = {part.name: part.result for part in parts.values() if part.result}
    here = commit()
    narrow = [f"{name} ({result['asked']})" for name, result in results.items() if not result["whole"]]
    other = [name for name, result in results.items() if result["commit"]["id"] != here.id]
    environment = _environment()
    return environment.get_template("page.html").render(
        sections=shown,
        parts=parts,
        homes=homes,
        passed=not (failed or missing or narrow or other),
        verdict=verdict(len(parts), {FAILED: failed, NOT_RUN: missing, IN_PART: narrow, OTHER_COMMIT: other}),
        commit=here,
        dirty=here.dirty or any(result["commit"]["dirty"] for result in results.values()),
        versions=versions(),
        date=datetime.datetime.now(datetime.UTC),
        css=Markup((TEMPLATES / "page.css").read_text()),  # noqa: S704 - our own file
        js=Markup((TEMPLATES / "page.js").read_text()),  # noqa: S704
    )


def _only_here(shown: list[Section], state: str) -> list[str]:
    """Sections with something in this state though their parts are not."""
    return [
        f"some {section.title.lower()}"
        for section in shown
        if state in section.states and state not in {part.state for part in section.parts}
    ]


def verdict(count: int, faults: Mapping[str, list[str]]) -> str:
    """`faults`: names of parts by what keeps them from counting."""
    lines = [f"{what.capitalize()}: {', '.join(names)}" for what, names in faults.items() if names]
    return ". ".join(lines) or f"All {count} parts ran and found nothing"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "css": lambda state: state.replace(" ", "-"),
        "number": _number,
        "seconds": _seconds,
        "inline": lambda text: Markup(_MARKDOWN.renderInline(text)),  # noqa: S704 - escaped by the library
        "breakable": _breakable,
        "words": lambda name: name.replace("_", " "),
        "signed": lambda value: f"{value:+.2f}".replace("-", "−"),
        "px": lambda value: f"{value:.1f}",
        "is_figure": lambda text: bool(re.fullmatch(r"[\d,.]+", text)),
    }
    environment.globals |= {
        "kinds": view.KINDS,
        "impacts": IMPACTS,
        "outcomes": view.outcomes,
        "errors": view.errors,
        "functions": view.functions,
    }
    for name in ("macros.html", "chart.html"):
        module = environment.get_template(name).module
        environment.globals |= {k: v for k, v in vars(module).items() if not k.startswith("_")}
    return environment


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}".rstrip("0").rstrip(".")


def _seconds(value: float) -> str:
    minutes, seconds = divmod(round(value), 60)
    return f"{minutes} min {seconds:02} s" if minutes else f"{value:.1f} s"


def _breakable(name: str) -> Markup:
    """With places where a long name may break: after signs, and before the words of CamelCase."""
    return Markup(re.sub(r"(::|[/_.,(])(?=\w)", r"\1<wbr>", str(escape(name))))  # noqa: S704 - escaped before
