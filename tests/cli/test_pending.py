"""Money is paid once, whatever becomes of a transaction on its way.

given a request for a lease that is sent
  when it is not mined in time          it should end with 3, its hash, and "may still be mined"
    while it is pending                 the next command should refuse, unless it is to replace it
    when it is mined meanwhile          the same command should say which lease it made, and send nothing
    when the node lost it               what is sent then should take its nonce
    when its nonce went elsewhere       the next command should say so and go on
  when the command dies before or after the broadcast, or the connection does
                                        the next run should find it, and nothing is paid twice
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import ape
import pytest

from assurance.harness.chain.proxy import Answer, Proxy, Request
from assurance.harness.clock import Clock
from datadao.chain import connection, transactions
from datadao.chain.fees import GWEI
from tests.cli.conftest import FreshDao
from tests.cli.licensee import ESCROW, Licensee

REQUEST = (
    "lease", "request", "--dataset", "1", "--purposes", "1", "--period-days", "30", "--periods", "2", "--text",
    "please", "--price", "100", "--bond", "50", "--yes", "--json", "--wait", "1",
)  # fmt: skip


REQUEST = (
    "lease", "request", "--dataset", "1", "--purposes", "1", "--period-days", "30", "--periods", "2", "--text",
    "please", "--price", "100", "--bond", "50", "--yes", "--json", "--wait", "1",
)  # fmt: skip


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def die(*args: object, **kwargs: object) -> None:
    raise Killed


@pytest.fixture
def licensee(live: FreshDao, hasty: Clock) -> Iterator[Licensee]:
    made = Licensee(live)
    made.clock, hasty.hasty = hasty, False
    made.allow()
    yield made
    made.mining(True)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LAG", 0.5)


@pytest.fixture
def pending(licensee: Licensee) -> str:
    """Hash of a request that is sent and not mined."""
    licensee.mining(False)
    done = licensee.run(*REQUEST)
    assert done.code == 3, done.err
    error = done.document["error"]
    (sent,) = error["transactions"]
    assert error["kind"] == "NotMined"
    assert error["message"] == (
        f"request a lease of dataset 1, escrowing 250 TUSD: {sent} was sent and is not mined after 1 s; "
        "it may still be mined"
    )
    assert "Sent, not mined yet: " in done.err and [path.stem for path in licensee.kept] == [sent]
    assert (licensee.pool, licensee.leases, licensee.escrowed) == (1, 0, 0)
    return sent


def settle(licensee: Licensee) -> None:
    """Whatever is still under way arrives."""
    licensee.mining(True)
    licensee.mine()
    assert licensee.pool == 0


# Pending


def test_request__pending__every_sending_command_refuses_and_reading_ones_do_not(
    licensee: Licensee, pending: str
) -> None:
    for command in (REQUEST, ("send", "asset.approve", "leases", "0", "--yes"), ("withdraw", "--yes")):
        refused = licensee.run(*command)
        assert refused.code == 1, refused.err
        assert f"{pending} of " in refused.err and "is pending and may still be mined; wait, " in refused.err
        assert "or send it with --replace in its place" in refused.err and "nothing was sent" in refused.err
    assert licensee.run("status").code == 0
    assert (licensee.pool, len(licensee.kept)) == (1, 1)


def test_request__mined_meanwhile__the_same_command_says_which_lease_and_sends_nothing(
    licensee: Licensee, pending: str
) -> None:
    settle(licensee)
    again = licensee.run(*REQUEST)
    assert again.code == 0, again.err
    assert (again.document["lease"], again.document["earlier"]) == (1, pending)
    assert again.document["escrow"] == str(ESCROW)
    assert (licensee.leases, licensee.escrowed, licensee.kept) == (1, ESCROW, [])
    # Once it is said, the command means a new request.
    assert licensee.run(*REQUEST).document["lease"] == 2


def test_request__mined_meanwhile__people_read_the_hash_and_the_lease(licensee: Licensee, pending: str) -> None:
    settle(licensee)
    words = [word for word in REQUEST if word != "--json"]
    again = licensee.run(*words)
    assert f"Your earlier {pending} of " in again.out and "nothing was sent now, --again sends another" in again.out
    assert "Lease 1 is requested" in again.out and licensee.leases == 1


def test_request__mined_meanwhile_and_again__asks_for_another(licensee: Licensee, pending: str) -> None:
    settle(licensee)
    done = licensee.run(*REQUEST, "--again")
    assert done.document["lease"] == 2 and f"Mined meanwhile: {pending}" in done.err
    assert (licensee.leases, licensee.escrowed, licensee.kept) == (2, 2 * ESCROW, [])


def test_request__mined_meanwhile__another_command_says_so_and_goes_on(licensee: Licensee, pending: str) -> None:
    settle(licensee)
    other = [*REQUEST[: REQUEST.index("--price")], "--price", "10", "--bond", "50", "--yes", "--json"]
    done = licensee.run(*other)
    assert f"Mined meanwhile: {pending}" in done.err and done.document["lease"] == 2
    assert (licensee.escrowed, licensee.kept) == (ESCROW + 70 * 10**6, [])


def test_approval__pending__then_mined__the_request_is_all_that_is_sent(live: FreshDao) -> None:
    licensee = Licensee(live)
    licensee.mining(False)
    first = licensee.run(*REQUEST)
    assert (first.code, first.document["error"]["kind"]) == (3, "NotMined")
    assert first.document["error"]["message"].startswith("allow the leases contract to take 250 TUSD: 0x")
    settle(licensee)
    done = licensee.run(*REQUEST)
    assert "Mined meanwhile: " in done.err and len(done.document["transactions"]) == 1
    assert (licensee.leases, licensee.escrowed, licensee.allowance, licensee.kept) == (1, ESCROW, 0, [])


def test_request__failed_on_chain_meanwhile__is_said_with_its_reason_and_made_anew(
    licensee: Licensee, pending: str
) -> None:
    licensee.live.node.rpc("anvil_setBalance", ape.accounts.test_accounts[1].address, hex(10**18))
    licensee.pull_brake(tip=50 * GWEI)
    settle(licensee)
    done = licensee.run(*REQUEST)
    assert done.code == 1 and done.document["error"]["message"].startswith(
        "request a lease of dataset 1, escrowing 250 TUSD: EmergencyBrake_Pulled(until="
    )
    assert (
        "Failed meanwhile: request a lease of dataset 1, escrowing 250 TUSD: EmergencyBrake_Pulled(until=" in done.err
    )
    assert pending in done.err and (licensee.leases, licensee.escrowed, licensee.kept) == (0, 0, [])


# Replaced


def test_request__replaced__only_one_of_both_is_mined_at_a_higher_fee(
    licensee: Licensee, pending: str, hasty: Clock
) -> None:
    old = licensee.live.node.web3.eth.get_transaction(pending)
    hasty.hasty = False
    licensee.live.node.rpc("evm_setIntervalMining", 1)
    done = licensee.run(*REQUEST[:-2], "--wait", "30", "--replace")
    assert done.code == 0, done.err
    assert done.document["lease"] == 1 and f"Not mined: {pending}" in done.err
    (sent,) = done.document["transactions"]
    new = licensee.live.node.web3.eth.get_transaction(sent["transaction"])
    assert new["nonce"] == old["nonce"] and new["maxFeePerGas"] * 10 >= old["maxFeePerGas"] * 11
    licensee.live.node.rpc("evm_setIntervalMining", 0)
    settle(licensee)
    assert (licensee.leases, licensee.escrowed, licensee.kept) == (1, ESCROW, [])


def test_request__replaced_for_too_little__is_refused_with_what_it_needs(licensee: Licensee, pending: str) -> None:
    refused = licensee.run(*REQUEST, "--replace", "--max-fee", "1.5", "--tip", "0.1")
    assert refused.code == 1
    assert "to take the place of the pending transaction needs a max fee of " in refused.err
    assert licensee.pool == 1 and [path.stem for path in licensee.kept] == [pending]


def test_request__its_nonce_used_by_another_wallet__is_void_and_made_anew(licensee: Licensee, pending: str) -> None:
    licensee.elsewhere(tip=50 * GWEI)
    settle(licensee)
    early = licensee.run(*REQUEST)
    assert early.code == 1 and f"the nonce of {pending} of " in early.err and "in a few minutes" in early.err
    assert (licensee.leases, [path.stem for path in licensee.kept]) == (0, [pending])
    licensee.age(300)
    done = licensee.run(*REQUEST)
    assert done.code == 0, done.err
    assert f"Void: {pending}" in done.err and "another transaction of this account took nonce" in done.err
    assert (licensee.leases, licensee.escrowed, licensee.kept) == (1, ESCROW, [])


def test_request__lost_by_the_node__what_is_sent_then_takes_its_nonce(licensee: Licensee, pending: str) -> None:
    raw = licensee.raw(pending)
    licensee.live.node.rpc("anvil_dropTransaction", pending)
    licensee.mining(True)
    done = licensee.run(*REQUEST)
    assert done.document["lease"] == 1, done.err
    assert f"Not mined: {pending}" in done.err and "only one of both can be mined" in done.err
    answer = licensee.live.node.web3.provider.make_request("eth_sendRawTransaction", [raw])
    assert "nonce too low" in answer["error"]["message"]
    assert (licensee.leases, licensee.escrowed, licensee.kept) == (1, ESCROW, [])


def test_request__mined_where_the_node_does_not_show_it_yet__is_not_made_twice(
    licensee: Licensee, pending: str
) -> None:
    settle(licensee)
    with Proxy(licensee.live.node.url) as proxy:
        before = hex(licensee.live.node.web3.eth.get_transaction_receipt(pending)["blockNumber"] - 1)

        def ask(request: Request) -> Request:
            if request["method"] == "eth_getTransactionCount":
                return request | {"params": [request["params"][0], before]}
            return request

        def alter(request: Request, answer: Answer) -> Answer:
            hidden = request["method"] in ("eth_getTransactionReceipt", "eth_getTransactionByHash")
            return answer | {"result": None} if hidden else answer

        proxy.ask, proxy.alter = ask, alter
        done = licensee.run(*REQUEST, "--network", proxy.url)
        assert (done.code, done.document["error"]["transactions"]) == (3, [pending]), done.err
        assert f"perhaps to {pending} of before; run the same command again" in done.document["error"]["message"]
    assert (licensee.leases, licensee.escrowed, [path.stem for path in licensee.kept]) == (1, ESCROW, [pending])
    assert licensee.run(*REQUEST).document["lease"] == 1
    assert (licensee.leases, licensee.kept) == (1, [])


def test_request__mined_where_no_back_end_shows_its_receipt__is_not_made_twice(licensee: Licensee) -> None:
    with Proxy(licensee.live.node.url) as proxy:

        def alter(request: Request, answer: Answer) -> Answer:
            hidden = request["method"] in ("eth_getTransactionReceipt", "eth_getTransactionByHash")
            return answer | {"result": None} if hidden else answer

        proxy.alter = alter
        first = licensee.run(*REQUEST[:-1], "5", "--network", proxy.url)
        assert (first.code, first.document["error"]["kind"]) == (3, "NotMined"), first.err
        assert "is used, and the node shows no receipt of 0x" in first.document["error"]["message"]
        second = licensee.run(*REQUEST, "--network", proxy.url)
        assert second.code == 1 and "run this again in a few minutes" in second.document["error"]["message"]
    assert (licensee.leases, licensee.escrowed) == (1, ESCROW)
    assert licensee.run(*REQUEST).document["lease"] == 1
    assert (licensee.leases, licensee.escrowed, licensee.kept) == (1, ESCROW, [])


# Killed


@pytest.mark.parametrize("place", ["put", "broadcast", "wait"])
def test_request__killed_around_its_broadcast__nothing_is_paid_twice(
    licensee: Licensee, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    from datadao.cli.outbox import Outbox

    with monkeypatch.context() as patch:
        patch.setattr(Outbox if place == "put" else transactions, place, die)
        with pytest.raises(Killed):
            licensee.run(*REQUEST)
    mined = place == "wait"
    for _ in connection.pauses():  # a node gives the hash first, and mines when it comes to it
        if licensee.leases == mined:
            break
    assert (licensee.leases, len(licensee.kept)) == (mined, place != "put")
    done = licensee.run(*REQUEST)
    assert done.code == 0, done.err
    assert (done.document["lease"], "earlier" in done.document) == (1, mined)
    assert (licensee.leases, licensee.escrowed, licensee.kept) == (1, ESCROW, [])


def test_request__disk_is_full__is_not_sent(licensee: Licensee, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    before = licensee.nonce
    monkeypatch.setattr("datadao.cli.outbox.write_whole", full)
    done = licensee.run(*REQUEST)
    assert done.code == 1 and "No space left on device" in done.document["error"]["message"]
    assert (licensee.nonce, licensee.leases, licensee.pool) == (before, 0, 0)


def test_request__interrupted_while_it_waits__says_what_may_still_be_mined(
    licensee: Licensee, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float, first: float) -> Iterator[None]:
        raise KeyboardInterrupt

    licensee.mining(False)
    monkeypatch.setattr(transactions, "pauses", interrupt)
    done = licensee.run(*REQUEST)
    (path,) = licensee.kept
    assert done.code == 130 and f"escrowing 250 TUSD: {path.stem}; it may still be mined" in done.err


def test_outbox__damaged_file__is_named_and_nothing_is_sent(licensee: Licensee, pending: str) -> None:
    (path,) = licensee.kept
    path.write_text("{")
    refused = licensee.run(*REQUEST)
    assert refused.code == 1 and f"{path} is no record of a transaction" in refused.document["error"]["message"]
    assert licensee.pool == 1


def test_outbox__of_another_chain__holds_nothing_up(licensee: Licensee, pending: str) -> None:
    (path,) = licensee.kept
    path.write_text(path.read_text().replace('"genesis": "0x', '"genesis": "0y'))
    licensee.live.node.rpc("anvil_dropTransaction", pending)
    licensee.mining(True)
    assert licensee.run(*REQUEST, "--royalty-bps", "100").document["lease"] == 1
    assert [kept.stem for kept in licensee.kept] == [pending], "what is of another chain stays for that chain"


# Lost on the wire


@dataclass
class Cut:
    """Breaks the connection at the broadcast, before or after the node has it, `times` times."""

    node: str
    after: bool
    times: int = 100

    def ask(self, request: Request) -> Request:
        if not self.after:
            self._cut(request)
        return request

    def alter(self, request: Request, answer: Answer) -> Answer:
        if self.after:
            self._cut(request)
        return answer

    def _cut(self, request: Request) -> None:
        if request["method"] == "eth_sendRawTransaction" and self.times:
            self.times -= 1
            raise ConnectionAbortedError("the test breaks the connection here")


def cut(licensee: Licensee, how: Cut) -> Any:
    with Proxy(licensee.live.node.url) as proxy:
        proxy.ask, proxy.alter = how.ask, how.alter
        return licensee.run(*REQUEST[:-1], "8", "--network", proxy.url)


def test_request__connection_breaks_after_the_node_has_it__is_done(licensee: Licensee) -> None:
    assert cut(licensee, Cut(licensee.live.node.url, after=True)).document["lease"] == 1
    assert (licensee.leases, licensee.escrowed, licensee.kept) == (1, ESCROW, [])


def test_request__connection_breaks_before_the_node_has_it__is_given_to_it_again(
    licensee: Licensee, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "_AGAIN", 0.1)
    assert cut(licensee, Cut(licensee.live.node.url, after=False, times=6)).document["lease"] == 1
    assert (licensee.leases, licensee.escrowed, licensee.kept) == (1, ESCROW, [])


@pytest.mark.parametrize("message", ["request timed out", "internal error", "already known"])
def test_request__node_has_it_and_answers_with_an_error__is_done(licensee: Licensee, message: str) -> None:
    with Proxy(licensee.live.node.url) as proxy:

        def alter(request: Request, answer: Answer) -> Answer:
            if request["method"] != "eth_sendRawTransaction":
                return answer
            return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32000, "message": message}}

        proxy.alter = alter
        assert licensee.run(*REQUEST, "--network", proxy.url).document["lease"] == 1
    assert (licensee.leases, licensee.escrowed, licensee.kept) == (1, ESCROW, [])


def test_request__node_declines_it__is_refused_in_its_words_and_forgotten(licensee: Licensee) -> None:
    before = licensee.nonce
    with Proxy(licensee.live.node.url) as proxy:

        def ask(request: Request) -> Request:
            return request | {"params": ["0x02"]} if request["method"] == "eth_sendRawTransaction" else request

        proxy.ask = ask
        done = licensee.run(*REQUEST, "--network", proxy.url)
    assert done.code == 1 and done.document["error"]["message"] == (
        "request a lease of dataset 1, escrowing 250 TUSD: the node did not take the transaction: "
        "Failed to decode transaction"
    )
    assert (licensee.nonce, licensee.leases, licensee.kept) == (before, 0, [])
