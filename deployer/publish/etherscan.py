"""Etherscan's API, version 2: one key and one address for all of its chains. Explorers of the Blockscout kind speak it
too, at an address of their own and without a key."""

from __future__ import annotations

import json
from typing import Any

from datadao.errors import InvalidArgument
from deployer.publish.service import Busy, NotYet, Outcome, ServiceRefused, State, ask, base
from deployer.publish.sources import Publication

URL = "https://api.etherscan.io/v2/api"
KEY = "ETHERSCAN_API_KEY"
"""Environment variable of the key."""
_NAME = "Etherscan"
_LIMITED = ("rate limit", "too many")
_LATER = ("unable to locate contractcode", "contract not found", "pending", "in progress")
"""An explorer learns of a new contract some blocks later."""
_ALREADY = "already verified"


class Etherscan:
    """Etherscan at `url`, asked with `key`, which stands in no message."""

    name = _NAME

    def __init__(self, url: str = URL, key: str = "") -> None:
        self.url, self._key = base(url, _NAME), key
        if not key and self.url == URL:
            raise InvalidArgument(f"{_NAME} takes sources of registered accounts only: put its key into {KEY}")

    def published(self, chain_id: int, address: str) -> Outcome:
        _, result = self._ask("GET", chain_id, {"action": "getsourcecode", "address": address})
        found = result[0] if isinstance(result, list) and result and isinstance(result[0], dict) else {}
        return Outcome(State.PUBLISHED, "verified") if found.get("SourceCode") else Outcome(State.UNKNOWN)

    def submit(self, chain_id: int, item: Publication) -> str:
        arguments = item.arguments.hex()
        form = {
            "contractaddress": item.address,
            "sourceCode": json.dumps(item.input),
            "codeformat": "solidity-standard-json-input",
            "contractname": item.identifier,
            "compilerversion": f"v{item.compiler}",
            "constructorArguments": arguments,
            # The first version's spelling, which explorers of others know.
            "constructorArguements": arguments,
        }
        ok, result = self._ask("POST", chain_id, {"action": "verifysourcecode"}, form)
        if ok and isinstance(result, str):
            return result
        words = self._words(result)
        if _ALREADY in words.lower():
            return ""
        if any(hint in words.lower() for hint in _LATER):
            raise NotYet(f"{_NAME}: {words}")
        raise ServiceRefused(f"{_NAME} refuses: {words}")

    def outcome(self, chain_id: int, submission: str) -> Outcome:
        ok, result = self._ask("GET", chain_id, {"action": "checkverifystatus", "guid": submission})
        words = self._words(result)
        said = words.lower()
        if "unknown uid" in said:
            return Outcome(State.UNKNOWN)
        if _ALREADY in said or (ok and said.startswith("pass")):
            return Outcome(State.PUBLISHED, words)
        return Outcome(State.PENDING if "pending" in said or "in progress" in said else State.REFUSED, words)

    def _ask(self, method: str, chain_id: int, query: dict[str, str], form: Any = None) -> tuple[bool, Any]:
        """Whether it says OK, and its result. Raises `Busy` beyond its limit of requests."""
        given = {"chainid": str(chain_id), "module": "contract", **query}
        key = {"apikey": self._key} if self._key else {}
        status, answer = ask(_NAME, method, self.url, params={**given, **key}, data=form)
        ok, result = str(answer.get("status")) == "1", answer.get("result")
        words = self._words(result or answer.get("message"))
        if any(hint in words.lower() for hint in _LIMITED):
            raise Busy(f"{_NAME} is busy: {words}")
        if status != 200 or "api key" in words.lower() or "apikey" in words.lower():
            raise ServiceRefused(f"{_NAME} refuses: {words}")
        return ok, result

    def _words(self, result: Any) -> str:
        """Its words, in which some explorers repeat the request."""
        text = result if isinstance(result, str) else json.dumps(result)
        return text.replace(self._key, "[hidden]") if self._key else text
