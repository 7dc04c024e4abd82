"""What can be checked before an approval is sent is checked before: a refusal costs nothing, on every kind of node.

given a request or an acceptance that a contract would refuse
  whatever of it is wrong      it should be refused by the contract's error, no transaction sent, no allowance given
given an allowance that stands
  when the asset changes one only from zero   it should be set to zero first
  when it does not, or when it is enough      it should not
given an approval that is mined
  when the request is refused after all       it should say what was sent, and end with 3
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import ape
import pytest

from assurance.harness.chain.proxy import Answer, Proxy, Request
from datadao.chain import connection
from deployer.artifacts import creation_code
from tests.cli.conftest import FreshDao
from tests.cli.licensee import ESCROW, Licensee

DAY = 86_400
GOOD = {
    "--dataset": "1", "--purposes": "1", "--period-days": "30", "--periods": "2", "--text": "please", "--price": "100",
    "--bond": "50",
}  # fmt: skip


def words(**changes: str) -> list[str]:
    """The request with these options changed."""
    options = GOOD | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return ["lease", "request", *(part for option in options.items() for part in option), "--yes", "--json"]


@pytest.fixture
def licensee(live: FreshDao) -> Licensee:
    return Licensee(live)


def refuse(request: Request, answer: Answer) -> Answer:
    return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32601, "message": "Method not found"}}


def no_simulation(request: Request, answer: Answer) -> Answer:
    return refuse(request, answer) if request["method"] == "eth_simulateV1" else answer


def no_overrides(request: Request) -> Request:
    """A node that takes no notice of what it does not know."""
    return request | {"params": request["params"][:2]} if request["method"] == "eth_call" else request


@pytest.fixture(params=["simulates", "overrides", "neither"])
def node(request: pytest.FixtureRequest, live: FreshDao) -> Iterator[str]:
    """Nodes that can pretend more and less."""
    with Proxy(live.node.url) as proxy:
        if request.param != "simulates":
            proxy.alter = no_simulation
        if request.param == "neither":
            proxy.ask = no_overrides
        yield proxy.url


def refusal(licensee: Licensee, *command: str) -> str:
    """Why it was refused; nothing happened."""
    before = licensee.nonce
    done = licensee.run(*command)
    assert done.code == 1, (done.out, done.err)
    assert (licensee.nonce, licensee.allowance, licensee.pool) == (before, 0, 0)
    assert licensee.kept == []
    return str(done.document["error"]["message"])


def what(escrow: str = "250") -> str:
    return f"request a lease of dataset 1, escrowing {escrow} TUSD: "


WRONG = [
    ({"price": "0.5"}, what("51") + "DataLeases_InvalidTerms(field=pricePerPeriod, value=500000, min=1000000, max="),
    ({"bond": "0.5"}, what("200.5") + "DataLeases_InvalidTerms(field=bond, value=500000, min=1000000, max="),
    (
        {"period_days": "6"},
        what() + "DataLeases_InvalidTerms(field=periodLength, value=518400, min=604800, max=7776000)",
    ),
    ({"periods": "13", "price": "1"}, what("63") + "DataLeases_InvalidTerms(field=periods, value=13, min=1, max=12)"),
    ({"purposes": "8"}, what() + "DataLeases_PurposeNotAllowed(purposes=8, allowed=7)"),
    ({"text": "x" * 4097}, what() + "DataLeases_DescriptionTooLong(length=4097, max=4096)"),
]


@pytest.mark.parametrize(
    ("changes", "expected"), WRONG, ids=lambda value: "-".join(value) if isinstance(value, dict) else ""
)
def test_request__that_the_policy_does_not_take__is_refused_before_anything_is_allowed(
    licensee: Licensee, node: str, changes: dict[str, str], expected: str
) -> None:
    assert refusal(licensee, *words(**changes), "--network", node).startswith(expected)


def test_request__while_the_brake_is_pulled__is_refused_before_anything_is_allowed(
    licensee: Licensee, node: str
) -> None:
    licensee.pull_brake()
    assert refusal(licensee, *words(), "--network", node).startswith(what() + "EmergencyBrake_Pulled(until=")


def test_request__in_order__is_sent_on_every_kind_of_node(licensee: Licensee, node: str) -> None:
    done = licensee.run(*words(), "--network", node)
    assert len(done.document["transactions"]) == 2, done.err
    assert (licensee.leases, licensee.escrowed, licensee.allowance) == (1, ESCROW, 0)


def test_request__on_a_node_that_can_pretend__shows_the_fee_of_both(licensee: Licensee) -> None:
    done = licensee.run(*words())
    assert "gas known after" not in done.err and done.err.count(" gas") == 2 and done.err.count(", limit ") == 1


# Offers


def offer(licensee: Licensee, addressee: str | None = None, *, price: int = 10**8, exclusive: bool = False) -> int:
    """As the holders would have made it."""
    live, timelock = licensee.live, licensee.live.addresses["timelock"]
    now = live.node.web3.eth.get_block("latest")["timestamp"]
    terms = (1, 1, price, 30 * DAY, 2, 5 * 10**7, 0, exclusive, 0, bytes(32))
    arguments = (terms, addressee or "0x" + "00" * 20, 1, now + DAY)
    for rpc in (("anvil_impersonateAccount", timelock), ("anvil_setBalance", timelock, hex(10**18))):
        live.node.rpc(*rpc)
    from datadao.chain.rpc import Call

    data = Call(live.addresses["leases"], "DataLeases", "createOffer", arguments).data
    request = {"from": timelock, "to": live.addresses["leases"], "data": "0x" + data.hex()}
    live.node.web3.eth.wait_for_transaction_receipt(live.node.rpc("eth_sendTransaction", request))
    return int(licensee.view("leases", "offerCount"))


def accept(number: int, *more: str) -> list[str]:
    return ["lease", "accept", str(number), "--yes", "--json", *more]


def taken(licensee: Licensee, number: int) -> None:
    """Another account, which has the money, accepts."""
    other = Licensee(licensee.live, "other")
    other.home.joinpath("config.yaml").write_text(
        other.home.joinpath("config.yaml").read_text().replace("TEST::10", "TEST::0")
    )
    account = ape.accounts.test_accounts[0]
    with ape.networks.parse_network_choice(licensee.live.node.url):
        licensee.live.asset.mint(account.address, ESCROW, sender=account)
    done = other.run(*accept(number))
    assert done.code == 0, done.err


def test_accept__without_a_seat__is_refused_before_anything_is_allowed(licensee: Licensee, node: str) -> None:
    number = offer(licensee)
    taken(licensee, number)
    expected = f"accept offer {number}, escrowing 250 TUSD: DataLeases_OfferFull(offerId={number}, capacity=1)"
    assert refusal(licensee, *accept(number, "--network", node)) == expected


def test_accept__of_another_account_or_expired_or_dearer__is_refused_before_anything_is_allowed(
    licensee: Licensee, node: str
) -> None:
    theirs, mine = offer(licensee, licensee.live.addresses["registry"]), offer(licensee)
    assert "DataLeases_NotAddressee(" in refusal(licensee, *accept(theirs, "--network", node))
    assert "DataLeases_CostAboveMax(cost=250000000, maxCost=1000000)" in refusal(
        licensee, *accept(mine, "--max-cost", "1", "--network", node)
    )
    licensee.live.node.rpc("evm_increaseTime", DAY)
    licensee.mine()
    assert "DataLeases_OfferExpired(" in refusal(licensee, *accept(mine, "--network", node))


def test_accept__exclusive_beside_a_live_lease__is_refused_where_the_node_can_pretend(licensee: Licensee) -> None:
    first, alone = offer(licensee), offer(licensee, licensee.address, exclusive=True)
    taken(licensee, first)
    with Proxy(licensee.live.node.url) as proxy:
        assert "DataLeases_LiveLeases(datasetId=1, live=1)" in refusal(licensee, *accept(alone, "--network", proxy.url))
        proxy.alter = no_simulation
        assert "DataLeases_LiveLeases(datasetId=1, live=1)" in refusal(licensee, *accept(alone, "--network", proxy.url))


# Allowances


@pytest.fixture
def from_zero(licensee: Licensee) -> Licensee:
    """The settlement asset is one like USDT: its code changes, what accounts hold stays."""
    node = licensee.live.node
    sender = ape.accounts.test_accounts[0]
    with ape.networks.parse_network_choice(node.url):
        import eth_abi

        data = creation_code("FromZeroAsset") + eth_abi.encode(
            ["string", "string", "uint8"], ["Test Dollar", "TUSD", 6]
        )
        unsigned = ape.networks.ecosystem.create_transaction(data=data, sender=sender.address)
        created = sender.call(unsigned).contract_address
    code = node.rpc("eth_getCode", created, "latest")
    node.rpc("anvil_setCode", str(licensee.live.asset.address), code)
    return licensee


def test_request__asset_like_usdt_with_a_rest_allowed__sets_it_to_zero_first(from_zero: Licensee, node: str) -> None:
    from_zero.allow(7)
    done = from_zero.run(*words(), "--network", node)
    assert len(done.document["transactions"]) == 3, done.err
    assert "take back the allowance of 0.000007 TUSD" in done.err
    assert (from_zero.leases, from_zero.escrowed, from_zero.allowance) == (1, ESCROW, 0)


@pytest.mark.parametrize(("allowed", "sent"), [(0, 2), (ESCROW, 1), (ESCROW + 1, 1)])
def test_request__asset_like_usdt_otherwise__sets_nothing_to_zero(from_zero: Licensee, allowed: int, sent: int) -> None:
    if allowed:
        from_zero.allow(allowed)
    done = from_zero.run(*words())
    assert len(done.document["transactions"]) == sent and from_zero.leases == 1


def test_request__plain_asset_with_a_rest_allowed__approves_once(licensee: Licensee) -> None:
    licensee.allow(7)
    assert len(licensee.run(*words()).document["transactions"]) == 2


def test_request__asset_like_usdt_and_terms_refused__leaves_the_allowance_as_it_was(from_zero: Licensee) -> None:
    from_zero.allow(7)
    before = from_zero.nonce
    done = from_zero.run(*words(price="0.5"))
    assert done.code == 1 and "DataLeases_InvalidTerms(field=pricePerPeriod" in done.document["error"]["message"]
    assert (from_zero.nonce, from_zero.allowance) == (before, 7)


# After the approval


def on_broadcast(proxy: Proxy, number: int, action: Callable[[], Any]) -> None:
    """Does this before the node gets the transaction of this number, counted from 1."""
    seen: list[Request] = []

    def ask(request: Request) -> Request:
        if request["method"] == "eth_sendRawTransaction":
            seen.append(request)
            if len(seen) == number:
                action()
        return request

    proxy.ask = ask


def test_request__refused_once_the_approval_is_mined__says_what_was_sent(
    licensee: Licensee, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LAG", 0.3)
    with Proxy(licensee.live.node.url) as proxy:
        on_broadcast(proxy, 1, licensee.pull_brake)
        done = licensee.run(*words(), "--network", proxy.url)
    error = done.document["error"]
    assert (done.code, error["kind"]) == (3, "PartlyDone"), done.err
    assert error["message"].startswith(what() + "EmergencyBrake_Pulled(until=")
    assert "Sent before: allow the leases contract to take 250 TUSD. The rest was not" in error["message"]
    assert (licensee.leases, licensee.escrowed, licensee.allowance) == (0, 0, ESCROW)


def test_request__reverted_on_chain__says_the_contracts_reason_and_the_hash(licensee: Licensee) -> None:
    licensee.allow()
    before = licensee.nonce
    with Proxy(licensee.live.node.url) as proxy:
        on_broadcast(proxy, 1, licensee.pull_brake)
        done = licensee.run(*words(), "--network", proxy.url)
    error = done.document["error"]
    assert (done.code, error["kind"]) == (1, "TransactionFailed"), done.err
    assert error["message"].startswith(what() + "EmergencyBrake_Pulled(until=")
    assert "(transaction 0x" in error["message"] and error["message"].endswith(", whose fee is spent)")
    assert (licensee.nonce, licensee.leases, licensee.escrowed, licensee.kept) == (before + 1, 0, 0, [])
