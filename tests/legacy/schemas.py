"""Databases of existing installations, at five points of their history and with what else occurs."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from tests.conftest import database_in, execute

TABLES = """
CREATE TABLE business (id SERIAL PRIMARY KEY, name VARCHAR(255) NOT NULL,
    business_type VARCHAR(255) NOT NULL DEFAULT 'general', phone_number VARCHAR(255), whatsapp_number VARCHAR(255),
    greeting_message TEXT, system_prompt TEXT, is_active BOOLEAN DEFAULT TRUE, calls_enabled BOOLEAN DEFAULT TRUE,
    working_hours VARCHAR(50) DEFAULT '08:00-18:00', voice_message TEXT, created_at TIMESTAMP, updated_at TIMESTAMP);
CREATE TABLE users (id SERIAL PRIMARY KEY, business_id INTEGER REFERENCES business(id),
    email VARCHAR(255) UNIQUE NOT NULL, password_hash VARCHAR(255) NOT NULL, name VARCHAR(255),
    role VARCHAR(50) DEFAULT 'owner', is_active BOOLEAN DEFAULT TRUE, created_at TIMESTAMP, last_login TIMESTAMP);
CREATE TABLE customer (id SERIAL PRIMARY KEY, business_id INTEGER NOT NULL REFERENCES business(id),
    name VARCHAR(255) NOT NULL, phone_number VARCHAR(64), status VARCHAR(64) DEFAULT 'new', created_at TIMESTAMP);
CREATE TABLE leads (id SERIAL PRIMARY KEY, tenant_id INTEGER NOT NULL REFERENCES business(id),
    first_name VARCHAR(255), phone_e164 VARCHAR(64), owner_user_id INTEGER REFERENCES users(id), tags JSON, notes TEXT,
    summary TEXT, created_at TIMESTAMP);
CREATE TABLE faqs (id SERIAL PRIMARY KEY, business_id INTEGER NOT NULL REFERENCES business(id),
    question VARCHAR(500) NOT NULL, answer TEXT NOT NULL, lang VARCHAR(10) DEFAULT 'he-IL', patterns_json JSON);
CREATE TABLE call_log (id SERIAL PRIMARY KEY, business_id INTEGER NOT NULL REFERENCES business(id),
    customer_id INTEGER REFERENCES customer(id), lead_id INTEGER REFERENCES leads(id),
    call_sid VARCHAR(64), parent_call_sid VARCHAR(64), from_number VARCHAR(64), to_number VARCHAR(64),
    direction VARCHAR(16) DEFAULT 'inbound', twilio_direction VARCHAR(32), duration INTEGER DEFAULT 0,
    call_status VARCHAR(32) DEFAULT 'in-progress', recording_url VARCHAR(512), recording_sid VARCHAR(64),
    transcription TEXT, transcript TEXT, summary TEXT, status VARCHAR(32) DEFAULT 'received', final_transcript TEXT,
    extracted_city VARCHAR(255), extraction_confidence DOUBLE PRECISION, audio_bytes_len BIGINT,
    audio_duration_sec DOUBLE PRECISION, transcript_source VARCHAR(32), created_at TIMESTAMP, updated_at TIMESTAMP);
CREATE UNIQUE INDEX uniq_call_log_call_sid ON call_log(call_sid) WHERE call_sid IS NOT NULL AND call_sid != '';
CREATE INDEX ix_call_log_business_id ON call_log(business_id);
"""

STATUSES = """ALTER TABLE call_log
    ADD COLUMN recording_status VARCHAR(32) DEFAULT 'pending',
    ADD COLUMN transcript_status VARCHAR(32) DEFAULT 'pending',
    ADD COLUMN summary_status VARCHAR(32) DEFAULT 'pending', ADD COLUMN last_error TEXT,
    ADD COLUMN retry_count INTEGER DEFAULT 0;"""

COSTS = """ALTER TABLE call_log
    ADD COLUMN recording_mode VARCHAR(32), ADD COLUMN stream_started_at TIMESTAMP, ADD COLUMN stream_ended_at TIMESTAMP,
    ADD COLUMN stream_duration_sec DOUBLE PRECISION, ADD COLUMN stream_connect_count INTEGER DEFAULT 0,
    ADD COLUMN webhook_11205_count INTEGER DEFAULT 0, ADD COLUMN webhook_retry_count INTEGER DEFAULT 0,
    ADD COLUMN recording_count INTEGER DEFAULT 0, ADD COLUMN estimated_cost_bucket VARCHAR(16);"""

DOWNLOADS = """ALTER TABLE call_log
    ADD COLUMN recording_download_status VARCHAR(32) DEFAULT NULL, ADD COLUMN recording_last_enqueue_at TIMESTAMP,
    ADD COLUMN recording_fail_count INTEGER DEFAULT 0, ADD COLUMN recording_next_retry_at TIMESTAMP;"""

HALF_OF_COSTS = """ALTER TABLE call_log ADD COLUMN recording_mode TEXT DEFAULT 'realtime';
ALTER TABLE call_log ADD COLUMN stream_started_at TIMESTAMP;
ALTER TABLE call_log ADD COLUMN recording_count INTEGER DEFAULT 0;"""

OTHERS_TASTE = """
ALTER TABLE call_log ALTER COLUMN id TYPE BIGINT, ALTER COLUMN created_at TYPE TIMESTAMPTZ,
    ALTER COLUMN call_sid TYPE TEXT, ALTER COLUMN retry_count TYPE BIGINT,
    ALTER COLUMN retry_count SET DEFAULT 3, ALTER COLUMN duration SET DEFAULT -1,
    ALTER COLUMN transcript_status SET DEFAULT 'none', ALTER COLUMN audio_duration_sec TYPE NUMERIC;
ALTER TABLE call_log
    ADD CONSTRAINT known_status CHECK (recording_status IN ('pending','recording','completed','failed')),
    ADD CONSTRAINT known_download CHECK (recording_download_status IS NULL
        OR recording_download_status IN ('missing','queued','downloading','ready','failed')),
    ADD CONSTRAINT short_name CHECK (extracted_city <> 'Nowhere') NOT VALID;
ALTER TABLE call_log ADD COLUMN theirs TEXT NOT NULL DEFAULT 'x';
CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('c0ffee');
"""
"""Types, defaults and constraints that somebody has chosen differently, and somebody else's revisions."""

SCHEMAS = {
    "before the statuses": TABLES,
    "with statuses": TABLES + STATUSES,
    "with costs": TABLES + STATUSES + COSTS,
    "with downloads": TABLES + STATUSES + COSTS + DOWNLOADS,
    "half of the costs": TABLES + HALF_OF_COSTS,
    "another taste": TABLES + STATUSES + COSTS + DOWNLOADS + OTHERS_TASTE,
}
EMPTY = "empty"
NUMBERS = itertools.count()


@contextmanager
def old_database(postgres_url: str, schema: str, *filling: str) -> Iterator[str]:
    """A database at that point, filled by these statements; its libpq URI."""
    name = f"old_{next(NUMBERS)}"
    execute(postgres_url, f"CREATE DATABASE {name}")
    url = database_in(postgres_url, name)
    try:
        for statements in (SCHEMAS.get(schema, ""), *filling):
            if statements:
                execute(url, statements)
        yield url
    finally:
        execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")
