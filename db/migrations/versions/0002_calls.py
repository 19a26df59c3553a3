"""Calls, and the tables of their pipeline. Columns that exist are left, whatever their types and defaults are.

Only two things of an old call_log are loosened: a call may belong to no business, and recording_mode has no default of
somebody else's, unless the old system can't do without it.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CALL_LOG = (
    "CREATE TABLE IF NOT EXISTS call_log (id SERIAL PRIMARY KEY)",
    """ALTER TABLE call_log
    ADD COLUMN IF NOT EXISTS business_id INTEGER REFERENCES business (id),
    ADD COLUMN IF NOT EXISTS call_sid VARCHAR(64),
    ADD COLUMN IF NOT EXISTS parent_call_sid VARCHAR(64),
    ADD COLUMN IF NOT EXISTS from_number VARCHAR(64),
    ADD COLUMN IF NOT EXISTS to_number VARCHAR(64),
    ADD COLUMN IF NOT EXISTS direction VARCHAR(16),
    ADD COLUMN IF NOT EXISTS twilio_direction VARCHAR(32),
    ADD COLUMN IF NOT EXISTS call_status VARCHAR(32),
    ADD COLUMN IF NOT EXISTS duration INTEGER,
    ADD COLUMN IF NOT EXISTS answered_at TIMESTAMP,
    ADD COLUMN IF NOT EXISTS created_at TIMESTAMP DEFAULT timezone('utc', now()),
    ADD COLUMN IF NOT EXISTS updated_at TIMESTAMP,
    ADD COLUMN IF NOT EXISTS recording_status VARCHAR(32) DEFAULT 'pending',
    ADD COLUMN IF NOT EXISTS recording_download_status VARCHAR(32) DEFAULT 'missing',
    ADD COLUMN IF NOT EXISTS transcript_status VARCHAR(32) DEFAULT 'pending',
    ADD COLUMN IF NOT EXISTS summary_status VARCHAR(32) DEFAULT 'pending',
    ADD COLUMN IF NOT EXISTS outcome VARCHAR(32),
    ADD COLUMN IF NOT EXISTS last_error TEXT,
    ADD COLUMN IF NOT EXISTS retry_count INTEGER DEFAULT 0,
    ADD COLUMN IF NOT EXISTS recording_mode VARCHAR(32),
    ADD COLUMN IF NOT EXISTS recording_sid VARCHAR(64),
    ADD COLUMN IF NOT EXISTS recording_url VARCHAR(512),
    ADD COLUMN IF NOT EXISTS recording_count INTEGER DEFAULT 0,
    ADD COLUMN IF NOT EXISTS recording_last_enqueue_at TIMESTAMP,
    ADD COLUMN IF NOT EXISTS recording_fail_count INTEGER DEFAULT 0,
    ADD COLUMN IF NOT EXISTS recording_next_retry_at TIMESTAMP,
    ADD COLUMN IF NOT EXISTS audio_bytes_len BIGINT,
    ADD COLUMN IF NOT EXISTS audio_duration_sec DOUBLE PRECISION,
    ADD COLUMN IF NOT EXISTS stream_started_at TIMESTAMP,
    ADD COLUMN IF NOT EXISTS stream_ended_at TIMESTAMP,
    ADD COLUMN IF NOT EXISTS stream_duration_sec DOUBLE PRECISION,
    ADD COLUMN IF NOT EXISTS stream_connect_count INTEGER DEFAULT 0,
    ADD COLUMN IF NOT EXISTS webhook_11205_count INTEGER DEFAULT 0,
    ADD COLUMN IF NOT EXISTS webhook_retry_count INTEGER DEFAULT 0,
    ADD COLUMN IF NOT EXISTS estimated_cost_bucket VARCHAR(16),
    ADD COLUMN IF NOT EXISTS transcript_source VARCHAR(32),
    ADD COLUMN IF NOT EXISTS transcription TEXT,
    ADD COLUMN IF NOT EXISTS transcript TEXT,
    ADD COLUMN IF NOT EXISTS final_transcript TEXT,
    ADD COLUMN IF NOT EXISTS summary TEXT,
    ADD COLUMN IF NOT EXISTS summary_model VARCHAR(255)""",
    "ALTER TABLE call_log ALTER COLUMN business_id DROP NOT NULL",
    """DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('call_log') AND attname = 'recording_mode'
        AND NOT attnotnull) THEN ALTER TABLE call_log ALTER COLUMN recording_mode DROP DEFAULT; END IF;
    END $$""",
)

OURS = (
    "CREATE SEQUENCE IF NOT EXISTS fence",
    """CREATE TABLE IF NOT EXISTS recording (
    id SERIAL PRIMARY KEY,
    call_id BIGINT NOT NULL REFERENCES call_log (id) ON DELETE CASCADE,
    recording_sid VARCHAR(64) NOT NULL UNIQUE,
    status VARCHAR(32) NOT NULL,
    source VARCHAR(64),
    channels INTEGER,
    duration INTEGER,
    started_at TIMESTAMPTZ,
    error_code INTEGER,
    file VARCHAR(255),
    bytes_len BIGINT,
    audio_seconds DOUBLE PRECISION,
    sha256 VARCHAR(64),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now())""",
    "CREATE INDEX IF NOT EXISTS ix_recording_call_id ON recording (call_id)",
    """CREATE TABLE IF NOT EXISTS transcript (
    call_id BIGINT PRIMARY KEY REFERENCES call_log (id) ON DELETE CASCADE,
    turns JSONB NOT NULL,
    language VARCHAR(8),
    model VARCHAR(255) NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now())""",
    """CREATE TABLE IF NOT EXISTS task (
    call_id BIGINT NOT NULL REFERENCES call_log (id) ON DELETE CASCADE,
    stage VARCHAR(16) NOT NULL,
    business_id INTEGER NOT NULL DEFAULT 0,
    attempts SMALLINT NOT NULL DEFAULT 0,
    due_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    enqueued_at TIMESTAMPTZ,
    claim BIGINT,
    worker VARCHAR(255),
    lease_until TIMESTAMPTZ,
    progress SMALLINT,
    PRIMARY KEY (call_id, stage),
    CONSTRAINT task_claim_has_lease CHECK ((claim IS NULL) = (lease_until IS NULL))) WITH (fillfactor = 70)""",
    "CREATE INDEX IF NOT EXISTS task_lease ON task (lease_until) WHERE claim IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS task_line ON task (business_id, stage, due_at, call_id)",
    """CREATE TABLE IF NOT EXISTS call_event (
    id BIGSERIAL PRIMARY KEY,
    call_id BIGINT NOT NULL REFERENCES call_log (id) ON DELETE CASCADE,
    at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    event VARCHAR(64) NOT NULL,
    detail JSONB NOT NULL DEFAULT '{}',
    said_by VARCHAR(64) NOT NULL,
    once VARCHAR(128),
    CONSTRAINT uniq_call_event_once UNIQUE (call_id, once))""",
    "CREATE INDEX IF NOT EXISTS ix_call_event_call_id_at ON call_event (call_id, at)",
    """CREATE TABLE IF NOT EXISTS webhook_delivery (
    token VARCHAR(128) PRIMARY KEY,
    received_at TIMESTAMPTZ NOT NULL DEFAULT now())""",
    "CREATE INDEX IF NOT EXISTS ix_webhook_delivery_received_at ON webhook_delivery (received_at)",
    "CREATE TABLE IF NOT EXISTS sweep_run (name VARCHAR(64) PRIMARY KEY)",
    """ALTER TABLE sweep_run
    ADD COLUMN IF NOT EXISTS ran_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN IF NOT EXISTS since TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN IF NOT EXISTS watermark TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS repaired BIGINT NOT NULL DEFAULT 0""",
)


def upgrade() -> None:
    for statement in (*CALL_LOG, *OURS):
        op.execute(statement)
