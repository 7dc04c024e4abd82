"""DAOs from a factory, on either back end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_utils import keccak

from assurance.harness.chain.artifacts import artifacts
from assurance.harness.chain.handles import Backend, Handle, Receipt, at, deploy
from assurance.harness.dao.dao import Dao
from datadao.chain.abi import FACTORY, ORDER, constructor_inputs
from deployer.creation import Creation, blueprint, blueprint_codes, create3_account, dao_params, storing

SALT = bytes(31) + b"\1"


def blueprints(chain: Backend, sender: str) -> list[tuple[str, str]]:
    """The blueprints of the eight contracts."""
    return [
        blueprint([chain.create(sender, storing(code)) for code in blueprint_codes(artifacts()[name].creation)])
        for _, name in ORDER
    ]


def factory(chain: Backend, sender: str) -> Handle:
    return deploy(chain, FACTORY, blueprints(chain, sender), sender=sender)


class FactoryDao(Dao):
    """A DAO that its deployer had a factory make."""

    factory: Handle
    creation: Creation
    begun: Receipt
    completed: Receipt

    def _create(self, deployer: str, twins: Sequence[str]) -> None:
        assert not twins, "a factory makes one kind of DAO"
        self.factory = factory(self.chain, deployer)
        self.creation = Creation(self.factory.address, deployer, self.params(), SALT)
        self.begun = self.factory.begin(self.creation.params, SALT, sender=deployer)
        self.completed = self.factory.complete(deployer, self.creation.params, SALT, sender=self.who("relayer").address)
        self.addresses = self.creation.system
        for key, name in ORDER:
            setattr(self, key, at(self.chain, name, self.addresses[key]))

    @property
    def makers(self) -> list[str]:
        """The factory, and the accounts through which it created the contracts."""
        salts = [keccak(self.creation.id + place.to_bytes(32, "big")) for place in range(len(ORDER))]
        return [self.factory.address, *(create3_account(self.factory.address, salt) for salt in salts)]

    def params(self, **changes: Any) -> dict[str, Any]:
        """`DaoParams` of the configuration; `changes` replace fields."""
        arguments = {}
        for _, name in ORDER:
            names = [entry["name"] for entry in constructor_inputs(artifacts()[name].abi)]
            arguments[name] = dict(zip(names, self._arguments(name, {}), strict=True))
        params = dao_params(arguments)
        assert changes.keys() <= params.keys()
        return params | changes
