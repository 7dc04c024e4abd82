"""The tables of `docs/gas.md`, made of a record alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from textwrap import fill

from assurance.bench.gas.comparison import COMPARISONS, SYSTEMS, Comparison
from assurance.bench.gas.functions import EXEMPT
from assurance.bench.gas.goals import GOALS, Goal
from assurance.bench.gas.meter import EXPLAINED, How
from assurance.bench.gas.record import Record
from assurance.bench.gas.sizes import CREATION_LIMIT, HEADROOM
from assurance.bench.report import Table
from deployer.creation import CODE_LIMIT

HEAD = """\
# Gas

Written by `make gas ARGS=--write`; `make gas` measures again and fails where anything differs from this page, to the
unit, so that a change of cost is reviewed like a change of code. Measured on the anvil of `package-lock.json` with the
rules of Cancun, in DAOs of fixed keys and times that have members, votes, batches and money. Every storage slot and
every account starts cold, as in a transaction of its own. "First" means that a slot was empty and "later" that it was
not; each amount of data, signatures or siblings is named, because calldata is paid by the byte.

## The next fork

Amsterdam (EIP-8037 and EIP-8038, on Sepolia since October 2026; no date for mainnet) sells state apart from work: a new
storage slot costs 97,920 gas instead of 20,000, a write to one that is there 10,000 instead of 2,900. So new slots are
the cost, and every whole transaction has three figures here: gas under today's rules, new slots, and gas under
Amsterdam's. The last two come from `@ethereumjs/vm`, which has both sets of rules: it repeats the same transactions,
and `make gas` fails where it does not use anvil's gas, to the unit, under today's.

- **Contributors** pay most of it: each contribution recorded is a slot, a first one three. Whoever claims for many in
  one transaction saves the rest of the transaction, not the slots.
- **Voters** pay little: 256 of them share the slot of their receipts, and the proposal opens the first.
- **Members with a history** pay every other time: two old checkpoints share a slot, so the change that opens one costs
  a slot more than the next. Both have a row.
- **Licensees** pay for a lease what they pay for its records; an instalment opens no slot, but writes many: it costs
  half as much again.
- **Creators** pay for code as for state: the two transactions that create a DAO take seven times the gas, more than
  blocks of today hold, and fit because blocks are to hold 200 million. Code is counted in slots of the same price, so
  their numbers of slots are no whole ones.

`limit` is the least gas limit with which a transaction does there what it does without one. It is above what is used
where slots are filled and emptied again: their price is paid first and given back at the end. Estimates of wallets see
to that; a limit that is written into a program must be this one. No contract here passes on a fixed amount of gas or
asks how much is left (a lint holds it), so a limit decides whether a transaction fails, and not what it does. With one
exception: `claimFor` skips an account whose payout fails, for want of gas too. `ClaimSkipped` names it, its claim is
kept, and anyone can claim for it again.

An estimate can be too low by three slots: a node such as geth makes it at the last block's time (go-ethereum #28175),
and what changed an account in that second is written over there, while a later block opens slots for it, of votes, of
the supply, of erasures. The client's limits are half as much again as an estimate and three slots more, at the node's
price. Other programs that send two changes of one account within a block should do the same: half as much alone is too
little for the second of two erasures.

Accounts without an heir pay nothing for the succession of others, with one exception: `claimTo` asks the token whether
its caller was succeeded ([decision 020](decisions/020-what-an-heir-gets.md)). To an account without balance it took
71,360 gas before there were heirs and takes 77,782; 175,380 and 182,202 under Amsterdam's rules.
"""


def markdown(measured: Record) -> str:
    """The whole page."""
    return "\n".join([HEAD, *(table.markdown() for table in tables(measured)), _ways(), _reasons(), _floors()])


def tables(measured: Record) -> list[Table]:
    return [_goals(measured), _beside(measured), *_functions(measured), _exempt(), _peers(), _sizes(measured)]


def gas_of(measured: Record, label: str) -> int:
    gas: int = measured["figures"][label]["gas"]
    return gas


def ours(measured: Record, row: Comparison) -> int:
    """Gas of our side of a comparison."""
    return sum(gas_of(measured, label) for label in row.ours)


def _goals(measured: Record) -> Table:
    how = (
        "Goals of the design, section 4, each beside what was measured; of creations the most a transaction may take "
        "(EIP-7825). Where one is missed, the end of this page has the floor."
    )
    headings = ("operation", "gas", "goal", "new slots", "goal", "Amsterdam", "goal")
    table = Table("Goals", how, headings)
    for goal in GOALS:
        figure, missed = measured["figures"][goal.figure], []
        cells = [goal.operation]
        for key, name, most in _LIMITED:
            value, limit = figure.get(key), most(goal)
            cells += [_number(value), _number(limit)]
            if limit is not None and value > limit:
                missed.append(f"{goal.operation}: {_number(value)} {name}, goal {_number(limit)}")
        table.rows.append(cells)
        table.faults += missed if not goal.floor else []
        if goal.floor and not missed:
            table.faults.append(f"{goal.operation}: met, but a floor is given")
    return table


_LIMITED: tuple[tuple[str, str, Callable[[Goal], float | None]], ...] = (
    ("gas", "gas", lambda goal: goal.gas),
    ("slots", "new slots", lambda goal: goal.slots),
    ("amsterdam", "gas under Amsterdam's rules", lambda goal: goal.amsterdam),
)


def _number(value: float | None) -> str:
    """Slots in hundredths where they are shared by the parts of a transaction."""
    return "" if value is None else f"{value:,.2f}".removesuffix(".00")


def _beside(measured: Record) -> Table:
    how = (
        "The other systems' figures were taken once, in November 2026, from the bytecode the authors published, under "
        "the rules named; the table of other systems says what was deployed. OpenZeppelin's own modules were repeated "
        "under Amsterdam's rules as ours are. The nodes of the others do not know these: here are the new slots, if "
        "counted, which are what that fork makes dear. The last column is our gas divided by the other's; where it is "
        "above 1, the end of this page says why."
    )
    theirs = ("other system", "its gas", "its new slots", "its Amsterdam", "rules", "ours / its")
    table = Table("Beside other systems", how, ("operation", "ours", "new slots", "Amsterdam", *theirs))
    for row in COMPARISONS:
        mine = ours(measured, row)
        for place, (system, operation) in enumerate(row.others):
            gas = system.gas[operation]
            first = (row.operation, f"{mine:,}", *_next(measured, row)) if place == 0 else ("",) * 4
            name, slots = f"{system.name}: {operation}", _number(system.slots.get(operation))
            fork = _number(system.amsterdam.get(operation))
            table.rows.append((*first, name, f"{gas:,}", slots, fork, system.rules, f"{mine / gas:.2f}"))
    return table


def _next(measured: Record, row: Comparison) -> list[str]:
    """New slots and gas under the next fork, of our side."""
    figures = [measured["figures"][label] for label in row.ours]
    known = all("slots" in figure for figure in figures)
    return [_number(sum(figure[key] for figure in figures)) if known else "" for key in ("slots", "amsterdam")]


def _functions(measured: Record) -> list[Table]:
    sent = Table("Functions that change state", _explained(How.SENT, How.EXECUTED, How.INSIDE), _SENT_COLUMNS)
    asked = Table("Functions that read, as contracts ask them", _explained(How.ASKED), _COLUMNS)
    for label, figure in measured["figures"].items():
        function, _, case = label.partition(": ")
        if figure["how"] == How.ASKED:
            asked.rows.append((f"`{function}`", case, f"{figure['gas']:,}", figure["how"]))
            continue
        next_ = (_number(figure.get(key)) for key in ("slots", "amsterdam", "limit"))
        sent.rows.append((f"`{function}`", case, f"{figure['gas']:,}", *next_, figure["how"]))
    return [sent, asked]


_COLUMNS = ("function", "case", "gas", "how")
_SENT_COLUMNS = ("function", "case", "gas", "new slots", "Amsterdam", "limit", "how")


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
        f"Bytes. Chains take {CODE_LIMIT:,} of code (EIP-170), of which each contract leaves at least {HEADROOM}, and "
        f"{CREATION_LIMIT:,} to create it (EIP-3860). The hash is keccak256 of the creation code without constructor "
        "arguments."
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


def _floors() -> str:
    missed = {f"{goal.operation[0].upper()}{goal.operation[1:]}": goal.floor for goal in GOALS if goal.floor}
    return _list("Where a goal is missed", missed)


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
