"""What other contracts ask: an access condition, a vault that holds data tokens, a governor of governors; and, so that
no view is without a figure, every other one with the arguments of `given.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from assurance.bench.gas import functions, given
from assurance.bench.gas.given import Given
from assurance.bench.gas.meter import Figure, Meter, UnmeasuredError
from assurance.bench.gas.registry import deep_batch
from assurance.bench.gas.world import Town
from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.handles import Handle
from assurance.harness.dao.dao import leaf
from assurance.harness.dao.factory import FactoryDao
from assurance.harness.dao.system import DAY
from datadao.chain.abi import ORDER


def answers(chain: Anvil) -> list[Figure]:
    town = Town(chain)
    dao, meter, licensee, member = town.dao, Meter(town.dao), town.licensee, town.members[0]
    lease = town.active()
    proposal = dao.propose(town.founder, (dao.registry, "discard", (1,)))
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, town.founder)

    meter.ask(dao.leases, "leaseAccess", lease, case="a running lease")
    meter.ask(dao.leases, "isAccessAllowed", 1, licensee.address, 1, case="one running lease")
    meter.ask(dao.leases, "lease", lease, case="a running lease")
    meter.ask(dao.leases, "leaseTerms", lease, case="a running lease")
    meter.ask(dao.leases, "isOverdue", lease, case="not overdue")
    meter.ask(dao.leases, "solvency", case="at any size")

    item = leaf(member, "asked for")
    message, paths = deep_batch(dao, [item])
    batch = dao.registry.publish(message, dao.sign_batch(message), "", sender=town.relayer.address).value
    chain.warp(dao.registry.challengePeriod())
    dao.registry.activate(batch, sender=town.relayer.address)
    meter.ask(dao.registry, "isIncluded", batch, tuple(item), paths.proof(0), case="unclaimed, 20 siblings")
    dao.registry.claim(batch, tuple(item), paths.proof(0), sender=town.relayer.address)
    meter.ask(dao.registry, "isIncluded", batch, tuple(item), paths.proof(0), case="claimed, 20 siblings")
    meter.ask(dao.registry, "contribution", item.fingerprint, case="claimed")
    meter.ask(dao.registry, "seatOf", 1, dao.actors["custodian-0"].address, case="a custodian")
    meter.ask(dao.registry, "erasuresAt", 1, town.now, case="no erasure yet")

    meter.ask(dao.splitter, "claimable", member.address, [1], case="one pool")
    meter.ask(dao.splitter, "claimable", member.address, [0, 1], case="two pools")
    meter.ask(dao.splitter, "sharesOf", 1, member.address, case="a member")
    meter.ask(dao.splitter, "acceptsDeposit", 1, 10**6, case="yes")
    meter.ask(dao.splitter, "conservation", case="at any size")

    meter.ask(dao.token, "balanceOf", member.address, case="a member")
    meter.ask(dao.token, "getVotes", member.address, case="never delegated")
    meter.ask(dao.token, "getPastVotes", member.address, town.now - DAY, case="never delegated, three checkpoints")
    meter.ask(dao.governor, "state", proposal.id, case="after its vote")
    meter.ask(dao.governor, "proposalVotes", proposal.id, case="one vote")
    meter.ask(dao.governor, "hasVoted", proposal.id, town.founder.address, case="yes")
    meter.ask(dao.brake, "isPulled", case="released")
    handles = (getattr(dao, key) for key, _ in ORDER)
    ask_others(meter, handles, given.of_town(town, lease, batch, message, item))
    return meter.figures


def factories(chain: Anvil) -> list[Figure]:
    created = FactoryDao(chain=chain)
    meter = Meter(created)
    ask_others(meter, [created.factory], given.of_factory(created))
    return meter.figures


def ask_others(meter: Meter, handles: Iterable[Handle], arguments: Mapping[str, Given]) -> None:
    """Asks every view and pure function of these contracts that the meter has no figure of.

    Raises `UnmeasuredError` for parameters without an argument, all at once, and for a call that reverts.
    """
    known = {figure.function for figure in meter.figures}
    asked: list[tuple[Handle, str, list[Given]]] = []
    missing, used = [], set()
    for handle in handles:
        for entry in functions.reading(handle.artifact.name):
            title, found = f"{handle.artifact.name}.{entry['name']}", []
            if title in known:
                continue
            for place, parameter in enumerate(entry["inputs"]):
                name = parameter["name"] or str(place)
                key = next((key for key in (f"{title}.{name}", name) if key in arguments), None)
                if key is None:
                    missing.append(
                        f"{title} has no figure: assurance/bench/gas/given.py has no {parameter['type']} {name}"
                    )
                else:
                    found.append(arguments[key])
                    used.add(key)
            asked.append((handle, entry["name"], found))
    missing += [f"assurance/bench/gas/given.py: no function takes {key}" for key in arguments if key not in used]
    if missing:
        raise UnmeasuredError("\n".join(missing))
    for handle, name, found in asked:
        meter.ask(handle, name, *_values(found), case=_case(found))


def _values(found: Iterable[Given]) -> list[Any]:
    return [argument.value for argument in found]


def _case(found: Iterable[Given]) -> str:
    """What the arguments are, each said once."""
    return ", ".join(dict.fromkeys(argument.words for argument in found)) or "no arguments"


PARTS = (answers, factories)
