"""The agreement of a lease: a W3C ODRL 2.2 document whose keccak256 is the `agreementHash` of the lease's terms.

It is made from the terms alone, so that both sides make the same, and written as RFC 8785 says, so that they get the
same bytes. The hash is of these bytes, not of the RDF that a JSON-LD reader makes of them: a term that no context maps
is not in the RDF, and a price could be changed under the same hash. A document with such a term is refused, as is any
that is not exactly what its own terms give. The ODRL context is the one in `datadao/odrl`.

Amounts count the smallest unit of the settlement asset. What ODRL has no word for is in a profile of this project's,
`urn:datadao:odrl:1`, which docs/integrating.md lists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self
from uuid import NAMESPACE_URL, uuid5

from eth_utils import keccak

from datadao.encoding import address
from datadao.errors import InvalidArgument, Malformed
from datadao.messages.purposes import AI_DRAFT, Purpose, purposes_of
from datadao.records import MAX_DEPTH, too_deep
from datadao.types import BPS, Dao

LIMIT = 64 * 1024
"""Bytes of an agreement."""
MAX_CLAUSES = 32 * 1024
"""Characters of what is agreed in words."""
MAX_SOURCE = 2048
"""Characters of the address of a program's source."""
CONTEXT = Path(__file__).parents[1] / "odrl" / "context.json"
CONTEXT_URL = "http://www.w3.org/ns/odrl.jsonld"
PROFILE = "urn:datadao:odrl:1"

_CONTEXT = [CONTEXT_URL, {"datadao": f"{PROFILE}#"}]
_KEYWORDS = frozenset({"@id", "@type", "@value"})
_TARGET = re.compile(r"urn:datadao:([1-9]\d{0,77}):(0x[0-9a-f]{40}):([1-9]\d{0,77})")
_PARTY = re.compile(r"did:pkh:eip155:[1-9]\d*:(0x[0-9a-fA-F]{40})")
_ASSET = re.compile(r"eip155:[1-9]\d*/erc20:(0x[0-9a-fA-F]{40})")
_SOURCE = re.compile(r"[a-z][a-z0-9+.-]*:[!#-;=?-\[\]_a-z~]+")
_PURPOSE = re.compile(r"urn:datadao:purpose:(\d{1,3})")
_SECONDS = re.compile(r"PT(\d{1,12})S")
_PERCENT = re.compile(r"\d{1,3}\.\d\d")
_NUMBER = re.compile(r"0|[1-9]\d{0,77}")


@dataclass(frozen=True)
class Program:
    """What a compute lease runs: the sha256 of the WebAssembly module, the engine with its version, and the limits.
    `memory` and `output` are bytes; so many attestors, `reviews`, confirm an output after they looked at it, before it
    counts; `source` is where the program's source can be read. Raises `InvalidArgument`."""

    sha256: bytes
    engine: str
    fuel: int
    memory: int
    output: int
    reviews: int = 0
    source: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.reviews < 1 << 16:
            raise InvalidArgument(f"{self.reviews} reviews: expected a number of attestors")
        if self.source and (not _SOURCE.fullmatch(self.source) or len(self.source) > MAX_SOURCE):
            raise InvalidArgument(f"source {self.source[:80]!r}: expected an address, as https://example.org/program.c")


@dataclass(frozen=True)
class Agreement:
    """The terms of a lease and its parties. Without a `licensee` it is an offer to anyone.

    `dao` is granted by its `timelock`; `purposes` is a mask; `price_per_period` and `bond` are units of `asset`;
    `period_length` and `ack_window`, the time to act on an erasure, are seconds. `prohibited` are actions of ODRL's
    vocabulary, `clauses` what is agreed in words. Raises `InvalidArgument` for purposes without a published meaning,
    actions that ODRL does not know and clauses that are too long.
    """

    dao: Dao
    timelock: str
    asset: str
    licensee: str | None
    dataset_id: int
    purposes: int
    price_per_period: int
    period_length: int
    periods: int
    bond: int
    royalty_bps: int
    exclusive: bool
    min_shares: int
    ack_window: int
    prohibited: tuple[str, ...] = ("distribute",)
    clauses: str = ""
    program: Program | None = None

    def __post_init__(self) -> None:
        if not self.purposes:
            raise InvalidArgument("an agreement is for at least one purpose")
        purposes_of(self.purposes)
        for action in self.prohibited:
            if action not in actions():
                raise InvalidArgument(f"{action!r} is no action of ODRL; it has {', '.join(sorted(actions()))}")
        if len(self.clauses) > MAX_CLAUSES:
            raise InvalidArgument(f"clauses of {len(self.clauses)} characters; at most {MAX_CLAUSES} are agreed to")
        for name in ("timelock", "asset", "licensee"):
            if value := getattr(self, name):
                object.__setattr__(self, name, address(value))
        object.__setattr__(self, "prohibited", tuple(sorted(set(self.prohibited))))

    def document(self) -> dict[str, Any]:
        """As JSON-LD."""
        target = f"urn:datadao:{self.dao.chain_id}:{self.dao.registry.lower()}:{self.dataset_id}"
        body: dict[str, Any] = {
            "@context": _CONTEXT,
            "type": "Agreement" if self.licensee else "Offer",
            "profile": PROFILE,
            "assigner": self._party(self.timelock),
            "permission": [{"target": target, "action": self._action(), "constraint": [self._purposes()]}],
            "obligation": list(self._duties(target)),
        }
        if self.licensee:
            body["assignee"] = self._party(self.licensee)
        if self.prohibited:
            body["prohibition"] = [{"target": target, "action": action} for action in self.prohibited]
        if self.clauses:
            body["dct:description"] = self.clauses
        # A policy has an identifier; equal terms have equal ones.
        return body | {"uid": f"urn:uuid:{uuid5(NAMESPACE_URL, canonical(body).decode())}"}

    def encode(self) -> bytes:
        """The one spelling that is hashed. Raises `InvalidArgument` if it has more than `LIMIT` bytes."""
        data = canonical(self.document())
        if len(data) > LIMIT:
            raise InvalidArgument(f"an agreement of {len(data)} bytes; at most {LIMIT} are read")
        return data

    @property
    def hash(self) -> bytes:
        """What `Terms.agreement_hash` is of it."""
        return keccak(self.encode())

    @classmethod
    def decode(cls, data: bytes, *, canonically: bool = True) -> Self:
        """What `encode` gave; `canonically=False` for the same in any other spelling of JSON. Raises `Malformed`."""
        found = _parsed(data)
        check_terms(found)
        try:
            made = cls(**_fields(found))
            expected, written = made.document(), made.encode()
        except (KeyError, IndexError, TypeError, AttributeError, ValueError, OverflowError) as error:
            what = str(error) if isinstance(error, InvalidArgument) else "a part of it is missing or of another form"
            raise Malformed(f"not an agreement of this project: {what}") from error
        if (difference := _difference(found, expected)) is not None:
            raise Malformed(f"not the agreement that its own terms give: {difference}")
        if canonically and written != data:
            raise Malformed("the agreement is not written as RFC 8785 says; `datadao lease agreement` writes it so")
        return made

    def _party(self, account: str) -> str:
        return f"did:pkh:eip155:{self.dao.chain_id}:{account}"

    def _action(self) -> Any:
        if (program := self.program) is None:
            return "use"
        limits = (("fuel", program.fuel), ("memory", program.memory), ("outputSize", program.output))
        said = [
            _constraint("datadao:program", "eq", {"@id": f"urn:sha256:{program.sha256.hex()}"}),
            _constraint("datadao:engine", "eq", {"@value": program.engine}),
            *(_constraint(f"datadao:{name}", "lteq", _integer(most)) for name, most in limits),
        ]
        if program.reviews:
            said.append(_constraint("datadao:reviews", "gteq", _integer(program.reviews)))
        if program.source:
            said.append(_constraint("datadao:source", "eq", {"@id": program.source}))
        return _refined("odrl:execute", *said)

    def _purposes(self) -> dict[str, Any]:
        return _constraint("purpose", "isAnyOf", [_concept(purpose) for purpose in purposes_of(self.purposes)])

    def _duties(self, target: str) -> Iterator[dict[str, Any]]:
        payee = {"compensatedParty": self._party(self.dao.leases)}
        unit = {"unit": {"@id": f"eip155:{self.dao.chain_id}/erc20:{self.asset}"}}
        price = _constraint("payAmount", "eq", _integer(self.price_per_period)) | unit
        every = _constraint("timeInterval", "eq", _duration(self.period_length))
        # Its licensee may end a lease, and owes nothing for the periods after that.
        times = _constraint("count", "lteq", _integer(self.periods))
        least = _constraint("datadao:poolShares", "gteq", _integer(self.min_shares))
        yield {"action": _refined("odrl:compensate", price, every, times), "constraint": [least], **payee}
        bond = _constraint("payAmount", "eq", _integer(self.bond)) | unit
        yield {"action": _refined("datadao:depositBond", bond), **payee}
        erased = [
            _constraint("event", "eq", {"@id": "datadao:erasure"}),
            _constraint("delayPeriod", "lteq", _duration(self.ack_window)),
        ]
        yield {"target": target, "action": "delete", "constraint": erased}
        yield {
            "target": target,
            "action": "inform",
            "informedParty": self._party(self.dao.leases),
            "constraint": erased,
        }
        if self.royalty_bps:
            part = _constraint("percentage", "eq", _decimal(self.royalty_bps))
            sold = _constraint("event", "eq", {"@id": "datadao:modelIncome"})
            yield {"action": _refined("odrl:compensate", part), "constraint": [sold], **payee}
        if self.exclusive:
            yield {"target": target, "action": "ensureExclusivity", "assignee": self._party(self.timelock)}


def purpose_iri(purpose: Purpose) -> str:
    """The purpose as a concept of its own."""
    return f"urn:datadao:purpose:{purpose.bit}"


def canonical(document: Any) -> bytes:
    """RFC 8785. Raises `InvalidArgument` for what JSON cannot say."""
    import rfc8785

    try:
        return rfc8785.dumps(document)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise InvalidArgument(f"not JSON that two parties write alike: {error}") from error


def check_terms(document: Any) -> None:
    """Raises `Malformed` for a name or a word that the ODRL context maps to nothing, or to another than itself."""
    if not isinstance(document, dict) or document.get("@context") != _CONTEXT:
        raise Malformed(f"not an agreement of this project: its @context is not {json.dumps(_CONTEXT)}")
    waiting: list[tuple[str, Any]] = [("", {name: value for name, value in document.items() if name != "@context"})]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            for name in value.keys() - _KEYWORDS:
                _check_term(name)
            waiting += value.items()
        elif isinstance(value, list):
            waiting += [(key, item) for item in value]
        elif not isinstance(value, str):
            raise Malformed(f"{key or 'a list'} holds {value!r}, where agreements have text, objects and lists only")
        elif key in ("type", "@type") or _terms().get(key) == "@vocab":
            _check_term(value)
        elif (key == "@id" or _terms().get(key) == "@id") and ":" not in value:
            raise Malformed(f"{key} {value!r} is no identifier: a reader would take it for a path beside the document")


@cache
def actions() -> frozenset[str]:
    """ODRL's actions that a licensee may be forbidden."""
    known = (
        "aggregate anonymize annotate archive concurrentUse derive digitize display distribute execute extract give "
        "grantUse index install modify move play present print read reproduce sell stream textToSpeech transfer "
        "transform translate"
    )
    return frozenset(known.split()) & _terms().keys()


@cache
def _terms() -> dict[str, str]:
    """Terms that the context maps to what they say, with the type of their values where it is an identifier's."""
    context = json.loads(CONTEXT.read_bytes())["@context"]
    found = {}
    for name, meaning in context.items():
        iri = meaning if isinstance(meaning, str) else meaning["@id"]
        # `neq` and `industry` it spells as something else.
        if iri == f"odrl:{name}" or iri.startswith("@") or iri.endswith(("#", "/")):
            found[name] = meaning.get("@type", "") if isinstance(meaning, dict) else ""
    return found


def _check_term(name: str) -> None:
    prefix, colon, rest = name.partition(":")
    known = rest in _terms() if prefix == "odrl" else prefix == "datadao" or prefix in _terms()
    if not (known and rest if colon else name in _terms()):
        raise Malformed(
            f"{name[:80]!r} is no term of the ODRL context as it stands in this package: a reader would not see it, or "
            "see another; leave it out, or say it in the clauses"
        )


def _parsed(data: bytes) -> Any:
    if len(data) > LIMIT:
        raise Malformed(f"an agreement of {len(data)} bytes; at most {LIMIT} are read")
    try:
        text = data.decode()
        if too_deep(text):
            raise ValueError(f"it nests deeper than {MAX_DEPTH}")
        return json.loads(text, object_pairs_hook=_once)
    except ValueError as error:
        raise Malformed(f"the agreement is not JSON in UTF-8: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _fields(found: Mapping[str, Any]) -> dict[str, Any]:
    """What `Agreement` is made of; whatever is read wrongly here, or not at all, the comparison will show."""
    (permission,), (pay, bond, erase, _, *others) = found["permission"], found["obligation"]
    chain_id, registry, dataset = _matched(_TARGET, permission["target"]).groups()
    rent, (purposes,) = _operands(pay), permission["constraint"]
    royalty = next((_operands(duty)["percentage"] for duty in others if duty["action"] != "ensureExclusivity"), "0.00")
    licensee = found.get("assignee")
    refinements = pay["action"][0]["refinement"]
    return {
        "dao": Dao(int(chain_id), registry, _matched(_PARTY, pay["compensatedParty"])[1]),
        "timelock": _matched(_PARTY, found["assigner"])[1],
        "asset": _matched(_ASSET, refinements[0]["unit"]["@id"])[1],
        "licensee": None if licensee is None else _matched(_PARTY, licensee)[1],
        "dataset_id": int(dataset),
        "purposes": sum({1 << int(_matched(_PURPOSE, item["@id"])[1]) for item in purposes["rightOperand"]}),
        "price_per_period": _count(rent["payAmount"]),
        "period_length": int(_matched(_SECONDS, rent["timeInterval"])[1]),
        "periods": _count(rent["count"]),
        "bond": _count(_operands(bond)["payAmount"]),
        "royalty_bps": int(_matched(_PERCENT, royalty)[0].replace(".", "")),
        "exclusive": any(duty["action"] == "ensureExclusivity" for duty in others),
        "min_shares": _count(rent["datadao:poolShares"]),
        "ack_window": int(_matched(_SECONDS, _operands(erase)["delayPeriod"])[1]),
        "prohibited": tuple(rule["action"] for rule in found.get("prohibition", ())),
        "clauses": _text(found.get("dct:description", "")),
        "program": _program(permission),
    }


def _program(permission: Mapping[str, Any]) -> Program | None:
    if permission["action"] == "use":
        return None
    said = _operands({"action": permission["action"]})
    digest = bytes.fromhex(said["datadao:program"].removeprefix("urn:sha256:"))
    fuel, memory, output = (_count(said[f"datadao:{name}"]) for name in ("fuel", "memory", "outputSize"))
    reviews, source = _count(said.get("datadao:reviews", "0")), _text(said.get("datadao:source", ""))
    return Program(digest, _text(said["datadao:engine"]), fuel, memory, output, reviews, source)


def _operands(rule: Mapping[str, Any]) -> dict[str, str]:
    """Right operands of a rule's constraints, and of its action's refinements, by the left one."""
    refined = rule["action"][0]["refinement"] if isinstance(rule["action"], list) else []
    items = (*refined, *rule.get("constraint", ()))
    return {item["leftOperand"]: item["rightOperand"].get("@value") or item["rightOperand"]["@id"] for item in items}


def _matched(form: re.Pattern[str], text: str) -> re.Match[str]:
    match = form.fullmatch(text)
    if match is None:
        raise InvalidArgument(f"{text[:80]!r} has not the form {form.pattern}")
    return match


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidArgument(f"{str(value)[:80]!r} is no text")
    return value


def _count(text: str) -> int:
    return int(_matched(_NUMBER, text)[0])


def _refined(action: str, *refinement: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"rdf:value": {"@id": action}, "refinement": list(refinement)}]


def _constraint(left: str, operator: str, right: Any) -> dict[str, Any]:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def _concept(purpose: Purpose) -> dict[str, Any]:
    """What contracts know as a bit, and how it relates to public vocabularies."""
    return {
        "@id": purpose_iri(purpose),
        "skos:prefLabel": purpose.name,
        f"skos:{purpose.duo_match}": [{"@id": f"http://purl.obolibrary.org/obo/{purpose.duo.replace(':', '_')}"}],
        f"skos:{purpose.ai_match}": [{"@id": f"urn:ietf:id:{AI_DRAFT}#{purpose.ai}"}],
    }


# As text: JSON's numbers are doubles to most readers.


def _integer(value: int) -> dict[str, str]:
    return {"@value": str(value), "@type": "xsd:integer"}


def _decimal(bps: int) -> dict[str, str]:
    whole, rest = divmod(bps, BPS // 100)
    return {"@value": f"{whole}.{rest:02d}", "@type": "xsd:decimal"}


def _duration(seconds: int) -> dict[str, str]:
    return {"@value": f"PT{seconds}S", "@type": "xsd:duration"}


def _difference(found: Any, made: Any, path: str = "") -> str | None:
    """The first place where two JSON values differ, in words."""
    where = path or "the document"
    if isinstance(found, dict) and isinstance(made, dict):
        if names := sorted(found.keys() ^ made.keys()):
            return f"{where} should {'not ' if names[0] in found else ''}have {names[0]!r}"
        pairs = [(found[name], made[name], f"{path}/{name}") for name in sorted(found)]
    elif isinstance(found, list) and isinstance(made, list):
        if len(found) != len(made):
            return f"{where} has {len(found)} entries, {len(made)} are expected"
        pairs = [(one, other, f"{path}/{number}") for number, (one, other) in enumerate(zip(found, made, strict=True))]
    else:
        return None if found == made else f"{where} is {str(found)[:80]!r}, expected {str(made)[:80]!r}"
    return next(filter(None, (_difference(*pair) for pair in pairs)), None)
