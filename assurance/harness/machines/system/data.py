"""Steps: members claim, leave and are paid while votes and leases run, payers pay, and anybody tries what is not for
them to do."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import ACTIVE as VOTING
from assurance.harness.dao.system import DAY
from assurance.harness.machines.base import rule
from assurance.harness.machines.leases.life import picks
from assurance.harness.machines.leases.world import LEASED, POOLS
from assurance.harness.machines.system.life import SystemLife
from assurance.harness.models.registry.records import Proof
from assurance.harness.models.token_splitter import Done


class Data(SystemLife):
    # Contributions

    def claim_leaf(self, number: int, place: int) -> None:
        batch, tree = self.registry.batches[number - 1], self.batches[number - 1].manifest.tree
        item, proof = batch.leaves[place], Proof(number, place)
        nodes = list(tree.proof(place))
        expect = lambda: self.registry.claim(number, item, proof)  # noqa: E731
        self.send("registry", "claim", number, tuple(item), nodes, expect=expect)

    def erase_leaf(self, number: int, place: int) -> None:
        batch, tree = self.registry.batches[number - 1], self.batches[number - 1].manifest.tree
        item, proof = batch.leaves[place], Proof(number, place)
        owner = self.owner(self.token.heirs.holder(item.contributor))
        self.send(
            "registry", "erase", number, tuple(item), list(tree.proof(place)),
            expect=lambda: self.registry.erase(owner.address, number, item, proof), by=owner,
        )  # fmt: skip
        self.reached["left under the brake"] += self.now < self.government.pulled_until
        self.reached["left during a vote"] += any(self.government.state(poll) == VOTING for poll in self.polls)
        self.reached["left during a lease"] += bool(self.running())

    def erase_some(self, pick: int, dataset: int) -> None:
        if fit := self.erasable(dataset):
            self.erase_leaf(*fit[-1 - pick % len(fit)])

    def erase_all(self, dataset: int) -> None:
        for number, place in self.erasable(dataset):
            self.erase_leaf(number, place)

    @rule(pick=picks, dataset=st.sampled_from(LEASED))
    def leave(self, pick: int, dataset: int) -> None:
        """R-8: at any time, whatever is voted on, leased, paused or failing."""
        self.erase_some(pick, dataset)

    # Income

    @rule(pool=st.sampled_from(POOLS), amount=st.sampled_from([1, 7, 1_000_003]))
    def deposit(self, pool: int, amount: int) -> None:
        payer = self.dao.who("payer")
        expect = lambda: self.splitter.deposit(payer.address, pool, amount)  # noqa: E731
        self.send("splitter", "deposit", pool, amount, expect=expect, by=payer)

    @rule(pick=picks)
    def claim_income(self, pick: int) -> None:
        people = [self.founder, *self.members, self.stranger]
        self.pay_out(people[pick % len(people)].address)

    def pay_out(self, account: str) -> None:
        def expect() -> Done:
            due = self.splitter.claimable(account, POOLS)
            if due:
                self.asset.require(self.splitter.address, account, due)
            return self.splitter.claim(self.stranger.address, account, POOLS)

        self.send("splitter", "claim", account, POOLS, expect=expect)

    # Time

    @rule(pick=st.integers(0, 5), offset=st.sampled_from([-1, 0, 0, 1]))
    def wait(self, pick: int, offset: int) -> None:
        ahead = sorted(at for at in self.boundaries() if at > self.now)
        self.jump(ahead[pick % len(ahead)] + offset if ahead else self.now + DAY)

    # What is not for them

    @rule(who=st.sampled_from(["stranger", "guardian", "member-0", "licensee-1", "attestor-0"]), pick=picks)
    def seize_power(self, who: str, pick: int) -> None:
        for turn in range(3):
            self.seize(who, pick + 5 * turn)

    def seize(self, who: str, pick: int) -> None:
        """Tries one of the things that the timelock alone may do, or a contract alone."""
        dao, caller = self.dao, self.dao.who(who).address
        role, policy = dao.timelock.PROPOSER_ROLE(), vars(dao.registry.currentPolicy(1))
        contract, name, args, error = [
            ("registry", "setAttestors", ([(caller, b"\1" * 32)], 1), ("DatasetRegistry_NotTimelock", caller)),
            ("registry", "updatePolicy", (1, policy), ("DatasetRegistry_NotTimelock", caller)),
            ("registry", "setCommittee", ([(caller, b"\1" * 32, "")], 1), ("DatasetRegistry_NotTimelock", caller)),
            ("leases", "approve", (1, bytes(32)), ("DataLeases_NotTimelock", caller)),
            ("leases", "terminate", (1, 0, 4000), ("DataLeases_NotTimelock", caller)),
            ("leases", "createOffer", (dao.terms(), caller, 1, self.now + DAY), ("DataLeases_NotTimelock", caller)),
            ("brake", "setGuardian", (caller, self.now + DAY), ("EmergencyBrake_NotTimelock", caller)),
            ("governor", "setQuorumBps", (100,), ("GovernorOnlyExecutor", caller)),
            ("governor", "proposeLease", (1, bytes(32), caller, ""), ("DataGovernor_NotLeases", caller)),
            ("timelock", "updateDelay", (2 * DAY,), ("TimelockUnauthorizedCaller", caller)),
            ("timelock", "schedule", (caller, 0, b"", bytes(32), bytes(32), 30 * DAY),
             ("AccessControlUnauthorizedAccount", caller, role)),
            ("token", "mint", (caller, 1), ("DataToken_NotRegistry", caller)),
            ("splitter", "addPendingShares", (1, 1), ("RevenueSplitter_NotRegistry", caller)),
            ("splitter", "moveMember", (1, self.founder.address, caller), ("RevenueSplitter_NotToken", caller)),
        ][pick % 14]  # fmt: skip

        def refuse() -> None:
            raise Reverted(*error)

        self.send(contract, name, *args, expect=refuse, by=self.dao.who(who))
        self.reached["power refused"] += 1

    @precondition(lambda self: self.asset.failure)
    @rule(pick=picks)
    def asset_fails_members(self, pick: int) -> None:
        """For one of the people, who is paid nothing meanwhile; everybody else is."""
        people = [self.founder, *self.members]
        account = people[pick % len(people)].address
        self.asset.toggle(self.dao.asset, account)
        for person in people:
            self.pay_out(person.address)
