"""Mutants of a source: one small mistake each, made where the compiler's syntax tree says, never by pattern.

Kinds are those that a test can be missing for. What cannot show is left out (gas), and so is what any test of the line
would notice (a guard turned around), which would only flatter the score.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Node = dict[str, Any]

_BOUNDARY = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "<<": ">>", ">>": "<<", "&": "|", "|": "&"}
_CONNECTIVES = ("&&", "||")
# Set on a node whose own mutant would be no other than, or plainer than, its parent's.
_COVERED = "_covered"
_OPPOSITE = {"min": "max", "max": "min", "Floor": "Ceil", "Ceil": "Floor"}
_SYMMETRIC = ("Math.min", "Math.max")
_ZERO = {"uint": "0", "int": "0", "address": "address(0)", "bytes32": "bytes32(0)"}


@dataclass(frozen=True)
class Edit:
    """Replaces the bytes from `start` to `end` of a source."""

    start: int
    end: int
    replacement: str
    kind: str
    before: str
    after: str
    function: str


def edits(unit: Node, source: bytes) -> list[Edit]:
    """All edits of one source unit, in its order."""
    return sorted(_Unit(source).walk(unit), key=lambda edit: (edit.start, edit.end, edit.kind, edit.replacement))


class _Unit:
    def __init__(self, source: bytes) -> None:
        self.source = source
        self.function = ""
        self._makers: dict[str, Callable[[Node], Iterator[Edit]]] = {
            "BinaryOperation": self._binary,
            "UnaryOperation": self._unary,
            "Literal": self._literal,
            "Conditional": self._ternary,
            "MemberAccess": self._member,
            "Assignment": self._assignment,
            "FunctionCall": self._call,
            "IfStatement": self._if,
            "ForStatement": self._for,
            "ExpressionStatement": self._expression,
            "EmitStatement": self._emit,
            "FunctionDefinition": self._definition,
            "Return": self._return,
        }

    def span(self, node: Node) -> tuple[int, int]:
        start, length, _ = map(int, node["src"].split(":"))
        return start, start + length

    def text(self, node: Node) -> str:
        start, end = self.span(node)
        return self.source[start:end].decode()

    def edit(self, node: Node, replacement: str, kind: str, after: str | None = None) -> Edit:
        start, end = self.span(node)
        shown = replacement if after is None else after
        return Edit(start, end, replacement, kind, _flat(self.text(node)), _flat(shown), self.function)

    def without(self, node: Node, kind: str) -> Edit:
        """A statement gone, with its semicolon, which is no part of the node."""
        start, end = self.span(node)
        if not self.source[:end].endswith(b"}"):
            end = self.source.index(b";", end) + 1
        return Edit(start, end, "{}", kind, _flat(self.text(node)), "", self.function)

    def walk(self, node: Any) -> Iterator[Edit]:
        """Edits of a node and of all below it, except what has no behaviour: types, interfaces, imports."""
        if isinstance(node, list):
            for part in node:
                yield from self.walk(part)
        if not isinstance(node, dict):
            return
        kind = node.get("nodeType")
        if kind in ("ImportDirective", "StructDefinition", "EventDefinition", "ErrorDefinition", "InlineAssembly"):
            return
        if kind == "ContractDefinition" and node["contractKind"] == "interface":
            return
        if kind in ("FunctionDefinition", "ModifierDefinition"):
            self.function = node["name"] or node["kind"]
        elif kind == "VariableDeclaration" and node["stateVariable"]:
            self.function = node["name"]
        maker = self._makers.get(str(kind))
        if maker:
            yield from maker(node)
        for name, child in node.items():
            if name not in ("typeName", "overrides", "baseFunctions", "baseContracts", "documentation"):
                yield from self.walk(child)

    # Expressions

    def _binary(self, node: Node) -> Iterator[Edit]:
        operator = node["operator"]
        left, right = self.text(node["leftExpression"]), self.text(node["rightExpression"])

        def other(instead: str, kind: str) -> Edit:
            return self.edit(node, f"(({left}) {instead} ({right}))", kind, f"{left} {instead} {right}")

        if operator in _BOUNDARY and not (operator in ("==", "!=") and node.get(_COVERED)):
            yield other(_BOUNDARY[operator], "comparison")
        if operator in _ARITHMETIC:
            node["leftExpression"][_COVERED] = node["rightExpression"][_COVERED] = True
            yield other(_ARITHMETIC[operator], "arithmetic")
        if operator in _CONNECTIVES:
            yield self.edit(node, f"({left})", "logic", left)
            yield self.edit(node, f"({right})", "logic", right)
            # One that is dropped says more than one that is turned around.
            node["leftExpression"][_COVERED] = node["rightExpression"][_COVERED] = True

    def _unary(self, node: Node) -> Iterator[Edit]:
        operand = self.text(node["subExpression"])
        if node["operator"] in ("!", "~") and not node.get(_COVERED):
            yield self.edit(node, operand, "negation")
        elif node["operator"] in ("++", "--"):
            instead = "--" if node["operator"] == "++" else "++"
            yield self.edit(node, f"{instead}{operand}" if node["prefix"] else f"{operand}{instead}", "arithmetic")

    def _literal(self, node: Node) -> Iterator[Edit]:
        value, text = node["value"], self.text(node)
        if node["kind"] == "bool":
            yield self.edit(node, "false" if value == "true" else "true", "constant")
        elif node["kind"] == "string":
            # Long ones stand in several pieces over several lines.
            yield self.edit(node, '"mutant"', "constant")
        elif node["kind"] == "number" and text.replace("_", "").partition(" ")[0].isdigit():
            number, space, unit = text.partition(" ")
            plain = int(number.replace("_", ""))
            # In a sum or a product one way off is as good as the other.
            for instead in [1] if plain == 0 else [plain - 1] if node.get(_COVERED) else [plain - 1, plain + 1]:
                yield self.edit(node, f"{instead}{space}{unit}", "constant")

    def _ternary(self, node: Node) -> Iterator[Edit]:
        condition, true, false = (
            self.text(node[f"{part}"]) for part in ("condition", "trueExpression", "falseExpression")
        )
        yield self.edit(node, f"(({condition}) ? ({false}) : ({true}))", "branches", f"{condition} ? {false} : {true}")
        node["condition"][_COVERED] = True

    def _member(self, node: Node) -> Iterator[Edit]:
        instead = _OPPOSITE.get(node["memberName"])
        owner = self.text(node["expression"])
        if instead and owner in ("Math", "Math.Rounding"):
            yield self.edit(node, f"{owner}.{instead}", "rounding" if "." in owner else "arithmetic")

    def _assignment(self, node: Node) -> Iterator[Edit]:
        left, right = self.text(node["leftHandSide"]), self.text(node["rightHandSide"])
        if node["operator"] != "=":
            yield self.edit(node, f"{left} = {right}", "assignment")

    def _call(self, node: Node) -> Iterator[Edit]:
        """Neighbours of one type in each other's place: an account for another, a pool for an amount."""
        if node["kind"] != "functionCall" or node["names"]:
            return
        arguments = node["arguments"]
        if self.text(node["expression"]) == "Math.ceilDiv":
            dividend, divisor = map(self.text, arguments)
            yield self.edit(node, f"(({dividend}) / ({divisor}))", "rounding", f"{dividend} / {divisor}")
        if self.text(node["expression"]) in _SYMMETRIC:
            return
        for first, second in pairwise(arguments):
            kinds = {_type(first), _type(second)}
            one, two = self.text(first), self.text(second)
            if len(kinds) == 1 and one != two and not kinds & {"int_const", "literal_string"}:
                start, end = self.span(first)[0], self.span(second)[1]
                between = self.source[self.span(first)[1] : self.span(second)[0]].decode()
                whole = self.source[start:end].decode()
                swapped = f"{two}{between}{one}"
                yield Edit(start, end, swapped, "arguments", _flat(whole), _flat(swapped), self.function)

    # Statements

    def _if(self, node: Node) -> Iterator[Edit]:
        condition, body = node["condition"], node["trueBody"]
        condition[_COVERED] = True
        if node.get("falseBody"):
            yield self.edit(condition, f"!({self.text(condition)})", "branches")
            return
        only = _only(body)
        refuses = only == "RevertStatement"
        yield self.without(node, "guard" if refuses else "statement")
        if not refuses and only != "Return":
            yield self.edit(condition, "true", "branches")
        if only == "ExpressionStatement":
            _statements(body)[0][_COVERED] = True

    def _for(self, node: Node) -> Iterator[Edit]:
        """No mutant of its own: without its step a loop never ends, which every test notices."""
        node["loopExpression"][_COVERED] = True
        return iter(())

    def _expression(self, node: Node) -> Iterator[Edit]:
        expression = node["expression"]
        if expression["nodeType"] in ("Assignment", "FunctionCall", "UnaryOperation") and not node.get(_COVERED):
            yield self.without(node, "statement")

    def _emit(self, node: Node) -> Iterator[Edit]:
        yield self.without(node, "event")

    def _definition(self, node: Node) -> Iterator[Edit]:
        for modifier in node["modifiers"]:
            if modifier.get("kind") == "modifierInvocation":
                yield self.edit(modifier, "", "modifier", "")
        statements = (node.get("body") or {}).get("statements", [])
        for statement in statements:
            if statement["nodeType"] == "RevertStatement":
                yield self.without(statement, "guard")

    def _return(self, node: Node) -> Iterator[Edit]:
        expression = node.get("expression")
        if not expression or expression["nodeType"] == "Literal":
            return
        kind = expression["typeDescriptions"]["typeString"]
        if kind == "bool":
            # Comparisons and connectives have mutants of their own.
            if expression["nodeType"] not in ("BinaryOperation", "UnaryOperation"):
                yield self.edit(expression, f"!({self.text(expression)})", "return")
            return
        zero = next((zero for start, zero in _ZERO.items() if kind.startswith(start) and "[" not in kind), None)
        if zero:
            yield self.edit(expression, zero, "return")


def _type(node: Node) -> str:
    """Of an expression, wherever its value lies; one name for all literals of a kind."""
    name: str = node["typeDescriptions"]["typeString"]
    if name.startswith(("int_const", "literal_string")):
        return name.partition(" ")[0]
    return re.sub(r" (storage|memory|calldata)\b.*", "", name)


def _only(body: Node) -> str | None:
    """The kind of the only statement of a body."""
    statements = _statements(body)
    return statements[0]["nodeType"] if len(statements) == 1 else None


def _statements(body: Node) -> list[Node]:
    statements: list[Node] = body["statements"] if body["nodeType"] == "Block" else [body]
    return statements


def _flat(text: str) -> str:
    return " ".join(text.split())
