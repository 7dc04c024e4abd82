"""The relay as operators run it beside custodians: a Silverback bot, in a process of its own, on a real node."""

from __future__ import annotations

from datadao.profile import Profile
from tests.client.custodian.test_bot import running, until

from .conftest import RelayWorld


def test_bot__at_each_block__sends_what_members_signed(relaying: RelayWorld) -> None:
    world, home = relaying.world, relaying.folder.with_name("bot")
    store = {"url": f"file://{world.home / 'store'}"}
    spends = {"day": "0.5", "member": "0.1", "price": "3000"}
    addresses = dict(relaying.handle.addresses)
    Profile(home, network=world.url, deployment=addresses, account="TEST::9", store=store, relay=spends).write()
    relaying.to_vote()
    for member in relaying.members:
        relaying.ballot(member)
    bot = ("silverback", "run", "datadao.relay.bot", "--network", f"ethereum:local:{world.url}", "--record")
    with running(world, *bot, DATADAO_RELAY=str(home)) as (process, log):
        until(lambda: sum(relaying.votes), process, log, world)
    weight = relaying.handle.read("token", "balanceOf", relaying.members[0].address)
    assert relaying.votes == (0, 5 * weight, 0) and relaying.nonce == 0, "the bot's own account paid"
