"""web3.py from the exported JSON alone: calls, events, custom errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from eth_utils.abi import function_abi_to_4byte_selector, get_abi_input_types
from web3.contract import Contract
from web3.exceptions import ContractCustomError
from web3.logs import DISCARD

from assurance import ROOT
from assurance.harness.dao.dao import HPKE_KEY
from assurance.harness.dao.leases import BOND, COST
from assurance.harness.dao.live import LiveDao
from assurance.harness.dao.registry import CLAIMED, UNIT
from assurance.harness.dao.system import Actor


def exported(name: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((ROOT / f"interfaces/{name}.json").read_text())
    return entries


def contract(live: LiveDao, key: str, name: str) -> Contract:
    """A contract as an integrator makes one of a file and an address."""
    return live.web3.eth.contract(address=live.dao.addresses[key], abi=exported(name))


def send(live: LiveDao, account: Actor, call: Any) -> Any:
    """Signs and sends a call with the account's key; its receipt."""
    nonce = live.web3.eth.get_transaction_count(account.address)
    transaction = call.build_transaction({"from": account.address, "nonce": nonce})
    signed = live.web3.eth.account.sign_transaction(transaction, account.key)
    receipt = live.web3.eth.wait_for_transaction_receipt(live.web3.eth.send_raw_transaction(signed.raw_transaction))
    assert receipt["status"] == 1
    return receipt


def refusal(live: LiveDao, call: Any, account: Actor) -> tuple[str, tuple[Any, ...]]:
    """Name and arguments of the custom error with which a call fails; web3.py gives its bytes."""
    with pytest.raises(ContractCustomError) as caught:
        call.call({"from": account.address})
    data = bytes.fromhex(str(caught.value.data)[2:])
    known = {function_abi_to_4byte_selector(entry): entry for entry in exported("errors")}
    entry = known[data[:4]]
    return entry["name"], live.web3.codec.decode(get_abi_input_types(entry), data[4:])


def test_contribution__claimed_with_web3py__gives_tokens_an_event_and_refuses_a_second_time(live: LiveDao) -> None:
    registry, token = contract(live, "registry", "DatasetRegistry"), contract(live, "token", "DataToken")
    account, item = live.rich("latecomer"), live.unclaimed
    call = registry.functions.claim(live.batch.id, tuple(item), live.batch.proof(item))
    receipt = send(live, account, call)
    (event,) = registry.events.ContributionClaimed().process_receipt(receipt, errors=DISCARD)
    assert dict(event["args"]) == {
        "batchId": live.batch.id,
        "contributor": account.address,
        "fingerprint": item.fingerprint,
        "shares": 20 * UNIT,
    }
    assert token.functions.balanceOf(account.address).call() == 20 * UNIT
    status, contributor, batch, shares = registry.functions.contribution(item.fingerprint).call()
    assert (status, contributor, batch, shares) == (CLAIMED, account.address, live.batch.id, 20 * UNIT)
    assert refusal(live, call, account) == ("DatasetRegistry_FingerprintUsed", (item.fingerprint,))


def test_request__with_web3py__escrows_and_is_found_among_the_logs(live: LiveDao) -> None:
    leases, dao = contract(live, "leases", "DataLeases"), live.dao
    asset = live.web3.eth.contract(address=dao.asset.address, abi=dao.asset.artifact.abi)
    account, terms = live.rich("licensee", COST), dao.terms()
    # Structs by name, as web3.py takes them.
    call = leases.functions.request(terms, HPKE_KEY, "asked with web3.py")
    assert refusal(live, call, account) == ("ERC20InsufficientAllowance", (leases.address.lower(), 0, COST))
    send(live, account, asset.functions.approve(leases.address, COST))
    send(live, account, call)
    (event,) = leases.events.LeaseRequested().get_logs(from_block=0, argument_filters={"licensee": account.address})
    asked = event["args"]
    assert dict(asked["terms"]) == terms
    info = dao.leases.lease(asked["leaseId"])
    assert (info.licensee, info.bond) == (account.address, BOND)
    assert dao.lease_proposal(asked["leaseId"]).id == asked["proposalId"]
    assert asset.functions.balanceOf(account.address).call() == 0
    too_long = leases.functions.request(terms, HPKE_KEY, "x" * 4097)
    assert refusal(live, too_long, account) == ("DataLeases_DescriptionTooLong", (4097, 4096))
