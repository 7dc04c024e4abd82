"""DAOs in steady state: members, votes, batches and money are there, so that no figure is a first of its kind unless
its case says so."""

from __future__ import annotations

from assurance.harness.chain.anvil import Anvil
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.leases import Market
from assurance.harness.dao.registry import ascending
from assurance.harness.dao.system import DAY, Actor
from deployer.config import Config

FIRST_SECOND = 2_500_000_000
"""When every measured DAO is created. Later than any clock it is run on, so that a figure has the same times in its
data and with them the same zero bytes, whenever it is taken."""


def members(dao: Dao, count: int = 4, units: int = 300) -> list[Actor]:
    """A DAO in its second year: members, votes, several batches behind it."""
    people = [dao.who(f"member-{i}") for i in range(count)]
    for year in range(2):
        dao.contribute(*(leaf(member, f"{member.name}/{year}", units=units) for member in people))
        dao.chain.warp(8 * DAY)
    return people


class Town(Market):
    """A market among other members. Its founder holds enough to carry a vote alone; one lease has been paid for, so
    pools, treasury and credits are not empty."""

    def __init__(self, chain: Anvil, configuration: Config | None = None) -> None:
        dao = Dao(configuration, chain=chain)
        self.members = members(dao, units=250)
        super().__init__(dao, units=1_500)
        self.relayer = dao.who("relayer")
        dao.chain.warp(8 * DAY)
        self.active(dao.who("earlier licensee"))
        dao.deposit(0, 10**9)

    def people(self, role: str, count: int) -> list[Actor]:
        """Accounts of a role, ascending by address."""
        return ascending(self.dao.who(f"{role}-{i}") for i in range(count))
