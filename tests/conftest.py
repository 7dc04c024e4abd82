"""Fixtures of all tests, where they run, and in which order.

Unit tests and scenarios that take `dao` run in process, and a sample of them, another at each run, once more on the
node that Ape runs, as `test_name[node]`. `DATADAO_SEED` repeats a sample; `DATADAO_CHAIN=revm` runs all in process,
`DATADAO_CHAIN=node` all on the node. Other tests have their `dao` on the node.
"""

from __future__ import annotations

import gc
import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from ape_ethereum.provider import Web3Provider
from hypothesis import HealthCheck, settings

from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.artifacts import stale
from assurance.harness.chain.evm import Revm
from assurance.harness.chain.node import Node
from assurance.harness.clock import Clock
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.leases import Market
from assurance.harness.forked import FOLDER, Servers

# Not Hypothesis' own profile for CI, which plays the same examples at every run: each run tries new ones.
settings.register_profile(
    "default", deadline=None, print_blob=True, derandomize=False, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("default")


CHAIN = os.environ.get("DATADAO_CHAIN")
ON_BOTH = ("tests/unit/", "tests/scenario/")
SAMPLE = 8
"""One function in so many."""
ORDER = ("outside", "invariant", "deployer", "documents", "scenario", "cli", "integration", "assurance", "client")
"""Folders whose files take longest come first, so that what is left at the end is small; those not named come last."""


def pytest_configure(config: pytest.Config) -> None:
    """Each process of several (`-n 2`) has its own node. In process nothing else would compile what was edited."""
    if CHAIN not in (None, "revm", "node"):
        raise pytest.UsageError(f"DATADAO_CHAIN is {CHAIN!r}: expected revm or node, or nothing for a sample of both")
    if CHAIN == "revm" and (reason := stale()):
        pytest.exit(reason, returncode=1)
    # Drawn by the first process; the others, which must collect the same tests, inherit it.
    os.environ.setdefault("DATADAO_SEED", str(secrets.randbits(32)))
    if FOLDER not in os.environ:
        servers = Servers()
        os.environ[FOLDER] = str(servers.folder)
        config.add_cleanup(servers.stop)
    if "PYTEST_XDIST_WORKER" in os.environ:
        with socket.create_server(("127.0.0.1", 0)) as free:
            os.environ["APE_FOUNDRY_HOST"] = f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture(scope="session", autouse=True)
def _providers_hooked_once() -> Iterator[None]:
    """Ape wraps `connect` of a provider's class once more at each new provider: without this the hundredth connection
    of a process, which holds hundreds of commands, does a hundred times what follows one."""
    make = Web3Provider.__new__

    def new(cls: Any, *_: Any, **__: Any) -> Any:
        made = make(cls)
        if hasattr(cls.connect.__wrapped__, "__wrapped__"):
            cls.connect = cls.connect.__wrapped__
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Web3Provider, "__new__", new)
        yield


def pytest_report_header() -> str:
    return f"one unit test in {SAMPLE} on the node too: DATADAO_SEED={os.environ['DATADAO_SEED']} repeats this sample"


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        where = backends(metafunc.definition.nodeid, CHAIN, os.environ["DATADAO_SEED"])
        metafunc.parametrize("backend", where, ids=[pytest.HIDDEN_PARAM if name == "revm" else name for name in where])


def pytest_make_parametrize_id(val: object) -> str | None:
    """Of a long text its beginning: ids go from process to process, and some texts have eight million bytes."""
    return ascii(val[:40]) if isinstance(val, str | bytes) and len(val) > 1000 else None


def backends(test: str, chain: str | None, seed: str) -> tuple[str, ...]:
    """Where the test of this id, without parameters, runs."""
    if chain:
        return (chain,)
    if not test.startswith(ON_BOTH):
        return ("node",)
    return ("revm", "node") if crc32(f"{seed} {test}".encode()) % SAMPLE == 0 else ("revm",)


def pytest_collection() -> None:
    """Nothing of what is collected becomes garbage."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    here = Path(__file__).parent
    ranks = {here / folder: rank for rank, folder in enumerate(ORDER)}
    items.sort(key=lambda item: next((ranks[path] for path in item.path.parents if path in ranks), len(ranks)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Ape gives up putting its node back, for all tests to come, when it could not once: a test of a node that is gone
    must not decide that for the others."""
    if ape := item.config.pluginmanager.get_plugin("ape-test"):
        ape.isolation_manager.supported = True


@pytest.fixture(scope="session")
def deployed_dao() -> Iterator[Dao]:
    """One deployment for the session on a node of its own, whose clock no other test moves; `dao` puts it back after
    each test."""
    node = Node()
    yield Dao(chain=Anvil(node.web3))
    node.stop()


@pytest.fixture(scope="session")
def dao_in_process() -> Dao:
    """The same in process."""
    return Dao(chain=Revm())


@pytest.fixture
def dao(request: pytest.FixtureRequest, backend: str) -> Iterator[Dao]:
    """A new DAO, untouched by other tests."""
    deployed: Dao = request.getfixturevalue("dao_in_process" if backend == "revm" else "deployed_dao")
    snapshot = deployed.chain.snapshot()
    yield deployed
    deployed.chain.revert(snapshot)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """No wait is long, by the clock that it gives."""
    clock = Clock()
    clock.install(monkeypatch)
    return clock


@pytest.fixture
def market(dao: Dao) -> Market:
    """A DAO with one founder who carries every vote, and nothing requested yet."""
    return Market(dao)


@pytest.fixture(scope="session")
def npm_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tarball that `make pack` makes."""
    from scripts.pack import pack_npm

    return pack_npm(tmp_path_factory.mktemp("npm"))
