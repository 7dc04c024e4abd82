"""Many transactions at once, and one: what they offer, what becomes of them, and what the caller learns.

given unlike calls                    each should have its own estimate, and the tip that the node suggests
given a call that would be refused    nothing should be sent
given transactions that are not mined in time    it should name all that may still be mined
given one that fails or that the node declines   it should say why, and what of the others
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assurance.harness.chain.proxy import Answer, Proxy, Request
from assurance.harness.dao.dao import HPKE_KEY, Dao
from datadao.chain.patience import connect
from datadao.chain.rpc import Call
from datadao.chain.series import _lots, send_all
from datadao.client import DataDAO
from datadao.errors import InvalidArgument, NotMined, Reverted, TransactionFailed
from tests.client.test_client import accepted, company, funded, handle  # noqa: F401  # fixtures among them


@pytest.fixture
def node(dao: Dao) -> Iterator[Callable[..., Any]]:
    """Asks the node of the DAO; it mines at once again after the test."""
    yield dao.chain._rpc
    dao.chain._rpc("evm_setAutomine", True)


def url(handle: DataDAO) -> str:  # noqa: F811
    return str(handle.web3.provider.endpoint_uri)  # type: ignore[attr-defined]


def nonce(handle: DataDAO, account: Any) -> int:  # noqa: F811
    return handle.web3.eth.get_transaction_count(account.address)


def approval(dao: Dao, amount: int) -> Call:
    """Of the asset, to an arbitrary account."""
    return Call(dao.asset.address, "DataToken", "approve", ("0x" + "77" * 20, amount), f"approve {amount}")


def test_send_many__unlike_calls__each_has_its_own_estimate_and_the_nodes_tip(
    dao: Dao,
    handle: DataDAO,  # noqa: F811
    company: Any,  # noqa: F811
) -> None:
    funded(dao, company)
    request = handle.call("leases", "request", tuple(dao.terms().values()), HPKE_KEY, "please")
    mined = handle.send_many([approval(dao, 1), request, approval(dao, 2)], company)
    used = [each.gas_used for each in mined]
    assert used[1] > 4 * used[0] > 4 * used[2]
    assert dao.leases.leaseCount() == 1
    last = handle.web3.eth.get_block("latest", full_transactions=True)["transactions"][-1]
    assert last["maxPriorityFeePerGas"] == handle.web3.eth.max_priority_fee > 0  # type: ignore[index, misc]
    assert used[2] < last["gas"] == mined[2].gas_limit < used[1]  # type: ignore[index, misc]


def test_send_many__fee_as_given__is_offered(
    dao: Dao,
    handle: DataDAO,  # noqa: F811
    company: Any,  # noqa: F811
    node: Callable[..., Any],
) -> None:
    most = 50 * 10**9
    handle.send_many([approval(dao, 1)], company, max_fee=most, tip=3)
    (sent,) = handle.web3.eth.get_block("latest", full_transactions=True)["transactions"]
    assert (sent["maxFeePerGas"], sent["maxPriorityFeePerGas"]) == (most, 3)  # type: ignore[index, misc]
    before = nonce(handle, company)
    for _ in range(2):
        node("anvil_setNextBlockBaseFeePerGas", hex(2))
        node("evm_mine")
    with pytest.raises(InvalidArgument, match="is below the last block's base fee"):
        handle.send_many([approval(dao, 1)], company, max_fee=1)
    assert nonce(handle, company) == before


def test_send_many__one_would_be_refused__sends_none(dao: Dao, handle: DataDAO, company: Any) -> None:  # noqa: F811
    before = nonce(handle, company)
    wrong = handle.call("registry", "activate", 99, what="activate batch 99")
    with pytest.raises(Reverted, match=r"^activate batch 99: DatasetRegistry_UnknownBatch\(batchId=99\)$"):
        handle.send_many([approval(dao, 1), wrong], company)
    assert nonce(handle, company) == before


def test_send_many__nothing__asks_and_sends_nothing(handle: DataDAO, company: Any) -> None:  # noqa: F811
    assert handle.send_many([], company) == []


def test_send_all__not_mined_in_time__names_every_one_that_may_still_be(
    dao: Dao,
    handle: DataDAO,  # noqa: F811
    company: Any,  # noqa: F811
    node: Callable[..., Any],
) -> None:
    before = nonce(handle, company)
    node("evm_setAutomine", False)
    calls = [approval(dao, number) for number in range(3)]
    with pytest.raises(NotMined, match=r"^approve 0: 0x.*; it may still be mined; 2 more after it may too$") as late:
        send_all(handle.web3, calls, company, seconds=0.3)
    node("evm_setAutomine", True)
    node("evm_mine")
    assert len(set(late.value.transactions)) == 3
    for name in late.value.transactions:
        assert handle.web3.eth.get_transaction_receipt(name)["status"] == 1  # type: ignore[arg-type]
    assert nonce(handle, company) == before + 3


def test_send_all__mined_together__asks_for_all_receipts_at_once(
    dao: Dao,
    handle: DataDAO,  # noqa: F811
    company: Any,  # noqa: F811
    node: Callable[..., Any],
) -> None:
    given: list[Answer] = []

    def alter(request: Request, answer: Answer) -> Answer:
        if request["method"] == "eth_sendRawTransaction":
            given.append(answer)
            if len(given) == 3:
                node("evm_mine")
        return answer

    node("evm_setAutomine", False)
    with Proxy(url(handle)) as proxy:
        proxy.alter = alter
        done = send_all(connect(proxy.url), [approval(dao, number) for number in range(3)], company)
    node("evm_setAutomine", True)
    assert [one.hash for one in done] == [answer["result"] for answer in given]
    assert [one.together for one in proxy.seen if one.method == "eth_getTransactionReceipt"] == [True] * 3


def test_send_all__confirmations_wanted__asks_for_all_receipts_at_once_when_all_are_deep(
    dao: Dao,
    handle: DataDAO,  # noqa: F811
    company: Any,  # noqa: F811
    node: Callable[..., Any],
) -> None:
    def ask(request: dict[str, Any]) -> dict[str, Any]:
        if request["method"] == "eth_blockNumber":
            node("evm_mine")
        return request

    # Blocks come from here only: anvil may leave a transaction waiting when two of its miners are at work at once.
    node("evm_setAutomine", False)
    with Proxy(url(handle)) as proxy:
        proxy.ask = ask
        calls = [approval(dao, number) for number in range(3)]
        done = send_all(connect(proxy.url), calls, company, confirmations=4)
    node("evm_setAutomine", True)
    assert handle.web3.eth.block_number >= max(one.block for one in done) + 4
    assert [one.together for one in proxy.seen if one.method == "eth_getTransactionReceipt"] == [True] * 3


def test_send__not_mined_in_time__is_no_failure(
    dao: Dao,
    handle: DataDAO,  # noqa: F811
    company: Any,  # noqa: F811
    node: Callable[..., Any],
) -> None:
    funded(dao, company)
    node("evm_setAutomine", False)
    with pytest.raises(NotMined, match=r"was sent and is not mined after 0\.3 s; it may still be mined") as late:
        handle.send("leases", "request", tuple(dao.terms().values()), HPKE_KEY, "", sender=company, seconds=0.3)
    assert not isinstance(late.value, TransactionFailed)
    node("evm_setAutomine", True)
    node("evm_mine")
    assert dao.leases.leaseCount() == 1


def test_send_many__one_reverts_on_chain__is_named_with_its_reason(
    dao: Dao,
    handle: DataDAO,  # noqa: F811
    company: Any,  # noqa: F811
) -> None:
    _, item = accepted(dao, company)
    twice = [handle.claim_call(item), handle.claim_call(item)]
    with pytest.raises(
        TransactionFailed, match=r"claim for 0x.*: DatasetRegistry_FingerprintUsed\(.*whose fee is spent"
    ):
        handle.send_many(twice, company)
    assert dao.token.balanceOf(company.address) > 0


def test_send_many__node_declines_one__says_so_and_what_waits_behind_it(
    dao: Dao,
    handle: DataDAO,  # noqa: F811
    company: Any,  # noqa: F811
    node: Callable[..., Any],
) -> None:
    raws: list[str] = []

    def ask(request: dict[str, Any]) -> dict[str, Any]:
        if request["method"] != "eth_sendRawTransaction":
            return request
        raws.append(request["params"][0])
        return request | {"params": ["0x02"]} if len(raws) == 2 else request

    before = nonce(handle, company)
    with Proxy(url(handle)) as proxy:
        proxy.ask = ask
        calls = [approval(dao, number) for number in range(3)]
        with pytest.raises(
            NotMined, match="approve 1: the node did not take the transaction: Failed to decode"
        ) as late:
            send_all(connect(proxy.url), calls, company, seconds=5)
    assert "1 transactions after it wait for its nonce and may still be mined" in str(late.value)
    assert nonce(handle, company) == before + 1
    node("anvil_dropTransaction", *late.value.transactions)


@given(
    gas=st.lists(st.integers(21_000, 16_777_216), min_size=1, max_size=600),
    block=st.sampled_from([0, 30_000_000, 60_000_000]),
)
def test_lots__of_any_calls__hold_each_once_and_no_more_than_a_block_takes(gas: list[int], block: int) -> None:
    """Else a node that makes blocks of transactions keeps the rest until another transaction comes."""
    parts = list(_lots(gas, block))
    assert [i for part in parts for i in part] == list(range(len(gas)))
    for part in parts:
        assert len(part) == 1 or (len(part) <= 250 and (not block or sum(gas[i] for i in part) <= block * 9 // 10))
    first = parts[0].stop
    assert first in (len(gas), 250) or (block and sum(gas[: first + 1]) > block * 9 // 10), "no lot is cut needlessly"
