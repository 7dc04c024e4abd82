"""The DAO handle with accounts of Ape and of eth_account: each step, and what the chain says afterwards."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import ape
import pytest
from eth_account import Account

from assurance.harness.dao.dao import HPKE_KEY, Batch, Dao, leaf
from assurance.harness.dao.leases import ACTIVE, COST, ENDED, PERIOD, PRICE
from assurance.harness.dao.system import DAY, Actor
from datadao.chain.codec import CONTRACTS
from datadao.chain.wallet import ApeAccount
from datadao.client import PUBLIC, DataDAO, Terms
from datadao.crypto.envelope import Envelope
from datadao.errors import InvalidArgument
from datadao.storage.store import Store
from datadao.types import Contribution, ContributionStatus, Vote


@pytest.fixture
def handle(dao: Dao) -> DataDAO:
    return DataDAO(dao.addresses, dao.chain.web3)


@pytest.fixture
def member() -> Any:
    return ApeAccount(ape.accounts.test_accounts[0])


@pytest.fixture
def company() -> Any:
    return Account.from_key(ape.accounts.test_accounts[1].private_key)


def accepted(dao: Dao, owner: Any, units: int = 300) -> tuple[Batch, Contribution]:
    """Data of an Ape account's in an active batch, not claimed yet."""
    item = leaf(Actor("member", owner.address, b""), "data", units)
    batch = dao.publish([item])
    dao.activate(batch)
    return batch, batch.manifest.contribution(batch.id, 0)


def funded(dao: Dao, company: Any) -> None:
    dao.asset.mint(company.address, 2 * COST, sender=company.address)
    dao.asset.approve(dao.leases.address, 2 * COST, sender=company.address)


def test_contribute__file__is_encrypted_for_those_who_serve_now(handle: DataDAO, tmp_path: Path) -> None:
    store, owner = Store(f"file://{tmp_path}", create=True), Account.create()
    handed_in = handle.contribute(io.BytesIO(b"my data"), 1, store, owner)
    envelope = Envelope.decode(store.get(handed_in.envelope_hash, Envelope.LIMIT))
    assert (envelope.committee_version, envelope.threshold) == (1, handle.committee().threshold)
    assert len(handed_in.seals) == len(handle.attestors())
    assert hashlib.sha256(store.get(handed_in.file_hash)).digest() == handed_in.file_hash
    assert b"my data" not in store.get(handed_in.file_hash)


def test_member__claims_votes_is_paid_and_leaves(dao: Dao, handle: DataDAO, member: Any, company: Any) -> None:
    batch, mine = accepted(dao, member)
    shares = batch.message[3]
    handle.claim(mine, company)
    assert handle.read("token", "balanceOf", member.address) == shares, "whoever sends it, the contributor has it"
    dao.chain.warp(1)

    funded(dao, company)
    terms = Terms(1, 1, PRICE, PERIOD, 3, COST - 3 * PRICE)
    lease, proposal, _ = handle.request(terms, HPKE_KEY, "for a test", company)
    dao.to_vote(proposal)
    cast = handle.vote(proposal, Vote.FOR, member, "they pay well")
    (shown,) = cast.events("governor", "VoteCast", handle.addresses["governor"])
    assert shown.fields["reason"] == "they pay well"
    dao.to_end_of_vote(proposal)
    handle.queue(lease, company)
    dao.chain.warp(handle.read("governor", "proposalEta", proposal) - dao.chain.timestamp)
    handle.execute(lease, company)
    handle.start(lease, company)
    assert handle.read("leases", "lease", lease).status == ACTIVE
    dao.chain.warp(PERIOD)
    handle.pay(lease, company)
    assert handle.read("leases", "lease", lease).paidPeriods == 2
    handle.end(lease, company)
    assert handle.read("leases", "lease", lease).status == ENDED

    owed = handle.read("splitter", "claimable", member.address, [0, 1])
    assert 0 < owed <= 2 * PRICE
    paid, _ = handle.claim_revenue(member.address, [0, 1], company)
    assert paid == owed == dao.asset.balanceOf(member.address)
    assert handle.claim_revenue(member.address, [0, 1], company)[0] == 0

    handle.erase(mine, member)
    assert handle.read("token", "balanceOf", member.address) == 0
    assert handle.read("registry", "contribution", mine.leaf.fingerprint).status == ContributionStatus.ERASED


def test_company__takes_a_standing_offer(dao: Dao, handle: DataDAO, company: Any) -> None:
    founder = dao.who("founder")
    dao.contribute(leaf(founder, "the founder's", 300))
    terms = dao.terms(minShares=dao.splitter.pool(1)[1])
    dao.govern(founder, dao.leases, "createOffer", terms, "0x" + "00" * 20, 1, dao.chain.timestamp + 300 * DAY)
    funded(dao, company)
    lease, receipt = handle.accept(1, dao.leases.hashTerms(terms), HPKE_KEY, COST, company)
    assert handle.read("leases", "lease", lease).licensee == company.address
    assert receipt.hash and dao.asset.balanceOf(company.address) == COST


def test_recorded__record_of_ape_run_deploy__gives_its_newest_dao_or_says_why_not(
    dao: Dao, handle: DataDAO, tmp_path: Path
) -> None:
    with pytest.raises(InvalidArgument, match="no deployment recorded"):
        DataDAO.recorded(tmp_path, handle.web3)
    with pytest.raises(InvalidArgument, match="no deployment recorded"):
        DataDAO.recorded(PUBLIC, handle.web3)
    path = tmp_path / "31337.json"
    path.write_text("{}")
    with pytest.raises(InvalidArgument, match="is no deployment record"):
        DataDAO.recorded(tmp_path, handle.web3)
    older = {name: {"address": "0x" + "11" * 20, "block": 1} for name in CONTRACTS.values()}
    newest = {
        CONTRACTS[key]: {"address": place, "block": 7 + n} for n, (key, place) in enumerate(dao.addresses.items())
    }
    genesis = "0x" + bytes(handle.web3.eth.get_block(0)["hash"]).hex()
    record = {"chain_id": 31337, "genesis": genesis, "deployments": [{"contracts": older}, {"contracts": newest}]}
    path.write_text(json.dumps(record))
    found = DataDAO.recorded(tmp_path, handle.web3)
    assert found.addresses == dao.addresses == DataDAO.recorded(path, handle.web3).addresses
    assert found.since == 7, "the block of its first contract"
    path.write_text(json.dumps(record | {"genesis": "0x" + "00" * 32}))
    with pytest.raises(InvalidArgument, match="is of another chain"):
        DataDAO.recorded(tmp_path, handle.web3)
