"""`datadao custodian hand-over` and `take-over`: a seat changes hands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datadao.cli.custodian import opened
from datadao.cli.frame import DONE, PARTLY, Outcome, command
from datadao.cli.groups import custodian
from datadao.cli.keys import key_option

if TYPE_CHECKING:
    from datadao.cli.session import Session
    from datadao.custody import Custodian
    from datadao.types import Contribution


@command(custodian, "hand-over")
@key_option("The leaver's key.")
def hand_over(session: Session, key_name: str) -> Outcome:
    """Reseal the shares of seats that this key held to who holds them now.

    Repeat it until every file is confirmed and no more of them come; only then destroy the key.
    """
    from datadao.succession import hand_over

    with opened(session, key_name) as seats:
        done = [(seat, hand_over(seat, _contributions(seat))) for seat in seats.left]
    rows = [
        {"epoch": seat.epoch, "slot": seat.slot, "successor": found.successor.signer, "sent": found.sent,
         "confirmed": found.confirmed, "refused": {i.hex(): str(why) for i, why in found.refused.items()}}
        for seat, found in done
    ]  # fmt: skip
    lines = [
        f"Seat {seat.epoch}-{seat.slot}: {found.sent} files sent to {found.successor.signer}, {found.confirmed} "
        f"confirmed; {len(found.refused)} do not open with this key."
        for seat, found in done
    ]
    finished = all(found.sent == found.confirmed for _, found in done)
    return Outcome({"seats": rows}, tuple(lines) or ("This key left no seat.",), DONE if finished else PARTLY)


@command(custodian, "take-over")
@key_option("The successor's key.")
def take_over(session: Session, key_name: str) -> Outcome:
    """Check and keep what former holders of this key's seats handed over, and confirm it.

    Stop `run` first, and start it again afterwards.
    """
    from datadao.succession import take_over

    with opened(session, key_name) as seats:
        done = [(watch.name, take_over(watch.custodian, _contributions(watch.custodian))) for watch in seats.watches]
    rows: list[dict[str, Any]] = [
        {"seat": name, "kept": found.kept, "missing": {i.hex(): str(why) for i, why in found.missing.items()},
         "faults": [{"name": fault.name, "culprit": fault.culprit, "files": len(fault.ids), "reason": str(fault.reason)}
                    for fault in found.faults]}
        for name, found in done
    ]  # fmt: skip
    lines = [f"{row['seat']}: {row['kept']} shares kept, {len(row['missing'])} files missing." for row in rows]
    lines += [
        f"{row['seat']}: {fault['culprit'] or 'nobody to blame'}: {fault['reason']} ({fault['files']} files)"
        for row in rows
        for fault in row["faults"]
    ]
    whole = not any(row["missing"] or row["faults"] for row in rows)
    return Outcome({"seats": rows}, tuple(lines) or ("This key holds no seat.",), DONE if whole else PARTLY)


def _contributions(seat: Custodian) -> list[Contribution]:
    from datadao.manifests import Manifests

    return Manifests(seat.dao, seat.warden, seat.store).contributions()
