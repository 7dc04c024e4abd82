"""Sourcify's API, version 2: submissions are jobs, and a match is exact if the hash of the metadata is the code's.

It compares the code on chain and, apart, the creation with its arguments, which it takes from the transaction named to
it; the better of the two is its `match`. A transaction of something else, or a chain whose nodes it cannot ask for
traces, leaves the creation unmatched, and it publishes the code all the same.
"""

from __future__ import annotations

from typing import Any

from deployer.publish.service import Busy, Outcome, ServiceRefused, State, ask, base
from deployer.publish.sources import Publication

URL = "https://sourcify.dev/server"
_NAME = "Sourcify"
_CREATION = (
    "it did not match the creation, and so not the arguments: the recorded transaction is of something else, or it has "
    "no traces of this chain"
)


class Sourcify:
    """Sourcify at `url`. It recompiles, and takes what a factory created from the creation's transaction."""

    name = _NAME

    def __init__(self, url: str = URL) -> None:
        self.url = base(url, _NAME)

    def published(self, chain_id: int, address: str) -> Outcome:
        status, answer = ask(_NAME, "GET", f"{self.url}/v2/contract/{chain_id}/{address}")
        if status != 200 and "match" not in answer:  # 404 of a contract that it does not know
            raise _refused(answer)
        return _judged(answer) if answer.get("match") else Outcome(State.UNKNOWN)

    def submit(self, chain_id: int, item: Publication) -> str:
        body = {
            "stdJsonInput": item.input,
            "compilerVersion": item.compiler,
            "contractIdentifier": item.identifier,
            "creationTransactionHash": item.transaction,
        }
        status, answer = ask(_NAME, "POST", f"{self.url}/v2/verify/{chain_id}/{item.address}", json=body)
        if status == 202 and isinstance(answer.get("verificationId"), str):
            return str(answer["verificationId"])
        if answer.get("customCode") in ("already_verified", "duplicate_verification_request"):
            return ""
        if status == 429:
            raise Busy(f"{_NAME} is busy: {answer.get('message')}")
        raise _refused(answer)

    def outcome(self, _: int, submission: str) -> Outcome:
        status, answer = ask(_NAME, "GET", f"{self.url}/v2/verify/{submission}")
        if answer.get("customCode") == "job_not_found":
            return Outcome(State.UNKNOWN)
        if status != 200:
            raise _refused(answer)
        if not answer.get("isJobCompleted"):
            return Outcome(State.PENDING)
        error, contract = answer.get("error"), answer.get("contract")
        if isinstance(error, dict):
            if error.get("customCode") == "already_verified":  # by another submission meanwhile
                return Outcome(State.UNKNOWN)
            return Outcome(State.REFUSED, str(error.get("message") or error.get("customCode")))
        return _judged(contract if isinstance(contract, dict) else {})


def _judged(contract: dict[str, Any]) -> Outcome:
    """Code that differs in nothing but the metadata's hash is a match too, of other sources. What runs has to match,
    not what created it alone."""
    match = contract.get("runtimeMatch")
    if match == "exact_match":
        return Outcome(State.PUBLISHED, match, "" if contract.get("creationMatch") == match else _CREATION)
    if match is None:
        return Outcome(State.REFUSED, "the code on chain is not what these sources compile to")
    return Outcome(State.REFUSED, f"{match}, not an exact one: the metadata's hash in the code is of other sources")


def _refused(answer: dict[str, Any]) -> ServiceRefused:
    return ServiceRefused(f"{_NAME} refuses: {answer.get('message') or answer.get('customCode') or 'without a reason'}")
