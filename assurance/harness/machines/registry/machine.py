"""Random lives of a whole DAO in front of the registry's model; what is looked at between steps is in `checks.py`."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import leaf
from assurance.harness.dao.registry import UNIT, ascending, executable
from assurance.harness.machines.base import initialize, rule
from assurance.harness.machines.governance.world import asked
from assurance.harness.machines.registry.batching import leaf_lists
from assurance.harness.machines.registry.checks import RegistryChecks
from assurance.harness.machines.registry.inheriting import Inheriting
from assurance.harness.machines.registry.life import picks, small
from assurance.harness.machines.registry.trading import Trading
from assurance.harness.machines.registry.world import MATURITY, SETS, RegistryWorld, model_of
from assurance.harness.models.registry.records import DAY
from assurance.harness.models.token_splitter import Asset, Splitter, Token


class RegistryMachine(Inheriting, Trading, RegistryChecks):
    worlds: ClassVar[dict[Any, Any]] = {}

    @initialize(first=leaf_lists, second=leaf_lists)
    def create(self, first: list[tuple[int, ...]], second: list[tuple[int, ...]]) -> None:
        self.dao = dao = self.settled(lambda: RegistryWorld(self.twins, self.species, self.transferable)).dao
        self.members = [dao.who(f"member-{i}") for i in range(4)]
        self.contributors = [*(m.address for m in self.members), ADDRESS_ZERO, dao.addresses["token"]]
        self.stranger, self.guardian, self.founder = (dao.who(name) for name in ("stranger", "guardian", "founder"))
        asset = Asset()
        self.splitter = Splitter(dao.addresses["splitter"], dao.registry.address, dao.addresses["token"], asset)
        self.token = Token(dao.addresses["token"], dao.registry.address, self.transferable, MATURITY)
        self.registry, self.asset = model_of(dao, self.splitter, self.token), asset
        self.begin_heirs()
        self.begin_registry()
        self._publish(1, [leaf(self.founder, "founder", 300)], {}, "enough")
        self.wait(DAY)
        self.activate(0)
        self.claim(0, 0, 0)
        self.wait(1)
        # Two batches to begin with, so that lives are about something.
        self.accept_data(1, first, {})
        self.accept_data(2, second, {})

    @rule(pool=small, amount=st.sampled_from([1, 7, 1_000_003]))
    def deposit(self, pool: int, amount: int) -> None:
        payer = self.dao.who("payer").address
        self.asset.balances[payer] += amount
        self.asset.approved.add((payer, self.splitter.address))
        self.step(lambda: self.splitter.deposit(payer, pool, amount), lambda: self.dao.deposit(pool, amount))

    @rule(who=small)
    def collect(self, who: int) -> None:
        account, by = self.members[who].address, self.stranger.address
        self.step(
            lambda: self.splitter.claim(by, account, [0, 1, 2]),
            lambda: self.dao.splitter.claim(account, [0, 1, 2], sender=by),
        )

    @rule(seconds=st.sampled_from([1, 1, DAY - 1, DAY, DAY, DAY, 3 * DAY, 8 * DAY, 365 * DAY]))
    def wait(self, seconds: int) -> None:
        self.dao.chain.warp(seconds)

    @rule(second=st.sampled_from([-1, 0]))
    def wait_for_the_epoch(self, second: int) -> None:
        self.jump(self.registry.epoch_cap()[2] + second)

    @rule(guardian=st.sampled_from([0, 0, 1]))
    def pull_the_brake(self, guardian: int) -> None:
        who = self.guardian.address if guardian else self.stranger.address
        self.step(lambda: self.registry.pull(who), lambda: self.dao.brake.pull(sender=who))

    @precondition(lambda self: self.votes < 3)
    @rule(kind=st.sampled_from(["attestors", "policy", "discard"]), pick=picks, rate=st.sampled_from([1, 2]))
    def vote(self, kind: str, pick: int, rate: int) -> None:
        """Six days pass, then the timelock acts."""
        self.votes += 1
        if self.static:
            kind = "discard"
        if kind == "attestors":
            names, threshold = SETS[1 - self.set]
            keys = [(a.address, b"\1" * 32) for a in ascending(map(self.dao.who, names))]
            proposal = executable(self.dao, "setAttestors", keys, threshold)
            self.registry.set_attestors({address for address, _ in keys}, threshold)
            self.set = 1 - self.set
        elif kind == "policy":
            policy = vars(self.dao.registry.currentPolicy(1)) | {"sharesPerUnit": rate * UNIT}
            proposal = executable(self.dao, "updatePolicy", 1, policy)
            self.registry.update_policy(1, (rate * UNIT, policy["minQuality"]))
        else:
            number, _ = self.some_batch(pick)
            proposal = executable(self.dao, "discard", number)
            _, refusal = asked(lambda: self.registry.discard(number))
            if refusal:
                with pytest.raises(Reverted) as caught:
                    self.dao.execute(proposal)
                assert caught.value == refusal
                return
        self.dao.execute(proposal)
        self.reached[f"vote: {kind}"] += 1

    @rule(who=st.sampled_from(["stranger", "guardian", "attestor-0", "member-0", "founder"]), what=small)
    def seize_power(self, who: str, what: int) -> None:
        caller = self.dao.who(who).address
        keys = [(caller, b"\1" * 32)]
        name, args = [
            ("setAttestors", (keys, 1)),
            ("discard", (1,)),
            ("setCommittee", ([(caller, b"\1" * 32, "")], 1)),
            ("updatePolicy", (1, vars(self.dao.registry.currentPolicy(1)))),
        ][what]
        with pytest.raises(Reverted) as caught:
            getattr(self.dao.registry, name)(*args, sender=caller)
        assert caught.value == Reverted("DatasetRegistry_NotTimelock", caller)

    def teardown(self) -> None:
        if "splitter" in self.__dict__ and not self.failed:
            self.inclusion()
            self.heirs_take_all()
            self.everybody_leaves()
