"""The tables. call_log, business and users keep the names and columns of existing installations."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Sequence,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, deferred, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

HAS_CALL_SID = "call_sid IS NOT NULL AND call_sid <> ''"
"""Rows of old installations may have none; only the others are unique. ON CONFLICT must repeat it."""


UNFINISHED = """(recording_status IN ('pending', 'recording')
    OR transcript_status IN ('pending', 'processing')
    OR summary_status IN ('pending', 'processing')
    OR recording_status = 'completed' AND recording_download_status IN ('missing', 'queued', 'downloading'))"""
"""Calls that something is still to happen to. Their index makes a sweep cost what is open, not what is stored."""


OTHER_PARTY = """(
CASE
    WHEN direction::text = 'outbound'::text THEN to_number
    ELSE from_number
END)"""
"""Whose call it is, by number: who called us, or whom we called. Just as PostgreSQL writes it, to be compared with."""

IS_AN_ERROR = "(outcome IS NULL OR outcome NOT IN ('no_recording', 'too_short', 'silent', 'no_speech'))"

FAILED = {
    "recording": f"""(recording_status = 'failed' AND {IS_AN_ERROR} OR recording_status = 'completed'
    AND recording_download_status = 'failed' AND recording_next_retry_at IS NULL)""",
    "transcript": f"(transcript_status = 'failed' AND {IS_AN_ERROR})",
    "summary": f"(summary_status = 'failed' AND {IS_AN_ERROR})",
}
"""Calls of which a stage has failed for good, as their badges say. Asked in these words, their index serves."""

COUNTED = [
    "id",
    "duration",
    "call_status",
    "recording_status",
    "recording_download_status",
    "recording_next_retry_at",
    "transcript_status",
    "summary_status",
    "outcome",
    "estimated_cost_bucket",
    "deleted_at",
]
"""What the dashboard counts by: three months of calls are counted in an index, without the rows and their texts."""


class UtcDateTime(TypeDecorator[datetime]):
    """TIMESTAMP without zone, which means UTC, as old installations have it; aware in Python."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """What all tables share: the mapping of Python's types to PostgreSQL's."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


UTC_NOW = text("timezone('utc', now())")

AS_THEY_ARE = "as_they_are"
"""Marks a table of old installations that we take with the columns it has: db/schema.py asks for none of them."""


class Business(Base):
    """A customer of the installation: all its calls, users and settings are apart from every other's."""

    __tablename__ = "business"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    business_type: Mapped[str] = mapped_column(String(255), server_default="general")
    phone_number: Mapped[str | None] = mapped_column(String(255))
    greeting_message: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool | None] = mapped_column(Boolean, server_default=text("true"))
    language: Mapped[str | None] = mapped_column(String(8))
    """Of its pages and greetings; also what is spoken, where `spoken_languages` says nothing."""
    spoken_languages: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """What may be spoken on its calls; of several, each is recognised where it is heard."""
    vocabulary: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """Names and terms as they are to be written in its transcripts, the likeliest first."""
    time_zone: Mapped[str] = mapped_column(String(64), server_default="UTC")
    forward_number: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime, server_default=UTC_NOW)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BusinessNumber(Base):
    """A number a business is called at. Two businesses may claim one; then it belongs to neither."""

    __tablename__ = "business_number"

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[str] = mapped_column(String(32), primary_key=True, index=True)


class User(Base):
    """Somebody who signs in. An operator may belong to no business."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    business_id: Mapped[int | None] = mapped_column(ForeignKey("business.id"))
    email: Mapped[str] = mapped_column(String(255), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(255))
    role: Mapped[str | None] = mapped_column(String(50), server_default="agent")
    is_active: Mapped[bool | None] = mapped_column(Boolean, server_default=text("true"))
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime, server_default=UTC_NOW)
    last_login: Mapped[datetime | None] = mapped_column(UtcDateTime)

    business: Mapped[Business | None] = relationship(viewonly=True)


class ApiToken(Base):
    """A bearer token: only its SHA-256 is kept."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class CallLog(Base):
    """A call, and where each stage of its pipeline stands."""

    __tablename__ = "call_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    business_id: Mapped[int | None] = mapped_column(ForeignKey("business.id"))
    call_sid: Mapped[str | None] = mapped_column(String(64))
    parent_call_sid: Mapped[str | None] = mapped_column(String(64))
    from_number: Mapped[str | None] = mapped_column(String(64))
    to_number: Mapped[str | None] = mapped_column(String(64))
    direction: Mapped[str | None] = mapped_column(String(16))
    twilio_direction: Mapped[str | None] = mapped_column(String(32))
    call_status: Mapped[str | None] = mapped_column(String(32))
    duration: Mapped[int | None]
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime, server_default=UTC_NOW)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    recording_status: Mapped[str | None] = mapped_column(String(32), server_default="pending")
    recording_download_status: Mapped[str | None] = mapped_column(String(32), server_default="missing")
    transcript_status: Mapped[str | None] = mapped_column(String(32), server_default="pending")
    summary_status: Mapped[str | None] = mapped_column(String(32), server_default="pending")
    outcome: Mapped[str | None] = mapped_column(String(32))
    last_error: Mapped[str | None] = mapped_column(Text)
    retry_count: Mapped[int | None] = mapped_column(Integer, server_default="0")

    recording_mode: Mapped[str | None] = mapped_column(String(32))
    recording_sid: Mapped[str | None] = mapped_column(String(64), index=True)
    recording_url: Mapped[str | None] = mapped_column(String(512))
    recording_count: Mapped[int | None] = mapped_column(Integer, server_default="0")
    recording_last_enqueue_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recording_fail_count: Mapped[int | None] = mapped_column(Integer, server_default="0")
    recording_next_retry_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    audio_bytes_len: Mapped[int | None] = mapped_column(BigInteger)
    audio_duration_sec: Mapped[float | None] = mapped_column(Double)

    stream_started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stream_ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stream_duration_sec: Mapped[float | None] = mapped_column(Double)
    stream_connect_count: Mapped[int | None] = mapped_column(Integer, server_default="0")
    webhook_11205_count: Mapped[int | None] = mapped_column(Integer, server_default="0")
    webhook_retry_count: Mapped[int | None] = mapped_column(Integer, server_default="0")
    estimated_cost_bucket: Mapped[str | None] = mapped_column(String(16))

    transcript_source: Mapped[str | None] = mapped_column(String(32))
    transcription: Mapped[str | None] = deferred(mapped_column(Text))
    transcript: Mapped[str | None] = deferred(mapped_column(Text))
    """Old installations have texts in these two that are in no other column."""
    final_transcript: Mapped[str | None] = deferred(mapped_column(Text))
    summary: Mapped[str | None] = mapped_column(Text)
    summary_model: Mapped[str | None] = mapped_column(String(255))

    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Somebody has deleted the call: nobody sees it any more, and nothing that is told of it later is kept."""

    __table_args__ = (
        Index("uniq_call_log_call_sid", "call_sid", unique=True, postgresql_where=text(HAS_CALL_SID)),
        Index("ix_call_log_recent", "business_id", created_at.desc().nulls_last(), "id"),
        Index("ix_call_log_newest", created_at.desc().nulls_last(), "id", "business_id", "direction"),
        Index(
            "ix_call_log_status",
            "call_status",
            created_at.desc().nulls_last(),
            "id",
            "business_id",
            postgresql_where=text("call_status <> 'completed'"),
        ),
        Index(
            "ix_call_log_failed",
            created_at.desc().nulls_last(),
            "id",
            "business_id",
            postgresql_where=text(" OR ".join(FAILED.values())),
        ),
        Index("ix_call_log_unfinished", "created_at", postgresql_where=text(UNFINISHED)),
        Index(
            "ix_call_log_counted",
            "business_id",
            "created_at",
            postgresql_include=COUNTED,
            postgresql_where=text("parent_call_sid IS NULL"),
        ),
        Index(
            "ix_call_log_dear",
            "business_id",
            "created_at",
            postgresql_include=[
                "id",
                "stream_connect_count",
                "recording_count",
                "webhook_11205_count",
                "webhook_retry_count",
                "deleted_at",
            ],
            postgresql_where=text("estimated_cost_bucket <> 'LOW' AND parent_call_sid IS NULL"),
        ),
        Index("ix_call_log_lead", text(OTHER_PARTY), created_at.desc().nulls_last(), "id"),
        Index("ix_call_log_legs", "parent_call_sid", postgresql_where=text("parent_call_sid IS NOT NULL")),
        Index("ix_call_log_doubled", "created_at", postgresql_where=text("recording_count > 1")),
    )


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


class Lead(Base):
    """Whose number it is, as a business knows them. Old installations have the table, and not always every column."""

    __tablename__ = "leads"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    first_name: Mapped[str | None] = mapped_column(String(255))
    last_name: Mapped[str | None] = mapped_column(String(255))
    phone_e164: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime, server_default=UTC_NOW)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_leads_tenant_id", "tenant_id"),
        Index("ix_leads_phone_e164", "phone_e164"),
        {"info": {AS_THEY_ARE: True}},
    )


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


class SweepRun(Base):
    """When each sweep last ran, and what came of it."""

    __tablename__ = "sweep_run"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    ran_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    """It has run without a gap from then on."""
    watermark: Mapped[datetime | None]
    """The phone company's list has been read up to there."""
    repaired: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """How many calls it has put right, ever."""
    repaired_at: Mapped[datetime | None]
    """When it last put one right."""
    requeued: Mapped[int] = mapped_column(BigInteger, server_default="0")
    given_up: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """How many interrupted calls it has put back in line, and how many it has given up, ever."""
    reason: Mapped[str | None] = mapped_column(String(32))
    """Why the last run left its work to the next, in a word of the glossary; NULL where it did not."""


class Alert(Base):
    """Something is wrong with the installation, or was, and who has been told of it."""

    __tablename__ = "alert"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject: Mapped[str] = mapped_column(String(32), primary_key=True, server_default="")
    """Which queue or sweep; empty where there is only one."""
    message: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    due_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    """Nobody is told before: it may pass by itself."""
    told_at: Mapped[datetime | None]
    cleared_at: Mapped[datetime | None]
    """NULL while it is wrong."""
    heard_by: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    """Who knows that it is wrong, and has not heard yet that it is not any more."""
    telling_until: Mapped[datetime | None]
    """Somebody is telling it; afterwards, whoever that was has died."""


class Tally(Base):
    """A sum that only grows, kept where no other rows say it."""

    __tablename__ = "tally"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    label: Mapped[str] = mapped_column(String(64), primary_key=True, server_default="")
    amount: Mapped[float] = mapped_column(Double, server_default=text("0"))

    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)
