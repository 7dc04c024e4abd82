"""A holder with a browser and no ether: it collects, votes, takes data out and names an heir by signatures, which a
relay sends and pays for.

given a DAO whose desk serves its page, a relay beside it, and a member whose data was accepted
  when it collects                  its shares and votes should be its own
  when it votes                     the ballot should count, at the relay's cost
  when it takes data out            the registry should say so
  when it names an heir             the token should have it, who can open the inheritance, and it can object
  when it objects no more           its heir should take its place, and get what it had
  throughout                        neither should have sent a transaction or have any ether
given members that are contracts (ERC-1271): of a key, a Safe, a passkey's account
  when they collect                 their shares and votes should be their own
  when they vote, by keyboard alone their ballots should count
  when they name heirs, take data out  token and registry should say so, and they have sent nothing
  when the desk lies about a proposal    the page should say so, and offer no vote
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from assurance.harness.browser import Browser
from assurance.harness.dao.dao import DAY, leaf
from assurance.harness.dao.system import Actor
from datadao.storage.board import Board
from tests.web.contracts import account, passkey, safe, simple
from tests.web.desk_world import DeskWorld, desk_world
from tests.web.pictures import Pictures


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskWorld]:
    with desk_world(tmp_path_factory.mktemp("holder")) as made:
        yield made


DELAY = 60
"""Days to object."""


def handed(browser: Browser) -> None:
    browser.see("Handed in. The DAO's relay sends it and pays for it")


def test_holder__without_ether__collects_votes_takes_data_out_and_its_heir_its_place(
    desk: DeskWorld, pictures: Pictures
) -> None:
    world, dao, member = desk.world, desk.world.dao, desk.world.dao.who("holder")
    mine = [world.encrypt(member, b'{"age": 30, "diary": "%d"}\n' % number) for number in range(2)]
    world.publish(mine)
    dao.deposit(1, 900_000_000)
    relay, heir = desk.relay, dao.who("heir of the holder")
    with desk.browser(member, heir) as browser:
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
        browser.see("Collecting", "Done.", "accepted, earning for you", "Paid out so far\n257.14285")

        browser.press("Start", "link")
        browser.press("Data card")
        browser.see(
            "700 in 7 files of 6 contributors", "Records by quality: 90% – 100%: 700", "As this desk counted it"
        )
        pictures.take(browser, "card")
        browser.press("Books", "link")
        browser.see("the contracts hold at least what they owe", "The last audit", "An audit is running.")
        while "An audit is running." in browser.see("The last audit"):
            browser.press("Look again")
        browser.see("events were counted, and all books are equal to the contracts' to the last unit")
        pictures.take(browser, "books")

        clauses = "Nobody is re-identified."
        agreed = desk.agreement(world.licensee_account.address, dao.terms(), clauses=clauses)
        asked = dao.terms(agreementHash=Board(dao.id, world.store).agree(agreed.encode()))
        dao.fund(world.licensee_account, asked["pricePerPeriod"] * asked["periods"] + asked["bond"], dao.leases)
        lease, _ = dao.leases.request(
            asked, bytes(range(32)), "To see how opinions move.", sender=world.licensee_account.address
        ).value
        proposal = dao.lease_proposal(lease)
        dao.to_vote(proposal.id)
        browser.press("Votes", "link")
        browser.see(f"Shall request {lease} to rent data be accepted?", "To see how opinions move.", "Your vote (")
        browser.see("The agreement says what stands here.", "Forbidden\npassing it on", f"Agreed in words:\n{clauses}")
        browser.press("The agreement as it is written")
        browser.see(f'"dct:description": "{clauses}"')
        browser.press("The agreement as it is written")
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
        browser.press("Take out", "button")
        browser.see("This cannot be undone.")
        assert browser.do("axe") == []
        browser.press("Take it out without paying a fee")
        browser.see("Taking out", "Waiting for the relay.")
        relay.round()
        assert sorted(dao.registry.contribution(item.fingerprint).status for item in mine) == [1, 2]

        browser.press("Look again")
        browser.see("taken out", "earning for you")
        browser.press("Name an heir")
        browser.fill("Address of the heir", heir.address)
        browser.fill("Days to object", str(DELAY))
        browser.press("Name this heir", "button")
        browser.see("Naming an heir", "Waiting for the relay.")
        relay.round()
        assert dao.token.succession(member.address)[:2] == (heir.address, DELAY)

        # The heir wants to take over, and the member, who is still there, objects.
        inherits(desk, browser, member, "You are its heir.", "Open")
        opened = dao.token.succession(member.address)[3]
        assert opened > 0
        browser.open(desk.site.url + "?owner#/mine")
        browser.connect("holder")
        browser.see("Your heir wants to take your place.")
        browser.press("Object", "button")
        browser.see("Objecting to an inheritance", "Waiting for the relay.")
        relay.round()
        assert dao.token.succession(member.address)[3] == 0
        inherits(desk, browser, member, "The owner objected. It can be opened again from")

        # Then the member's key is lost.
        dao.chain.warp(DELAY * DAY)
        inherits(desk, browser, member, "You are its heir.", "Open")
        inherits(desk, browser, member, "If nobody objects, you can take its place from")
        dao.chain.warp(DELAY * DAY)
        dao.deposit(1, 900_000_000)
        held, owed = dao.token.balanceOf(member.address), dao.splitter.claimable(member.address, [1])
        told = "Nobody objected. What the account has becomes yours."
        inherits(desk, browser, member, told, "Take its place", pictures)
        assert dao.token.balanceOf(heir.address) == held > 0 == dao.token.balanceOf(member.address)
        assert dao.splitter.claimable(heir.address, [1]) == owed > 0
        browser.press("Look again")
        browser.see("An inheritance", "Done.", "Your votes\n100")
        browser.open(desk.site.url + "?late#/mine")
        browser.connect("holder")
        shown = browser.see("Your heir has taken your place: this account acts no more.", "Your votes\n0")
        assert "Name another heir" not in shown
        facts = browser.do("facts")
    kinds = [message["primaryType"] for message in facts["signed"]]
    heirs = ["BindHeir", "OpenSuccession", "VetoSuccession", "OpenSuccession", "OpenSuccession"]
    assert kinds == ["ClaimRequest", "Ballot", "Erase", *heirs]
    for who in (member, heir):
        assert (dao.chain.nonce(who.address), desk.node.web3.eth.get_balance(who.address)) == (0, 0)
    assert facts["trouble"] == []


def inherits(
    desk: DeskWorld, browser: Browser, lost: Actor, told: str, step: str = "", pictures: Pictures | None = None
) -> None:
    """The heir looks at the lost account, is told so, and asks the relay for a step if there is one."""
    at = f"{told}{desk.world.chain.timestamp}"
    browser.open(f"{desk.site.url}?{quote(at)}#/mine")
    browser.connect("heir of the holder")
    browser.press("I am somebody's heir")
    browser.fill("Address whose key is lost", lost.address)
    shown = browser.see(told)
    if pictures:
        pictures.narrow(browser, "heir")
    steps = ("Open", "Take its place")
    assert [name for name in steps if f"{name}, by a transaction you pay for" in shown] == [step] * bool(step)
    if step:
        browser.press(step, "button")
        handed(browser)
        desk.relay.round()


def test_contracts__as_members__do_all_by_signature_and_are_warned_of_a_desk_that_lies_K11(desk: DeskWorld) -> None:
    world, dao = desk.world, desk.world.dao
    wallets = [simple(desk), safe(desk), passkey(desk)]
    payee = dao.who("payee").address
    leaves = [leaf(Actor(each.name, account(each), b""), f"data of {each.name}", 80) for each in wallets]
    world.publish(leaves)
    before = dao.propose(world.members[0], (dao.asset, "transfer", (account(wallets[0]), 10**6)), text="Too early")
    dao.to_vote(before.id)
    with desk.browser(*wallets) as browser:
        for each in wallets:
            browser.open(f"{desk.site.url}?{each.name}#/mine")
            browser.connect(each.name)
            browser.see("accepted; collect its shares above")
            browser.press("Collect without paying a fee")
            handed(browser)
        (claims,) = desk.relay.round().sent  # whoever signs: all in one transaction
        assert len(claims.items) == 3
        world.chain.warp(1)
        proposal = dao.propose(world.members[0], (dao.asset, "transfer", (payee, 5_000_000)), text="Five for the payee")
        dao.to_vote(proposal.id)

        for each in wallets:  # without a mouse
            browser.open(f"{desk.site.url}?{each.name}#/votes")
            browser.reach("Connect a wallet")
            browser.key("Enter")
            browser.reach(each.name)
            browser.key("Enter")
            browser.see("Pay from the common fund", payee, "5 TUSD", "Five for the payee", "Your vote (80 votes)")
            browser.reach("For")
            browser.key("ArrowDown")  # against
            browser.reach("Vote without paying a fee")
            browser.key("Enter")
            handed(browser)
        # A contract may use up all gas of a list: each goes alone.
        sent = desk.relay.round().sent
        assert [len(batch.items) for batch in sent] == [1, 1, 1]
        print("ballots of a contract, a Safe, a passkey:", sorted(batch.gas for batch in sent))
        assert all(dao.governor.hasVoted(proposal.id, account(each)) for each in wallets)
        votes = [dao.token.balanceOf(account(each)) for each in wallets]
        assert dao.governor.proposalVotes(proposal.id)[0] == sum(votes) > 0

        browser.do("lie", part="/v1/proposals", **{"from": payee[2:].lower(), "to": "ab" * 20})
        browser.open(desk.site.url + "?lie#/votes")
        browser.connect(wallets[0].name)
        # Of the other proposal it is said why there is no ballot; of this one nothing is offered.
        told = ("the desk's words do not match the chain", "0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB")
        shown = browser.see(*told, "You had no votes when this vote opened.")
        assert "You have voted." not in shown and "Vote without paying a fee" not in shown

        for each in wallets:
            browser.open(f"{desk.site.url}?{each.name}-leaves#/mine")
            browser.connect(each.name)
            browser.press("Take out", "button")
            browser.press("Take it out without paying a fee")
            browser.see("Taking out", "Waiting for the relay.")
            browser.press("Name an heir")
            browser.fill("Address of the heir", payee)
            browser.press("Name this heir", "button")
            browser.see("Naming an heir")
        sent = desk.relay.round().sent
        print("erasures and heirs of a contract, a Safe, a passkey:", sorted(batch.gas for batch in sent))
        assert [dao.registry.contribution(item.fingerprint).status for item in leaves] == [2, 2, 2]
        assert [dao.token.succession(account(each))[0] for each in wallets] == [payee] * 3
        facts = browser.do("facts")
    assert facts["sent"] == [] and facts["trouble"] == []
