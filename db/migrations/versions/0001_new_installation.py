"""The tables of a new installation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE fence")
    _business()
    _sweep_run()
    _webhook_delivery()
    _business_number()
    _call_log()
    _users()
    _api_token()
    _call_event()
    _recording()
    _task()
    _transcript()


def _business() -> None:
    op.create_table(
        "business",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("business_type", sa.String(length=255), server_default="general", nullable=False),
        sa.Column("phone_number", sa.String(length=255), nullable=True),
        sa.Column("greeting_message", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("time_zone", sa.String(length=64), server_default="UTC", nullable=False),
        sa.Column("forward_number", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("timezone('utc', now())"), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )


def _sweep_run() -> None:
    op.create_table(
        "sweep_run",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _webhook_delivery() -> None:
    op.create_table(
        "webhook_delivery",
        sa.Column("token", sa.String(length=128), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_index("ix_webhook_delivery_received_at", "webhook_delivery", ["received_at"])


def _business_number() -> None:
    op.create_table(
        "business_number",
        sa.Column("business_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["business_id"], ["business.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("business_id", "number"),
    )
    op.create_index("ix_business_number_number", "business_number", ["number"])


def _call_log() -> None:
    op.create_table(
        "call_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("business_id", sa.Integer(), nullable=True),
        sa.Column("call_sid", sa.String(length=64), nullable=True),
        sa.Column("parent_call_sid", sa.String(length=64), nullable=True),
        sa.Column("from_number", sa.String(length=64), nullable=True),
        sa.Column("to_number", sa.String(length=64), nullable=True),
        sa.Column("direction", sa.String(length=16), nullable=True),
        sa.Column("twilio_direction", sa.String(length=32), nullable=True),
        sa.Column("call_status", sa.String(length=32), nullable=True),
        sa.Column("duration", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("timezone('utc', now())"), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=True),
        sa.Column("recording_status", sa.String(length=32), server_default="pending", nullable=True),
        sa.Column("recording_download_status", sa.String(length=32), server_default="missing", nullable=True),
        sa.Column("transcript_status", sa.String(length=32), server_default="pending", nullable=True),
        sa.Column("summary_status", sa.String(length=32), server_default="pending", nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("retry_count", sa.Integer(), server_default="0", nullable=True),
        sa.Column("recording_mode", sa.String(length=32), nullable=True),
        sa.Column("recording_sid", sa.String(length=64), nullable=True),
        sa.Column("recording_url", sa.String(length=512), nullable=True),
        sa.Column("recording_count", sa.Integer(), server_default="0", nullable=True),
        sa.Column("recording_last_enqueue_at", sa.DateTime(), nullable=True),
        sa.Column("recording_fail_count", sa.Integer(), server_default="0", nullable=True),
        sa.Column("recording_next_retry_at", sa.DateTime(), nullable=True),
        sa.Column("audio_bytes_len", sa.BigInteger(), nullable=True),
        sa.Column("audio_duration_sec", sa.Double(), nullable=True),
        sa.Column("stream_started_at", sa.DateTime(), nullable=True),
        sa.Column("stream_ended_at", sa.DateTime(), nullable=True),
        sa.Column("stream_duration_sec", sa.Double(), nullable=True),
        sa.Column("stream_connect_count", sa.Integer(), server_default="0", nullable=True),
        sa.Column("webhook_11205_count", sa.Integer(), server_default="0", nullable=True),
        sa.Column("webhook_retry_count", sa.Integer(), server_default="0", nullable=True),
        sa.Column("estimated_cost_bucket", sa.String(length=16), nullable=True),
        sa.Column("transcript_source", sa.String(length=32), nullable=True),
        sa.Column("transcription", sa.Text(), nullable=True),
        sa.Column("final_transcript", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("summary_model", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["business_id"],
            ["business.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_call_log_business_id_created_at",
        "call_log",
        ["business_id", sa.literal_column("created_at DESC"), "id"],
        unique=False,
    )
    op.create_index("ix_call_log_recording_sid", "call_log", ["recording_sid"])
    op.create_index(
        "uniq_call_log_call_sid",
        "call_log",
        ["call_sid"],
        unique=True,
        postgresql_where=sa.text("call_sid IS NOT NULL AND call_sid <> ''"),
    )


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("business_id", sa.Integer(), nullable=True),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("role", sa.String(length=50), server_default="agent", nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=True),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("timezone('utc', now())"), nullable=True),
        sa.Column("last_login", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["business_id"],
            ["business.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
    )


def _api_token() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_sha256"),
    )
    op.create_index("ix_api_token_user_id", "api_token", ["user_id"])


def _call_event() -> None:
    op.create_table(
        "call_event",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column(
            "detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("said_by", sa.String(length=64), nullable=False),
        sa.Column("once", sa.String(length=128), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call_log.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("call_id", "once", name="uniq_call_event_once"),
    )
    op.create_index("ix_call_event_call_id_at", "call_event", ["call_id", "at"])


def _recording() -> None:
    op.create_table(
        "recording",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("recording_sid", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("channels", sa.Integer(), nullable=True),
        sa.Column("duration", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("file", sa.String(length=255), nullable=True),
        sa.Column("bytes_len", sa.BigInteger(), nullable=True),
        sa.Column("audio_seconds", sa.Double(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call_log.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("recording_sid"),
    )
    op.create_index("ix_recording_call_id", "recording", ["call_id"])


def _task() -> None:
    op.create_table(
        "task",
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("business_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("enqueued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim", sa.BigInteger(), nullable=True),
        sa.Column("worker", sa.String(length=255), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progress", sa.SmallInteger(), nullable=True),
        sa.CheckConstraint("(claim IS NULL) = (lease_until IS NULL)", name="task_claim_has_lease"),
        sa.ForeignKeyConstraint(["call_id"], ["call_log.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "stage"),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("task_lease", "task", ["lease_until"], postgresql_where=sa.text("claim IS NOT NULL"))
    op.create_index("task_line", "task", ["business_id", "stage", "due_at", "call_id"])


def _transcript() -> None:
    op.create_table(
        "transcript",
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("turns", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("model", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call_log.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id"),
    )
