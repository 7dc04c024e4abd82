"""The play that the first edition paid in full, as often as one liked: known records again, one of them replaced."""

from __future__ import annotations

import io
import json

from eth_account import Account

from datadao.contributor import contribute
from datadao.messages import eip712
from scripts._demo.steps import DATASET, Demo, score, units
from scripts._demo.survey import respondents
from scripts._demo.units import earned


def play(demo: Demo) -> None:
    """Two accounts of one person hand in everybody's records again, with one replaced; what they would be paid."""
    lines = respondents(len(demo.actors.members))
    lines[-1] = (json.dumps(json.loads(lines[-1]) | {"respondent": 10_000}) + "\n").encode()
    committee, attestors = demo.dao.committee(), demo.dao.attestors()
    submissions = []
    for data in (lines, lines[1:]):  # not the same file, which would be refused
        account = Account.create()
        submissions.append(
            contribute(
                io.BytesIO(b"".join(data)), dao=demo.dao.id, dataset_id=DATASET, contributor=account.address,
                committee=committee, attestors=attestors, store=demo.store, signer=eip712.signer(account),
            )
        )  # fmt: skip
    witnesses = [word for custodian in demo.custodians for word in custodian.test_open(submissions)[0]]
    scored = score(demo, submissions, witnesses)
    paid, _ = earned(units(demo), scored)
    records = sum(item.leaf.units for item in scored)
    if [leaf.units for leaf in paid] != [1]:
        raise AssertionError(f"of {records} records {paid} are paid, and one is new")
    demo.out.say(
        f"two accounts hand in {records:,} records, {len(lines) - 1:,} of them known and one new: in the first edition "
        f"{records:,} units, here [bold green]1 unit[/bold green] to one of them; not drafted"
    )
