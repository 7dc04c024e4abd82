"""Replaying notices whatever is not the same on both sides: a result, an error, an event, the gas, the state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assurance.audit.lives.cells import Cell
from assurance.audit.part import PartError
from assurance.audit.replay import replay as module
from assurance.audit.replay.node import Node, RpcError, anvil
from assurance.audit.replay.replay import Cold, Disagreement, Replayer, main
from assurance.audit.replay.traces import Done, Sent, Trace, traces
from assurance.harness.chain.handles import Reverted

CHAIN = 31337


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with anvil(chain_id=CHAIN, timestamp=1_799_999_999) as running:
        yield running


@pytest.fixture(scope="module")
def replayer(node: Node) -> Replayer:
    """It leads the node back to its beginning for each world."""
    return Replayer(node, CHAIN)


@pytest.fixture(scope="module")
def trace() -> Trace:
    """A life in which something passed with events, and something was refused."""
    found = traces(Cell("splitter", False, True, 6), 6, 1)
    return next(t for t in found if _first(t.life, Reverted) is not None and _first(t.life, Done) is not None)


def _first(life: Any, kind: type) -> int | None:
    fit = (i for i, sent in enumerate(life) if isinstance(sent.answer, kind) and getattr(sent.answer, "logs", True))
    return next(fit, None)


def test_replay__of_lives_in_every_machine__agrees_to_the_unit_of_gas_X4(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("assurance.audit.part.REPORT", tmp_path)
    some = [
        Cell(name, name != "splitter", True, 18) for name in ("splitter", "registry", "leases", "governance", "system")
    ]
    monkeypatch.setattr(module, "cells", lambda _: some)
    assert main(["--traces", "5", "--seed", "2"]) == 0
    reported = (tmp_path / "replay.json").read_text()
    assert '"traces": 5' in reported and '"wrong": []' in reported


def test_traces__of_one_seed__are_the_same_and_begin_in_the_same_world() -> None:
    cell = Cell("registry", True, False, 6)
    once, again = traces(cell, 2, 3), traces(cell, 2, 3)
    assert once == again and once[0].world == once[1].world and once[0].life != once[1].life
    assert traces(cell, 2, 4) != once


@pytest.mark.parametrize("fault", ["output", "event", "missing event", "error", "passed", "refused"])
def test_replay__of_a_trace_with_another_answer__notices(replayer: Replayer, trace: Trace, fault: str) -> None:
    refused = fault in ("error", "passed")
    at = _first(trace.life, Reverted if refused else Done)
    assert at is not None
    answer = trace.life[at].answer
    if isinstance(answer, Reverted):
        changed = Done(b"", ()) if fault == "passed" else Reverted(answer.name, *answer.values, 1)
    else:
        address, topics, data = answer.logs[0]
        changed = {
            "output": answer._replace(output=answer.output + b"\1"),
            "event": answer._replace(logs=((address, topics, data + b"\1"), *answer.logs[1:])),
            "missing event": answer._replace(logs=answer.logs[1:]),
            "refused": Reverted("RevenueSplitter_NoShares", 1),
        }[fault]
    replayer.world(trace.world)
    replayer.life(trace.life)
    tampered = [*trace.life[:at], trace.life[at]._replace(answer=changed), *trace.life[at + 1 :]]
    with pytest.raises(Disagreement, match="in process, the second time"):
        replayer.life(tampered)


def test_replay__on_a_node_in_another_state__notices(node: Node, replayer: Replayer, trace: Trace) -> None:
    """Whatever the life does first with an asset that another account moved."""
    replayer.world(trace.world)
    at = next(i for i, sent in enumerate(trace.life) if isinstance(sent.answer, Done) and sent.answer.logs)
    for sent in trace.life[:at]:
        replayer.send(sent)
    node.ask("anvil_setCode", trace.life[at].to, "0x60005ff3")
    with pytest.raises(Disagreement, match=r"on anvil|gas"):
        replayer.send(trace.life[at])


@pytest.mark.parametrize("by", [1, -1])
def test_replay__of_a_transaction_that_costs_one_unit_more_or_less__notices(
    replayer: Replayer, trace: Trace, by: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Cold.gas
    monkeypatch.setattr(Cold, "gas", lambda self, sent: real(self, sent) + by)
    with pytest.raises(Disagreement, match="gas"):
        replayer.world(trace.world)


def test_replay__that_disagrees__fails_and_names_cell_and_transaction(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("assurance.audit.part.REPORT", tmp_path)
    monkeypatch.setattr(module, "cells", lambda _: [Cell("splitter", False, False, 6)])

    def tampered(*args: Any) -> list[Trace]:
        (found,) = traces(*args)
        last: Sent = found.life[-1]
        return [Trace(found.cell, found.world, [*found.life[:-1], last._replace(answer=Reverted("Nonsense"))])]

    monkeypatch.setattr(module, "traces", tampered)
    assert main(["--traces", "1", "--seed", "1"]) == 1
    assert "splitter, static, fixed, 6 decimals: " in capsys.readouterr().err


def test_node__asked_what_it_does_not_know__says_so(node: Node) -> None:
    with pytest.raises(RpcError, match="no_such_method"):
        node.ask("no_such_method")


def test_replay__of_no_traces__is_refused() -> None:
    with pytest.raises(PartError, match="--traces is 0: expected 1 or more"):
        main(["--traces", "0"])
