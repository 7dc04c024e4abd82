"""DatasetRegistry's creation: every parameter within its bounds, every counterpart in place, everything there at once.

A refused constructor fails the whole deployment, so these run in process, on a chain of their own.
"""

from __future__ import annotations

from typing import Any

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.artifacts import artifacts
from assurance.harness.chain.evm import Revm
from assurance.harness.chain.handles import Reverted, deploy
from assurance.harness.dao.registry import UNIT, name32
from assurance.harness.dao.system import DAY, System, actor, config
from datadao.chain.abi import ORDER, create_address
from datadao.chain.arguments import Context

PARAMS = "DatasetRegistry__params__"
ZERO_KEY = "0x" + "00" * 32
KEY = "0x" + "11" * 32


def created(**params: Any) -> System:
    return System(config(**{PARAMS + name: value for name, value in params.items()}))


def not_created(error: Reverted, **params: Any) -> None:
    with pytest.raises(Reverted) as caught:
        created(**params)
    assert caught.value == error


def attestor(alias: int | str, key: str = KEY) -> dict[str, Any]:
    return {"signer": f"TEST::{alias}" if isinstance(alias, int) else alias, "hpkeKey": key}


def custodian(alias: int | str, key: str = KEY) -> dict[str, Any]:
    return attestor(alias, key) | {"uri": ""}


BOUNDS = {
    "challengePeriod": (0, 30 * DAY),
    "claimPeriod": (365 * DAY, 36_500 * DAY),
    "epochLength": (DAY, 366 * DAY),
    "epochFloor": (UNIT, 2**63 - 1),
    "epochCapBps": (0, 10_000),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_constructor__parameter_at_its_bounds__accepted_and_readable(name: str) -> None:
    for value in BOUNDS[name]:
        assert getattr(created(**{name: value}).registry, name)() == value


@pytest.mark.parametrize("name", BOUNDS)
def test_constructor__parameter_one_beyond_its_bounds__refused(name: str) -> None:
    low, high = BOUNDS[name]
    for value in (low - 1, high + 1):
        if value >= 0:
            error = Reverted("DatasetRegistry_InvalidParameter", name32(name), value, low, high)
            not_created(error, **{name: value})


def test_constructor__complete__with_first_attestors_committee_and_datasets() -> None:
    dao = System()
    registry = dao.registry
    assert (registry.attestorSetVersion(), registry.committeeEpoch(), registry.datasetCount()) == (1, 1, 1)
    members, threshold = registry.attestors(1)
    assert {m.signer for m in members} == {dao.actors[f"attestor-{i}"].address for i in range(3)}
    assert (threshold, registry.committee(1)[1], registry.batchCount()) == (2, 3, 0)
    assert [c.signer for c in registry.committee(1)[0]] == [dao.actors[f"custodian-{i}"].address for i in range(5)]
    assert dao.token.totalSupply() == 0, "no premine"
    assert (registry.MAX_ATTESTORS(), registry.MAX_CUSTODIANS()) == (32, 32)


def test_constructor__code_size__is_below_the_limit() -> None:
    assert len(artifacts()["DatasetRegistry"].runtime) < 24_576


def test_constructor__without_a_veto_period__batches_activate_at_once() -> None:
    assert created(challengePeriod=0).registry.challengePeriod() == 0


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"attestorThreshold": 0}, Reverted("DatasetRegistry_InvalidThreshold", 0, 3, 32)),
        ({"attestorThreshold": 4}, Reverted("DatasetRegistry_InvalidThreshold", 4, 3, 32)),
        ({"custodianThreshold": 0}, Reverted("DatasetRegistry_InvalidThreshold", 0, 5, 32)),
        ({"custodianThreshold": 6}, Reverted("DatasetRegistry_InvalidThreshold", 6, 5, 32)),
        ({"attestors": []}, Reverted("DatasetRegistry_InvalidThreshold", 2, 0, 32)),
        ({"custodians": []}, Reverted("DatasetRegistry_InvalidThreshold", 3, 0, 32)),
    ],
    ids=str,
)
def test_constructor__thresholds_that_do_not_fit__refused_AB61(params: dict, error: Reverted) -> None:
    not_created(error, **params)


def test_constructor__attestor_or_custodian_zero_twice_or_without_key__refused_AB54_AB61() -> None:
    zero = ADDRESS_ZERO
    first = System().actors["attestor-0"].address
    ascending = "DatasetRegistry_SignersNotAscending"
    not_created(Reverted(ascending, zero, zero), attestors=[attestor(zero), attestor(2)])
    not_created(Reverted(ascending, first, first), attestors=[attestor(2), attestor(2)])
    not_created(Reverted("DatasetRegistry_ZeroKey", first), attestors=[attestor(2, ZERO_KEY)], attestorThreshold=1)
    committee = {"custodianThreshold": 1}
    not_created(Reverted("DatasetRegistry_InvalidCustodian", zero), custodians=[custodian(zero)], **committee)
    not_created(Reverted("DatasetRegistry_InvalidCustodian", first), custodians=[custodian(2)] * 2, **committee)
    not_created(Reverted("DatasetRegistry_ZeroKey", first), custodians=[custodian(2, ZERO_KEY)], **committee)


def test_constructor__policy_out_of_range__refused() -> None:
    policies = [dict(config().contracts["DatasetRegistry"]["params"]["policies"][0])]
    broken = [*policies, policies[0] | {"minQuality": 0}]
    not_created(Reverted("DatasetRegistry_InvalidPolicy", name32("minQuality"), 0, 1, 10_000), policies=broken)
    twice = created(policies=policies * 2)
    assert twice.registry.datasetCount() == 2


class Skipping(Revm):
    """A chain on which the deployer sends one more transaction before the last of the plan."""

    def __init__(self) -> None:
        super().__init__()
        self._created = 0

    def create(self, sender: str, code: bytes) -> str:
        self._created += 1
        if self._created == 1 + len(ORDER):
            super().create(sender, b"\x60\x00\x60\x00\xf3")
        return super().create(sender, code)


def test_constructor__at_another_address_than_predicted__refused_B21() -> None:
    deployer = actor("deployer").address
    # Nonce 0 is the asset's.
    expected, actual = (create_address(deployer, len(ORDER) + late) for late in (0, 1))
    with pytest.raises(Reverted) as caught:
        System(chain=Skipping())
    assert caught.value == Reverted("System_WrongAddress", expected, actual)


@pytest.mark.parametrize("missing", [key for key, _ in ORDER if key != "registry"])
def test_constructor__counterpart_without_code__refused_B21(missing: str) -> None:
    dao = System()
    deployer = dao.actors["deployer"].address
    codeless = actor("codeless").address
    system = dao.addresses | {missing: codeless, "registry": create_address(deployer, dao.chain.nonce(deployer))}
    context = Context(dao._account, dao.chain.timestamp, dao.asset.address)
    args = dao.config.arguments("DatasetRegistry", artifacts()["DatasetRegistry"].abi, system, context)
    with pytest.raises(Reverted) as caught:
        deploy(dao.chain, "DatasetRegistry", *args, sender=deployer)
    assert caught.value == Reverted("System_NoCode", codeless)
