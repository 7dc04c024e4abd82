"""A configuration as people mistype it: every fault of a file is reported in one run, and nothing was sent.

- keys that stand twice or are misspelt, lists without an entry
- addresses whose capitals are no checksum, in every place that takes one
- times as dates
"""

import io
from datetime import UTC, datetime

import ape
import pytest
from eth_utils import to_checksum_address

from datadao.chain.arguments import ConfigError
from datadao.text import Terminal
from deployer.config import Config
from deployer.console import show_plan
from deployer.estimate import Estimate
from deployer.plan import make_plan
from deployer.record import factory_given
from tests.deployer.test_config import refused
from tests.deployer.world import LOCAL, changed


def written(tmp_path, *changes):
    """The local configuration as a file, with pieces of its text replaced."""
    text = LOCAL.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (tmp_path / "ours.yaml").write_text(text)
    return tmp_path / "ours.yaml"


GUARDIAN = "guardian: TEST::1\n"
TYPO = "0xAbcdef1234567890abcdef1234567890ABCDEF12"
NO_CHECKSUM = "its capitals are not those of its checksum, so that a digit is wrong; copy it again from where it came"


def test_plan__every_fault_of_a_file__is_reported_in_one_run(deployer, tmp_path):
    path = written(
        tmp_path,
        ("chain_id: 31337", "chain_id: 31338"),
        (GUARDIAN, f"guardian: {TYPO}\n"),
        ("    transferable: false", "    transferable: false\n    transferable: true"),
        ("votingDelay: 1 day", "votingDelai: 1 day"),
        ("    minDelay: 2 days", "    minDelay: 2 dayz"),
        ('{signer: "TEST::3", hpkeKey: "0x83', '{signer: "TEST::400", hpkeKey: "0x'),
        ("startWindow: 14 days", "startWindow: 14 days\n      bonus: 3"),
        ("TEST::9", "TEST::0"),
        ("epochCapBps: 1000", "epochCapBps: -1"),
    )
    line = 1 + path.read_text().splitlines().index("    transferable: true")
    where = "ours.yaml: DatasetRegistry.params"
    assert refused(deployer, lambda: Config.load(path)).splitlines() == [
        "ours.yaml: chain_id: 31338, but the network's is 31337",
        f"ours.yaml: line {line}: transferable stands twice, first in line {line - 1}",
        "ours.yaml: asset: a test asset is for local chains; name the token's address",
        "ours.yaml: DataTimelock.minDelay: expected a number, '7 days' or 'now + 365 days', got '2 dayz'",
        f"ours.yaml: EmergencyBrake.guardian: '{TYPO}' is not an address: {NO_CHECKSUM}",
        "ours.yaml: DataGovernor.params: unknown votingDelai; did you mean votingDelay?",
        "ours.yaml: DataLeases.params: unknown bonus; expected minRequestEscrow, startWindow, ackWindow, ackSlashBps, "
        "maxSlashBps, bondDelay",
        f"{where}.attestors[1].signer: account TEST::400 is unknown; there are TEST::0 to TEST::39",
        f"{where}.attestors[1].hpkeKey: expected 0x and 64 hex digits, in quotes, got "
        "'0xc4f5ee716e667e902d0f423b244d20bd6fde0a36c93fec79e89c82fd287110'",
        f"{where}.epochCapBps: expected 0 to 2**256 - 1, got -1",
    ]


@pytest.mark.parametrize("entry", ["attestors", "custodians", "policies"])
def test_plan__empty_list__is_refused(deployer, entry):
    message = refused(deployer, lambda: changed(f"contracts.DatasetRegistry.params.{entry}", []))
    assert message == f"local.yaml: DatasetRegistry.params.{entry}: expected one or more, got none"


MISSPELT = [
    ("votingDelay: 1 day", "votingDelai: 1 day", "DataGovernor.params: unknown votingDelai; did you mean votingDelay?"),
    ("votingDelay: 1 day", "VotingDelay: 1 day", "DataGovernor.params: unknown VotingDelay; did you mean votingDelay?"),
    ("  EmergencyBrake:", "  EmergencyBreak:", "contracts: unknown EmergencyBreak; did you mean EmergencyBrake?"),
    ("chain_id: 31337", "chainid: 31337", "unknown chainid; did you mean chain_id?"),
    ("  deploy: TestAsset", "  deplo: TestAsset", "asset: unknown deplo; did you mean deploy?"),
    ("minQuality: 5000", "minQualty: 5000",
     "DatasetRegistry.params.policies[0]: unknown minQualty; did you mean minQuality?"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), MISSPELT, ids=[new for _, new, _ in MISSPELT])
def test_plan__misspelt_key__names_the_one_that_was_meant(deployer, tmp_path, old, new, message):
    path = written(tmp_path, (old, new))
    assert refused(deployer, lambda: Config.load(path)) == f"ours.yaml: {message}"


@pytest.mark.parametrize("value", [TYPO, TYPO.replace("0x", "0X"), TYPO[:-1], f"{TYPO}0", f"{TYPO[:-1]}g"])
def test_plan__mistyped_address__is_refused_and_never_another_account(deployer, tmp_path, value):
    reason = NO_CHECKSUM if len(value) == 42 and value[-1] != "g" else "expected 0x and 40 hex digits"
    path = written(tmp_path, (GUARDIAN, f"guardian: {value}\n"))
    assert refused(deployer, lambda: Config.load(path)) == (
        f"ours.yaml: EmergencyBrake.guardian: '{value}' is not an address: {reason}"
    )


@pytest.mark.parametrize("spell", [str.lower, lambda text: "0x" + text[2:].upper(), to_checksum_address])
@pytest.mark.parametrize("quote", ["", '"'])
def test_plan__address_of_one_case_or_with_its_checksum__is_taken(deployer, tmp_path, spell, quote):
    spelled = spell(TYPO.lower())
    path = written(tmp_path, (GUARDIAN, f"guardian: {quote}{spelled}{quote}\n"))
    brake = make_plan(deployer.address, Config.load(path)).contracts[2]
    assert brake.arguments["guardian_"] == to_checksum_address(TYPO.lower())


def test_plan__asset_with_a_wrong_checksum__is_refused(deployer):
    message = refused(deployer, lambda: changed("asset", TYPO))
    assert message == f"local.yaml: asset: '{TYPO}' is not an address: {NO_CHECKSUM}"


def test_plan__factory_with_a_wrong_checksum__is_refused(deployer, tmp_path):
    before = (deployer.nonce, ape.chain.blocks.height)
    with pytest.raises(ConfigError) as refusal:
        factory_given(tmp_path, TYPO)
    assert str(refusal.value) == f"factory: '{TYPO}' is not an address: {NO_CHECKSUM}"
    assert (deployer.nonce, ape.chain.blocks.height) == before


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2027-06-01", 1_811_808_000),
        ("2027-06-01 12:00", 1_811_851_200),
        ("2027-06-01 12:00 UTC", 1_811_851_200),
        ("2027-06-01T12:00:00Z", 1_811_851_200),
        ("2027-06-01 12:00+02:00", 1_811_844_000),
        ("1_811_808_000", 1_811_808_000),
    ],
)
def test_plan__time_as_a_date__is_taken_and_shown_as_one(deployer, tmp_path, text, seconds):
    path = written(tmp_path, ("guardianUntil: now + 365 days", f"guardianUntil: {text}"))
    plan = make_plan(deployer.address, Config.load(path))
    shown_on = io.StringIO()
    show_plan(Terminal(file=shown_on, width=200), plan, Estimate({}, rehearsed=True), ())
    assert plan.contracts[2].arguments["guardianUntil_"] == seconds
    shown = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    said = f"{text}, {shown}" if "-" in text and text != shown else shown
    assert f"guardianUntil: {seconds} ({said})" in shown_on.getvalue()


@pytest.mark.parametrize("text", ["2027-13-01", "2027-02-30", "2027-06-01 25:00", "01.06.2027", "0x10", "012", "12:30"])
def test_plan__time_that_is_none__is_refused(deployer, tmp_path, text):
    path = written(tmp_path, ("guardianUntil: now + 365 days", f"guardianUntil: {text}"))
    assert refused(deployer, lambda: Config.load(path)) == (
        "ours.yaml: EmergencyBrake.guardianUntil: expected a number, '2027-06-01 12:00' (UTC) or 'now + 365 days', "
        f"got '{text}'"
    )


def test_plan__date_for_a_duration__is_refused(deployer, tmp_path):
    path = written(tmp_path, ("minDelay: 2 days", "minDelay: 2027-06-01"))
    assert refused(deployer, lambda: Config.load(path)) == (
        "ours.yaml: DataTimelock.minDelay: expected a number, '7 days' or 'now + 365 days', got '2027-06-01'"
    )
