"""The relay: round after round it sends what members signed, in the largest safe batches, within what it may spend.

It never pays for what would change nothing: what is forged, stale, a stranger's or without weight is dropped before,
with the reason; a payout that is worth less than its gas waits. One transaction is under way at a time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from eth_utils import to_checksum_address

from datadao.batches import Catalog
from datadao.chain import transactions
from datadao.chain.asset import read_asset
from datadao.chain.connection import answers_of, ask, in_words, with_libraries
from datadao.chain.data_fee import Outgoing, data_fees
from datadao.chain.fees import Fee, choose, gwei
from datadao.chain.reverts import estimate_gas
from datadao.chain.rpc import Call, read_block
from datadao.chain.series import receipts
from datadao.chain.signatures import checker
from datadao.chain.transactions import Account, Fate, Mined, NonceTaken, Sent
from datadao.client import DataDAO
from datadao.errors import DataDAOError, NotMined, Reverted, TransactionFailed
from datadao.messages.eip712 import SignatureCheck
from datadao.messages.requests import Request
from datadao.profile import Profile
from datadao.proposals import Proposals
from datadao.relay.journal import DONE, DROPPED, FAILED, MINED, VOID, WAITING, Batch, Journal, Share
from datadao.relay.judge import Judge
from datadao.relay.limits import Limits
from datadao.relay.plan import ALONE, BALLOTS, INCOME, Entry, Parcel, Planner
from datadao.storage.board import WEEK, Board
from datadao.text import visible_log
from datadao.types import ProposalState

log = visible_log("datadao.relay")

_SAMPLE = 16
"""Transactions of members' own that are estimated, to say what a list saved."""
_PATIENCE = 120.0
"""Seconds to wait for a transaction to be mined, before the next round looks again."""
_VOTED_ON = (ProposalState.PENDING, ProposalState.ACTIVE)


class Stop(Exception):
    """Nothing more is sent in this round: why."""


@dataclass
class Round:
    """What a round did: batches that were mined, requests that were dropped and that wait, and why it stopped early."""

    sent: list[Batch] = field(default_factory=list)
    dropped: int = 0
    waiting: int = 0
    stopped: str = ""

    @property
    def metrics(self) -> dict[str, int]:
        """Figures for a monitor."""
        return {
            "batches": len(self.sent), "requests": sum(len(batch.items) for batch in self.sent),
            "dropped": self.dropped, "waiting": self.waiting, "gas": sum(batch.gas for batch in self.sent),
            "saved": sum(max(batch.alone - batch.gas, 0) for batch in self.sent), "stopped": int(bool(self.stopped)),
        }  # fmt: skip


class Relay:
    """`account` pays and signs transactions, nothing else."""

    def __init__(
        self, dao: DataDAO, board: Board, catalog: Catalog, journal: Journal, limits: Limits, account: Account,
        check: SignatureCheck, patience: float = _PATIENCE,
    ) -> None:  # fmt: skip
        self._dao, self._board, self._journal, self._limits = dao, board, journal, limits
        self._account, self._sender = account, to_checksum_address(str(account.address))
        self._judge = Judge(dao, catalog, check)
        self._planner = Planner(dao, self._judge)
        self._proposals = Proposals(dao)
        self._patience = patience
        self._live: dict[bytes, Request] = {}
        self._known = journal.known()
        self._alone: set[bytes] = set()

    def round(self) -> Round:
        """Finishes what is under way, then sends what can be. Raises `ChainUnavailable`, `NodeRefused`, `StoreError`
        where chain or storage do not answer: what was sent is finished in the next round."""
        done = Round()
        try:
            for batch in self._journal.open():
                done.sent.append(self._resolved(batch))
            self._collect()
            verdicts = self._judge.of(self._live.values())
            self._note(verdicts.dropped, DROPPED, done)
            self._note(verdicts.done, DONE, done)
            self._note(verdicts.waiting | dict.fromkeys(verdicts.ready, ""), WAITING, done)
            for parcel in self._planner.parcels(verdicts, self._alone):
                done.sent += self._carry(parcel, done)
        except Stop as reason:
            done.stopped = str(reason)
            log.warning("%s", reason)
        done.waiting = len(self._live)
        return done

    # What is there

    def _collect(self) -> None:
        """Reads what is new on the board."""
        dao = self._dao
        now = read_block(dao.web3, "latest").timestamp
        every = [item.proposal_id for item in self._proposals.read()]
        states = dao.read_together([("governor", "state", number) for number in every])
        seen = self._known | self._live.keys()
        for number, state in zip(every, states, strict=True):
            if state in _VOTED_ON:
                self._live |= self._board.ballots(number, seen)
        # One that is older is not looked for any more; those of a clock that is ahead are.
        for week in range(now // WEEK - 2, now // WEEK + 2):
            self._live |= self._board.requests(week, seen)

    def _note(self, reasons: dict[Request, str], state: str, done: Round) -> None:
        self._journal.note((request, state, reason) for request, reason in reasons.items())
        if state == WAITING:
            return
        for request, reason in reasons.items():
            self._forget(request.id)
            if state == DROPPED:
                done.dropped += 1
                log.info("%s of %s dropped: %s", request.KIND, request.signer, reason)

    def _forget(self, key: bytes) -> None:
        self._live.pop(key, None)
        self._known.add(key)

    # Sending

    def _carry(self, parcel: Parcel, done: Round) -> Iterator[Batch]:
        """Sends a parcel, in as few transactions as are safe."""
        entries = self._within_budget(parcel.entries)
        if not entries:
            return
        parcel = parcel.of(entries)
        call = parcel.make(entries)
        most = self._limits.request_gas if parcel.kind == ALONE else self._limits.most_gas
        try:
            gas = estimate_gas(self._dao.web3, self._sender, call)
            refusal = f"it needs {gas:,} gas, more than the {most:,} that this relay pays for it" if gas > most else ""
        except Reverted as error:
            gas, refusal = 0, error.reason
        if refusal and len(entries) > 1:
            for half in parcel.halves():
                yield from self._carry(half, done)
            return
        if refusal:
            self._note({entries[0].request: refusal}, DROPPED, done)
            return
        fee = self._fee()
        limit = transactions.limit_of(gas, fee)
        posted = self._data_fee(call, gas)
        if parcel.kind == INCOME and (poor := self._not_worth(entries, gas * fee.now + posted)):
            reasons = {entry.request: "its income is worth less than the gas of paying it" for entry in poor}
            self._note(reasons, WAITING, done)
            rest = [entry for entry in entries if entry not in poor]
            if rest:
                yield from self._carry(parcel.of(rest), done)
            return
        cost = limit * fee.most + posted
        if (rest := self._within_budget(entries, -(-cost // len(entries)))) != entries:
            if rest:
                yield from self._carry(parcel.of(rest), done)
            return
        left = self._limits.day - self._journal.spent()
        if cost > left and len(entries) > 1:
            yield from self._carry(parcel.halves()[0], done)
            return
        if cost > left:
            raise Stop(f"the day's budget leaves {left} wei, and the next transaction may cost {cost}")
        self._check_funds(cost)
        nonce = transactions.next_nonce(self._dao.web3, self._sender)
        sent = transactions.sign(self._account, call, gas=limit, nonce=nonce, fee=fee, chain_id=self._dao.id.chain_id)
        batch = self._journal.begin(parcel.kind, sent, _shares(entries), cost, self._alone_gas(entries))
        yield self._sent(batch, fresh=True)

    def _within_budget(self, entries: Sequence[Entry], more: int = 0) -> list[Entry]:
        """Those whose members may still spend `more` wei for each of their entries today."""
        accounts = sorted({entry.account for entry in entries})
        spent = self._journal.spent_of(accounts)
        counts = dict.fromkeys(accounts, 0)
        for entry in entries:
            counts[entry.account] += 1
        most = self._limits.member
        allowed = {who for who in accounts if spent[who] < most and spent[who] + more * counts[who] <= most}
        over = {entry.request: "its member's budget of today is used up" for entry in entries
                if entry.account not in allowed}  # fmt: skip
        self._journal.note((request, WAITING, reason) for request, reason in over.items())
        return [entry for entry in entries if entry.account in allowed]

    def _not_worth(self, entries: Sequence[Entry], cost: int) -> list[Entry]:
        each = cost // len(entries)
        return [entry for entry in entries if not self._limits.is_worth(entry.part, each)]

    def _data_fee(self, sent: Call | Sent, gas: int) -> int:
        """Wei that a rollup asks now for a transaction's data beside its gas. What Arbitrum asks is in the estimate."""
        return data_fees(self._dao.web3, [Outgoing(sent.to, sent.data, gas)])[0].wei

    def _fee(self) -> Fee:
        fee, most = choose(self._dao.web3), self._limits.max_fee
        if most is None or fee.most <= most:
            return fee
        if fee.now > most:
            raise Stop(f"gas costs {gwei(fee.now)} gwei, more than the {gwei(most)} that this relay pays")
        return replace(fee, most=most)

    def _check_funds(self, cost: int) -> None:
        held = int(ask(self._dao.web3, "eth_getBalance", self._sender, "latest"), 16)
        if held < cost:
            raise Stop(f"{self._sender} holds {held} wei, and the next transaction may cost {cost}: refill it")

    def _alone_gas(self, entries: Sequence[Entry]) -> int:
        """About the gas of as many transactions of the members' own; 0 where the node does not tell."""
        step = -(-len(entries) // _SAMPLE)
        asked = [
            ("eth_estimateGas", [{"from": one.sender, "to": one.own.to, "data": "0x" + one.own.data.hex()}])
            for one in entries[::step]
        ]
        found = [int(answer["result"], 16) for answer in answers_of(self._dao.web3, asked) if "result" in answer]
        return sum(found) * len(entries) // len(found) if found else 0

    # What became of it

    def _sent(self, batch: Batch, *, fresh: bool = False) -> Batch:
        """Gives the last attempt to the node and waits. A `fresh` one that the node declines was never anywhere; any
        other may still be mined. Raises `Stop` if it is not mined in time."""
        web3, sent = self._dao.web3, batch.attempts[-1]
        try:
            transactions.broadcast(web3, sent)
            transactions.wait(web3, sent, self._patience, confirmations=self._dao.confirmations)
        except NonceTaken:
            pass
        except NotMined as error:
            raise Stop(str(error)) from error
        except TransactionFailed as error:
            if self._receipt(sent) is None:
                if fresh:
                    self._end(batch, VOID, None)
                raise Stop(str(error)) from error
        return self._resolved(batch)

    def _resolved(self, batch: Batch) -> Batch:
        """A batch whose fate is known, and written down. Raises `Stop` while it is not."""
        web3, last = self._dao.web3, batch.attempts[-1]
        for sent in batch.attempts:
            if receipt := self._receipt(sent):
                return self._end(batch, MINED if int(receipt["status"], 16) == 1 else FAILED, receipt, sent)
        match transactions.settled_fate(web3, last):
            case Fate.MINED | Fate.FAILED:
                return self._resolved(batch)
            case Fate.REPLACED:
                return self._end(batch, VOID, None)
            case Fate.UNKNOWN if self._fee().most < self._dearer(last):
                return self._sent(batch)  # the same bytes again: whoever has them already has them once
            case _:
                return self._raised(batch)

    def _raised(self, batch: Batch) -> Batch:
        """Offers more for what waits, where gas became dearer meanwhile."""
        last, fee = batch.attempts[-1], self._fee()
        if fee.most < self._dearer(last):
            raise Stop(f"{last.what}: {last.hash} is not mined yet")
        cost = last.gas * fee.most + self._data_fee(last, last.gas)
        if cost - batch.wei > self._limits.day - self._journal.spent():
            raise Stop(f"{last.what}: {last.hash} is not mined yet, and the day's budget does not take a higher fee")
        call = cast("Call", _Again(last.to, last.data, last.what))
        sent = transactions.sign(
            self._account, call, gas=last.gas, nonce=last.nonce, fee=fee, chain_id=self._dao.id.chain_id
        )
        return self._sent(self._journal.again(batch, sent, cost))

    @staticmethod
    def _dearer(sent: Sent) -> int:
        """The least max fee of what takes the place of a transaction: nodes ask for a tenth more."""
        return sent.max_fee * 9 // 8 + 1

    def _end(self, batch: Batch, state: str, receipt: Any, sent: Sent | None = None) -> Batch:
        gas = wei = 0
        reason, mined = "", None
        if receipt is not None and sent is not None:
            gas = int(receipt["gasUsed"], 16)
            # Rollups charge for the data beside.
            wei = gas * int(receipt.get("effectiveGasPrice", hex(sent.max_fee)), 16) + int(
                receipt.get("l1Fee") or "0x0", 16
            )
            try:
                mined = transactions.result(self._dao.web3, sent, receipt)
            except TransactionFailed as error:
                reason = str(error)
        ends = self._ends(batch, state, reason, mined)
        self._journal.settle(batch, state, gas, wei, ends)
        for key, (end, _) in ends.items():
            if end != WAITING:
                self._forget(key)
        if state == FAILED and len(batch.items) > 1:
            self._alone |= batch.items.keys()
        batch = replace(batch, state=state, gas=gas, wei=wei)
        log.info("%s", summary(batch))
        return batch

    def _ends(self, batch: Batch, state: str, reason: str, mined: Mined | None) -> dict[bytes, tuple[str, str]]:
        """State and reason of each request of a batch that ended."""
        if state == VOID:
            return dict.fromkeys(batch.items, (WAITING, "its transaction was not taken"))
        if mined is None:
            end = (DROPPED, reason) if len(batch.items) == 1 else (WAITING, "a list with it failed")
            return dict.fromkeys(batch.items, end)
        if batch.kind == ALONE:
            return dict.fromkeys(batch.items, (DONE, ""))
        if batch.kind == BALLOTS:
            events = mined.events("governor", "BallotSkipped", self._dao.addresses["governor"])
            faults = ("a wrong signature", "no such side", "the voter has voted", "the licensee does not vote")
            skipped = {event.fields["voter"]: faults[event.fields["fault"]] for event in events}
            return {
                key: (DROPPED, skipped[who.lower()]) if who.lower() in skipped else (DONE, "")
                for key, (who, _) in batch.items.items()
            }
        events = mined.events("splitter", "ClaimSkipped", self._dao.addresses["splitter"])
        unpaid = {event.fields["account"] for event in events}
        return {
            key: (DROPPED, "the asset refuses to pay the account") if who.lower() in unpaid else (WAITING, "claimed")
            for key, (who, _) in batch.items.items()
        }

    def _receipt(self, sent: Sent) -> Any:
        return receipts(self._dao.web3, [sent]).get(sent.hash)


@dataclass(frozen=True)
class _Again:
    """A call as it was sent before."""

    to: str
    data: bytes
    what: str


def summary(batch: Batch) -> str:
    """What a batch cost, and saved."""
    saved = f", {batch.alone - batch.gas:,} less than one by one" if batch.alone > batch.gas else ""
    gas = f"{batch.gas:,} gas of a limit of {batch.attempts[-1].gas:,}"
    return f"{len(batch.items)} requests ({batch.kind}) {batch.state}: {gas}{saved}, {batch.wei} wei"


def _shares(entries: Sequence[Entry]) -> dict[bytes, Share]:
    shares: dict[bytes, Share] = {}
    for entry in entries:
        weight = shares.get(entry.request.id, ("", 0))[1]
        shares[entry.request.id] = (entry.account, weight + 1)
    return shares


def open_relay(
    dao: DataDAO, profile: Profile, account: Account, board: Board, catalog: Catalog, patience: float = _PATIENCE
) -> Relay:
    """The relay of a role's folder, whose unlocked `account` pays. Raises `ProfileRefused`, `DiskUnavailable`."""
    asset = read_asset(dao.web3, dao.read("leases", "asset"))
    limits = Limits.of(profile.needed("relay"), asset.decimals)
    journal = open_journal(dao, profile)
    return Relay(dao, board, catalog, journal, limits, account, checker(dao.web3), patience)


def open_journal(dao: DataDAO, profile: Profile) -> Journal:
    """What the relay of a role's folder knows. Raises `InvalidArgument` if it is of another DAO, `DiskUnavailable`."""
    return Journal(profile.home / "relay", f"chain {dao.id.chain_id}, registry {dao.id.registry}")


def rounds(relay: Relay, stop: Any, interval: float) -> int:
    """Rounds until `stop`, an `Event`, is set; whatever fails outside is tried again. How many there were."""
    count = 0
    while not stop.is_set():
        begun = time.monotonic()
        try:
            relay.round()
        except with_libraries(DataDAOError, OSError) as error:
            log.warning("%s: %s", type(error).__name__, in_words(error))
        count += 1
        stop.wait(max(0.0, interval - (time.monotonic() - begun)))
    return count
