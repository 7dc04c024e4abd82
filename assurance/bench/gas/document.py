"""The tables of `docs/gas.md`, made of a record alone."""

from __future__ import annotations

from assurance.bench.gas.comparison import COMPARISONS, Comparison, Measured, Recorded
from assurance.bench.gas.functions import EXEMPT
from assurance.bench.gas.goals import GOALS
from assurance.bench.gas.meter import EXPLAINED, How
from assurance.bench.gas.record import Record
from assurance.bench.gas.sizes import CREATION_LIMIT
from assurance.bench.speed.report import Table
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
    return "\n".join([HEAD, *(table.markdown() for table in tables(measured)), _reasons()])


def tables(measured: Record) -> list[Table]:
    return [_goals(measured), _beside(measured), *_functions(measured), _exempt(), _peers(measured), _sizes(measured)]


def gas_of(measured: Record, label: str) -> int:
    gas: int = measured["figures"][label]["gas"]
    return gas


def ours(measured: Record, row: Comparison) -> int:
    """Gas of our side of a comparison."""
    return sum(gas_of(measured, label) for label in row.ours)


def theirs(measured: Record, other: Measured | Recorded) -> int:
    """Gas of another system's side."""
    if isinstance(other, Recorded):
        return other.gas
    gas: int = measured["peers"][other.package]["gas"][other.operation]
    return gas


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
        "`measured`: in the same run, on the same node, from the bytecode the authors published, with the same asset "
        "as ours where a token moves (Superfluid: its own kind of token). `recorded`: once, in November 2026, the same "
        "way but under the rules of Prague. Streamr's package is marked UNLICENSED and not fetched; Baal's set-up "
        "takes a Safe with modules, and the contracts of OpenZeppelin's Wizard are sources to be compiled. The last "
        "column is our gas divided by the other's; where it is above 1, the end of this page says why."
    )
    headings = ("operation", "ours", "other system", "its gas", "how", "ours / its")
    table = Table("Beside other systems", how, headings)
    for row in COMPARISONS:
        mine = ours(measured, row)
        for place, other in enumerate(row.others):
            gas = theirs(measured, other)
            ratio = f"{mine / gas:.2f}"
            first = (row.operation, f"{mine:,}") if place == 0 else ("", "")
            table.rows.append((*first, f"{_system(measured, other)}: {other.operation}", f"{gas:,}", other.how, ratio))
    return table


def _system(measured: Record, other: Measured | Recorded) -> str:
    if isinstance(other, Recorded):
        return other.system
    return f"{other.package} {measured['peers'][other.package]['version']}"


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


def _peers(measured: Record) -> Table:
    how = (
        "The packages of `toolchain/peers.json`, fetched by hash and never installed; OpenZeppelin's modules are "
        "compiled by us from `node_modules` (`contracts/mocks/StockGovernor.sol`, with our token). A licence is what "
        "the package's own description says; the sources in Uniswap's are marked UNLICENSED, and nothing of it is "
        "passed on here."
    )
    table = Table("Other systems, measured", how, ("package", "licence", "operation", "gas"))
    for name, peer in measured["peers"].items():
        for operation, gas in peer["gas"].items():
            table.rows.append((f"{name} {peer['version']}", peer["licence"], operation, f"{gas:,}"))
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


def _reasons() -> str:
    lines = [f"- **{row.operation[0].upper()}{row.operation[1:]}.** {row.why}" for row in COMPARISONS if row.why]
    return "## Where another system takes less\n\n" + "\n".join(lines) + "\n"


def unexplained(measured: Record) -> list[str]:
    """Comparisons that are lost without a reason, or have one without being lost."""
    found = []
    for row in COMPARISONS:
        lost = any(theirs(measured, other) < ours(measured, row) for other in row.others)
        if lost != bool(row.why):
            found.append(f"{row.operation}: {'lost, and nothing says why' if lost else 'won, but a reason is given'}")
    return found


def faults(measured: Record) -> list[str]:
    """Goals missed and comparisons unexplained."""
    return [*_goals(measured).faults, *unexplained(measured)]
