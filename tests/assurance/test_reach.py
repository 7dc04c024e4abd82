"""Recording at the back ends, and `assurance.audit.coverage.reach`: what no test reached fails by name, and so does a
stale reason."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assurance.audit.coverage.reach import EXPLANATIONS, Thing, explanations, faults, reached, universe
from assurance.audit.part import PartError
from assurance.harness.chain.recording import Recorder, read

ENUMS = {"IDataLeases.Status": ["None", "Pending"], "GovernorTally.VoteType": ["Against", "For", "Abstain"]}
# A vote that is refused, one that counts, a lease read, a proposal executed; an inner refusal; a failed creation.
SCRIPT = """
from assurance.harness.dao.dao import Dao
from assurance.harness.chain.evm import Revm
from assurance.harness.dao.governance import founder
from assurance.harness.chain.handles import Reverted, deploy

dao = Dao(chain=Revm())
voter = founder(dao)
dao.govern(voter, dao.governor, "setQuorumBps", 500)
dao.request(dao.who("licensee"))
dao.leases.lease(1)
for refused in (
    lambda: dao.brake.pull(sender=voter.address),
    lambda: deploy(dao.chain, "DataTimelock", dao.addresses, 1, sender=voter.address),
):
    try:
        refused()
    except Reverted:
        continue
    raise AssertionError
"""


def recorded(folder: Path | None) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATADAO_RECORD"}
    if folder:
        environment["DATADAO_RECORD"] = str(folder)
    subprocess.run([sys.executable, "-c", SCRIPT], env=environment, check=True)


def test_record__of_a_process__counts_calls_outcomes_states_and_events(tmp_path: Path) -> None:
    recorded(tmp_path)
    recorded(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2, "one file for each process"
    seen = read(tmp_path)
    assert seen.calls["EmergencyBrake", "pull()", "EmergencyBrake_NotGuardian"] == 2
    assert seen.calls["DataGovernor", "setQuorumBps(uint256)", "ok"] == 2, "done by an executed proposal"
    assert sum(n for (c, f, o), n in seen.calls.items() if (c, f) == ("DataTimelock", "constructor") and o != "ok") == 2
    reads = seen.calls["DataLeases", "lease(uint256)", "ok"]
    assert seen.states["enum IDataLeases.Status", 1] == reads >= 2
    assert seen.states["enum GovernorTally.VoteType", 1] == 2
    assert seen.events["LeaseRequested"] == 2


def test_record__switched_off__leaves_no_trace(tmp_path: Path) -> None:
    script = "from assurance.harness.chain.evm import Revm; from assurance.harness.chain.anvil import Anvil; "
    script += "print({f.__module__ for c in (Revm, Anvil) for f in (c.call, c.transact, c.create, c.revert)})"
    environment = {name: value for name, value in os.environ.items() if name != "DATADAO_RECORD"}
    command = [sys.executable, "-c", script]
    reported = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    assert "recording" not in reported and "assurance.harness.chain.evm" in reported
    recorded(None)
    assert list(tmp_path.iterdir()) == []


def test_faults__of_an_error_that_no_test_saw__name_it() -> None:
    seen = Recorder()
    seen.calls["EmergencyBrake", "pull()", "EmergencyBrake_NotGuardian"] = 1
    brake = {thing for thing in universe({}) if thing.contract == "EmergencyBrake" and thing.kind == "error"}
    found = faults(brake, reached(seen, {}), {})
    assert "no test reached error EmergencyBrake.EmergencyBrake_CoolingDown" in found
    assert not any("NotGuardian" in fault for fault in found)


def test_faults__of_a_refusal_of_a_function__is_no_success_of_it() -> None:
    seen = Recorder()
    seen.calls["EmergencyBrake", "pull()", "EmergencyBrake_NotGuardian"] = 1
    pull = Thing("function", "EmergencyBrake", "pull()")
    assert faults({pull}, reached(seen, {}), {}) == ["no test reached function EmergencyBrake.pull()"]


def test_reached__an_error_through_another_contract__is_its_owners_if_named_after_it() -> None:
    seen = Recorder()
    seen.calls["DataLeases", "end(uint256)", "EmergencyBrake_Pulled"] = 1
    seen.calls["DataLeases", "end(uint256)", "ERC20InsufficientBalance"] = 1
    errors = {thing.contract for thing in reached(seen, {}) if thing.name == "EmergencyBrake_Pulled"}
    assert errors == {"DataLeases", "EmergencyBrake"}
    assert Thing("error", "DataToken", "ERC20InsufficientBalance") not in reached(seen, {})


def test_faults__of_a_state_never_seen__name_it() -> None:
    seen = Recorder()
    seen.states["enum IDataLeases.Status", 1] = 3
    states = {thing for thing in universe(ENUMS) if thing.contract == "IDataLeases.Status"}
    assert faults(states, reached(seen, ENUMS), {}) == ["no test reached state IDataLeases.Status.None"]


def test_faults__of_a_reason_for_what_was_reached_or_is_not_there__name_it() -> None:
    error, gone = Thing("error", "DataToken", "A"), Thing("error", "DataToken", "B")
    assert faults({error}, {error}, {error: "cannot be"}) == ["reached, though called unreachable: error DataToken A"]
    assert faults(set(), set(), {gone: "cannot be"}) == ["called unreachable, but there is no error DataToken B"]


def test_explanations__those_committed__have_a_reason_each_and_name_what_there_is() -> None:
    of_abis = {thing: reason for thing, reason in explanations(EXPLANATIONS).items() if thing.kind != "state"}
    assert of_abis and all(of_abis.values())
    assert of_abis.keys() <= universe({})


def test_explanations__without_a_reason__refused(tmp_path: Path) -> None:
    path = tmp_path / "unreachable.toml"
    path.write_text('[[unreachable]]\nkind = "error"\nname = "A"\ncontracts = ["DataToken"]\nreason = ""\n')
    with pytest.raises(PartError, match="expected kind, name, contracts and reason"):
        explanations(path)
