"""`assurance.audit.coverage`: what nothing executes is named to the line; explanations that are no longer true fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from eth_utils import keccak

from assurance.audit.coverage.instrument import Instrumented, Point, crumbs_in, instrument
from assurance.audit.coverage.lines import Explanation, executed, explanations, result
from assurance.audit.part import PartError
from assurance.harness.chain.compiler import Compiler
from assurance.harness.chain.evm import Revm
from assurance.harness.chain.handles import Reverted

CALLER = "0x" + "11" * 20
FILE = "contracts/Sample.sol"
# Every shape that an edit has to get right: bodies without braces, else-if, loops, a pure function, a view that
# reverts, letters of more than one byte, a modifier, a constructor.
SOURCE = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

contract Sample {
    uint256 public total; // crumbs behind “letters” of three bytes

    error Sample_Odd(uint256 value);

    constructor() {
        total = 1;
    }

    modifier even(uint256 value) {
        if (value % 2 == 1) revert Sample_Odd(value);
        _;
    }

    function classify(uint256 value) external pure returns (uint256 kind) {
        uint256 unused;
        if (value == 0) return unused;
        else if (value < 10) kind = 1;
        else {
            for (uint256 i = 0; i < 3; ++i) kind += i;
        }
    }

    function refuse(uint256 value) external view even(value) returns (uint256) {
        return total;
    }

    function never() external {
        total = 2;
        unchecked {
            ++total;
        }
    }
}
"""


@pytest.fixture(scope="module")
def sample() -> tuple[Instrumented, bytes]:
    """Points and creation code."""
    with Compiler() as compiler:
        instrumented = instrument(compiler.syntax([FILE], {FILE: SOURCE}), {FILE: SOURCE})
        return instrumented, compiler.compile("Sample", instrumented.sources).creation


def number_of(text: str) -> int:
    (line,) = [number for number, content in enumerate(SOURCE.splitlines(), 1) if content.strip() == text]
    return line


def calldata(signature: str, value: int) -> bytes:
    return keccak(text=signature)[:4] + value.to_bytes(32, "big")


def test_crumbs__of_views_and_reverts__name_the_lines_that_ran(sample: tuple[Instrumented, bytes]) -> None:
    instrumented, creation = sample
    chain = Revm()
    address = chain.create(CALLER, creation)
    before = chain.snapshot()
    assert int.from_bytes(chain.call(CALLER, address, calldata("classify(uint256)", 5)), "big") == 1
    assert int.from_bytes(chain.call(CALLER, address, calldata("classify(uint256)", 50)), "big") == 3
    with pytest.raises(Reverted):
        chain.call(CALLER, address, calldata("refuse(uint256)", 3))
    chain.revert(before)
    lines = executed(instrumented.points, crumbs_in(chain.evm))
    missed = {line for (_, line, _), was in lines.items() if not was}
    expected = ["_;", "return total;", "total = 2;", "++total;"]
    assert missed == {number_of(text) for text in expected}
    assert (FILE, number_of("uint256 unused;"), "uint256 unused;") not in lines, "a declaration executes nothing"


def test_ways__of_an_if_that_went_one_way__name_the_other(sample: tuple[Instrumented, bytes]) -> None:
    instrumented, creation = sample
    chain = Revm()
    address = chain.create(CALLER, creation)
    chain.call(CALLER, address, calldata("refuse(uint256)", 2))
    chain.call(CALLER, address, calldata("classify(uint256)", 0))
    never = result(instrumented.points, set(), crumbs_in(chain.evm), [])["ways"]["never"]
    otherwise = number_of("else if (value < 10) kind = 1;")
    odd, zero = number_of("if (value % 2 == 1) revert Sample_Odd(value);"), number_of("if (value == 0) return unused;")
    assert {(way["line"], way["way"]) for way in never} == {
        (odd, "true"),
        (zero, "false"),
        (otherwise, "true"),
        (otherwise, "false"),
    }


POINTS = [Point("a.sol", line, f"line {line};") for line in range(1, 101)]
EXPLAINED = Explanation("a.sol", "line 100;", "no test can")


def test_result__of_lines_all_executed_or_explained__finds_nothing_wrong() -> None:
    found = result(POINTS, set(range(99)), set(range(99)), [EXPLAINED])
    assert (found["lines"], found["covered"], found["wrong"]) == (100, 99, [])
    assert found["files"]["a.sol"]["missed"] == [
        {"file": "a.sol", "line": 100, "text": "line 100;", "reason": "no test can"}
    ]


def test_result__of_an_unexplained_line__fails_and_names_it() -> None:
    assert result(POINTS, set(range(99)), set(range(99)), [])["wrong"] == [
        "a.sol:100 is executed by no test and unexplained: line 100;"
    ]


def test_result__of_an_explanation_whose_line_is_executed__fails() -> None:
    (wrong,) = result(POINTS, set(range(98)), set(range(100)), [EXPLAINED])["wrong"]
    assert wrong == "explanation of a line that is executed, or gone: a.sol: line 100;"


def test_result__below_the_share__fails_though_all_is_explained() -> None:
    """Whatever the other suites execute beside it."""
    (wrong,) = result(POINTS, set(range(97)), set(range(99)), [EXPLAINED])["wrong"]
    assert wrong == "97.00% of lines are executed by the property suite, 98% are needed"


def test_explanations__without_a_reason__refused(tmp_path: Path) -> None:
    path = tmp_path / "uncovered.toml"
    path.write_text('[[line]]\nfile = "a.sol"\ntext = "x;"\nreason = ""\n')
    with pytest.raises(PartError, match="expected file, text and reason"):
        explanations(path)
