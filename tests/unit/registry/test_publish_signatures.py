"""DatasetRegistry.publish: whose signatures count (R-2, R-3; AB-54 to AB-64).

given a message that is fine in all else
    when `threshold` distinct current attestors signed exactly it, here, in ascending order: accepted
    otherwise: refused with the reason, nothing changes
A signature over anything else recovers to an account that is no attestor, and the error names that account.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyrevm
import pytest
from eth_account import Account
from eth_keys.constants import SECPK1_N
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.evm import Revm
from assurance.harness.chain.handles import Handle, deploy
from assurance.harness.dao.dao import Dao, agreeing_wallet
from assurance.harness.dao.registry import ascending, attestors, crowd, publish, refused, signatures, voter
from assurance.harness.dao.system import Actor
from datadao.messages import eip712
from datadao.messages.batch import BATCH


def recovered(dao: Dao, message: tuple, signature: bytes) -> str:
    """Whoever would have made this signature over the message the registry sees."""
    typed = eip712.typed_data("DatasetRegistry", dao.chain.chain_id, dao.addresses["registry"], BATCH, *message)
    return Account._recover_hash(eip712.digest(typed), signature=signature)


def test_publish__two_or_three_of_three_in_order__accepted_R3(dao: Dao) -> None:
    a, b, c = attestors(dao)
    for sequence, signers in enumerate(([a, b], [a, c], [b, c], [a, b, c]), 1):
        message, _ = dao.batch_message(crowd(dao, 1), sequence=sequence)
        assert publish(dao, message, signatures(dao, message, *signers)).value == sequence


@pytest.mark.parametrize("count", [0, 1])
def test_publish__fewer_than_the_threshold__refused_R3(dao: Dao, count: int) -> None:
    message, _ = dao.batch_message(crowd(dao, 1))
    signed = signatures(dao, message, *attestors(dao)[:count])
    refused(dao, lambda: publish(dao, message, signed), "DatasetRegistry_InsufficientSignatures", count, 2)


def test_publish__same_signer_twice_or_descending__refused_AB61(dao: Dao) -> None:
    a, b, c = attestors(dao)
    message, _ = dao.batch_message(crowd(dao, 1))
    for signers, pair in (((a, a), (a, a)), ((a, b, a), (b, a)), ((b, a), (b, a)), ((a, c, b), (c, b))):
        signed = signatures(dao, message, *signers)
        previous, next_ = (actor.address for actor in pair)
        refused(dao, lambda s=signed: publish(dao, message, s), "DatasetRegistry_SignersNotAscending", previous, next_)


def test_publish__a_stranger_among_the_signers__refused_even_as_surplus_AB57(dao: Dao) -> None:
    message, _ = dao.batch_message(crowd(dao, 1))
    stranger = dao.who("stranger")
    for signers in ([attestors(dao)[0], stranger], [*attestors(dao), stranger]):
        signed = signatures(dao, message, *ascending(signers))
        refused(dao, lambda s=signed: publish(dao, message, s), "DatasetRegistry_NotSigner", stranger.address, 1)


def test_publish__malleable_twin_of_a_signature__refused_AB55(dao: Dao) -> None:
    message, _ = dao.batch_message(crowd(dao, 1))
    first, second = signatures(dao, message, *attestors(dao)[:2])
    flipped = SECPK1_N - int.from_bytes(second[32:64], "big")
    twin = second[:32] + flipped.to_bytes(32, "big") + bytes([55 - second[64]])
    assert recovered(dao, message, twin) == attestors(dao)[1].address, "the curve itself accepts it"
    refused(dao, lambda: publish(dao, message, [first, twin]), "DatasetRegistry_NotSigner", ADDRESS_ZERO, 1)
    assert publish(dao, message, [first, second]).value == 1


@pytest.mark.parametrize("v", [0, 1, 27, 28, 255])
def test_publish__zero_signature__refused_AB54(dao: Dao, v: int) -> None:
    message, _ = dao.batch_message(crowd(dao, 1))
    first, _ = signatures(dao, message, *attestors(dao)[:2])
    nothing = bytes(64) + bytes([v])
    refused(dao, lambda: publish(dao, message, [nothing, first]), "DatasetRegistry_NotSigner", ADDRESS_ZERO, 1)


@pytest.mark.parametrize("length", [0, 19, 20, 64, 66])
def test_publish__signature_of_another_length__refused_AB54(dao: Dao, length: int) -> None:
    message, _ = dao.batch_message(crowd(dao, 1))
    first, second = signatures(dao, message, *attestors(dao)[:2])
    bent = (second + b"\0")[:length]
    refused(dao, lambda: publish(dao, message, [first, bent]), "DatasetRegistry_NotSigner", ADDRESS_ZERO, 1)


@pytest.mark.parametrize(
    "place",
    [
        {"chain_id": 1},
        {"registry": "0x" + "c3" * 20},
        {"domain": "DataLeases"},
        {"kind": BATCH.replace("Batch(", "Parcel(")},
    ],
    ids=["chain", "contract", "domain", "type"],
)
def test_publish__signed_for_another_place__refused_AB52_AB58_AB64_B06(dao: Dao, place: dict) -> None:
    message, _ = dao.batch_message(crowd(dao, 1))
    signed = signatures(dao, message, *attestors(dao)[:2], **place)
    signer = recovered(dao, message, signed[0])
    refused(dao, lambda: publish(dao, message, signed), "DatasetRegistry_NotSigner", signer, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [(1, 2), (2, b"\x77" * 32), (3, 1), (4, 2), (5, b"\x77" * 32), (8, 2**48 - 1)],
    ids=["sequence", "root", "totalShares", "count", "manifestHash", "deadline"],
)
def test_publish__one_field_changed_after_signing__refused_AB56(dao: Dao, field: int, value: object) -> None:
    message, _ = dao.batch_message(crowd(dao, 1))
    signed = signatures(dao, message, *attestors(dao)[:2])
    bent = (*message[:field], value, *message[field + 1 :])
    signer = recovered(dao, bent, signed[0])
    refused(dao, lambda: publish(dao, bent, signed), "DatasetRegistry_NotSigner", signer, 1)


def test_publish__signed_for_another_dataset_or_policy__refused_AB56(dao: Dao) -> None:
    member = voter(dao)
    policy = vars(dao.registry.currentPolicy(1))
    dao.govern(member, dao.registry, "createDataset", policy)
    dao.govern(member, dao.registry, "updatePolicy", 1, policy)
    message, _ = dao.batch_message(crowd(dao, 1), sequence=9, policyVersion=1)
    signed = signatures(dao, message, *attestors(dao)[:2])
    # Dataset 2 has this version too, and both versions of dataset 1 are signable for now.
    for field in (0, 6):
        bent = (*message[:field], 2, *message[field + 1 :])
        signer = recovered(dao, bent, signed[0])
        refused(dao, lambda b=bent: publish(dao, b, signed), "DatasetRegistry_NotSigner", signer, 1)
    assert publish(dao, message, signed).value == 2


def test_publish__signed_for_the_former_attestor_set__refused_under_either_number_AB63(dao: Dao) -> None:
    member = voter(dao)
    message, _ = dao.batch_message(crowd(dao, 1), deadline=dao.chain.timestamp + 10**7)
    signed = signatures(dao, message, *attestors(dao)[:2])
    same = [(actor.address, b"\1" * 32) for actor in attestors(dao)]
    dao.govern(member, dao.registry, "setAttestors", same, 2)
    refused(dao, lambda: publish(dao, message, signed), "DatasetRegistry_StaleAttestorSet", 1, 2)
    renamed = (*message[:7], 2, message[8])
    signer = recovered(dao, renamed, signed[0])
    refused(dao, lambda: publish(dao, renamed, signed), "DatasetRegistry_NotSigner", signer, 2)


@contextmanager
def split(dao: Dao) -> Iterator[Dao]:
    """The DAO on the branch that has another chain id, with the code that was deployed before the chain split."""
    here = dao.chain.chain_id
    if isinstance(dao.chain, Revm):
        branch = Dao(chain=Revm(chain_id=here + 1))
        for address in branch.addresses.values():
            account = pyrevm.AccountInfo(nonce=dao.chain.nonce(address), code=dao.chain.code(address))
            branch.chain.evm.insert_account_info(address, account)
        yield branch
    else:
        dao.chain.web3.provider.make_request("anvil_setChainId", [here + 1])
        try:
            yield dao
        finally:
            dao.chain.web3.provider.make_request("anvil_setChainId", [here])


def test_publish__chain_split_after_signing__is_refused_on_the_other_branch_AB59(dao: Dao) -> None:
    message, _ = dao.batch_message(crowd(dao, 1))
    signed = signatures(dao, message, *attestors(dao)[:2])
    before = dao.registry.hashBatch(message)
    there = eip712.typed_data("DatasetRegistry", dao.chain.chain_id + 1, dao.addresses["registry"], BATCH, *message)
    signer = Account._recover_hash(eip712.digest(there), signature=signed[0])
    with split(dao) as branch:
        assert branch.registry.hashBatch(message) == eip712.digest(there) != before
        refused(branch, lambda: publish(branch, message, signed), "DatasetRegistry_NotSigner", signer, 1)
    assert publish(dao, message, signed).value == 1


def test_publish__wallet_that_agreed_on_chain__signs_by_its_address_alone(dao: Dao) -> None:
    """As a Safe does: the message was approved before, and there is nothing left to show."""
    wallet = agreeing_wallet(dao)
    dao.govern(voter(dao), dao.registry, "setAttestors", [(wallet, b"\1" * 32)], 1)
    message, _ = dao.batch_message(crowd(dao, 1))
    assert publish(dao, message, [bytes.fromhex(wallet[2:])]).value == 2
    message, _ = dao.batch_message(crowd(dao, 1))
    refused(
        dao, lambda: publish(dao, message, [bytes.fromhex(wallet[2:-2])]), "DatasetRegistry_NotSigner", ADDRESS_ZERO, 2
    )


class TestContractAttestor:
    """ERC-1271 attestors: the signature starts with the wallet's address."""

    @pytest.fixture
    def wallet(self, dao: Dao) -> Handle:
        owner = dao.who("wallet owner")
        return deploy(dao.chain, "ContractWallet", owner.address, sender=owner.address)

    @pytest.fixture
    def key(self, dao: Dao, wallet: Handle) -> Actor:
        """After a vote that makes the wallet an attestor, one of two, both needed."""
        member = voter(dao)
        other = dao.actors["attestor-0"]
        entries = sorted(
            [(wallet.address, b"\1" * 32), (other.address, b"\2" * 32)], key=lambda entry: int(entry[0], 16)
        )
        dao.govern(member, dao.registry, "setAttestors", entries, 2)
        return dao.who("wallet owner")

    def signed(self, dao: Dao, message: tuple, wallet: Handle, key: Actor) -> list[bytes]:
        other = dao.actors["attestor-0"]
        pair = [
            (wallet.address, bytes.fromhex(wallet.address[2:]) + signatures(dao, message, key)[0]),
            (other.address, signatures(dao, message, other)[0]),
        ]
        return [signature for _, signature in sorted(pair, key=lambda entry: int(entry[0], 16))]

    def test_publish__wallet_confirms__accepted(self, dao: Dao, wallet: Handle, key: Actor) -> None:
        message, _ = dao.batch_message(crowd(dao, 1))
        assert publish(dao, message, self.signed(dao, message, wallet, key)).value == 2

    def test_publish__owner_signs_as_itself__is_no_attestor(self, dao: Dao, wallet: Handle, key: Actor) -> None:
        message, _ = dao.batch_message(crowd(dao, 1))
        signed = signatures(dao, message, *ascending([key, dao.actors["attestor-0"]]))
        refused(dao, lambda: publish(dao, message, signed), "DatasetRegistry_NotSigner", key.address, 2)

    @pytest.mark.parametrize("mood", range(1, 6), ids=["magic", "reverts", "gas", "writes", "short"])
    def test_publish__wallet_misbehaves__refused_AB62_X2(self, dao: Dao, wallet: Handle, key: Actor, mood: int) -> None:
        message, _ = dao.batch_message(crowd(dao, 1))
        signed = self.signed(dao, message, wallet, key)
        wallet.setMood(mood, sender=key.address)
        refused(dao, lambda: publish(dao, message, signed), "DatasetRegistry_NotSigner", ADDRESS_ZERO, 2)
        assert wallet.asked() == 0
        wallet.setMood(0, sender=key.address)
        assert publish(dao, message, signed).value == 2

    def test_publish__wallet_that_is_no_attestor__refused(self, dao: Dao, wallet: Handle) -> None:
        message, _ = dao.batch_message(crowd(dao, 1))
        first = signatures(dao, message, attestors(dao)[0])[0]
        owned = bytes.fromhex(wallet.address[2:]) + signatures(dao, message, dao.who("wallet owner"))[0]
        refused(
            dao,
            lambda: publish(dao, message, [owned, first]),
            "DatasetRegistry_NotSigner",
            wallet.address,
            1,
        )
