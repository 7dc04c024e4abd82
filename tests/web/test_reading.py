"""A page with a node and no desk: a licensee asks, a holder votes, and what others wrote stays text.

given a DAO, and a page that knows a node alone
  when a licensee sends a request                 it should take one transaction, by a permit
  when its text is markup and tricks              it should be shown as text
  when a holder votes by a transaction            it should count
  when programs alone may use a dataset           its contributors should read that nobody ever holds it
  when an offer is accepted in German, on a phone it should take one transaction, or one batch of a wallet (EIP-5792)
  when a lease lapses                             its licensee should get its money back
  when any part is looked at in German            it should pass axe, fit 360 pixels, and ask nobody else
given the page that `datadao card` writes, with all its plots
  when it is opened on a phone                    it should draw them, pass axe, fit, and ask nobody
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from assurance.harness.browser import Browser, Wallet
from assurance.harness.chain.handles import deploy
from assurance.harness.dao.dao import FOR
from assurance.harness.dao.leases import APPROVED, COST, PRICE, REFUNDED, START_WINDOW
from assurance.harness.dao.system import Actor
from datadao.card.facts import SampleFact
from datadao.card.page import page_of
from datadao.messages.purposes import COMPUTE
from datadao.text import visible
from tests.client.card.test_page import CARD, amount
from tests.web.conftest import Alone
from tests.web.pictures import Pictures

HOSTILE = "<img src=x onerror='window.owned=1'><script>window.owned=1</script> pay\u202eyap {count} @NAME@"
VIEWS = {
    "": "Was gesammelt wird",
    "contribute": "Erlaubt für",
    "mine": "Verbinden Sie die Wallet, mit der Sie beitragen",
    "votes": "Soll Anfrage 1",
    "lease": "Angebote",
    "books": "die Verträge halten mindestens, was sie schulden",
    "trust": "Firmen, an die die Mitglieder sie vermietet haben und die behalten können, was sie geöffnet haben",
}
"""And what each says in German."""


def rich(alone: Alone, who: Actor) -> Wallet:
    alone.node.rpc("anvil_setBalance", who.address, hex(10**18))
    return Wallet(who.name, who.key)


def test_request_and_vote__with_a_node_alone__need_one_transaction_each(
    alone: Alone, pictures: Pictures, tmp_path: Path
) -> None:
    dao, licensee, founder = alone.dao, alone.market.licensee, alone.market.founder
    dao.asset.mint(licensee.address, COST, sender=licensee.address)
    with alone.browser(rich(alone, licensee), rich(alone, founder)) as browser:
        before = dao.chain.nonce(licensee.address)
        browser.open(alone.url + "#/lease")
        browser.connect("licensee")
        browser.press("computation on the data without handing it over")
        fields = {"Rent for each period, TUSD": "120", "Days of a period": "30", "Periods": "3", "Deposit, TUSD": "60"}
        for label, value in fields.items():
            browser.do("fill", name=label, value=value)
        browser.fill("Your public key", "ab" * 32)
        browser.fill("Say to the members what you want the data for", HOSTILE)
        browser.press("Send the request and pay in")
        browser.see("choose the agreement that “datadao lease agreement --program” wrote")
        assert (dao.chain.nonce(licensee.address), dao.leases.leaseCount()) == (before, 0)
        browser.press("computation on the data without handing it over")
        browser.press("research")
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

        paid = [payee := dao.who("payee").address], [2 * 10**17], [b""], "Ether for the relay"
        dao.governor.propose(*paid, sender=founder.address)
        browser.open(f"{alone.url}?ether#/votes")
        browser.see("Pay ether from the common fund to this account", payee, "Ether\n0.2", "Ether for the relay")

        stays = vars(dao.registry.currentPolicy(1)) | {"purposes": COMPUTE}
        dao.govern(founder, dao.registry, "createDataset", stays)
        browser.open(f"{alone.url}?stays#/contribute")
        assert "Under today's rules nobody who rents this dataset ever holds its data" not in browser.see(
            "May be used for: research"
        )
        browser.fill("What kind of data do you have?", "2")
        browser.see("Under today's rules nobody who rents this dataset ever holds its data")

        for view, text in VIEWS.items():
            browser.open(f"{alone.url}?{view}&lang=de#/{view}")
            browser.see(text)
            pictures.narrow(browser, f"german-{view or 'start'}")
        before = len(browser.do("facts")["requests"])
        card = tmp_path / "card.html"  # as `datadao card --out` writes it
        card.write_text(page_of(replace(CARD, samples=(SampleFact(1, HOSTILE),)), amount))
        browser.open(card.as_uri())
        shown = browser.see("Diaries & more", "Records by quality", "Rent of a day by lease")
        assert visible(HOSTILE) in shown and browser.do("evaluate", script=owned) is False
        drawn = "[...document.querySelectorAll('rect')].filter((bar) => bar.getBoundingClientRect().height > 0).length"
        assert browser.do("evaluate", script=drawn) == 2 + 100 + 1
        assert (browser.do("axe"), browser.do("overflow")) == ([], [])
        facts = browser.do("facts")
    assert facts["trouble"] == []
    *_, card_alone = facts["requests"]
    assert facts["requests"][before:] == [card_alone] and card_alone["url"] == card.as_uri()
    facts["requests"].pop()
    asked = {urlsplit(request["url"]).netloc for request in facts["requests"] if not request["url"].startswith("data:")}
    assert asked == {urlsplit(alone.url).netloc, urlsplit(alone.node.url).netloc}


def connect(browser: Browser, wallet: str) -> None:
    """In German."""
    browser.press("Wallet verbinden", "button")
    browser.press(wallet, "button")
    browser.see("Verbunden als")


def accept(browser: Browser) -> None:
    browser.press("Dieses Angebot annehmen")
    browser.fill("Ihr öffentlicher Schlüssel", "cd" * 32)
    browser.press("Annehmen und 420 TUSD zahlen")
    browser.see("Erledigt: die Transaktion steht auf der Kette.", "angenommen, nicht begonnen")


def test_offer__accepted_in_german_on_a_phone__takes_one_transaction_and_comes_back_when_it_lapses(
    alone: Alone,
) -> None:
    dao, renter, owner = alone.dao, alone.dao.who("renter"), alone.dao.who("owner")
    account: str = deploy(dao.chain, "ContractWallet", owner.address, sender=owner.address).address
    for who in (renter.address, account):
        dao.asset.mint(who, COST, sender=renter.address)
    offer = alone.market.create_offer(capacity=2)
    firm = Wallet("Firma", rich(alone, owner).key, account=account, atomic=True)
    with alone.browser(rich(alone, renter), firm) as browser:
        before = dao.chain.nonce(renter.address)
        browser.do("size", width=360, height=740)
        browser.open(f"{alone.url}?lang=de#/lease")
        connect(browser, "renter")
        browser.see(f"Angebot {offer}", "Noch 2, bis", "360 TUSD")
        accept(browser)
        assert browser.do("overflow") == [] and browser.do("axe") == []
        (permit,) = browser.do("facts")["signed"]
        assert (permit["primaryType"], permit["message"]["value"]) == ("Permit", str(COST))
        assert dao.chain.nonce(renter.address) == before + 1
        first = dao.leases.leaseCount()
        info = dao.leases.lease(first)
        assert (info.status, info.licensee, info.offerId) == (APPROVED, renter.address, offer)

        browser.open(f"{alone.url}?firma&lang=de#/lease")
        connect(browser, "Firma")
        accept(browser)
        sent = browser.do("facts")["sent"][-1]
        assert (sent["wallet"], sent["method"], sent["atomic"]) == ("Firma", "wallet_sendCalls", True)
        assert [call["to"] for call in sent["calls"]] == [dao.asset.address, dao.leases.address]
        assert dao.leases.lease(first + 1).licensee == account and dao.asset.balanceOf(account) == 0

        dao.chain.warp(START_WINDOW)
        browser.open(f"{alone.url}?back&lang=de#/lease")
        connect(browser, "Firma")
        browser.press("420 TUSD zurücknehmen")
        browser.see("Erledigt: die Transaktion steht auf der Kette.")
        assert dao.leases.lease(first + 1).status == REFUNDED and dao.asset.balanceOf(account) == COST
        facts = browser.do("facts")
    assert facts["trouble"] == []
