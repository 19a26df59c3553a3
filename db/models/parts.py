"""What belongs to a call: recordings, transcript, story, and what it is found by."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Double, ForeignKey, Index, LargeBinary, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, deferred, mapped_column

from db.models.base import Base


class Recording(Base):
    """Every recording the phone company ever named; the call's own one is call_log.recording_sid."""

    __tablename__ = "recording"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("call_log.id", ondelete="CASCADE"), index=True)
    recording_sid: Mapped[str] = mapped_column(String(64), unique=True)
    status: Mapped[str] = mapped_column(String(32))
    source: Mapped[str | None] = mapped_column(String(64))
    channels: Mapped[int | None]
    duration: Mapped[int | None]
    """Seconds, as announced by the phone company."""
    started_at: Mapped[datetime | None]
    error_code: Mapped[int | None]
    file: Mapped[str | None] = mapped_column(String(255))
    """The object's name in our storage; set only when it is there, whole and checked."""
    bytes_len: Mapped[int | None] = mapped_column(BigInteger)
    audio_seconds: Mapped[float | None] = mapped_column(Double)
    sha256: Mapped[str | None] = mapped_column(String(64))
    peaks: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    """How loud each channel of the file is from beginning to end, as the download found it; see providers.peaks."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Transcript(Base):
    """Who said what: turns of {channel, speaker, start, end, text}, in time order."""

    __tablename__ = "transcript"

    call_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("call_log.id", ondelete="CASCADE"), primary_key=True)
    turns: Mapped[list[dict[str, Any]]]
    conversation: Mapped[dict[str, Any] | None]
    """Numbers about it, where speakers could be told apart."""
    language: Mapped[str | None] = mapped_column(String(8))
    model: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class CallSearch(Base):
    """What a call is found by: words, numbers and its business, as db/search.py writes them down."""

    __tablename__ = "call_search"

    call_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("call_log.id", ondelete="CASCADE"), primary_key=True)
    document: Mapped[str | None] = mapped_column(TSVECTOR)
    """NULL until somebody has read the call."""

    __table_args__ = (
        Index(
            "ix_call_search_document",
            "document",
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": "512"},
        ),
        Index("ix_call_search_unread", "call_id", postgresql_where=text("document IS NULL")),
    )


class CallEvent(Base):
    """What happened to a call, when, and who says so. Append-only."""

    __tablename__ = "call_event"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    call_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("call_log.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    event: Mapped[str] = mapped_column(String(64))
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    said_by: Mapped[str] = mapped_column(String(64))
    once: Mapped[str | None] = mapped_column(String(128))
    """What makes the event the same one when it is reported again; NULL for events that may recur."""

    __table_args__ = (
        UniqueConstraint("call_id", "once", name="uniq_call_event_once"),
        Index("ix_call_event_call_id_at", "call_id", "at"),
    )
