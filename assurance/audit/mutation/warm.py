"""Tests, imported once, against contracts that change: a run in a forked process starts in milliseconds.

`manifest` must come before anything imports `assurance.harness`: it says which code stands for the deployed one.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, core, settings

from assurance import ROOT
from assurance.audit.part import PartError
from assurance.harness.chain.compiler import Code, replace_file, with_codes

BUILD = ROOT / ".build" / "__local__.json"
_FORK = multiprocessing.get_context("fork")
_SETTINGS = "warm"


@dataclass(frozen=True)
class Failure:
    test: str
    when: str
    """`setup`, `call` or `teardown`."""
    asserted: bool
    """Whether the test itself said no, rather than something on its way there."""
    message: str


@dataclass(frozen=True)
class Verdict:
    failures: tuple[Failure, ...]
    seconds: float
    tests: int
    """How many were run."""
    ended: str = ""
    """`timeout` or `crash`, if the tests did not come to their end."""

    @property
    def passed(self) -> bool:
        return not self.failures and not self.ended


def manifest(codes: Mapping[str, Code], path: Path) -> None:
    """Makes these codes the ones that tests of this process take, on a chain in process and without its size limit."""
    if not BUILD.exists():
        raise PartError(f"{BUILD.relative_to(ROOT)} is missing: run `make compile` first")
    replace_file(path, with_codes(BUILD, codes))
    os.environ |= {"DATADAO_ARTIFACTS": str(path), "DATADAO_CHAIN": "revm"}


class Running:
    """Tests on their way in another process."""

    def __init__(self, process: Any, answer: Connection) -> None:
        self._process, self._answer = process, answer
        self._began = time.monotonic()

    def verdict(self, wall: int = 3_600) -> Verdict:
        """Waits for the end, `wall` seconds at most."""
        failures: tuple[Failure, ...] = ()
        done, ended = 0, "timeout"
        try:
            if self._answer.poll(wall):
                failures, done = self._answer.recv()
                ended = ""
        except EOFError:
            self._process.join()
            ended = "timeout" if self._process.exitcode == -signal.SIGXCPU else "crash"
        finally:
            self._process.kill()
            self._process.join()
            self._answer.close()
        return Verdict(failures, time.monotonic() - self._began, done, ended)


class Suite:
    """Collected tests, by their pytest id."""

    def __init__(self, items: Sequence[pytest.Item], failures: dict[str, tuple[str, bool]]) -> None:
        self._items = {item.nodeid: item for item in items}
        self._exceptions = failures

    @property
    def tests(self) -> list[str]:
        return list(self._items)

    def start(self, tests: Sequence[str], codes: Mapping[str, Code], *, whole: bool = False, cpu: int = 600) -> Running:
        """Runs the tests in this order in a process of their own, with these codes in the place of others; up to the
        first failure, or `whole`. After `cpu` seconds of processor time they count as hanging."""
        ours, theirs = _FORK.Pipe(duplex=False)
        process = _FORK.Process(target=self._child, args=(theirs, tests, codes, whole, cpu))
        process.start()
        theirs.close()
        return Running(process, ours)

    def _child(
        self, answer: Connection, tests: Sequence[str], codes: Mapping[str, Code], whole: bool, cpu: int
    ) -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        put(codes)
        failures: list[Failure] = []
        done = 0
        for test, following in pairwise([*tests, None]):
            failures += self._run(self._items[str(test)], self._items[following] if following else None)
            done += 1
            if failures and not whole:
                break
        answer.send((tuple(failures), done))
        answer.close()

    def _run(self, item: pytest.Item, following: pytest.Item | None) -> Iterator[Failure]:
        from _pytest.runner import runtestprotocol

        # Random examples of a test are the same in every run, whatever ran before it: so a verdict can be repeated.
        core.threadlocal._hypothesis_global_random = Random(zlib.crc32(item.nodeid.encode()))
        for report in runtestprotocol(item, log=False, nextitem=following):
            if report.failed:
                message, asserted = self._exceptions.pop(report.when, (report.longreprtext, False))
                yield Failure(item.nodeid, report.when, asserted, message)


def put(codes: Mapping[str, Code]) -> None:
    """Puts code in the place of a contract's, in this process."""
    from assurance.harness.chain.artifacts import artifacts

    for name, code in codes.items():
        artifacts()[name] = replace(artifacts()[name], creation=code.creation, runtime=code.runtime)


class _Collect:
    """The pytest plugin that hands the collected tests over instead of running them."""

    def __init__(self, body: Callable[[Suite], Any]) -> None:
        self.body = body
        self.result: Any = None
        self.errors: list[str] = []
        self._exceptions: dict[str, tuple[str, bool]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        # A failure is enough: it need not be small, and it must not come back in another run.
        settings.register_profile(_SETTINGS, settings(), database=None, phases=[Phase.explicit, Phase.generate])
        settings.load_profile(_SETTINGS)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.errors.append(f"{report.nodeid}: {report.longreprtext}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> Iterator[None]:
        if call.excinfo:
            error = call.excinfo.value
            parts = error.exceptions if isinstance(error, BaseExceptionGroup) else (error,)
            asserted = any(isinstance(part, AssertionError | pytest.fail.Exception) for part in parts)
            self._exceptions[call.when] = (call.excinfo.exconly(), asserted)
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if not self.errors:
            self.result = self.body(Suite(session.items, self._exceptions))
        return True


def collected(paths: Sequence[str], body: Callable[[Suite], Any]) -> Any:
    """What `body` makes of the tests below these paths, those left out that need a node."""
    plugin = _Collect(body)
    options = ["-qq", "-s", "--no-header", "--no-summary", "-p", "no:ape_test", "-p", "no:cacheprovider"]
    code = pytest.main([*options, "-o", "addopts=", "-m", "not node", *paths], plugins=[plugin])
    if plugin.errors or code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise PartError("tests cannot be collected:\n" + "\n".join(plugin.errors or [f"pytest ended with {code}"]))
    return plugin.result
