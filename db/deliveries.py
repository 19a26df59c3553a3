"""The phone company's idempotency tokens: seen again, a delivery was a retry."""

from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.models import WebhookDelivery

BATCH = 5000
"""A sweep's share; a busy day's are gone within the hour."""


def count(session: Session, token: str | None) -> bool:
    """Remember a delivery's token; True when it was seen before, so that this one is a retry."""
    if not token:
        return False
    row = insert(WebhookDelivery).values(token=token).on_conflict_do_nothing().returning(WebhookDelivery.token)
    return session.scalar(row) is None


def forget(session: Session, *, older_than: timedelta) -> None:
    """Drop tokens that will not be repeated any more."""
    old = select(WebhookDelivery.token).where(WebhookDelivery.received_at < func.now() - older_than).limit(BATCH)
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.token.in_(old.scalar_subquery())))
