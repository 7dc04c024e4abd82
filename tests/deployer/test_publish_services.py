"""`ape run publish` at services that recompile from the request alone (tests/deployer/services.py).

- the real command: a factory's DAO at both, an account's at Etherscan, and `verify --published`
- what does not fit: other sources, another compiler, other arguments, another creation, another chain
- interruptions: a service that is cut off, busy, forgetful, or has not seen the contract yet
- the key stands in no message
"""

from __future__ import annotations

import json
from dataclasses import replace

import ape
import pytest
from web3 import Web3

from datadao.chain.arguments import ConfigError
from datadao.errors import InvalidArgument
from deployer.publish import etherscan, sourcify
from deployer.publish.check import check_published
from deployer.publish.etherscan import Etherscan
from deployer.publish.options import services
from deployer.publish.service import Busy, Outcome, ServiceRefused, State
from deployer.publish.sources import Recorded, publications
from deployer.publish.sourcify import Sourcify
from deployer.publish.submit import PATIENCE, Jobs, publish
from deployer.record import append, append_factory
from tests.deployer.services import EtherscanServer, SourcifyServer
from tests.deployer.world import CONTRACTS, run

KEY = EtherscanServer.KEY


def web3():
    return Web3(Web3.HTTPProvider(ape.networks.provider.http_uri))


@pytest.fixture
def at_sourcify():
    server = SourcifyServer(web3())
    yield server
    server.stop()


@pytest.fixture
def at_etherscan():
    server = EtherscanServer(web3())
    yield server
    server.stop()


@pytest.fixture(scope="module")
def record(fresh, tmp_path_factory):
    return append(tmp_path_factory.mktemp("record"), fresh[1])


@pytest.fixture(scope="module")
def factorys(first, tmp_path_factory):
    """Of a DAO that a factory created, and of the factory."""
    folder = tmp_path_factory.mktemp("factorys")
    append_factory(folder, *first[:2])
    return append(folder, first[2])


@pytest.fixture(scope="module")
def items(record):
    """Three small contracts, in order."""
    found = {item.contract: item for item in publications(Recorded.load(record))}
    return [found[name] for name in ("EmergencyBrake", "DataTimelock", "TestAsset")]


class Time:
    """Passes only while the command sleeps."""

    def __init__(self):
        self.now = 0.0

    def sleep(self, seconds):
        self.now += seconds


def play(service, items, record, patience=PATIENCE):
    """Outcomes by contract."""
    recorded, time = Recorded.load(record), Time()
    jobs = Jobs.beside(record, service, recorded.chain_id)
    found = publish(
        service, recorded.chain_id, items, jobs, clock=lambda: time.now, sleep=time.sleep, patience=patience
    )
    return {item.contract: outcome for item, outcome in found}


def noted(record):
    path = record.with_name(f".publishing-{record.stem}.json")
    return json.loads(path.read_text()) if path.exists() else {}


def of_state(state, *names):
    return dict.fromkeys(names, state)


def states(found):
    return {name: outcome.state for name, outcome in found.items()}


# The command


def test_cli__publish_of_a_factorys_dao_at_sourcify__is_exact_and_verify_says_so(factorys, at_sourcify):
    path, entry = factorys, Recorded.load(factorys).entry
    wanted = {*CONTRACTS, "TestAsset", "DataDAOFactory"}

    def rows():
        return list(check_published([Sourcify(at_sourcify.url)], at_sourcify.chain_id, entry))

    assert {check.contract for check in rows()} == wanted
    assert {(check.field, check.actual, check.ok) for check in rows()} == {
        ("sources at Sourcify", "not published", False)
    }
    given = ("--record", str(path), "--sourcify", f"{at_sourcify.url}/")
    at_sourcify.polls_until_done = 0  # each would be two seconds of sleep
    code, output = run("publish", *given)
    assert (code, output.splitlines()[-1]) == (0, "All 10 contracts are published at Sourcify."), output
    found = {entry["match"] + "/" + entry["creationMatch"] for entry in at_sourcify.sources.values()}
    assert (len(at_sourcify.sources), found) == (10, {"exact_match/exact_match"})
    assert all(check.ok for check in rows()) and len(rows()) == 10
    assert at_sourcify.submitted() == 10 and noted(path) == {}
    recorded = Recorded.load(path)
    assert set(states(play(Sourcify(at_sourcify.url), publications(recorded), path)).values()) == {State.PUBLISHED}
    assert at_sourcify.submitted() == 10, "nothing is sent twice"


@pytest.mark.parametrize(("creator", "count"), [("account", 9), ("factory", 10)])
def test_cli__publish_at_etherscan__takes_the_key_from_the_environment(
    record, factorys, at_etherscan, monkeypatch, creator, count
):
    path = record if creator == "account" else factorys
    given = ("--record", str(path), "--to", "etherscan", "--etherscan", f"{at_etherscan.url}/v2/api")
    monkeypatch.setenv(etherscan.KEY, KEY)
    at_etherscan.polls_until_done = 0
    code, output = run("publish", *given)
    assert (code, output.splitlines()[-1]) == (0, f"All {count} contracts are published at Etherscan."), output
    assert KEY not in output
    rows = list(check_published([Etherscan(given[-1], KEY)], at_etherscan.chain_id, Recorded.load(path).entry))
    assert all(check.ok for check in rows) and len(rows) == count == len(at_etherscan.sources)


def test_cli__verify_published__adds_a_row_for_each_contract(fresh, record, items, at_sourcify):
    play(Sourcify(at_sourcify.url), items[:1], record)
    given = ("--network", ape.networks.provider.http_uri, "--deployments", str(record.parent))
    code, output = run("verify", *given, "--published", "sourcify", "--sourcify", at_sourcify.url)
    assert code == 1
    assert output.count("sources at Sourcify: expected published, is not published") == 8
    assert output.splitlines()[-1].startswith("8 of ")


def test_etherscan__with_a_key_that_it_does_not_know__repeats_it_in_no_message(items, record, at_etherscan):
    with pytest.raises(ServiceRefused, match=r"^Etherscan refuses: Invalid API Key \(\[hidden\]\)$"):
        play(Etherscan(f"{at_etherscan.url}/v2/api", f"{KEY}AND"), items, record)
    at_etherscan.stop()
    with pytest.raises(ServiceRefused) as caught:
        play(Etherscan(f"{at_etherscan.url}/v2/api", KEY), items, record, patience=0)
    assert str(caught.value).startswith("Etherscan (127.0.0.1) does not answer: ConnectionError. Not known yet: ")


# What does not fit


def other_sources(item):
    """One comment more: other metadata, the same instructions."""
    file = item.file
    sources = {**item.input["sources"], file: {"content": item.input["sources"][file]["content"] + "// more\n"}}
    return replace(item, input={**item.input, "sources": sources})


def test_service__given_what_does_not_fit__refuses_and_says_why(items, record, at_sourcify, at_etherscan):
    brake, timelock, _ = items
    wrong = {
        "other sources": other_sources(brake),
        "another compiler": replace(brake, compiler="0.8.36+commit.00000000"),
        "another contract": replace(brake, file=timelock.file, input=timelock.input, contract="DataTimelock"),
        "other arguments": replace(brake, arguments=brake.arguments[:-1] + b"\x01"),
        "no arguments": replace(brake, arguments=b""),
    }
    # Sourcify is sent no arguments: it takes them from the creation.
    said = {
        what: [
            play(service, [item], record)[item.contract]
            for service in (Sourcify(at_sourcify.url), Etherscan(f"{at_etherscan.url}/v2/api", KEY))
            if not (what.endswith("arguments") and isinstance(service, Sourcify))
        ]
        for what, item in wrong.items()
    }
    assert {outcome.state for outcomes in said.values() for outcome in outcomes} == {State.REFUSED}
    fail = "Fail - Unable to verify."
    differs = f"{fail} Compiled contract runtime bytecode does NOT match the on-chain one"
    absent = "the compiler 0.8.36+commit.00000000 is not available"
    assert {what: [outcome.words for outcome in outcomes] for what, outcomes in said.items()} == {
        "other sources": ["match, not an exact one: the metadata's hash in the code is of other sources", differs],
        "another compiler": [absent, f"{fail} {absent}"],
        "another contract": ["The onchain and recompiled bytecodes don't match.", differs],
        "other arguments": [f"{fail} Invalid constructor arguments provided"],
        "no arguments": [f"{fail} Invalid constructor arguments provided"],
    }
    assert at_etherscan.sources == {} and noted(record) == {}
    # A copy that is not exact is none, and does not keep the right one out.
    assert states(play(Sourcify(at_sourcify.url), [brake], record)) == {"EmergencyBrake": State.PUBLISHED}
    assert at_sourcify.sources[brake.address.lower()]["match"] == "exact_match"


UNMATCHED = (
    "it did not match the creation, and so not the arguments: the recorded transaction is of something else, or it has "
    "no traces of this chain"
)


@pytest.mark.parametrize("transaction", ["another contract's", "no transaction"])
def test_sourcify__given_a_creation_of_something_else__remarks_that_it_is_not_compared(
    items, record, at_sourcify, transaction
):
    brake, timelock, _ = items
    other = timelock.transaction if transaction == "another contract's" else "0x" + "12" * 32
    outcome = Outcome(State.PUBLISHED, "exact_match", UNMATCHED)
    assert play(Sourcify(at_sourcify.url), [replace(brake, transaction=other)], record) == {"EmergencyBrake": outcome}
    assert at_sourcify.sources[brake.address.lower()]["match"] == "exact_match"
    assert at_sourcify.sources[brake.address.lower()]["creationMatch"] is None
    rows = list(check_published([Sourcify(at_sourcify.url)], at_sourcify.chain_id, Recorded.load(record).entry))
    assert [(row.contract, row.actual) for row in rows if row.ok] == [("EmergencyBrake", f"published; {UNMATCHED}")]
    assert play(Sourcify(at_sourcify.url), [brake], record) == {"EmergencyBrake": outcome}
    assert (at_sourcify.submitted(), noted(record)) == (1, {})


def test_cli__publish_of_a_record_with_the_creation_of_something_else__remarks_on_it(factorys, at_sourcify, tmp_path):
    content = json.loads(factorys.read_text())
    contracts = content["deployments"][-1]["contracts"]
    contracts["DatasetRegistry"]["transaction"] = contracts["DataToken"]["transaction"]
    path = tmp_path / factorys.name
    path.write_text(json.dumps(content))
    at_sourcify.polls_until_done = 0
    code, output = run("publish", "--record", str(path), "--sourcify", at_sourcify.url)
    assert code == 0 and output.count(UNMATCHED) == 1, output
    of_registry = next(n for n, line in enumerate(output.splitlines()) if "DatasetRegistry  exact_match" in line)
    assert output.splitlines()[of_registry + 1].strip() == UNMATCHED


@pytest.mark.parametrize("runtime", [None, "match"])
def test_sourcify__that_matched_a_creation_and_not_the_code__has_not_published_it(items, at_sourcify, runtime):
    known = {"match": "exact_match", "creationMatch": "exact_match", "runtimeMatch": runtime}
    at_sourcify.sources[items[0].address.lower()] = known
    found = Sourcify(at_sourcify.url).published(at_sourcify.chain_id, items[0].address)
    assert found.state is State.REFUSED and "exact_match" not in found.words


def test_service__of_another_chain_or_kind__refuses(items, record, at_sourcify, tmp_path):
    jobs = Jobs(tmp_path / "jobs.json", Sourcify(at_sourcify.url), 5)
    with pytest.raises(ServiceRefused, match=r"^Sourcify refuses: chain 5 is not supported$"):
        list(publish(Sourcify(at_sourcify.url), 5, items, jobs))
    with pytest.raises(ServiceRefused, match=r"^Sourcify refuses: there is no such route$"):
        play(Sourcify(f"{at_sourcify.url}/v1"), items, record)
    for answer in ((200, "<html>"), (200, "[]"), (500, "")):
        at_sourcify.faults.append(lambda answer=answer: answer)
        said = rf"^Sourcify \(127.0.0.1\) answers with HTTP status {answer[0]} and no JSON object$"
        with pytest.raises(ServiceRefused, match=said):
            play(Sourcify(at_sourcify.url), items, record)
    for url in ("sourcify.dev", "ftp://sourcify.dev"):
        with pytest.raises(InvalidArgument, match=f"^Sourcify: expected an address that starts with https:.*'{url}'$"):
            Sourcify(url)


def test_services__public_ones__want_a_public_chain_and_a_key(monkeypatch):
    monkeypatch.delenv(etherscan.KEY, raising=False)
    for names in (["sourcify"], ["etherscan"]):
        with pytest.raises(ConfigError, match=r"^chain 31337 is a local one, which https://\S+ does not know$"):
            services(names, 31337, sourcify.URL, etherscan.URL)
    with pytest.raises(InvalidArgument, match=rf"put its key into {etherscan.KEY}$"):
        services(["sourcify", "etherscan"], 1, sourcify.URL, etherscan.URL)
    monkeypatch.setenv(etherscan.KEY, KEY)
    found = services(["etherscan", "sourcify", "etherscan"], 1, sourcify.URL, etherscan.URL)
    assert [service.url for service in found] == [etherscan.URL, sourcify.URL]
    assert Etherscan("http://blockscout.example/api").url == "http://blockscout.example/api", "others want no key"


# Interruptions

ALL = of_state(State.PUBLISHED, "EmergencyBrake", "DataTimelock", "TestAsset")


def test_publish__service_cut_off_half_way__goes_on_and_sends_nothing_twice(items, record, at_sourcify):
    service = Sourcify(at_sourcify.url)
    # Two requests for each contract; the third contract's are not answered.
    at_sourcify.faults = [lambda: None] * 4 + [lambda: (0, "")]
    with pytest.raises(ServiceRefused) as caught:
        play(service, items, record, patience=1)
    left = "Not known yet: EmergencyBrake, DataTimelock, TestAsset; run the same command again later"
    assert str(caught.value) == f"Sourcify (127.0.0.1) does not answer: ConnectionError. {left}"
    (jobs,) = noted(record).values()
    assert list(jobs) == sorted(item.address for item in items[:2])
    assert states(play(service, items, record)) == ALL
    assert (at_sourcify.submitted(), noted(record)) == (3, {})


def test_publish__service_that_is_busy__is_asked_again_later(items, record, at_sourcify, at_etherscan):
    for server, service in (
        (at_sourcify, Sourcify(at_sourcify.url)),
        (at_etherscan, Etherscan(f"{at_etherscan.url}/v2/api", KEY)),
    ):
        limited = {"status": "0", "message": "NOTOK", "result": "Max calls per sec rate limit reached (3/sec)"}
        busy = [(429, "slow down"), (503, ""), (200, limited)] if server is at_etherscan else [(429, ""), (502, "")]
        server.faults = [lambda answer=answer: answer for answer in busy]
        assert states(play(service, items, record)) == ALL
        assert server.submitted() == 3
        server.polls_until_done = 10**6
        other = other_sources(items[0])
        server.sources.clear()
        with pytest.raises(ServiceRefused, match=rf"^{service.name} has not finished. Not known yet: EmergencyBrake; "):
            play(service, [other], record, patience=5)
        Jobs.beside(record, service, Recorded.load(record).chain_id).forget(other.address)


def test_publish__submission_that_the_service_lost__is_sent_again(items, record, at_sourcify, at_etherscan):
    for server, service in (
        (at_sourcify, Sourcify(at_sourcify.url)),
        (at_etherscan, Etherscan(f"{at_etherscan.url}/v2/api", KEY)),
    ):
        server.polls_until_done = 10**6
        with pytest.raises(ServiceRefused):
            play(service, items[:1], record, patience=3)
        server.jobs.clear()
        server.polls_until_done = 0
        assert states(play(service, items[:1], record)) == {"EmergencyBrake": State.PUBLISHED}
        assert server.submitted() == 2


def test_publish__contract_that_the_explorer_has_not_seen__waits_and_holds_up_no_other(items, record, at_etherscan):
    service = Etherscan(f"{at_etherscan.url}/v2/api", KEY)
    ghost = replace(items[0], address="0x" + "12" * 20)
    with pytest.raises(ServiceRefused) as caught:
        play(service, [ghost, items[1]], record, patience=20)
    said = f"Etherscan: Unable to locate ContractCode at {ghost.address}. Not known yet: EmergencyBrake; run the same"
    assert str(caught.value) == f"{said} command again later"
    assert items[1].address.lower() in at_etherscan.sources
    at_etherscan.indexed = False
    at_etherscan.faults = [lambda: None] * 5 + [lambda: setattr(at_etherscan, "indexed", True)]
    assert states(play(service, items, record)) == ALL


def test_published__by_another_account_meanwhile__is_enough(items, record, at_sourcify, at_etherscan):
    """The service says that it has them, or that they are under way, and gives no name of the submission."""
    at_sourcify.faults = [
        lambda: None,
        lambda: (429, {"customCode": "duplicate_verification_request", "message": "under way"}),
    ]
    assert states(play(Sourcify(at_sourcify.url), items[:1], record)) == {"EmergencyBrake": State.PUBLISHED}
    assert at_sourcify.submitted() == 2
    service = Etherscan(f"{at_etherscan.url}/v2/api", KEY)
    at_etherscan.faults = [
        lambda: None,
        lambda: (200, {"status": "0", "message": "NOTOK", "result": "Contract source code already verified"}),
        lambda: at_etherscan.sources.update({items[0].address.lower(): "{}"}),
    ]
    assert play(service, items[:1], record) == {"EmergencyBrake": Outcome(State.PUBLISHED, "verified")}
    at_sourcify.faults = [lambda: (429, {"customCode": "too_many_requests", "message": "slow down"})]
    with pytest.raises(Busy):
        Sourcify(at_sourcify.url).submit(at_sourcify.chain_id, items[1])
