"""Sources that leave a crumb at every statement, and what each crumb stands for.

A crumb is the balance of an unused address. Reading it changes nothing, is allowed in views, and leaves the
address among the accounts that the EVM has loaded, though the transaction be reverted. So every step of every test is
seen at full speed; pyrevm's own tracer compiles a Python statement for each word that it prints, 300 steps a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CRUMBS = 0xC0DEC0DE << 128
"""Address of crumb 0."""
LIBRARY = "contracts/Crumb.sol"
# A pure function may not read a balance; called through a pointer that says it is pure, the one that does may be.
_LIBRARY_SOURCE = f"""// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

library Crumb {{
    function at(uint256 id) internal pure {{
        function(uint256) internal view reader = _read;
        function(uint256) internal pure posing;
        assembly ("memory-safe") {{
            posing := reader
        }}
        posing(id);
    }}

    function _read(uint256 id) private view {{
        // The compiler drops what nothing depends on.
        assembly ("memory-safe") {{
            if balance(add({CRUMBS}, id)) {{
                invalid()
            }}
        }}
    }}
}}
"""
_BLOCKS = {"Block", "UncheckedBlock"}


@dataclass(frozen=True)
class Point:
    """Where a crumb lies."""

    file: str
    line: int
    text: str
    """Of the line."""
    way: str | None = None
    """`true` or `false`: not a statement but a way that an `if` can go."""


@dataclass(frozen=True)
class Instrumented:
    sources: dict[str, str]
    """The edited files, the library of crumbs among them."""
    points: list[Point]
    """By crumb."""


def instrument(trees: Mapping[str, dict[str, Any]], texts: Mapping[str, str]) -> Instrumented:
    """Of the files in `texts`, whose syntax trees are among `trees`."""
    points: list[Point] = []
    sources = {LIBRARY: _LIBRARY_SOURCE}
    for file, text in sorted(texts.items()):
        sources[file] = _File(file, text.encode(), points).edited(trees[file])
    return Instrumented(sources, points)


def crumbs_in(evm: Any) -> set[int]:
    """Of all that the EVM, pyrevm's, ever executed."""
    numbers = (int(address, 16) - CRUMBS for address in evm.db_accounts)
    return {number for number in numbers if 0 <= number < 2**32}


class _File:
    def __init__(self, file: str, text: bytes, points: list[Point]) -> None:
        self.file, self.text, self.points = file, text, points
        self.insertions: list[tuple[int, int, int, str]] = []
        """Place, two numbers for the order among those at the same place, text."""
        self.closed = 0

    def edited(self, tree: dict[str, Any]) -> str:
        for node in _walk(tree):
            if node["nodeType"] in _BLOCKS:
                for statement in node["statements"]:
                    self._statement(statement)
            elif node["nodeType"] == "IfStatement":
                self.closed -= 1
                self._ways(node)
            elif node["nodeType"] in ("ForStatement", "WhileStatement", "DoWhileStatement"):
                self.closed -= 1
                self._body(node["body"], "")
        pragma = self.text.index(b";", self.text.index(b"pragma solidity")) + 1
        self._insert(pragma, f'import {{Crumb}} from "{LIBRARY}";')
        pieces, at = [], 0
        for place, _, _, text in sorted(self.insertions):
            pieces += [self.text[at:place], text.encode()]
            at = place
        return b"".join([*pieces, self.text[at:]]).decode()

    def _statement(self, node: dict[str, Any]) -> None:
        is_declaration = node["nodeType"] == "VariableDeclarationStatement" and not node.get("initialValue")
        if node["nodeType"] not in _BLOCKS and not is_declaration:
            self._insert(_start(node), self._crumb(node))

    def _ways(self, node: dict[str, Any]) -> None:
        self._body(node["trueBody"], self._crumb(node, "true"))
        otherwise = self._crumb(node, "false")
        if node.get("falseBody"):
            self._body(node["falseBody"], otherwise)
        else:
            self._close(node, f" else {{ {otherwise}}}")

    def _body(self, node: dict[str, Any], crumb: str) -> None:
        """A body of one statement becomes a block."""
        if node["nodeType"] in _BLOCKS:
            self._insert(_start(node) + 1, crumb)
            return
        self._insert(_start(node), f"{{ {crumb} ")
        self._statement(node)
        self._close(node, " }")

    def _crumb(self, node: dict[str, Any], way: str | None = None) -> str:
        start = _start(node)
        line = self.text.count(b"\n", 0, start)
        self.points.append(Point(self.file, line + 1, self.text.splitlines()[line].decode().strip(), way))
        return f"Crumb.at({len(self.points) - 1}); "

    def _insert(self, place: int, text: str) -> None:
        self.insertions.append((place, 0, len(self.insertions), text))

    def _close(self, node: dict[str, Any], text: str) -> None:
        """Where several end, the inner one, which is walked later, closes first."""
        self.insertions.append((self._end(node), self.closed, len(self.insertions), text))

    def _end(self, node: dict[str, Any]) -> int:
        """Behind the statement's semicolon, which most syntax trees leave out."""
        if node["nodeType"] == "IfStatement":
            return self._end(node.get("falseBody") or node["trueBody"])
        if node["nodeType"] in ("ForStatement", "WhileStatement"):
            return self._end(node["body"])
        start, length, _ = map(int, node["src"].split(":"))
        if self.text[start + length - 1 : start + length] == b"}":
            return start + length
        return self.text.index(b";", start + length - 1) + 1


def _start(node: dict[str, Any]) -> int:
    return int(node["src"].split(":")[0])


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    """Nodes with a type, outer before inner; assembly has a tree of another kind, with no statement of Solidity."""
    if isinstance(node, list):
        for item in node:
            yield from _walk(item)
    elif isinstance(node, dict):
        if node.get("nodeType") == "InlineAssembly":
            return
        if "nodeType" in node:
            yield node
        for value in node.values():
            yield from _walk(value)
