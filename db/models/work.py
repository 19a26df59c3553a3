"""What is still to be done, and what was begun from outside."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Sequence, SmallInteger, String, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, deferred, mapped_column

from db.models.base import Base

FENCE = Sequence("fence", metadata=Base.metadata)
"""Claim numbers; never used twice."""


class Task(Base):
    """An open stage of a call: made when the stage opens, deleted when it is final, with the status it moves."""

    __tablename__ = "task"

    call_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("call_log.id", ondelete="CASCADE"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(16), primary_key=True)
    business_id: Mapped[int] = mapped_column(server_default="0")
    """0 for a call that belongs to no business: those share slots too."""
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    due_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    enqueued_at: Mapped[datetime | None]
    claim: Mapped[int | None] = mapped_column(BigInteger)
    worker: Mapped[str | None] = mapped_column(String(255))
    lease_until: Mapped[datetime | None]
    progress: Mapped[int | None] = mapped_column(SmallInteger)
    draft: Mapped[dict[str, Any] | None] = deferred(mapped_column(JSONB))
    """What has been written down so far: {file, model, fingerprint, turns}."""

    __table_args__ = (
        CheckConstraint("(claim IS NULL) = (lease_until IS NULL)", name="task_claim_has_lease"),
        Index("task_line", "business_id", "stage", "due_at", "call_id"),
        Index("task_lease", "lease_until", postgresql_where=text("claim IS NOT NULL")),
        {"postgresql_with": {"fillfactor": "70"}},
    )


class Deletion(Base):
    """A deleted call of which something may be left, here or at the phone company; gone when all of it is."""

    __tablename__ = "deletion"

    call_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("call_log.id", ondelete="CASCADE"), primary_key=True)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """There is no end to them; they say how long the next one is waited for."""
    due_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    reason: Mapped[str | None] = mapped_column(String(32))
    """Why the last one did not finish it, in a word of the glossary; NULL where nothing is wrong."""


class WebhookDelivery(Base):
    """An I-Twilio-Idempotency-Token: seen again, it was a retry."""

    __tablename__ = "webhook_delivery"

    token: Mapped[str] = mapped_column(String(128), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)


class PlacedCall(Base):
    """A call somebody has had us place, by the key of the request: asked again with it, it is the same call."""

    __tablename__ = "placed_call"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    call_sid: Mapped[str | None] = mapped_column(String(64))
    """NULL while the phone company is asked, and where nobody heard its answer."""
    begun_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
