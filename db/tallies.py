"""Sums that only grow: what Prometheus calls counters, where no other rows say them."""

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.models import Tally


class Sum(StrEnum):
    """What is summed up."""

    AUDIO_SECONDS = "audio_seconds"
    """Of recordings that were transcribed, each as often as it was."""
    WEBHOOKS = "webhooks"
    """Answers to the phone company, by path and status."""


def add(session: Session, what: Sum, amounts: Mapping[str, float]) -> None:
    """Add to some of its labels; in their order, so that two who add do not wait for each other in a circle."""
    rows = [{"name": what, "label": label, "amount": amounts[label]} for label in sorted(amounts)]
    if rows:
        row = insert(Tally).values(rows)
        grown = {"amount": Tally.amount + row.excluded.amount}
        session.execute(row.on_conflict_do_update(index_elements=["name", "label"], set_=grown))


def of(session: Session, what: Sum) -> Mapping[str, float]:
    """What has come together, by label."""
    rows = session.execute(select(Tally.label, Tally.amount).where(Tally.name == what).order_by(Tally.label))
    return {label: amount for label, amount in rows}
