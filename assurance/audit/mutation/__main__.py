"""`python -m assurance.audit.mutation`: are there mistakes in the contracts that no test would notice?

    python -m assurance.audit.mutation                      a sample
    python -m assurance.audit.mutation all                  every mutant, in an hour; goes on where it was stopped
    python -m assurance.audit.mutation all LeaseRun _slash  only mutants whose name has one of these words
    MUTANTS=all python -m assurance.audit.mutation          the same as `all`

A mutant is named `file:line function: before → after`. One that no test notices must be explained in survivors.toml or
the run fails. The contracts are compiled with the compiler's fastest settings, so before anything else the unchanged
contracts must pass all tests under these settings.
"""

from __future__ import annotations

import os
import time
from typing import Any

from assurance.audit.mutation import full, triage, warm
from assurance.audit.mutation.campaign import CACHE, Campaign, Details, Plan, compiled
from assurance.audit.mutation.choice import PATHS
from assurance.audit.part import PartError, run, write
from assurance.audit.part import parser as new_parser

SAMPLE, SEED = 60, 1


def main(arguments: list[str]) -> int:
    began = time.monotonic()
    plan, entries = _plan(arguments)
    reasons = triage.read(triage.FILE)
    sources, codes = compiled(plan)
    warm.manifest({}, CACHE / "manifest.json")

    def campaign(suite: warm.Suite) -> Any:
        try:
            lived = Campaign.over(plan, sources, codes, suite, reasons)
            lived.run()
            return lived
        except PartError as error:
            return error

    lived = warm.collected(plan.tests or PATHS, campaign)
    if isinstance(lived, PartError):
        raise lived
    details: Details = lived.judge()
    if entries:
        survivors = [m for m, outcome in lived.results.items() if outcome.verdict == "survived"]
        print("\n\n".join(triage.entry(m) for m in survivors if not triage.reason_for(m, reasons)))
    if plan.full:
        full.keep(details)
    return write(
        "mutation",
        ok=not details["wrong"],
        seconds=time.monotonic() - began,
        summary=_summary(details),
        whole=plan.full or (plan.sample >= SAMPLE and not plan.words and not plan.tests),
        **details,
    )


def _summary(details: Details) -> str:
    left = details["survived"] - details["explained"]
    return (
        f"{details['score']} % of {details['killed'] + details['survived']} mutants noticed ({details['scope']}); "
        f"{details['explained']} survivors explained, {left} not"
    )


def _plan(arguments: list[str]) -> tuple[Plan, bool]:
    parser = new_parser("assurance.audit.mutation", __doc__)
    parser.add_argument("what", nargs="*", help="`all`, and words of names of mutants")
    parser.add_argument("--sample", type=int, default=SAMPLE, metavar="N", help=f"mutants in a sample ({SAMPLE})")
    parser.add_argument("--seed", type=int, default=SEED, metavar="S", help=f"of the sample ({SEED})")
    parser.add_argument("--lanes", type=int, default=min(2, os.cpu_count() or 1), help="mutants tried side by side")
    parser.add_argument("--tests", nargs="+", default=[], metavar="PATH", help="what do these tests notice alone?")
    parser.add_argument("--fresh", action="store_true", help="try again what earlier runs know")
    parser.add_argument("--entries", action="store_true", help="print entries for survivors.toml, reasons left out")
    options = parser.parse_args(arguments)
    if options.sample < 1 or options.lanes < 1:
        parser.error("--sample and --lanes must be at least 1")
    asked = os.environ.get("MUTANTS", "")
    if asked not in ("", "all") and not asked.isdigit():
        parser.error(f"MUTANTS is `all` or a number, not {asked!r}")
    everything = "all" in options.what or asked == "all"
    size = int(asked) if asked.isdigit() else options.sample
    words = tuple(word for word in options.what if word != "all")
    plan = Plan(everything, size, options.seed, options.lanes, words, tuple(options.tests), options.fresh)
    return plan, options.entries


if __name__ == "__main__":
    raise SystemExit(run(main))
