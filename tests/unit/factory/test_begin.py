"""What `begin` creates, and what it refuses.

- six contracts at the predicted addresses, with the arguments they are asked for, and the event; neither registry
- again with the same parameters and salt: refused; with another salt, other parameters, by another: another DAO
- a constructor that refuses: its own error, nothing created
"""

from __future__ import annotations

from typing import Any

import pytest

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.factory import SALT, FactoryDao
from datadao.errors import Malformed
from deployer.creation import Creation, creation_from

OTHER = bytes(31) + b"\2"


def created(made: FactoryDao, salt: bytes = OTHER, creator: str = "deployer", **changes: Any) -> Creation:
    """What `creator` would get; nothing is sent."""
    return Creation(made.factory.address, made.who(creator).address, made.params(**changes), salt)


def begin(made: FactoryDao, creation: Creation) -> Any:
    return made.factory.begin(creation.params, creation.salt, sender=creation.creator)


def exists(made: FactoryDao, creation: Creation) -> list[str]:
    """Which contracts there are."""
    return [key for key, address in creation.system.items() if made.chain.evm.get_code(address)]


def test_begin__parameters_that_fit__creates_all_but_the_registries_and_emits(made: FactoryDao) -> None:
    creation = created(made)
    receipt = begin(made, creation)
    assert exists(made, creation) == [key for key in creation.system if key not in ("models", "registry")]
    assert vars(receipt.value) == creation.system
    (event,) = receipt.named("DataDAOBegun")
    assert event.address == made.factory.address
    assert (event.args["id"], event.args["creator"]) == (creation.id, creation.creator)
    assert vars(event.args["system"]) == creation.system


@pytest.mark.parametrize(
    "creation",
    [{}, {"salt": bytes(32)}, {"creator": "stranger"}, {"guardianUntil": 1_800_000_001}, {"name": "x" * 100}],
    ids=str,
)
def test_predict__any_parameters__is_what_the_client_predicts(made: FactoryDao, creation: dict[str, Any]) -> None:
    expected = created(made, **creation)
    id_, system = made.factory.predict(expected.creator, expected.params, expected.salt)
    assert (id_, vars(system)) == (expected.id, expected.system)
    assert creation_from(expected.factory, expected.creator, expected.begin) == expected


def test_creation_from__calldata_of_no_begin__is_malformed(made: FactoryDao) -> None:
    begun = made.creation.begin
    for data in (b"", begun[:-32], begun + bytes(32), made.creation.complete, bytes(4) + begun[4:]):
        with pytest.raises(Malformed):
            creation_from(made.creation.factory, made.creation.creator, data)


def test_creation_from__name_that_is_no_text__is_read_to_the_byte(made: FactoryDao) -> None:
    strange = made.creation.begin.replace(b"ANES Data DAO", b"\xff" * 13)
    assert strange != made.creation.begin
    assert creation_from(made.creation.factory, made.creation.creator, strange).begin == strange


def test_predict__another_salt_creator_or_parameter__is_another_dao_at_eight_other_addresses(made: FactoryDao) -> None:
    policy = {**made.params()["registry"], "challengePeriod": 1}
    creations = [
        made.creation,
        created(made),
        created(made, creator="stranger"),
        *(created(made, **{name: 1}) for name in ("minDelay", "guardianUntil", "maturitySupply")),
        *(created(made, **{name: "other"}) for name in ("name", "symbol", "governorName")),
        *(created(made, **{name: made.factory.address}) for name in ("asset", "guardian")),
        created(made, transferable=True),
        created(made, registry=policy),
        *(
            created(made, **{name: {**made.params()[name], field: 1}})
            for name in ("governor", "leases")
            for field in made.params()[name]
        ),
    ]
    assert len({creation.id for creation in creations}) == len(creations)
    assert len({address for creation in creations for address in creation.system.values()}) == 8 * len(creations)


def test_begin__twice__refused_and_nothing_changes(made: FactoryDao) -> None:
    with pytest.raises(Reverted) as caught:
        begin(made, made.creation)
    assert caught.value == Reverted("FailedDeployment")
    creation = created(made)
    begin(made, creation)
    with pytest.raises(Reverted) as caught:
        begin(made, creation)
    assert caught.value == Reverted("FailedDeployment")
    assert "registry" not in exists(made, creation)


@pytest.mark.parametrize("another", [{"salt": OTHER}, {"salt": SALT, "symbol": "TWO"}], ids=["salt", "parameter"])
def test_begin__again_with_another_salt_or_parameter__creates_another_dao(
    made: FactoryDao, another: dict[str, Any]
) -> None:
    creation = created(made, **another)
    begin(made, creation)
    assert len(exists(made, creation)) == 6
    assert not set(creation.system.values()) & set(made.addresses.values())


def test_begin__by_another_with_the_same_parameters_and_salt__cannot_take_the_creators_addresses_AB77(
    made: FactoryDao,
) -> None:
    mine, theirs = created(made), created(made, creator="stranger")
    begin(made, theirs)
    assert exists(made, mine) == []
    begin(made, mine)
    assert len(exists(made, mine)) == 6


def test_begin__constructor_refuses__its_own_error_and_nothing_is_created(made: FactoryDao) -> None:
    params = made.params()
    cases = {
        "DataTimelock_DelayOutOfRange": {"minDelay": 1},
        "EmergencyBrake_InvalidTerm": {"guardianUntil": 1},
        "DataGovernor_SettingOutOfRange": {"governor": {**params["governor"], "votingPeriod": 1}},
        "DataLeases_InvalidParameter": {"leases": {**params["leases"], "bondDelay": 1}},
    }
    for error, changes in cases.items():
        creation = created(made, **changes)
        with pytest.raises(Reverted) as caught:
            begin(made, creation)
        assert caught.value.name == error
        assert exists(made, creation) == []


def test_creation_account__called_by_any_account__creates_nothing_of_the_dao(made: FactoryDao) -> None:
    """CREATE3's accounts create what any account calls them with, but their first contract was the DAO's."""
    _, *accounts = made.makers
    for account, address in zip(accounts, made.addresses.values(), strict=True):
        before = made.chain.evm.get_code(address)
        made.chain.transact(made.who("stranger").address, account, bytes.fromhex("60fe5f5360015ff3"), 0)
        assert made.chain.evm.get_code(address) == before
        assert made.chain.nonce(account) == 3
