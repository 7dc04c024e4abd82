"""Who completes a DAO, and how it is born.

- by anybody, with the creator's parameters and salt: the registry, the event, a DAO that works
- before it was begun, twice, for another creator, with another parameter or salt: refused, and nothing lands
"""

from __future__ import annotations

from typing import Any

import pytest

from datadao.factory import Birth
from tests.support.dao import leaf
from tests.support.factory import SALT, FactoryDao
from tests.support.handles import Receipt, Reverted
from tests.unit.factory.test_begin import begin, born, exists


def complete(made: FactoryDao, birth: Birth, sender: str) -> Receipt:
    receipt: Receipt = made.factory.complete(birth.creator, birth.params, birth.salt, sender=made.who(sender).address)
    return receipt


@pytest.mark.parametrize("sender", ["deployer", "stranger"])
def test_complete__by_anybody__creates_the_registry_and_tells(made: FactoryDao, sender: str) -> None:
    birth = born(made)
    begin(made, birth)
    receipt = complete(made, birth, sender)
    assert exists(made, birth) == list(birth.system)
    assert vars(receipt.value) == birth.system
    (event,) = receipt.named("DataDAOCompleted")
    assert (event.args["id"], event.args["creator"]) == (birth.id, birth.creator)
    assert vars(event.args["system"]) == birth.system


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
    params = made.birth.params
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
    birth = born(made)
    with pytest.raises(Reverted) as caught:
        complete(made, birth, "deployer")
    assert caught.value == Reverted("System_NoCode", birth.system["timelock"])
    begin(made, birth)
    complete(made, birth, "deployer")


def test_complete__twice__refused(made: FactoryDao) -> None:
    with pytest.raises(Reverted) as caught:
        complete(made, made.birth, "stranger")
    assert caught.value == Reverted("FailedDeployment")


@pytest.mark.parametrize(
    "other",
    [{"salt": SALT}, {"creator": "stranger"}, {"symbol": "OTHER"}, {"maturitySupply": 7}, {"registry": {}}],
    ids=lambda other: next(iter(other)),
)
def test_complete__otherwise_than_it_was_begun__lands_nowhere_AB77(made: FactoryDao, other: dict[str, Any]) -> None:
    """A stranger can put neither its attestors nor anything else into a DAO that somebody began."""
    salt = bytes(31) + b"\3"
    birth = born(made, salt)
    begin(made, birth)
    if "registry" in other:
        registry = birth.params["registry"]
        other = {"registry": {**registry, "attestors": registry["attestors"][:2]}}
    wrong = born(made, **({"salt": salt} | ({"symbol": "X"} if "salt" in other else {}) | other))
    with pytest.raises(Reverted) as caught:
        complete(made, wrong, "stranger")
    assert caught.value == Reverted("System_NoCode", wrong.system["timelock"])
    assert exists(made, wrong) == []
    assert "registry" not in exists(made, birth)


def test_complete__registry_refuses__its_own_error_and_the_seven_stay_useless(made: FactoryDao) -> None:
    birth = born(made, registry={**made.params()["registry"], "claimPeriod": 1})
    begin(made, birth)
    with pytest.raises(Reverted) as caught:
        complete(made, birth, "deployer")
    assert caught.value.name == "DatasetRegistry_InvalidParameter"
    assert "registry" not in exists(made, birth)
