"""What others wrote, on a terminal: it moves no cursor, turns nothing round, passes for no line of the program's own,
hides nothing of what is voted on, and nothing of it is cut off. Programs get it unchanged.

- a request whose text is hostile: `proposals`, `lease show`, at a terminal of 80 columns, in a pipe, in JSON
- a proposal of another call: what it does, in words, by whom
"""

from __future__ import annotations

import os
from pathlib import Path

import ape
import pytest

from assurance.harness.text import BIDI, DANGEROUS, HIDDEN, HOSTILE
from datadao.chain.rpc import Call
from datadao.crypto.keyfile import new_key
from datadao.text import BAR, REPLACEMENT
from tests.cli.conftest import FreshDao
from tests.cli.test_refusals import REQUEST
from tests.cli.test_terminal import at_terminal


def hostile_request(live: FreshDao) -> Path:
    """Folder of a licensee whose lease 1 is asked for with that text."""
    home = live.home("licensee")
    new_key(home / "keys" / "sealing")
    words = [HOSTILE if word == "please" else word for word in REQUEST]
    more = ("--price", "100", "--bond", "50", "--royalty-bps", "250", "--exclusive", "--yes")
    assert live.run(home, "lease", "request", *words, *more).code == 0
    return home


def on_screen(*arguments: str) -> list[str]:
    """Lines on a terminal of 80 columns that knows no colours."""
    environment = dict(os.environ) | {"TERM": "dumb", "COLUMNS": "80", "LINES": "50"}
    code, shown = at_terminal(arguments, environment, "never asked", "")
    assert code == 0, shown
    return shown.replace("\r\n", "\n").split("\n")


def shows_the_facts(screen: list[str]) -> None:
    """All that is voted on stands there, and nothing that the applicant wrote outside its marks."""
    facts = [line.rstrip() for line in screen if not line.startswith(f"  {BAR}")]
    wanted = {
        "licensee": ape.accounts.test_accounts[10].address,
        "dataset": "1",
        "purposes": "research (0x1)",
        "rent": "100 TUSD for each period of 30 days, 2 periods",
        "in all": "200 TUSD rent; bond 50 TUSD; escrowed 250 TUSD",
        "royalty": "2.5 % of models' income",
        "exclusive": "yes: no other lease of the dataset meanwhile",
        "agreement": "none",
        "votes": "0 for, 0 against, 0 abstain",
        "needs": "a quorum that is fixed as it opens, and more for than against",
    }
    assert {f"  {label:<9}  {value}" for label, value in wanted.items()} <= set(facts)
    assert not any(word in line for line in facts for word in ("Price", "9,999", "pad", "Good science"))
    assert len([line for line in facts if line.startswith(("lease:", "Lease "))]) == 1


@pytest.mark.parametrize("words", [("proposals",), ("lease", "show", "1")], ids=" ".join)
def test_hostile_text__at_a_terminal__is_marked_visible_and_whole(live: FreshDao, words: tuple[str, ...]) -> None:
    home = hostile_request(live)
    screen = on_screen(*words, "--home", str(home))
    assert not any(DANGEROUS.search(line) for line in screen), screen
    assert all(len(line) <= 84 for line in screen)  # combining marks take no column
    shows_the_facts(screen)
    quote = [line.removeprefix(f"  {BAR}").rstrip() for line in screen if line.startswith(f"  {BAR}")]
    mark = REPLACEMENT
    assert quote[0] == f"Good science.{mark}[2J{mark}[H{mark}]0;owned{mark}{mark}]8;;http://evil{mark}\\"
    assert quote[1:3] == [
        "lease:1  Active: shall lease 1 be approved?",
        "  votes       9,999 for, 0 against, 0 abstain",
    ]
    assert quote[3] == "Price: 0" + mark * len(BIDI + HIDDEN)
    assert quote[4] == "" and quote[5], "of the empty lines one is left"
    rest = " ".join(quote[5:])
    assert rest.startswith(f"Z\u0336\u0353\u0489\u0336{mark}[bold red]no markup[/bold red] pad")
    assert rest.count("pad") == 60 and rest.endswith("the end")


@pytest.mark.parametrize("words", [("proposals",), ("lease", "show", "1")], ids=" ".join)
def test_hostile_text__in_a_pipe__is_the_same(live: FreshDao, words: tuple[str, ...]) -> None:
    done = live.run(hostile_request(live), *words)
    assert done.code == 0 and not DANGEROUS.search(done.out)
    shows_the_facts(done.out.split("\n"))
    assert " pad" * 60 + " the end" in done.out


def test_hostile_text__for_programs__is_exact(live: FreshDao) -> None:
    home = hostile_request(live)
    done = live.run(home, "proposals", "--json")
    assert not DANGEROUS.search(done.out), "JSON escapes it"
    (found,) = done.document["proposals"]
    assert HOSTILE in found["description"] and found["description"].startswith("Lease 1 terms 0x")
    assert found["actions"][0]["function"] == "leases.approve"
    assert live.run(home, "lease", "show", "1", "--json").document["text"] == HOSTILE


def test_proposal__of_another_call__is_shown_in_words_and_by_whom(live: FreshDao) -> None:
    registry, holder = live.addresses["registry"], ape.accounts.test_accounts[10].address
    live.node.rpc("anvil_setBalance", registry, hex(10**18))
    live.node.rpc("anvil_impersonateAccount", registry)
    mint = Call(live.addresses["token"], "DataToken", "mint", (holder, 10**12)).data
    request = {"from": registry, "to": live.addresses["token"], "data": "0x" + mint.hex()}
    assert live.node.rpc("eth_getTransactionReceipt", live.node.rpc("eth_sendTransaction", request))["status"] == "0x1"
    live.node.rpc("anvil_mine", "0x2", "0x2")
    home = live.home("proposer")
    words = ("governor.setVotingDelay", "3 days", "--description", HOSTILE, "--yes", "--json")
    proposal = live.run(home, "propose", *words).document["proposal"]
    shown = live.run(home, "proposals").out
    assert shown.startswith(f"{proposal}  Pending\n") and not DANGEROUS.search(shown)
    facts = {" ".join(line.split()) for line in shown.split("\n")}
    assert {f"proposer {holder}", "does governor.setVotingDelay(newVotingDelay=259200 (3 days))"} <= facts
    assert "In the proposer's own words, which this program does not check:" in facts
