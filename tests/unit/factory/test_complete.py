"""Who completes a DAO, and how it is created.

- by any account, with the creator's parameters and salt: the registry, the event, a DAO that works
- before it was begun, twice, for another creator, with another parameter or salt: refused, and nothing lands
"""

from __future__ import annotations

from typing import Any

import pytest

from assurance.harness.chain.handles import Receipt, Reverted
from assurance.harness.dao.dao import leaf
from assurance.harness.dao.factory import SALT, FactoryDao
from deployer.creation import Creation
from tests.unit.factory.test_begin import begin, created, exists


def complete(made: FactoryDao, creation: Creation, sender: str) -> Receipt:
    receipt: Receipt = made.factory.complete(
        creation.creator, creation.params, creation.salt, sender=made.who(sender).address
    )
    return receipt


@pytest.mark.parametrize("sender", ["deployer", "stranger"])
def test_complete__by_any_account__creates_the_registries_and_emits(made: FactoryDao, sender: str) -> None:
    creation = created(made)
    begin(made, creation)
    receipt = complete(made, creation, sender)
    assert exists(made, creation) == list(creation.system)
    assert vars(receipt.value) == creation.system
    (event,) = receipt.named("DataDAOCompleted")
    assert (event.args["id"], event.args["creator"]) == (creation.id, creation.creator)
    assert vars(event.args["system"]) == creation.system


def test_complete__the_dao__accepts_data_leases_it_and_pays(made: FactoryDao) -> None:
    member, licensee = made.who("member"), made.who("licensee")
    made.contribute(leaf(member, "all of it", units=600))
    lease, proposal = made.request(licensee)
    made.pass_(proposal, member)
    made.deliver(lease)
    made.splitter.claim(member.address, [0, 1], sender=member.address)
    assert made.asset.balanceOf(member.address) > 0
    made.govern(member, made.registry, "updatePolicy", 1, made.registry.currentPolicy(1))
    assert made.registry.dataset(1).policyVersion == 2


def test_complete__the_contracts__say_what_their_parameters_said(made: FactoryDao) -> None:
    params = made.creation.params
    said = {
        "name": made.token.name(),
        "symbol": made.token.symbol(),
        "transferable": made.token.transferable(),
        "maturitySupply": made.token.maturitySupply(),
        "minDelay": made.timelock.getMinDelay(),
        "guardian": made.brake.guardian(),
        "guardianUntil": made.brake.guardianUntil(),
        "asset": made.leases.asset(),
        "governorName": made.governor.name(),
    }
    assert said == {name: params[name] for name in said}
    assert made.models.asset() == made.splitter.asset() == params["asset"]
    assert made.governor.votingDelay() == params["governor"]["votingDelay"]
    assert made.leases.startWindow() == params["leases"]["startWindow"]
    assert made.registry.epochFloor() == params["registry"]["epochFloor"]


def test_complete__before_it_was_begun__refused(made: FactoryDao) -> None:
    creation = created(made)
    with pytest.raises(Reverted) as caught:
        complete(made, creation, "deployer")
    assert caught.value == Reverted("System_NoCode", creation.system["timelock"])
    begin(made, creation)
    complete(made, creation, "deployer")


def test_complete__twice__refused(made: FactoryDao) -> None:
    with pytest.raises(Reverted) as caught:
        complete(made, made.creation, "stranger")
    assert caught.value == Reverted("FailedDeployment")


@pytest.mark.parametrize(
    "other",
    [{"salt": SALT}, {"creator": "stranger"}, {"symbol": "OTHER"}, {"maturitySupply": 7}, {"registry": {}}],
    ids=lambda other: next(iter(other)),
)
def test_complete__otherwise_than_it_was_begun__lands_nowhere_AB77(made: FactoryDao, other: dict[str, Any]) -> None:
    """A stranger can put neither its attestors nor anything else into a DAO that another account began."""
    salt = bytes(31) + b"\3"
    creation = created(made, salt)
    begin(made, creation)
    if "registry" in other:
        registry = creation.params["registry"]
        other = {"registry": {**registry, "attestors": registry["attestors"][:2]}}
    wrong = created(made, **({"salt": salt} | ({"symbol": "X"} if "salt" in other else {}) | other))
    with pytest.raises(Reverted) as caught:
        complete(made, wrong, "stranger")
    assert caught.value == Reverted("System_NoCode", wrong.system["timelock"])
    assert exists(made, wrong) == []
    assert not {"models", "registry"} & set(exists(made, creation))


def test_complete__registry_refuses__its_own_error_and_the_six_stay_useless(made: FactoryDao) -> None:
    creation = created(made, registry={**made.params()["registry"], "claimPeriod": 1})
    begin(made, creation)
    with pytest.raises(Reverted) as caught:
        complete(made, creation, "deployer")
    assert caught.value.name == "DatasetRegistry_InvalidParameter"
    assert not {"models", "registry"} & set(exists(made, creation))
