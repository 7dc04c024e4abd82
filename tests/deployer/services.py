"""Small servers that speak the two services' APIs, and verify as they do: from the request alone, with the npm
compiler, against the code and the creation on a chain."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from eth_abi.exceptions import DecodingError, EncodingError
from web3 import Web3
from web3.exceptions import TransactionNotFound

from assurance.harness.chain.recompile import Recompiled, compiler, recompile
from datadao.chain.abi import canonical_type, constructor_inputs
from datadao.chain.codec import decode, encode
from datadao.errors import Malformed
from deployer.verify.code import holes, masked_hash

Answer = tuple[int, Any]
TAIL = 53
"""Bytes at the end of a code that hold the metadata's hash and the compiler's version."""


class Server:
    """Listens on a free port until `stop`; `received` are the requests by method and path, and `faults` answer in
    place of the service as long as there are any."""

    def __init__(self, web3: Web3) -> None:
        self.web3, self.chain_id = web3, web3.eth.chain_id
        self.received: list[tuple[str, str]] = []
        self.faults: list[Callable[[], Answer | None]] = []
        self.jobs: dict[str, Any] = {}
        self.sources: dict[str, Any] = {}
        self.polls_until_done = 1
        self._traced: dict[str, dict[str, bytes]] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                parts = urlsplit(self.path)
                outer.received.append((self.command, parts.path + "?" + parts.query))
                answer = outer.faults.pop(0)() if outer.faults else None
                if answer is None:
                    answer = outer.answer(self.command, parts.path, dict(parse_qsl(parts.query)), body)
                status, content = answer
                if status == 0:  # as a server that is cut off
                    self.close_connection = True
                    return
                data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = _answer  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Answer:
        raise NotImplementedError

    def submitted(self) -> int:
        return sum(method == "POST" for method, _ in self.received)

    # What both do

    def code(self, address: str) -> bytes:
        return bytes(self.web3.eth.get_code(Web3.to_checksum_address(address)))

    def creation(self, address: str, transaction: str) -> bytes | None:
        """The code with arguments that created a contract in a transaction, inside of another contract's call too."""
        try:
            sent = self.web3.eth.get_transaction(transaction)  # type: ignore[arg-type]
            created = self.web3.eth.get_transaction_receipt(transaction)["contractAddress"]  # type: ignore[arg-type]
        except TransactionNotFound:
            return None
        if created is not None:
            return bytes(sent["input"]) if created.lower() == address.lower() else None
        return self._created_in(transaction).get(address.lower())

    def _created_in(self, transaction: str) -> dict[str, bytes]:
        """Creation code with arguments by address of all that a call created. Asked of the node once."""
        if transaction not in self._traced:
            answer = self.web3.provider.make_request(
                "debug_traceTransaction",  # type: ignore[arg-type]
                [transaction, {"tracer": "callTracer"}],
            )
            # A node forgets the state that old transactions of other tests began with; nothing here is so old.
            found, calls = dict[str, bytes](), [answer["result"]] if "result" in answer else []
            while calls:
                call = calls.pop()
                if call["type"].startswith("CREATE"):
                    found[call.get("to", "").lower()] = bytes.fromhex(call["input"][2:])
                calls += call.get("calls", [])
            self._traced[transaction] = found
        return self._traced[transaction]

    def compiled(self, version: str, standard: Any, identifier: str) -> Recompiled:
        if version != compiler():
            return Recompiled(b"", b"", [], (f"the compiler {version} is not available",))
        return recompile(standard, identifier)


def matches(made: Recompiled, actual: bytes) -> str | None:
    """How the code on chain matches a recompiled one: Sourcify's words."""
    places = holes(made.runtime)

    def masked(code: bytes) -> bytes:
        return masked_hash(code, [place for place in places if place + 32 <= len(code)])

    if masked(actual) == masked(made.runtime):
        return "exact_match"
    same = masked(actual[:-TAIL]) == masked(made.runtime[:-TAIL]) and len(actual) == len(made.runtime)
    return "match" if same else None


def fits(made: Recompiled, arguments: bytes) -> bool:
    """Whether bytes are arguments of the constructor, and nothing more."""
    types = [canonical_type(entry) for entry in constructor_inputs(made.abi)]
    try:
        return encode(types, decode(types, arguments)) == arguments
    except (Malformed, DecodingError, EncodingError):
        return False


class SourcifyServer(Server):
    """`POST /v2/verify/{chain}/{address}`, `GET /v2/verify/{job}`, `GET /v2/contract/{chain}/{address}`.

    `match` is the better of what it says of code and creation; it refuses where neither matches, as the service does.
    """

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Answer:
        if method == "POST" and (found := re.fullmatch(r"/v2/verify/(\d+)/(0x[0-9a-fA-F]{40})", path)):
            return self._verify(int(found[1]), found[2], json.loads(body))
        if method == "GET" and (found := re.fullmatch(r"/v2/verify/([0-9a-f-]+)", path)):
            return self._job(found[1])
        if method == "GET" and (found := re.fullmatch(r"/v2/contract/(\d+)/(0x[0-9a-fA-F]{40})", path)):
            known = self.sources.get(found[2].lower())
            empty = {"match": None, "creationMatch": None, "runtimeMatch": None, "address": found[2]}
            return (200, known) if known else (404, empty)
        return _sourcify_error(404, "route_not_found", "there is no such route")

    def _verify(self, chain_id: int, address: str, body: Mapping[str, Any]) -> Answer:
        if chain_id != self.chain_id:
            return _sourcify_error(404, "unsupported_chain", f"chain {chain_id} is not supported")
        wanted = {"stdJsonInput", "compilerVersion", "contractIdentifier"}
        if not wanted <= body.keys() <= wanted | {"creationTransactionHash"}:
            return _sourcify_error(400, "invalid_parameter", f"fields: {sorted(body)}")
        known = self.sources.get(address.lower(), {})
        if all(known.get(part) == "exact_match" for part in ("runtimeMatch", "creationMatch")):
            return _sourcify_error(409, "already_verified", "the contract is verified")
        job = f"{len(self.jobs):08x}-0000"
        self.jobs[job] = [self.polls_until_done, address, self._judged(address, body)]
        return 202, {"verificationId": job}

    def _judged(self, address: str, body: Mapping[str, Any]) -> dict[str, Any]:
        made = self.compiled(body["compilerVersion"], body["stdJsonInput"], body["contractIdentifier"])
        if made.errors:
            return {"error": {"customCode": "compiler_error", "message": made.errors[0]}}
        runtime = matches(made, self.code(address))
        creation = self.creation(address, body["creationTransactionHash"]) or b""
        exact = creation.startswith(made.creation) and fits(made, creation[len(made.creation) :])
        found = {
            "match": "exact_match" if exact else runtime,
            "runtimeMatch": runtime,
            "creationMatch": "exact_match" if exact else None,
        }
        if found["match"] is None:
            return {"error": {"customCode": "no_match", "message": "The onchain and recompiled bytecodes don't match."}}
        return {"contract": {**found, "address": address, "chainId": str(self.chain_id)}}

    def _job(self, job: str) -> Answer:
        if job not in self.jobs:
            return _sourcify_error(404, "job_not_found", f"no job {job}")
        left, address, outcome = self.jobs[job]
        if left > 0:
            self.jobs[job][0] -= 1
            return 200, {"isJobCompleted": False, "verificationId": job}
        if "contract" in outcome:
            self.sources[address.lower()] = outcome["contract"]
        return 200, {"isJobCompleted": True, "verificationId": job, "contract": None, **outcome}


def _sourcify_error(status: int, code: str, message: str) -> Answer:
    return status, {"customCode": code, "message": message, "errorId": "0"}


class EtherscanServer(Server):
    """`verifysourcecode`, `checkverifystatus` and `getsourcecode` of `/v2/api`, for whoever has the key."""

    KEY = "AKEYTHATNOBODYMAYSEE"
    indexed = True
    """Whether it knows of new contracts already."""

    def __init__(self, web3: Web3) -> None:
        super().__init__(web3)
        self._blocks, self._created_by = 0, dict[str, str]()

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Answer:
        if query.get("apikey") != self.KEY:
            return _no(f"Invalid API Key ({query.get('apikey')})")
        if (path, query.get("chainid"), query.get("module")) != ("/v2/api", str(self.chain_id), "contract"):
            return _no("Missing or unsupported chainid parameter (required for v2 api)")
        action = (method, query.get("action"))
        if action == ("POST", "verifysourcecode"):
            return self._verify(dict(parse_qsl(body.decode(), keep_blank_values=True)))
        if action == ("GET", "checkverifystatus"):
            return self._status(query["guid"])
        if action == ("GET", "getsourcecode"):
            return _yes([{"SourceCode": self.sources.get(query["address"].lower(), "")}])
        return _no("Error! Missing Or invalid Action name")

    def _verify(self, form: Mapping[str, str]) -> Answer:
        address = form["contractaddress"]
        if not self.indexed or not self.code(address):
            return _no(f"Unable to locate ContractCode at {address}")
        if address.lower() in self.sources:
            return _no("Contract source code already verified")
        assert form["codeformat"] == "solidity-standard-json-input"
        guid = f"guid{len(self.jobs)}"
        self.jobs[guid] = [self.polls_until_done, form, self._judged(form)]
        return _yes(guid)

    def _judged(self, form: Mapping[str, str]) -> str:
        version = form["compilerversion"].removeprefix("v")
        made = self.compiled(version, json.loads(form["sourceCode"]), form["contractname"])
        if made.errors:
            return f"Fail - Unable to verify. {made.errors[0]}"
        if matches(made, self.code(form["contractaddress"])) != "exact_match":
            return "Fail - Unable to verify. Compiled contract runtime bytecode does NOT match the on-chain one"
        if self._created(form["contractaddress"]) != made.creation + bytes.fromhex(form["constructorArguments"]):
            return "Fail - Unable to verify. Invalid constructor arguments provided"
        return "Pass - Verified"

    def _created(self, address: str) -> bytes | None:
        """An explorer has indexed which transaction created what."""
        head = self.web3.eth.block_number
        for number in range(self._blocks, head + 1):
            for transaction in self.web3.eth.get_block(number)["transactions"]:
                text = "0x" + bytes(transaction).hex()  # type: ignore[arg-type]
                created = self.web3.eth.get_transaction_receipt(text)["contractAddress"]  # type: ignore[arg-type]
                if created:
                    self._created_by[created.lower()] = text
                else:
                    self._created_by |= dict.fromkeys(self._created_in(text), text)
        self._blocks = head + 1
        creator = self._created_by.get(address.lower())
        return self.creation(address, creator) if creator else None

    def _status(self, guid: str) -> Answer:
        if guid not in self.jobs:
            return _no("Unknown UID")
        left, form, outcome = self.jobs[guid]
        if left > 0:
            self.jobs[guid][0] -= 1
            return _no("Pending in queue")
        if outcome.startswith("Fail"):
            return _no(outcome)
        self.sources[form["contractaddress"].lower()] = form["sourceCode"]
        return _yes(outcome)


def _yes(result: Any) -> Answer:
    return 200, {"status": "1", "message": "OK", "result": result}


def _no(result: str) -> Answer:
    return 200, {"status": "0", "message": "NOTOK", "result": result}
