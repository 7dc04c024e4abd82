"""From a role's folder to its slots: found by key on the chain, refused in a line when something does not fit."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from assurance.harness.chain.proxy import Proxy
from assurance.harness.dao.system import ape_account
from datadao.cli.main import cli
from datadao.client import DataDAO
from datadao.crypto.keyfile import new_key
from datadao.custodian.custodian import Custodian
from datadao.custodian.slots import Slots, open_slots
from datadao.errors import (
    ChainUnavailable,
    DataDAOError,
    InvalidArgument,
    JournalBusy,
    KeyFileRefused,
    ProfileRefused,
    SlotMismatch,
)
from datadao.profile import Profile
from tests.client.chain_world import ChainWorld, role


@pytest.fixture
def dao(leased: ChainWorld) -> DataDAO:
    leased.finalize()
    return DataDAO(leased.dao.addresses, leased.chain.web3)


def opened(world: ChainWorld, dao: DataDAO, profile: Profile, *keys: str) -> Slots:
    return open_slots(dao, profile, world.dao.actors["custodian-1"].sign, keys or ("sealing",))


class Rounds(Event):
    """Set after so many waits, none of which takes any time."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._left = count

    def wait(self, timeout: float | None = None) -> bool:
        self._left -= 1
        if not self._left:
            self.set()
        return self.is_set()


def places(custodians: list[Custodian]) -> list[tuple[int, int]]:
    return [(custodian.committee_version, custodian.slot) for custodian in custodians]


def test_open_slots__key_that_holds_a_slot__is_on_duty(leased: ChainWorld, dao: DataDAO) -> None:
    slots = opened(leased, dao, Profile.load(role(leased, 1)))
    assert places([service.custodian for service in slots.services]) == [(1, 1)]
    assert slots.left == []
    leased.start()
    leased.finalize()
    assert slots.run(Rounds(2), 60.0) == 2
    assert [len(bundle.ids) for bundle in leased.published()] == [5]
    slots.close()


def test_open_slots__key_that_left_and_key_that_came__both_are_found(leased: ChainWorld, dao: DataDAO) -> None:
    profile = Profile.load(role(leased, 1))
    leased.replace(1, leased.dao.actors["custodian-1"], new_key(profile.home / "keys" / "renewed"))
    leased.finalize()
    slots = opened(leased, dao, profile, "sealing", "renewed")
    assert places([service.custodian for service in slots.services]) == places(slots.left) == [(1, 1)]
    with pytest.raises(JournalBusy):
        opened(leased, dao, profile)
    slots.close()
    opened(leased, dao, profile).close()


def test_open_slots__a_node_that_stalls_is_found_out_in_time(leased: ChainWorld, dao: DataDAO) -> None:
    with Proxy(leased.url) as second:
        profile = Profile.load(role(leased, 1, nodes=[second.url]))
        slots = opened(leased, dao, profile)
        assert second.asked > 0
        slots.close()
        second.stop()
        with pytest.raises(ChainUnavailable, match=r"node 2 .*cannot be reached") as raised:
            opened(leased, dao, profile)
    assert "SECRET" not in str(raised.value)


@pytest.fixture
def profile(leased: ChainWorld) -> Iterator[Profile]:
    return Profile.load(role(leased, 1))


Spoil = Callable[[Profile, ChainWorld], Profile]


def stranger(profile: Profile, _: ChainWorld) -> Profile:
    (profile.home / "keys" / "sealing").unlink()
    new_key(profile.home / "keys" / "sealing")
    return profile


def readable(profile: Profile, _: ChainWorld) -> Profile:
    (profile.home / "keys" / "sealing").chmod(0o640)
    return profile


def keyless(profile: Profile, _: ChainWorld) -> Profile:
    (profile.home / "keys" / "sealing").unlink()
    return profile


def with_nodes(*nodes: str) -> Spoil:
    return lambda profile, world: dataclasses.replace(profile, nodes=[n or world.url for n in nodes])


def storeless(profile: Profile, _: ChainWorld) -> Profile:
    return dataclasses.replace(profile, store=None)


@pytest.mark.parametrize(
    ("spoil", "error", "said"),
    [
        (stranger, SlotMismatch, "holds or held a slot"),
        (readable, KeyFileRefused, "0640"),
        (keyless, KeyFileRefused, "no key file"),
        (with_nodes(""), InvalidArgument, "the same"),
        (with_nodes("ftp://somewhere"), InvalidArgument, "http"),
        (with_nodes("http://127.0.0.1:1"), ChainUnavailable, r"node 2 \(127.0.0.1:1\).*cannot be reached"),
        (storeless, ProfileRefused, "store"),
    ],
    ids=["stranger", "readable by others", "no key", "same node twice", "no address", "no server", "no store"],
)
def test_open_slots__something_does_not_fit__says_what_and_leaves_nothing_open(
    leased: ChainWorld, dao: DataDAO, profile: Profile, spoil: Spoil, error: type[DataDAOError], said: str
) -> None:
    with pytest.raises(error, match=said):
        opened(leased, dao, spoil(profile, leased))
    assert not (profile.home / "custody").exists()


def test_profile__with_nodes_that_are_no_list__refused(profile: Profile) -> None:
    path: Path = profile.home / "config.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"nodes": "http://one"}))
    with pytest.raises(ProfileRefused, match="nodes: expected a list"):
        Profile.load(profile.home)


def test_command_line__a_slot_changes_hands__from_sent_to_confirmed(leased: ChainWorld) -> None:
    leaver, heir = role(leased, 1), role(leased, 4, account="TEST::20")
    shutil.rmtree(heir / "keys")
    person = ape_account(20, "successor")
    leased.replace(1, person, new_key(heir / "keys" / "sealing"))
    leased.finalize()

    def shown(home: Path, name: str) -> tuple[int, Any]:
        done = CliRunner().invoke(cli, ["custodian", name, "--home", str(home), "--json"])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, json.loads(done.stdout)["slots"]

    assert shown(heir, "take-over")[0] == 3
    code, (sent,) = shown(leaver, "hand-over")
    assert (code, sent["successor"], sent["sent"], sent["confirmed"]) == (3, person.address, 5, 0)
    code, (kept,) = shown(heir, "take-over")
    assert (code, kept["kept"], kept["missing"], kept["faults"]) == (0, 5, {}, [])
    code, (sent,) = shown(leaver, "hand-over")
    assert (code, sent["confirmed"], sent["refused"]) == (0, 5, {})
    assert shown(heir, "hand-over") == (0, [])
