"""What `begin` creates, and what it refuses.

- seven contracts at the predicted addresses, with the arguments they are asked for, and the event; no registry
- again with the same parameters and salt: refused; with another salt, other parameters, by another: another DAO
- a constructor that refuses: its own error, nothing created
"""

from __future__ import annotations

from typing import Any

import pytest

from datadao.errors import Malformed
from datadao.factory import Birth, birth_from
from tests.support.factory import SALT, FactoryDao
from tests.support.handles import Reverted

OTHER = bytes(31) + b"\2"


def born(made: FactoryDao, salt: bytes = OTHER, creator: str = "deployer", **changes: Any) -> Birth:
    """What `creator` would get; nothing is sent."""
    return Birth(made.factory.address, made.who(creator).address, made.params(**changes), salt)


def begin(made: FactoryDao, birth: Birth) -> Any:
    return made.factory.begin(birth.params, birth.salt, sender=birth.creator)


def exists(made: FactoryDao, birth: Birth) -> list[str]:
    """Which contracts there are."""
    return [key for key, address in birth.system.items() if made.chain.evm.get_code(address)]


def test_begin__parameters_that_fit__creates_all_but_the_registry_and_tells(made: FactoryDao) -> None:
    birth = born(made)
    receipt = begin(made, birth)
    assert exists(made, birth) == [key for key in birth.system if key != "registry"]
    assert vars(receipt.value) == birth.system
    (event,) = receipt.named("DataDAOBegun")
    assert event.address == made.factory.address
    assert (event.args["id"], event.args["creator"]) == (birth.id, birth.creator)
    assert vars(event.args["system"]) == birth.system


@pytest.mark.parametrize(
    "birth",
    [{}, {"salt": bytes(32)}, {"creator": "stranger"}, {"guardianUntil": 1_800_000_001}, {"name": "x" * 100}],
    ids=str,
)
def test_predict__any_parameters__is_what_the_client_predicts(made: FactoryDao, birth: dict[str, Any]) -> None:
    expected = born(made, **birth)
    id_, system = made.factory.predict(expected.creator, expected.params, expected.salt)
    assert (id_, vars(system)) == (expected.id, expected.system)
    assert birth_from(expected.factory, expected.creator, expected.begin) == expected


def test_birth_from__calldata_of_no_begin__is_malformed(made: FactoryDao) -> None:
    begun = made.birth.begin
    for data in (b"", begun[:-32], begun + bytes(32), made.birth.complete, bytes(4) + begun[4:]):
        with pytest.raises(Malformed):
            birth_from(made.birth.factory, made.birth.creator, data)


def test_birth_from__name_that_is_no_text__is_read_to_the_byte(made: FactoryDao) -> None:
    strange = made.birth.begin.replace(b"ANES Data DAO", b"\xff" * 13)
    assert strange != made.birth.begin
    assert birth_from(made.birth.factory, made.birth.creator, strange).begin == strange


def test_predict__another_salt_creator_or_parameter__is_another_dao_at_eight_other_addresses(made: FactoryDao) -> None:
    policy = {**made.params()["registry"], "challengePeriod": 1}
    births = [
        made.birth,
        born(made),
        born(made, creator="stranger"),
        *(born(made, **{name: 1}) for name in ("minDelay", "guardianUntil", "maturitySupply")),
        *(born(made, **{name: "other"}) for name in ("name", "symbol", "governorName")),
        *(born(made, **{name: made.factory.address}) for name in ("asset", "guardian")),
        born(made, transferable=True),
        born(made, registry=policy),
        *(
            born(made, **{name: {**made.params()[name], field: 1}})
            for name in ("governor", "leases")
            for field in made.params()[name]
        ),
    ]
    assert len({birth.id for birth in births}) == len(births)
    assert len({address for birth in births for address in birth.system.values()}) == 8 * len(births)


def test_begin__twice__refused_and_nothing_changes(made: FactoryDao) -> None:
    with pytest.raises(Reverted) as caught:
        begin(made, made.birth)
    assert caught.value == Reverted("FailedDeployment")
    birth = born(made)
    begin(made, birth)
    with pytest.raises(Reverted) as caught:
        begin(made, birth)
    assert caught.value == Reverted("FailedDeployment")
    assert "registry" not in exists(made, birth)


@pytest.mark.parametrize("another", [{"salt": OTHER}, {"salt": SALT, "symbol": "TWO"}], ids=["salt", "parameter"])
def test_begin__again_with_another_salt_or_parameter__creates_another_dao(
    made: FactoryDao, another: dict[str, Any]
) -> None:
    birth = born(made, **another)
    begin(made, birth)
    assert len(exists(made, birth)) == 7
    assert not set(birth.system.values()) & set(made.addresses.values())


def test_begin__by_another_with_the_same_parameters_and_salt__cannot_take_the_creators_addresses_AB77(
    made: FactoryDao,
) -> None:
    mine, theirs = born(made), born(made, creator="stranger")
    begin(made, theirs)
    assert exists(made, mine) == []
    begin(made, mine)
    assert len(exists(made, mine)) == 7


def test_begin__constructor_refuses__its_own_error_and_nothing_is_created(made: FactoryDao) -> None:
    params = made.params()
    cases = {
        "DataTimelock_DelayOutOfRange": {"minDelay": 1},
        "EmergencyBrake_InvalidTerm": {"guardianUntil": 1},
        "DataGovernor_SettingOutOfRange": {"governor": {**params["governor"], "votingPeriod": 1}},
        "DataLeases_InvalidParameter": {"leases": {**params["leases"], "bondDelay": 1}},
    }
    for error, changes in cases.items():
        birth = born(made, **changes)
        with pytest.raises(Reverted) as caught:
            begin(made, birth)
        assert caught.value.name == error
        assert exists(made, birth) == []


def test_creation_account__called_by_anybody__creates_nothing_of_the_dao(made: FactoryDao) -> None:
    """CREATE3's accounts create what anybody calls them with, but their first contract was the DAO's."""
    _, *accounts = made.makers
    for account, address in zip(accounts, made.addresses.values(), strict=True):
        before = made.chain.evm.get_code(address)
        made.chain.transact(made.who("stranger").address, account, bytes.fromhex("60fe5f5360015ff3"), 0)
        assert made.chain.evm.get_code(address) == before
        assert made.chain.nonce(account) == 3
