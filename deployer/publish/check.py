"""Are the sources of a recorded deployment published where wallets and auditors look?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from datadao.chain.abi import FACTORY
from deployer.publish.service import Service, ServiceRefused, State
from deployer.verify.reader import Check

_WANTED = "published"


def check_published(services: list[Service], chain_id: int, entry: Mapping[str, Any]) -> Iterator[Check]:
    """What each service says of each recorded contract. It asks the services, not the chain, and so nothing here says
    that the sources are these: that is what a service's exact match means."""
    addresses = {name: item["address"] for name, item in entry["contracts"].items()}
    if "factory" in entry:
        addresses[FACTORY] = entry["factory"]["address"]
    for service in services:
        for name, address in addresses.items():
            try:
                found = service.published(chain_id, address)
            except ServiceRefused as error:
                yield Check(name, f"sources at {service.name}", _WANTED, str(error), False)
                continue
            ok = found.state is State.PUBLISHED
            there = f"{_WANTED}; {found.remark}" if found.remark else _WANTED
            yield Check(
                name, f"sources at {service.name}", _WANTED, there if ok else found.words or "not published", ok
            )
