"""call_log, which keeps the names and columns of existing installations, and in which words its indexes are asked."""

from datetime import datetime

from sqlalchemy import BigInteger, Double, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from db.models.base import UTC_NOW, Base, UtcDateTime

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
