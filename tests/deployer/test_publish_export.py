"""`ape run publish --export`: what it writes compiles, without any other file, to the code on chain, whose end is the
hash of the compiler's metadata.

- contracts that an account created: their creation's input is the code and the arguments
- contracts of a factory: its blueprints are the code, and the arguments are those of the plan
- the real command, without a network, and what it refuses
"""

from __future__ import annotations

import copy
import json
import re

import ape
import pytest

from assurance.harness.chain.recompile import compiler, recompile
from datadao.chain.abi import FACTORY, initcode
from datadao.chain.arguments import ConfigError
from deployer.artifacts import abi_of
from deployer.publish import sources
from deployer.publish.export import export
from deployer.publish.sources import Recorded, publications
from deployer.record import RecordError, append, append_factory
from deployer.verify.code import holes, masked_hash
from tests.deployer.world import CONTRACTS, blueprints, run

PREAMBLE = 3
"""Bytes before a blueprint's content."""


@pytest.fixture(scope="module")
def record(fresh, tmp_path_factory):
    return append(tmp_path_factory.mktemp("record"), fresh[1])


@pytest.fixture(scope="module")
def through_factory(first, tmp_path_factory):
    folder = tmp_path_factory.mktemp("record")
    plan, steps, entry = first
    append_factory(folder, plan, steps)
    return append(folder, entry)


def written(record, folder):
    """The index of an export and the input of each contract."""
    recorded = Recorded.load(record)
    index = json.loads(export(folder, recorded.chain_id, publications(recorded)).read_text())
    assert index["chain_id"] == ape.networks.provider.chain_id
    files = {path.name for path in folder.iterdir()}
    assert files == {"publication.json", *(item["input"] for item in index["contracts"].values())}
    return {name: (item, json.loads((folder / item["input"]).read_text())) for name, item in index["contracts"].items()}


def code_at(address):
    return bytes(ape.networks.provider.get_code(address))


def assert_runs(item, made):
    """The code on chain is this code, its metadata's hash included, but for immutables."""
    places = holes(made.runtime)
    actual = code_at(item["address"])
    assert len(actual) == len(made.runtime) and actual[-53:] == made.runtime[-53:]
    assert masked_hash(actual, places) == masked_hash(made.runtime, places)


def test_export__of_contracts_that_an_account_created__compiles_to_what_it_sent(record, fresh, tmp_path):
    found = written(record, tmp_path / "out")
    assert found.keys() == {*CONTRACTS, "TestAsset"}
    for name, (item, standard) in found.items():
        assert item["contract"].endswith(f"/{name}.sol:{name}")
        assert item["compiler"] == compiler()
        made = recompile(standard, item["contract"])
        assert made.errors == ()
        sent = ape.networks.provider.web3.eth.get_transaction(item["transaction"])
        assert bytes(sent["input"]) == made.creation + bytes.fromhex(item["constructorArguments"][2:])
        assert item["address"] == fresh[1]["contracts"][name]["address"]
        assert_runs(item, made)


def test_export__of_contracts_of_a_factory__compiles_to_its_blueprints(through_factory, first, tmp_path):
    plan, _, entry = first
    found = written(through_factory, tmp_path / "out")
    assert found.keys() == {*CONTRACTS, "TestAsset", FACTORY}
    planned = {item.contract: item for item in plan.contracts}
    kept = blueprints(plan)
    for name in CONTRACTS:
        item, standard = found[name]
        made = recompile(standard, item["contract"])
        assert b"".join(code_at(account)[PREAMBLE:] for account in kept[name]) == made.creation
        arguments = initcode(made.abi, b"", list(planned[name].arguments.values()))
        assert item["constructorArguments"] == "0x" + arguments.hex()
        assert item["transaction"] == entry["contracts"][name]["transaction"]
        assert_runs(item, made)
    item, standard = found[FACTORY]
    made = recompile(standard, item["contract"])
    sent = ape.networks.provider.web3.eth.get_transaction(entry["factory"]["transaction"])
    assert bytes(sent["input"]) == made.creation + bytes.fromhex(item["constructorArguments"][2:])
    assert code_at(item["address"]) == made.runtime


def test_input__without_one_of_its_files__does_not_compile(record, tmp_path):
    """Each file that is written is needed, and none is read from this machine."""
    item, standard = written(record, tmp_path / "out")["EmergencyBrake"]
    for file in standard["sources"]:
        fewer = {**standard, "sources": {name: text for name, text in standard["sources"].items() if name != file}}
        assert recompile(fewer, item["contract"]).errors


def test_publications__of_a_factory_that_another_deployed__leave_it_out(first, record, tmp_path):
    """Only its deployer's record lists the blueprints that its constructor was given."""
    recorded = Recorded.load(append(tmp_path, first[2]))
    assert FACTORY not in {item.contract for item in publications(recorded)}


def test_publications__of_what_does_not_fit__are_refused(record, through_factory, monkeypatch):
    def refused(change, message, of=record):
        recorded = copy.deepcopy(Recorded.load(of))
        change(recorded)
        with pytest.raises(ConfigError, match=f"^{message}"):
            publications(recorded)

    def arguments(**given):
        return lambda recorded: recorded.entry["contracts"]["EmergencyBrake"]["arguments"].update(given)

    strange = "EmergencyBrake: the recorded arguments do not fit its constructor: "
    refused(arguments(guardian="0x12"), strange)
    refused(arguments(system={}), strange)
    refused(lambda r: r.entry["contracts"]["EmergencyBrake"]["arguments"].clear(), strange)
    refused(
        lambda r: r.entry["contracts"].update(Unknown=r.entry["contracts"]["DataToken"]),
        "Unknown: the record names it, and this project has no contract of that name",
    )
    refused(
        lambda r: r.factories[0]["blueprints"].pop(),
        "DataDAOFactory: 10 blueprints are recorded, the contracts here make 11",
        of=through_factory,
    )
    monkeypatch.setattr(sources, "runtime_code", lambda name: b"")
    refused(lambda r: None, r"DataGovernor: its sources have changed since they were compiled: run `make compile`")


def test_encoded__arguments__are_as_the_constructor_took_them(fresh):
    """Hex is bytes again, and numbers that JavaScript cannot hold are numbers."""
    plan, entry = fresh[0].plan, fresh[1]
    for item in plan.contracts:
        encoded = initcode(abi_of(item.contract), b"", list(item.arguments.values()))
        assert sources._encoded(
            item.contract, json.loads(json.dumps(entry["contracts"][item.contract]["arguments"]))
        ) == (encoded)


def test_load__of_what_is_no_record__says_what_is_wrong(tmp_path):
    path = tmp_path / "record.json"
    for content, reason in (
        ("{", "Expecting property name"),
        ("[]", "list indices"),
        ('{"chain_id": 1}', "'deployments'"),
        ('{"chain_id": 1, "deployments": []}', "list index"),
        (
            '{"chain_id": 1, "deployments": [{"contracts": {"DataToken": {"address": "0x12"}}}]}',
            "'0x12' is not an addr",
        ),
    ):
        path.write_text(content)
        said = rf"^{path} is no record of a deployment, as `ape run deploy` writes it: .*{re.escape(reason)}"
        with pytest.raises(RecordError, match=said):
            Recorded.load(path)


def test_cli__publish__writes_a_folder_once(record, tmp_path):
    folder = tmp_path / "sources"
    given = ("--record", str(record), "--export", str(folder))
    code, output = run("publish", *given)
    assert (code, f"9 contracts on chain 31337, compiled with {compiler()}:" in output) == (0, True), output
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(before) == 10
    code, output = run("publish", *given)
    assert (code, output.splitlines()[-1]) == (1, f"{folder} is not empty: name a new folder")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
