"""A holder with a browser and no ether: it collects, votes, names an heir and takes its data out by signatures, which a
relay sends and pays for.

given a DAO whose desk serves its page, a relay beside it, and a member whose data was accepted
  when it collects                  its shares and votes should be its own
  when it votes                     the ballot should count, at the relay's cost
  when it names an heir             the token should have it
  when it takes its data out        the registry should say so
  throughout                        it should have sent no transaction and have no ether
given a member that is a contract (ERC-1271)
  when it votes                     the ballot should count the same way
  when the desk lies about a proposal    the page should say so, and offer no vote
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from assurance.harness.browser import Browser, Wallet
from assurance.harness.chain.handles import deploy
from assurance.harness.dao.dao import leaf
from tests.web.desk_world import DeskWorld, desk_world
from tests.web.pictures import Pictures


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskWorld]:
    with desk_world(tmp_path_factory.mktemp("holder")) as made:
        yield made


AGREEMENT = b'{"purpose": "research", "mayBePublished": false}'


def handed(browser: Browser) -> None:
    browser.see("Handed in. The DAO's relay sends it and pays for it")


def test_holder__without_ether__collects_votes_names_an_heir_and_takes_data_out(
    desk: DeskWorld, pictures: Pictures
) -> None:
    world, dao, member = desk.world, desk.world.dao, desk.world.dao.who("holder")
    mine = world.encrypt(member, b'{"age": 30, "diary": "mine"}\n')
    world.publish([mine])
    dao.deposit(1, 900_000_000)
    relay = desk.relay
    with desk.browser(member) as browser:
        browser.open(desk.site.url + "#/mine")
        browser.connect("holder")
        browser.see("accepted; collect its shares above")
        browser.press("Collect without paying a fee")
        handed(browser)
        while relay.round().waiting:  # shares first, then what they earned
            pass
        assert dao.token.balanceOf(member.address) > 0
        assert dao.asset.balanceOf(member.address) > 0
        browser.press("Look again")
        browser.see("Collecting", "Done.", "accepted, earning for you")

        asked = dao.terms(agreementHash=world.store.put_bytes(AGREEMENT))
        dao.fund(world.licensee_account, asked["pricePerPeriod"] * asked["periods"] + asked["bond"], dao.leases)
        lease, _ = dao.leases.request(
            asked, bytes(range(32)), "To see how opinions move.", sender=world.licensee_account.address
        ).value
        proposal = dao.lease_proposal(lease)
        dao.to_vote(proposal.id)
        browser.press("Votes", "link")
        browser.see(f"Shall request {lease} to rent data be accepted?", "To see how opinions move.", "Your vote (")
        browser.press("The agreement")
        browser.see('"mayBePublished": false')
        pictures.take(browser, "vote")
        browser.press("For", "radio")
        browser.press("Vote without paying a fee")
        handed(browser)
        sent = relay.round().sent
        assert dao.governor.hasVoted(proposal.id, member.address)
        assert dao.governor.proposalVotes(proposal.id)[1] == dao.token.balanceOf(member.address)
        print(f"a ballot by signature: {sum(item.gas for item in sent):,} gas, paid by the relay")

        browser.press("Mine", "link")
        browser.see("Your income", "earning for you")
        pictures.take(browser, "mine")
        heir = dao.who("heir of the holder").address
        browser.press("Name an heir")
        browser.fill("Address of the heir", heir)
        browser.fill("Days to object", "60")
        browser.press("Name this heir", "button")
        browser.see("Naming an heir", "Waiting for the relay.")
        relay.round()
        assert dao.token.succession(member.address)[:2] == (heir, 60)

        browser.press("Take out", "button")
        browser.see("This cannot be undone.")
        assert browser.do("axe") == []
        browser.press("Take it out without paying a fee")
        browser.see("Taking out", "Waiting for the relay.")
        relay.round()
        assert dao.registry.contribution(mine.fingerprint).status == 2
        browser.press("Look again")
        browser.see("Taking out", "Naming an heir")
        facts = browser.do("facts")
    kinds = [message["primaryType"] for message in facts["signed"]]
    assert kinds == ["ClaimRequest", "Ballot", "BindHeir", "Erase"]
    assert (dao.chain.nonce(member.address), desk.node.web3.eth.get_balance(member.address)) == (0, 0)
    assert facts["trouble"] == []


def test_contract__as_a_member__votes_by_signature_and_is_warned_of_a_desk_that_lies(desk: DeskWorld) -> None:
    world, dao, owner = desk.world, desk.world.dao, desk.world.dao.who("owner of a safe")
    safe: str = deploy(dao.chain, "ContractWallet", owner.address, sender=owner.address).address
    payee = dao.who("payee").address
    given = leaf(replace(owner, address=safe), "data of a safe", 80)
    batch = world.publish([given])
    before = dao.propose(world.members[0], (dao.asset, "transfer", (safe, 1_000_000)), text="One for the safe")
    dao.to_vote(before.id)
    dao.claim(batch, given)
    world.chain.warp(1)
    proposal = dao.propose(world.members[0], (dao.asset, "transfer", (payee, 5_000_000)), text="Five for the payee")
    dao.to_vote(proposal.id)
    with desk.browser(Wallet("Safe", owner.key, account=safe)) as browser:
        browser.open(desk.site.url + "#/votes")
        browser.connect("Safe")
        browser.see("Pay from the common fund", payee, "5 TUSD", "Five for the payee", "Your vote (80 votes)")
        browser.press("Against", "radio")
        browser.press("Vote without paying a fee")
        handed(browser)
        desk.relay.round()
        assert dao.governor.hasVoted(proposal.id, safe)
        assert dao.governor.proposalVotes(proposal.id)[0] == dao.token.balanceOf(safe)

        browser.do("lie", part="/v1/proposals", **{"from": payee[2:].lower(), "to": "ab" * 20})
        browser.open(desk.site.url + "?lie#/votes")
        browser.connect("Safe")
        # Of the other proposal it is said why there is no ballot; of this one nothing is offered.
        told = ("the desk's words do not match the chain", "0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB")
        shown = browser.see(*told, "You had no votes when this vote opened.")
        assert "You have voted." not in shown and "Vote without paying a fee" not in shown
