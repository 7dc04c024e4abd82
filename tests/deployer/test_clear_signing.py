"""What wallets show (ERC-7730): descriptors that are current, of the standard's schema, and tried on the calls and
messages of a DAO by a wallet that knows nothing but them.

- the files: current, of the schema, every parameter shown or hidden, short enough for small screens
- calls of a DAO's life, as they were sent, and one of every kind
- messages as the client makes them, in the domains that the contracts name
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from jsonschema import Draft202012Validator

from assurance import ROOT
from assurance.harness.chain.artifacts import artifacts
from assurance.harness.chain.evm import Revm
from assurance.harness.clear_signing import Screen, Wallet, parsed
from assurance.harness.dao.dao import AGAINST, FOR, HPKE_KEY, Dao, leaf
from assurance.harness.dao.leases import Market
from datadao import messages
from datadao.chain.abi import ORDER, signature_of
from datadao.messages import eip712
from datadao.messages.bundle import Readiness
from datadao.messages.requests import Domains, SignedBallot
from datadao.messages.submission import Submission
from deployer.record import append
from scripts._clear_signing.descriptors import Place, descriptors
from scripts._clear_signing.wording import CALLS, MESSAGES
from scripts.clear_signing import local, write
from tests.deployer.world import run

FILES = sorted((ROOT / "erc7730").glob("*-*.json"))
SCHEMA = ROOT / "tests/data/erc7730/schema.json"


# The files


def test_committed_files__are_current():
    assert write(ROOT / "erc7730", local(), check=True) == []


def test_write__into_a_folder__replaces_what_is_stale_and_removes_what_is_left_over(tmp_path):
    place = replace(local(), chain_id=1)
    assert len(write(tmp_path, place)) == len(FILES)
    (tmp_path / "calldata-Gone.json").write_text("{}")
    (tmp_path / "eip712-DataToken.json").write_text("{}")
    assert write(tmp_path, place, check=True) == ["calldata-Gone.json", "eip712-DataToken.json"]
    assert (tmp_path / "calldata-Gone.json").exists()
    write(tmp_path, place)
    assert write(tmp_path, place, check=True) == [] and not (tmp_path / "calldata-Gone.json").exists()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file__is_of_the_standards_schema_and_short_enough(path):
    content = json.loads(path.read_text())
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))
    assert list(validator.iter_errors(content)) == []
    broken = json.loads(path.read_text())
    next(iter(broken["display"]["formats"].values()))["intents"] = "a misspelt key"
    assert list(validator.iter_errors(broken)) != []
    for shown in content["display"]["formats"].values():
        assert len(shown["intent"]) <= 30, shown["intent"]
        assert all(len(field["label"]) <= 20 for field in shown["fields"])


def leaves(entry, path=""):
    """Paths of the simple values in a parameter."""
    name = path + entry["name"]
    array = ".[]" * entry["type"].count("[")
    if not entry["type"].startswith("tuple"):
        return [name + array]
    return [found for member in entry["components"] for found in leaves(member, f"{name}{array}.")]


def test_formats__have_every_parameter_of_the_functions_that_exist():
    for contract in CALLS:
        content = json.loads((ROOT / f"erc7730/calldata-{contract}.json").read_text())
        known = {signature_of(e): e for e in artifacts()[contract].abi if e["type"] == "function"}
        assert len(content["display"]["formats"]) == len(CALLS[contract])
        for key, shown in content["display"]["formats"].items():
            entry = known[signature_of(parsed(key))]
            assert [f["path"] for f in shown["fields"]] == [p for i in entry["inputs"] for p in leaves(i)]


# Calls and messages


@pytest.fixture(scope="module")
def market():
    return Market(Dao(chain=Revm()))


@pytest.fixture(scope="module")
def wallet(market):
    dao = market.dao
    addresses = {name: dao.addresses[key] for key, name in ORDER}
    place = Place(
        dao.chain.chain_id,
        addresses,
        dao.asset.address,
        {"DataToken": dao.token.name(), "DataGovernor": dao.governor.name()},
    )
    return Wallet(list(descriptors(place).values()), {dao.asset.address: ("TUSD", 6)})


class Watched:
    """Notes the calls that a DAO is sent."""

    def __init__(self, dao):
        self.sent, send = [], dao.chain.transact

        def transact(sender, to, data, value=0):
            self.sent.append((to, data))
            return send(sender, to, data, value)

        dao.chain.transact = transact
        self.undo = lambda: setattr(dao.chain, "transact", send)


@pytest.fixture(scope="module")
def screens(market, wallet):
    """What the wallet shows of the calls in a life of a DAO, by intent: those of a lease, of a member, of an heir."""
    dao, founder, licensee = market.dao, market.founder, market.licensee
    watched = Watched(dao)
    dao.fund(licensee, 10**12, dao.leases, dao.splitter)
    lease, proposal = market.request(licensee)
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, founder, support=FOR)
    dao.to_end_of_vote(proposal.id)
    dao.queue(proposal)
    dao.execute(proposal)
    dao.leases.start(lease, sender=licensee.address)
    dao.splitter.deposit(1, 12_500_000, sender=licensee.address)
    dao.leases.end(lease, sender=licensee.address)
    dao.leases.claimRefundTo(lease, founder.address, sender=licensee.address)
    other = dao.propose(founder, (dao.registry, "discard", (1,)))
    dao.to_vote(other.id)
    dao.governor.castVoteWithReason(other.id, AGAINST, "it is good data", sender=founder.address)
    item = leaf(founder, "shown", 3)
    batch = dao.contribute(item)
    dao.erase(batch, item)
    dao.splitter.claimTo(licensee.address, [1], sender=founder.address)
    dao.token.delegate(licensee.address, sender=founder.address)
    dao.token.bindHeir(licensee.address, 30, sender=founder.address)
    dao.token.unbindHeir(sender=founder.address)
    watched.undo()
    found = (wallet.call(dao.chain.chain_id, to, data) for to, data in watched.sent)
    return {screen.intent: screen for screen in found if screen}


def test_wallet__of_a_ballot__shows_the_choice_in_words(market, screens):
    assert screens["Vote"].rows[1] == ("Vote", "For")
    (_, choice, reason) = screens["Vote with a reason"].rows
    assert (choice, reason) == (("Vote", "Against"), ("Reason", "it is good data"))


def test_wallet__of_a_lease_request__shows_money_in_the_asset_and_times_in_words(market, screens):
    terms = market.dao.terms()
    rows = dict(screens["Request a lease"].rows)
    assert rows["Rent per period"] == f"{Decimal(terms['pricePerPeriod']).scaleb(-6):f} TUSD"
    assert rows["Bond"] == f"{Decimal(terms['bond']).scaleb(-6):f} TUSD"
    assert rows["Period"] == str(timedelta(seconds=terms["periodLength"]))
    assert rows["Royalty"] == f"{Decimal(terms['royaltyBps']).scaleb(-2):f}%"
    assert rows["Key for releases"] == "0x" + HPKE_KEY.hex()
    assert (rows["Dataset"], rows["Exclusive"]) == ("1", str(terms["exclusive"]))


def test_wallet__of_calls_in_a_life__shows_what_they_do(market, screens):
    founder, licensee = market.founder.address, market.licensee.address
    wanted = {
        "Deposit into a pool": (
            "Pulls 12.500000 TUSD of the asset from the caller and shares it among the pool's shares",
            (("Pool", "1"), ("Amount", "12.500000 TUSD")),
        ),
        "Start a lease": ("Starts an approved lease without waiting for custodians", (("Lease", "1"),)),
        "End a lease": ("Ends a lease", (("Lease", "1"),)),
        "Claim a refund to an address": ("", (("Lease", "1"), ("To", founder))),
        "Claim income to an address": ("", (("To", licensee), ("Pool", "1"))),
        "Delegate your votes": ("", (("Votes for you", licensee),)),
        "Name an heir": (f"Binds {licensee} to the caller", (("Heir", licensee), ("Days to veto", "30"))),
    }
    assert {name: (screens[name].sentence, screens[name].rows) for name in wanted} == wanted
    assert {"Propose", "Queue a decision", "Execute a decision", "Activate a batch", "Unbind your heir"} <= set(screens)
    erased = dict(screens["Erase a contribution"].rows)
    assert erased["Contributor"] == founder and "Proof" not in erased


@pytest.mark.parametrize(("contract", "function"), [(c, name) for c, names in CALLS.items() for name in names])
def test_wallet__of_any_call__shows_each_value_that_a_person_can_compare(market, wallet, contract, function):
    key = {name: key for key, name in ORDER}[contract]
    (entry,) = (e for e in artifacts()[contract].abi if e["type"] == "function" and e["name"] == function)
    values = [sample(i) for i in entry["inputs"]]
    screen = wallet.call(
        market.dao.chain.chain_id, market.dao.addresses[key], getattr(market.dao, key).encode(function, *values)
    )
    assert screen is not None and screen.intent == CALLS[contract][function]
    shown = [text for _, text in screen.rows]
    assert all(shown) and not any("{" in text for text in (screen.sentence, *shown))


def sample(entry):
    """A value of a parameter: choices For, moments in 2033, lists of two."""
    kind = entry["type"]
    if kind.endswith("]"):
        return [sample({**entry, "type": kind[: kind.rindex("[")]})] * 2
    if kind == "tuple":
        return {member["name"]: sample(member) for member in entry["components"]}
    simple = {"address": "0x" + "12" * 20, "bool": True, "string": "words", "bytes": b"\x01\x02"}
    if kind in simple:
        return simple[kind]
    if kind.startswith("bytes"):
        return bytes(range(int(kind[5:])))
    return 1 if entry["name"] in ("support", "ending", "v") else min(2_000_000_000, 2 ** (int(kind[4:] or 256) - 1))


# Messages


@pytest.mark.parametrize(("contract", "kind"), [(c, kind) for c, kinds in MESSAGES.items() for kind in kinds])
def test_wallet__of_a_message__is_bound_to_the_domain_that_the_contract_names(market, wallet, contract, kind):
    key = {name: key for key, name in ORDER}[contract]
    handle = getattr(market.dao, key)
    _, name, version, chain_id, verifier, *_ = handle.eip712Domain()
    primary, inputs = parsed(kind)["name"], parsed(kind)["inputs"]
    typed = eip712.typed_data(name, chain_id, verifier, kind, *(sample(i) for i in inputs))
    assert (typed["domain"]["version"], typed["primaryType"]) == (version, primary)
    screen = wallet.message(typed)
    assert screen is not None and screen.intent == MESSAGES[contract][kind]
    if primary.endswith("Ballot"):
        assert ("Vote", "For") in screen.rows
    for wrong in ({"name": "Another"}, {"chainId": 5}, {"verifyingContract": "0x" + "34" * 20}, {"version": "2"}):
        assert wallet.message({**typed, "domain": {**typed["domain"], **wrong}}) is None
    assert wallet.message({**typed, "types": {**typed["types"], primary: []}}) is None


def test_messages__are_all_that_the_client_signs():
    """But a bundle, which custodians sign for the licensee alone: its domain has another name than its address."""
    for module in pkgutil.iter_modules(messages.__path__):
        importlib.import_module(f"{messages.__name__}.{module.name}")

    def kinds(base):
        return {
            kind for c in base.__subclasses__() for kind in ({c.STRUCT} if "STRUCT" in vars(c) else set()) | kinds(c)
        }

    known = {kind for kinds_ in MESSAGES.values() for kind in kinds_}
    assert {kind.partition("(")[0] for kind in kinds(eip712.Message) - known} == {"Bundle"}


def test_wallet__of_the_clients_own_messages__shows_them(market, wallet):
    """In the domains in which the client signs."""
    dao, founder = market.dao, market.founder.address
    domains = Domains(
        dao.chain.chain_id, dao.registry.address, dao.governor.address, dao.token.address, dao.token.name(),
        dao.governor.name(),
    )  # fmt: skip
    ballot = SignedBallot(7, 2, founder, "", b"").typed(domains)
    assert wallet.message(ballot) == Screen("Vote", "", (("Proposal", "7"), ("Vote", "Abstain"), ("Voter", founder)))
    readiness = Readiness(3, b"\x01" * 32, 1, founder, b"").typed(dao.id)
    rows = (("Lease", "3"), ("Keys", "0x" + "01" * 32), ("Committee", "1"))
    assert wallet.message(readiness) == Screen("Confirm ready keys", "", rows)
    submission = Submission(1, founder, b"\x02" * 32, b"\x03" * 32, b"", ()).typed(dao.id)
    assert dict(wallet.message(submission).rows)["Contributor"] == founder


# The command


def test_cli__clear_signing_of_a_record__names_its_contracts(fresh, tmp_path):
    path = append(tmp_path / "deployments", fresh[1])
    code, output = run("clear_signing", "--record", str(path), "--output", str(tmp_path / "out"))
    assert code == 0, output
    content = json.loads((tmp_path / "out" / "eip712-DataToken.json").read_text())["context"]["eip712"]
    token = fresh[1]["contracts"]["DataToken"]
    assert content["deployments"] == [{"chainId": 31337, "address": token["address"]}]
    assert content["domain"]["name"] == token["arguments"]["name_"]
