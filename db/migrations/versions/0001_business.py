"""Businesses and the people who sign in. What an old installation has stays as it is, `users` to the last column."""

from alembic import op

from db.migrations import strangers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BUSINESS = (
    "CREATE TABLE IF NOT EXISTS business (id SERIAL PRIMARY KEY, name VARCHAR(255) NOT NULL)",
    """ALTER TABLE business
    ADD COLUMN IF NOT EXISTS business_type VARCHAR(255) NOT NULL DEFAULT 'general',
    ADD COLUMN IF NOT EXISTS phone_number VARCHAR(255),
    ADD COLUMN IF NOT EXISTS greeting_message TEXT,
    ADD COLUMN IF NOT EXISTS is_active BOOLEAN DEFAULT TRUE,
    ADD COLUMN IF NOT EXISTS language VARCHAR(8),
    ADD COLUMN IF NOT EXISTS time_zone VARCHAR(64) NOT NULL DEFAULT 'UTC',
    ADD COLUMN IF NOT EXISTS forward_number VARCHAR(32),
    ADD COLUMN IF NOT EXISTS created_at TIMESTAMP DEFAULT timezone('utc', now()),
    ADD COLUMN IF NOT EXISTS updated_at TIMESTAMP""",
    """CREATE TABLE IF NOT EXISTS business_number (
    business_id INTEGER NOT NULL REFERENCES business (id) ON DELETE CASCADE,
    number VARCHAR(32) NOT NULL,
    PRIMARY KEY (business_id, number))""",
    "CREATE INDEX IF NOT EXISTS ix_business_number_number ON business_number (number)",
)

USERS = (
    """CREATE TABLE IF NOT EXISTS users (
    id SERIAL PRIMARY KEY,
    business_id INTEGER REFERENCES business (id),
    email VARCHAR(255) NOT NULL UNIQUE,
    password_hash VARCHAR(255) NOT NULL,
    name VARCHAR(255),
    role VARCHAR(50) DEFAULT 'agent',
    is_active BOOLEAN DEFAULT TRUE,
    created_at TIMESTAMP DEFAULT timezone('utc', now()),
    last_login TIMESTAMP)""",
    """CREATE TABLE IF NOT EXISTS api_token (
    id SERIAL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    token_sha256 VARCHAR(64) NOT NULL UNIQUE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    last_used_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ)""",
    "CREATE INDEX IF NOT EXISTS ix_api_token_user_id ON api_token (user_id)",
)


def upgrade() -> None:
    strangers.refuse(op.get_bind())
    for statement in (*BUSINESS, *USERS):
        op.execute(statement)
