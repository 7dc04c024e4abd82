"""The committed gas record is complete and of these contracts, and every comparison names figures that exist.

The figures themselves are compared by `make gas`, which measures them again.
"""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest

from assurance.bench.gas import document, functions, record, views
from assurance.bench.gas.comparison import COMPARISONS, SYSTEMS
from assurance.bench.gas.given import Given
from assurance.bench.gas.goals import GOALS
from assurance.bench.gas.leases import REQUEST
from assurance.bench.gas.meter import Figure, How, Meter, UnmeasuredError
from assurance.bench.gas.replay import Cost, ReplayError, replay
from assurance.bench.gas.sizes import sizes, too_large
from assurance.harness.chain.artifacts import artifacts
from assurance.harness.dao.dao import Dao
from datadao.chain.abi import FACTORY, ORDER

WRITE = 'make gas ARGS="--write"'


@pytest.fixture(scope="module")
def committed() -> record.Record:
    return record.load()


def functions_of(committed: record.Record) -> list[str]:
    return [label.partition(": ")[0] for label in committed["figures"]]


def test_record__sizes_and_init_code_hashes__are_of_these_contracts(committed: record.Record) -> None:
    assert committed["sizes"] == sizes(), f"stale: {WRITE}"
    assert not too_large(committed["sizes"])


@pytest.mark.parametrize(
    ("code", "creation", "bad"), [(24_176, 49_152, False), (24_177, 49_152, True), (24_176, 49_153, True)]
)
def test_sizes__too_little_room_for_a_mend__is_named(code: int, creation: int, bad: bool) -> None:
    assert too_large({"DataLeases": {"code": code, "creation": creation}}) == ["DataLeases"] * bad


def test_page__is_what_the_record_says(committed: record.Record) -> None:
    assert document.markdown(committed) == record.DOCUMENT.read_text(), f"stale: {WRITE}"


def test_record__every_function_of_every_abi__has_a_figure_or_a_reason(committed: record.Record) -> None:
    assert functions.gaps(functions_of(committed)) == []
    every = {
        f"{contract}.{entry['name']}"
        for contract in (*(name for _, name in ORDER), FACTORY)
        for entry in artifacts()[contract].abi
        if entry["type"] == "function"
    }
    assert every == set(functions_of(committed)) | {name for name in functions.EXEMPT if not name.endswith(".receive")}


def test_record__a_function_that_reads_is_measured_as_a_call__no_other_is(committed: record.Record) -> None:
    reading = {f"{contract}.{entry['name']}" for contract in sizes() for entry in functions.reading(contract)}
    called = {label.partition(": ")[0] for label, figure in committed["figures"].items() if figure["how"] == How.ASKED}
    assert called == reading


FORGETTABLE = [
    "DataLeases.request",
    "RevenueSplitter.vestShares",
    "DataDAOFactory.complete",
    "DatasetRegistry.epochCap",
    "DataToken.CLOCK_MODE",
]


@pytest.mark.parametrize("name", FORGETTABLE)
def test_gaps__a_function_without_figure__is_named(committed: record.Record, name: str) -> None:
    measured = [function for function in functions_of(committed) if function != name]
    assert functions.gaps(measured) == [f"{name} has no figure"]


def test_gaps__an_exempt_function_with_a_figure__is_named(committed: record.Record) -> None:
    measured = [*functions_of(committed), "DataGovernor.relay"]
    assert functions.gaps(measured) == ["DataGovernor.relay has a figure and an exemption"]


def test_gaps__a_name_with_several_forms__is_named(committed: record.Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(functions, "every", lambda: ["DataToken.name", "DataToken.name", "DataToken.symbol"])
    expected = ["DataToken.name has 2 forms, which the names of figures do not distinguish"]
    assert functions.gaps(functions_of(committed)) == expected


def test_views__parameters_without_an_argument__are_named_all_at_once() -> None:
    dao = Dao()
    arguments = {"guardian": Given(dao.actors["guardian"].address, "in its term")}
    with pytest.raises(UnmeasuredError) as refusal:
        views.ask_others(Meter(dao), [dao.brake, dao.models], arguments)
    assert str(refusal.value).splitlines() == [
        "EmergencyBrake.isGuardian has no figure: assurance/bench/gas/given.py has no address account",
        "ModelRegistry.creditOf has no figure: assurance/bench/gas/given.py has no address account",
        "ModelRegistry.model has no figure: assurance/bench/gas/given.py has no uint256 modelId",
        "assurance/bench/gas/given.py: no function takes guardian",
    ]


def test_views__one_that_reverts__is_named_with_its_error() -> None:
    dao = Dao()
    dao.brake.pull(sender=dao.actors["guardian"].address)
    message = r"EmergencyBrake\.requireReleased, no arguments, reverts: EmergencyBrake_Pulled\(\d+\)"
    with pytest.raises(UnmeasuredError, match=message):
        Meter(dao).ask(dao.brake, "requireReleased", case="no arguments")


def test_exemptions__are_functions_of_the_abis__and_every_figure_is_of_one(committed: record.Record) -> None:
    views = {
        f"{contract}.{entry['name']}"
        for contract in sizes()
        for entry in artifacts()[contract].abi
        if entry["type"] == "function"
    }
    assert set(functions_of(committed)) <= views
    callable_ = {name for name in functions.EXEMPT if not name.endswith(".receive")}
    assert callable_ <= views


def test_figures__each_has_a_case_a_way_and_gas(committed: record.Record) -> None:
    ways = {way.value for way in How}
    for label, figure in committed["figures"].items():
        function, separator, case = label.partition(": ")
        assert function.count(".") == 1, label
        assert separator, label
        assert case.strip(), label
        assert figure["how"] in ways, label
        assert figure["gas"] > (21_000 if "limit" in figure else 2_600), label


def test_goals__of_the_design__are_met_in_all_three_numbers__or_have_a_floor(committed: record.Record) -> None:
    missed = []
    for goal in GOALS:
        figure = committed["figures"][goal.figure]
        pairs = ((figure["gas"], goal.gas), (figure["slots"], goal.slots), (figure["amsterdam"], goal.amsterdam))
        missed += [goal.operation for value, most in pairs if most is not None and value > most]
    assert missed == [goal.operation for goal in GOALS if goal.floor]


def test_figures__whole_transactions__have_three_numbers_and_a_limit_above_what_they_use(
    committed: record.Record,
) -> None:
    for label, figure in committed["figures"].items():
        if figure["how"] in (How.SENT, How.EXECUTED):
            assert figure.keys() - {"limit"} == {"how", "gas", "slots", "amsterdam"}, label
            assert ("limit" in figure) == ("each" not in label), "a part of a transaction has no limit"
            assert figure.get("limit", figure["amsterdam"]) >= figure["amsterdam"] > 0 <= figure["slots"], label
        else:
            assert figure.keys() == {"how", "gas"}, label


def test_comparisons__name_figures_that_exist__and_every_lost_one_says_why(committed: record.Record) -> None:
    assert {system.name for row in COMPARISONS for system, _ in row.others} == set(SYSTEMS)
    assert all(operation in system.gas for row in COMPARISONS for system, operation in row.others)
    counted = [system.gas.keys() >= {*system.slots, *system.amsterdam} for system in SYSTEMS.values()]
    assert all(counted), "slots and gas under the next fork are of operations that have gas"
    assert SYSTEMS["OpenZeppelin 5.7.0"].amsterdam.keys() == SYSTEMS["OpenZeppelin 5.7.0"].gas.keys()
    assert all(system.rules in ("Cancun", "Prague") and (system.source or system.how) for system in SYSTEMS.values())
    assert document.unexplained(committed) == []


def test_unexplained__a_won_comparison_that_is_lost_now__is_named(committed: record.Record) -> None:
    dearer = copy.deepcopy(committed)
    dearer["figures"]["RevenueSplitter.deposit: later, any number of members"]["gas"] += 100_000
    (found,) = document.unexplained(dearer)
    assert found == "revenue for any number of members: lost, and nothing says why"


def test_faults__a_goal_missed_by_one__is_named(committed: record.Record) -> None:
    dearer = copy.deepcopy(committed)
    dearer["figures"][f"DataLeases.request: {REQUEST}"] |= {"gas": 295_001, "slots": 8.01}
    dearer["figures"]["DataGovernor.castVote: later"]["amsterdam"] = 54_501
    assert document.faults(dearer) == [
        "vote: 54,501 gas under Amsterdam's rules, goal 54,500",
        "request a lease: 295,001 gas, goal 295,000",
        "request a lease: 8.01 new slots, goal 8",
    ]


def test_faults__a_floor_for_a_goal_that_is_met__is_named(committed: record.Record) -> None:
    cheaper = copy.deepcopy(committed)
    cheaper["figures"]["DataLeases.accept: later place of an offer"]["gas"] = 174_698
    assert document.faults(cheaper) == ["accept a standing offer: met, but a floor is given"]


SENDER = "0x" + "11" * 20
BASE = 21_000 + 32_000
WRITES = "0x6001600055"
"""A creation that fills a slot, of a contract without code."""


def chain(*data: str, gas: int = 0) -> SimpleNamespace:
    """A node's chain of a block each of creations; `gas` more than they took in the last."""
    creation = {"from": SENDER, "to": None, "value": "0x0"}
    sent = [creation | {"hash": f"0x{n}", "input": text} for n, text in enumerate(data)]
    used = [BASE + 68 + 2 + 6 + 22_100] * len(data)  # calldata, its word, two pushes, the slot

    def ask(_: str, params: list[Any]) -> dict[str, Any]:
        number = int(params[0], 16)
        last = gas if number == len(data) - 1 else 0
        block = {"number": hex(number + 1), "timestamp": hex(2_500_000_000), "gasUsed": hex(used[number] + last)}
        return {"result": block | {"transactions": [sent[number]]}}

    eth, provider = SimpleNamespace(block_number=len(data) - 1), SimpleNamespace(make_request=ask)
    return SimpleNamespace(chain_id=31_337, edits=[], web3=SimpleNamespace(eth=eth, provider=provider))


def test_replay__a_new_slot__is_counted_and_the_limit_is_not_below_what_is_used() -> None:
    (cost,) = replay(chain(WRITES), {"0x0"}, {"0x0"}).values()
    assert cost.slots >= 1
    assert 97_920 < cost.gas <= cost.limit
    (unlimited,) = replay(chain(WRITES), {"0x0"}, set()).values()
    assert unlimited == cost._replace(limit=None)


def test_replay__gas_that_the_node_did_not_use__names_the_block() -> None:
    with pytest.raises(ReplayError, match=r"block 2 used \d+ gas on the node, and \d+ here"):
        replay(chain(WRITES, WRITES, gas=1), {"0x0"}, set())


def test_replay__a_transaction_that_was_not_sent__is_named() -> None:
    with pytest.raises(ReplayError, match="the chain has no transaction 0x7"):
        replay(chain(WRITES), {"0x0", "0x7"}, set())


def test_figure__part_of_what_two_transactions_differ_by__is_so_under_both_rules() -> None:
    figure = Figure("DataToken.approve", "each", 5, How.SENT, ("0xa", "0xb"), 4)
    costs = {"0xa": Cost(1_003, 3.0, 2_000), "0xb": Cost(203, 1.0, 400)}
    assert figure.under(costs).next == Cost(200, 0.5, None)
    whole = Figure("DataToken.approve", "first", 5, How.SENT, ("0xa",))
    assert whole.under(costs).next == Cost(1_003, 3.0, 2_000)
    assert Figure("DataToken.approve", "inside", 5, How.INSIDE).under(costs).next is None


def test_differences__one_unit_a_lost_and_a_new_figure__are_named_with_both_values(committed: record.Record) -> None:
    now = copy.deepcopy(committed)
    assert record.differences(committed, now) == []
    now["figures"]["DataGovernor.castVote: later"]["gas"] += 1
    gas = committed["figures"]["DataGovernor.castVote: later"]["gas"]
    lost = now["figures"].pop("EmergencyBrake.pull: later")
    now["figures"]["EmergencyBrake.pull: again"] = lost
    name = "figures / {} / {}".format
    shown = {"how": "transaction", "gas": "28,373", "slots": "0.0", "amsterdam": "29,573", "limit": "29,622"}
    assert record.differences(committed, now) == [
        (name("DataGovernor.castVote: later", "gas"), f"{gas:,}", f"{gas + 1:,}"),
        *((name("EmergencyBrake.pull: later", key), value, "none") for key, value in shown.items()),
        *((name("EmergencyBrake.pull: again", key), "none", value) for key, value in shown.items()),
    ]


def test_record__two_figures_of_one_label__refused() -> None:
    twice = [Figure("DataToken.approve", "first", gas) for gas in (1, 2)]
    with pytest.raises(ValueError, match=r"two figures are called 'DataToken\.approve: first'"):
        record.record(twice, {})
