"""A page with a node and no desk: a licensee asks, a holder votes, and what others wrote stays text.

given a DAO, and a page that knows a node alone
  when a licensee sends a request                 it should take one transaction, by a permit
  when its text is markup and tricks              it should be shown as text
  when a holder votes by a transaction            it should count
  when any part of the page is looked at          it should pass axe, fit 360 pixels, and ask nobody else
"""

from __future__ import annotations

from urllib.parse import urlsplit

from assurance.harness.browser import Wallet
from assurance.harness.dao.dao import FOR
from assurance.harness.dao.leases import COST, PRICE
from assurance.harness.dao.system import Actor
from tests.web.conftest import Alone

HOSTILE = "<img src=x onerror='window.owned=1'><script>window.owned=1</script> pay\u202eyap {count} @NAME@"
VIEWS = {
    "": "What is collected",
    "contribute": "May be used for",
    "mine": "Connect the wallet you contribute with",
    "votes": "Shall request 1",
    "lease": "Standing offers",
    "books": "the contracts hold at least what they owe",
    "trust": "What this page was built for",
}


def rich(alone: Alone, who: Actor) -> Wallet:
    alone.node.rpc("anvil_setBalance", who.address, hex(10**18))
    return Wallet(who.name, who.key)


def test_request_and_vote__with_a_node_alone__need_one_transaction_each(alone: Alone) -> None:
    dao, licensee, founder = alone.dao, alone.market.licensee, alone.market.founder
    dao.asset.mint(licensee.address, COST, sender=licensee.address)
    with alone.browser(rich(alone, licensee), rich(alone, founder)) as browser:
        before = dao.chain.nonce(licensee.address)
        browser.open(alone.url + "#/lease")
        browser.connect("licensee")
        browser.press("research")
        fields = {"Rent for each period, TUSD": "120", "Days of a period": "30", "Periods": "3", "Deposit, TUSD": "60"}
        for label, value in fields.items():
            browser.do("fill", name=label, value=value)
        browser.fill("Your public key", "ab" * 32)
        browser.fill("Say to the members what you want the data for", HOSTILE)
        browser.press("Send the request and pay in")
        browser.see("Done: the transaction is on the chain.", "Lease 1", "being voted on")
        (permit,) = browser.do("facts")["signed"]
        assert (permit["primaryType"], permit["message"]["value"]) == ("Permit", str(COST))
        assert dao.chain.nonce(licensee.address) == before + 1
        info = dao.leases.lease(1)
        assert (info.licensee, bytes(info.hpkeKey).hex()) == (licensee.address, "ab" * 32)
        assert dao.leases.leaseTerms(1)[0].pricePerPeriod == PRICE

        proposal = dao.lease_proposal(1)
        dao.to_vote(proposal.id)
        browser.open(alone.url + "?again#/votes")  # another document: the wallet is asked for anew
        browser.connect("founder")
        shown = browser.see("Shall request 1 to rent data be accepted?", "Your vote (300 votes)", "360 TUSD")
        assert HOSTILE.replace("\u202e", "⟨U+202E⟩") in shown
        owned = "window.owned ?? document.querySelector('main img, main script') !== null"
        assert browser.do("evaluate", script=owned) is False
        assert "do not match the chain" not in shown
        browser.press("For", "radio")
        browser.press("Vote by a transaction you pay for")
        browser.see("You have voted.", "For: 300")
        assert dao.governor.proposalVotes(proposal.id)[FOR] == dao.token.balanceOf(founder.address)

        for view, text in VIEWS.items():
            browser.open(f"{alone.url}?{view}#/{view}")
            browser.see(text)
            browser.do("size", width=360, height=740, scheme="dark")
            assert (view, browser.do("axe"), browser.do("overflow")) == (view, [], [])
        facts = browser.do("facts")
    assert facts["trouble"] == []
    asked = {urlsplit(request["url"]).netloc for request in facts["requests"] if not request["url"].startswith("data:")}
    assert asked == {urlsplit(alone.url).netloc, urlsplit(alone.node.url).netloc}
