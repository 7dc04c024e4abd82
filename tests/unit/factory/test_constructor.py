"""Which blueprints a factory takes.

- those of this project: each contract's code, in one account or two
- an account without code, one whose code is no blueprint, one with nothing after the preamble: refused by address, in
  any place, as head and as tail
"""

from __future__ import annotations

import pytest
from eth_utils import keccak
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.artifacts import artifacts
from assurance.harness.chain.handles import Reverted, deploy
from assurance.harness.dao.factory import FactoryDao
from datadao.chain.abi import FACTORY, ORDER
from deployer.creation import CODE_LIMIT, blueprint_codes, storing


def code_hash(made: FactoryDao, account: str) -> bytes:
    """The EVM object pads the code that it gives out."""
    digest: bytes = made.chain.evm.basic(account).code_hash
    return bytes(digest)


def test_construction__blueprints__are_readable_and_hold_the_creation_code(made: FactoryDao) -> None:
    stored = made.factory.blueprints()
    assert len(stored) == len(ORDER)
    for (_, name), pair in zip(ORDER, stored, strict=True):
        codes = blueprint_codes(artifacts()[name].creation)
        assert b"".join(code.removeprefix(bytes.fromhex("fe7100")) for code in codes) == artifacts()[name].creation
        accounts = [account for account in (pair.head, pair.tail) if account != ADDRESS_ZERO]
        assert [code_hash(made, account) for account in accounts] == [keccak(code) for code in codes]
    assert [pair.tail != ADDRESS_ZERO for pair in stored] == [
        name in ("DataLeases", "DatasetRegistry") for _, name in ORDER
    ]


WRONG = {
    "no code": b"",
    "other code": bytes.fromhex("600160015500"),
    "another version": bytes.fromhex("fe7101") + b"code",
    "preamble cut short": bytes.fromhex("fe71"),
    "nothing after the preamble": bytes.fromhex("fe7100"),
}


@pytest.mark.parametrize("part", [0, 1], ids=["head", "tail"])
@pytest.mark.parametrize("place", [0, 7], ids=["first", "last"])
@pytest.mark.parametrize("code", WRONG.values(), ids=WRONG.keys())
def test_construction__what_is_no_blueprint__refused_by_address(
    made: FactoryDao, code: bytes, place: int, part: int
) -> None:
    sender = made.who("another deployer").address
    account = made.chain.create(sender, storing(code)) if code else made.who("codeless").address
    pairs = [[pair.head, pair.tail] for pair in made.factory.blueprints()]
    pairs[place][part] = account
    with pytest.raises(Reverted) as caught:
        deploy(made.chain, FACTORY, [tuple(pair) for pair in pairs], sender=sender)
    assert caught.value.name == "DataDAOFactory_NotABlueprint"
    assert caught.value.values[0].lower() == account.lower()


def test_construction__the_shortest_blueprint_there_is__accepted(made: FactoryDao) -> None:
    sender = made.who("another deployer").address
    shortest = made.chain.create(sender, storing(bytes.fromhex("fe710000")))
    pairs = [(pair.head, pair.tail) for pair in made.factory.blueprints()]
    pairs[0] = (shortest, ADDRESS_ZERO)
    made_with_it = deploy(made.chain, FACTORY, pairs, sender=sender)
    assert made_with_it.blueprints()[0].head.lower() == shortest.lower()


def test_construction__no_head__refused(made: FactoryDao) -> None:
    pairs = [(pair.head, pair.tail) for pair in made.factory.blueprints()]
    pairs[3] = (ADDRESS_ZERO, pairs[3][0])
    with pytest.raises(Reverted) as caught:
        deploy(made.chain, FACTORY, pairs, sender=made.who("another deployer").address)
    assert caught.value == Reverted("DataDAOFactory_NotABlueprint", ADDRESS_ZERO)


def test_blueprint_codes__longer_than_two_accounts_hold_or_empty__refused() -> None:
    room = CODE_LIMIT - 3
    assert [len(code) for code in blueprint_codes(bytes(2 * room))] == [CODE_LIMIT, CODE_LIMIT]
    assert [len(code) for code in blueprint_codes(bytes(room))] == [CODE_LIMIT]
    assert [len(code) for code in blueprint_codes(bytes(room + 1))] == [CODE_LIMIT, 4]
    for size in (0, 2 * room + 1):
        with pytest.raises(ValueError, match=f"this has {size}$"):
            blueprint_codes(bytes(size))


def test_blueprint__called_by_any_account__does_nothing(made: FactoryDao) -> None:
    head = made.factory.blueprints()[0].head
    before = code_hash(made, head)
    for data in (b"", b"\0", bytes(100)):
        with pytest.raises(Reverted):
            made.chain.transact(made.who("stranger").address, head, data, 0)
    assert code_hash(made, head) == before
