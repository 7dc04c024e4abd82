"""Every row of a verification fails where what it is about is wrong, and at no other wrong.

- code that a hostile deployer left in a contract's place: it lies about a view, or lets any account in
- storage that no honest creation leaves: each role in other hands, or under another role
- a record with other transactions, blocks, accounts, arguments, times, another asset
- a node that keeps events back

The last test counts: a row that none of these makes fail would be one that says yes whatever is there.
"""

from __future__ import annotations

import json

import ape
import pytest
from eth_abi import encode
from eth_utils import keccak

from datadao.chain.abi import FACTORY, ORDER
from datadao.chain.codec import function as entry_of
from datadao.chain.codec import signature
from datadao.chain.events import ASSET
from datadao.ledger.facts import Fact
from deployer.verify import verify
from deployer.verify.parameters import _CONSTANTS
from deployer.verify.reader import Reader
from deployer.verify.roles import _ROLES, _STRANGER, DOORS
from tests.deployer.fronts import otherwise, put_in_front
from tests.deployer.test_verify import over
from tests.deployer.test_verify_record import Hiding, failing
from tests.deployer.world import CONTRACTS, all_changed, altered, blueprints, local, misses

CODE = ("code hash", "immutables")
OPEN = {(door.contract, door.function) for door in DOORS}
FIXED = {(contract, name) for contract, names in _CONSTANTS.items() for name in names.split()}
"""Constants of the code: shown as they are."""
LEADING = ("batchCount", "attestorSetVersion", "committeeVersion")
"""Views whose answer decides what is asked next."""
ALSO = {"isGuardian": {"DataLeases.closeOffer is for", "DatasetRegistry.veto is for"}}
"""What contracts ask of each other."""


class Tracing(Reader):
    """Keeps, by name of each check, which function was asked last before it was made."""

    rows: dict

    def __init__(self, *given):
        super().__init__(*given)
        self._asked = {}

    def view(self, contract, function, *args):
        return self._kept(super().view(contract, function, *args), (contract, function, *args))

    def attempt(self, sender, contract, function, *args):
        return self._kept(super().attempt(sender, contract, function, *args), (contract, function))

    def _kept(self, question, of):
        self._asked[json.dumps(question[:2])] = of
        return question

    def settle(self, facts):
        items = [(item, None) for item in facts]
        while questions := [q for item, _ in items if isinstance(item, Fact) for q in item.questions]:
            answers = iter(self.ask(questions))
            items = [pair for item, before in items for pair in self._judged(item, before, answers)]
        type(self).rows = {f"{check.contract}.{check.field}": of for check, of in items}
        return [check for check, _ in items]

    def _judged(self, item, before, answers):
        if not isinstance(item, Fact):
            return [(item, before)]
        of = self._asked.get(json.dumps(item.questions[-1][:2]), before)
        return [(found, of) for found in item.judge(*(next(answers) for _ in item.questions))]


@pytest.fixture(scope="module")
def asked(fresh):
    """The rows that depend on a function, by contract, function and arguments."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deployer.verify.Reader", Tracing)
        assert all(check.ok for check in verify(fresh[1], local()))
    found = {}
    for row, of in Tracing.rows.items():
        if of and of[1] not in ("hasRole", "getRoleAdmin") and not row.endswith(CODE):
            found.setdefault(of, set()).add(row)
    return found


def lied(entry, functions):
    """Puts code before contracts that answers these functions otherwise, or lets any account in; what then fails."""
    answers = {}
    for contract, function, *args in functions:
        address = entry["asset"] if contract == ASSET else entry["contracts"][contract]["address"]
        known = "DataToken" if contract == ASSET else contract
        selector, inputs, _ = signature(known, function)
        answers.setdefault(address, {})[selector] = b""
        if (contract, function) in OPEN | FIXED:
            continue
        question = {"to": address, "data": "0x" + (selector + encode(inputs, args)).hex()}
        true = ape.networks.provider.make_request("eth_call", [question, "latest"])
        lie = otherwise(entry_of(known, function)["outputs"], bytes.fromhex(true[2:]))
        # Less than is owed, where more would do.
        answers[address][selector] = encode(["uint256", "uint256"], [0, 1]) if function == "solvency" else lie
    for address, own in answers.items():
        put_in_front(address, own)
    return misses(entry)


def code_rows(contracts):
    """The timelock has no immutables, and its own code hash says all."""
    return {f"{contract}.{field}" for contract in contracts for field in CODE} - {
        "DataTimelock.immutables", f"{ASSET}.immutables",
    }  # fmt: skip


def expected(asked, functions):
    """What these and no others fail."""
    code = code_rows(contract for contract, *_ in functions)
    return code.union(*(asked[of] | ALSO.get(of[1], set()) for of in functions))


@pytest.mark.parametrize("bit", range(7))
def test_row__function_answers_otherwise_or_is_open__fails_for_its_own_function_alone_X7(fresh, asked, bit):
    """Of all functions each answers otherwise in some of these cases, no two in the same ones."""
    every = sorted((of for of in asked if of[1] not in LEADING), key=repr)
    assert 2**6 <= len(every) < 2**7
    chosen = [of for number, of in enumerate(every, start=1) if number >> bit & 1]
    assert lied(fresh[1], chosen) == expected(asked, chosen)


@pytest.mark.parametrize("view", LEADING)
def test_row__count_or_version_is_another__fails_X7(fresh, asked, view):
    (of,) = (of for of in asked if of[1] == view)
    assert asked[of] | {"DatasetRegistry.code hash", "DatasetRegistry.immutables"} <= lied(fresh[1], [of])


# Roles


def names(entry):
    """Of all rows."""
    return {f"{check.contract}.{check.field}" for check in verify(entry, local())}


def table(rows):
    """Rows of the table of roles."""
    return sorted(row for row in rows if " held by " in row or ".admin of " in row)


def put(entry, row):
    """Makes a row of the table of roles wrong: in the timelock's first slot, by role, are members and admin."""
    timelock = entry["contracts"]["DataTimelock"]["address"]
    role, _, who = row.removeprefix("DataTimelock.").removeprefix("admin of ").partition(" held by ")
    inner = keccak(_ROLES[role] + bytes(32))
    if not who:
        slot, value = int.from_bytes(inner, "big") + 1, 1
    else:
        known = {
            "deployer": entry["deployer"], "zero address": "0x" + "00" * 20, "a stranger": _STRANGER,
            "factory": entry.get("factory", {}).get("address"), "guardian": entry["accounts"]["TEST::1"],
        }  # fmt: skip
        account = known.get(who) or entry["contracts"][dict(ORDER)[who]]["address"]
        slot = int.from_bytes(keccak(bytes.fromhex(account[2:]).rjust(32, b"\0") + inner), "big")
        value = 1 - int.from_bytes(bytes(ape.networks.provider.get_storage(timelock, slot)), "big")
    ape.networks.provider.make_request(
        "anvil_setStorageAt", [timelock, hex(slot), "0x" + value.to_bytes(32, "big").hex()]
    )


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("through", ["transactions", "a factory"])
def test_row__role_in_other_hands_or_under_another__fails_for_its_own_account_alone_X7(fresh, first, through, half):
    entry = fresh[1] if through == "transactions" else first[2]
    every = table(names(entry))
    assert len(every) == 4 + 4 * (12 if through == "transactions" else 13)
    for row in every[half::2]:
        put(entry, row)
    assert table(misses(entry)) == every[half::2]


# Records


def each(field):
    return {f"{contract}.{field}" for contract in CONTRACTS}


def parts(entry, change):
    """The record in which `change` gives what is otherwise in a contract's part, from the part and the next one's."""
    every = [entry["contracts"][name] for name in CONTRACTS]
    pairs = zip(CONTRACTS, every, [*every[1:], every[0]], strict=True)
    return {**entry, "contracts": {name: own | change(own, following) for name, own, following in pairs}}


def next_accounts(entry):
    known = entry["accounts"]
    return {**entry, "accounts": dict(zip(known, [*known.values()][1:] + [*known.values()][:1], strict=True))}


def in_other_blocks(entry):
    """Each contract a block before its own, the governor in one of a later second: on a node that ran other tests, the
    block before may be of the same."""
    ape.chain.mine(deltatime=60)
    changed = parts(entry, lambda own, _: {"block": own["block"] - 1})
    changed["contracts"]["DataGovernor"]["block"] = ape.chain.blocks.head.number
    return changed


WITH_THE_BLOCK = {"DataGovernor.floorUntil", "DataGovernor.proposalThreshold as set"}
"""What else the governor's block decides: when its floor ends, and from where its own events are read."""
RECORDS = {
    "transactions of others": (
        lambda entry: parts(entry, lambda _, following: {"transaction": following["transaction"]}),
        each("created at") | each("creation code hash") | each("constructor arguments") | each("created in block"),
    ),
    "blocks": (
        in_other_blocks,
        each("created in block") | WITH_THE_BLOCK,
    ),
    "arguments": (
        lambda entry: parts(entry, lambda own, _: {"arguments": own["arguments"] | {"more": 1}}),
        each("constructor arguments"),
    ),
    "deployer": (
        lambda entry: {**entry, "deployer": entry["accounts"]["TEST::1"]},
        each("created by") | {"configuration.powers of the deployer"},
    ),
    "hash": (
        lambda entry: {**entry, "config": {**entry["config"], "sha256": "0x" + "00" * 32}},
        {"configuration.sha256"},
    ),
    "time": (
        lambda entry: {**entry, "now": entry["now"] + 10**6},
        {"configuration.now", "EmergencyBrake.guardianUntil", "EmergencyBrake.created as configured"},
    ),
}
"""Of a DAO that an account created: what the record says otherwise, and the rows that then fail."""


@pytest.mark.parametrize("what", RECORDS)
def test_row__record_of_an_accounts_dao_says_otherwise__fails_X7(fresh, what):
    change, rows = RECORDS[what]
    assert failing(change(fresh[1]), local()) == rows


def named(entry):
    return {f"configuration.{alias}" for alias in entry["accounts"]}


def test_row__names_mean_other_accounts__fail_X7(fresh):
    assert named(fresh[1]) <= misses(next_accounts(fresh[1]))


CONFIGURED = {
    "DataTimelock.minDelay": "4 days", "EmergencyBrake.guardianUntil": "now + 40 days", "DataToken.symbol": "OTHER",
    "DataGovernor.params.quorumBps": 501, "DataLeases.params.ackSlashBps": 501,
    "DatasetRegistry.params.epochCapBps": 501,
}  # fmt: skip


@pytest.mark.parametrize("through", ["transactions", "a factory"])
def test_row__configured_otherwise__fails_X7(fresh, first, through):
    entry = fresh[1] if through == "transactions" else first[2]
    asset = "0x" + "11" * 20
    config = all_changed({"asset": asset} | {f"contracts.{path}": value for path, value in CONFIGURED.items()})
    assert each("created as configured") | {"asset.as recorded", f"asset.{asset}"} <= misses(entry, config)


def test_row__asset_is_not_there__fails_X7(fresh):
    ape.networks.provider.make_request("anvil_setCode", [fresh[1]["asset"], "0x"])
    assert {f"asset.{fresh[1]['asset']}", "asset.code hash"} <= misses(fresh[1])


REPORTED = {
    *(f"DataTimelock.{role} by events" for role in _ROLES), "DataGovernor.proposalThreshold as set",
    *(f"DatasetRegistry.{count} by events" for count in
      ("datasetCount", "attestorSetVersion", "committeeVersion", "policy 1 version")),
}  # fmt: skip


class Silent(Hiding):
    """A node that keeps all events back."""

    def _cut(self, answer):
        found = answer.get("result")
        return {**answer, "result": []} if isinstance(found, list) and found and "topics" in found[0] else answer


def test_row__no_event_is_given__fails_X7(fresh, monkeypatch):
    over(Silent(ape.networks.provider.http_uri), monkeypatch)
    assert misses(fresh[1]) == REPORTED


# A factory


def test_row__factory_and_blueprints_are_of_other_code__fail_X7(first):
    plan, _, entry = first
    for account in (plan.factory.address, *(kept[-1] for kept in blueprints(plan).values())):
        altered(account)
    assert misses(entry) == each("blueprint hash") | {f"{FACTORY}.code hash"}


def failed_again(entry):
    """The call that began the DAO, sent once more: it fails on chain, with the same calldata."""
    web3 = ape.networks.provider.web3
    begun = web3.eth.get_transaction(entry["contracts"]["DataTimelock"]["transaction"])
    sent = {"from": begun["from"], "to": begun["to"], "data": begun["input"], "gas": 10_000_000}
    return web3.eth.send_transaction(sent).to_0x_hex()


def test_row__record_of_a_factorys_dao_says_otherwise__fails_X7(first):
    _, steps, entry = first
    failed, asset = {"transaction": failed_again(entry)}, {"transaction": steps[0].transaction}
    timelock, factory = entry["contracts"]["DataTimelock"], entry["factory"]
    cases = (
        (parts(entry, lambda *_: failed), each("creation") | each("created in block")),
        (in_other_blocks(entry), each("created in block") | WITH_THE_BLOCK),
        (parts(entry, lambda own, _: {"arguments": own["arguments"] | {"more": 1}}), each("constructor arguments")),
        ({**entry, "factory": factory | asset}, {f"{FACTORY}.created at", f"{FACTORY}.creation code hash"}),
    )
    for wrong, rows in cases:
        assert misses(wrong) == rows
    elsewhere = {**entry, "contracts": entry["contracts"] | {"DataTimelock": timelock | asset}}
    assert f"{FACTORY}.begun at" in misses(elsewhere)
    assert {f"{FACTORY}.begun by"} | each("created at") <= misses({**entry, "deployer": entry["accounts"]["TEST::1"]})


# All


def test_rows__each_of_a_verification_failed_above_X7(fresh, first, asked):
    """By the tests of this file alone."""
    functions = set().union(*asked.values())
    common = functions | REPORTED | named(fresh[1]) | each("constructor arguments") | each("created in block")
    common |= each("created as configured") | each("created at") | code_rows(CONTRACTS)
    common |= {
        "asset.as recorded",
        "asset.code hash",
        *RECORDS["time"][1],
        *RECORDS["hash"][1],
        *RECORDS["deployer"][1],
    }
    account = common | each("creation code hash") | {f"asset.{fresh[1]['asset']}"}
    factory = common - each("created by") | each("creation") | each("blueprint hash") | {f"asset.{first[2]['asset']}"}
    factory |= {
        f"{FACTORY}.{field}" for field in ("code hash", "created at", "creation code hash", "begun by", "begun at")
    }
    assert account | set(table(names(fresh[1]))) == names(fresh[1])
    assert factory | set(table(names(first[2]))) == names(first[2])
