"""An account that carries code (a wallet of EIP-7702, or whoever acts from a constructor) is an account like any other:
no rule asks what it is, and its key signs as before (AB-31, AB-80)."""

from __future__ import annotations

import pyrevm
import pytest

from assurance.harness.chain.artifacts import artifacts
from assurance.harness.chain.handles import Receipt
from assurance.harness.dao.dao import ERASE, FOR, Dao, leaf
from assurance.harness.dao.governance import ballot
from assurance.harness.dao.registry import CLAIMED, ERASED
from assurance.harness.dao.system import DAY, Actor
from datadao.messages import eip712

PEOPLE = ("member", "attestor-0", "attestor-1", "custodian-0", "custodian-1", "custodian-2")


@pytest.fixture
def delegated() -> Dao:
    """A DAO of people with a wallet's code at their own addresses, one that confirms no signature. In process, where
    code can be put to an account whose key one holds, as an authorisation of EIP-7702 does; others send for them."""
    dao = Dao()
    code = artifacts()["ContractWallet"].runtime
    for name in PEOPLE:
        address = dao.who(name).address
        dao.chain.evm.insert_account_info(address, pyrevm.AccountInfo(nonce=1, code=code))
        assert dao.chain.evm.get_code(address).rstrip(b"\0") == code.rstrip(b"\0")
    return dao


def erase_by_sig(dao: Dao, batch: int, who: Actor, item: tuple, proof: list[bytes]) -> Receipt:
    deadline = dao.chain.timestamp + DAY
    typed = eip712.typed_data(
        "DatasetRegistry", dao.chain.chain_id, dao.registry.address, ERASE, batch, item[1], deadline
    )
    receipt: Receipt = dao.registry.eraseBySig(
        batch, item, proof, deadline, who.sign(typed), sender=dao.who("relayer").address
    )
    return receipt


def test_accounts_with_code__attest_vote_deliver_and_leave_by_their_keys_AB80(delegated: Dao) -> None:
    dao, member, licensee = delegated, delegated.who("member"), delegated.who("licensee")
    item = leaf(member, "data of a delegated account", 300)
    batch = dao.contribute(item)
    assert dao.registry.contribution(item.fingerprint).status == CLAIMED
    lease, own = dao.request(licensee)
    dao.to_vote(own.id)
    signature = ballot(dao, own.id, FOR, member)
    cast = dao.governor.castVoteBySig(own.id, FOR, member.address, signature, sender=dao.who("relayer").address)
    assert cast.value == dao.token.balanceOf(member.address) > 0
    dao.to_end_of_vote(own.id)
    dao.queue(own)
    dao.execute(own)
    dao.deliver(lease)
    assert dao.leases.isAccessAllowed(1, licensee.address, 1)
    erase_by_sig(dao, batch.id, member, tuple(item), batch.proof(item))
    assert dao.registry.contribution(item.fingerprint).status == ERASED
    assert dao.splitter.claim(member.address, [0, 1], sender=licensee.address).value > 0


def test_account_that_gets_code_after_joining__earns_from_its_activation_and_from_nothing_before_AB31(
    delegated: Dao,
) -> None:
    """NovaBox paid old dividends to whoever joined from a constructor: only plain accounts had their checkpoint set."""
    dao, member, other = delegated, delegated.who("member"), delegated.who("other")
    dao.contribute(leaf(other, "first", 100))
    dao.deposit(1, 1_000_000)
    dao.contribute(leaf(member, "second", 100))
    assert dao.splitter.claimable(member.address, [0, 1]) == 0
    dao.deposit(1, 1_000_000)
    assert dao.splitter.claimable(member.address, [0, 1]) == 500_000
