"""What a network address, and all members together, may hand in on a day, however many keys they sign with.

given a desk with a low limit of one kind
  when two accounts use it up together      the next should be refused, with nothing kept, whoever signs
  when a refused one asks again             nothing should be counted for it, in no other limit either
  when an object stops on its way           what did not come should not be counted
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest

from assurance.harness.chain.node import until
from assurance.harness.dao.dao import DAY
from datadao.desk.usage import Limits
from datadao.messages.requests import ClaimRequest
from tests.client.desk.test_door import found, post, signed

from .conftest import LIMITS, DeskWorld, Made, hexed, refused

FILE = 20_000
"""Bytes of a file's records: as they are stored, a little more."""
ADDRESS, TOGETHER = "this network address", "all members together"

limited = partial(pytest.mark.parametrize, "limits")


def told(who: str, most: int, what: str) -> str:
    return f"{who}: more than {most} {what} in a day (UTC); come back tomorrow, or use another desk"


def of(desk: DeskWorld, name: str, filler: bytes = b"x", size: int = FILE) -> Made:
    """A file of this account."""
    return desk.make(filler * size, desk.world.dao.who(name))


def put_file(desk: DeskWorld, made: Made) -> Any:
    return desk.put(made, made.submission.file_hash)


@limited([replace(LIMITS, address_submissions=2)])
def test_address__that_announced_its_day__is_refused_another_members_submission(desk: DeskWorld) -> None:
    first = of(desk, "one")
    for made in (first, of(desk, "another")):
        assert desk.hand_in(made).json()["state"] == "handed in"
    before, third = desk.objects, of(desk, "a third")
    assert refused(desk.announce(third), 429, "TooMuch", told(ADDRESS, 2, "submissions"))
    key = hexed(third.submission.id(desk.world.dao.id))
    assert refused(desk.served.get(f"v1/submissions/{key}"), 404, "NotFound")
    assert (desk.objects, len(desk.board)) == (before, 2)
    assert desk.hand_in(first).json()["state"] == "handed in"


@limited([replace(LIMITS, address_bytes=50_000), replace(LIMITS, all_bytes=50_000)], ids=["an address", "all members"])
def test_bytes__that_two_accounts_used_up__are_refused_a_third_but_a_small_file_is_not(
    desk: DeskWorld, limits: Limits
) -> None:
    for name in ("one", "another"):
        assert desk.hand_in(of(desk, name)).json()["state"] == "handed in"
    before, third = desk.objects, of(desk, "a third")
    assert desk.announce(third).status_code == 200
    who = ADDRESS if limits.address_bytes == 50_000 else TOGETHER
    assert refused(put_file(desk, third), 429, "TooMuch", told(who, 50_000, "bytes"))
    assert (desk.objects, len(desk.board)) == (before, 2)
    assert desk.hand_in(of(desk, "a third", b"y", 100)).json()["state"] == "handed in"


@limited([replace(LIMITS, address_requests=2)])
def test_address__that_asked_its_day__is_refused_another_members_request(desk: DeskWorld) -> None:
    now, members = desk.world.chain.timestamp, desk.world.members[:3]
    made = [signed(desk, ClaimRequest(member.address, now + DAY, b""), member) for member in members]
    assert [post(desk, request).status_code for request in made[:2]] == [202, 202]
    before = desk.objects
    assert refused(post(desk, made[2]), 429, "TooMuch", told(ADDRESS, 2, "requests"))
    assert desk.objects == before and found(desk) == {request.id for request in made[:2]}
    assert post(desk, made[0]).status_code == 202


def one_account(desk: DeskWorld) -> Callable[[], Any]:
    """Uses up its own day of submissions; how it asks for more."""
    for number in range(desk.limits.day_submissions):
        desk.announce(of(desk, "one", b"%d" % number))
    return lambda: desk.announce(of(desk, "one", b"more"))


@limited([replace(LIMITS, address_submissions=LIMITS.day_submissions + 1)])
def test_refused__for_its_own_limit__counts_nothing_of_its_address(desk: DeskWorld) -> None:
    ask = one_account(desk)
    for _ in range(3):
        assert refused(ask(), 429, "TooMuch", told(desk.world.dao.who("one").address, 3, "submissions"))
    assert desk.announce(of(desk, "another")).status_code == 200


@limited([replace(LIMITS, all_bytes=60_000, day_bytes=45_000, address_bytes=95_000)])
def test_refused__for_the_limit_of_all__counts_nothing_of_its_own(desk: DeskWorld) -> None:
    assert desk.hand_in(of(desk, "one", size=40_000)).json()["state"] == "handed in"
    large = of(desk, "another")
    desk.announce(large)
    for _ in range(3):
        assert refused(put_file(desk, large), 429, "TooMuch", told(TOGETHER, 60_000, "bytes"))
    assert desk.hand_in(of(desk, "another", size=5_000)).json()["state"] == "handed in"


@limited([replace(LIMITS, address_bytes=50_000)])
def test_object__that_stops_on_its_way__counts_what_came(desk: DeskWorld) -> None:
    made = of(desk, "one", size=30_000)
    desk.announce(made)
    path = f"/v1/submissions/{hexed(made.submission.id(desk.world.dao.id))}/objects/{hexed(made.submission.file_hash)}"
    data = made.objects[made.submission.file_hash]
    for _ in range(3):
        line = http.client.HTTPConnection(urlsplit(desk.served.url).netloc)
        line.putrequest("PUT", path)
        line.putheader("Content-Length", str(len(data)))
        line.endheaders(data[:1000])
        line.close()
    until(lambda: put_file(desk, made).status_code == 200)  # the desk sees the end of a line a moment later
    assert desk.put(made, made.submission.envelope_hash).json()["state"] == "handed in"
