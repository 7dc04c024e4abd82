"""The agreement of a lease: made from its terms, found in storage, compared with what the chain says, in words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from datadao import agreements
from datadao.cli.money import Money
from datadao.cli.queries import DAY
from datadao.cli.session import Session
from datadao.cli.wording import Rows, duration, said
from datadao.client import Terms
from datadao.errors import DataDAOError, InvalidArgument
from datadao.messages.agreement import LIMIT, Agreement, Program
from datadao.messages.compute import Limits
from datadao.messages.purposes import AI_DRAFT, COMPUTE, purposes_of

NAMES = {name: f"--{said}" for name, said in agreements.TERMS.items()}
"""Options by the terms that they give."""
_OPTIONAL = {"royalty_bps": 0, "exclusive": False, "min_shares": 0}
_OPTIONS = (
    click.option("--dataset", "dataset_id", type=click.IntRange(1)),
    click.option("--purposes", type=click.IntRange(1), help="Mask, see docs/architecture.md: 1 research, 4 compute."),
    click.option("--price", "price_per_period", metavar="AMOUNT", help="Rent of one period, in the settlement asset."),
    click.option("--period-days", "period_length", type=click.IntRange(1, 366), help="Length of a period."),
    click.option("--periods", type=click.IntRange(1), help="Number of periods."),
    click.option("--bond", metavar="AMOUNT", help="Returned after the lease unless slashed."),
    click.option("--royalty-bps", type=click.IntRange(0, 10_000), help="Part of models' income offered; none."),
    click.option("--exclusive", is_flag=True, default=None, help="No other lease of the dataset at the same time."),
    click.option("--min-shares", type=click.IntRange(0), help="Pay no instalment for a pool with fewer shares."),
)


def terms_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that give a lease's terms."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def terms_given(money: Money, options: Mapping[str, Any], agreement: Agreement | None = None) -> Terms:
    """The terms of these options, or of the agreement, which options may repeat. Raises `InvalidArgument`, and click's
    own error for an option that is missing."""
    given = {name: value for name, value in options.items() if value is not None}
    for name in ("price_per_period", "bond"):
        if name in given:
            given[name] = money.units(given[name], NAMES[name])
    if "period_length" in given:
        given["period_length"] *= DAY
    if agreement is None:
        missing = [option for name, option in NAMES.items() if name not in given.keys() | _OPTIONAL.keys()]
        if missing:
            raise click.UsageError(f"Missing option {', '.join(map(repr, missing))}.")
        return Terms(**(_OPTIONAL | given))
    for name, value in given.items():
        if value != getattr(agreement, name):
            raise InvalidArgument(
                f"{NAMES[name]} is {value}, in the agreement {getattr(agreement, name)}; leave it out, or make another"
            )
    agreed = {name: getattr(agreement, name) for name in NAMES}
    return Terms(**agreed, agreement_hash=agreement.hash)


def agreement_of(session: Session, terms: Terms, licensee: str | None, **more: Any) -> Agreement:
    """The agreement that these terms give. Raises `InvalidArgument`."""
    agreed = {name: getattr(terms, name) for name in NAMES}
    return Agreement(**agreements.parties(session.dao), licensee=licensee, **agreed, **more)


def agreed_program(
    session: Session, terms: Terms, path: Path | None, most: tuple[int, int, int], reviews: int, source: str
) -> Program | None:
    """What a compute lease runs, with `most` fuel, MiB of memory and bytes of output; the module is checked, and put
    into storage. Raises `InvalidArgument` for a compute lease without one, for a data lease with one and for more
    reviews than there are attestors, `ProgramRefused`."""
    if (terms.purposes == COMPUTE) != (path is not None):
        raise InvalidArgument(f"--program goes with --purposes {COMPUTE}, compute alone, and with no other")
    if path is None:
        return None
    from datadao.compute.sandbox import Sandbox, installed, with_entries

    if reviews > (known := len(session.dao.attestors())):
        raise InvalidArgument(f"--reviews {reviews}: there are {known} attestors, and each confirms once")
    fuel, memory, output = most
    limits = Limits(fuel, memory * 1024**2, output, engine=installed())
    data = path.read_bytes()
    limits = with_entries(limits, Sandbox().check(data, limits))
    agreed = (limits.engine, limits.fuel, limits.memory, limits.output, reviews, source)
    made = Program(hashlib.sha256(data).digest(), *agreed)
    session.store.put_bytes(data)
    return made


def read_file(path: Path) -> Agreement:
    """An agreement in a file, however its JSON is spelt. Raises `InvalidArgument` naming the file."""
    with path.open("rb") as file:
        data = file.read(LIMIT + 1)
    try:
        return Agreement.decode(data, canonically=False)
    except DataDAOError as error:
        raise InvalidArgument(f"{path}: {error}") from error


@dataclass(frozen=True)
class Agreed(agreements.Agreed):
    """For people and programs; of a compute lease also how many attestors of how many have to agree now, `signing`."""

    signing: tuple[int, int] | None = None

    def document(self) -> dict[str, Any] | None:
        """For programs; None where a lease has no agreement."""
        if not any(self.hash):
            return None
        found = self.agreement and self.agreement.document()
        return {"hash": self.hash, "odrl": found, "problem": self.problem or None, "differences": self.differences}

    def rows(self) -> Rows:
        """What it says beyond the terms."""
        rows = [("agreement", str(self))]
        if self.agreement is None:
            return rows
        rows += [("differs", text) for text in self.differences]
        rows += _words(self.agreement)
        if self.signing:
            rows.append(("signed by", "{} of {} attestors, who sign the same result".format(*self.signing)))
        return rows

    def lines(self) -> list[str]:
        """What is agreed in words."""
        return said("agreement", self.agreement.clauses) if self.agreement and self.agreement.clauses else []


def agreed(session: Session, terms: Terms, licensee: str, *, by_offer: bool) -> Agreed:
    """The agreement of a lease, from storage; that it cannot be had stops nothing."""
    stored = None if session.profile.store is None else lambda digest: session.board.agreement(digest)
    found = agreements.agreed(session.dao, stored, terms, licensee, by_offer=by_offer)
    program = found.agreement and found.agreement.program
    return Agreed(**vars(found), signing=_signing(session) if program else None)


def _signing(session: Session) -> tuple[int, int]:
    """The threshold of the attestors of now, and how many they are."""
    members, threshold = session.dao.read("registry", "attestors", session.dao.read("registry", "attestorSetVersion"))
    return threshold, len(members)


def _words(found: Agreement) -> Iterator[tuple[str, str]]:
    for purpose in purposes_of(found.purposes):
        duo = f"{purpose.duo_match} {purpose.duo} {purpose.duo_label}"
        yield "means", f"{purpose.name}: {duo}; {purpose.ai_match} {purpose.ai} of {AI_DRAFT}"
    yield "erased", f"to be deleted, and acknowledged, within {duration(found.ack_window)}"
    yield "forbidden", ", ".join(found.prohibited) or "nothing beyond the purposes"
    if program := found.program:
        yield "program", f"sha256 {program.sha256.hex()}, source {program.source or 'not said'}"
        yield "runs", f"on {program.engine}, at most {program.fuel:,} of fuel and {program.memory:,} bytes of memory"
        looked = f"after {program.reviews} attestors looked at it" if program.reviews else "nobody looks at it first"
        yield "gives out", f"at most {program.output:,} bytes of each run, which may hold records; {looked}"
