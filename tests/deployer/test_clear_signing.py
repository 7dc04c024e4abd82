"""What wallets show (ERC-7730): descriptors that are current, of the standard's schema, and tried on the calls and
messages of a DAO by a wallet that knows nothing but them.

- the files: current, of the schema, every parameter shown or hidden, short enough for small screens
- every kind of call as it was sent in a DAO's life, and one of drawn-up values
- every kind of message as the client makes it, in the domains that the contracts name; those that it does not make as
  the token takes them
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

import pytest
from eth_utils import keccak
from jsonschema import Draft202012Validator

from assurance import ROOT
from assurance.harness.chain.artifacts import artifacts
from assurance.harness.chain.evm import Revm
from assurance.harness.clear_signing import Screen, Wallet, parsed
from assurance.harness.dao.dao import HPKE_KEY, Dao
from assurance.harness.dao.leases import Market
from datadao import messages
from datadao.chain.abi import ORDER, signature_of
from datadao.messages import eip712
from datadao.messages.bundle import ids_hash
from deployer.record import append
from scripts._clear_signing.descriptors import Place, descriptors
from scripts._clear_signing.wording import CALLS, MESSAGES
from scripts.clear_signing import local, write
from tests.deployer.shown import (
    DELEGATION,
    MODEL,
    MODEL_AT,
    PERMIT,
    calls_of_a_life,
    domains,
    own_messages,
    parts,
    word,
)
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
    return Market(Dao(chain=Revm(), asset="PermitAsset"))


@pytest.fixture(scope="module")
def wallet(market):
    dao = market.dao
    place = Place(
        dao.chain.chain_id,
        names_of(market),
        dao.asset.address,
        {"DataToken": dao.token.name(), "DataGovernor": dao.governor.name()},
    )
    return Wallet(list(descriptors(place).values()), {dao.asset.address: ("TUSD", 6)})


@pytest.fixture(scope="module")
def screens(market, wallet):
    """What the wallet shows of the calls in a life of a DAO, the first of each kind: by contract and function."""
    named = {at: name for name, at in names_of(market).items()}
    found = {}
    for to, data in calls_of_a_life(market):
        if screen := wallet.call(market.dao.chain.chain_id, to, data):
            function = next(
                e["name"]
                for e in artifacts()[named[to]].abi
                if e["type"] == "function" and keccak(text=signature_of(e))[:4] == data[:4]
            )
            assert screen.intent == CALLS[named[to]][function]
            found.setdefault(f"{named[to]}.{function}", screen)
    return found


def names_of(market):
    """Addresses of the contracts by name."""
    return {name: market.dao.addresses[key] for key, name in ORDER}


def test_life__has_every_call_that_a_wallet_is_told_of(screens):
    assert set(screens) == {f"{contract}.{function}" for contract, names in CALLS.items() for function in names}


def test_wallet__of_a_ballot__shows_the_choice_in_words(market, screens):
    assert screens["DataGovernor.castVote"].rows[1] == ("Vote", "For")
    (_, choice, reason) = screens["DataGovernor.castVoteWithReason"].rows
    assert (choice, reason) == (("Vote", "Against"), ("Reason", "it is good data"))


def test_wallet__of_a_lease_request__shows_money_in_the_asset_and_times_in_words(market, screens):
    terms = market.dao.terms()
    rows = dict(screens["DataLeases.request"].rows)
    assert (
        dict(screens["DataLeases.requestWithPermit"].rows).items() >= (rows | {"Description": "with a permit"}).items()
    )
    assert rows["Rent per period"] == f"{Decimal(terms['pricePerPeriod']).scaleb(-6):f} TUSD"
    assert rows["Bond"] == f"{Decimal(terms['bond']).scaleb(-6):f} TUSD"
    assert rows["Period"] == str(timedelta(seconds=terms["periodLength"]))
    assert rows["Royalty"] == f"{Decimal(terms['royaltyBps']).scaleb(-2):f}%"
    assert rows["Key for releases"] == "0x" + HPKE_KEY.hex()
    assert (rows["Dataset"], rows["Exclusive"]) == ("1", str(terms["exclusive"]))


def test_wallet__of_calls_in_a_life__shows_what_they_do(market, screens):
    founder, licensee = market.founder.address, market.licensee.address
    key, terms = ("Key for releases", "0x" + HPKE_KEY.hex()), ("Terms", "0x" + market.terms_hash(1).hex())
    model = ("Model file", "0x" + MODEL.hex())
    leased = {
        "DataLeases.start": ("Starts an approved lease without waiting for custodians", (("Lease", "1"),)),
        "DataLeases.end": ("Ends a lease", (("Lease", "1"),)),
        "DataLeases.claimRefundTo": ("", (("Lease", "1"), ("To", founder))),
        "DataLeases.accept": (
            "Takes a place of an offer",
            (("Offer", "1"), terms, key, ("At most", "420.000000 TUSD")),
        ),
        "DataLeases.payInstalment": ("", (("Lease", "4"),)),
        "ModelRegistry.register": (
            "Registers a model trained under leases of the caller",
            (("Lease", "4"), model, ("Address", MODEL_AT), ("Open source", "True"), ("Beneficiary", licensee)),
        ),
        "ModelRegistry.pay": (
            "Pays a model",
            (("Model", "1"), ("Owner", licensee), model, ("Amount", "1.500000 TUSD")),
        ),
        "ModelRegistry.withdrawTo": (f"Pays the caller's credit to {licensee}", (("To", licensee),)),
    }
    earned = {
        "RevenueSplitter.deposit": (
            "Pulls 12.500000 TUSD of the asset from the caller and shares it among the pool's shares",
            (("Pool", "1"), ("Amount", "12.500000 TUSD")),
        ),
        "RevenueSplitter.claimTo": ("", (("To", licensee), ("Pool", "1"))),
        "RevenueSplitter.claim": ("", (("Account", founder), ("Pool", "0"), ("Pool", "1"))),
        "RevenueSplitter.claimFor": ("", (("Account", founder), ("Account", licensee), ("Pool", "1"))),
    }
    inherited = {
        "DataToken.delegate": ("", (("Votes for you", licensee),)),
        "DataToken.bindHeir": (f"Binds {licensee} to the caller", (("Heir", licensee), ("Days to veto", "45"))),
        "DataToken.unbindHeir": ("Ends the caller's binding, and with it an opening that is not past its delay", ()),
        "DataToken.openSuccession": (f"Opens the succession of {founder}", (("Account", founder),)),
        "DataToken.vetoSuccession": ("Ends the open succession of the caller", ()),
        "DataToken.succeed": ("", (("Account", founder), ("Pool", "1"))),
    }
    wanted = leased | earned | inherited
    assert {name: (screens[name].sentence, screens[name].rows) for name in wanted} == wanted
    erased = dict(screens["DatasetRegistry.erase"].rows)
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


@pytest.fixture(scope="module")
def own(market, wallet):
    """What the wallet shows of the client's own messages, in the domains in which it signs: by intent."""
    shown = [wallet.message(typed) for typed in own_messages(market)]
    assert len({screen.intent for screen in shown}) == len(shown)
    return {screen.intent: screen for screen in shown}


def test_wallet__of_the_clients_own_messages__knows_them_all(own):
    known = {intent for kinds in MESSAGES.values() for intent in kinds.values()}
    assert known - set(own) == {"Delegate your votes", "Permit to spend votes"}
    assert all(text for screen in own.values() for _, text in screen.rows)


def test_wallet__of_the_clients_own_messages__shows_them(market, own):
    me, heir = market.founder.address, market.licensee.address
    end, opened = ("Valid until", "2027-01-15 08:00 UTC"), ("Opened", "2027-01-15 08:00 UTC")
    slot, ids = (("Committee", "1"), ("Slot", "2")), "0x" + ids_hash((word(1), word(2))).hex()
    sealed = ("Sealed shares", "0x" + sha256(b"sealed").hexdigest())

    def hashed(label, number):
        return label, "0x" + word(number).hex()

    wanted = {
        "Vote": (("Proposal", "7"), ("Vote", "Abstain"), ("Voter", me)),
        "Vote with a reason": (("Proposal", "7"), ("Vote", "Against"), ("Voter", me), ("Reason", "too cheap")),
        "Ask to be paid and claimed": (("Account", me), end),
        "Erase a contribution": (("Batch", "4"), hashed("Fingerprint", 3), end),
        "Name an heir": (("Account", me), ("Heir", heir), ("Days to veto", "45"), end),
        "Unbind your heir": (("Account", me), end),
        "Open a succession": (("Account", me), ("Heir", heir), end),
        "Veto your succession": (("Account", me), opened),
        "Submit data": (("Dataset", "1"), ("Contributor", me), hashed("File", 4), hashed("Envelope", 5)),
        "Score a submission": (
            ("Dataset", "1"), hashed("Submission", 6), hashed("Fingerprint", 7), ("Units", "300"), ("Quality", "9000"),
            ("Scoring", "0"), hashed("Marks", 0),
        ),
        "Attest a batch": (
            ("Dataset", "1"), ("Number", "2"), hashed("Contributions' root", 8), ("Shares", "5000000000"),
            ("Contributions", "3"), hashed("Manifest", 9), ("Policy", "1"), ("Attestor set", "1"), end,
        ),
        "Confirm opened files": (*slot, hashed("Submission", 1), hashed("Submission", 2)),
        "Confirm ready keys": (("Lease", "3"), hashed("Keys", 10), ("Committee", "1")),
        "Hand over key shares": (*slot, hashed("Key for releases", 11), ("Files", ids), sealed),
        "Take over key shares": (*slot, ("Record", "0x" + sha256(b"a record").hexdigest())),
        "Begin your journal anew": (hashed("Head", 12), ("Entries", "40"), hashed("Restated", 13)),
        "Allow your file as a sample": (("Dataset", "1"), ("Contributor", me), hashed("File", 14)),
        "Attest a sample": (
            ("Batch", "4"), hashed("Contribution", 15), hashed("Block hash", 16),
            ("Records hash", "0x" + sha256(b"a line").hexdigest()),
        ),
        "Release keys for a program": (
            ("Lease", "3"), *slot, ("Attestor set", "1"), ("Attestor", me), ("Files", ids), sealed,
        ),
        "Attest a program's result": (
            ("Lease", "3"), ("Run", "1"), ("Input block", "900"), hashed("Input root", 17), hashed("Program hash", 18),
            ("Engine", "wasmtime"), ("Fuel limit", "1000000000"), ("Memory limit", "1048576"), ("Output limit", "4096"),
            ("Attestor set", "1"), ("Ending", "Fuel"), ("Fuel", "100000000"), hashed("Commitment", 19),
        ),
        "Confirm a program's output": (("Lease", "3"), ("Run", "1"), ("Attestor set", "1"), hashed("Commitment", 19)),
    }  # fmt: skip
    assert {intent: (screen.sentence, screen.rows) for intent, screen in own.items()} == {
        intent: ("", rows) for intent, rows in wanted.items()
    }


def test_wallet__of_a_delegation_and_a_permit__shows_what_the_token_takes(market, wallet):
    """The client signs neither; holders do at others' pages."""
    token, holder, friend = market.dao.token, market.dao.who("holder"), market.dao.who("friend")
    end, place, relayer = 1_900_000_000, domains(market.dao), market.dao.who("relayer").address
    until = ("Valid until", "2030-03-17 17:46 UTC")
    typed = place.of_token(DELEGATION, friend.address, 0, end)
    assert wallet.message(typed) == Screen("Delegate your votes", "", (("Votes for you", friend.address), until))
    token.delegateBySig(friend.address, 0, end, *parts(holder, typed), sender=relayer)
    assert token.delegates(holder.address) == friend.address
    order = holder.address, friend.address, 25 * 10**8
    typed = place.of_token(PERMIT, *order, 1, end)
    rows = (("Owner", holder.address), ("Spender", friend.address), ("Amount", "2.500000000 votes"), until)
    assert wallet.message(typed) == Screen("Permit to spend votes", "", rows)
    token.permit(*order, end, *parts(holder, typed), sender=relayer)
    assert token.allowance(holder.address, friend.address) == 25 * 10**8


# The command


def test_cli__clear_signing_of_a_record__names_its_contracts(fresh, tmp_path):
    path = append(tmp_path / "deployments", fresh[1])
    code, output = run("clear_signing", "--record", str(path), "--output", str(tmp_path / "out"))
    assert code == 0, output
    content = json.loads((tmp_path / "out" / "eip712-DataToken.json").read_text())["context"]["eip712"]
    token = fresh[1]["contracts"]["DataToken"]
    assert content["deployments"] == [{"chainId": 31337, "address": token["address"]}]
    assert content["domain"]["name"] == token["arguments"]["name_"]
