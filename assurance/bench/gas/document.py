"""The tables of `docs/gas.md`, made of a record alone."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill

from assurance.bench.gas.comparison import COMPARISONS, SYSTEMS, Comparison
from assurance.bench.gas.functions import EXEMPT
from assurance.bench.gas.goals import GOALS
from assurance.bench.gas.meter import EXPLAINED, How
from assurance.bench.gas.record import Record
from assurance.bench.gas.sizes import CREATION_LIMIT
from assurance.bench.report import Table
from deployer.creation import CODE_LIMIT

HEAD = """\
# Gas

Written by `make gas ARGS=--write`; `make gas` measures again and fails where anything differs from this page, to the
unit, so that a change of cost is reviewed like a change of code. Measured on the anvil of `package-lock.json` with the
rules of Cancun, in DAOs of fixed keys and times that have members, votes, batches and money. Every storage slot and
every account starts cold, as in a transaction of its own. "First" means that a slot was empty and "later" that it was
not; each amount of data, signatures or siblings is named, because calldata is paid by the byte.
"""


def markdown(measured: Record) -> str:
    """The whole page."""
    return "\n".join([HEAD, *(table.markdown() for table in tables(measured)), _ways(), _reasons()])


def tables(measured: Record) -> list[Table]:
    return [_goals(measured), _beside(measured), *_functions(measured), _exempt(), _peers(), _sizes(measured)]


def gas_of(measured: Record, label: str) -> int:
    gas: int = measured["figures"][label]["gas"]
    return gas


def ours(measured: Record, row: Comparison) -> int:
    """Gas of our side of a comparison."""
    return sum(gas_of(measured, label) for label in row.ours)


def _goals(measured: Record) -> Table:
    how = "Goals of the design, section 4; of creations the most a transaction may take (EIP-7825)."
    table = Table("Goals", how, ("operation", "gas", "goal", "spare"))
    for goal in GOALS:
        gas = gas_of(measured, goal.figure)
        table.rows.append((goal.operation, f"{gas:,}", f"{goal.gas:,}", f"{goal.gas - gas:,}"))
        if gas > goal.gas:
            table.faults.append(f"{goal.operation}: {gas:,} gas, goal {goal.gas:,}")
    return table


def _beside(measured: Record) -> Table:
    how = (
        "The other systems' figures were taken once, in November 2026, from the bytecode the authors published, under "
        "the rules named; the table of other systems says what was deployed. The last column is our gas divided by the "
        "other's; where it is above 1, the end of this page says why."
    )
    headings = ("operation", "ours", "other system", "its gas", "rules", "ours / its")
    table = Table("Beside other systems", how, headings)
    for row in COMPARISONS:
        mine = ours(measured, row)
        for place, (system, operation) in enumerate(row.others):
            gas = system.gas[operation]
            first = (row.operation, f"{mine:,}") if place == 0 else ("", "")
            name = f"{system.name}: {operation}"
            table.rows.append((*first, name, f"{gas:,}", system.rules, f"{mine / gas:.2f}"))
    return table


def _functions(measured: Record) -> list[Table]:
    sent = Table("Functions that change state", _explained(How.SENT, How.EXECUTED, How.INSIDE), _COLUMNS)
    asked = Table("Functions that read, as contracts ask them", _explained(How.ASKED), _COLUMNS)
    for label, figure in measured["figures"].items():
        function, _, case = label.partition(": ")
        table = asked if figure["how"] == How.ASKED else sent
        table.rows.append((f"`{function}`", case, f"{figure['gas']:,}", figure["how"]))
    return [sent, asked]


_COLUMNS = ("function", "case", "gas", "how")


def _explained(*ways: How) -> str:
    return "; ".join(f"`{way}`: {EXPLAINED[way]}" for way in ways) + "."


def _exempt() -> Table:
    how = "Every other function is in one of the two tables above; a test holds all three to the ABIs."
    return Table("Functions without a figure", how, ("function", "why"), [(f"`{n}`", why) for n, why in EXEMPT.items()])


def _peers() -> Table:
    how = (
        "All figures of `assurance/bench/gas/peers.toml`, which also has the hashes of the packages. A licence is what "
        "the package's own description says; nothing of these packages is passed on here."
    )
    table = Table("Other systems", how, ("system", "licence", "rules", "operation", "gas"))
    for system in SYSTEMS.values():
        title = f"{system.name} (`{system.source}`)" if system.source else system.name
        for place, (operation, gas) in enumerate(system.gas.items()):
            first = (title, system.licence, system.rules) if place == 0 else ("", "", "")
            table.rows.append((*first, operation, f"{gas:,}"))
    return table


def _sizes(measured: Record) -> Table:
    how = (
        f"Bytes. Chains take {CODE_LIMIT:,} of code (EIP-170) and {CREATION_LIMIT:,} to create it (EIP-3860). The hash "
        "is keccak256 of the creation code without constructor arguments."
    )
    headings = ("contract", "code", "headroom", "creation code", "headroom", "init code hash")
    table = Table("Sizes", how, headings)
    for name, size in measured["sizes"].items():
        limited = (*_beside_limit(size["code"], CODE_LIMIT), *_beside_limit(size["creation"], CREATION_LIMIT))
        table.rows.append((name, *limited, f"`{size['init_code_hash']}`"))
    return table


def _beside_limit(size: int, limit: int) -> tuple[str, str]:
    return f"{size:,}", f"{limit - size:,}"


def _ways() -> str:
    return _list("How the other systems were measured", {system.name: system.how for system in SYSTEMS.values()})


def _reasons() -> str:
    lost = {f"{row.operation[0].upper()}{row.operation[1:]}": row.why for row in COMPARISONS if row.why}
    return _list("Where another system takes less", lost)


def _list(title: str, entries: Mapping[str, str]) -> str:
    items = (f"- **{name}.** {text}" for name, text in entries.items())
    lines = (fill(item, 120, subsequent_indent="  ", break_on_hyphens=False) for item in items)
    return f"## {title}\n\n" + "\n".join(lines) + "\n"


def unexplained(measured: Record) -> list[str]:
    """Comparisons that are lost without a reason, or have one without being lost."""
    found = []
    for row in COMPARISONS:
        lost = any(system.gas[operation] < ours(measured, row) for system, operation in row.others)
        if lost != bool(row.why):
            found.append(f"{row.operation}: {'lost, and nothing says why' if lost else 'won, but a reason is given'}")
    return found


def faults(measured: Record) -> list[str]:
    """Goals missed and comparisons unexplained."""
    return [*_goals(measured).faults, *unexplained(measured)]
